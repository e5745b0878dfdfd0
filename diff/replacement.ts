import { matchesPattern } from "../offline/diff";
import { GCP_TYPES } from "../offline/gcp/types";
import { REPLACE_ON } from "../offline/kubernetes";

/** Whether a changed path (as `flatten` writes it) needs a new resource of this type. */
export function replaces(type: string, path: string): boolean {
  if (type === "v1/ConfigMap") {
    // Its name holds a hash: another one is made beside it, and what mounts it follows.
    return false;
  }
  const patterns = GCP_TYPES[type]?.replaceOn ?? REPLACE_ON[type] ?? [];
  return matchesPattern(path.split("."), patterns);
}

/** What holds data, or everything else, by type: losing it is losing them. */
const STATEFUL: Readonly<Record<string, string>> = {
  "apps/v1/StatefulSet": "its disks stay, but nothing serves their data",
  "v1/PersistentVolumeClaim": "its data is lost",
  "v1/Namespace": "everything in it is lost, disks included",
  "gcp:sql/databaseInstance:DatabaseInstance": "its data is lost unless it is restored",
  "gcp:redis/instance:Instance": "its data is lost unless it is restored",
  "gcp:storage/bucket:Bucket": "what it holds is lost",
  "gcp:managedkafka/cluster:Cluster": "every message in it is lost",
  "gcp:managedkafka/topic:Topic": "every message in it is lost",
  "gcp:container/cluster:Cluster": "everything that runs in it goes with it",
  "gcp:artifactregistry/repository:Repository": "images that run, and those to roll back to, are lost",
  "gcp:compute/network:Network": "everything in it has to be made again",
  "gcp:compute/subnetwork:Subnetwork": "everything in it has to be made again",
  "compose/volume": "its data is lost",
};

/** What is lost with a resource of this type; undefined for one that can be made again. */
export function lossOf(type: string): string | undefined {
  return STATEFUL[type];
}
