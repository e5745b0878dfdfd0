import { LOCAL_STACK } from "../support/project";
import type { Container } from "./docker";

/** How a service without a container is described. */
export const ABSENT = "does not run";
/** How a system that was not brought up is described. */
export const NOT_UP = "not up";
/** Message for a stack without containers. */
export const nothingRuns = (stack: string): string =>
  `nothing runs on stack ${stack}; bring it up with: bin/longshore up${stack === LOCAL_STACK ? "" : ` --stack ${stack}`}`;

/** Health of a container by Docker's last health check, up to one check interval old. */
export function healthOf(
  container: Pick<Container, "kind" | "state" | "health" | "exitCode">,
): "healthy" | "starting" | "unhealthy" {
  if (container.kind === "job") {
    return container.state === "exited" ? (container.exitCode === 0 ? "healthy" : "unhealthy") : "starting";
  }
  if (container.state !== "running") {
    return container.state === "created" || container.state === "restarting" ? "starting" : "unhealthy";
  }
  return container.health === "unhealthy"
    ? "unhealthy"
    : container.health === "starting"
      ? "starting"
      : "healthy";
}
