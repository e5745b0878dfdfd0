/** What Nexus answers, as far as tests look at it. */
export interface Document {
  id: string;
  title: string;
  version: number;
}

export interface Hit {
  id: string;
  title: string;
  score: number;
  entities: { key: string }[] | null;
}

export interface InSession<T> {
  session: string;
  result: T;
}

export interface Session {
  current: { title: string } | null;
  history: { channel: string; handler: string }[];
}

export interface Path {
  entities: { name: string }[];
  relations: { source: string; kind: string; target: string }[];
}

/** What the official client is to do, as tests/support/mcp-client.py takes it. */
export type Step =
  | { tools: true }
  | { resources: true }
  | { read: string }
  | { call: string; arguments: Record<string, unknown> };
