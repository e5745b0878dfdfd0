import { ProviderChangeFolder } from "../config/provider-change";
import { machineStack } from "../../settings/machine-stacks";
import type { Finding, Recoverer, RecoveryContext } from "./types";

/**
 * Recoverer that completes an interrupted change of the secrets provider, or removes the files of one that had not
 * started to switch.
 */
export function providerChange({ stack, open }: RecoveryContext): Recoverer {
  return {
    find: () => Promise.resolve(findIn(new ProviderChangeFolder(stack), stack, open)),
  };
}

function findIn(folder: ProviderChangeFolder, stack: string, open: RecoveryContext["open"]): Finding[] {
  const change = folder.unfinished();
  if (change !== undefined) {
    const { provider, since } = change;
    const hint =
      provider === "passphrase" && !machineStack(stack)
        ? "; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the new passphrase first"
        : "";
    return [
      {
        id: "secrets-provider",
        title: `The change of the secrets provider to ${provider} was interrupted`,
        detail: `Since ${since}. State and stack file may be encrypted differently; other commands refuse until it is completed${hint}.`,
        action: `complete the change with the verified files in ${folder.path}`,
        apply: async () => {
          const { importInto } = await import("../secrets/import-state.js");
          await folder.complete(importInto(await open()));
        },
      },
    ];
  }
  return folder.hasRemains()
    ? [
        {
          id: "secrets-provider",
          title: "A change of the secrets provider was interrupted before it switched anything",
          detail: `State and stack file are encrypted as before; ${folder.path} holds unused files.`,
          action: "remove the unused files",
          apply: () => {
            folder.discard();
            return Promise.resolve();
          },
        },
      ]
    : [];
}
