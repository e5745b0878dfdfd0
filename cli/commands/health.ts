import type { Command } from "commander";
import { reasonOfExit } from "../../providers/compose/containers";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../support/options";
import { EXIT } from "../support/failure";
import { openTerminal, plural, table, type Terminal } from "../support/terminal";
import { collationChanges, collationText } from "../upgrade/collation";
import type { Instance } from "../../operations/instance";
import type { Runtime } from "../../operations/runtime";
import { notStarted } from "../compose/not-started";
import { openStack } from "../runtime/open";
import { ABSENT, NOT_UP, nothingRuns, healthOf } from "../compose/states";

export type HealthOptions = StackOption & SystemOption & JsonOption;

export function register(program: Command): Command {
  const command = program
    .command("health")
    .description("ask every service for its health now; exit with 1 when one is not well");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore health", ""],
    ["longshore health --system todo", "one system"],
  ]);
  return command.action((options: HealthOptions) => health(options));
}

interface Verdict {
  readonly system: string;
  readonly service: string;
  readonly isHealthy: boolean;
  readonly says: string;
}

/** Runs `longshore health`. */
async function health({ stack, system, json = false }: HealthOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const { runtime, instances, absent, notUp, machine } = await openStack(stack, system, terminal);
  const verdicts = [
    ...(await Promise.all(instances.map((one) => examine(runtime, one, instances)))),
    ...absent.map((one) => ({ ...one, isHealthy: false, says: ABSENT })),
  ];
  const collations = machine ? await collationChanges(machine.engine, machine.containers) : [];
  const ill = verdicts.filter(({ isHealthy }) => !isHealthy);
  const isHealthy = ill.length === 0 && verdicts.length > 0 && (system.length === 0 || notUp.length === 0);
  if (json) {
    terminal.json({ stack, healthy: isHealthy, services: verdicts, notUp, collations });
  } else {
    printVerdicts(verdicts, notUp, terminal);
    collations.map(collationText).forEach(terminal.note);
    terminal.out(
      ill.length > 0
        ? `${plural(ill.length, "service")} not healthy`
        : isHealthy
          ? "all healthy"
          : verdicts.length > 0
            ? `${notUp.join(", ")}: ${NOT_UP}`
            : nothingRuns(stack),
    );
  }
  process.exitCode = isHealthy ? EXIT.ok : EXIT.failed;
}

function printVerdicts(verdicts: readonly Verdict[], notUp: readonly string[], terminal: Terminal): void {
  const { colors } = terminal;
  const rows = verdicts.map(({ system, service, isHealthy, says }) => [
    `${system}/${service}`,
    isHealthy ? colors.green("healthy") : colors.red("not healthy"),
    says,
  ]);
  const idle = notUp.map((name) => [name, colors.dim(NOT_UP)]);
  if (rows.length > 0) {
    table(["service", "health", "what it says"], [...rows, ...idle], terminal).forEach(terminal.out);
  }
}

async function examine(runtime: Runtime, instance: Instance, all: readonly Instance[]): Promise<Verdict> {
  const { system, service } = instance;
  const verdict = (isHealthy: boolean, says: string): Verdict => ({ system, service, isHealthy, says });
  const waiting = notStarted(instance, all);
  if (waiting !== undefined) {
    return verdict(false, [waiting, ...(instance.problems ?? [])].join(": "));
  }
  if (instance.kind === "job") {
    const isHealthy = healthOf(instance) === "healthy";
    return verdict(isHealthy, isHealthy ? "completed" : `${instance.state}, ${reasonOfExit(instance)}`);
  }
  const { isHealthy, says } = await runtime.ask(instance);
  return verdict(isHealthy, shorten(says));
}

const LONGEST_ANSWER = 100;

function shorten(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > LONGEST_ANSWER ? `${line.slice(0, LONGEST_ANSWER)}…` : line;
}
