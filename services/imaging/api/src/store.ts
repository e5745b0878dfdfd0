import pg from "pg";
import { describe, type Log } from "./logs.ts";
import type { Metrics } from "./metrics.ts";
import {
  ANALYSIS_VERSION,
  figures,
  type Analysis,
  type Artefact,
  type Claim,
  type Figures,
  type Picture,
  type Store,
} from "./model.ts";
import type { Settings } from "./settings.ts";
import type { MediaType } from "./sniff.ts";

interface Row {
  id: string;
  name: string;
  media_type: MediaType;
  size: number;
  sha256: string;
  status: Picture["status"];
  problem: string | null;
  created_at: Date;
  negative_space?: number | null;
}

const PICTURE = `p.id, p.name, p.media_type, p.size, encode(p.sha256, 'hex') as sha256, p.problem, p.created_at,
  case when p.status = 'queued' and p.lease_until > now() then 'analyzing' else p.status end as status`;

export function createPool(settings: Settings, log: Log, metrics: Metrics): pg.Pool {
  const pool = new pg.Pool({
    connectionString: settings.DATABASE_URL,
    application_name: "imaging-api",
    min: settings.DATABASE_POOL_MIN,
    max: settings.DATABASE_POOL_MAX,
    connectionTimeoutMillis: settings.DATABASE_TIMEOUT,
    statement_timeout: settings.DATABASE_TIMEOUT,
    query_timeout: settings.DATABASE_TIMEOUT + 1_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  const count = () => {
    metrics.connections.set({ state: "idle" }, pool.idleCount);
    metrics.connections.set({ state: "used" }, pool.totalCount - pool.idleCount);
  };
  for (const event of ["acquire", "release", "remove"] as const) {
    pool.on(event, count);
  }
  // An idle connection ended, for example because the database restarted.
  pool.on("error", (error) => log.warn({ error: describe(error) }, "a database connection was lost"));
  return pool;
}

/** Opens the connections that are kept, so that the first requests do not wait for them. */
export async function warm(pool: pg.Pool, connections: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) {
    client.release();
  }
}

/**
 * Pictures, analyses and the queue in PostgreSQL: every replica sees the same, one backup holds all of it, and a
 * picture and its place in the queue appear together or not at all. Pictures are kept in pieces, so that neither
 * an upload nor a download is ever in memory as a whole, and no connection waits for a slow client.
 */
export class PostgresStore implements Store {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async check(): Promise<void> {
    await this.#pool.query("select 1 from picture limit 1");
  }

  async begin(id: string, name: string): Promise<void> {
    await this.#pool.query("insert into picture (id, name, status) values ($1, $2, 'uploading')", [id, name]);
  }

  async append(id: string, number: number, data: Buffer): Promise<void> {
    await this.#pool.query("insert into chunk (picture_id, number, data) values ($1, $2, $3)", [
      id,
      number,
      data,
    ]);
  }

  async finish(
    id: string,
    { mediaType, size, sha256 }: { mediaType: MediaType; size: number; sha256: string },
  ): Promise<Picture> {
    const { rows } = await this.#pool.query<Row>(
      `update picture p set media_type = $2, size = $3, sha256 = decode($4, 'hex'), status = case
         when exists (select from analysis where sha256 = decode($4, 'hex') and version = $5) then 'done'
         else 'queued' end
       where id = $1 and status = 'uploading' returning ${PICTURE}`,
      [id, mediaType, size, sha256, ANALYSIS_VERSION],
    );
    return pictureOf(only(rows));
  }

  async find(id: string): Promise<Picture | undefined> {
    const { rows } = await this.#pool.query<Row>(
      `select ${PICTURE} from picture p where id = $1 and status <> 'uploading'`,
      [id],
    );
    return rows[0] && pictureOf(rows[0]);
  }

  async list(limit: number, before?: string): Promise<readonly Picture[]> {
    const { rows } = await this.#pool.query<Row>(
      `select ${PICTURE}, (a.figures ->> 'negative_space')::float8 as negative_space
       from picture p left join analysis a on a.sha256 = p.sha256 and a.version = $3
       where p.status <> 'uploading' and ($2::uuid is null
         or (p.created_at, p.id) < (select created_at, id from picture where id = $2))
       order by p.created_at desc, p.id desc limit $1`,
      [limit, before ?? null, ANALYSIS_VERSION],
    );
    return rows.map(pictureOf);
  }

  async *content(id: string): AsyncIterable<Buffer> {
    for (let number = 0; ; number += 1) {
      const { rows } = await this.#pool.query<{ data: Buffer }>(
        "select data from chunk where picture_id = $1 and number = $2",
        [id, number],
      );
      if (!rows[0]) {
        return;
      }
      yield rows[0].data;
    }
  }

  async remove(id: string): Promise<{ sha256: string; orphaned: boolean } | undefined> {
    const { rows } = await this.#pool.query<{ sha256: string | null }>(
      "delete from picture where id = $1 returning encode(sha256, 'hex') as sha256",
      [id],
    );
    const sha256 = rows[0]?.sha256;
    if (!sha256) {
      return rows[0] && { sha256: "", orphaned: false };
    }
    const { rowCount } = await this.#pool.query(
      `delete from analysis where sha256 = decode($1, 'hex')
       and not exists (select from picture where sha256 = decode($1, 'hex'))`,
      [sha256],
    );
    return { sha256, orphaned: (rowCount ?? 0) > 0 };
  }

  async figures(sha256: string): Promise<Figures | undefined> {
    const { rows } = await this.#pool.query<{ figures: unknown }>(
      "select figures from analysis where sha256 = decode($1, 'hex') and version = $2",
      [sha256, ANALYSIS_VERSION],
    );
    return rows[0] && figures.parse(rows[0].figures);
  }

  async artefact(sha256: string, artefact: Artefact): Promise<Buffer | undefined> {
    const column = { overlay: "overlay", thumbnail: "thumbnail" }[artefact];
    const { rows } = await this.#pool.query<{ data: Buffer }>(
      `select ${column} as data from analysis where sha256 = decode($1, 'hex') and version = $2`,
      [sha256, ANALYSIS_VERSION],
    );
    return rows[0]?.data;
  }

  async claim(lease: string, milliseconds: number): Promise<Claim | undefined> {
    const { rows } = await this.#pool.query<Omit<Claim, "lease">>(
      `update picture set lease = $1, lease_until = now() + $2 * interval '1 ms', attempts = attempts + 1
       where id = (
         select id from picture
         where status = 'queued' and retry_at <= now() and (lease_until is null or lease_until <= now())
         order by created_at limit 1 for update skip locked)
       returning id, encode(sha256, 'hex') as sha256, attempts`,
      [lease, milliseconds],
    );
    return rows[0] && { ...rows[0], lease };
  }

  async complete(claim: Claim, { figures: found, overlay, thumbnail }: Analysis): Promise<void> {
    // The result is kept even when the claim was lost meanwhile: it is right for every picture of these bytes.
    await this.#pool.query(
      `with kept as (
         insert into analysis (sha256, version, figures, overlay, thumbnail)
         values (decode($1, 'hex'), $2, $3, $4, $5) on conflict do nothing)
       update picture set status = 'done', lease = null, lease_until = null, problem = null
       where sha256 = decode($1, 'hex') and status = 'queued'`,
      [claim.sha256, ANALYSIS_VERSION, JSON.stringify(found), overlay, thumbnail],
    );
  }

  async fail({ id, lease }: Claim, problem: string): Promise<void> {
    await this.#pool.query(
      `update picture set status = 'failed', problem = $3, lease = null, lease_until = null
       where id = $1 and lease = $2`,
      [id, lease, problem],
    );
  }

  async release({ id, lease }: Claim, milliseconds: number, counted: boolean): Promise<void> {
    await this.#pool.query(
      `update picture set lease = null, lease_until = null, attempts = attempts - $4,
       retry_at = now() + $3 * interval '1 ms' where id = $1 and lease = $2`,
      [id, lease, milliseconds, counted ? 0 : 1],
    );
  }

  async sweep(): Promise<number> {
    const { rowCount } = await this.#pool.query(
      "delete from picture where status = 'uploading' and created_at < now() - interval '15 minutes'",
    );
    return rowCount ?? 0;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

function pictureOf({ media_type, created_at, negative_space, ...row }: Row): Picture {
  return {
    ...row,
    mediaType: media_type,
    createdAt: created_at,
    ...(typeof negative_space === "number" && { negativeSpace: negative_space }),
  };
}

function only<T>([row]: readonly T[]): T {
  if (row === undefined) {
    throw new Error("the upload is gone: it took longer than it may");
  }
  return row;
}
