import { generationOf, parseValueName, rotationStep, type RotationStep } from "../../catalog/generations";
import type { PlannedSecret } from "../../catalog/plan";
import { rotationOf } from "../../catalog/secrets";
import type { StackSettings } from "../../settings";
import { usage } from "../support/failure";
import {
  generationsInState,
  type DeployedGenerations,
  type RecordedState,
} from "../secrets/deployed-generations";
import { wholePlan } from "./find";

export interface Rotation {
  readonly key: string;
  readonly system: string;
  readonly name: string;
  readonly number: number;
  /** The values in use: one, or both parts of a pair. */
  readonly values: readonly PlannedSecret[];
}

/**
 * Next step of a rotation, by whether the generation in config is deployed. A datastore knows only the deployed
 * generation, so config keeps its value until a later one is deployed.
 * @throws Failure if the deployed generation is unknown or newer than config
 */
export function stepOf(
  { key, system, name, number, values }: Rotation,
  deployed: DeployedGenerations,
  { stack, secretsSet }: StackSettings,
): RotationStep {
  if (deployed.kind === "unknown") {
    throw usage(
      `${key}: expected a deployment that records its generations, got one of an earlier version or one that failed; ` +
        `fix: bin/longshore up --stack ${stack} --system ${system}`,
    );
  }
  const secrets = values.map(({ secret }) => secret);
  const held = (secretsSet[system] ?? []).flatMap((text) => {
    const parsed = parseValueName(text);
    return parsed && secrets.includes(parsed.secret) ? [parsed.generation] : [];
  });
  const step = rotationStep(number, deployed.kind === "known" ? deployed.numbers[name] : undefined, held);
  if (step === "behind") {
    throw usage(
      `${key}: expected generation ${String(deployed.kind === "known" ? deployed.numbers[name] : undefined)} in Pulumi.${stack}.yaml, as it is deployed, got ${number}; ` +
        "fix: get the stack file of the last deployment (git pull, or bin/longshore recover)",
    );
  }
  return step;
}

/** @throws Failure unless the generation in config is deployed */
export function requireDeployed(text: string, settings: StackSettings, state: RecordedState): void {
  const rotation = rotations(settings).find(({ system, values }) =>
    values.some(({ secret }) => `${system}.${secret}` === text),
  );
  if (rotation && stepOf(rotation, generationsInState(state, rotation.system), settings) === "pending") {
    throw usage(
      `${text}: expected generation ${rotation.number} to be deployed, but it is not; ` +
        `fix: bin/longshore up --stack ${settings.stack} --system ${rotation.system}`,
    );
  }
}

export function rotations(settings: StackSettings): Rotation[] {
  return settings.systems.flatMap((system) => {
    const found = new Map<string, PlannedSecret[]>();
    for (const planned of wholePlan(settings, system).secrets) {
      const rotation = rotationOf({ name: planned.secret, value: planned.value });
      const { number } = generationOf(settings.generations?.[system], rotation);
      if (planned.generation === number) {
        found.set(rotation, [...(found.get(rotation) ?? []), planned]);
      }
    }
    return [...found].map(([name, values]) => ({
      key: `${system}.${name}`,
      system,
      name,
      number: values[0]?.generation ?? 1,
      values,
    }));
  });
}
