import { isIP } from "node:net";
import { unknownOptions, type Keys } from "./options";
import type { Problem } from "../base/problems";
import { reference, type SecretReference } from "./references";
import type { Environment, GeneratedValue, SecretDefinition } from "./types";

interface CommonOptions {
  /** Origin of the value. `config`: an operator sets it. `generated`: Longshore creates it once. @default "config" */
  from?: "config" | "generated";
  /** Environments in which the secret is optional. @default [] */
  optionalIn?: Environment[];
}

export interface SecretOptions extends CommonOptions {
  /** Format of a generated value. `hex`: two hexadecimal digits per byte. @default "text" */
  kind?: "text" | "hex";
  /** Length of a generated value in characters. @default 32; 64 for `hex` */
  length?: number;
  /**
   * Characters of a generated `text`, at least 8 different printable ASCII characters. @default - letters and digits
   */
  alphabet?: string;
  /**
   * User name with which a person signs in with this secret as the password. `up` prints both, without the value.
   * @default - no person signs in with it
   */
  signIn?: string;
}

/** A set of keys that sign and verify, such as the keys of JSON Web Tokens. */
export interface KeysSecretOptions extends Pick<CommonOptions, "from"> {
  kind: "keys";
  /** Length of a generated key in characters. @default 64 */
  length?: number;
}

export interface TlsSecretOptions extends CommonOptions {
  kind: "tls";
  /**
   * DNS names and addresses of a generated certificate. It is self-signed and generated only in local, dev and test. In
   * other environments an operator sets both parts. @default ["localhost", "127.0.0.1", "::1"]
   */
  names?: string[];
  /** Validity of a generated certificate in days. It is not renewed automatically. @default 3650 */
  days?: number;
  /**
   * Whether its users reload the files when they change. If the target supports it, a new pair then reaches the running
   * containers without a restart. @default false
   */
  watched?: boolean;
}

/** A certificate and its private key, both in PEM. Each is delivered as a separate file. */
export interface TlsHandle {
  readonly certificate: SecretReference;
  readonly key: SecretReference;
}

/**
 * A set of keys that is rotated without failed requests. The next key is accepted before it signs, and the previous key
 * is accepted until it is retired.
 */
export interface KeysHandle {
  /** The key that signs. */
  readonly signing: SecretReference;
  /** The other accepted keys, one per line. */
  readonly accepted: SecretReference;
}

export interface SecretWord {
  (name: string, options: KeysSecretOptions): KeysHandle;
  (name: string, options: TlsSecretOptions): TlsHandle;
  (name: string, options?: SecretOptions): SecretReference;
}

const COMMON_KEYS: Keys<CommonOptions> = { from: true, optionalIn: true };
const SECRET_KEYS: Keys<SecretOptions> = {
  ...COMMON_KEYS,
  kind: true,
  length: true,
  alphabet: true,
  signIn: true,
};
const KEYS_KEYS: Keys<KeysSecretOptions> = { from: true, kind: true, length: true };
const TLS_KEYS: Keys<TlsSecretOptions> = {
  ...COMMON_KEYS,
  kind: true,
  names: true,
  days: true,
  watched: true,
};

export const TLS_NAMES = ["localhost", "127.0.0.1", "::1"] as const;
export const TLS_DAYS = 3650;

/** Environments that accept self-signed certificates. */
export const SELF_SIGNED: readonly Environment[] = ["local", "dev", "test"];

type AnyOptions = SecretOptions | TlsSecretOptions | KeysSecretOptions;

function secretKeys({ kind }: AnyOptions): Readonly<Record<string, true>> {
  return kind === "tls" ? TLS_KEYS : kind === "keys" ? KEYS_KEYS : SECRET_KEYS;
}

/** Returns the unit of rotation: a secret, or the pair that it belongs to. */
export function rotationOf({ name, value }: Pick<SecretDefinition, "name" | "value">): string {
  return value.kind === "tls" ? value.pair : name;
}

/** Returns the names of the two secrets of a pair. */
export function tlsParts(name: string): { readonly certificate: string; readonly key: string } {
  return { certificate: `${name}-certificate`, key: `${name}-key` };
}

function secretHandle(name: string, options: AnyOptions): SecretReference | TlsHandle | KeysHandle {
  const refer = (secret: string) => reference({ ref: "secret", secret });
  if (options.kind === "keys") {
    return { signing: refer(name), accepted: reference({ ref: "secret", secret: name, form: "accepted" }) };
  }
  if (options.kind !== "tls") {
    return refer(name);
  }
  const parts = tlsParts(name);
  return { certificate: refer(parts.certificate), key: refer(parts.key) };
}

/** Returns the definitions of a secret: two for a pair, otherwise one. */
export function secretDefinitions(name: string, options: AnyOptions): SecretDefinition[] {
  if (options.kind === "keys") {
    const { from = "generated", length = 64 } = options;
    return [{ name, from, value: { kind: "keys", length }, optionalIn: [] }];
  }
  const { from = "config", optionalIn = [] } = options;
  if (options.kind !== "tls") {
    const { kind = "text", alphabet, signIn } = options;
    const length = options.length ?? (kind === "hex" ? 64 : 32);
    const value: GeneratedValue =
      kind === "text" && alphabet !== undefined ? { kind, length, alphabet } : { kind, length };
    return [{ name, from, value, optionalIn, ...(signIn !== undefined && { signIn }) }];
  }
  const { names = TLS_NAMES, days = TLS_DAYS, watched = false } = options;
  return Object.entries(tlsParts(name)).map(([part, partName]): SecretDefinition => ({
    name: partName,
    from,
    value: {
      kind: "tls",
      part: part as "certificate" | "key",
      pair: name,
      names,
      days,
      ...(watched && { watched }),
    },
    optionalIn,
  }));
}

const DNS_NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** Reports invalid options of a secret's generated value. */
export function checkGenerated({ secrets }: { readonly secrets: readonly SecretDefinition[] }): Problem[] {
  return secrets.flatMap(({ name, value }): Problem[] => {
    if (value.kind !== "tls") {
      const isWhole = Number.isInteger(value.length) && value.length >= 8 && value.length <= 1024;
      return [
        ...(isWhole ? [] : [expected(`${name}.length`, "a whole number from 8 to 1024", value.length)]),
        ...(value.kind === "hex" && isWhole && value.length % 2 === 1
          ? [expected(`${name}.length`, "an even number: a byte has two hexadecimal digits", value.length)]
          : []),
        ...(value.kind === "text" && value.alphabet !== undefined && !isAlphabet(value.alphabet)
          ? [expected(`${name}.alphabet`, "at least 8 different printable ASCII characters", value.alphabet)]
          : []),
      ];
    }
    if (value.part === "key") {
      return []; // Already reported for the certificate.
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

function isAlphabet(text: unknown): boolean {
  return typeof text === "string" && /^[!-~]+$/.test(text) && new Set(text).size >= 8;
}

function expected(path: string, what: string, got: unknown): Problem {
  return { path: `secrets.${path}`, message: `expected ${what}, got ${JSON.stringify(got) || "nothing"}` };
}

/** Returns the statement `secret`, which collects definitions and problems. */
export function secretWord(secrets: SecretDefinition[], problems: Problem[]): SecretWord {
  function secret(name: string, options: KeysSecretOptions): KeysHandle;
  function secret(name: string, options: TlsSecretOptions): TlsHandle;
  function secret(name: string, options?: SecretOptions): SecretReference;
  function secret(name: string, options: AnyOptions = {}): SecretReference | TlsHandle | KeysHandle {
    problems.push(...unknownOptions<object>(`secrets.${name}`, options, secretKeys(options)));
    secrets.push(...secretDefinitions(name, options));
    return secretHandle(name, options);
  }
  return secret;
}
