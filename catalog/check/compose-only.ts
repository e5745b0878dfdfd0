import type { Problem } from "../../base/problems";
import type { ServiceDefinition, SystemDefinition } from "../types";

/** Reports service options that no cluster supports. */
export function checkComposeOnly({ services, targets }: SystemDefinition): Problem[] {
  return targets?.length === 1 && targets[0] === "compose" ? [] : services.flatMap(composeOnlyOptions);
}

function composeOnlyOptions({ name, shares, exceptions }: ServiceDefinition): Problem[] {
  const fix = 'give the system { targets: ["compose"] }';
  return [
    ...(shares ? [{ path: `${name}.shares`, message: "only Compose projects can share networks", fix }] : []),
    ...(exceptions.some(({ allow }) => allow === "engine-socket")
      ? [{ path: `${name}.exceptions`, message: "only Compose has a Docker socket", fix }]
      : []),
  ];
}
