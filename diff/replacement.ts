import { matchesPattern } from "../offline/diff";
import { GCP_TYPES } from "../offline/gcp/types";
import { REPLACE_ON } from "../offline/kubernetes";
import type { DescribedStack } from "./types";

/** Whether a change of this path (as `flatten` writes it) replaces a resource of this type. */
export function replaces(type: string, path: string): boolean {
  if (type === "v1/ConfigMap") {
    // The ConfigMap's name contains a hash: a second one is created, and its users switch to it.
    return false;
  }
  const patterns = GCP_TYPES[type]?.replaceOn ?? REPLACE_ON[type] ?? [];
  return matchesPattern(path.split("."), patterns);
}

/** Consequence of deleting a resource, by type: types that hold data, or other resources. */
const STATEFUL: Readonly<Record<string, string>> = {
  "apps/v1/StatefulSet": "datastore stops; its disks remain",
  "v1/PersistentVolumeClaim": "data is lost",
  "v1/Namespace": "everything in the namespace is lost, disks included",
  "gcp:sql/databaseInstance:DatabaseInstance": "data is lost unless restored from a backup",
  "gcp:redis/instance:Instance": "data is lost unless restored from a backup",
  "gcp:storage/bucket:Bucket": "all objects are lost",
  "gcp:managedkafka/cluster:Cluster": "all messages are lost",
  "gcp:managedkafka/topic:Topic": "all messages are lost",
  "gcp:container/cluster:Cluster": "every workload in the cluster is lost",
  "gcp:artifactregistry/repository:Repository": "running images and those for rollbacks are lost",
  "gcp:compute/network:Network": "every resource in the network must be recreated",
  "gcp:compute/subnetwork:Subnetwork": "every resource in the network must be recreated",
  "compose/volume": "volume remains unused; a renamed datastore starts empty",
};

/** The consequence of losing a resource of this type; undefined when it can be recreated without loss. */
export function lossOf(type: string, lifecycle: DescribedStack["lifecycle"]): string | undefined {
  // A StatefulSet's claims are deleted with it, unless the lifecycle retains them.
  return type === "apps/v1/StatefulSet" && lifecycle === "ephemeral"
    ? "datastore stops; its disks are deleted with all of their data"
    : STATEFUL[type];
}
