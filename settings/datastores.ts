import { z } from "zod";
import { POSTGRES_VERSIONS } from "../catalog/choices";

const postgres = z
  .strictObject({
    kind: z
      .enum(["container", "cloud-sql"])
      .optional()
      .describe("How it is provided. Default: a container (Compose, Kubernetes), Cloud SQL on Google Cloud."),
    version: z
      .literal(POSTGRES_VERSIONS, { error: `expected ${POSTGRES_VERSIONS.join(" or ")}` })
      .optional()
      .describe(
        "Major version in this environment; `longshore upgrade` sets it. Default: the version of the description.",
      ),
    tier: z
      .string()
      .regex(
        /^db-(custom-\d+-\d+|perf-optimized-N-\d+|c4a-highmem-\d+|f1-micro|g1-small)$/,
        "expected a tier such as db-custom-1-3840",
      )
      .optional()
      .describe("Machine of a managed instance: db-custom-CPUS-MEBIBYTES. Default: db-custom-1-3840."),
    highAvailability: z
      .boolean()
      .optional()
      .describe("Whether a managed instance has a standby in a second zone. Default: true in prod."),
  })
  .describe("How one datastore is provided in this environment.");

const redis = z
  .strictObject({
    kind: z
      .enum(["container", "memorystore"])
      .optional()
      .describe(
        "How it is provided. Default: a container; a cache (appendOnly: false) on Google Cloud: Memorystore.",
      ),
    highAvailability: z
      .boolean()
      .optional()
      .describe("Whether a managed instance has a replica in a second zone. Default: true in prod."),
    persistence: z
      .literal("snapshots")
      .optional()
      .describe(
        "Accepts that Memorystore keeps a snapshot of every hour, where the system asks for every write.",
      ),
  })
  .describe("How one datastore is provided in this environment.");

const kafka = z
  .strictObject({
    kind: z
      .enum(["container", "managed-kafka"])
      .optional()
      .describe(
        "How it is provided. Default: a container, one broker. managed-kafka: Google's Managed Service for Apache Kafka.",
      ),
    vcpus: z
      .int()
      .min(3, "expected 3 or more, Google's smallest cluster")
      .max(1000)
      .optional()
      .describe("Virtual CPUs of a managed cluster. Default: 3."),
    memory: z
      .templateLiteral([z.number().positive(), z.enum(["Mi", "Gi", "Ti"])])
      .optional()
      .describe("Memory of a managed cluster, 1 to 8 GiB for each virtual CPU. Default: 1 GiB for each."),
  })
  .describe("How one datastore is provided in this environment.");

/** Google Cloud has no managed Neo4j. */
const neo4j = z
  .strictObject({
    kind: z
      .literal("container", "expected container: Google Cloud runs no Neo4j, so it runs in the cluster")
      .optional()
      .describe("How it is provided. Default: a container."),
  })
  .describe("How one datastore is provided in this environment.");

/** How a datastore is provided in an environment, by its kind: the settings below `longshore:SYSTEM.datastores.NAME`. */
export const DATASTORES = { postgres, redis, kafka, neo4j } as const;
