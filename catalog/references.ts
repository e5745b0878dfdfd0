/** The login that a reference stands for. `admin` is for Longshore's own jobs, `none` for an address without login. */
export type DatastoreRole = "app" | "migrate" | "admin" | "none";

/** The stable property names of datastores. Each kind offers a subset. */
export type DatastoreProperty =
  | "host"
  | "port"
  | "database"
  | "username"
  | "password"
  | "url"
  | "ownerRole"
  | "ca"
  | "bootstrap"
  | "securityProtocol"
  | "saslMechanism";

export interface SettingReference {
  readonly ref: "setting";
  readonly setting: string;
}

export interface SecretReference {
  readonly ref: "secret";
  readonly secret: string;
  /** `accepted`: the other keys of a set, one per line. @default - the current value */
  readonly form?: "accepted";
}

/** The address of a service's port for its clients. */
export interface EndpointReference {
  readonly ref: "endpoint";
  readonly service: string;
  readonly port: string;
  /** `url` is `http://host:port`, `authority` is `host:port`. */
  readonly form: "url" | "authority" | "host" | "port";
}

export interface DatastoreReference {
  readonly ref: "datastore";
  readonly datastore: string;
  readonly property: DatastoreProperty;
  readonly role: DatastoreRole;
}

/** A reference to the environment that the system is planned for. */
export interface EnvironmentReference {
  readonly ref: "environment";
}

/** A text with references, created by the `text` tag. A secret in any part makes the whole text secret. */
export interface TextReference {
  readonly ref: "text";
  readonly parts: readonly Value[];
}

export type Reference =
  | SettingReference
  | SecretReference
  | EndpointReference
  | DatastoreReference
  | EnvironmentReference
  | TextReference;

/** The value of an environment variable: plain text, or a reference that each target resolves. */
export type Value = string | Reference;

/** Whether the value of a reference is confidential. */
export function isSecretValue(value: Value): boolean {
  if (typeof value === "string") {
    return false;
  }
  switch (value.ref) {
    case "secret":
      return true;
    case "datastore":
      // A CA certificate is not confidential, but clients expect it as a file.
      return (
        value.property === "password" ||
        value.property === "ca" ||
        (value.property === "url" && value.role !== "none")
      );
    case "text":
      return value.parts.some(isSecretValue);
    default:
      return false;
  }
}

/**
 * Marks a reference that was put into a string. NUL cannot collide with user text, because it is rejected everywhere.
 */
const MARK = /\0([^\0]*)\0/;
type Listener = (reference: Reference, convert: () => string) => void;
/** Listeners for references in strings, innermost last, because descriptions can be nested. */
const listeners: Listener[] = [];

/** Runs a description and reports every reference that it puts into a string. */
export function notingInterpolations<T>(note: Listener, run: () => T): T {
  listeners.push(note);
  try {
    return run();
  } finally {
    listeners.pop();
  }
}

/** Returns the description of the reference that a string contains, or undefined. */
export function interpolatedIn(value: string): string | undefined {
  return MARK.exec(value)?.[1];
}

export function interpolationMessage(described: string): string {
  return `a reference (${described}) cannot be put into a string`;
}
export const INTERPOLATION_FIX = "write text`…${reference}…` instead";

/**
 * Creates a reference that reports its use in a string. Otherwise `${db.url}` would become "[object Object]" in a
 * container's environment.
 */
export function reference<T extends Reference>(value: T): T {
  const convert = (): string => {
    const note = listeners.at(-1);
    if (note === undefined) {
      throw new Error(`${interpolationMessage(describe(value))}; ${INTERPOLATION_FIX}`);
    }
    note(value, convert);
    return `\0${describe(value)}\0`;
  };
  return Object.defineProperty({ ...value }, Symbol.toPrimitive, { value: convert, enumerable: false });
}

const FORMS: readonly unknown[] = ["url", "authority", "host", "port"] satisfies EndpointReference["form"][];
const ROLES: readonly unknown[] = ["app", "migrate", "admin", "none"] satisfies DatastoreRole[];

/** Whether a value has the shape of a reference. Does not check its target. */
export function isReference(value: unknown): value is Reference {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const hasText = (...names: string[]) => names.every((name) => typeof fields[name] === "string");
  switch (fields["ref"]) {
    case "setting":
      return hasText("setting");
    case "secret":
      return hasText("secret") && [undefined, "accepted"].includes(fields["form"] as undefined);
    case "endpoint":
      return hasText("service", "port") && FORMS.includes(fields["form"]);
    case "datastore":
      return hasText("datastore", "property") && ROLES.includes(fields["role"]);
    case "environment":
      return true;
    case "text":
      return Array.isArray(fields["parts"]);
    default:
      return false;
  }
}

/** Name of the environment, such as `prod`. */
export const environment: EnvironmentReference = reference({ ref: "environment" });

/** Returns `host:port` of an endpoint, without `http://`. */
export function authority(endpoint: EndpointReference): EndpointReference {
  return reference({ ...endpoint, form: "authority" });
}

/** Tag for a text with references: text`redis://${cache.host}:6379`. */
export function text(strings: TemplateStringsArray, ...references: Value[]): TextReference {
  const parts = strings.flatMap((part, index): Value[] =>
    index < references.length ? [part, references[index] as Value] : [part],
  );
  return reference({ ref: "text", parts: parts.filter((part) => part !== "") });
}

/** Formats a reference as it is written in a description, for messages. */
export function describe(value: Reference): string {
  switch (value.ref) {
    case "setting":
      return `setting ${value.setting}`;
    case "secret":
      return `secret ${value.secret}`;
    case "endpoint":
      return `${value.service}.${value.port}`;
    case "datastore":
      return `${value.datastore}.${value.property}`;
    case "environment":
      return "environment";
    case "text":
      return "text";
  }
}
