import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { describe, requestId, type Log } from "./logs.ts";
import type { Reporter } from "./reporter.ts";

/** An answer other than success (RFC 9457), said so that a person and a program can act on it. */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    kind: string,
    detail: string,
    {
      headers = {},
      ...extensions
    }: { headers?: Readonly<Record<string, string>>; [extension: string]: unknown } = {},
  ) {
    super(detail);
    this.status = status;
    this.kind = kind;
    this.headers = headers;
    this.extensions = extensions;
  }
}

export function send(response: Response, problem: Problem): void {
  response
    .status(problem.status)
    .set({ ...problem.headers, "Cache-Control": "no-store" })
    .type("application/problem+json")
    .send(
      JSON.stringify({
        type: `urn:imaging:problem:${problem.kind}`,
        title: STATUS_CODES[problem.status] ?? "Error",
        status: problem.status,
        detail: problem.message,
        request_id: requestId.getStore(),
        ...problem.extensions,
      }),
    );
}

export const notFound: RequestHandler = () => {
  throw new Problem(404, "not-found", "There is nothing at this path.");
};

/** Turns every failed request into a problem document, and reports errors that the client did not cause. */
export function problemHandler(log: Log, reporter: Reporter): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      log.error({ error: describe(error), method: request.method, path: request.path }, "a request failed");
      if (problem.kind === "internal") {
        reporter.report(error, { method: request.method, request_id: requestId.getStore() });
      }
    }
    if (response.headersSent) {
      // Half an answer must not look whole.
      response.destroy();
      return;
    }
    send(response, problem);
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (isUnavailable(error)) {
    return new Problem(503, "database-unavailable", "The database cannot be reached at the moment.", {
      headers: { "Retry-After": "2" },
    });
  }
  const status = statusOf(error);
  if (status >= 400 && status < 500) {
    return new Problem(status, "bad-request", (error as Error).message);
  }
  return new Problem(
    500,
    "internal",
    "Something went wrong on our side. The request id helps to find out what.",
  );
}

/** Errors of the framework about a request, such as a path that is not valid UTF-8, carry their status. */
function statusOf(error: unknown): number {
  return error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : 500;
}

const CONNECTION_CODES = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH"];

/** Whether an error says that the database was not there, rather than that a statement was wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) {
    return error.errors.some(isUnavailable);
  }
  if (!(error instanceof Error)) {
    return false;
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // 57P: the server ends or starts; 08: connections; 53300: too many of them.
  return (
    CONNECTION_CODES.includes(code) ||
    /^(57P0|08)|^53300$/.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Query read timeout/.test(error.message)
  );
}
