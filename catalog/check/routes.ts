import { corsOrigins } from "../plan/routes";
import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import { show } from "../schema/show";
import { isTls } from "../tls-ports";
import type { RouteDefinition, SystemDefinition } from "../types";

/** A decoded path that needs no escaping in a proxy configuration. */
const SAFE_PATH = /^\/[^\s;{}"'\\$?#\p{Cc}]*$/u;

/** The Origin header of a browser: scheme, host and optional port. */
const ORIGIN = /^https?:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** Checks the options of routes and whether the target's proxy supports them. */
export function checkRoutes(definition: SystemDefinition, settings?: PlanSettings): Problem[] {
  return [
    ...checkPaths(definition),
    ...definition.routes.flatMap((route) => {
      const path = `routes.${route.path}`;
      return checkCors(`${path}.cors`, definition, route, settings);
    }),
  ];
}

/** Compares paths as a proxy does: decoded and without a trailing slash. Each path may occur once. */
function checkPaths({ routes }: SystemDefinition): Problem[] {
  const holders = new Map<string, string>();
  return routes.flatMap(({ path, to }): Problem[] => {
    const where = `routes.${path}`;
    if (isTls(to.port)) {
      return [
        {
          path: where,
          message: `the proxy sends plain HTTP, and ${to.service}.${to.port} serves TLS`,
          fix: "route to a port without TLS; the proxy serves HTTPS to clients",
        },
      ];
    }
    const decoded = decodedPath(path);
    if (decoded === undefined) {
      return [
        {
          path: where,
          message: `expected % and two hexadecimal digits, got ${show(path)}`,
          fix: "write %25 for %",
        },
      ];
    }
    if (!SAFE_PATH.test(decoded)) {
      return [{ path: where, message: "expected a path prefix that starts with / and has no ? or #" }];
    }
    const compared = decoded.replace(/\/+$/, "") || "/";
    const holder = holders.get(compared);
    holders.set(compared, path);
    return holder === undefined
      ? []
      : [
          {
            path: where,
            message:
              holder === path ? "two routes have this path" : `is the same path as the route ${show(holder)}`,
            fix: "remove one of them",
          },
        ];
  });
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
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
