import type { Issue, Run, RunSummary, Workflow, WorkflowSummary } from "./types.ts";

/** A request that did not succeed, in words for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly issues: readonly Issue[];

  constructor(status: number, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.status = status;
    this.issues = issues;
  }
}

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly steps: unknown;
}

/** The API, at an origin ("" is the page's own). */
export class Api {
  readonly #origin: string;
  readonly #fetch: typeof fetch;

  constructor(origin: string, doFetch: typeof fetch = (input, init) => fetch(input, init)) {
    this.#origin = origin;
    this.#fetch = doFetch;
  }

  async workflows(signal?: AbortSignal): Promise<readonly WorkflowSummary[]> {
    return (await this.#ask<{ items: WorkflowSummary[] }>("GET", "workflows?limit=500", undefined, signal))
      .items;
  }
  workflow(id: string, signal?: AbortSignal): Promise<Workflow> {
    return this.#ask("GET", `workflows/${encodeURIComponent(id)}`, undefined, signal);
  }
  create(draft: Draft): Promise<Workflow> {
    return this.#ask("POST", "workflows", draft);
  }
  update(id: string, draft: Draft, version: number): Promise<Workflow> {
    return this.#ask("PUT", `workflows/${encodeURIComponent(id)}`, { ...draft, version });
  }
  async remove(id: string): Promise<void> {
    await this.#ask("DELETE", `workflows/${encodeURIComponent(id)}`);
  }
  start(id: string, input: unknown): Promise<Run> {
    return this.#ask("POST", `workflows/${encodeURIComponent(id)}/runs`, { input });
  }
  async runs(workflow: string, signal?: AbortSignal): Promise<readonly RunSummary[]> {
    const path = `runs?limit=50&workflow=${encodeURIComponent(workflow)}`;
    return (await this.#ask<{ items: RunSummary[] }>("GET", path, undefined, signal)).items;
  }
  run(id: string, signal?: AbortSignal): Promise<Run> {
    return this.#ask("GET", `runs/${encodeURIComponent(id)}`, undefined, signal);
  }
  retry(id: string): Promise<Run> {
    return this.#ask("POST", `runs/${encodeURIComponent(id)}/retry`);
  }
  cancel(id: string): Promise<Run> {
    return this.#ask("POST", `runs/${encodeURIComponent(id)}/cancel`);
  }

  async #ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    let answer: Response;
    try {
      answer = await this.#fetch(`${this.#origin}/api/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (signal?.aborted) {
        throw error;
      }
      throw new ApiError(0, "The server cannot be reached. Is the network there?");
    }
    if (answer.status === 204) {
      return undefined as T;
    }
    const document: unknown = await answer.json().catch(() => undefined);
    if (!answer.ok) {
      throw problem(answer.status, document);
    }
    return document as T;
  }
}

function problem(status: number, document: unknown): ApiError {
  const known =
    typeof document === "object" && document !== null ? (document as Record<string, unknown>) : {};
  const detail =
    typeof known["detail"] === "string"
      ? known["detail"]
      : status >= 502 && status <= 504
        ? "The server does not answer at the moment."
        : `The server answered ${status}.`;
  const issues = Array.isArray(known["errors"]) ? (known["errors"] as Issue[]) : [];
  return new ApiError(status, detail, issues);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
