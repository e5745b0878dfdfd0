import { useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { Link } from "#web/navigation.tsx";
import { ago } from "../lib/time.ts";
import { Failure, Loading, Notice, PageTitle } from "#web/parts.tsx";
import { Badge } from "./badge.tsx";

export function WorkflowsPage() {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    "workflows",
    (signal) => api.workflows(signal),
    () => 3000,
  );
  return (
    <>
      <PageTitle title="Workflows">
        <Link to="/workflows/new" className="button primary">
          New workflow
        </Link>
      </PageTitle>
      {data ? (
        <>
          <Notice message={error && `${error.message} What you see may be out of date.`} />
          {data.length === 0 ? (
            <div className="empty">
              <h2>No workflows yet</h2>
              <p>A workflow is a list of steps; each says which steps it needs first.</p>
              <Link to="/workflows/new">Make the first one</Link>
            </div>
          ) : (
            <ul className="cards">
              {data.map((workflow) => (
                <li key={workflow.id} className="card">
                  <h2>
                    <Link to={`/workflows/${workflow.id}`}>{workflow.name}</Link>
                  </h2>
                  {workflow.description && <p>{workflow.description}</p>}
                  <p className="facts">
                    <span>
                      {workflow.step_count} {workflow.step_count === 1 ? "step" : "steps"}
                    </span>
                    {workflow.last_run ? (
                      <Link to={`/runs/${workflow.last_run.id}`}>
                        <span className="sr-only">last run </span>
                        <Badge status={workflow.last_run.status} />{" "}
                        {ago(workflow.last_run.created_at, Date.now())}
                      </Link>
                    ) : (
                      <span>never run</span>
                    )}
                  </p>
                </li>
              ))}
            </ul>
          )}
        </>
      ) : error ? (
        <Failure message={error.message} onRetry={reload} />
      ) : (
        <Loading what="workflows" />
      )}
    </>
  );
}
