import { relative, resolve } from "node:path";
import { planSystem, type Plan } from "../../catalog/plan";
import { MONITORING } from "../../catalog/plan/monitoring";
import type { Resolver } from "../../catalog/plan/resolve";
import { compareText } from "../../catalog/problems";
import type { Environment } from "../../catalog/types";
import { composeYaml, renderCompose } from "../../render/compose";
import { localImage } from "../../render/images/image-tag";
import { hashesIn } from "../../render/images/source-description";
import {
  googleOptions,
  kubernetesYaml,
  renderKubernetes,
  type KubernetesOptions,
} from "../../render/kubernetes";
import { planSettings, type StackSettings } from "../../settings";
import { composeProjectName, sharedNetworkName } from "../../tools/compose-project-name";
import { repoRoot } from "../../tools/paths";
import type { RenderComposeOptions, RenderKubernetesOptions } from "../render";
import { usage } from "../support/failure";
import { choose, definitionOf, loadPlans, loadSettings } from "../support/plans";
import { LOCAL_STACK } from "../support/project";
import { openTerminal } from "../support/terminal";
import { writeDocuments, type OutputFile } from "./write";

/** `longshore render compose`: per system a folder with the Compose file and what it refers to. */
export function renderComposeFiles({ env, system, out }: RenderComposeOptions): void {
  const settings = loadSettings(env);
  const files = choose(env, onCompose(settings), system).flatMap((name) => {
    const definition = definitionOf(name);
    // Documents show every variable: which optional secrets are set is the business of a deployment.
    const { datastores: _managed, domain: _domain, ...own } = planSettings(settings, name);
    const plan = planSystem(definition, {
      ...own,
      environment: env as Environment,
      target: "compose",
      secretsSet: definition.secrets.map((secret) => secret.name),
      profiles: "all",
    });
    return composeFiles(plan, settings, out);
  });
  writeDocuments(files, out, openTerminal());
}

/** What the environment runs, were it on Compose. */
function onCompose({ systems, monitored }: StackSettings): readonly string[] {
  return monitored ? [...new Set([...systems, MONITORING])].sort(compareText) : systems;
}

function composeFiles(plan: Plan, settings: StackSettings, out: string | undefined): OutputFile[] {
  const folder = resolve(out ?? ".", out === undefined ? "." : plan.system);
  const hashOf = hashesIn(repoRoot());
  const { document, files, secretFiles } = renderCompose(plan, {
    // For the local stack the names that are in use here, so that both are the same project.
    project:
      plan.environment === LOCAL_STACK
        ? composeProjectName(plan.system, LOCAL_STACK)
        : `${plan.system}-${plan.environment}`,
    imageReference: (image) => localImage(hashOf, plan, image),
    edgePort: settings.ports[plan.system] ?? 8080,
    portOffset: settings.portOffsets[plan.system] ?? 0,
    sharedNetwork: (name) =>
      plan.environment === LOCAL_STACK
        ? sharedNetworkName(name, LOCAL_STACK)
        : `${MONITORING}-${plan.environment}_${name}`,
    root: out === undefined ? "." : relative(folder, repoRoot()) || ".",
  });
  const secrets = secretFiles
    .map(({ path, user }) => `#   ${path} (mode 0400, owner ${user})`)
    .sort(compareText);
  const header = [
    `# ${plan.system}, environment ${plan.environment}: made by \`longshore render compose\`. Changes here are lost.`,
    ...Object.values(document.networks ?? {}).flatMap(({ external, name }) =>
      external ? [`# Once, before the first start: docker network create --internal ${name ?? ""}`] : [],
    ),
    ...(secrets.length > 0 ? ["# Secrets are files that you provide:", ...secrets] : []),
    "",
  ].join("\n");
  return [
    { path: `${plan.system}/compose.yaml`, content: header + composeYaml(document) },
    ...Object.entries(files).map(([path, content]) => ({ path: `${plan.system}/${path}`, content })),
  ];
}

/** `longshore render kubernetes`: per system one YAML stream. What only a deployment knows has a placeholder. */
export function renderKubernetesFiles({ stack, system, out }: RenderKubernetesOptions): void {
  const { plans, settings } = loadPlans(stack, system);
  if (settings.target === "compose") {
    throw usage(
      `stack ${stack} runs on Docker Compose; render another stack, such as --stack prod, or render compose`,
    );
  }
  const files = plans.map((plan) => ({
    path: `${plan.system}.yaml`,
    content:
      KUBERNETES_HEADER(stack, plan) +
      kubernetesYaml(renderKubernetes(plan, kubernetesOptions(plan, settings))),
  }));
  writeDocuments(files, out, openTerminal());
}

/** The options with which `up` makes the objects, and placeholders for what only it knows. */
export function kubernetesOptions(
  plan: Plan,
  { target, lifecycle }: StackSettings,
): KubernetesOptions<string> {
  const hashOf = hashesIn(repoRoot());
  return {
    ...(target === "gcp" && { ...googleOptions(plan), ingress: { tlsSecret: null } }),
    resolver: placeholders(plan),
    imageReference: (image) => localImage(hashOf, plan, image),
    imageVersion: ({ source }) => (source.kind === "build" ? hashOf(source, plan) : source.reference),
    datastoreRange: () => `${PLACEHOLDER_ADDRESS}/32`,
    lifecycle,
  };
}

/** An address that belongs to nobody (RFC 5737). */
const PLACEHOLDER_ADDRESS = "192.0.2.1";

const KUBERNETES_HEADER = (stack: string, plan: Plan): string =>
  [
    `# ${plan.system} on stack ${stack}: made by \`longshore render kubernetes\`, to read and to compare. \`longshore up\` applies the same objects.`,
    `# Placeholders: <secret SYSTEM.NAME> for a secret's value, ${PLACEHOLDER_ADDRESS} for a managed database's address, local names for images.`,
    "",
  ].join("\n");

function placeholders(plan: Plan): Resolver<string> {
  return {
    secret: (name) => `<secret ${plan.system}.${name}>`,
    host: () => PLACEHOLDER_ADDRESS,
    text: (parts) => parts.join(""),
  };
}
