import assert from "node:assert/strict";
import { describe, it } from "mocha";
import fc from "fast-check";
import { load, loadAll } from "js-yaml";
import { planSystem, type Plan, type PlannedImage } from "../../catalog/plan";
import type { Resolver } from "../../catalog/plan/resolve";
import { checkKubernetesObject } from "../../offline/schemas/kubernetes";
import { renderCompose } from "../../render/compose";
import { renderKubernetes } from "../../render/kubernetes";
import { yamlStream, yamlText } from "../../yaml/write";
import { validSystem } from "../support/arbitrary-system";

const ENVIRONMENTS = ["local", "dev", "test", "staging", "prod"] as const;

const placeholders: Resolver<string> = {
  secret: (name) => `<secret ${name}>`,
  host: (datastore) => `<host of ${datastore}>`,
  text: (parts) => parts.join(""),
};

function imageReference({ name, source }: PlannedImage): string {
  return source.kind === "build" ? `registry.example/${name}:src-0123456789ab` : source.reference;
}

const compose = (plan: Plan) => renderCompose(plan, { project: "p", edgePort: 8080, imageReference });
const kubernetes = (plan: Plan) => renderKubernetes<string>(plan, { resolver: placeholders, imageReference });

describe("any valid system, rendered", () => {
  it("for Compose: the same bytes twice, YAML that reads back, limits and health on every service", () => {
    fc.assert(
      fc.property(validSystem, fc.constantFrom(...ENVIRONMENTS), (definition, environment) => {
        const plan = planSystem(definition, { environment, target: "compose" });
        const { document } = compose(plan);
        const yaml = yamlText(document);
        assert.equal(yamlText(compose(plan).document), yaml);
        assert.deepEqual(load(yaml), JSON.parse(JSON.stringify(document)));
        for (const workload of plan.workloads) {
          const service = document.services[workload.name];
          assert.ok(service, workload.name);
          assert.equal(service.read_only, true);
          assert.ok(service.deploy?.resources?.limits.memory, "memory limit");
          const checked = service.healthcheck !== undefined && "test" in service.healthcheck;
          assert.equal(checked, workload.probes.ready !== undefined);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("for Compose: only the reverse proxy is published beyond loopback, and only where the stack says", () => {
    const address = fc.constantFrom("0.0.0.0", "::", "203.0.113.7", "2001:db8::7", "127.0.0.2");
    fc.assert(
      fc.property(
        validSystem,
        fc.constantFrom(...ENVIRONMENTS),
        fc.uniqueArray(address, { minLength: 1, maxLength: 2 }),
        (definition, environment, addresses) => {
          const monitoring = { scrapeSeconds: 15 };
          const plan = planSystem(definition, {
            environment,
            target: "compose",
            profiles: "all",
            monitoring,
          });
          const { document } = renderCompose(plan, {
            project: "p",
            edgePort: 443,
            edgeAddresses: addresses,
            edgeRedirectPort: 80,
            imageReference,
          });
          for (const [name, { ports = [] }] of Object.entries(document.services)) {
            const hosts = ports.map((one) => one.replace(/:\d+:\d+$/, "").replace(/^\[|\]$/g, ""));
            const allowed = name === "edge" ? addresses : ["127.0.0.1"];
            assert.deepEqual(
              hosts.filter((host) => !allowed.includes(host)),
              [],
              name,
            );
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("for clusters: the same bytes twice, valid objects, no two of one name, secrets in Secrets only", () => {
    fc.assert(
      fc.property(
        validSystem,
        fc.constantFrom(...ENVIRONMENTS),
        fc.constantFrom("kubernetes", "gcp"),
        (definition, environment, target) => {
          const plan = planSystem(definition, { environment, target, domain: "example.com" });
          const objects = kubernetes(plan);
          const yaml = yamlStream(objects);
          assert.equal(yamlStream(kubernetes(plan)), yaml);
          assert.deepEqual(loadAll(yaml), JSON.parse(JSON.stringify(objects)));
          assert.deepEqual(
            objects.flatMap((object) => checkKubernetesObject(object)),
            [],
          );
          const names = objects.map(
            ({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`,
          );
          assert.equal(new Set(names).size, names.length);
          const visible = objects.filter(({ kind }) => kind !== "Secret");
          assert.ok(!JSON.stringify(visible).includes("<secret "), "a secret outside of a Secret");
        },
      ),
      { numRuns: 60 },
    );
  });
});
