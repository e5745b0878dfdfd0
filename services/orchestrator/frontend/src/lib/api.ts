import { Http, type HttpOptions } from "#web/http.ts";
import type { Run, RunSummary, Workflow, WorkflowSummary } from "./types.ts";

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly steps: unknown;
}

/** The API, at an origin ("" is the page's own). */
export class Api {
  readonly #http: Http;

  constructor(origin: string, options: HttpOptions = {}) {
    this.#http = new Http(origin, options);
  }

  async workflows(signal?: AbortSignal): Promise<readonly WorkflowSummary[]> {
    const path = "workflows?limit=500";
    return (await this.#http.ask<{ items: WorkflowSummary[] }>("GET", path, undefined, signal)).items;
  }
  workflow(id: string, signal?: AbortSignal): Promise<Workflow> {
    return this.#http.ask("GET", `workflows/${encodeURIComponent(id)}`, undefined, signal);
  }
  create(draft: Draft): Promise<Workflow> {
    return this.#http.ask("POST", "workflows", draft);
  }
  update(id: string, draft: Draft, version: number): Promise<Workflow> {
    return this.#http.ask("PUT", `workflows/${encodeURIComponent(id)}`, { ...draft, version });
  }
  async remove(id: string): Promise<void> {
    await this.#http.ask("DELETE", `workflows/${encodeURIComponent(id)}`);
  }
  start(id: string, input: unknown): Promise<Run> {
    return this.#http.ask("POST", `workflows/${encodeURIComponent(id)}/runs`, { input });
  }
  async runs(workflow: string, signal?: AbortSignal): Promise<readonly RunSummary[]> {
    const path = `runs?limit=50&workflow=${encodeURIComponent(workflow)}`;
    return (await this.#http.ask<{ items: RunSummary[] }>("GET", path, undefined, signal)).items;
  }
  run(id: string, signal?: AbortSignal): Promise<Run> {
    return this.#http.ask("GET", `runs/${encodeURIComponent(id)}`, undefined, signal);
  }
  retry(id: string): Promise<Run> {
    return this.#http.ask("POST", `runs/${encodeURIComponent(id)}/retry`);
  }
  cancel(id: string): Promise<Run> {
    return this.#http.ask("POST", `runs/${encodeURIComponent(id)}/cancel`);
  }
}
