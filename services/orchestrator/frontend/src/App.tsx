import { useEffect, useMemo, useRef, useState } from "react";
import { Editor } from "./components/Editor.tsx";
import { RunPage } from "./components/RunPage.tsx";
import { Failure, Loading, PageTitle } from "./components/parts.tsx";
import { WorkflowPage } from "./components/WorkflowPage.tsx";
import { WorkflowsPage } from "./components/WorkflowsPage.tsx";
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
          Orchestrator
        </Link>
        <nav aria-label="Main">
          <Link to="/">Workflows</Link>
          <a href={`${config?.apiOrigin ?? ""}/api/docs`}>API</a>
        </nav>
      </header>
      {api ? (
        <ApiContext value={api}>
          <Pages />
        </ApiContext>
      ) : (
        <main id="main">{failure ? <Failure message={failure} /> : <Loading what="Orchestrator" />}</main>
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
    case "workflows":
      return <WorkflowsPage />;
    case "new":
      return <Editor />;
    case "workflow":
      return <WorkflowPage id={route.id} />;
    case "edit":
      return <Editor id={route.id} />;
    case "run":
      return <RunPage id={route.id} />;
    case "unknown":
      return (
        <>
          <PageTitle title="Not found" />
          <p>
            There is no such page. <Link to="/">All workflows</Link>
          </p>
        </>
      );
  }
}
