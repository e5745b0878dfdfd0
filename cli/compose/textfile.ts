import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MONITORING, NODE } from "../../catalog/plan/monitoring";
import { TEXTFILES } from "../../render/monitoring/textfiles";
import { containersOf, docker, type Engine } from "./docker";

/** Gives the monitoring of a stack metrics as a file that the node exporter reads. Does nothing without monitoring. */
export async function publishMetrics(
  engine: Engine,
  stack: string,
  file: `longshore-${string}.prom`,
  metrics: string,
): Promise<void> {
  const exporters = (await containersOf(engine, stack)).filter(
    ({ system, service }) => system === MONITORING && service === NODE,
  );
  if (exporters.length === 0) {
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "longshore-metrics-"));
  try {
    const path = join(folder, file);
    await writeFile(path, metrics);
    // The exporter has another user.
    await chmod(path, 0o644);
    for (const { id } of exporters) {
      // Works on a stopped container too: the folder is a volume.
      await docker(engine, ["cp", "--quiet", path, `${id}:${TEXTFILES}/${file}`], { detached: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
