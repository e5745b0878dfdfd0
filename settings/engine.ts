import * as pulumi from "@pulumi/pulumi";
import type { SystemDefinition } from "../catalog/types";
import { readSettings } from "./read";
import type { StackSettings } from "./types";

export interface EngineSettings {
  readonly settings: StackSettings;
  /** Value of a secret that config holds, by system and name; undefined when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** The same without protection, to look at before anything is made of it. */
  readonly plainValue: (system: string, name: string) => string | undefined;
}

/**
 * Settings of the stack that the engine is running, decrypted by it.
 * @throws ProblemsError with every mistake in them; a secret's value is never part of it
 */
export function engineSettings(systems: Readonly<Record<string, SystemDefinition>>): EngineSettings {
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), structured(value)] as const);
  const values = Object.fromEntries(entries) as Record<string, unknown>;
  const settings = readSettings({ stack: pulumi.getStack(), values }, systems);
  const secrets = (values.secrets ?? {}) as Record<string, Record<string, string> | undefined>;
  return {
    settings,
    plainValue: (system, name) => secrets[system]?.[name],
    secretValue: (system, name) => {
      const value = secrets[system]?.[name];
      return value === undefined ? undefined : pulumi.secret(value);
    },
  };
}

/** The engine hands objects and lists over as JSON text, everything else as it was written. */
function structured(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" ? parsed : value;
  } catch {
    return value;
  }
}
