import type { z } from "zod";
import type { routeOptions } from "./schema/route";

/** What the reverse proxy does with a route's requests. */
export type RouteOptions = z.input<typeof routeOptions>;
