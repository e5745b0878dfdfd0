import { MONITORING } from "../../catalog/plan/monitoring";
import { composeProjectName } from "../../tools/compose-project-name";

/** Name of a network that the systems of a stack share: that of a network of the stack's monitoring project. */
export function sharedNetworkName(name: string, stack: string): string {
  return `${composeProjectName(MONITORING, stack)}_${name}`;
}
