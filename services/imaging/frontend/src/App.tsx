import { useEffect, useMemo, useRef, useState } from "react";
import { HomePage } from "./components/HomePage.tsx";
import { Failure, Loading, PageTitle } from "./components/parts.tsx";
import { PicturePage } from "./components/PicturePage.tsx";
import { Api, messageOf } from "./lib/api.ts";
import { loadConfig, type Config } from "./lib/config.ts";
import { ApiContext } from "./lib/hooks.ts";
import { Link, usePath } from "./lib/navigation.tsx";
import { routeOf } from "./lib/routes.ts";

export function App() {
  const [config, setConfig] = useState<Config>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    loadConfig().then(setConfig, (error: unknown) => setFailure(messageOf(error)));
  }, []);
  const api = useMemo(() => config && new Api(config.apiOrigin), [config]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          Negative Space
        </Link>
      </header>
      {api ? (
        <ApiContext value={api}>
          <Pages />
        </ApiContext>
      ) : (
        <main id="main">{failure ? <Failure message={failure} /> : <Loading what="the page" />}</main>
      )}
    </>
  );
}

function Pages() {
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // Whoever listens or uses the keyboard goes on at the top of the new page.
    if (!first.current) {
      main.current?.focus();
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1} key={path}>
      <Page path={path} />
    </main>
  );
}

function Page({ path }: { path: string }) {
  const route = routeOf(path);
  switch (route.page) {
    case "home":
      return <HomePage />;
    case "picture":
      return <PicturePage id={route.id} />;
    case "unknown":
      return (
        <>
          <PageTitle title="Not found" />
          <p>
            There is no such page. <Link to="/">All pictures</Link>
          </p>
        </>
      );
  }
}
