import { compareText } from "../../base/problems";
import type { RouteDefinition, SystemDefinition } from "../types";
import { parseQuantity } from "../../base/quantities";
import type { PlanSettings } from "./settings";
import type { PlannedRoute } from "./types";

/** Methods that other origins may use. */
export const CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
export const CORS_REQUEST_HEADERS = "Authorization, Content-Type, X-Request-Id";

/** Plans the routes of a valid catalog, longest path first. */
export function planRoutes(definition: SystemDefinition, settings: PlanSettings): PlannedRoute[] {
  const services = new Map(definition.services.map((service) => [service.name, service]));
  // Development servers send reload events to the browser over a WebSocket.
  const developed = settings.environment === "dev" && settings.target === "compose";
  return definition.routes
    .map((route): PlannedRoute => {
      const { path, to, rateLimit, bodyLimit, websocket } = route;
      const service = services.get(to.service);
      const origins = corsOrigins(definition, route, settings);
      return {
        path,
        workload: to.service,
        port: service?.ports[to.port] ?? 0,
        ...(rateLimit && {
          rateLimit: {
            requests: rateLimit.requests,
            seconds: rateLimit.per === "1s" ? 1 : 60,
            burst: rateLimit.burst ?? rateLimit.requests,
          },
        }),
        ...(origins.length > 0 && { corsOrigins: origins }),
        ...(bodyLimit !== undefined && { bodyLimit: parseQuantity(bodyLimit) ?? 0 }),
        ...((websocket || (developed && service?.develop)) && { websocket: true }),
      };
    })
    .sort((a, b) => b.path.length - a.path.length || compareText(a.path, b.path));
}

/** Returns the origins that may call a route, from the catalog or the environment's settings. */
export function corsOrigins(
  { settings: defaults }: SystemDefinition,
  { cors }: RouteDefinition,
  settings: Pick<PlanSettings, "settings"> | undefined,
): string[] {
  const origins = cors?.origins ?? "";
  const listed =
    typeof origins === "string"
      ? origins
      : (settings?.settings?.[origins.setting] ??
        defaults.find(({ name }) => name === origins.setting)?.default ??
        "");
  return String(listed)
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}
