import { useEffect, type ReactNode } from "react";

/** The application's name, which its index.html says; the title changes with the page. */
const NAME = document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? document.title;

/** Top of every page. */
export function Header({ children }: { children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">{children}</header>
    </>
  );
}

/** Icon and name of the application. */
export function Brand() {
  return (
    <>
      <img src="/icon.svg" alt="" width="28" height="28" />
      {NAME}
    </>
  );
}

/** What there is to see before the settings of the installation are read. */
export function Starting({ failure }: { failure: string | undefined }) {
  return failure ? <Failure message={failure} /> : <Loading what={NAME} />;
}

export function PageTitle({
  title,
  back,
  children,
}: {
  title: string;
  back?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · ${NAME}`;
  }, [title]);
  return (
    <div className="title">
      <div>
        {back && <p className="back">{back}</p>}
        <h1>{title}</h1>
      </div>
      {children && <div className="actions">{children}</div>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what} …
    </p>
  );
}

export function Failure({ message, onRetry }: { message: string; onRetry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Status is never told by colour alone: it has a sign and a word. */
export function StatusBadge({ status, sign }: { status: string; sign: string }) {
  return (
    <span className={`badge ${status}`}>
      <span aria-hidden="true">{sign}</span> {status.replace("-", " ")}
    </span>
  );
}

/**
 * What is shown while the last attempt to load failed, but an earlier one did not. It stays in the page while it is
 * empty, so that screen readers notice when it is not.
 */
export function Notice({ message }: { message: string | undefined }) {
  return (
    <div className="live" role="status">
      {message && <p className="stale">{message}</p>}
    </div>
  );
}
