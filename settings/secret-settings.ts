import type { Problem } from "../base/problems";

/** A setting whose value is a secret. `*` matches any key. */
export interface SecretSetting {
  readonly path: readonly string[];
  /** Whether plain text is allowed too, such as for a user name. @default false */
  readonly mayBePlain?: boolean;
}

/**
 * All settings that hold secrets. The reader, the JSON Schema, the engine and the checks of stack files derive from
 * this list. All other settings are visible in previews, documents and state.
 */
export const SECRET_SETTINGS: readonly SecretSetting[] = [
  { path: ["secrets", "*", "*"] },
  { path: ["registryLogin", "username"], mayBePlain: true },
  { path: ["registryLogin", "password"] },
  { path: ["alertWebhook"] },
  { path: ["backupIdentity"] },
];

/** Represents an encrypted value that was not decrypted. Never deployed. */
export const ENCRYPTED = "[encrypted]";

/** Whether a setting or one below it may be a secret, so that its value must not be part of a message. */
export function holdsSecrets(path: readonly PropertyKey[]): boolean {
  return SECRET_SETTINGS.some(({ path: [top] }) => top === path[0]);
}

/** Returns the secret setting at exactly this path. @default - undefined if there is none */
export function secretSettingAt(path: readonly PropertyKey[]): SecretSetting | undefined {
  return SECRET_SETTINGS.find(
    ({ path: pattern }) =>
      pattern.length === path.length && pattern.every((key, index) => key === "*" || key === path[index]),
  );
}

/** A scalar in a stack file, below `longshore:`. */
interface Leaf {
  readonly path: readonly string[];
  readonly isEncrypted: boolean;
  readonly value: unknown;
}

/**
 * Reports secrets in plain text, and encrypted values of settings that are not secrets: these would be decrypted into
 * documents, previews and state.
 * @param values the settings in the file, with encrypted values as ENCRYPTED
 */
export function encryptionProblems(values: Readonly<Record<string, unknown>>, stack: string): Problem[] {
  return [
    ...plainSecrets(values).map((path) => plainSecretProblem(path, stack)),
    ...leaves(values)
      .filter(({ path, isEncrypted }) => isEncrypted && secretSettingAt(path) === undefined)
      .filter(({ path }) => !isWholeSecret(path))
      .map(({ path }) => encryptedSettingProblem(path, stack)),
  ];
}

/** Returns the paths of plain-text secrets in a stack file. */
export function plainSecrets(values: Readonly<Record<string, unknown>>): string[][] {
  return leaves(values)
    .filter(({ path, isEncrypted }) => {
      const setting = secretSettingAt(path);
      return !isEncrypted && setting !== undefined && !setting.mayBePlain;
    })
    .map(({ path }) => [...path]);
}

/**
 * Returns the values of all secrets in decrypted settings. User names are excluded, because redacting a common word
 * would garble messages.
 */
export function secretValuesIn(values: Readonly<Record<string, unknown>>): string[] {
  return leaves(values).flatMap(({ path, value }) => {
    const setting = secretSettingAt(path);
    return setting !== undefined && !setting.mayBePlain && typeof value === "string" ? [value] : [];
  });
}

/** Returns the problem of an encrypted setting that the deployment shows. */
export function encryptedSettingProblem(path: readonly string[], stack: string): Problem {
  const [system = "", kind, name] = path;
  const declare =
    kind === "settings" && name !== undefined
      ? `; if it is a secret, declare it with secret("${name}") in stacks/${system}.ts`
      : "";
  return {
    path: path.join("."),
    message:
      "expected plain text, got an encrypted value; settings are shown in previews, documents and state",
    fix: `set it without --secret: pulumi config set --stack ${stack} --path ${configPath(path)} VALUE${declare}`,
  };
}

function plainSecretProblem(path: readonly string[], stack: string): Problem {
  return {
    path: path.join("."),
    message: "expected an encrypted value, got plain text",
    fix: `run: bin/longshore secrets encrypt --stack ${stack}; if the file was committed or shared, also replace the value where it was issued`,
  };
}

/** Formats a path for `pulumi config --path`: `longshore:secrets.todo.openai-api-key`. */
export function configPath(path: readonly string[]): string {
  const [first = "", ...others] = path;
  return `longshore:${first}${others
    .map((key) => (/^[A-Za-z_$][\w$@-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`))
    .join("")}`;
}

/** Whether the path is a group of secrets encrypted as one text, which the schema rejects itself. */
function isWholeSecret(path: readonly string[]): boolean {
  return SECRET_SETTINGS.some(
    ({ path: pattern }) =>
      pattern.length > path.length &&
      path.every((key, index) => pattern[index] === "*" || pattern[index] === key),
  );
}

function leaves(value: unknown, path: readonly string[] = []): Leaf[] {
  if (typeof value !== "object" || value === null) {
    return [{ path, isEncrypted: value === ENCRYPTED, value }];
  }
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}
