import { isSecret } from "../plan/resolve";
import type { Plan, PlanValue, Workload } from "../plan/types";
import type { Problem } from "../../base/problems";

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;
/** Maximum size of one argument or variable of a process, including the terminating NUL (MAX_ARG_STRLEN of Linux). */
const LONGEST_ARGUMENT = 128 * KIBIBYTE;
/** Maximum size of all arguments and variables of one container. The object that contains them must fit into etcd. */
const LARGEST_PROCESS = MEBIBYTE;
/** Maximum size of the data of one ConfigMap. */
const LARGEST_CONFIG_MAP = MEBIBYTE;
/** Maximum length of a DNS name. */
const LONGEST_HOST = 253;
/** Maximum length of a host name in a Google-managed certificate. */
const LONGEST_GOOGLE_HOST = 63;

/**
 * Reports limits of Linux and of the Kubernetes API server that a complete plan exceeds. Paths do not include the
 * system's name.
 */
export function checkLimits(plan: Plan): Problem[] {
  return [
    ...checkHost(plan),
    ...checkStores(plan),
    ...plan.workloads.flatMap((workload) => checkWorkload(workload, plan)),
  ];
}

function checkHost({ host, target }: Plan): Problem[] {
  const longest = target === "gcp" ? LONGEST_GOOGLE_HOST : LONGEST_HOST;
  return host === undefined || host.length <= longest
    ? []
    : [
        {
          path: "host",
          message: `expected a host name of at most ${longest} characters, got ${host.length} (${host})`,
          fix: "choose a shorter domain",
        },
      ];
}

/** Number of characters that Pulumi appends to make a name unique. */
const AUTONAME = 8;
/** Maximum name lengths of a Cloud SQL instance, a Memorystore instance and a managed Kafka cluster. */
const LONGEST_STORE = { "cloud-sql": 85, memorystore: 40, "managed-kafka": 63, container: Infinity } as const;

/** Checks the name of a managed datastore: `<system>-<datastore>` plus the suffix that makes it unique. */
function checkStores({ system, environment, datastores }: Plan): Problem[] {
  return datastores.flatMap(({ name, kind }) => {
    const suffix = kind === "managed-kafka" ? environment.length + 1 : AUTONAME;
    const [length, longest] = [system.length + 1 + name.length + suffix, LONGEST_STORE[kind]];
    return length <= longest
      ? []
      : [
          {
            path: name,
            message: `the name of its managed instance would have ${length} characters, at most ${longest} are allowed`,
            fix: "choose a shorter name, or use kind: container",
          },
        ];
  });
}

function checkWorkload({ name, env, command = [], configFiles }: Workload, { target }: Plan): Problem[] {
  const variables = env.filter(({ value }) => !isSecret(value));
  const strings = [
    ...variables.map((one) => ({
      path: `${name}.env.${one.name}`,
      size: one.name.length + 1 + sizeOf(one.value),
    })),
    ...command.map((part, index) => ({ path: `${name}.command.${index}`, size: sizeOf(part) })),
  ];
  const total = strings.reduce((sum, { size }) => sum + size + 1, 0);
  const files = configFiles.reduce((sum, { path, content }) => sum + path.length + sizeOf(content), 0);
  return [
    ...strings
      .filter(({ size }) => size + 1 > LONGEST_ARGUMENT)
      .map(({ path, size }) => ({
        path,
        message: `expected at most 128 KiB, as Linux allows for one variable or argument, got ${inKibibytes(size)}`,
        fix: "pass it as a file: files of the container, or a volume",
      })),
    ...(total > LARGEST_PROCESS
      ? [
          {
            path: `${name}.env`,
            message: `expected at most 1 MiB of variables and arguments together, got ${inKibibytes(total)}`,
            fix: "pass large values as files",
          },
        ]
      : []),
    ...(target !== "compose" && files > LARGEST_CONFIG_MAP
      ? [
          {
            path: `${name}.files`,
            message: `expected at most 1 MiB of files together, as a ConfigMap holds, got ${inKibibytes(files)}`,
            fix: "put large files into the image",
          },
        ]
      : []),
  ];
}

/** Returns the size in bytes of the known parts. Addresses that are known later are short. */
function sizeOf(value: PlanValue): number {
  if (typeof value === "string") {
    return Buffer.byteLength(value);
  }
  return value.late === "text" ? value.parts.reduce((sum, part) => sum + sizeOf(part), 0) : LONGEST_HOST;
}

function inKibibytes(bytes: number): string {
  return `${Math.ceil(bytes / KIBIBYTE)} KiB`;
}
