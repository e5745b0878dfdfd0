import { useAction, useLoaded, useNow } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { Link } from "#web/navigation.tsx";
import { duration } from "../lib/time.ts";
import type { Run, Step } from "../lib/types.ts";
import { Graph } from "./Graph.tsx";
import { Failure, Loading, Notice, PageTitle } from "#web/parts.tsx";
import { Badge } from "./badge.tsx";

const isOver = (run: Run) => run.status !== "queued" && run.status !== "running";

export function RunPage({ id }: { id: string }) {
  const api = useApi();
  const {
    data: run,
    error,
    reload,
    put,
  } = useLoaded(
    `run ${id}`,
    (signal) => api.run(id, signal),
    (data) => (data && isOver(data) ? 0 : 700),
  );
  const { busy, failure, act } = useAction();
  const now = useNow(run !== undefined && !isOver(run));
  if (!run) {
    return error ? (
      <>
        <PageTitle title="Run" back={<Link to="/">Workflows</Link>} />
        <Failure message={error.message} onRetry={reload} />
      </>
    ) : (
      <Loading what="the run" />
    );
  }
  const done = run.steps.filter((step) => step.status === "succeeded").length;
  return (
    <>
      <PageTitle
        title={`Run of ${run.workflow_name}`}
        back={<Link to={`/workflows/${run.workflow_id}`}>{run.workflow_name}</Link>}
      >
        {(run.status === "failed" || run.status === "cancelled") && (
          <button
            type="button"
            className="primary"
            disabled={busy}
            onClick={() => act(async () => put(await api.retry(id)))}
          >
            Retry
          </button>
        )}
        {!isOver(run) && (
          <button
            type="button"
            className="danger"
            disabled={busy}
            onClick={() => act(async () => put(await api.cancel(id)))}
          >
            Cancel run
          </button>
        )}
      </PageTitle>
      <Notice message={error && `${error.message} What you see may be out of date.`} />
      {failure && <Failure message={failure} />}
      <div className="about">
        <p className="facts" role="status">
          <Badge status={run.status} />
          <span>
            {done} of {run.steps.length} steps
          </span>
          {run.takeovers > 0 && (
            <span>
              taken over {run.takeovers === 1 ? "once" : `${run.takeovers} times`} from a worker that died
            </span>
          )}
        </p>
        <p className="muted">
          Run {run.id.slice(0, 8)}, version {run.workflow_version}
          {run.started_at ? `, ${duration(run.started_at, run.finished_at, now)}` : ", waiting for a worker"}
        </p>
      </div>
      {run.error && run.status !== "running" && <Failure message={run.error} />}
      <Graph
        steps={run.steps}
        label={`${run.steps.length} steps: ${run.steps.map((step) => `${step.id} ${step.status}`).join(", ")}`}
      />
      <section aria-labelledby="steps">
        <h2 id="steps">Steps</h2>
        <ol className="steps">
          {run.steps.map((step) => (
            <StepItem key={step.id} step={step} now={now} />
          ))}
        </ol>
      </section>
      {run.input !== null && (
        <details>
          <summary>Input</summary>
          <pre>{JSON.stringify(run.input, null, 2)}</pre>
        </details>
      )}
    </>
  );
}

function StepItem({ step, now }: { step: Step; now: number }) {
  const tries = step.attempts.length;
  return (
    <li className={`step ${step.status}`}>
      <div className="row">
        <h3>{step.id}</h3>
        <span className="muted">
          {step.kind}
          {step.needs.length > 0 && ` after ${step.needs.join(", ")}`}
        </span>
        <span className="spacer" />
        {step.status !== "pending" && (
          <span className="muted time">{duration(step.started_at, step.finished_at, now)}</span>
        )}
        <Badge status={step.status} />
      </div>
      {step.error && step.status !== "succeeded" && <p className="error">{step.error}</p>}
      {(tries > 1 || step.attempts.some((attempt) => attempt.error)) && (
        <details>
          <summary>
            {tries} {tries === 1 ? "attempt" : "attempts"}
          </summary>
          <ol className="attempts">
            {step.attempts.map((attempt) => (
              <li key={attempt.number}>
                <Badge status={attempt.outcome} />{" "}
                {attempt.error && <span className="error">{attempt.error}</span>}{" "}
                <span className="muted">
                  on {attempt.worker}, {duration(attempt.started_at, attempt.finished_at, now)}
                </span>
              </li>
            ))}
          </ol>
        </details>
      )}
      {step.status === "succeeded" && step.output !== null && (
        <details>
          <summary>Output</summary>
          <pre tabIndex={0}>{JSON.stringify(step.output, null, 2)}</pre>
        </details>
      )}
    </li>
  );
}
