import { X509Certificate } from "node:crypto";
import { EDGE } from "../../render/compose/edge";
import { CERTIFICATE_END } from "../../render/monitoring/textfiles";
import type { Terminal } from "../support/terminal";
import { containersOf, docker, type Engine } from "./docker";
import { publishMetrics } from "./textfile";

/** A certificate that a reverse proxy has, in PEM. */
export interface ServedCertificate {
  readonly system: string;
  readonly certificate: string;
}

/** Returns the metrics of certificates. Those that cannot be parsed have none. */
export function certificateMetrics(served: readonly ServedCertificate[]): string {
  const samples = served.flatMap(({ system, certificate }) => {
    const end = endOf(certificate);
    return end === undefined ? [] : [`${CERTIFICATE_END}{system="${system}",service="${EDGE}"} ${end}`];
  });
  return [
    `# HELP ${CERTIFICATE_END} Time from which the certificate is no longer valid.`,
    `# TYPE ${CERTIFICATE_END} gauge`,
    ...samples,
    "",
  ].join("\n");
}

function endOf(certificate: string): number | undefined {
  try {
    return Math.floor(Date.parse(new X509Certificate(certificate).validTo) / 1000);
  } catch {
    return undefined;
  }
}

/**
 * Gives the monitoring of a stack the expiry of the certificates that its reverse proxies have. A failure must not fail
 * the deployment, which is complete.
 */
export async function publishCertificates(engine: Engine, stack: string, terminal: Terminal): Promise<void> {
  try {
    const edges = (await containersOf(engine, stack)).filter(
      ({ kind, scheme, state }) => kind === EDGE && scheme === "https" && state === "running",
    );
    const served = await Promise.all(
      edges.map(async ({ id, system }) => ({
        system,
        certificate: await docker(engine, ["exec", id, "cat", "/run/secrets/tls-certificate"]),
      })),
    );
    await publishMetrics(engine, stack, "longshore-certificates.prom", certificateMetrics(served));
  } catch (error) {
    terminal.note(
      `warning: the monitoring does not show when certificates expire: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
