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
import { runIn, type Container, type Engine } from "../compose/docker";
import { collationChanges, collationText } from "../upgrade/collation";
import { notStarted } from "../compose/not-started";
import { survey } from "../compose/survey";
import { ABSENT, NOT_UP, nothingRuns, healthOf } from "../compose/states";
import { podsOf } from "../compose/elsewhere";

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

/** Runs `longshore health`: runs every health check now, because Docker's result is up to one check interval old. */
async function health({ stack, system, json = false }: HealthOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const found = await survey(stack, system, podsOf, terminal);
  const { engine, containers, absent, notUp } = found;
  const verdicts = [
    ...(await Promise.all(containers.map((one) => examine(engine, one, containers)))),
    ...absent.map((one) => ({ ...one, isHealthy: false, says: ABSENT })),
  ];
  const collations = await collationChanges(engine, containers);
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

async function examine(engine: Engine, container: Container, all: readonly Container[]): Promise<Verdict> {
  const { system, service } = container;
  const verdict = (isHealthy: boolean, says: string): Verdict => ({ system, service, isHealthy, says });
  const waiting = notStarted(container, all);
  if (waiting !== undefined) {
    return verdict(false, waiting);
  }
  if (container.kind === "job") {
    const isHealthy = healthOf(container) === "healthy";
    return verdict(isHealthy, isHealthy ? "completed" : `${container.state}, ${reasonOfExit(container)}`);
  }
  if (container.state !== "running") {
    return verdict(false, `${container.state}, ${reasonOfExit(container)}`);
  }
  if (!container.check) {
    return verdict(true, "running (no health check)");
  }
  const { code, stdout, stderr } = await runIn(engine, container.id, container.check);
  return verdict(
    code === 0,
    shorten(stdout.trim() || stderr.trim()) || (code === 0 ? "" : `exit code ${code}`),
  );
}

const LONGEST_ANSWER = 100;

function shorten(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > LONGEST_ANSWER ? `${line.slice(0, LONGEST_ANSWER)}…` : line;
}
