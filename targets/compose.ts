import * as pulumi from "@pulumi/pulumi";
import { isLoopback } from "../catalog/ip-addresses";
import type { Plan, PlannedSecret } from "../catalog/plan/types";
import { resolve, type Resolver } from "../catalog/plan/resolve";
import { ComposeProject } from "../components/compose-project";
import { renderBake } from "../render/bake";
import { renderCompose, type ComposeDocument } from "../render/compose";
import { localImage } from "../render/images/image-tag";
import { hashesIn, sourcesIn } from "../render/images/source-description";
import { publicationOf, type Publication } from "../settings/bind";
import { usedGenerations } from "../settings/generations";
import { secretCommand } from "../settings/plan";
import type { StackSettings } from "../settings/types";
import { sharedNetworkName } from "../render/compose/shared-network";
import { composeProjectName } from "../tools/compose-project-name";
import { repoRoot } from "../tools/paths";
import { withPresentDevices } from "./present-devices";

/** References of images, by system and service. */
export type ServiceImages = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ComposeContext {
  readonly settings: Pick<StackSettings, "stack" | "ports"> &
    Partial<Pick<StackSettings, "portOffsets" | "generations" | "bind" | "redirectPorts" | "domain">>;
  /** Returns a secret in config by system and name, or undefined when it is not set. */
  readonly secretValue: (system: string, name: string) => pulumi.Output<string> | undefined;
  /** Images that replace those of the sources, for a rollback. @default {} */
  readonly images?: ServiceImages;
  /** Base folder of build contexts. @default - this repository */
  readonly root?: string;
}

/** Deploys each plan as a Compose project `<system>-<stack>` on this machine. Returns the addresses by system. */
export function deployCompose(plans: readonly Plan[], context: ComposeContext): Record<string, unknown> {
  const addresses = plans.map((plan) => {
    const { url } = deploySystem(plan, context);
    return [plan.system, publicUrl(plan, context.settings) ?? url];
  });
  return Object.fromEntries(addresses) as Record<string, unknown>;
}

/** Returns the address under the stack's domain of a system that other machines can reach. */
export function publicUrl(
  { system, edgeTls }: Pick<Plan, "system" | "edgeTls">,
  settings: ComposeContext["settings"],
): string | undefined {
  const { edgePort, edgeAddresses } = publicationOf(settings, system);
  if (settings.domain === undefined || edgeAddresses.every(isLoopback)) {
    return undefined;
  }
  const [scheme, usual] = edgeTls ? ["https", 443] : ["http", 80];
  return `${scheme}://${system}.${settings.domain}${edgePort === usual ? "" : `:${edgePort}`}`;
}

/** Deploys one system as a Compose project. */
export function deploySystem(described: Plan, context: ComposeContext): ComposeProject {
  const { plan, absent } = withPresentDevices(described);
  for (const line of absent) {
    void pulumi.log.warn(`${plan.system}: ${line}`);
  }
  const { settings, root = repoRoot() } = context;
  const project = composeProjectName(plan.system, settings.stack);
  const publication = publicationOf(settings, plan.system);
  if (settings.ports[plan.system] === undefined && plan.routes.length > 0) {
    throw new Error(`internal: the settings have no port for ${plan.system}, though it has routes`);
  }
  const portOffset = settings.portOffsets?.[plan.system] ?? 0;
  const hashOf = hashesIn(root);
  const rendered = renderCompose(plan, {
    project,
    root,
    ...publication,
    portOffset,
    profiles: "asked for",
    imageReference: (image) => localImage(hashOf, plan, image),
    sharedNetwork: (name) => sharedNetworkName(name, settings.stack),
  });
  const resolver = secretResolver(plan, context);
  const secretFiles = rendered.secretFiles.map(({ path, user, value, live }) => [
    path,
    { content: resolve(value, resolver), user, ...(live && { live }) },
  ]);
  return new ComposeProject(plan.system, {
    project,
    document: withImages(rendered.document, context.images?.[plan.system] ?? {}),
    files: rendered.files,
    secretFiles: Object.fromEntries(secretFiles) as Record<
      string,
      { content: pulumi.Output<string>; user: number; live?: boolean }
    >,
    bake: renderBake([plan], { root, describe: sourcesIn(root, hashOf) }),
    // Volumes are deleted only by an explicit `longshore down --volumes`.
    keepVolumes: true,
    generations: usedGenerations(plan, settings.generations?.[plan.system]),
    portSettings: portSettings(plan, publication, portOffset),
  });
}

/** Replaces the images of some services by existing ones that are not built. */
function withImages(document: ComposeDocument, images: Readonly<Record<string, string>>): ComposeDocument {
  const services = Object.entries(document.services).map(([name, service]) => {
    const image = images[name];
    const { build: _checkout, ...others } = service;
    return [name, image === undefined ? service : { ...others, image }] as const;
  });
  return { ...document, services: Object.fromEntries(services) };
}

/** Returns the settings that change a conflicting port: those of the reverse proxy, and an offset for the others. */
function portSettings(
  { system, workloads }: Plan,
  { edgePort, edgeRedirectPort }: Publication,
  offset: number,
) {
  const tools = workloads.flatMap(({ publish, develop }) => [publish?.on ?? [], develop?.debug ?? []].flat());
  const moved = { setting: `longshore:portOffsets.${system}`, value: offset + 100 };
  return {
    ...Object.fromEntries(tools.map((port) => [port + offset, moved])),
    ...(edgeRedirectPort !== undefined && {
      [edgeRedirectPort]: { setting: `longshore:redirectPorts.${system}`, value: edgeRedirectPort + 1 },
    }),
    [edgePort]: { setting: `longshore:ports.${system}`, value: edgePort + 1 },
  };
}

/** Resolves secrets from config. Plans for this machine contain no managed datastores. */
function secretResolver(
  plan: Plan,
  { secretValue, settings }: ComposeContext,
): Resolver<pulumi.Output<string>> {
  const secrets = new Map(plan.secrets.map((secret): [string, PlannedSecret] => [secret.name, secret]));
  return {
    secret(name, encode) {
      const value = secretValue(plan.system, name);
      if (!value) {
        const command = secretCommand(plan.system, name, secrets.get(name)?.from, settings.stack);
        throw new pulumi.RunError(`${plan.system}.secrets.${name}: not set; run: ${command}`);
      }
      return encode === "uri" ? value.apply(encodeURIComponent) : value;
    },
    host(datastore) {
      throw new Error(`internal: ${datastore} is managed, which no Compose plan may hold`);
    },
    text: (parts) => pulumi.secret(pulumi.concat(...parts)),
  };
}
