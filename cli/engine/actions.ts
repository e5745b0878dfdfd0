import type { DownOptions } from "../down";
import type { PreviewOptions } from "../preview";
import { EXIT, Failure } from "../support/failure";
import { LOCAL_STACK } from "../support/project";
import { startProgress, type Progress } from "../support/progress";
import { confirm, openTerminal, type Terminal } from "../support/terminal";
import type { UpOptions } from "../up";
import { conclude, deploy, refuseProtected } from "./deploy";
import { mendAfterKill, openStack, type OpenStack } from "./stack";

/** `longshore up` */
export async function up({
  stack,
  system,
  yes = false,
  refresh = false,
  json = false,
}: UpOptions): Promise<void> {
  const terminal = openTerminal({ json });
  await withStack(stack, terminal, async (opened, progress) => {
    const options = { system, refresh };
    if (stack !== LOCAL_STACK && !yes) {
      const planned = await deploy("preview", opened, terminal, progress, options);
      conclude("preview", opened, planned, terminal);
      await confirm(terminal, `Bring stack ${stack} to this state?`);
    }
    conclude("up", opened, await deploy("up", opened, terminal, progress, options), terminal);
  });
}

/** `longshore preview` */
export async function preview(options: PreviewOptions): Promise<void> {
  if (options.offline) {
    const { previewOffline } = await import("./offline.js");
    return previewOffline(options);
  }
  const { stack, system, refresh = false, expectNoChanges = false, json = false } = options;
  const terminal = openTerminal({ json });
  await withStack(stack, terminal, async (opened, progress) => {
    const result = await deploy("preview", opened, terminal, progress, { system, refresh });
    conclude("preview", opened, result, terminal);
    if (expectNoChanges && result.deployment.changed().length > 0) {
      throw new Failure(`stack ${stack} would change, and no changes were expected`, EXIT.failed);
    }
  });
}

/** `longshore down` */
export async function down({
  stack,
  system,
  yes = false,
  volumes = false,
  json = false,
}: DownOptions): Promise<void> {
  const terminal = openTerminal({ json });
  await withStack(stack, terminal, async (opened, progress) => {
    refuseProtected(opened);
    if (!yes) {
      const what = system.length > 0 ? system.join(", ") : "everything";
      const data = volumes ? " and delete the data" : "; data is kept";
      await confirm(terminal, `Remove ${what} of stack ${stack}${data}?`);
    }
    conclude(
      "destroy",
      opened,
      await deploy("destroy", opened, terminal, progress, { system, volumes }),
      terminal,
    );
  });
}

/** Opens the stack, mends what a killed run left, and takes the spinner away whatever happens. */
async function withStack(
  stack: string,
  terminal: Terminal,
  work: (opened: OpenStack, progress: Progress) => Promise<void>,
): Promise<void> {
  const progress = await startProgress(terminal);
  try {
    progress.now("looking at the stack");
    const opened = await openStack(stack, progress);
    await mendAfterKill(opened, progress);
    await work(opened, progress);
  } finally {
    progress.stop();
  }
}
