/** Settings of the installation, read when the page is opened: `/config.json` is written when the container starts. */
export interface Config {
  /** Origin of the API, without a path. Empty: the page's own. */
  readonly apiOrigin: string;
}

/** @throws Error when the file cannot be read or is none of ours */
export function parseConfig(document: unknown): Config {
  const origin =
    typeof document === "object" && document !== null && "apiOrigin" in document
      ? document.apiOrigin
      : undefined;
  if (typeof origin !== "string" || (origin !== "" && !/^https?:\/\/[^/?#\s]+$/.test(origin))) {
    throw new Error(
      "config.json: expected apiOrigin to be empty or an origin such as https://api.example.com",
    );
  }
  return { apiOrigin: origin };
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`config.json: ${answer.status}`);
  }
  return parseConfig(await answer.json());
}
