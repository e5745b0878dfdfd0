import { resolve, type Resolver } from "../../catalog/plan/resolve";
import type { Workload } from "../../catalog/plan/types";
import { contextOf, metadataOf, secretNameOf, type Context } from "./context";
import { shortHash } from "./names";
import { podTemplate } from "./pod";
import type { KubernetesObject, Node } from "./types";

const RETRIES = 2;
const LONGEST_NAME = 63;

/**
 * Renders a Job. A Job runs once and is immutable, so its name ends with a hash of its task: a release that changes the
 * task creates a new Job, otherwise the completed one is found. It has no TTL, because the next deployment would run a
 * deleted Job again.
 */
export function renderJob<T>(context: Context<T>, workload: Workload): KubernetesObject<T> {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadataOf(context, workload, jobName(context, workload)),
    spec: jobSpec(context, workload),
  };
}

function jobSpec<T>(context: Context<T>, workload: Workload): Record<string, Node<T>> {
  return {
    backoffLimit: RETRIES,
    ...(workload.timeoutSeconds !== undefined && { activeDeadlineSeconds: workload.timeoutSeconds }),
    template: podTemplate(context, workload),
  };
}

/**
 * Returns the catalog's name and a hash of the spec. Late values are represented by their references, because their
 * content is unknown.
 */
export function jobName<T>(context: Context<T>, workload: Workload): string {
  const known = knownContext(context);
  // The secrets' generations are part of the task, because a rotated password does not change the pod otherwise.
  const secrets = workload.secretFiles.map(({ value }) => resolve(value, known.options.resolver));
  const suffix = shortHash(JSON.stringify([jobSpec(known, workload), secrets]));
  return `${workload.name.slice(0, LONGEST_NAME - suffix.length - 1)}-${suffix}`;
}

function knownContext<T>(context: Context<T>): Context<string> {
  const { plan, options } = context;
  return contextOf(plan, {
    namespace: context.namespace,
    drainSeconds: context.drainSeconds,
    resolver: NAMES,
    imageReference: (image) => {
      const version = options.imageVersion?.(image) ?? options.imageReference(image);
      if (typeof version !== "string") {
        throw new Error(`internal: the reference of image ${image.name} is known late; give imageVersion`);
      }
      return version;
    },
    secretName: (workload) => known(secretNameOf(context, workload)) ?? "",
    secretChecksum: (workload) => known(options.secretChecksum?.(workload)),
  });
}

function known(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const NAMES: Resolver<string> = {
  secret: (name, encode) => `<secret ${name}${encode ? ` as ${encode}` : ""}>`,
  host: (datastore) => `<address of ${datastore}>`,
  text: (parts) => parts.join(""),
};
