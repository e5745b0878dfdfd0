/** Which login a reference stands for. `admin` is for Longshore's own jobs, `none` for an address that holds no login. */
export type DatastoreRole = "app" | "migrate" | "admin" | "none";

/** The stable names of what datastores offer. Not every engine has all of them. */
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
  /** `accepted`: the other keys of a set, one in a line. @default - the value in use */
  readonly form?: "accepted";
}

/** A port of a service as its clients see it. */
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

/** The environment that the system is planned for. */
export interface EnvironmentReference {
  readonly ref: "environment";
}

/** Text with references in it, made by the `text` tag. A secret anywhere in it makes all of it secret. */
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

/** What an environment variable can be: plain text, or a reference that each target resolves. */
export type Value = string | Reference;

/** Whether the value of a reference must never be shown. */
export function isSecretValue(value: Value): boolean {
  if (typeof value === "string") {
    return false;
  }
  switch (value.ref) {
    case "secret":
      return true;
    case "datastore":
      // An authority's certificate is no secret, but clients want it as a file too.
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

/** Stands in a string for a reference that was put into it. No text can hold it: NUL is refused everywhere. */
const MARK = /\0([^\0]*)\0/;
type Listener = (reference: Reference, convert: () => string) => void;
/** What notes references that are put into strings, innermost last: descriptions can be nested. */
const listeners: Listener[] = [];

/** Runs a description and notes every reference that it puts into a string. */
export function notingInterpolations<T>(note: Listener, run: () => T): T {
  listeners.push(note);
  try {
    return run();
  } finally {
    listeners.pop();
  }
}

/** The reference that was put into a string, by its description, or undefined. */
export function interpolatedIn(value: string): string | undefined {
  return MARK.exec(value)?.[1];
}

export function interpolationMessage(described: string): string {
  return `a reference (${described}) cannot be put into a string`;
}
export const INTERPOLATION_FIX = "write text`…${reference}…` instead";

/**
 * Makes a reference that cannot be put into a string unnoticed: `${db.url}` would otherwise become
 * "[object Object]" in a container's environment.
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

/** Whether a value has the shape of a reference. Where it leads is another question. */
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

/** `host:port` of an endpoint, without `http://`. */
export function authority(endpoint: EndpointReference): EndpointReference {
  return reference({ ...endpoint, form: "authority" });
}

/** Tag for text with references in it: text`redis://${cache.host}:6379`. */
export function text(strings: TemplateStringsArray, ...references: Value[]): TextReference {
  const parts = strings.flatMap((part, index): Value[] =>
    index < references.length ? [part, references[index] as Value] : [part],
  );
  return reference({ ref: "text", parts: parts.filter((part) => part !== "") });
}

/** A reference in the words of the person who wrote it, for messages. */
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
