import { Failure } from "../support/failure";

/** The fields of GitHub's pull request API that are used. */
export interface PullRequest {
  readonly number: number;
  readonly head: { readonly sha: string };
}

export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly user: { readonly login: string } | null;
}

export interface Repository {
  /** @default https://api.github.com */
  readonly api: string;
  /** `owner/name` */
  readonly name: string;
  /** Token. Never part of an error. */
  readonly token: string;
}

const PATIENCE_MS = 30_000;

/** An error response of the API, with its message. */
export class Refusal extends Failure {
  constructor(
    readonly status: number,
    what: string,
    said: string,
  ) {
    super(`${what}: GitHub answered ${status}: ${said}`);
  }
}

/** Lists all pages. @throws Refusal */
export async function list<T>(repository: Repository, path: string): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined = addressOf(repository, path);
  while (next !== undefined) {
    const response = await ask(repository, "GET", next);
    found.push(...((await response.json()) as T[]));
    next = nextPage(response.headers.get("link"), repository);
  }
  return found;
}

/** Sends a write request. @throws Refusal */
export async function write(
  repository: Repository,
  method: "POST" | "PATCH",
  path: string,
  body: object,
): Promise<void> {
  await ask(repository, method, addressOf(repository, path), body);
}

function addressOf({ api, name }: Repository, path: string): string {
  return `${api}/repos/${name}${path}`;
}

async function ask({ token }: Repository, method: string, address: string, body?: object): Promise<Response> {
  const what = `${method} ${new URL(address).pathname}`;
  const response = await fetch(address, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
      "user-agent": "longshore",
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Failure(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  if (!response.ok) {
    throw new Refusal(response.status, what, await saidBy(response));
  }
  return response;
}

/** Message of an error response, or the beginning of its body. */
async function saidBy(response: Response): Promise<string> {
  const text = await response.text();
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return text.slice(0, 100) || response.statusText;
  }
}

/**
 * URL of the next page in a header like `<https://…&page=2>; rel="next", …`. Accepts only URLs of the same API,
 * because the token is sent along.
 */
function nextPage(header: string | null, { api }: Repository): string | undefined {
  const address = /<([^>]+)>; rel="next"/.exec(header ?? "")?.[1];
  return address?.startsWith(`${api}/`) ? address : undefined;
}
