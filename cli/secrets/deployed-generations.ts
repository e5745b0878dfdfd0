import type { OpenConfig } from "../engine/open-config";

/** Generations of secrets that the last successful deployment of a system used. */
export type DeployedGenerations =
  /** By name of the secret or of the pair. */
  | { readonly kind: "known"; readonly numbers: Readonly<Record<string, number>> }
  /** The state does not contain the system: it was never deployed, or taken down. Its volumes may exist. */
  | { readonly kind: "absent" }
  /** Deployed without a record: by an earlier version of Longshore, or by a failed deployment. */
  | { readonly kind: "unknown" };

/** The fields of a stack's state that record generations. */
export interface RecordedState {
  readonly resources?: readonly {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    readonly outputs?: Readonly<Record<string, unknown>>;
  }[];
}

/** Generations that a state records for one system. */
export function generationsInState({ resources = [] }: RecordedState, system: string): DeployedGenerations {
  const found = resources.find(
    ({ type, urn }) =>
      (type === "compose:index:Project" || type === "longshore:system:System") &&
      urn.split("::").at(-1) === system,
  );
  if (found === undefined) {
    return { kind: "absent" };
  }
  const { type, inputs = {}, outputs = {} } = found;
  const isCompose = type === "compose:index:Project";
  const recorded = isCompose ? inputs["generations"] : outputs["generations"];
  const isWhole = !isCompose || outputs["unfinished"] === undefined;
  return isWhole && isNumbers(recorded) ? { kind: "known", numbers: recorded } : { kind: "unknown" };
}

/** Reads the state through the engine. Secrets stay encrypted. */
export async function readState({ command, workDir, env, stack }: OpenConfig): Promise<RecordedState> {
  const { stdout } = await command.run(["stack", "export", "--stack", stack], { cwd: workDir, env });
  return (JSON.parse(stdout) as { deployment?: RecordedState }).deployment ?? {};
}

function isNumbers(value: unknown): value is Record<string, number> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => typeof one === "number")
  );
}
