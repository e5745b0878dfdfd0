/**
 * Compose replaces `$NAME` and `${NAME}` in every text of a document: a `$` that is meant as such is written
 * `$$`. Applied to everything that comes from the plan; the few variables that we mean are added afterwards.
 */
export function escapeDollars<T>(value: T): T {
  if (typeof value === "string") {
    return value.replaceAll("$", "$$$$") as T;
  }
  if (Array.isArray(value)) {
    return value.map(escapeDollars) as T;
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escapeDollars(item)])) as T;
  }
  return value;
}

/**
 * A quoted parameter of an nginx configuration. Only for places where nginx does not expand variables:
 * there is no way to write a literal `$` elsewhere.
 * @throws for control characters, which nginx would take as they are and cut the line.
 */
export function nginxText(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(`internal: control character in ${JSON.stringify(text)} for an nginx configuration`);
  }
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
