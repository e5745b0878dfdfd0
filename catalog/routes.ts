import { absent, isPresent } from "./containers";
import { unknownOptions, type Keys } from "./options";
import type { Problem } from "./problems";
import type { EndpointReference } from "./references";
import type { RateLimit, RouteDefinition } from "./types";

/** What the proxy before the system does with a route's requests. */
export type RouteOptions = Omit<RouteDefinition, "path" | "to">;

const ROUTE_KEYS: Keys<RouteOptions> = { rateLimit: true, cors: true, bodyLimit: true, websocket: true };
const RATE_LIMIT_KEYS: Keys<RateLimit> = { requests: true, per: true, burst: true };
const CORS_KEYS: Keys<NonNullable<RouteOptions["cors"]>> = { origins: true };

/** What is misspelt or missing. */
export function routeMistakes(path: string, to: EndpointReference, options: RouteOptions): Problem[] {
  const { rateLimit, cors } = options;
  return [
    ...(isPresent(to) ? [] : [absent(`routes.${path}`, "a port of a service, such as api.http")]),
    ...unknownOptions(`routes.${path}`, options, ROUTE_KEYS),
    ...(rateLimit ? unknownOptions(`routes.${path}.rateLimit`, rateLimit, RATE_LIMIT_KEYS) : []),
    ...(cors ? unknownOptions(`routes.${path}.cors`, cors, CORS_KEYS) : []),
    ...(cors && !isPresent(cors.origins) ? [absent(`routes.${path}.cors.origins`, "text or a setting")] : []),
  ];
}

/** The route without what `routeMistakes` has complained about, so that the other checks can go on. */
export function routeDefinitions(
  path: string,
  to: EndpointReference,
  { cors, ...options }: RouteOptions,
): RouteDefinition[] {
  return isPresent(to) ? [{ path, to, ...options, ...(cors && isPresent(cors.origins) && { cors }) }] : [];
}
