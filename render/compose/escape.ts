/**
 * Doubles `$`, because Compose interpolates `$NAME` and `${NAME}` in every text of a document. Applied to all texts of
 * the plan. Longshore's own variables are added afterwards.
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
 * Quotes a parameter of an nginx configuration. Only for places where nginx does not expand variables: elsewhere a
 * literal `$` cannot be written.
 * @throws for control characters, at which nginx would break the line
 */
export function nginxText(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(`internal: control character in ${JSON.stringify(text)} for an nginx configuration`);
  }
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
