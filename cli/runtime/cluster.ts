import { ClusterError, Connection, type ContextChoice } from "../../operations/kubernetes/connection";
import { instancesOf } from "../../operations/kubernetes/instances";
import { ClusterRuntime } from "../../operations/kubernetes/runtime";
import type { StackSettings } from "../../settings";
import { absentOf, type Survey } from "../compose/survey";
import { EXIT, Failure, usage } from "../support/failure";

/**
 * Looks at what runs of a stack in its cluster: each system is a namespace. A namespace of another stack counts as not up.
 *
 * @param only the systems that were asked for by name; empty for all
 * @throws Failure, also when a namespace of another stack was asked for
 */
export async function surveyCluster(
  settings: StackSettings,
  systems: readonly string[],
  only: readonly string[],
): Promise<Survey & { readonly runtime: ClusterRuntime }> {
  try {
    const connection = await Connection.open(contextOf(settings));
    const owners = await Promise.all(
      systems.map(async (system) => ({ system, ...(await connection.ownerOf(system)) })),
    );
    const foreign = owners.filter(({ stack }) => stack !== undefined && stack !== settings.stack);
    const asked = foreign.filter(({ system }) => only.includes(system));
    if (asked.length > 0) {
      const list = asked.map(({ system, stack = "" }) => `${system} of stack ${stack}`).join(", ");
      throw usage(`${connection.context}: expected namespaces of stack ${settings.stack}, got ${list}`);
    }
    const up = owners.filter((owner) => owner.exists && !foreign.includes(owner)).map(({ system }) => system);
    const contents = await Promise.all(up.map((system) => connection.contentOf(system)));
    const instances = contents.flatMap(instancesOf);
    return {
      settings,
      systems,
      instances,
      absent: absentOf(settings, up, instances),
      notUp: systems.filter((system) => !up.includes(system)),
      runtime: new ClusterRuntime(connection),
    };
  } catch (error) {
    throw error instanceof ClusterError ? new Failure(error.message, EXIT.usage, { cause: error }) : error;
  }
}

/** The context of a stack's cluster in the kubeconfig. */
function contextOf({ target, cluster, gcp }: StackSettings): ContextChoice {
  if (target === "gcp" && gcp) {
    return { prefix: `gke_${gcp.project}_${gcp.region}_` };
  }
  return cluster.context === undefined ? {} : { context: cluster.context };
}
