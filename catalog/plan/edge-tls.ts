import { generationOf, valueName } from "../generations";
import { secretDefinitions, SELF_SIGNED, TLS_NAMES, tlsParts } from "../secrets";
import type { SecretDefinition, SystemDefinition } from "../types";
import { MONITORING } from "./monitoring";
import type { PlanSettings } from "./settings";
import type { EdgeTls, SecretFile } from "./types";

/** Name of the reverse proxy's certificate and key in the config of every system with routes. */
export const EDGE_TLS = "edge-tls";

/** Returns the secret definitions of the reverse proxy's certificate, as if the catalog had declared them. */
export function edgeSecrets(
  { name, routes }: SystemDefinition,
  { domain }: Pick<PlanSettings, "domain"> = {},
): SecretDefinition[] {
  const names = [...(domain === undefined ? [] : [`${name}.${domain}`]), ...TLS_NAMES];
  return routes.length === 0 ? [] : secretDefinitions(EDGE_TLS, { kind: "tls", from: "generated", names });
}

/**
 * Whether a system on Compose is served with HTTPS: if the stack enables it, and by default in staging and prod.
 * Monitoring never is, because it is published on loopback only: an operator reaches it through an SSH tunnel.
 */
export function servesTls(
  system: string,
  {
    environment,
    tls = ["staging", "prod"].includes(environment),
  }: Pick<PlanSettings, "environment"> & { readonly tls?: boolean | undefined },
): boolean {
  return tls && system !== MONITORING;
}

/** Plans HTTPS for the reverse proxy of a Compose project. */
export function planEdgeTls({ name, routes }: SystemDefinition, settings: PlanSettings): EdgeTls | undefined {
  const { environment, target } = settings;
  if (!servesTls(name, settings) || target !== "compose" || routes.length === 0) {
    return undefined;
  }
  const parts = tlsParts(EDGE_TLS);
  const { number } = generationOf(settings.generations, EDGE_TLS);
  const file = (part: "certificate" | "key"): SecretFile => ({
    name: `tls-${part}`,
    variable: `TLS_${part.toUpperCase()}_FILE`,
    path: `/run/secrets/tls-${part}`,
    value: { late: "secret", secret: valueName(parts[part], number) },
    // nginx reloads the files on a signal.
    live: true,
  });
  return { secretFiles: [file("certificate"), file("key")], strict: !SELF_SIGNED.includes(environment) };
}
