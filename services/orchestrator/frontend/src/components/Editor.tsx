import { useEffect, useRef, useState } from "react";
import { ApiError } from "#web/http.ts";
import { EXAMPLE, parseJson, placeOf, stepsText } from "../lib/draft.ts";
import { useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { go, Link } from "#web/navigation.tsx";
import type { Issue, Workflow } from "../lib/types.ts";
import { Graph } from "./Graph.tsx";
import { Failure, Loading, PageTitle } from "#web/parts.tsx";

/** Makes a workflow, or changes the one with this id. */
export function Editor({ id }: { id?: string }) {
  return id === undefined ? <Form /> : <Existing id={id} />;
}

function Existing({ id }: { id: string }) {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    `edit ${id}`,
    (signal) => api.workflow(id, signal),
    () => 0,
  );
  if (data) {
    return <Form workflow={data} />;
  }
  return error ? <Failure message={error.message} onRetry={reload} /> : <Loading what="the workflow" />;
}

interface Refusal {
  readonly message: string;
  readonly places: readonly string[];
}

function Form({ workflow }: { workflow?: Workflow }) {
  const api = useApi();
  const [name, setName] = useState(workflow?.name ?? "");
  const [description, setDescription] = useState(workflow?.description ?? "");
  const [text, setText] = useState(workflow ? stepsText(workflow) : EXAMPLE);
  const [refusal, setRefusal] = useState<Refusal>();
  const [busy, setBusy] = useState(false);
  const summary = useRef<HTMLDivElement>(null);
  const parsed = parseJson(text);
  const issue = "issue" in parsed ? parsed.issue : undefined;

  useEffect(() => {
    if (refusal) {
      summary.current?.focus();
    }
  }, [refusal]);

  const save = async () => {
    if (!("value" in parsed)) {
      setRefusal({ message: "The workflow was not saved.", places: [parsed.issue] });
      return;
    }
    setBusy(true);
    try {
      const draft = { name, description, steps: parsed.value };
      const saved = workflow
        ? await api.update(workflow.id, draft, workflow.version)
        : await api.create(draft);
      go(`/workflows/${saved.id}`, { replace: true });
    } catch (error) {
      const issues: readonly Issue[] = error instanceof ApiError ? error.issues : [];
      setRefusal({
        message: `The workflow was not saved. ${error instanceof Error ? error.message : ""}`,
        places: issues.map((one) => `${placeOf(one, parsed.value)}: ${one.message}`),
      });
      setBusy(false);
    }
  };

  const back = workflow ? `/workflows/${workflow.id}` : "/";
  return (
    <>
      <PageTitle
        title={workflow ? `Edit ${workflow.name}` : "New workflow"}
        back={<Link to={back}>{workflow ? workflow.name : "Workflows"}</Link>}
      />
      {refusal && (
        <div className="failure" role="alert" tabIndex={-1} ref={summary}>
          <p>{refusal.message}</p>
          <ul>
            {refusal.places.map((place) => (
              <li key={place}>{place}</li>
            ))}
          </ul>
        </div>
      )}
      <form
        className="editor"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label htmlFor="name">Name</label>
        <input
          id="name"
          value={name}
          maxLength={100}
          required
          onChange={(event) => setName(event.target.value)}
        />
        <label htmlFor="description">
          Description <span className="muted">(optional)</span>
        </label>
        <input
          id="description"
          value={description}
          maxLength={2000}
          onChange={(event) => setDescription(event.target.value)}
        />
        <label htmlFor="steps">Steps, as JSON</label>
        <textarea
          id="steps"
          className="code"
          rows={Math.min(28, Math.max(12, text.split("\n").length + 1))}
          spellCheck={false}
          value={text}
          aria-invalid={issue !== undefined}
          aria-describedby="steps-issue steps-help"
          onChange={(event) => setText(event.target.value)}
        />
        <p id="steps-issue" className="issue" role="status">
          {issue}
        </p>
        <Preview steps={"value" in parsed ? parsed.value : undefined} />
        <details id="steps-help">
          <summary>What a step can be</summary>
          <dl>
            <dt>Every step</dt>
            <dd>
              <code>id</code>, <code>kind</code>, <code>needs</code> (steps before it), <code>retries</code>,{" "}
              <code>retry_delay</code> and <code>timeout</code> in seconds
            </dd>
            <dt>http</dt>
            <dd>
              <code>url</code>, <code>method</code>, <code>headers</code>, <code>body</code>,{" "}
              <code>expect</code> (status codes); asks an address that this installation allows
            </dd>
            <dt>delay</dt>
            <dd>
              <code>seconds</code>
            </dd>
            <dt>transform</dt>
            <dd>
              <code>value</code>: JSON in which <code>{"{{ steps.ID.… }}"}</code> and{" "}
              <code>{"{{ input.… }}"}</code> stand for what is found there
            </dd>
            <dt>fail</dt>
            <dd>
              <code>message</code>, <code>times</code>: to try out what happens then
            </dd>
          </dl>
        </details>
        <div className="actions">
          <button type="submit" className="primary" disabled={busy}>
            {busy ? "Saving …" : workflow ? "Save" : "Create workflow"}
          </button>
          <Link to={back} className="button">
            Cancel
          </Link>
        </div>
      </form>
    </>
  );
}

/** The graph as far as it can be drawn already. */
function Preview({ steps }: { steps: unknown }) {
  const drawn = (Array.isArray(steps) ? (steps as unknown[]) : []).flatMap((step) => {
    if (typeof step !== "object" || step === null) {
      return [];
    }
    const { id, kind, needs } = step as Record<string, unknown>;
    const known = Array.isArray(needs) ? needs.filter((need) => typeof need === "string") : [];
    return typeof id === "string" ? [{ id, kind: typeof kind === "string" ? kind : "", needs: known }] : [];
  });
  const unique = [...new Map(drawn.map((step) => [step.id, step])).values()];
  return unique.length > 0 ? <Graph steps={unique} label={`Preview of ${unique.length} steps`} /> : null;
}
