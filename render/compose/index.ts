import type { Plan, PlannedImage, Workload } from "../../catalog/plan/types";
import type { SharedNetwork } from "../../catalog/types";
import type { ComposeDocument, ComposeService } from "./document";
import { EDGE, EDGE_IMAGE, EDGE_USER, edgeConfig, edgeService } from "./edge";
import { escapeDollars } from "./escape";
import { bytes } from "./hardening";
import { LABELS } from "./labels";
import { planNetworks } from "./networks";
import { filesDigest, sorted, type ComposeSecretFile } from "./secrets";
import { composeService, configs, defined, secretKey, volumeName } from "./service";

export type * from "./document";
export { LABELS } from "./labels";
export type { ComposeSecretFile } from "./secrets";
export { besideBase, overrideYaml } from "./split";

export interface ComposeOptions {
  /** Name of the Compose project, such as `todo-local`. */
  project: string;
  /** Returns the name of an image, such as `longshore/todo/backend:src-0123456789ab`. */
  imageReference(image: PlannedImage): string;
  /** Port of the system. */
  edgePort: number;
  /** Addresses of the machine that the system is served on. @default ["127.0.0.1"] */
  edgeAddresses?: readonly string[];
  /** Port that redirects plain HTTP requests to HTTPS. @default - none */
  edgeRedirectPort?: number;
  /** Base of build contexts: absolute, or relative to the document. @default "." */
  root?: string;
  /** Folder of the secrets: absolute, or relative to the document. @default "./secrets" */
  secretsFolder?: string;
  /** Image of the reverse proxy. @default "nginxinc/nginx-unprivileged:1.28" */
  edgeImage?: string;
  /**
   * `named`: services keep their profile, and the user of the document selects profiles. `asked for`: all services of
   * the plan run, without profiles. @default "named"
   */
  profiles?: "named" | "asked for";
  /** Added to the loopback ports of debuggers and tools. @default 0 */
  portOffset?: number;
  /** Returns the name of a shared network. @default - `longshore_` and its name */
  sharedNetwork?: (name: SharedNetwork) => string;
  /** Maximum size of a request body in the reverse proxy. @default "16m" */
  bodyLimit?: string;
}

export interface ComposeDocuments {
  /** The Compose document. Contains neither secrets nor commit data. */
  readonly document: ComposeDocument;
  /** Configuration files by path relative to the document. */
  readonly files: Readonly<Record<string, string>>;
  /** Secret files that must be written before the document is used. */
  readonly secretFiles: readonly ComposeSecretFile[];
}

const EDGE_FILE = "config/edge/nginx.conf";

/** Renders a plan as a Compose project. Pure: the same plan gives the same bytes. */
export function renderCompose(plan: Plan, options: ComposeOptions): ComposeDocuments {
  const networks = planNetworks(plan, {
    sharedNetwork: options.sharedNetwork ?? ((name) => `longshore_${name}`),
  });
  const images = new Map(plan.images.map((image) => [image.name, image]));
  const root = options.root ?? ".";
  const services = plan.workloads.map((workload): [string, ComposeService] => {
    const image = images.get(workload.image);
    if (!image) {
      throw new Error(
        `internal: ${workload.name} runs the image ${workload.image}, which is not in the plan`,
      );
    }
    const reference = options.imageReference(image);
    const imageReference = (other: PlannedImage) => options.imageReference(other);
    const { profiles = "named", portOffset = 0 } = options;
    const context = { plan, image, reference, imageReference, networks, root, profiles, portOffset };
    return [workload.name, composeService(workload, context)];
  });
  const edge = plan.routes.length === 0 ? undefined : renderEdge(plan, networks.of(EDGE), options);
  return {
    document: defined<ComposeDocument>({
      name: options.project,
      services: sorted(Object.fromEntries([...services, ...(edge ? [[EDGE, edge.service] as const] : [])])),
      networks: orNothing(networks.all),
      volumes: orNothing(volumes(plan.workloads)),
      configs: orNothing({
        ...(edge && { [`${EDGE}_0_nginx.conf`]: { file: `./${EDGE_FILE}` } }),
        ...Object.fromEntries(
          plan.workloads.flatMap(configs).map(({ key, file }) => [key, { file: `./${file}` }]),
        ),
      }),
      secrets: orNothing(secrets(secretHolders(plan), options.secretsFolder ?? "./secrets")),
    }),
    files: {
      ...(edge && { [EDGE_FILE]: edge.config }),
      ...Object.fromEntries(plan.workloads.flatMap(configs).map(({ file, content }) => [file, content])),
    },
    secretFiles: secretHolders(plan).flatMap((workload) =>
      workload.secretFiles.map(({ name, value, live }) => ({
        workload: workload.name,
        name,
        path: `${(options.secretsFolder ?? "./secrets").replace(/^\.\//, "")}/${workload.name}/${name}`,
        user: workload.user,
        value,
        ...(live && { live }),
      })),
    ),
  };
}

function renderEdge(plan: Plan, networks: string[], options: ComposeOptions) {
  const edge = {
    image: options.edgeImage ?? EDGE_IMAGE,
    port: options.edgePort,
    addresses: options.edgeAddresses,
    redirectPort: options.edgeRedirectPort,
    bodyLimit: options.bodyLimit ?? "16m",
    tls: plan.edgeTls,
  };
  const config = edgeConfig(plan.routes, { ...edge, status: plan.edgeExporter !== undefined });
  const { image, user, ports, ...rest } = escapeDollars(edgeService(plan, networks, edge));
  const labels = sorted({
    [LABELS.system]: plan.system,
    [LABELS.environment]: plan.environment,
    [LABELS.workload]: EDGE,
    [LABELS.kind]: EDGE,
    ...(plan.edgeTls && { [LABELS.scheme]: "https", [LABELS.reload]: "SIGHUP" }),
    [LABELS.files]: filesDigest([{ path: EDGE_FILE, content: config }]),
  });
  const mount = { source: `${EDGE}_0_nginx.conf`, target: "/etc/nginx/nginx.conf" };
  const service = defined<ComposeService>({
    image,
    user,
    ports,
    configs: [mount],
    secrets: plan.edgeTls?.secretFiles.map(({ name, path }) => ({
      source: secretKey({ name: EDGE }, name),
      target: path,
    })),
    ...rest,
    labels,
  });
  return { service, config };
}

/** Returns the volumes. Compose cannot limit their size, so a label records the requested size. */
function volumes(workloads: readonly Workload[]): NonNullable<ComposeDocument["volumes"]> {
  return Object.fromEntries(
    workloads.flatMap((workload) =>
      workload.volumes.map((volume) => [
        volumeName(workload, volume),
        {
          labels: {
            ...(volume.holds && { [LABELS.data]: `${volume.holds.kind} ${volume.holds.version}` }),
            "longshore.size": bytes(volume.size),
            [LABELS.workload]: workload.name,
          },
        },
      ]),
    ),
  );
}

type SecretHolder = Pick<Workload, "name" | "user" | "secretFiles">;

/** Returns the workloads, and the proxy if it has a certificate. */
function secretHolders({ workloads, edgeTls }: Plan): readonly SecretHolder[] {
  return edgeTls
    ? [...workloads, { name: EDGE, user: EDGE_USER, secretFiles: edgeTls.secretFiles }]
    : workloads;
}

function secrets(
  workloads: readonly SecretHolder[],
  folder: string,
): NonNullable<ComposeDocument["secrets"]> {
  return Object.fromEntries(
    workloads.flatMap((workload) =>
      workload.secretFiles.map(({ name }) => [
        secretKey(workload, name),
        { file: `${folder}/${workload.name}/${name}`.replaceAll("$", "$$$$") },
      ]),
    ),
  );
}

function orNothing<T extends object>(record: T): T | undefined {
  return Object.keys(record).length === 0 ? undefined : record;
}
