import { createClient, RESP_TYPES } from "@redis/client";
import { describe, type Log } from "./logs.ts";
import type { Metrics } from "./metrics.ts";

/**
 * What saves a look into the database. It may forget, be slow or be gone: then the database is asked, and the
 * service goes on.
 */
export interface Cache {
  /** What is kept under the key, or what `load` finds; the latter is kept. */
  through(kind: string, key: string, load: () => Promise<Buffer | undefined>): Promise<Hit | undefined>;
  remove(keys: readonly string[]): Promise<void>;
  /** "ok", or what is wrong. */
  check(): Promise<string>;
  close(): Promise<void>;
}

export interface Hit {
  readonly value: Buffer;
  readonly hit: boolean;
}

export interface CacheOptions {
  /** With `rediss:` the connection has TLS. */
  url: string;
  /** CA certificates for the server's certificate, as PEM. @default - Node.js' root certificates */
  ca?: string | undefined;
  /** Milliseconds after which it is gone past. */
  timeout: number;
  /** Seconds that a value stays. */
  ttl: number;
}

/** Larger values would push too many others out. */
const LARGEST_VALUE = 2 * 2 ** 20;
const PREFIX = "imaging:";

export function createCache({ url, ca, timeout, ttl }: CacheOptions, log: Log, metrics: Metrics): Cache {
  const client = createClient({
    url,
    name: "imaging-api",
    // A command that cannot be sent at once fails, and is not sent later.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 2_000),
      ...(url.startsWith("rediss:") && { tls: true, ...(ca !== undefined && { ca }) }),
    },
  });
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  let broken: string | undefined = "not connected yet";
  client.on("ready", () => {
    broken = undefined;
    log.info("the cache is connected");
  });
  client.on("error", (error: unknown) => {
    if (broken === undefined) {
      log.warn({ error: describe(error) }, "the cache is gone; the database is asked instead");
    }
    broken = describe(error);
  });
  const connecting = client.connect().catch(() => undefined);

  const attempt = async <T>(command: () => Promise<T>): Promise<{ value: T } | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${timeout} ms`)), timeout);
      });
      return { value: await Promise.race([command(), late]) };
    } catch (error) {
      log.debug({ error: describe(error) }, "a command to the cache failed");
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async through(kind, key, load) {
      const found = await attempt(async () => bytes.get(PREFIX + key));
      const outcome = found === undefined ? "error" : found.value === null ? "miss" : "hit";
      metrics.cache.inc({ kind, outcome });
      if (found && found.value !== null) {
        return { value: found.value, hit: true };
      }
      const value = await load();
      if (value && value.length <= LARGEST_VALUE && found) {
        await attempt(() => client.set(PREFIX + key, value, { expiration: { type: "EX", value: ttl } }));
      }
      return value && { value, hit: false };
    },
    async remove(keys) {
      await attempt(() => client.del(keys.map((key) => PREFIX + key)));
    },
    async check() {
      const answer = await attempt(() => client.ping());
      return answer ? "ok" : (broken ?? "does not answer");
    },
    async close() {
      client.destroy();
      await connecting;
    },
  };
}
