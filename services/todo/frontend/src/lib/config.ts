/** What a deployment can set, read from the environment when a request comes in, never while building. */
export interface Config {
  /** Name of the application, in the header and in the browser's tab. */
  title: string;
  /** A short word beside the title, such as "staging", to tell environments apart. */
  badge: string | undefined;
}

export function readConfig(environment: Record<string, string | undefined> = process.env): Config {
  return {
    title: environment.APP_TITLE?.trim() || "Todo",
    badge: environment.APP_BADGE?.trim() || undefined,
  };
}
