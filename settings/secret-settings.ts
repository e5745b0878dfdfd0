import type { Problem } from "../catalog/problems";

/** A setting whose value is a secret. `*` stands for any key. */
export interface SecretSetting {
  readonly path: readonly string[];
  /** Whether the value may also be written in plain text, such as a user name. @default false */
  readonly mayBePlain?: boolean;
}

/**
 * The settings that hold secrets: the only list. The reader, the JSON Schema, the engine and the checks of stack files
 * derive from it. Every other setting is shown in previews, documents and state.
 */
export const SECRET_SETTINGS: readonly SecretSetting[] = [
  { path: ["secrets", "*", "*"] },
  { path: ["registryLogin", "username"], mayBePlain: true },
  { path: ["registryLogin", "password"] },
  { path: ["alertWebhook"] },
  { path: ["backupIdentity"] },
];

/** Stands for an encrypted value that was not decrypted. Never deployed. */
export const ENCRYPTED = "[encrypted]";

/** Whether a setting, or anything below it, may be a secret: its value must not be part of a message. */
export function holdsSecrets(path: readonly PropertyKey[]): boolean {
  return SECRET_SETTINGS.some(({ path: [top] }) => top === path[0]);
}

/** The secret setting at exactly this path. @default - it is not one */
export function secretSettingAt(path: readonly PropertyKey[]): SecretSetting | undefined {
  return SECRET_SETTINGS.find(
    ({ path: pattern }) =>
      pattern.length === path.length && pattern.every((key, index) => key === "*" || key === path[index]),
  );
}

/** A value of a stack file, below `longshore:`. */
interface Leaf {
  readonly path: readonly string[];
  readonly isEncrypted: boolean;
  readonly value: unknown;
}

/**
 * What a stack file must not say about secrets: a secret in plain text, and an encrypted value that is not a secret
 * (it would be decrypted into documents, previews and state).
 * @param values settings as the file has them, encrypted values being ENCRYPTED
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

/** Paths of secrets that a stack file holds in plain text. */
export function plainSecrets(values: Readonly<Record<string, unknown>>): string[][] {
  return leaves(values)
    .filter(({ path, isEncrypted }) => {
      const setting = secretSettingAt(path);
      return !isEncrypted && setting !== undefined && !setting.mayBePlain;
    })
    .map(({ path }) => [...path]);
}

/** Values of all secrets in decrypted settings. A user name may be one, and may be a word of many messages: it is left out. */
export function secretValuesIn(values: Readonly<Record<string, unknown>>): string[] {
  return leaves(values).flatMap(({ path, value }) => {
    const setting = secretSettingAt(path);
    return setting !== undefined && !setting.mayBePlain && typeof value === "string" ? [value] : [];
  });
}

/** Problem of a setting that is encrypted though the deployment shows it. */
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

/** `longshore:secrets.todo.openai-api-key`, as `pulumi config --path` takes it. */
export function configPath(path: readonly string[]): string {
  const [first = "", ...others] = path;
  return `longshore:${first}${others
    .map((key) => (/^[A-Za-z_$][\w$@-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`))
    .join("")}`;
}

/** Of a shape that the schema refuses by itself, such as all secrets encrypted as one text. */
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
