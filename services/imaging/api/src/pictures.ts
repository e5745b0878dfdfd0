import { pipeline } from "node:stream/promises";
import { Router, type Request, type Response } from "express";
import { z } from "zod";
import type { Cache } from "./cache.ts";
import type { Metrics } from "./metrics.ts";
import { ANALYSIS_VERSION, ARTEFACTS, figures, type Artefact, type Picture, type Store } from "./model.ts";
import { Problem } from "./problems.ts";
import { receive } from "./upload.ts";

export interface PicturesOptions {
  store: Store;
  cache: Cache;
  metrics: Metrics;
  /** Largest upload in bytes. */
  limit: number;
  /** Called when there is something to analyze. */
  wake: () => void;
}

const BASE = "/api/pictures";
/** What a browser may keep: these bytes never change under their address. */
const FOREVER = "private, max-age=31536000, immutable";

const uploadQuery = z.object({
  name: z
    .string()
    .max(1_000)
    .default("picture")
    // The last part of a path, without what a terminal or a page could take for something else.
    .transform((text) => (text.split(/[\\/]/).at(-1) ?? "").replace(/\p{C}/gu, "").trim().slice(0, 200))
    .transform((text) => text || "picture"),
});
const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: z.uuid().optional(),
});
const idParameter = z.object({ id: z.uuid() });

export function picturesRouter({ store, cache, metrics, limit, wake }: PicturesOptions): Router {
  const router = Router({ caseSensitive: true });

  router.post(BASE, async (request, response) => {
    const { name } = valid(uploadQuery, request.query);
    if (request.get("content-encoding")) {
      throw new Problem(415, "encoded", "Expected the bytes of the picture as they are, got a Content-Encoding.");
    }
    const length = request.get("content-length");
    const announced = length === undefined ? undefined : Number(length);
    const picture = await receive(request, { name, announced, limit }, store);
    metrics.uploadedBytes.inc(picture.size);
    if (picture.status === "queued") {
      wake();
    }
    response.status(201).location(`${BASE}/${picture.id}`).json(await full(picture, response));
  });

  router.get(BASE, async (request, response) => {
    const query = valid(listQuery, request.query);
    const items = await store.list(query.limit, query.before);
    const last = items.length === query.limit ? items.at(-1) : undefined;
    response.json({ items: items.map(summary), next: last?.id ?? null });
  });

  router.get(`${BASE}/:id`, async (request, response) => {
    response.json(await full(await find(request), response));
  });

  router.get(`${BASE}/:id/original`, async (request, response) => {
    const picture = await find(request);
    const etag = `"${picture.sha256}"`;
    response
      .type(picture.mediaType)
      .set("Content-Length", String(picture.size))
      .set("Cache-Control", FOREVER)
      .set("ETag", etag)
      // Opened by itself it is a picture and nothing else.
      .set("Content-Security-Policy", "sandbox; default-src 'none'");
    if (request.get("if-none-match") === etag) {
      response.removeHeader("Content-Length");
      response.status(304).end();
    } else if (request.method === "HEAD") {
      response.end();
    } else {
      await pipeline(store.content(picture.id), response);
    }
  });

  for (const artefact of ARTEFACTS) {
    router.get(`${BASE}/:id/${artefact}`, async (request, response) => {
      const picture = await find(request);
      if (picture.status !== "done") {
        throw new Problem(409, "not-analyzed", `The picture has no ${artefact}: its analysis is ${picture.status}.`);
      }
      const found = await cache.through(artefact, key(artefact, picture.sha256), () =>
        store.artefact(picture.sha256, artefact),
      );
      if (!found) {
        throw gone();
      }
      response
        .type(artefact === "overlay" ? "image/png" : "image/webp")
        .set("Cache-Control", FOREVER)
        .set("X-Cache", found.hit ? "hit" : "miss")
        .send(found.value);
    });
  }

  router.delete(`${BASE}/:id`, async (request, response) => {
    const { id } = valid(idParameter, request.params, gone());
    const removed = await store.remove(id);
    if (!removed) {
      throw gone();
    }
    if (removed.orphaned) {
      await cache.remove(["figures" as const, ...ARTEFACTS].map((kind) => key(kind, removed.sha256)));
    }
    response.status(204).end();
  });

  async function find(request: Request): Promise<Picture> {
    const { id } = valid(idParameter, request.params, gone());
    const picture = await store.find(id);
    if (!picture) {
      throw gone();
    }
    return picture;
  }

  /** A picture with what its analysis found. */
  async function full(picture: Picture, response: Response) {
    if (picture.status !== "done") {
      return { ...summary(picture), analysis: null };
    }
    const found = await cache.through("figures", key("figures", picture.sha256), async () => {
      const known = await store.figures(picture.sha256);
      return known && Buffer.from(JSON.stringify(known));
    });
    response.set("X-Cache", found?.hit ? "hit" : "miss");
    return { ...summary(picture), analysis: found ? figures.parse(JSON.parse(found.value.toString())) : null };
  }

  return router;
}

function summary({ id, name, mediaType, size, status, problem, createdAt, negativeSpace }: Picture) {
  return {
    id,
    name,
    media_type: mediaType,
    size,
    status,
    problem,
    created_at: createdAt.toISOString(),
    ...(negativeSpace !== undefined && { negative_space: negativeSpace }),
  };
}

function key(kind: Artefact | "figures", sha256: string): string {
  return `${kind}:${ANALYSIS_VERSION}:${sha256}`;
}

function gone(): Problem {
  return new Problem(404, "no-such-picture", "There is no such picture.");
}

/** @throws `otherwise`, or a problem that names every mistake */
function valid<T>(schema: z.ZodType<T>, input: unknown, otherwise?: Problem): T {
  const { data, error } = schema.safeParse(input);
  if (error) {
    const errors = error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw otherwise ?? new Problem(400, "invalid", "The request has values that are not valid.", { errors });
  }
  return data;
}
