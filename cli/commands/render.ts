import type { Command } from "commander";
import { Option } from "commander";
import { withExamples, withStack, withSystem, type StackOption, type SystemOption } from "../support/options";

export interface RenderOptions extends SystemOption {
  readonly out?: string;
}
export interface RenderComposeOptions extends RenderOptions {
  readonly env: string;
  /** Whether to render a base document and overrides per environment. */
  readonly split?: boolean;
}
export type RenderKubernetesOptions = RenderOptions & StackOption;

export function register(program: Command): Command {
  const render = program
    .command("render")
    .description("write the documents of a system, without the engine and without secrets");

  const compose = render
    .command("compose")
    .description("the Compose file of an environment, or a base and what each environment changes of it")
    .addOption(
      new Option("--env <name>", "the environment")
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
  compose.action(async (options: RenderComposeOptions) => {
    (await import("../documents/render.js")).renderComposeFiles(options);
  });

  const kubernetes = render
    .command("kubernetes")
    .description("Kubernetes objects, one YAML file per system; Secrets hold placeholders")
    .option("--out <folder>", "write files there (default: print them)");
  withExamples(withSystem(withStack(kubernetes)), [
    ["longshore render kubernetes --system todo --stack prod", "to read, or to compare"],
  ]);
  kubernetes.action(async (options: RenderKubernetesOptions) => {
    (await import("../documents/render.js")).renderKubernetesFiles(options);
  });
  return render;
}
