import type { PlannedSecret } from "../../catalog/plan";
import { throwProblems, type Problem } from "../../base/problems";
import { rotationOf } from "../../catalog/secrets";
import { machineStack } from "../../settings/machine-stacks";
import { ConfigCopies, highestGenerations, type ConfigCopy } from "../config/copies";
import type { OpenConfig } from "../engine/open-config";
import { generationsInState, readState, type RecordedState } from "./deployed-generations";

type Missing = PlannedSecret & { readonly system: string };

export interface LostSecretsOptions {
  readonly state: RecordedState;
  readonly copies: readonly ConfigCopy[];
  /** By system: names of the secrets in config. */
  readonly secretsSet: Readonly<Record<string, readonly string[]>>;
}

/**
 * Missing values that existed before: the last deployment used them, or an earlier version of the stack file contained
 * them. Datastores may still use them, so a new value would lock their clients out.
 */
export function lostSecrets(
  missing: readonly Missing[],
  stack: string,
  { state, copies, secretsSet }: LostSecretsOptions,
): Missing[] {
  const copied = highestGenerations(copies, stack);
  return missing.filter(({ system, secret, value, generation }) => {
    if ((copied.get(`${system}.${secret}`) ?? 0) >= generation) {
      return true;
    }
    const deployed = generationsInState(state, system);
    if (deployed.kind === "known") {
      return (deployed.numbers[rotationOf({ name: secret, value })] ?? 0) >= generation;
    }
    // Deployed by an earlier version. If no secret is left at all, the file was lost.
    return deployed.kind === "unknown" && (secretsSet[system] ?? []).length === 0;
  });
}

/** @throws ProblemsError if a value to be generated existed before, because the stack file was lost or truncated */
export async function requireNotLost(
  opened: OpenConfig,
  missing: readonly Missing[],
  secretsSet: LostSecretsOptions["secretsSet"],
): Promise<void> {
  const { stack } = opened;
  throwProblems(`Pulumi.${stack}.yaml`, lostProblems(stack, missing, await readState(opened), secretsSet));
}

/** Reports values to be generated that existed before. */
export function lostProblems(
  stack: string,
  missing: readonly Missing[],
  state: RecordedState,
  secretsSet: LostSecretsOptions["secretsSet"],
): Problem[] {
  const copies = machineStack(stack) ? new ConfigCopies(stack) : undefined;
  const lost = lostSecrets(missing, stack, { state, copies: copies?.all() ?? [], secretsSet });
  return lost.map(({ system, name }) => ({
    path: `${system}.secrets.${name}`,
    message:
      "expected the value that was generated before, got none; the stack file was lost or truncated, and stores do not know a new value",
    fix: recoveryCommand(stack, copies?.best()),
  }));
}

function recoveryCommand(stack: string, copy: ConfigCopy | undefined): string {
  const recover = `bin/longshore recover --stack ${stack}`;
  return copy === undefined
    ? `restore the file (git checkout Pulumi.${stack}.yaml), or run: ${recover}`
    : `run: ${recover}, which restores the copy ${copy.path}`;
}
