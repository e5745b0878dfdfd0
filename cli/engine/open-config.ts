import { readFileSync } from "node:fs";
import { machineStack } from "../../settings/machine-stacks";
import type { Docker } from "../../tools/docker";
import { ensureInstallation } from "../../tools/installation";
import { dataDir, repoRoot } from "../../tools/paths";
import { bindDaemon } from "../compose/daemon";
import { readDaemon } from "../support/daemon";
import { Failure, usage } from "../support/failure";
import { PROJECT } from "../support/project";
import type { Progress } from "../support/progress";
import { findTools, prepend, type ToolNeeds, type Tools } from "../support/tools";
import { ConfigCopies } from "../config/copies";
import { requireNoProviderChange } from "../config/provider-change";
import { EngineCommand, EngineError } from "./command";
import { localEnvironment, localFiles, prepareLocalFiles, type LocalFiles } from "./local-stack";
import { hasState } from "./locks";

/** What runs of the Pulumi CLI on a stack need. */
export interface OpenConfig {
  readonly stack: string;
  readonly command: EngineCommand;
  readonly workDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** The Docker daemon of a stack on this machine. @default - the stack needs none */
  readonly docker?: Docker;
}

/** Prepares runs of the Pulumi CLI that read or write the config of a stack. */
export async function openConfig(
  stack: string,
  progress: Progress,
  needs: ToolNeeds = {},
  { isRecovery = false }: { readonly isRecovery?: boolean } = {},
): Promise<OpenConfig> {
  if (!isRecovery) {
    requireNoProviderChange(stack);
  }
  const workDir = repoRoot();
  ensureInstallation();
  const daemon = needs.docker === true ? readDaemon(stack) : undefined;
  const tools = await openTools({ ...needs, ...(daemon && { daemon }) }, progress);
  const { command, env: toolsEnv } = tools;
  if (tools.docker) {
    await bindDaemon(stack, tools.docker);
  }
  const env: Record<string, string> = { ...toolsEnv };
  const opened = { stack, command, workDir, env, ...(tools.docker && { docker: tools.docker }) };
  if (!machineStack(stack)) {
    return opened;
  }
  const files = localFiles(dataDir(), workDir, stack);
  prepareLocalFiles(files);
  // A passphrase in the environment would take precedence over the local stack's own.
  delete process.env["PULUMI_CONFIG_PASSPHRASE"];
  Object.assign(env, localEnvironment(files));
  const isNew = !hasState(files.state, PROJECT, stack);
  keepCopy(files, { isRequired: isNew });
  if (isNew) {
    progress.now(`creating the stack ${stack}`);
    await command.run(["stack", "init", stack], { cwd: workDir, env }).catch((error: unknown) => {
      // Another first run has created the stack.
      if (!(error instanceof EngineError && /already exists/.test(error.stderr))) {
        throw error;
      }
    });
  }
  return opened;
}

/**
 * Stores a copy of a settings file that was edited manually. Required before the engine creates the stack, because the
 * engine then writes the file in place. Otherwise optional, because a full disk must not stop read-only commands.
 */
function keepCopy({ stack, settings, folder }: LocalFiles, { isRequired }: { isRequired: boolean }): void {
  try {
    new ConfigCopies(stack, folder).keep(readFileSync(settings, "utf8"));
  } catch (error) {
    if (isRequired) {
      throw error;
    }
  }
}

/** The engine's command, and its environment with the paths of the tools. */
export async function openTools(
  needs: ToolNeeds,
  progress: Progress,
): Promise<Pick<OpenConfig, "command" | "env"> & Pick<Tools, "docker">> {
  const { pulumi, docker } = await findTools(needs, progress);
  const { PATH: dockerPath, ...dockerEnv } = docker?.env ?? {};
  return {
    command: new EngineCommand(pulumi.command, pulumi.version),
    env: {
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...dockerEnv,
      ...(dockerPath !== undefined && { PATH: prepend(dockerPath, process.env["PATH"] ?? "") }),
    },
    ...(docker && { docker }),
  };
}

/** Explains an engine error to the operator, with a remedy. */
export function explain(error: unknown, stack: string): unknown {
  if (!(error instanceof EngineError)) {
    return error;
  }
  if (error.isStackMissing) {
    return usage(
      `stack ${stack} does not exist in this backend; create it with: ` +
        `pulumi stack init ${stack} --secrets-provider gcpkms://projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY`,
    );
  }
  if (error.isLocked) {
    return new Failure(
      `stack ${stack} is being changed by another process; wait, or run: pulumi cancel --stack ${stack}`,
    );
  }
  if (/PULUMI_ACCESS_TOKEN|pulumi login/.test(error.stderr)) {
    return usage(`no backend chosen for stack ${stack}; run pulumi login, or set PULUMI_BACKEND_URL`);
  }
  if (/passphrase/.test(error.stderr) && /incorrect|must be set/.test(error.stderr)) {
    return usage(`the passphrase of stack ${stack} is missing or wrong; set PULUMI_CONFIG_PASSPHRASE_FILE`);
  }
  return error;
}
