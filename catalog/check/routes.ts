import { corsOrigins } from "../plan/routes";
import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../problems";
import type { RouteDefinition, SystemDefinition } from "../types";

/** What a browser sends as Origin: a scheme, a host, a port, and nothing behind it. */
const ORIGIN = /^https?:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** What the proxy is asked to do with a route, and what the target's proxy cannot do. */
export function checkRoutes(definition: SystemDefinition, settings?: PlanSettings): Problem[] {
  return definition.routes.flatMap((route) => {
    const path = `routes.${route.path}`;
    return checkCors(`${path}.cors`, definition, route, settings);
  });
}

function checkCors(
  path: string,
  definition: SystemDefinition,
  route: RouteDefinition,
  settings: PlanSettings | undefined,
): Problem[] {
  const origins = corsOrigins(definition, route, settings);
  const problems = origins
    .filter((origin) => origin !== "*" && !ORIGIN.test(origin))
    .map((origin) => ({
      path: `${path}.origins`,
      message: `expected * or an origin such as https://app.example.com, got ${JSON.stringify(origin)}`,
      fix: "write scheme, host and port only, in lower case",
    }));
  return origins.length > 0 && settings?.target === "gcp"
    ? [
        ...problems,
        {
          path: `${path}.origins`,
          message: `Google's load balancer behind an Ingress cannot answer for other origins (${origins.join(", ")})`,
          fix: "leave it empty here, and let the service answer them",
        },
      ]
    : problems;
}
