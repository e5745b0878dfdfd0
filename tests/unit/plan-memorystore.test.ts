import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { readSettings } from "../../settings/read";
import { loadStack, planSettings } from "../../settings";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";
import { cachedSystem } from "../support/cached-system";

const GOOGLE = { environment: "prod", target: "gcp" } as const;

function problems(settings: PlanSettings, appendOnly: boolean): string[] {
  return checkSystem(cachedSystem({ appendOnly }), settings).map(
    ({ path, message, fix }) => `${path}: ${message}; ${fix ?? ""}`,
  );
}

const webOf = (settings: PlanSettings, appendOnly = false) => {
  const plan = planSystem(cachedSystem({ appendOnly }), settings);
  const web = plan.workloads.find(({ name }) => name === "web");
  assert.ok(web);
  return { plan, web };
};

describe("Redis on Memorystore", () => {
  it("is what a cache becomes on Google Cloud: no container, a password of Google's, TLS", () => {
    const { plan, web } = webOf(GOOGLE);
    assert.deepEqual(
      plan.workloads.map(({ name }) => name),
      ["web"],
    );
    assert.deepEqual(
      plan.secrets.map(({ name, from }) => [name, from]),
      [
        ["cache-ca", "service"],
        ["cache-password", "service"],
      ],
    );
    const files = new Map(web.secretFiles.map(({ variable, value }) => [variable, value]));
    assert.deepEqual(files.get("REDIS_CA_FILE"), { late: "secret", secret: "cache-ca" });
    assert.deepEqual(files.get("REDIS_URL_FILE"), {
      late: "text",
      parts: [
        "rediss://:",
        { late: "secret", secret: "cache-password", encode: "uri" },
        "@",
        { late: "host", datastore: "cache" },
        ":6378/0",
      ],
    });
    assert.deepEqual(web.connects, [{ to: "datastore", datastore: "cache", port: 6378 }]);
    assert.deepEqual(web.after, []);
  });

  it("stays a container elsewhere, without a certificate's variable", () => {
    for (const target of ["compose", "kubernetes"] as const) {
      const { plan, web } = webOf({ environment: "prod", target });
      assert.ok(plan.workloads.some(({ name, kind }) => name === "cache" && kind === "store"));
      assert.deepEqual(
        web.secretFiles.map(({ variable }) => variable),
        ["REDIS_URL_FILE"],
      );
      assert.deepEqual(web.after, [{ workload: "cache", condition: "healthy" }]);
      assert.deepEqual(
        plan.secrets.map(({ name, from }) => [name, from]),
        [["cache-password", "generated"]],
      );
    }
  });

  it("stays a container where every write must be kept, unless an operator accepts snapshots", () => {
    assert.ok(webOf(GOOGLE, true).plan.workloads.some(({ name }) => name === "cache"));
    const managed = { ...GOOGLE, datastores: { cache: { kind: "memorystore" } } } as const;
    assert.deepEqual(problems(managed, true), [
      "cached.datastores.cache.kind: Memorystore keeps a snapshot of every hour, and the system asks for every " +
        "write on disk; use kind: container, or accept it with persistence: snapshots",
    ]);
    const cache = { kind: "memorystore", persistence: "snapshots" } as const;
    assert.deepEqual(problems({ ...GOOGLE, datastores: { cache } }, true), []);
  });

  it("is refused where there is none", () => {
    const settings = {
      environment: "prod",
      target: "kubernetes",
      datastores: { cache: { kind: "memorystore" } },
    };
    assert.deepEqual(problems(settings as PlanSettings, false), [
      "cached.datastores.cache.kind: the target kubernetes has no Memorystore; use kind: container",
    ]);
  });

  it("is chosen, and made larger than one zone, by the stack's settings", () => {
    const values = {
      domain: "example.com",
      gcp: { project: "example-prod" },
      cached: { datastores: { cache: { highAvailability: false } } },
    };
    const definition = cachedSystem();
    const settings = readSettings({ stack: "prod", values, source: "x" }, { cached: definition });
    const [cache] = planSystem(definition, planSettings(settings, "cached")).datastores;
    assert.equal(cache?.kind, "memorystore");
    assert.equal(cache.highAvailability, false);
  });

  it("is Imaging's cache in staging and prod, and keeps no data that must survive", () => {
    for (const stack of ["staging", "prod"]) {
      const settings = loadStack(repoRoot(), stack, systems);
      const managed = settings.systems.flatMap((name) =>
        planSystem(systems[name] ?? assert.fail(name), planSettings(settings, name)).datastores.flatMap(
          ({ name: store, kind, engine }) => (engine === "redis" ? [`${name}/${store}: ${kind}`] : []),
        ),
      );
      assert.deepEqual(managed, [
        "imaging/cache: memorystore",
        "neurascale/redis: container",
        "nexus/state: container",
      ]);
    }
  });
});
