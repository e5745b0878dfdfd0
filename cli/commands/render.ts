import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { planSystem, type Plan } from "../../catalog/plan";
import { MONITORING } from "../../catalog/plan/monitoring";
import { compareText } from "../../base/problems";
import { ENVIRONMENTS, type Environment } from "../../catalog/types";
import { besideBase, overrideYaml, renderCompose, type ComposeDocuments } from "../../render/compose";
import { localImage } from "../../render/images/image-tag";
import { hashesIn } from "../../render/images/source-description";
import { planSettings, publicationOf, type StackSettings } from "../../settings";
import { machineStack } from "../../settings/machine-stacks";
import { sharedNetworkName } from "../../render/compose/shared-network";
import { composeProjectName } from "../../tools/compose-project-name";
import { repoRoot } from "../../tools/paths";
import { yamlText } from "../../yaml/write";
import {
  knownStack,
  withExamples,
  withStack,
  withSystem,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { usage } from "../support/failure";
import { choose, definitionOf, loadPlans, loadSettings } from "../support/plans";
import { openTerminal } from "../support/terminal";
import { writeDocuments, type OutputFile } from "../documents/write";
import { kubernetesDocument, PLACEHOLDER_ADDRESS } from "../documents/kubernetes";

interface RenderOptions extends SystemOption {
  readonly out?: string;
}
interface RenderComposeOptions extends RenderOptions {
  readonly env: string;
  /** @default - the stack of the environment's name */
  readonly stack?: string;
  /** Whether to render a base document and overrides per environment. */
  readonly split?: boolean;
}
type RenderKubernetesOptions = RenderOptions & StackOption;

export function register(program: Command): Command {
  const render = program
    .command("render")
    .description("write the documents of a system, without the engine and without secrets");

  const compose = render
    .command("compose")
    .description("the Compose file of an environment, or a base and what each environment changes of it")
    .addOption(
      new Option("-s, --stack <name>", "what this stack runs, with its settings")
        .argParser(knownStack)
        .conflicts(["env", "split"]),
    )
    .addOption(
      new Option("--env <name>", "the environment, with the settings of the stack of the same name")
        .choices(["local", "dev", "test", "staging", "prod"])
        .default("local"),
    )
    .option("--split", "all environments: compose.yaml (local) and compose.<environment>.yaml over it")
    .option("--out <folder>", "write files there (default: print them)");
  withExamples(withSystem(compose), [
    [
      "longshore render compose --system todo --split --out out/",
      "docker compose -f compose.yaml -f compose.prod.yaml up",
    ],
    ["longshore render compose --system todo --env prod --out out/", "files to run with docker compose"],
  ]);
  compose.action((options: RenderComposeOptions) => {
    renderComposeFiles(options);
  });

  const kubernetes = render
    .command("kubernetes")
    .description("Kubernetes objects, one YAML file per system; Secrets hold placeholders")
    .option("--out <folder>", "write files there (default: print them)");
  withExamples(withSystem(withStack(kubernetes)), [
    ["longshore render kubernetes --system todo --stack prod", "to read, or to compare"],
  ]);
  kubernetes.action((options: RenderKubernetesOptions) => {
    renderKubernetesFiles(options);
  });
  return render;
}

/** Runs `longshore render compose`: writes one folder per system with its Compose files and the files they refer to. */
function renderComposeFiles({ env, stack, split = false, system, out }: RenderComposeOptions): void {
  const settings = stack === undefined ? settingsFor(env) : loadSettings(stack);
  const environment = stack === undefined ? (env as Environment) : settings.environment;
  const files = split
    ? choose(BASE, onCompose(settingsFor(BASE)), system).flatMap((name) => splitFiles(name, out))
    : choose(stack ?? env, onCompose(settings), system).flatMap((name) => {
        const documents = composeDocuments(name, environment, out, settings, stack);
        return [
          { path: `${name}/compose.yaml`, content: header(documents) + yamlText(documents.document) },
          ...beside(name, documents.files),
        ];
      });
  writeDocuments(files, out, openTerminal());
}

/** The environment that renders the base document; the others render overrides. */
const BASE = "local";

function splitFiles(name: string, out: string | undefined): OutputFile[] {
  const base = composeDocuments(name, BASE, out);
  const others = ENVIRONMENTS.filter((one) => one !== BASE).map((environment) => {
    const documents = composeDocuments(name, environment, out);
    return { ...documents, ...besideBase(base, documents, environment) };
  });
  return [
    { path: `${name}/compose.yaml`, content: header(base) + yamlText(base.document) },
    ...beside(name, base.files),
    ...others.flatMap((one) => [
      {
        path: `${name}/compose.${one.plan.environment}.yaml`,
        content: header(one) + overrideYaml(base.document, one.document),
      },
      ...beside(name, one.files).filter(
        ({ path }) => !beside(name, base.files).some((file) => file.path === path),
      ),
    ]),
  ];
}

function beside(system: string, files: Readonly<Record<string, string>>): OutputFile[] {
  return Object.entries(files).map(([path, content]) => ({ path: `${system}/${path}`, content }));
}

/** Systems that the environment would run on Compose. */
function onCompose({ systems, monitored }: StackSettings): readonly string[] {
  return monitored ? [...new Set([...systems, MONITORING])].sort(compareText) : systems;
}

interface SystemDocuments extends ComposeDocuments {
  readonly plan: Plan;
}

/** Settings of an environment. An environment without a stack file uses those of the local stack for it. */
function settingsFor(environment: string): StackSettings {
  const own = `local-${environment}`;
  const isDescribed = existsSync(join(repoRoot(), `Pulumi.${environment}.yaml`));
  return loadSettings(!isDescribed && machineStack(own) ? own : environment);
}

/**
 * Renders the documents of a system. Includes every variable, because only a deployment knows which optional secrets
 * are set.
 */
function composeDocuments(
  name: string,
  environment: Environment,
  out: string | undefined,
  settings = settingsFor(environment),
  stack: string = environment,
): SystemDocuments {
  const definition = definitionOf(name);
  const { datastores: _managed, domain: _domain, ...own } = planSettings(settings, name);
  const plan = planSystem(definition, {
    ...own,
    environment,
    target: "compose",
    secretsSet: definition.secrets.map((secret) => secret.name),
    profiles: "all",
  });
  const folder = resolve(out ?? ".", out === undefined ? "." : name);
  const hashOf = hashesIn(repoRoot());
  const documents = renderCompose(plan, {
    // A local stack uses its real project names, so that the document describes the same project.
    project: machineStack(stack) ? composeProjectName(name, stack) : `${name}-${stack}`,
    imageReference: (image) => localImage(hashOf, plan, image),
    ...publicationOf(settings, name),
    portOffset: settings.portOffsets[name] ?? 0,
    sharedNetwork: (network) =>
      machineStack(stack) ? sharedNetworkName(network, stack) : `${MONITORING}-${stack}_${network}`,
    root: out === undefined ? "." : relative(folder, repoRoot()) || ".",
  });
  return { plan, ...documents };
}

function header({ plan, document, secretFiles }: Omit<SystemDocuments, "files">): string {
  const secrets = secretFiles
    .map(({ path, user }) => `#   ${path} (mode 0400, owner ${user})`)
    .sort(compareText);
  return [
    `# ${plan.system}, environment ${plan.environment}: made by \`longshore render compose\`. Changes here are lost.`,
    ...Object.values(document.networks ?? {}).flatMap(({ external, name }) =>
      external ? [`# Once, before the first start: docker network create --internal ${name ?? ""}`] : [],
    ),
    ...(secrets.length > 0 ? ["# Secrets are files that you provide:", ...secrets] : []),
    "",
  ].join("\n");
}

/**
 * Runs `longshore render kubernetes`: writes one YAML stream per system, with placeholders for values known only at
 * deployment.
 */
function renderKubernetesFiles({ stack, system, out }: RenderKubernetesOptions): void {
  const { plans, settings } = loadPlans(stack, system);
  if (settings.target === "compose") {
    throw usage(
      `stack ${stack} runs on Docker Compose; render another stack, such as --stack prod, or render compose`,
    );
  }
  const files = plans.map((plan) => ({
    path: `${plan.system}.yaml`,
    content: KUBERNETES_HEADER(stack, plan) + kubernetesDocument(plan, settings),
  }));
  writeDocuments(files, out, openTerminal());
}

const KUBERNETES_HEADER = (stack: string, plan: Plan): string =>
  [
    `# ${plan.system} on stack ${stack}: made by \`longshore render kubernetes\`, to read and to compare. \`longshore up\` applies the same objects.`,
    `# Placeholders: <secret SYSTEM.NAME> for a secret's value, ${PLACEHOLDER_ADDRESS} for a managed database's address, local names for images.`,
    "",
  ].join("\n");
