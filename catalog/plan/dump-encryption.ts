import type { PlanSettings } from "./settings";
import type { PlannedDatastore, PlannedImage } from "./types";

/** Name of the image with the program that encrypts the dumps of a cluster. */
export const AGE = "age";

/** Returns the image that dump jobs need, if a datastore in the cluster has encrypted dumps. */
export function dumpEncryption(
  { encryptsDumps = false }: Pick<PlanSettings, "encryptsDumps">,
  datastores: readonly PlannedDatastore[],
): PlannedImage[] {
  return encryptsDumps && datastores.some(isDumped)
    ? [
        {
          name: AGE,
          source: { kind: "build", context: "images/age", dockerfile: "Dockerfile" },
          user: 1000,
          runtime: "none",
        },
      ]
    : [];
}

/** Whether a job in the cluster dumps a datastore: PostgreSQL and persistent Redis in containers. */
export function isDumped(datastore: PlannedDatastore): boolean {
  return (
    datastore.kind === "container" &&
    (datastore.engine === "postgres" || (datastore.engine === "redis" && datastore.appendOnly))
  );
}
