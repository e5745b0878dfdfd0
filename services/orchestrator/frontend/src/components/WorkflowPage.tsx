import { useRef, useState } from "react";
import { parseJson } from "../lib/draft.ts";
import { useAction, useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { go, Link } from "#web/navigation.tsx";
import { ago, duration } from "../lib/time.ts";
import { Graph } from "./Graph.tsx";
import { Failure, Loading, Notice, PageTitle } from "#web/parts.tsx";
import { Badge } from "./badge.tsx";

export function WorkflowPage({ id }: { id: string }) {
  const api = useApi();
  const workflow = useLoaded(
    `workflow ${id}`,
    (signal) => api.workflow(id, signal),
    () => 0,
  );
  if (!workflow.data) {
    return workflow.error ? (
      <>
        <PageTitle title="Workflow" back={<Link to="/">Workflows</Link>} />
        <Failure message={workflow.error.message} onRetry={workflow.reload} />
      </>
    ) : (
      <Loading what="the workflow" />
    );
  }
  const { name, description, steps, version } = workflow.data;
  return (
    <>
      <PageTitle title={name} back={<Link to="/">Workflows</Link>}>
        <Link to={`/workflows/${id}/edit`} className="button">
          Edit
        </Link>
        <Delete id={id} name={name} />
      </PageTitle>
      {description && <p className="lead">{description}</p>}
      <Graph
        steps={steps.map((step) => ({ id: step.id, kind: step.kind, needs: step.needs ?? [] }))}
        label={`Steps of version ${version}: ${steps.map((step) => (step.needs?.length ? `${step.id} after ${step.needs.join(" and ")}` : step.id)).join(", ")}`}
      />
      <Start id={id} />
      <Runs id={id} />
    </>
  );
}

function Start({ id }: { id: string }) {
  const api = useApi();
  const [input, setInput] = useState("");
  const { busy, failure, act } = useAction();
  const parsed = input.trim() === "" ? { value: null } : parseJson(input);
  const issue = "issue" in parsed ? parsed.issue : undefined;
  return (
    <form
      className="start"
      onSubmit={(event) => {
        event.preventDefault();
        if ("value" in parsed) {
          act(async () => go(`/runs/${(await api.start(id, parsed.value)).id}`));
        }
      }}
    >
      <details>
        <summary>Input</summary>
        <label htmlFor="input">JSON that steps see as {"{{ input }}"}</label>
        <textarea
          id="input"
          className="code"
          rows={4}
          spellCheck={false}
          value={input}
          aria-invalid={issue !== undefined}
          aria-describedby="input-issue"
          onChange={(event) => setInput(event.target.value)}
        />
      </details>
      <p id="input-issue" className="issue" role="status">
        {issue}
      </p>
      <button type="submit" className="primary" disabled={busy || issue !== undefined}>
        {busy ? "Starting …" : "Start a run"}
      </button>
      {failure && <Failure message={failure} />}
    </form>
  );
}

function Runs({ id }: { id: string }) {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    `runs ${id}`,
    (signal) => api.runs(id, signal),
    () => 2000,
  );
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      {data ? (
        <>
          <Notice message={error && `${error.message} What you see may be out of date.`} />
          {data.length === 0 ? (
            <p className="muted">It has not run yet.</p>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Run</th>
                    <th scope="col">State</th>
                    <th scope="col">Took</th>
                    <th scope="col">Version</th>
                  </tr>
                </thead>
                <tbody>
                  {data.map((run) => (
                    <tr key={run.id}>
                      <td>
                        <Link to={`/runs/${run.id}`}>
                          {ago(run.created_at, Date.now())}{" "}
                          <span className="muted">{run.id.slice(0, 8)}</span>
                        </Link>
                      </td>
                      <td>
                        <Badge status={run.status} />
                      </td>
                      <td>{duration(run.started_at, run.finished_at, Date.now())}</td>
                      <td>{run.workflow_version}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      ) : error ? (
        <Failure message={error.message} onRetry={reload} />
      ) : (
        <Loading what="runs" />
      )}
    </section>
  );
}

function Delete({ id, name }: { id: string; name: string }) {
  const api = useApi();
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, failure, act } = useAction();
  return (
    <>
      <button type="button" className="danger" onClick={() => dialog.current?.showModal()}>
        Delete
      </button>
      <dialog ref={dialog} aria-labelledby="delete-title">
        <h2 id="delete-title">Delete “{name}”?</h2>
        <p>Its runs are deleted with it. This cannot be undone.</p>
        {failure && <Failure message={failure} />}
        <div className="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button
            type="button"
            className="danger"
            disabled={busy}
            onClick={() =>
              act(async () => {
                await api.remove(id);
                go("/", { replace: true });
              })
            }
          >
            Delete workflow
          </button>
        </div>
      </dialog>
    </>
  );
}
