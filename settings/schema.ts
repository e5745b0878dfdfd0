import { z } from "zod";
import { MONITORING } from "../catalog/plan/monitoring";
import { TARGETS } from "../catalog/plan/types";
import { nearest } from "../base/nearest";
import { settingIssue } from "../catalog/setting-values";
import {
  ENVIRONMENTS,
  type ServiceDefinition,
  type SettingDefinition,
  type SettingValue,
  type SystemDefinition,
} from "../catalog/types";
import { cronProblem } from "./cron";
import { bindSchema } from "./bind";
import { DATASTORES } from "./datastores";
import { MULTI_REGIONS, REGIONS } from "./regions";

/** DNS host names: at least two labels of letters, digits and dashes. */
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
/** Google's rule for project IDs. */
const GCP_PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
/** Google's format of a zone: a region and a letter. */
const GCP_ZONE = /^(.+)-[a-z]$/;

const region = z.enum(REGIONS as [string, ...string[]], {
  error: ({ input }) => notAmong(String(input), REGIONS, "region"),
});

const zone = z
  .string({ error: "expected a zone such as us-central1-a" })
  .refine((name) => REGIONS.includes(GCP_ZONE.exec(name)?.[1] ?? ""), {
    error: "expected a zone such as us-central1-a",
  });

/** Location of a Cloud Storage bucket: a region or multi-region. */
const storageLocation = z
  .string({ error: "expected a location such as europe-west4" })
  .refine((name) => [...MULTI_REGIONS, ...REGIONS].includes(name.toLowerCase()), {
    error: ({ input }) => notAmong(String(input), [...MULTI_REGIONS, ...REGIONS], "location"),
  });

function notAmong(name: string, known: readonly string[], what: string): string {
  const close = nearest(name, known);
  return `expected a ${what} of Google Cloud${close === undefined ? "" : ` (did you mean ${close}?)`}`;
}

/** Schema of a non-empty list without duplicates. */
function distinct<S extends z.ZodType>(element: S, what: string) {
  return z
    .array(element)
    .nonempty()
    .refine((values) => new Set(values).size === values.length, { error: `expected each ${what} once` });
}

/** A registry: host, optional port, and path. */
const REGISTRY = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/;

/** A user name for HTTP basic authentication, in which the first colon ends the name. */
const USERNAME = /^[^\s:]+$/;

const registryLogin = z
  .strictObject(
    {
      username: z
        .string("expected text")
        .regex(USERNAME, "expected a name without colon and space")
        .optional()
        .describe("Such as a robot account of Harbor that may push and pull."),
      password: z
        .string("expected text")
        .optional()
        .describe(
          "Its password or token. Encrypted: `pulumi config set --secret --path longshore:registryLogin.password`.",
        ),
    },
    "expected username and password",
  )
  .describe(
    "Target kubernetes: credentials for pushing images to the registry and for pods to pull them. Default: machine and nodes have their own login.",
  );

const secretValues = z
  .record(z.string(), z.record(z.string(), z.string()))
  .default({})
  .describe("Values of secrets by system and name. Encrypted: set them with `longshore secrets set`.");

const number = z.int().min(1).max(999_999).describe("Number of the value in use, from 1 on.");
const generation = z.union([
  number,
  z.strictObject({
    number: number.optional(),
    since: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, "expected a day such as 2026-11-21")
      .optional()
      .describe("When the value was made."),
    retired: z
      .int()
      .min(0)
      .optional()
      .describe("Keys up to this number are not accepted any more. Default: only the one before is."),
  }),
]);

const service = z
  .strictObject({
    replicas: z.int().min(0).max(1000).optional().describe("A fixed number instead of the catalog's."),
    gpu: z.int().min(0).max(16).optional().describe("NVIDIA GPUs of each container. Default: the catalog's."),
    gpuType: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, "expected a kind of GPU such as nvidia-l4")
      .optional()
      .describe(
        "Kind of GPU, as nodes are labelled: cloud.google.com/gke-accelerator on gcp, elsewhere nvidia.com/gpu.product. Default: nvidia-l4 on gcp, elsewhere any.",
      ),
  })
  .describe("What this environment changes of one service.");

/** Settings of services for which the catalog declares devices. */
const serviceWithDevices = service.extend({
  devices: z
    .boolean()
    .optional()
    .describe(
      "Whether it gets the devices of its machine or node that the catalog names, and runs only on nodes that have them. Default: true; false on GKE Autopilot, which offers none.",
    ),
});

function serviceSchema({ exceptions }: ServiceDefinition) {
  return exceptions.some(({ allow }) => allow === "device") ? serviceWithDevices : service;
}

const pool = z
  .strictObject({
    machineType: z
      .string()
      .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/, "expected a machine type such as e2-standard-4")
      .optional()
      .describe("Default: e2-standard-4; with GPUs the smallest machine that takes them."),
    nodes: z
      .strictObject({ min: z.int().min(0).max(1000), max: z.int().min(1).max(1000) })
      .refine(({ min, max }) => min <= max, "expected min up to max")
      .optional()
      .describe("Nodes in each zone, as many as there is work for. Default: 1 to 4; with GPUs 0 to 1."),
    zones: distinct(zone, "zone")
      .optional()
      .describe("Zones such as us-central1-a, where not all have these machines. Default: the cluster's."),
    gpu: z
      .strictObject({
        type: z.string().regex(/^nvidia-[a-z0-9-]+$/, "expected a kind of GPU such as nvidia-l4"),
        count: z.int().min(1).max(16).default(1),
      })
      .optional()
      .describe("NVIDIA GPUs of each node; only services that ask for GPUs run there. Default: none."),
    labels: z
      .record(z.string(), z.string())
      .optional()
      .describe("Labels of its nodes, as `nodes` of the catalog names them. Default: none."),
    dedicated: z
      .boolean()
      .optional()
      .describe(
        "Whether only services run there that ask for its labels. Default: true, where it has labels.",
      ),
  })
  .describe("Machines of one kind.");

/** Schema of a system's setting. Whether a required one is set is checked when the system is planned. */
function settingSchema(setting: SettingDefinition) {
  const { default: value } = setting;
  return valueSchema(setting)
    .optional()
    .describe(value === undefined ? "Required." : `Default: ${JSON.stringify(value)}.`);
}

function valueSchema(setting: SettingDefinition): z.ZodType<SettingValue> {
  const { type, oneOf, min, max, pattern } = setting;
  const error = ({ input }: { input?: unknown }) => settingIssue(setting, input) ?? "expected another value";
  if (oneOf) {
    return z.literal([...oneOf]);
  }
  if (type === "boolean") {
    return z.boolean({ error });
  }
  if (type === "text") {
    const text = z.string({ error });
    return pattern === undefined ? text : text.regex(new RegExp(`^(?:${pattern})$`, "u"), { error });
  }
  const number = z.number({ error });
  const bounded = min === undefined ? number : number.min(min, { error });
  return max === undefined ? bounded : bounded.max(max, { error });
}

/**
 * Schema of the settings of one system: its own values, datastores and services. The keys derive from its definition.
 */
function systemSchema(definition: SystemDefinition) {
  const settings = definition.settings.map((setting) => [setting.name, settingSchema(setting)] as const);
  return z
    .strictObject({
      settings: z.strictObject(Object.fromEntries(settings)).default({}),
      datastores: z
        .strictObject(
          Object.fromEntries(
            definition.datastores.map(({ name, kind }) => [name, DATASTORES[kind].optional()]),
          ),
        )
        .default({}),
      services: z
        .strictObject(
          Object.fromEntries(definition.services.map((one) => [one.name, serviceSchema(one).optional()])),
        )
        .default({}),
    })
    .describe(`Settings of the system ${definition.name}.`);
}

/** Schema of the monitoring system, which includes the setting that enables it for all systems. */
function monitoringSchema(definition: SystemDefinition) {
  return systemSchema(definition).extend({
    enabled: z
      .boolean()
      .optional()
      .describe(
        "Target compose: whether metrics of all systems are collected. Default: in staging and prod, and where systems names monitoring.",
      ),
  });
}

/** The schema of a stack's settings, `longshore:` in `Pulumi.<stack>.yaml`. All checks of settings derive from it. */
export function settingsSchema(systems: Readonly<Record<string, SystemDefinition>>) {
  const names = Object.keys(systems);
  const perSystem = Object.fromEntries(
    Object.entries(systems).map(([name, definition]) => [
      name,
      (name === MONITORING ? monitoringSchema : systemSchema)(definition).optional(),
    ]),
  );
  return z.strictObject({
    environment: z
      .enum(ENVIRONMENTS)
      .optional()
      .describe("Which environment the stack is. Default: the stack's name, where that is one."),
    target: z
      .enum(TARGETS)
      .optional()
      .describe("Where the stack runs. Default: compose for local, gcp for the others."),
    systems: distinct(z.enum(names as [string, ...string[]]), "system")
      .optional()
      .describe("Which systems the stack runs. Default: all."),
    domain: z
      .string()
      .regex(DOMAIN, "expected a host name such as example.com")
      .optional()
      .describe("Systems are served under SYSTEM.DOMAIN. Needed for kubernetes and gcp."),
    lifecycle: z
      .enum(["retain", "ephemeral"])
      .optional()
      .describe("Whether data is protected from deletion. Default: retain in staging and prod."),
    gcp: z
      .strictObject({
        project: z.string().regex(GCP_PROJECT, "expected a Google Cloud project id such as acme-prod"),
        region: region.default("us-central1"),
      })
      .optional()
      .describe("The Google Cloud project. Needed for the target gcp."),
    registry: z
      .string()
      .regex(REGISTRY, "expected a name without scheme and tag, such as harbor.example.com/acme")
      .optional()
      .describe(
        "Where images are pushed, as HOST/PATH: Harbor, or any registry that takes names of several parts (Docker Hub does not). Default: gcr.io/PROJECT on gcp.",
      ),
    registryLogin: registryLogin.optional(),
    alertWebhook: z
      .string("expected text")
      .optional()
      .describe(
        "Target gcp: where alerts are sent, an address with its token. Encrypted: `pulumi config set --secret longshore:alertWebhook`. Default: alerts are only to be looked at.",
      ),
    cluster: z
      .strictObject({
        mode: z.enum(["autopilot", "standard"]).default("autopilot").describe("Kind of GKE cluster."),
        context: z
          .string()
          .min(1)
          .optional()
          .describe(
            "Target kubernetes: the context of your kubeconfig ($KUBECONFIG, else ~/.kube/config) that is deployed to. Needed there.",
          ),
        lifecycle: z
          .enum(["retain", "ephemeral"])
          .optional()
          .describe(
            "Target gcp: whether the cluster and the data in it are protected from deletion. Set to ephemeral for the replacement of a cluster. Default: the lifecycle of the stack.",
          ),
        pools: z
          .record(
            z.string().regex(/^[a-z]([a-z0-9-]{0,16}[a-z0-9])?$/, "expected a name such as general or gpu"),
            pool,
          )
          .optional()
          .describe("Mode standard: its node pools, by name. Default: general, of e2-standard-4."),
      })
      .default({ mode: "autopilot" }),
    platforms: distinct(z.enum(["linux/amd64", "linux/arm64"]), "platform")
      .optional()
      .describe(
        "Targets kubernetes and gcp: the platforms that images are built for, which must include those of the nodes. Other platforms than the building machine's are emulated. Default: those of the nodes on gcp, both on kubernetes.",
      ),
    backups: z
      .strictObject({
        enabled: z.boolean().optional().describe("Default: in staging and prod."),
        schedule: z
          .string()
          .regex(/^\S+( \S+){4}$/, "expected five fields as cron has them, such as 0 3 * * *")
          .refine((schedule) => cronProblem(schedule) === undefined, {
            error: ({ input }) =>
              `expected five fields as cron has them, such as 0 3 * * *, got ${String(input)}: ${cronProblem(String(input))}`,
          })
          .default("0 3 * * *")
          .describe("When datastores in the cluster are dumped, as cron has it, UTC."),
        keepDays: z.int().min(1).max(3650).default(30).describe("Days that a dump is kept."),
        keepAtLeast: z
          .int()
          .min(1)
          .max(1000)
          .default(7)
          .describe("Newest dumps of each datastore that are never deleted, however old."),
        location: storageLocation
          .optional()
          .describe(
            "Where dumps are kept, such as europe or europe-west4. Default: the multi-region of the data's region; needed where there is none.",
          ),
        pointInTime: z
          .strictObject({
            enabled: z
              .boolean()
              .optional()
              .describe("Default: in staging and prod of target compose. Cloud SQL always has it."),
            keepDays: z.int().min(1).max(35).default(7).describe("Days that any moment can be restored."),
          })
          .optional()
          .describe("Continuous WAL archiving of PostgreSQL in containers, for restores to any moment."),
        recipients: z
          .array(
            z
              .string()
              .regex(
                /^age1[a-z0-9]+$/,
                "expected a public key of age, such as age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
              ),
          )
          .nonempty()
          .optional()
          .describe("Public keys of age that dumps are encrypted for. Generated on this machine."),
      })
      .optional()
      .describe("Dumps of datastores that run as containers."),
    backupIdentity: z
      .string("expected text")
      .optional()
      .describe(
        "Target compose: the private key of age that decrypts dumps. Only a restore needs it. Encrypted: `bin/longshore secrets generate`.",
      ),
    ...bindSchema(names),
    logging: z
      .strictObject({
        driver: z
          .enum(["json-file", "local", "journald", "syslog", "gelf", "fluentd", "awslogs", "gcplogs"])
          .describe("Log driver of the Docker Engine, such as gcplogs for Google Cloud Logging."),
        options: z.record(z.string(), z.string()).default({}).describe("Options of the driver, all text."),
      })
      .optional()
      .describe(
        "Target compose: where what containers say goes. Default: JSON files, three of 10 MB per container. Clusters collect by themselves.",
      ),
    portOffsets: z
      .partialRecord(z.enum(names as [string, ...string[]]), z.int().min(0).max(40_000))
      .default({})
      .describe(
        "Target compose: added to a system's ports of debuggers and tools. Default: 0, 10, 20 and so on.",
      ),
    profiles: z
      .array(z.string())
      .refine((given) => new Set(given).size === given.length, { error: "expected each profile once" })
      .default([])
      .describe("Target compose: profiles whose services run, such as dev-tools. Default: none."),
    secrets: secretValues,
    generations: z
      .partialRecord(z.enum(names as [string, ...string[]]), z.record(z.string(), generation))
      .default({})
      .describe(
        "By system and secret: which of its values is in use. `longshore secrets rotate` adds one. Default: the first.",
      ),
    ...perSystem,
  });
}
