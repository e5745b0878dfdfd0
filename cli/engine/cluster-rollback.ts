import { spawn } from "node:child_process";
import { join } from "node:path";
import { EXIT, Failure, usage } from "../support/failure";
import { onEndSignals } from "../support/interrupts";
import { commitOf, describeCommit, withCommit } from "../support/other-commit";
import type { JsonOption, StackOption, SystemOption } from "../support/options";
import { startProgress } from "../support/progress";
import { heldDescriptors, lockEnvironment } from "../support/stack-lock";
import { confirm, openTerminal } from "../support/terminal";
import { commitBefore, historyOf, type DeployedCommit } from "./deployments";
import { keepSecrets } from "../secrets/kept";
import { explain, openConfig, type OpenConfig } from "./open-config";

export interface ClusterRollbackOptions extends StackOption, SystemOption, JsonOption {
  /** Whether to deploy without asking. @default false */
  readonly yes?: boolean;
}

/** Runs `longshore rollback` for a stack on a cluster: deploys the previously deployed commit again. */
export async function rollbackCluster({
  stack,
  system,
  yes = false,
  json = false,
}: ClusterRollbackOptions): Promise<void> {
  const terminal = openTerminal({ json });
  const progress = await startProgress(terminal);
  let found: DeployedCommit;
  try {
    progress.now("looking at what was deployed");
    found = await commitToGoBackTo(await openConfig(stack, progress));
  } finally {
    progress.stop();
  }
  const what = system.length > 0 ? `${system.join(", ")} of stack ${stack}` : `stack ${stack}`;
  terminal.note(
    `back to ${describeCommit(found.commit)} (deployed ${found.at}); databases and secrets stay as they are`,
  );
  if (!yes) {
    await confirm(terminal, `Deploy it on ${what}?`);
  }
  // Keeps current secrets, because rotated values must not become valid again.
  const code = await deployCommit(found.commit, { stack, system, json, keepSecrets: true });
  if (code !== 0) {
    throw new Failure(`the rollback to ${found.commit.slice(0, 7)} failed`, EXIT.failed);
  }
}

/** Finds the commit to roll back to. @throws Failure if there is none, or this clone does not contain it */
export async function commitToGoBackTo(opened: OpenConfig): Promise<DeployedCommit> {
  const history = await historyOf(opened).catch((error: unknown) => {
    throw explain(error, opened.stack);
  });
  const found = commitBefore(history);
  if (!found) {
    throw usage(
      `stack ${opened.stack}: no earlier deployment of a whole commit is known (\`pulumi stack history --stack ${opened.stack}\`)`,
    );
  }
  if (commitOf(found.commit) === undefined) {
    throw usage(
      `commit ${found.commit}, deployed on ${opened.stack} at ${found.at}, is not in this clone; fetch it: git fetch --unshallow`,
    );
  }
  return found;
}

export interface CommitDeployment {
  readonly stack: string;
  readonly system: readonly string[];
  readonly json: boolean;
  /** Whether the commit is deployed with the current secrets. @default false - with the secrets of that commit */
  readonly keepSecrets?: boolean;
}

/** Runs `up` of another commit, with its own code and settings. Connects its output to this process. */
export function deployCommit(
  commit: string,
  { stack, system, json, keepSecrets: keeps = false }: CommitDeployment,
): Promise<number> {
  return withCommit(commit, (folder) => {
    if (keeps) {
      keepSecrets(folder, stack);
    }
    return new Promise((resolve, reject) => {
      const args = ["up", "--stack", stack, "--yes", ...system.flatMap((name) => ["--system", name])];
      const child = spawn(join(folder, "bin", "longshore"), [...args, ...(json ? ["--json"] : [])], {
        cwd: folder,
        // The deployment is part of this command and runs under its lock.
        env: { ...process.env, ...lockEnvironment(stack) },
        stdio: ["inherit", "inherit", "inherit", ...heldDescriptors()],
      });
      // The terminal also sends Ctrl-C to the child; other signals reach only this process and are forwarded.
      const release = onEndSignals((signal) => {
        if (signal !== "SIGINT") {
          child.kill(signal);
        }
      });
      child.on("error", reject);
      child.on("close", (code) => {
        release();
        resolve(code ?? EXIT.failed);
      });
    });
  });
}

/**
 * After a failed deployment, deploys the last commit that succeeded.
 * @returns the failure to report
 */
export async function rollbackAfter(
  failure: unknown,
  opened: OpenConfig,
  system: readonly string[],
): Promise<unknown> {
  const said = failure instanceof Error ? failure.message : String(failure);
  const { note } = openTerminal();
  let found: DeployedCommit;
  try {
    found = await commitToGoBackTo(opened);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return new Failure(`${said}; there is nothing to roll back to: ${why}`, EXIT.failed, { cause: failure });
  }
  note(`${said}; rolling back to ${describeCommit(found.commit)}`);
  const code = await deployCommit(found.commit, { stack: opened.stack, system, json: false });
  const commit = found.commit.slice(0, 7);
  return new Failure(
    code === 0
      ? `${said}; stack ${opened.stack} runs ${commit} again`
      : `${said}, and so did the rollback to ${commit}; fix both, then: bin/longshore up --stack ${opened.stack}`,
    EXIT.failed,
    { cause: failure },
  );
}
