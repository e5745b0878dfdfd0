/** Major version of a datastore's image, such as `pgvector/pgvector:0.8.0-pg17`. */
export function datastoreOf(
  reference: unknown,
): { readonly name: string; readonly version: string } | undefined {
  const text = typeof reference === "string" ? reference.replace(/@sha256:.*$/, "") : "";
  const [, image = "", tag = ""] = /(?:^|\/)([a-z0-9_-]+):([^/:]+)$/.exec(text) ?? [];
  const name = DATASTORES[image];
  const version = /(?:^|-pg)(\d+)(?=[.-]|$)/.exec(
    /-pg\d/.test(tag) ? tag.slice(tag.indexOf("-pg")) : tag,
  )?.[1];
  return name === undefined || version === undefined ? undefined : { name, version };
}

const DATASTORES: Readonly<Record<string, string>> = {
  postgres: "PostgreSQL",
  pgvector: "PostgreSQL",
  timescaledb: "PostgreSQL",
  redis: "Redis",
  neo4j: "Neo4j",
  kafka: "Kafka",
};
