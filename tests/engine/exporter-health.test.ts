import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { planSystem, type PlannedImage, type Workload } from "../../catalog/plan";
import { probeCommand } from "../../render/compose/healthcheck";
import { systems } from "../../stacks";
import { useDocker } from "../support/compose-stack";

interface ExporterImage {
  readonly image: PlannedImage;
  readonly workload: Workload;
}

/** Returns each exporter of the systems once. Exporters with equal image and command behave alike. */
function exporters(): Map<string, ExporterImage> {
  const found = new Map<string, ExporterImage>();
  for (const definition of Object.values(systems)) {
    const { images, workloads } = planSystem(definition, {
      environment: "prod",
      target: "compose",
      monitoring: { scrapeSeconds: 15 },
      secretsSet: definition.secrets.map(({ name }) => name),
    });
    for (const workload of workloads.filter(({ name }) => name.endsWith("-exporter"))) {
      const image = images.find(({ name }) => name === workload.image) ?? assert.fail(workload.name);
      const program = image.source.kind === "upstream" ? image.source.reference : workload.command?.join(" ");
      found.set(program ?? workload.name, { image, workload });
    }
  }
  return found;
}

const root = join(__dirname, "..", "..");
const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).trim();

describe("The liveness probe of an exporter", function () {
  this.timeout(300_000);
  const started: string[] = [];
  const all = exporters();
  const upstream = [...all.values()].flatMap(({ image: { source } }) =>
    source.kind === "upstream" ? [source.reference] : [],
  );
  before(() => useDocker(upstream));
  after(() => {
    spawnSync("docker", ["rm", "--force", ...started]);
  });

  it("covers the exporters of PostgreSQL, Redis, Kafka and the reverse proxy", () => {
    assert.deepEqual([...all.keys()].map((key) => key.replace(/:.*/, "")).sort(), [
      "nginx/nginx-prometheus-exporter",
      "oliver006/redis_exporter",
      "prometheuscommunity/postgres-exporter",
      "python -m exporters.kafka",
    ]);
  });

  for (const [program, { image, workload }] of all) {
    const { live } = workload.probes;
    it(
      live
        ? `succeeds in a container of ${program} whose datastore is down`
        : `is absent where the image has no client: ${program}`,
      async () => {
        if (!live) {
          assert.equal(image.runtime, "none");
          return;
        }
        const container = start(image, workload);
        const [, ...command] = probeCommand(live, image.runtime);
        const deadline = Date.now() + 60_000;
        for (;;) {
          const { status, stderr } = spawnSync("docker", ["exec", container, ...command], {
            encoding: "utf8",
          });
          if (status === 0) {
            return;
          }
          assert.ok(Date.now() < deadline, `${stderr}${docker("logs", container)}`);
          await sleep(250);
        }
      },
    );
  }

  function start({ source }: PlannedImage, { command = [], env }: Workload): string {
    const variables = env.flatMap(({ name, value }) =>
      typeof value === "string" ? ["--env", `${name}=${value}`] : [],
    );
    const container = docker("run", "--detach", ...variables, imageOf(source), ...command);
    started.push(container);
    return container;
  }

  function imageOf(source: PlannedImage["source"]): string {
    if (source.kind === "upstream") {
      return source.reference;
    }
    const contexts = Object.entries(source.contexts ?? {}).flatMap(([name, named]) =>
      named.kind === "folder" ? ["--build-context", `${name}=${join(root, named.path)}`] : [],
    );
    const options = ["--quiet", "--build-arg", "SKIP_TESTS=1", ...contexts];
    return docker("build", ...options, join(root, source.context));
  }
});
