import { useEffect, useRef, useState, type MouseEvent, type ReactNode } from "react";

const MOVED = "longshore:moved";

export function go(path: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  window.dispatchEvent(new Event(MOVED));
}

export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = () => setPath(location.pathname);
    window.addEventListener(MOVED, follow);
    window.addEventListener("popstate", follow);
    return () => {
      window.removeEventListener(MOVED, follow);
      window.removeEventListener("popstate", follow);
    };
  }, []);
  return path;
}

/** A link to another page of this application; with a modifier key it opens as any link does. */
export function Link({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  const follow = (event: MouseEvent) => {
    if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      go(to);
    }
  };
  return (
    <a href={to} className={className} onClick={follow}>
      {children}
    </a>
  );
}

/** The page at a path. Moves the focus of screen readers and keyboards to the top of each new page. */
export function Page({ path, children }: { path: string; children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      main.current?.focus();
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1} key={path}>
      {children}
    </main>
  );
}
