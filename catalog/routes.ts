import type { z } from "zod";
import type { routeOptions } from "./schema/route";

/** Options of a route, which the reverse proxy applies. */
export type RouteOptions = z.input<typeof routeOptions>;
