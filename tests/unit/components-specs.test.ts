import assert from "node:assert/strict";
import fc from "fast-check";
import { autopilotSpec, kubeconfig, standardSpec } from "../../components/cluster.args";
import { parseImageReference } from "../../components/image-reference";
import { imageSpec, upstreamImageSpec, type ImageSpecArgs } from "../../components/image.args";
import { backendSpec, gkeIngressSpec, limitRules } from "../../components/ingress.args";
import { parseIpRange } from "../../components/ip-range";
import { networkSpec } from "../../components/network.args";
import { cloudSqlSpec } from "../../components/postgres.args";
import { memorystoreSpec } from "../../components/redis.args";
import { gcrHost, registrySpec } from "../../components/registry.args";
import { checkCombinations, checkFormats } from "../../offline/gcp/formats";
import { checkAgainstSdk, sdk } from "../../offline/sdk";
import type { Properties } from "../../offline/values";

describe("network spec", () => {
  it("keeps ranges apart", () => {
    const { subnetwork } = networkSpec("net", "us-central1");
    const ranges = [
      subnetwork.ipCidrRange,
      ...subnetwork.secondaryIpRanges.map((range) => range.ipCidrRange),
    ];
    assert.deepEqual(ranges, ["10.0.0.0/20", "10.4.0.0/14", "10.8.0.0/20"]);
  });

  it("names all mistakes at once", () => {
    const make = (): unknown =>
      networkSpec("net", "us-central1", {
        nodes: "10.0.0.0/16",
        pods: "10.0.128.0/20",
        services: "10.8.0.1/20",
      });
    assert.throws(make, (error: Error) => {
      assert.match(error.message, /network net: 2 problems/);
      assert.match(error.message, /ranges\.pods: 10\.0\.128\.0\/20 overlaps 10\.0\.0\.0\/16 of nodes/);
      assert.match(error.message, /ranges\.services: the address is not the first of a range of \/20/);
      return true;
    });
  });

  it("deletes its peering with the network, which could not be deleted otherwise", () => {
    assert.ok(!("deletionPolicy" in networkSpec("net", "us-central1").managedAccess));
  });

  it("is another VPC in another region, whose subnetwork has the same ranges", () => {
    const [here, there] = [networkSpec("net", "us-central1"), networkSpec("net", "europe-west3")];
    // The description cannot be changed in place.
    assert.notEqual(here.network.description, there.network.description);
    assert.equal(here.subnetwork.ipCidrRange, there.subnetwork.ipCidrRange);
  });
});

describe("address ranges", () => {
  it("reads every range that starts at its first address", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        (prefix, address) => {
          const size = 2 ** (32 - prefix);
          const first = address - (address % size);
          const text = `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join(".")}/${prefix}`;
          assert.deepEqual(parseIpRange(text), { first, last: first + size - 1, prefix });
        },
      ),
    );
  });

  for (const text of ["", "10.0.0.0", "10.0.0/8", "256.0.0.0/8", "10.0.0.0/33", "10.0.0.1/31", "a.b.c.d/8"]) {
    it(`refuses "${text}"`, () => {
      assert.equal(typeof parseIpRange(text), "string");
    });
  }
});

describe("registry spec", () => {
  it("serves gcr.io paths", () => {
    const { images } = registrySpec({ project: "acme", host: "eu.gcr.io" });
    assert.equal(images.prefix, "eu.gcr.io/acme");
    assert.equal(images.repository.repositoryId, "eu.gcr.io");
    assert.equal(images.repository.location, "europe");
  });

  it("serves pkg.dev paths", () => {
    const { images, cache } = registrySpec({ project: "acme", location: "europe-west3" });
    assert.equal(images.prefix, "europe-west3-docker.pkg.dev/acme/images");
    assert.equal(cache.prefix, "europe-west3-docker.pkg.dev/acme/build-cache");
  });

  it("keeps the newest versions whatever the other policies say", () => {
    const { cleanupPolicies } = registrySpec({ project: "acme", host: "gcr.io" }).images.repository;
    assert.deepEqual(
      cleanupPolicies.map(({ action }) => action),
      ["KEEP", "DELETE", "DELETE"],
    );
  });

  it("finds the nearest host", () => {
    assert.deepEqual(
      ["us-east1", "europe-west3", "asia-east1", "me-west1", "southamerica-east1"].map(gcrHost),
      ["gcr.io", "eu.gcr.io", "asia.gcr.io", "eu.gcr.io", "gcr.io"],
    );
  });
});

describe("image references", () => {
  const cases: [text: string, registry: string, repository: string, tag?: string][] = [
    ["postgres:17", "docker.io", "library/postgres", "17"],
    ["docker/dockerfile", "docker.io", "docker/dockerfile"],
    ["gcr.io/acme/todo/backend:src-1", "gcr.io", "acme/todo/backend", "src-1"],
    ["localhost:5000/a/b", "localhost:5000", "a/b"],
    ["127.0.0.1:5000/library/x:1.2", "127.0.0.1:5000", "library/x", "1.2"],
  ];
  for (const [text, registry, repository, tag] of cases) {
    it(`reads ${text}`, () => {
      assert.deepEqual(parseImageReference(text), {
        registry,
        repository,
        ...(tag !== undefined && { tag }),
      });
    });
  }

  it("reads a digest", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    assert.equal(parseImageReference(`postgres:17@${digest}`)?.digest, digest);
  });

  for (const text of ["", "UPPER/case", "a b", "x:", "x@sha256:12", "-x", "x/../y"]) {
    it(`refuses "${text}"`, () => {
      assert.equal(parseImageReference(text), undefined);
    });
  }
});

describe("image spec", () => {
  const args: ImageSpecArgs = {
    repository: "gcr.io/acme/todo/backend",
    tag: "src-4f2c1a000000",
    context: "services/todo/backend",
    cacheRepository: "us-docker.pkg.dev/acme/build-cache/todo/backend",
    revision: "4f2c1a",
    created: "2026-11-20T12:00:00Z",
  };

  it("never builds in a preview, and caches each platform apart", () => {
    const spec = imageSpec("backend", args);
    assert.equal(spec.buildOnPreview, false);
    assert.deepEqual(
      spec.cacheTo.map(({ registry }) => registry.ref.split(":")[1]),
      ["linux-amd64", "linux-arm64"],
    );
    assert.deepEqual(
      spec.cacheTo.map(({ registry }) => registry.mode),
      ["max", "max"],
    );
    assert.deepEqual(spec.buildArgs, {
      VERSION: "src-4f2c1a000000",
      BUILD_DATE: "2026-11-20T12:00:00Z",
      VCS_REF: "4f2c1a",
    });
  });

  it("is the same twice", () => {
    assert.deepEqual(imageSpec("backend", args), imageSpec("backend", args));
  });

  const wrong: [what: string, change: Partial<ImageSpecArgs>, message: RegExp][] = [
    ["a name with a tag", { repository: "gcr.io/acme/x:1" }, /name without tag or digest/],
    ["the tag latest", { tag: "latest" }, /tag of one content/],
    ["no platform", { platforms: [] }, /at least one/],
    ["a secret build argument", { buildArgs: { NPM_TOKEN: "x" } }, /NPM_TOKEN.*mount a build secret/],
  ];
  for (const [what, change, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => imageSpec("backend", { ...args, ...change }), message);
    });
  }

  it("copies an upstream image under its own tag", () => {
    const spec = upstreamImageSpec("postgres", {
      reference: "postgres:17",
      repository: "gcr.io/acme/upstream/postgres",
    });
    assert.deepEqual(spec.dockerfile, { inline: "FROM postgres:17\n" });
    assert.deepEqual(spec.tags, ["gcr.io/acme/upstream/postgres:17"]);
  });

  for (const reference of ["postgres", "postgres:latest"]) {
    it(`refuses the upstream image ${reference}`, () => {
      assert.throws(
        () => upstreamImageSpec("x", { reference, repository: "gcr.io/acme/x" }),
        /fixed version/,
      );
    });
  }
});

describe("cluster spec", () => {
  const args = {
    project: "acme-prod",
    region: "us-central1",
    network: "network",
    subnetwork: "subnetwork",
    podRange: "pods",
    serviceRange: "services",
    nodeAccount: "nodes@acme-prod.iam.gserviceaccount.com",
    protect: true,
  };
  const type = "gcp:container/cluster:Cluster";
  const problems = (inputs: object) => {
    const subject = { type, name: "c", urn: "", config: {}, inputs: inputs as Properties };
    return [
      ...checkAgainstSdk(sdk("@pulumi/gcp"), subject),
      ...checkFormats(subject),
      ...checkCombinations(subject),
    ];
  };

  for (const [mode, spec] of [
    ["autopilot", autopilotSpec(args)],
    ["standard", standardSpec(args)],
  ] as const) {
    it(`${mode}: is accepted by the typed SDK and by the service's rules`, () => {
      assert.deepEqual(problems(spec), []);
    });

    it(`${mode}: has private nodes and no public address of the control plane`, () => {
      assert.equal(spec.privateClusterConfig.enablePrivateNodes, true);
      assert.equal(spec.controlPlaneEndpointsConfig.ipEndpointsConfig.enabled, false);
      assert.equal(spec.deletionProtection, true);
    });
  }

  it("leaves to Autopilot what is Autopilot's", () => {
    assert.ok(!("removeDefaultNodePool" in autopilotSpec(args)));
    assert.ok(!("workloadIdentityConfig" in autopilotSpec(args)));
  });

  it("enforces network policies and Workload Identity on a standard cluster", () => {
    const spec = standardSpec(args);
    assert.equal(spec.datapathProvider, "ADVANCED_DATAPATH");
    assert.equal(spec.workloadIdentityConfig.workloadPool, "acme-prod.svc.id.goog");
  });

  it("keeps the maintenance window over midnight", () => {
    const maintenance = { start: "23:30", hours: 4, days: ["SA", "SU"] as const };
    assert.deepEqual(autopilotSpec({ ...args, maintenance }).maintenancePolicy.recurringWindow, {
      startTime: "2026-01-01T23:30:00Z",
      endTime: "2026-01-02T03:30:00Z",
      recurrence: "FREQ=WEEKLY;BYDAY=SA,SU",
    });
  });

  it("reaches the cluster by name, without a credential in the file", () => {
    const config = JSON.parse(kubeconfig("prod", "gke-1.us-central1.gke.goog", "standard")) as {
      clusters: { cluster: object }[];
      users: { user: { exec: Record<string, unknown> } }[];
    };
    assert.deepEqual(config.clusters[0]?.cluster, { server: "https://gke-1.us-central1.gke.goog" });
    const exec = config.users[0]?.user.exec;
    assert.equal(exec?.command, "gke-gcloud-auth-plugin");
    assert.equal(exec.provideClusterInfo, true);
  });
});

describe("Cloud SQL spec", () => {
  it("is private, encrypted, restorable, and of the edition that has its tier", () => {
    const { settings, databaseVersion } = cloudSqlSpec("db", {}, true);
    assert.equal(databaseVersion, "POSTGRES_17");
    assert.equal(settings.edition, "ENTERPRISE");
    assert.deepEqual(settings.ipConfiguration, {
      ipv4Enabled: false,
      sslMode: "ENCRYPTED_ONLY",
      serverCaMode: "GOOGLE_MANAGED_INTERNAL_CA",
    });
    assert.equal(settings.backupConfiguration.pointInTimeRecoveryEnabled, true);
    assert.equal(settings.availabilityType, "REGIONAL");
  });

  it("derives the edition from the machine type", () => {
    const editionOf = (tier: string) => cloudSqlSpec("db", { tier }, true).settings.edition;
    assert.equal(editionOf("db-custom-2-7680"), "ENTERPRISE");
    assert.equal(editionOf("db-g1-small"), "ENTERPRISE");
    assert.equal(editionOf("db-perf-optimized-N-2"), "ENTERPRISE_PLUS");
    assert.equal(editionOf("db-c4a-highmem-4"), "ENTERPRISE_PLUS");
  });

  it("guards against both ways of deletion, or neither", () => {
    for (const protect of [true, false]) {
      const spec = cloudSqlSpec("db", {}, protect);
      assert.equal(spec.deletionProtection, protect);
      assert.equal(spec.settings.deletionProtectionEnabled, protect);
    }
  });

  it("rounds the disk up to whole gibibytes", () => {
    assert.equal(cloudSqlSpec("db", { storage: "10241Mi" }, true).settings.diskSize, 11);
  });

  it("offers pgvector", () => {
    assert.doesNotThrow(() => cloudSqlSpec("db", { extensions: ["vector", "pg_trgm"] }, true));
  });

  it("names the database in the cluster when asked for TimescaleDB", () => {
    assert.throws(
      () => cloudSqlSpec("db", { extensions: ["timescaledb"], storage: "5Gi", backups: 3 }, true),
      (error: Error) => {
        assert.match(error.message, /postgres db: 3 problems/);
        assert.match(error.message, /timescaledb; run this database in the cluster \(kind: container\)/);
        assert.match(error.message, /storage: expected at least 10Gi, got 5Gi/);
        assert.match(error.message, /backups: expected 7/);
        return true;
      },
    );
  });
});

describe("memorystore spec", () => {
  it("asks for a password and TLS, and rounds the memory up to whole gibibytes", () => {
    const spec = memorystoreSpec("cache", { memory: "1025Mi", eviction: "allkeys-lru" }, true);
    assert.equal(spec.memorySizeGb, 2);
    assert.equal(spec.authEnabled, true);
    assert.equal(spec.transitEncryptionMode, "SERVER_AUTHENTICATION");
    assert.deepEqual(spec.redisConfigs, { "maxmemory-policy": "allkeys-lru" });
    assert.deepEqual([spec.tier, spec.deletionProtection], ["STANDARD_HA", true]);
  });

  it("keeps nothing of a cache", () => {
    const { persistenceConfig } = memorystoreSpec("cache", { snapshots: false }, false);
    assert.deepEqual(persistenceConfig, { persistenceMode: "DISABLED" });
  });

  it("names all that Memorystore does not have", () => {
    assert.throws(
      () => memorystoreSpec("cache", { memory: "301Gi", maintenance: { day: "SUNDAY", hour: 24 } }, true),
      /redis cache: 2 problems[^]*maintenance\.hour: expected 0 to 23[^]*memory: expected up to 300Gi, got 301Gi/,
    );
  });

  it("is what the typed SDK and the service accept", () => {
    const inputs = { ...memorystoreSpec("cache", {}, true), region: "us-central1" } as unknown as Properties;
    const subject = { type: "gcp:redis/instance:Instance", name: "cache", urn: "urn", inputs, config: {} };
    assert.deepEqual([...checkAgainstSdk(sdk("@pulumi/gcp"), subject), ...checkFormats(subject)], []);
  });
});

describe("ingress spec", () => {
  it("redirects to HTTPS and serves a managed certificate", () => {
    const args = { name: "todo", namespace: "todo", hosts: ["todo.example.com"], sslPolicy: "modern" };
    const { certificate, frontend } = gkeIngressSpec(args);
    assert.deepEqual(certificate.spec.domains, ["todo.example.com"]);
    assert.equal(frontend.spec.redirectToHttps.enabled, true);
    assert.equal(frontend.spec.sslPolicy, "modern");
  });

  it("never waits longer for a health check than until the next one", () => {
    const health = { path: "/readyz", port: 8000, intervalSeconds: 2, timeoutSeconds: 5, failures: 3 };
    const { healthCheck, securityPolicy } = backendSpec({ name: "backend", namespace: "todo", health }).spec;
    // Without the empty name, GKE keeps a policy that was attached before, and its deletion fails.
    assert.deepEqual(securityPolicy, { name: "" });
    assert.equal(healthCheck.timeoutSec, 2);
    assert.equal(healthCheck.requestPath, "/readyz");
  });

  it("limits in the windows that Cloud Armor knows, and only below the path", () => {
    const rules = limitRules([
      { path: "/api/free" },
      { path: "/api", limit: { requests: 10, seconds: 1, burst: 20 } },
      { path: "/", limit: { requests: 30, seconds: 60, burst: 5 } },
    ]);
    assert.deepEqual(
      rules.map(({ priority, action }) => [priority, action]),
      [
        [1000, "allow"],
        [1001, "throttle"],
        [1002, "throttle"],
        [2_147_483_647, "allow"],
      ],
    );
    const thresholds = rules.map((rule) =>
      "rateLimitOptions" in rule ? rule.rateLimitOptions.rateLimitThreshold : undefined,
    );
    assert.deepEqual(thresholds.slice(1, 3), [
      { count: 120, intervalSec: 10 },
      { count: 35, intervalSec: 60 },
    ]);
    const expressions = rules.map(({ match }) => ("expr" in match ? match.expr.expression : undefined));
    assert.equal(expressions[1], "request.path == '/api' || request.path.startsWith('/api/')");
    assert.equal(expressions[2], "true");
  });
});
