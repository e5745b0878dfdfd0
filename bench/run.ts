import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { KubernetesObject } from "../render/kubernetes";
import { render } from "./longshore";
import { cdk8s, helm, longshore, type Tool } from "./peers";

const ROUNDS = 5;
const SIZES = [10, 100, 1_000, 5_000];

interface Cost {
  /** Seconds from start to end. */
  readonly wall: number;
  /** Seconds of all processors, which a busy machine changes less. */
  readonly cpu: number;
}

/** Renders the same objects with each tool as a whole process and prints what it took. */
function main(): void {
  const folder = mkdtempSync(join(tmpdir(), "longshore-bench-"));
  try {
    const found = [longshore(), helm(), cdk8s()];
    const tools = found.filter((tool) => typeof tool !== "string");
    found
      .filter((tool) => typeof tool === "string")
      .forEach((reason) => {
        say(`left out: ${reason}`);
      });
    compareOutputs(tools, folder);
    const load = loadavg()[0]?.toFixed(1) ?? "?";
    say(`${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}, load ${load}\n`);
    say(`| services | ${tools.map(({ name }) => name).join(" | ")} |`);
    say(`|---|${tools.map(() => "---").join("|")}|`);
    for (const size of SIZES) {
      const costs = measure(tools, size, folder);
      const ours = middle(costs[0] ?? []);
      const cells = costs.map((all, index) => {
        const { wall, cpu } = middle(all);
        const ratio = index === 0 ? "" : `; ${(ours.wall / wall).toFixed(2)}, ${(ours.cpu / cpu).toFixed(2)}`;
        return `${wall.toFixed(2)} s, ${cpu.toFixed(2)} s${ratio}`;
      });
      say(`| ${size} | ${cells.join(" | ")} |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The tools take turns, so that a busy moment of the machine hits all of them. */
function measure(tools: readonly Tool[], services: number, folder: string): Cost[][] {
  const values = writeValues(services, folder);
  const costs = tools.map((): Cost[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    tools.forEach((tool, index) =>
      costs[index]?.push(runOnce(tool, services, values, join(folder, "out.yaml"))),
    );
  }
  return costs;
}

function runOnce(tool: Tool, services: number, values: string, file: string): Cost {
  // The shell's `times` is the portable way to a child's processor time: its second line is that of children.
  const command = ["-c", '"$@" > /dev/null && times', "sh", ...tool.command(services, values, file)];
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync("sh", command, {
    encoding: "utf8",
    ...(tool.env && { env: tool.env }),
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) {
    throw new Error(`${tool.name} failed: ${stderr}`);
  }
  const times = [...(stdout.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  return {
    wall,
    cpu: times.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0),
  };
}

/** A comparison is only worth something when all make the same objects. */
function compareOutputs(tools: readonly Tool[], folder: string): void {
  const values = writeValues(12, folder);
  // Only Longshore derives an admission policy; its time is in Longshore's figures.
  const expected = byIdentity(render(12).filter(({ kind }) => !kind.startsWith("ValidatingAdmissionPolicy")));
  for (const tool of tools) {
    const file = join(folder, `${tool.name.replace(" ", "-")}.yaml`);
    runOnce(tool, 12, values, file);
    const found = readObjects(file).filter(({ kind }) => !kind.startsWith("ValidatingAdmissionPolicy"));
    assert.deepEqual(byIdentity(found), expected, `${tool.name} renders other objects`);
  }
}

function readObjects(file: string): KubernetesObject<string>[] {
  const files = existsSync(file) ? [file] : readdirSync(`${file}.d`).map((name) => join(`${file}.d`, name));
  return files.flatMap((one) => loadAll(readFileSync(one, "utf8")) as KubernetesObject<string>[]);
}

function byIdentity(objects: readonly KubernetesObject<string>[]) {
  const entries = objects.map((object): [string, unknown] => [
    `${object.kind}/${object.metadata.name}`,
    object,
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Input of the peers: calls between services and the quota, which only Longshore derives. */
function writeValues(services: number, folder: string): string {
  const objects = render(services);
  const deployments = objects
    .filter(({ kind }) => kind === "Deployment")
    .map(({ metadata }) => metadata.name)
    .sort();
  const upstreams = new Map(
    deployments.map((name, index) => [name, index % 10 === 0 ? undefined : deployments[index - 1]]),
  );
  const clients = new Map([...upstreams].map(([name, upstream]) => [upstream, name]));
  const quota = objects.find(({ kind }) => kind === "ResourceQuota")?.spec as unknown as { hard: unknown };
  const file = join(folder, `values-${services}.json`);
  const values = {
    logLevel: "info",
    resources: {
      requests: { cpu: "100m", memory: "128Mi", "ephemeral-storage": "256Mi" },
      limits: { cpu: "1", memory: "256Mi", "ephemeral-storage": "256Mi" },
    },
    quota: quota.hard,
    services: deployments.map((name) => ({
      name,
      upstream: upstreams.get(name) ?? null,
      client: clients.get(name) ?? null,
      edge: name === deployments.at(-1),
    })),
  };
  writeFileSync(file, JSON.stringify(values));
  return file;
}

/** The medians, each by itself. */
function middle(costs: readonly Cost[]): Cost {
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  return { wall: median(costs.map(({ wall }) => wall)), cpu: median(costs.map(({ cpu }) => cpu)) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main();
