import { docker, DockerError, tryDocker } from "./docker";
import type { Document } from "./inputs";

/** Names of the networks that a document shares with other projects. */
export function sharedNetworks({ networks = {} }: Document): string[] {
  return Object.entries(networks).flatMap(([key, network]) =>
    network?.external === true ? [network.name ?? key] : [],
  );
}

let creating: Promise<unknown> = Promise.resolve();

/**
 * Creates missing shared networks. They are internal, so they have no route outside. Creations are serialized, because
 * network names are not unique.
 */
export async function ensureSharedNetworks(document: Document): Promise<void> {
  const make = creating.then(async () => {
    for (const name of sharedNetworks(document)) {
      const { exitCode } = await tryDocker(["network", "inspect", name]);
      if (exitCode !== 0) {
        await create(name);
      }
    }
  });
  creating = make.catch(() => undefined);
  await make;
}

async function create(name: string): Promise<void> {
  try {
    await docker(["network", "create", "--internal", name]);
  } catch (error) {
    // Another process has created the network first.
    if (!(error instanceof DockerError && /already exists/.test(error.message))) {
      throw error;
    }
  }
}

/**
 * Removes shared networks that no container uses. Stopped containers count as users, because they could not start
 * without the network.
 */
export async function removeUnusedNetworks(document: Document): Promise<void> {
  for (const name of sharedNetworks(document)) {
    const { stdout } = await docker(["ps", "--all", "--quiet", "--filter", `network=${name}`]);
    if (stdout.trim() === "") {
      await tryDocker(["network", "rm", name]);
    }
  }
}
