import { useMemo } from "react";
import { useConfig } from "#web/hooks.ts";
import { Link, Page, usePath } from "#web/navigation.tsx";
import { Brand, Header, PageTitle, Starting } from "#web/parts.tsx";
import { Editor } from "./components/Editor.tsx";
import { RunPage } from "./components/RunPage.tsx";
import { WorkflowPage } from "./components/WorkflowPage.tsx";
import { WorkflowsPage } from "./components/WorkflowsPage.tsx";
import { Api } from "./lib/api.ts";
import { ApiContext } from "./lib/context.ts";
import { routeOf } from "./lib/routes.ts";

export function App() {
  const { config, failure } = useConfig();
  const api = useMemo(() => config && new Api(config.apiOrigin), [config]);
  return (
    <>
      <Header>
        <Link to="/" className="brand">
          <Brand />
        </Link>
        <nav aria-label="Main">
          <Link to="/">Workflows</Link>
          <a href={`${config?.apiOrigin ?? ""}/api/docs`}>API</a>
        </nav>
      </Header>
      {api ? (
        <ApiContext value={api}>
          <Pages />
        </ApiContext>
      ) : (
        <main id="main">
          <Starting failure={failure} />
        </main>
      )}
    </>
  );
}

function Pages() {
  const path = usePath();
  return (
    <Page path={path}>
      <Content path={path} />
    </Page>
  );
}

function Content({ path }: { path: string }) {
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
