import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { before, describe, it } from "mocha";
import type { PlannedProbe, Workload } from "../../../catalog/plan/types";
import { renderCompose } from "../../../render/compose";
import { renderKubernetes } from "../../../render/kubernetes";
import { yamlText } from "../../../yaml/write";
import { useDocker } from "../../support/compose-stack";
import { planOf, textOptions, workload } from "../../support/kubernetes-plan";

/** Text with syntax that Compose and the kubelet expand, and with characters of one to four bytes. */
const text = fc
  .array(fc.constantFrom(...("$$$$(){}ABé語🚢 x-:?'\"\\%".match(/./gu) ?? [])), { maxLength: 8 })
  .map((characters) => characters.join(""));

/** The texts of one workload, in every place for text of a description. */
const texts = fc.record(
  {
    env: fc.record({ A: text, B: text, ZZ: text }, { noNullPrototype: true }),
    command: fc.array(text, { minLength: 1, maxLength: 3 }),
    live: fc.array(text, { minLength: 1, maxLength: 3 }),
    ready: fc.array(text, { minLength: 1, maxLength: 3 }),
  },
  { noNullPrototype: true },
);
type Texts = typeof texts extends fc.Arbitrary<infer T> ? T : never;

function described(name: string, { env, command, live, ready }: Texts): Workload {
  const probe = (words: string[]): PlannedProbe => ({
    check: { kind: "exec", command: words },
    intervalSeconds: 5,
    timeoutSeconds: 5,
    failures: 3,
  });
  return workload(name, {
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    command,
    probes: { startupSeconds: 60, live: probe(live), ready: probe(ready) },
  });
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly args: readonly string[];
  readonly livenessProbe: { readonly exec: { readonly command: readonly string[] } };
  readonly readinessProbe: { readonly exec: { readonly command: readonly string[] } };
}

/**
 * Expands a container as the kubelet does: variables in order, each with the former ones, then arguments and probes.
 */
function runByKubelet({ env, args, livenessProbe, readinessProbe }: Container): Texts {
  const known = new Map<string, string>();
  for (const { name, value } of env) {
    known.set(name, expand(value, known));
  }
  const written = new Map(env.map(({ name, value }) => [name, value]));
  const { A = "", B = "", ZZ = "" } = Object.fromEntries(known);
  return {
    env: { A, B, ZZ },
    command: args.map((one) => expand(one, known)),
    // Probes are expanded with the variables as declared, before their own expansion.
    live: livenessProbe.exec.command.map((one) => expand(one, written)),
    ready: readinessProbe.exec.command.map((one) => expand(one, written)),
  };
}

/** Port of k8s.io/kubernetes/third_party/forked/golang/expansion, byte by byte. */
function expand(input: string, known: ReadonlyMap<string, string>): string {
  const bytes = Buffer.from(input);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const next = bytes[at + 1];
    if (bytes[at] !== 0x24 || next === undefined) {
      out.push(bytes.subarray(at, at + 1));
    } else if (next === 0x24) {
      out.push(Buffer.from("$"));
      at++;
    } else if (next === 0x28) {
      const end = bytes.indexOf(0x29, at + 2);
      const name = bytes.toString("utf8", at + 2, end);
      out.push(Buffer.from(end < 0 ? "$(" : (known.get(name) ?? `$(${name})`)));
      at = end < 0 ? at + 1 : end;
    } else {
      // Go's string(byte) is the character with that code point, so a multi-byte character is corrupted.
      out.push(Buffer.from(`$${String.fromCharCode(next)}`));
      at++;
    }
  }
  return Buffer.concat(out).toString();
}

describe("Text with dollar signs", () => {
  it("reaches the container unchanged through the kubelet's expansion", () => {
    fc.assert(
      fc.property(texts, (one) => {
        const objects = renderKubernetes<string>(planOf([described("app", one)]), textOptions());
        const deployment = objects.find(({ kind }) => kind === "Deployment") ?? assert.fail();
        const spec = deployment.spec as unknown as { template: { spec: { containers: [Container] } } };
        assert.deepEqual(runByKubelet(spec.template.spec.containers[0]), one);
      }),
      { numRuns: 500 },
    );
  });

  it("reaches the container unchanged through Docker Compose", () => {
    const all = fc.sample(texts, 200);
    const workloads = all.map((one, index) => described(`app-${index}`, one));
    const { document } = renderCompose(planOf(workloads, { target: "compose" }), {
      project: "p",
      edgePort: 8080,
      imageReference: () => "x:1",
    });
    const folder = mkdtempSync(join(tmpdir(), "longshore-dollars-"));
    try {
      writeFileSync(join(folder, "compose.yaml"), yamlText(document));
      const args = ["compose", "--file", join(folder, "compose.yaml"), "config", "--format", "json"];
      const output = execFileSync("docker", args, { encoding: "utf8", maxBuffer: 1 << 28 });
      interface Service {
        readonly environment: Record<string, string>;
        readonly command: string[];
        readonly healthcheck: { readonly test: string[] };
      }
      const { services } = JSON.parse(output) as { services: Record<string, Service> };
      // `config` prints a document as valid input, with its dollar signs doubled.
      const single = (one: string) => one.replaceAll("$$", "$");
      const read = all.map((_, index) => {
        const { environment, command, healthcheck } = services[`app-${index}`] ?? assert.fail();
        return {
          env: Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, single(value)])),
          command: command.map(single),
          ready: healthcheck.test.slice(1).map(single),
        };
      });
      assert.deepEqual(
        read,
        all.map(({ env, command, ready }) => ({ env, command, ready })),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(60_000);

  before(async function () {
    this.timeout(300_000);
    await useDocker();
  });
});
