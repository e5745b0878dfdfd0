import { createServer } from "node:http";
import { createAnalyzer } from "./analyzer.ts";
import { createApp } from "./app.ts";
import { createCache } from "./cache.ts";
import { Dispatcher } from "./dispatcher.ts";
import { createLog, describe } from "./logs.ts";
import { createMetrics } from "./metrics.ts";
import { createReporter } from "./reporter.ts";
import { loadSettings, SettingsError, type Settings } from "./settings.ts";
import { createPool, PostgresStore, warm } from "./store.ts";

/** Serves until SIGTERM or SIGINT, then completes open requests and exits with code 0. */
async function main(settings: Settings): Promise<void> {
  const log = createLog(settings.LOG_LEVEL);
  const metrics = createMetrics(settings.VERSION);
  const reporter = await createReporter(
    { dsn: settings.SENTRY_DSN, environment: settings.ENVIRONMENT, release: settings.VERSION },
    log,
  );
  const { REDIS_URL, ANALYZER_URL } = settings;
  if (REDIS_URL === undefined || ANALYZER_URL === undefined) {
    throw new SettingsError(
      [REDIS_URL ? "" : "REDIS_URL: not set", ANALYZER_URL ? "" : "ANALYZER_URL: not set"].filter(Boolean),
    );
  }
  const pool = createPool(settings, log, metrics);
  const store = new PostgresStore(pool);
  const cache = createCache(
    { url: REDIS_URL, ca: settings.REDIS_CA, timeout: settings.CACHE_TIMEOUT, ttl: settings.CACHE_TTL },
    log,
    metrics,
  );
  const dispatcher = new Dispatcher(
    store,
    createAnalyzer(ANALYZER_URL, settings.ANALYSIS_TIMEOUT),
    {
      concurrency: settings.ANALYSIS_CONCURRENCY,
      poll: settings.POLL,
      timeout: settings.ANALYSIS_TIMEOUT,
    },
    { log, metrics, reporter },
  );
  let ending = false;
  const app = createApp({
    store,
    cache,
    log,
    metrics,
    reporter,
    limit: settings.UPLOAD_LIMIT,
    wake: () => dispatcher.wake(),
    ending: () => ending,
  });
  const server = createServer(app);
  // Longer than a proxy keeps its idle connections, so that we are never the one who closes under a request.
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  // A large picture over a slow line.
  server.requestTimeout = 600_000;

  const end = (signal: string): void => {
    if (ending) {
      return;
    }
    ending = true;
    log.info({ signal }, "ending");
    setTimeout(() => server.closeAllConnections(), settings.SHUTDOWN_TIMEOUT).unref();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    void Promise.all([closed, dispatcher.stop()])
      .then(async () => Promise.all([store.close(), cache.close(), reporter.close()]))
      .then(
        () => log.info("ended"),
        (error: unknown) => {
          log.error({ error: describe(error) }, "ended badly");
          process.exitCode = 1;
        },
      )
      .finally(() => process.exit());
  };
  process.on("SIGTERM", end).on("SIGINT", end);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ error: describe(error), stack: error instanceof Error ? error.stack : undefined }, event);
      reporter.report(error);
      void reporter.close().finally(() => process.exit(1));
    });
  }

  await warm(pool, settings.DATABASE_POOL_MIN).catch((error: unknown) =>
    log.warn({ error: describe(error) }, "the database is not there yet"),
  );
  dispatcher.start();
  server.listen(settings.PORT, settings.HOST, () =>
    log.info({ port: settings.PORT, seconds: Math.round(process.uptime() * 100) / 100 }, "listening"),
  );
}

try {
  await main(loadSettings());
} catch (error) {
  process.stderr.write(`${error instanceof SettingsError ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}
