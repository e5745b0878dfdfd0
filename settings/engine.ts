import * as pulumi from "@pulumi/pulumi";
import { throwProblems } from "../base/problems";
import type { SystemDefinition } from "../catalog/types";
import { readSettings } from "./read";
import { encryptedSettingProblem, holdsSecrets, secretValuesIn } from "./secret-settings";
import { isStandIn } from "./secret-values";
import { structured } from "./structured";
import type { StackSettings } from "./types";

/** Registry credentials for pushing and pulling. Both are secrets, because either may be encrypted. */
export interface RegistryCredentials {
  readonly username: pulumi.Output<string>;
  readonly password: pulumi.Output<string>;
}

export interface EngineSettings {
  readonly settings: StackSettings;
  /** Returns a secret in config by system and name, or undefined when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** Returns the same value unprotected, for validation before any resource is created. */
  readonly plainValue: (system: string, name: string) => string | undefined;
  /** Registry credentials in config. @default - none */
  readonly registryLogin?: RegistryCredentials;
  /** Webhook that receives alerts, a secret. @default - none */
  readonly alertWebhook?: pulumi.Output<string>;
}

/**
 * Reads the settings of the stack that the engine is running, decrypted by the engine.
 * @param onSecrets receives every secret value before validation, so that messages can be redacted
 * @throws ProblemsError with every problem; it never contains a secret's value
 */
export function engineSettings(
  systems: Readonly<Record<string, SystemDefinition>>,
  onSecrets: (values: readonly string[]) => void = () => undefined,
): EngineSettings {
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), structured(value)] as const);
  const values = Object.fromEntries(entries) as Record<string, unknown>;
  onSecrets(secretValuesIn(values).filter((value) => !isStandIn(value)));
  throwProblems(
    `Pulumi.${pulumi.getStack()}.yaml`,
    Object.keys(values)
      .filter((key) => !holdsSecrets([key]) && isConfigSecret(`${prefix}${key}`))
      .map((key) => encryptedSettingProblem([key], pulumi.getStack())),
  );
  const settings = readSettings({ stack: pulumi.getStack(), values }, systems);
  const secrets = (values.secrets ?? {}) as Record<string, Record<string, string> | undefined>;
  return {
    settings,
    ...(settings.registryLogin && { registryLogin: credentials(values.registryLogin) }),
    ...(settings.alertWebhook && { alertWebhook: webhook(values.alertWebhook, settings.stack) }),
    plainValue: (system, name) => secrets[system]?.[name],
    secretValue: (system, name) => {
      const value = secrets[system]?.[name];
      return value === undefined ? undefined : pulumi.secret(value);
    },
  };
}

/** Whether the engine decrypted a value or a part of it. The SDK exports this function without declaring it. */
function isConfigSecret(key: string): boolean {
  const { isConfigSecret: ask } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return ask?.(key) ?? false;
}

/**
 * Reads registry credentials.
 * @param written the complete setting that was validated
 */
function credentials(written: unknown): RegistryCredentials {
  const { username, password } = written as { readonly username: string; readonly password: string };
  return { username: pulumi.secret(username), password: pulumi.secret(password) };
}

/**
 * Reads the alert webhook.
 * @throws ProblemsError without the URL. Alertmanager would reject its configuration for any text that is not a URL.
 */
function webhook(written: unknown, stack: string): pulumi.Output<string> {
  const address = String(written);
  if (!isStandIn(address) && !/^https?:\/\/[^\s/]+\S*$/.test(address)) {
    const fix = `run: pulumi config set --stack ${stack} --secret longshore:alertWebhook (it asks for the value)`;
    const message = "expected an address that begins with https://";
    throwProblems(`Pulumi.${stack}.yaml`, [{ path: "alertWebhook", message, fix }]);
  }
  return pulumi.secret(address);
}
