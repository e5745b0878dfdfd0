import type { Container } from "./docker";

type Seen = Pick<Container, "system" | "service" | "kind" | "state" | "health" | "exitCode" | "waitsFor">;

/** Describes why a container was created but not started, such as `not started: waits for migrate`. */
export function notStarted(container: Seen, all: readonly Seen[]): string | undefined {
  if (container.state !== "created") {
    return undefined;
  }
  const awaited = container.waitsFor.filter((name) => {
    const own = all.filter(({ system, service }) => system === container.system && service === name);
    return own.length === 0 || !own.some(isReady);
  });
  return awaited.length === 0 ? "not started" : `not started: waits for ${awaited.join(", ")}`;
}

function isReady({ kind, state, health, exitCode }: Seen): boolean {
  return kind === "job"
    ? state === "exited" && exitCode === 0
    : state === "running" && (health === "healthy" || health === "");
}
