/** The fields of Nexus's responses that tests read. */
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

/** A step of the official client, in the format of tests/support/mcp-client.py. */
export type Step =
  | { tools: true }
  | { resources: true }
  | { read: string }
  | { call: string; arguments: Record<string, unknown> };
