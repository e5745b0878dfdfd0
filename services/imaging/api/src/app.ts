import express, { type Express } from "express";
import helmet from "helmet";
import type { Cache } from "./cache.ts";
import { describe, type Log } from "./logs.ts";
import type { Metrics } from "./metrics.ts";
import type { Store } from "./model.ts";
import { observe } from "./observe.ts";
import { picturesRouter } from "./pictures.ts";
import { notFound, Problem, problemHandler } from "./problems.ts";
import type { Reporter } from "./reporter.ts";

export interface AppOptions {
  store: Store;
  cache: Cache;
  log: Log;
  metrics: Metrics;
  reporter: Reporter;
  /** Largest upload in bytes. */
  limit: number;
  wake: () => void;
  /** Whether the process is about to end. */
  ending: () => boolean;
}

export function createApp({ store, cache, log, metrics, reporter, limit, wake, ending }: AppOptions): Express {
  const app = express();
  app.disable("etag").set("query parser", "simple");
  app.use(observe(log, metrics));

  app.get("/livez", (_request, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", async (_request, response) => {
    if (ending()) {
      throw new Problem(503, "ending", "The process is about to end.");
    }
    // Without the cache or the analyzer the service still serves: pictures wait in the queue.
    const database = await store.check().then(
      () => "ok",
      (error: unknown) => describe(error),
    );
    const checks = { database, cache: await cache.check() };
    response.status(database === "ok" ? 200 : 503).json({
      status: database === "ok" ? "ready" : "not ready",
      checks,
    });
  });
  app.get("/metrics", async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });

  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      // The proxy that terminates TLS sends HSTS for the whole host.
      strictTransportSecurity: false,
      // The pages may be at another address of the same site.
      crossOriginResourcePolicy: { policy: "same-site" },
    }),
    (_request, response, next) => {
      response.set("Cache-Control", "no-store");
      next();
    },
  );
  app.use(picturesRouter({ store, cache, metrics, limit, wake }));
  app.use(notFound);
  app.use(problemHandler(log, reporter));
  return app;
}
