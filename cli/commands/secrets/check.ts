import { InvalidArgumentError, type Command } from "commander";
import {
  withExamples,
  withJson,
  withStack,
  withSystem,
  type JsonOption,
  type StackOption,
  type SystemOption,
} from "../../support/options";
import { generationOf, parseValueName } from "../../../catalog/generations";
import type { Plan, PlannedSecret } from "../../../catalog/plan";
import { rotationOf } from "../../../catalog/secrets";
import { machineStack } from "../../../settings/machine-stacks";
import { missingSecrets, secretUsers, type StackSettings } from "../../../settings";
import { notSet, secretCommand } from "../../../settings/plan";
import { malformedSecrets, validUntil, type ReadValue } from "../../../settings/secret-values";
import { EXIT, Failure } from "../../support/failure";
import { loadPlans } from "../../support/plans";
import { openTerminal, plural } from "../../support/terminal";
import { generationsInState, readState, type RecordedState } from "../../secrets/deployed-generations";
import { readSecrets } from "../../config/decrypted";
import { missingGenerated } from "../../engine/local-stack";
import { withConfig } from "../../secrets/generations";
import { lostProblems } from "../../secrets/lost";
import { currentSecrets, daysSince, isMadeByUp, wholePlan } from "../../secrets/find";

interface CheckOptions extends StackOption, SystemOption, JsonOption {
  /** Age in days. */
  readonly olderThan: number;
  /** Whether to decrypt and check the values. @default true */
  readonly values?: boolean;
}

export function register(secrets: Command): Command {
  const command = secrets
    .command("check")
    .description("find what is missing or malformed (exit code 2), unused or old (exit code 1)")
    .option("--older-than <days>", "what counts as old", wholeDays, 365)
    .option("--no-values", "look at names only: nothing is decrypted");
  withExamples(withJson(withSystem(withStack(command))), [
    ["longshore secrets check --stack prod", "before a deployment"],
    ["longshore secrets check --stack prod --no-values --json", "in a pipeline without the key"],
  ]);
  return command.action((options: CheckOptions) => checkSecrets(options));
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) {
    throw new InvalidArgumentError("expected a whole number of days from 1 on");
  }
  return days;
}

interface Finding {
  readonly secret: string;
  readonly problem: "missing" | "malformed" | "unused" | "old";
  readonly message: string;
  readonly fix: string;
}

/** Days before its expiry from which a certificate is reported. */
const LAST_DAYS = 30;
const DAY_MS = 86_400_000;

/** Runs `longshore secrets check`: reports missing, malformed, old and unused secrets. */
async function checkSecrets({
  stack,
  system,
  olderThan,
  values = true,
  json = false,
}: CheckOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const { plans, settings } = loadPlans(stack, system);
  let unread: string | undefined;
  const { read, state } = values
    ? await readValues(stack, terminal).catch((error: unknown): Values => {
        unread = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
        return NONE;
      })
    : NONE;
  const findings = plans.flatMap((plan) => [
    ...missing(plan, settings),
    ...lost(plan, settings, state),
    ...malformed(plan, settings, read),
    ...unused(plan, settings, state),
    ...old(plan, settings, read, olderThan),
  ]);
  const isGrave = findings.some(({ problem }) => problem === "missing" || problem === "malformed");
  const count = plans.reduce(
    (sum, { system: name }) => sum + currentSecrets(settings, wholePlan(settings, name)).length,
    0,
  );
  if (json) {
    const names = findings.filter(({ problem }) => problem === "missing").map(({ secret }) => secret);
    terminal.json({
      stack,
      secrets: count,
      valuesRead: values && unread === undefined,
      missing: names,
      findings,
    });
    process.exitCode = isGrave ? EXIT.usage : findings.length > 0 ? EXIT.failed : EXIT.ok;
    return;
  }
  if (unread !== undefined) {
    terminal.note(`the values were not looked at: ${unread}`);
  }
  if (findings.length > 0) {
    const lines = findings.map(
      ({ secret, problem, message, fix }) => `\n  ${problem.padEnd(9)} ${secret}: ${message}; ${fix}`,
    );
    const said = `stack ${stack}: ${plural(findings.length, "finding")} in ${plural(count, "secret")}`;
    throw new Failure(`${said}${lines.join("")}`, isGrave ? EXIT.usage : EXIT.failed);
  }
  terminal.out(`stack ${stack}: ${plural(count, "secret")}, nothing missing`);
}

interface Values {
  readonly read: ReadValue;
  /** @default - not read: the deployed generations are unknown */
  readonly state?: RecordedState;
}

const NONE: Values = { read: () => undefined };

/** Decrypts the secrets in config. The values stay in this process. */
async function readValues(stack: string, terminal: ReturnType<typeof openTerminal>): Promise<Values> {
  if (!machineStack(stack) && process.env["PULUMI_BACKEND_URL"] === undefined) {
    throw new Error(`no backend chosen for stack ${stack}; run pulumi login, or set PULUMI_BACKEND_URL`);
  }
  return withConfig(stack, terminal, async (opened) => {
    const held = await readSecrets(opened);
    return { read: (system, name) => held[system]?.[name], state: await readState(opened) };
  });
}

function missing(plan: Plan, settings: StackSettings): Finding[] {
  return missingSecrets(plan, settings).flatMap((name) => {
    const secret = plan.secrets.find((one) => one.name === name);
    return secret && isMadeByUp(secret, settings)
      ? []
      : [
          {
            secret: `${plan.system}.${name}`,
            problem: "missing",
            message: `${notSet(secret)}, and ${secretUsers(plan, name).join(", ")} would not start`,
            fix: `run: ${secretCommand(plan.system, name, secret?.from, settings.stack)}`,
          },
        ];
  });
}

/** Values that the next deployment would generate, although they existed before. Unknown without the state. */
function lost(plan: Plan, settings: StackSettings, state: RecordedState | undefined): Finding[] {
  const generated = missingGenerated([plan], settings).filter((secret) => isMadeByUp(secret, settings));
  return state === undefined || generated.length === 0
    ? []
    : lostProblems(settings.stack, generated, state, settings.secretsSet).map(
        ({ path, message, fix = "" }) => ({
          secret: path.replace(".secrets.", "."),
          problem: "missing",
          message,
          fix,
        }),
      );
}

function malformed(plan: Plan, { stack }: StackSettings, read: ReadValue): Finding[] {
  const { system, secrets } = plan;
  return malformedSecrets(plan, read).flatMap(({ path, message }) =>
    secrets
      .filter(({ name }) => path === `${system}.secrets.${name}`)
      .map((secret) => ({
        secret: `${system}.${secret.name}`,
        problem: "malformed",
        message: message.replace(/^malformed: /, ""),
        fix: renewal(system, secret, stack),
      })),
  );
}

/** The command that renews a secret. The parts of a pair are renewed together. */
function renewal(system: string, { secret, from, value }: PlannedSecret, stack: string): string {
  return from === "generated"
    ? `run: bin/longshore secrets rotate ${system}.${rotationOf({ name: secret, value })} --stack ${stack}`
    : `run: bin/longshore secrets set ${system}.${secret} --stack ${stack}`;
}

/**
 * Unused values in config. The deployed generation, the previous one and later ones are, or may be, in use. Without a
 * record of the deployment, reports no generation as unused.
 */
export function unused(
  { system, secrets }: Plan,
  { secretsSet, stack }: Pick<StackSettings, "secretsSet" | "stack">,
  state: RecordedState | undefined,
): Finding[] {
  const deployed = state && generationsInState(state, system);
  const used = new Set(secrets.map(({ name }) => name));
  return (secretsSet[system] ?? [])
    .filter((name) => {
      const { secret = name, generation = 1 } = parseValueName(name) ?? {};
      const of = secrets.find((one) => one.secret === secret);
      const rotation = of ? rotationOf({ name: secret, value: of.value }) : secret;
      const number = deployed?.kind === "known" ? deployed.numbers[rotation] : undefined;
      const isKept = of !== undefined && (number === undefined || generation >= number - 1);
      return !used.has(name) && !isKept;
    })
    .map((name) => ({
      secret: `${system}.${name}`,
      problem: "unused",
      message: "nothing in this stack gets it",
      fix: `run: pulumi config rm --stack ${stack} --path longshore:secrets.${system}.${name}`,
    }));
}

function old(
  plan: Plan,
  { generations, stack }: StackSettings,
  read: ReadValue,
  olderThan: number,
): Finding[] {
  const { system } = plan;
  const seen = new Set<string>();
  return plan.secrets.flatMap((planned): Finding[] => {
    const { name, secret, value, generation } = planned;
    const rotation = rotationOf({ name: secret, value });
    const { number, since } = generationOf(generations?.[system], rotation);
    if (generation !== number || seen.has(rotation)) {
      return [];
    }
    seen.add(rotation);
    const days = since === undefined ? 0 : daysSince(since);
    const until = value.kind === "tls" ? validUntil(read(system, name) ?? "") : undefined;
    const left = until && Math.ceil((until.getTime() - Date.now()) / DAY_MS);
    const finding = (message: string): Finding => ({
      secret: `${system}.${rotation}`,
      problem: "old",
      message,
      fix: renewal(system, planned, stack),
    });
    return [
      ...(days > olderThan ? [finding(`made ${plural(days, "day")} ago`)] : []),
      ...(left !== undefined && left > 0 && left <= LAST_DAYS
        ? [finding(`the certificate ends in ${plural(left, "day")}`)]
        : []),
    ];
  });
}
