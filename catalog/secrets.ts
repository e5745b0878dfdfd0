import { isIP } from "node:net";
import { unknownOptions, type Keys } from "./options";
import type { Problem } from "./problems";
import { reference, type SecretReference } from "./references";
import type { Environment, GeneratedValue, SecretDefinition } from "./types";

interface CommonOptions {
  /** `config`: a person sets it. `generated`: made once. @default "config" */
  from?: "config" | "generated";
  /** Environments that work without it. @default [] */
  optionalIn?: Environment[];
}

export interface SecretOptions extends CommonOptions {
  /** Letters and digits, or the digits of a hexadecimal number, two for a byte. @default "text" */
  kind?: "text" | "hex";
  /** Characters of a generated value. @default 32; 64 for `hex` */
  length?: number;
}

export interface TlsSecretOptions extends CommonOptions {
  kind: "tls";
  /**
   * DNS names and addresses of a generated certificate. It is signed by its own key, and only made in local, dev and
   * test: elsewhere a person sets both parts. @default ["localhost", "127.0.0.1", "::1"]
   */
  names?: string[];
  /** How long a generated certificate is valid. Nothing renews it. @default 3650 */
  days?: number;
}

/** A certificate and its private key, both in PEM. Each arrives as a file of its own. */
export interface TlsHandle {
  readonly certificate: SecretReference;
  readonly key: SecretReference;
}

export interface SecretWord {
  (name: string, options: TlsSecretOptions): TlsHandle;
  (name: string, options?: SecretOptions): SecretReference;
}

const COMMON_KEYS: Keys<CommonOptions> = { from: true, optionalIn: true };
const SECRET_KEYS: Keys<SecretOptions> = { ...COMMON_KEYS, kind: true, length: true };
const TLS_KEYS: Keys<TlsSecretOptions> = { ...COMMON_KEYS, kind: true, names: true, days: true };

export const TLS_NAMES = ["localhost", "127.0.0.1", "::1"] as const;
export const TLS_DAYS = 3650;

/** Environments whose certificates may be signed by nobody but themselves. */
export const SELF_SIGNED: readonly Environment[] = ["local", "dev", "test"];

function secretKeys(options: SecretOptions | TlsSecretOptions): Readonly<Record<string, true>> {
  return options.kind === "tls" ? TLS_KEYS : SECRET_KEYS;
}

/** Names of the two secrets that a pair consists of. */
export function tlsParts(name: string): { readonly certificate: string; readonly key: string } {
  return { certificate: `${name}-certificate`, key: `${name}-key` };
}

function secretHandle(name: string, options: SecretOptions | TlsSecretOptions): SecretReference | TlsHandle {
  const refer = (secret: string) => reference({ ref: "secret", secret });
  if (options.kind !== "tls") {
    return refer(name);
  }
  const parts = tlsParts(name);
  return { certificate: refer(parts.certificate), key: refer(parts.key) };
}

/** One definition, or two where it is a pair. */
export function secretDefinitions(
  name: string,
  options: SecretOptions | TlsSecretOptions,
): SecretDefinition[] {
  const { from = "config", optionalIn = [] } = options;
  if (options.kind !== "tls") {
    const { kind = "text" } = options;
    const value: GeneratedValue = { kind, length: options.length ?? (kind === "hex" ? 64 : 32) };
    return [{ name, from, value, optionalIn }];
  }
  const { names = TLS_NAMES, days = TLS_DAYS } = options;
  return Object.entries(tlsParts(name)).map(([part, partName]): SecretDefinition => ({
    name: partName,
    from,
    value: { kind: "tls", part: part as "certificate" | "key", pair: name, names, days },
    optionalIn,
  }));
}

const DNS_NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** What is wrong with how a secret's value is to be made. */
export function checkGenerated({ secrets }: { readonly secrets: readonly SecretDefinition[] }): Problem[] {
  return secrets.flatMap(({ name, value }): Problem[] => {
    if (value.kind !== "tls") {
      const isWhole = Number.isInteger(value.length) && value.length >= 8 && value.length <= 1024;
      return [
        ...(isWhole ? [] : [expected(`${name}.length`, "a whole number from 8 to 1024", value.length)]),
        ...(value.kind === "hex" && isWhole && value.length % 2 === 1
          ? [expected(`${name}.length`, "an even number: a byte has two hexadecimal digits", value.length)]
          : []),
      ];
    }
    if (value.part === "key") {
      return []; // said of the certificate
    }
    const { pair, names, days } = value;
    return [
      ...(names.length > 0 ? [] : [expected(`${pair}.names`, "at least one name", names)]),
      ...names
        .filter((one) => typeof one !== "string" || (isIP(one) === 0 && !DNS_NAME.test(one)))
        .map((one) => expected(`${pair}.names`, "DNS names and addresses such as 127.0.0.1", one)),
      ...(Number.isInteger(days) && days >= 1 && days <= 36_500
        ? []
        : [expected(`${pair}.days`, "a whole number from 1 to 36500", days)]),
    ];
  });
}

function expected(path: string, what: string, got: unknown): Problem {
  return { path: `secrets.${path}`, message: `expected ${what}, got ${JSON.stringify(got) || "nothing"}` };
}

/** The word `secret`, which notes what it is told. */
export function secretWord(secrets: SecretDefinition[], mistakes: Problem[]): SecretWord {
  function secret(name: string, options: TlsSecretOptions): TlsHandle;
  function secret(name: string, options?: SecretOptions): SecretReference;
  function secret(name: string, options: SecretOptions | TlsSecretOptions = {}): SecretReference | TlsHandle {
    mistakes.push(...unknownOptions<object>(`secrets.${name}`, options, secretKeys(options)));
    secrets.push(...secretDefinitions(name, options));
    return secretHandle(name, options);
  }
  return secret;
}
