import { generationOf, valueName } from "../generations";
import { secretDefinitions, SELF_SIGNED, TLS_NAMES, tlsParts } from "../secrets";
import type { SecretDefinition, SystemDefinition } from "../types";
import type { PlanSettings } from "./settings";
import type { EdgeTls, SecretFile } from "./types";

/** What the certificate of the reverse proxy and its key are called, in the config of every system with routes. */
export const EDGE_TLS = "edge-tls";

/** The certificate of the proxy as if the catalog had declared it. */
export function edgeSecrets(
  { name, routes }: SystemDefinition,
  { domain }: Pick<PlanSettings, "domain"> = {},
): SecretDefinition[] {
  const names = [...(domain === undefined ? [] : [`${name}.${domain}`]), ...TLS_NAMES];
  return routes.length === 0 ? [] : secretDefinitions(EDGE_TLS, { kind: "tls", from: "generated", names });
}

/** With HTTPS where the stack says so; by default where nobody would do without. */
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
    // It reads them again when it is told to.
    live: true,
  });
  return { secretFiles: [file("certificate"), file("key")], strict: !SELF_SIGNED.includes(environment) };
}
