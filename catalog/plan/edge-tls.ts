import { generationOf, valueName } from "../generations";
import { secretDefinitions, SELF_SIGNED, TLS_NAMES, tlsParts } from "../secrets";
import type { SecretDefinition, SystemDefinition } from "../types";
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

/** Plans HTTPS for the reverse proxy if the stack enables it. The default is on in staging and prod. */
export function planEdgeTls({ routes }: SystemDefinition, settings: PlanSettings): EdgeTls | undefined {
  const { environment, target, tls = ["staging", "prod"].includes(environment) } = settings;
  if (!tls || target !== "compose" || routes.length === 0) {
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
