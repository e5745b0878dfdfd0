import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Plan, PlannedSecret } from "../catalog/plan/types";
import type { Problem } from "../base/problems";

/** Prefix of placeholders in a preview without keys. */
const STAND_IN = "offline-stand-in-";

/** Whether a value is a placeholder of an offline preview, which cannot read the real one. */
export function isStandIn(value: string): boolean {
  return value.startsWith(STAND_IN);
}
/** Size of an HS256 hash in bytes. A shorter key would be weaker than the hash (RFC 7518, 3.2). */
const SHORTEST_KEY = 32;
const SHORTEST_PASSWORD = 8;

/** Value of a secret by system and name; undefined when it is not set. */
export type ReadValue = (system: string, name: string) => string | undefined;

/** Reports malformed secrets in config. Messages reveal nothing about a value except its length. */
export function malformedSecrets(plan: Plan, read: ReadValue): Problem[] {
  const stores = new Map(
    plan.datastores.flatMap((datastore): [string, string][] => {
      switch (datastore.engine) {
        case "neo4j":
          return [datastore.login.secret, datastore.initial].map((name) => [name, "neo4j"]);
        case "redis":
          return [[datastore.login.secret, "redis"]];
        case "postgres": {
          const { admin, login, migrate, metrics } = datastore.roles;
          return [admin, login, migrate, ...(metrics ? [metrics] : [])].map(({ secret }) => [
            secret,
            "postgres",
          ]);
        }
        case "kafka":
          return [];
      }
    }),
  );
  return plan.secrets.flatMap((secret) => {
    const value = read(plan.system, secret.name);
    if (value === undefined || isStandIn(value)) {
      return [];
    }
    const store = stores.get(secret.name);
    const other = partOf(secret, (name) => read(plan.system, name));
    const said = store === undefined ? expectedOf(secret, value, other) : expectedOfPassword(store, value);
    return said === undefined
      ? []
      : [{ path: `${plan.system}.secrets.${secret.name}`, message: `malformed: ${said}` }];
  });
}

/** Returns the certificate that belongs to a key. */
function partOf(
  { name, value }: PlannedSecret,
  read: (name: string) => string | undefined,
): string | undefined {
  return value.kind === "tls" && value.part === "key"
    ? read(name.replace(`${value.pair}-key`, `${value.pair}-certificate`))
    : undefined;
}

function expectedOf(
  { value: made }: PlannedSecret,
  value: string,
  other: string | undefined,
): string | undefined {
  const plain = text(value);
  switch (made.kind) {
    case "text":
      // A multi-line value, such as a private key in PEM, may end with a line break.
      return value.trim().includes("\n") ? text(value.replace(/\r?\n$/, "")) : plain;
    case "keys":
      return (
        plain ??
        (value.length < SHORTEST_KEY
          ? `expected at least ${SHORTEST_KEY} characters, got ${value.length}`
          : undefined)
      );
    case "hex":
      return (
        plain ?? (/^([0-9a-f]{2})+$/i.test(value) ? undefined : "expected hexadecimal digits, two for a byte")
      );
    case "tls":
      return made.part === "certificate" ? certificate(value) : key(value, other);
  }
}

function expectedOfPassword(store: string, value: string): string | undefined {
  const plain = text(value);
  if (plain !== undefined) {
    return plain;
  }
  if (value.length < SHORTEST_PASSWORD) {
    return `expected at least ${SHORTEST_PASSWORD} characters, got ${value.length}`;
  }
  return store === "neo4j" && value.includes("/")
    ? "expected a password without /: Neo4j's image splits it there"
    : undefined;
}

function text(value: string): string | undefined {
  if (value === "") {
    return "expected text, got none";
  }
  if (value.includes("\0")) {
    return "expected text without a NUL character";
  }
  return value.trim() === value ? undefined : "expected no space and no line break at its ends";
}

function certificate(value: string): string | undefined {
  try {
    const until = new X509Certificate(value).validTo;
    return Date.parse(until) < Date.now() ? `the certificate was valid until ${day(until)}` : undefined;
  } catch {
    return "expected a certificate in PEM (-----BEGIN CERTIFICATE-----)";
  }
}

function key(value: string, certificateOfIt: string | undefined): string | undefined {
  try {
    const parsed = createPrivateKey(value);
    if (certificateOfIt === undefined || certificate(certificateOfIt) !== undefined) {
      return undefined;
    }
    return new X509Certificate(certificateOfIt).checkPrivateKey(parsed)
      ? undefined
      : "expected the key of the certificate beside it, got another one";
  } catch {
    return "expected a private key in PEM, without a passphrase (-----BEGIN PRIVATE KEY-----)";
  }
}

/** Returns the expiry date of a certificate. @default - undefined if it cannot be parsed */
export function validUntil(value: string): Date | undefined {
  try {
    return new Date(new X509Certificate(value).validTo);
  } catch {
    return undefined;
  }
}

function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}
