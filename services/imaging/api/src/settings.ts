import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { z } from "zod";

/** What is wrong with the environment, one line per problem, never with a secret's value. */
export class SettingsError extends Error {
  constructor(problems: readonly string[]) {
    const lines = problems.map((problem) => `  ${problem}`);
    super([`settings: ${problems.length} problem${problems.length === 1 ? "" : "s"}`, ...lines].join("\n"));
  }
}

const whole = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((value) => value >= low && value <= high, `a whole number from ${low} to ${high}`);

const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `a URL that starts with ${protocols.map((one) => `${one}//`).join(" or ")}`,
    );

function isCertificate(text: string): boolean {
  try {
    createSecureContext({ ca: text });
    return new X509Certificate(text).subject !== "";
  } catch {
    return false;
  }
}

/**
 * A URL in libpq's sense, which all clients of the database share. Without `uselibpqcompat`, node-postgres verifies the host
 * name in mode verify-ca too, and the certificate of a Cloud SQL instance names no host.
 */
const postgresUrl = url("postgresql:", "postgres:").transform((text) => {
  const parsed = new URL(text);
  if (parsed.searchParams.has("sslmode")) {
    parsed.searchParams.set("uselibpqcompat", "true");
  }
  return parsed.href;
});

const schema = z.object({
  /** Secret. */
  DATABASE_URL: postgresUrl,
  /** The role that owns the schema; migrations switch to it after connecting. */
  DATABASE_OWNER_ROLE: z.string().optional(),
  /** Connections that are kept open when idle. */
  DATABASE_POOL_MIN: whole(1, 100).default(2),
  DATABASE_POOL_MAX: whole(1, 100).default(20),
  /** Milliseconds to wait for a connection, and for a single statement. */
  DATABASE_TIMEOUT: whole(100, 120_000).default(5_000),
  /** Secret. */
  REDIS_URL: url("redis:", "rediss:").optional(),
  /** CA certificates for Redis, as PEM. @default - Node.js' root certificates */
  REDIS_CA: z.string().refine(isCertificate, "certificates in the form of PEM").optional(),
  /** Milliseconds after which the cache is gone past. */
  CACHE_TIMEOUT: whole(10, 10_000).default(250),
  /** Seconds that a result stays in the cache. */
  CACHE_TTL: whole(1, 31_536_000).default(604_800),
  ANALYZER_URL: url("http:", "https:").optional(),
  /** Milliseconds that one analysis may take. */
  ANALYSIS_TIMEOUT: whole(100, 600_000).default(40_000),
  /** Analyses that this process has under way at once. */
  ANALYSIS_CONCURRENCY: whole(1, 32).default(2),
  /** Milliseconds between two looks for work, when there was none. */
  POLL: whole(50, 60_000).default(1_000),
  /** Largest upload in bytes. */
  UPLOAD_LIMIT: whole(1, 1_073_741_824).default(20_971_520),
  /** Secret. Nothing is reported without it. */
  SENTRY_DSN: url("http:", "https:").optional(),
  /** Under which reports are filed, such as `prod`. */
  ENVIRONMENT: z.string().default("local"),
  LOG_LEVEL: z
    .string()
    .transform((text) => text.toLowerCase().replace("warning", "warn"))
    .pipe(z.enum(["debug", "info", "warn", "error"], "one of debug, info, warning, error"))
    .default("info"),
  HOST: z.string().default("0.0.0.0"),
  PORT: whole(1, 65_535).default(3000),
  /** Milliseconds that running requests get after SIGTERM; keep it below the container's grace period. */
  SHUTDOWN_TIMEOUT: whole(100, 3_600_000).default(20_000),
  VERSION: z.string().default("dev"),
});

export type Settings = z.infer<typeof schema>;
export type LogLevel = Settings["LOG_LEVEL"];

type Environment = Readonly<Record<string, string | undefined>>;

const SECRETS = ["DATABASE_URL", "REDIS_URL", "REDIS_CA", "SENTRY_DSN"];

/** @throws SettingsError with all problems at once */
export function loadSettings(environment: Environment = process.env): Settings {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = SECRETS.includes(name)
      ? readSecret(environment, name, problems)
      : environment[name]?.trim();
    if (value) {
      values[name] = value;
    }
  }
  const parsed = schema.safeParse(values);
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (problems.some((problem) => problem.startsWith(`${name}_FILE:`))) {
      continue;
    }
    const got = SECRETS.includes(name) ? "" : `, got ${JSON.stringify(values[name])}`;
    problems.push(
      values[name] === undefined
        ? `${name}: not set${SECRETS.includes(name) ? `; let ${name}_FILE name the file that holds it` : ""}`
        : `${name}: expected ${issue.message}${got}`,
    );
  }
  if (!parsed.data || problems.length > 0) {
    throw new SettingsError(problems);
  }
  if (parsed.data.DATABASE_POOL_MIN > parsed.data.DATABASE_POOL_MAX) {
    throw new SettingsError([
      `DATABASE_POOL_MIN: expected at most DATABASE_POOL_MAX (${parsed.data.DATABASE_POOL_MAX}), got ${parsed.data.DATABASE_POOL_MIN}`,
    ]);
  }
  // A CA without TLS is a mistake: the connection would be unencrypted.
  if (parsed.data.REDIS_CA && !parsed.data.REDIS_URL?.startsWith("rediss:")) {
    throw new SettingsError(["REDIS_CA: set, but REDIS_URL does not start with rediss://"]);
  }
  return parsed.data;
}

/** The secret NAME: the content of the file that NAME_FILE names, or else the variable NAME itself. */
function readSecret(environment: Environment, name: string, problems: string[]): string | undefined {
  const path = environment[`${name}_FILE`];
  if (!path) {
    return environment[name];
  }
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    problems.push(`${name}_FILE: cannot read ${JSON.stringify(path)}: ${code}`);
    return undefined;
  }
}
