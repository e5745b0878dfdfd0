import assert from "node:assert/strict";
import * as gcp from "@pulumi/gcp";
import * as kubernetes from "@pulumi/kubernetes";
import { GkeCluster } from "../../components/cluster";
import { Network } from "../../components/network";
import { cachedSystem } from "../support/cached-system";
import { CloudStack, OPENAI_KEY } from "../support/cloud-stack";

/** API that serves the resources of a module of the provider. */
const API_OF: Readonly<Record<string, string>> = {
  artifactregistry: "artifactregistry",
  compute: "compute",
  container: "container",
  logging: "logging",
  managedkafka: "managedkafka",
  monitoring: "monitoring",
  projects: "cloudresourcemanager",
  redis: "redis",
  serviceaccount: "iam",
  servicenetworking: "servicenetworking",
  sql: "sqladmin",
  storage: "storage",
};

/** APIs that a service calls in turn, by type of resource. */
const CALLED: Readonly<Record<string, readonly string[]>> = {
  // Without it, `vulnerabilityScanningConfig` scans nothing.
  "gcp:artifactregistry/repository:Repository": ["containerscanning"],
  "gcp:container/cluster:Cluster": ["compute", "iamcredentials"],
  "gcp:managedkafka/cluster:Cluster": ["compute", "dns"],
};

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

describe("Google Cloud over offline providers", function () {
  this.timeout(240_000);

  describe("planned", () => {
    let stack: CloudStack;
    before(async () => {
      stack = await CloudStack.open({ allowApply: false });
    });
    after(() => stack.close());

    it("previews all that prod needs", async () => {
      const { changes, errors, failed } = await stack.preview();
      assert.deepEqual(errors, []);
      assert.equal(failed, false);
      for (const name of [
        "registry-images",
        "todo-backend-build",
        "network-vpc",
        "cluster-gke",
        "todo-db-instance",
        "todo-backend-secrets",
        "todo-namespace",
        "todo-migrate-job",
        "todo-backend-deployment",
        "todo-frontend-service",
        "todo-ingress",
        "todo-managed-certificate",
        "todo-backend-horizontal-pod-autoscaler",
        "todo-backend-pod-disruption-budget",
        "todo-backend-network-policy",
      ]) {
        assert.ok(changes.includes(`create ${name}`), `${name} is not planned: ${changes.join(", ")}`);
      }
    });

    it("previews a standard cluster with its own node pools", async () => {
      const { changes, errors } = await stack.preview({ values: { cluster: { mode: "standard" } } });
      assert.deepEqual(errors, []);
      assert.ok(changes.includes("create cluster-pool-general"));
      const pools = { all: {}, gpu: { gpu: { type: "nvidia-l4" }, zones: ["us-central1-a"] } };
      const named = await stack.preview({ values: { cluster: { mode: "standard", pools } } });
      assert.deepEqual(named.errors, []);
      assert.deepEqual(
        named.changes.filter((change) => change.includes("cluster-pool")),
        ["create cluster-pool-all", "create cluster-pool-gpu"],
      );
    });

    it("refuses what Cloud SQL would refuse, and says why", async () => {
      const { errors, failed } = await stack.preview({
        values: { todo: { datastores: { db: { tier: "db-custom-3-1000" } } } },
      });
      assert.equal(failed, true);
      assert.match(errors.join("\n"), /expected 1 CPU or an even number up to 96, got 3/);
      assert.match(errors.join("\n"), /settings\.tier/);
    });

    it("refuses a place that does not exist", async () => {
      const { errors } = await stack.preview({
        values: { gcp: { project: "example-prod", region: "us-centrall1" } },
      });
      assert.match(errors.join("\n"), /did you mean us-central1\?/);
    });

    it("checks Kubernetes objects of a cluster that does not exist yet", async () => {
      const { errors } = await stack.previewProgram(() => {
        const place = { project: "example-prod", region: "us-central1" };
        const opts = { providers: [new gcp.Provider("google", place)] };
        const network = new Network("network", place, opts);
        const { provider } = new GkeCluster("cluster", { ...place, network }, opts);
        const spec = { type: "ClusterIPP", ports: [{ port: 80 }] };
        new kubernetes.core.v1.Service("web", { spec }, { provider });
        return Promise.resolve();
      });
      assert.match(errors.join("\n"), /spec\.type/);
      assert.match(errors.join("\n"), /ClusterIPP/);
    });

    it("checks added resources against all policies and reports every violation", async () => {
      const { errors, failed } = await stack.previewProgram(() => {
        const place = { project: "example-prod", region: "us-central1" };
        const google = new gcp.Provider("google", place);
        const opts = { providers: [google] };
        const settings = { tier: "db-f1-micro", ipConfiguration: { ipv4Enabled: true } };
        const database = { databaseVersion: "POSTGRES_17", region: place.region, settings };
        new gcp.sql.DatabaseInstance("open", database, { provider: google });
        const network = new Network("network", place, opts);
        const { provider } = new GkeCluster("cluster", { ...place, network }, opts);
        const container = { name: "web", image: "nginx", env: [{ name: "API_TOKEN", value: "plain" }] };
        const spec = { restartPolicy: "Never", containers: [container] };
        new kubernetes.core.v1.Pod("web", { metadata: { name: "web" }, spec }, { provider });
        return Promise.resolve();
      });
      assert.equal(failed, true);
      for (const expected of [
        /^database-private: [^]*ipv4Enabled: expected false, got true/,
        /^image-pinned: [^]*spec\.containers\.web\.image: expected a digest .*got "nginx"/,
        /^container-limits: [^]*resources\.limits\.memory/,
        /^no-secret-in-plain-text: [^]*env\.API_TOKEN: expected a reference/,
      ]) {
        assert.ok(
          errors.some((error) => expected.test(error)),
          `${String(expected)} not in\n${errors.join("\n")}`,
        );
      }
      assert.ok(!errors.join("\n").includes("plain\n"), "the value of a secret is repeated");
    });

    it("refuses another target", async () => {
      const { errors } = await stack.preview({ values: { target: "kubernetes" } });
      assert.match(errors.join("\n"), /target: expected gcp, got kubernetes/);
    });

    it("refuses to apply, in one sentence", async () => {
      const { errors, failed } = await stack.up();
      assert.equal(failed, true);
      assert.match(errors.join("\n"), /only plans: it cannot create .*Run the command without --offline/);
    });
  });

  describe("followed through its life", () => {
    let stack: CloudStack;
    before(async () => {
      stack = await CloudStack.open({ allowApply: true });
    });
    after(() => stack.close());

    it("comes up from nothing", async () => {
      const { errors, failed } = await stack.up();
      assert.deepEqual(errors, []);
      assert.equal(failed, false);
    });

    it("starts nothing before what it needs", async () => {
      const resources = await stack.resources();
      const needs = (name: string, ...wanted: string[]): void => {
        const dependencies =
          resources.find(({ urn }) => nameOf(urn) === name)?.dependencies?.map(nameOf) ?? [];
        const missing = wanted.filter((one) => !dependencies.includes(one));
        assert.deepEqual(missing, [], `${name} depends on ${dependencies.join(", ")}`);
      };
      needs("todo-db-roles-job", "todo-db-database", "todo-db-admin", "todo-db-roles-network-policy");
      needs("todo-migrate-job", "todo-db-roles-job", "todo-migrate-secrets");
      needs("todo-backend-deployment", "todo-migrate-job", "todo-backend-build", "todo-backend-secrets");
      needs("todo-ingress", "todo-backend-service", "todo-managed-certificate", "todo-frontend-config");
      // A webhook checks them, whose pods run once the cluster has nodes.
      needs("todo-backend-pod-monitoring", "todo-backend-deployment");
      needs("cluster-rules", "todo-backend-deployment");
      needs("use-rules", "todo-backend-deployment");
      needs("cluster-gke", "network-nat", "cluster-nodes-role", "registry-cluster-nodes-pull");
    });

    it("enables the API of every resource before the resource", async () => {
      const resources = await stack.resources();
      const byUrn = new Map(resources.map((one) => [one.urn, one]));
      const reached = (urn: string, seen = new Set<string>()): Set<string> => {
        const { dependencies = [], parent, provider } = byUrn.get(urn) ?? {};
        for (const one of [...dependencies, parent, provider?.replace(/::[^:]*$/, "")]) {
          if (one !== undefined && !seen.has(one)) {
            seen.add(one);
            reached(one, seen);
          }
        }
        return seen;
      };
      const missing = resources
        .filter(({ type }) => type.startsWith("gcp:") && type !== "gcp:projects/service:Service")
        .flatMap(({ urn, type }) => {
          const service = API_OF[type.split(/[:/]/)[1] ?? ""];
          assert.ok(service, `no API is known for ${type}`);
          const before = new Set([...reached(urn)].map(nameOf));
          return [service, ...(CALLED[type] ?? [])]
            .filter((api) => !before.has(`apis-${api}`))
            .map((api) => `${nameOf(urn)} needs ${api}`);
        });
      assert.deepEqual(missing, []);
    });

    it("puts every resource where a person looks for it, under the provider of this environment", async () => {
      const resources = await stack.resources();
      const roots = resources
        .filter(({ parent }) => parent?.includes("pulumi:pulumi:Stack"))
        .map(({ urn }) => nameOf(urn));
      const ours = roots.filter((name) => !name.startsWith("default_"));
      assert.deepEqual(ours.sort(), ["platform", "todo"]);
      const providers = resources.filter(({ type }) => /^pulumi:providers:(gcp|kubernetes)$/.test(type));
      assert.deepEqual(providers.map(({ urn }) => nameOf(urn)).sort(), ["cluster-kubernetes", "google"]);
    });

    it("protects and retains what cannot be made again, and only that", async () => {
      const kept = (await stack.resources()).filter(
        ({ protect, retainOnDelete }) => protect && retainOnDelete,
      );
      assert.deepEqual(kept.map(({ urn }) => nameOf(urn)).sort(), [
        "backups-bucket",
        "cluster-gke",
        "registry-images",
        "todo-address",
        "todo-db-database",
        "todo-db-instance",
        "todo-namespace",
      ]);
    });

    it("has nothing to do the second time", async () => {
      assert.deepEqual(await stack.up(), { changes: [], errors: [], failed: false });
    });

    it("finds no drift", async () => {
      assert.deepEqual(await stack.refresh(), { changes: [], errors: [], failed: false });
    });

    it("changes only what a setting is about", async () => {
      const { changes, errors } = await stack.preview({
        values: { todo: { settings: { logLevel: "debug" } } },
      });
      assert.deepEqual(errors, []);
      assert.deepEqual(changes, ["update todo-backend-deployment"]);
    });

    it("rotates a secret by a new Secret and a rollout of its user", async () => {
      const { changes } = await stack.preview({ openaiKey: "another" });
      assert.deepEqual(changes, [
        "create-replacement todo-backend-secrets",
        "delete-replaced todo-backend-secrets",
        "replace todo-backend-secrets",
        "update todo-backend-deployment",
      ]);
    });

    it("runs the migration again when the image is new, before the rollout", async () => {
      const { changes } = await stack.preview({ sources: { backend: "other" } });
      assert.deepEqual(changes, [
        "create-replacement todo-migrate-job",
        "delete-replaced todo-migrate-job",
        "replace todo-migrate-job",
        "update todo-backend-build",
        "update todo-backend-deployment",
      ]);
    });

    it("shows that another region replaces the database, and that its protection forbids it", async () => {
      const { changes, errors } = await stack.preview({
        values: { gcp: { project: "example-prod", region: "us-east1" } },
      });
      assert.ok(
        changes.some((change) => /replace todo-db-instance/.test(change)),
        changes.join(", "),
      );
      assert.match(errors.join("\n"), /protect/);
    });

    it("changes the machine of a database in place, and nothing that talks to it", async () => {
      const { changes } = await stack.preview({
        values: { todo: { datastores: { db: { tier: "db-custom-4-15360" } } } },
      });
      assert.deepEqual(changes, ["update todo-db-instance"]);
    });

    it("keeps every secret out of the state and the output", async () => {
      const secrets = await stack.secretValues();
      assert.ok(secrets.includes(OPENAI_KEY));
      assert.ok(
        secrets.some((value) => value.startsWith("postgresql")),
        "the database URL is not secret",
      );
      const [state, printed] = [await stack.stateFiles(), stack.printed];
      // Short or public texts are not confidential, even inside a secret value.
      const sensitive = secrets.filter((value) => value.length >= 16);
      assert.ok(sensitive.length >= 6, `only ${sensitive.length} secrets found`);
      for (const value of sensitive) {
        for (const form of [value, Buffer.from(value).toString("base64"), encodeURIComponent(value)]) {
          assert.ok(!state.includes(form), "a secret is in the state");
          assert.ok(!printed.includes(form), "a secret was printed");
        }
      }
    });

    it("refuses to destroy what is protected", async () => {
      const before = (await stack.resources()).length;
      const { errors, failed } = await stack.previewDestroy();
      assert.equal(failed, true);
      assert.match(errors.join("\n"), /protect/);
      assert.equal((await stack.resources()).length, before);
    });

    it("destroys all of an environment that is not protected", async () => {
      const ephemeral = await stack.up({ values: { lifecycle: "ephemeral" } });
      assert.equal(ephemeral.failed, false, ephemeral.errors.join("\n"));
      const { failed, errors } = await stack.destroy();
      assert.equal(failed, false, errors.join("\n"));
      assert.deepEqual(await stack.resources(), []);
    });
  });

  it("gives a cache of its own to a system, whose password no state shows", async () => {
    const stack = await CloudStack.open({ allowApply: true });
    try {
      const inputs = { definitions: { cached: cachedSystem() } };
      const { changes, errors } = await stack.up(inputs);
      assert.deepEqual(errors, []);
      assert.ok(changes.includes("create cached-cache-instance"), changes.join(", "));
      assert.ok(!changes.some((change) => /cached-cache-(stateful-set|password)/.test(change)));
      const web = (await stack.resources()).find(({ urn }) => nameOf(urn) === "cached-web-deployment");
      assert.ok(web?.dependencies?.some((urn) => nameOf(urn) === "cached-cache-instance"));
      const password = (await stack.secretValues()).find((value) => /^assumed-\w+-\w+$/.test(value));
      assert.ok(password, "the password is no secret of the state");
      assert.ok(!(await stack.stateFiles()).includes(password), "the password is in the state");
      assert.ok(!stack.printed.includes(password), "the password was printed");
      assert.deepEqual(await stack.up(inputs), { changes: [], errors: [], failed: false });
    } finally {
      await stack.close();
    }
  });
});
