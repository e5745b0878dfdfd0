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

/**
 * Makes a reference that refuses to be put into a string: `${db.url}` would otherwise become
 * "[object Object]" in a container's environment without a word.
 */
export function reference<T extends Reference>(value: T): T {
  const refuse = (): never => {
    throw new Error(
      `a reference (${describe(value)}) cannot be put into a string; write text\`…\${reference}…\` instead`,
    );
  };
  return Object.defineProperty({ ...value }, Symbol.toPrimitive, { value: refuse, enumerable: false });
}

/** Name of the environment, such as `prod`. */
export const environment: EnvironmentReference = reference({ ref: "environment" });

/** `host:port` of an endpoint, without `http://`. */
export function authority(endpoint: EndpointReference): EndpointReference {
  return reference({ ...endpoint, form: "authority" });
}

/** Tag for text with references in it: text`redis://${cache.host}:6379`. */
export function text(strings: TemplateStringsArray, ...references: Value[]): TextReference {
  const parts = strings.flatMap((part, index): Value[] => {
    const following = references[index];
    return following === undefined ? [part] : [part, following];
  });
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
