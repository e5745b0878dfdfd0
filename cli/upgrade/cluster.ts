import type { Plan } from "../../catalog/plan/types";
import { throwProblems, type Problem } from "../../base/problems";
import { datastoreOf } from "../../diff/datastore-version";
import type { OpenStack } from "../engine/stack";
import { readState, type RecordedState } from "../secrets/deployed-generations";

/**
 * Checks that a deployment on a cluster starts no datastore on data of a version that it does not read.
 * @throws ProblemsError with the setting that keeps the version
 */
export async function requireSameVersions(opened: OpenStack): Promise<void> {
  const problems = versionProblems(opened.plans, await readState(opened));
  throwProblems(`Pulumi.${opened.stack}.yaml`, problems);
}

/** Problems with the versions of datastores that a state contains as StatefulSets. */
export function versionProblems(plans: readonly Plan[], { resources = [] }: RecordedState): Problem[] {
  const deployed = new Map(
    resources
      .filter(({ type }) => type === "kubernetes:apps/v1:StatefulSet")
      .flatMap(({ inputs }) => {
        const { metadata, spec } = (inputs ?? {}) as StatefulSet;
        const { "app.kubernetes.io/part-of": system, "app.kubernetes.io/name": name } =
          metadata?.labels ?? {};
        const image = spec?.template?.spec?.containers?.[0]?.image;
        return system === undefined || name === undefined ? [] : [[`${system}/${name}`, image] as const];
      }),
  );
  return plans.flatMap(({ system, datastores, workloads, images }) =>
    datastores.flatMap(({ name, kind }): Problem[] => {
      const workload = workloads.find((one) => one.name === name);
      const source = images.find((one) => one.name === workload?.image)?.source;
      const was = datastoreOf(deployed.get(`${system}/${name}`));
      const is =
        kind === "container" && source?.kind === "upstream" ? datastoreOf(source.reference) : undefined;
      if (!was || !is || was.name !== is.name || was.version === is.version) {
        return [];
      }
      const isDowngrade = Number(is.version) < Number(was.version);
      return isDowngrade || was.name === "PostgreSQL" || was.name === "Neo4j"
        ? [
            {
              path: `${system}.${name}.version`,
              message: `expected ${was.version}, because its StatefulSet has ${was.name} ${was.version} data, got ${is.version}`,
              fix: "move the data first: docs/how-to/operations/upgrade-a-datastore.md",
            },
          ]
        : [];
    }),
  );
}

interface StatefulSet {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } };
  };
}
