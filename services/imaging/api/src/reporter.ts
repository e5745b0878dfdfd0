import type { Log } from "./logs.ts";

/** Reports unexpected errors. */
export interface Reporter {
  report(error: unknown, tags?: Readonly<Record<string, string | undefined>>): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

export const nowhere: Reporter = { report: () => undefined, close: () => Promise.resolve() };

export interface ReporterOptions {
  /** Where to. @default - nowhere: the library is not even loaded */
  dsn?: string | undefined;
  environment: string;
  release: string;
}

/** Sentry, for errors only: no traces, no sessions, no bodies, headers, addresses or names of people. */
export async function createReporter({ dsn, environment, release }: ReporterOptions, log: Log): Promise<Reporter> {
  if (dsn === undefined) {
    return nowhere;
  }
  const sentry = await import("@sentry/node-core/light");
  sentry.init({
    dsn,
    environment,
    release,
    defaultIntegrations: false,
    integrations: [sentry.linkedErrorsIntegration(), sentry.dedupeIntegration()],
    sendDefaultPii: false,
    sendClientReports: false,
  });
  log.info({ host: new URL(dsn).host }, "errors are reported");
  return {
    report: (error, tags = {}) => {
      sentry.captureException(error, { tags });
    },
    close: async () => {
      await sentry.close(2_000);
    },
  };
}
