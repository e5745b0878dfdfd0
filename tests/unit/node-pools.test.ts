import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import { nodePoolSpec, type NodePoolSpecArgs } from "../../components/node-pool.args";
import { describeStack } from "../../diff/describe";
import { checkFormats } from "../../offline/gcp/formats";
import { checkAgainstSdk, sdk } from "../../offline/sdk";
import type { Properties } from "../../offline/values";
import { renderKubernetes } from "../../render/kubernetes";
import { planSettings, readSettings } from "../../settings";
import { systems } from "../../stacks";
import { repoRoot } from "../../tools/paths";
import { textOptions } from "../support/kubernetes-plan";

const REGION = "us-central1";
const L4 = { type: "nvidia-l4", count: 1 };
const DEVICES = { "longshore.dev/devices": "true" };
const pool = (args: NodePoolSpecArgs, name = "gpu") => nodePoolSpec(name, args, REGION, "nodes@example.com");

describe("node pools", () => {
  it("are of shielded nodes, as many as there is work for", () => {
    const { nodeConfig, autoscaling } = pool({});
    assert.deepEqual(nodeConfig.shieldedInstanceConfig, {
      enableSecureBoot: true,
      enableIntegrityMonitoring: true,
    });
    assert.deepEqual([nodeConfig.machineType, nodeConfig.taints], ["e2-standard-4", []]);
    assert.deepEqual([autoscaling.minNodeCount, autoscaling.maxNodeCount], [1, 4]);
    assert.ok(!("guestAccelerators" in nodeConfig));
  });

  it("with GPUs have machines that take them, cost nothing unused, and keep others away", () => {
    const { nodeConfig, autoscaling, nodeLocations } = pool({ gpu: L4, zones: ["us-central1-a"] });
    assert.equal(nodeConfig.machineType, "g2-standard-4");
    assert.equal(pool({ gpu: { ...L4, count: 4 } }).nodeConfig.machineType, "g2-standard-48");
    assert.equal(nodeConfig.guestAccelerators?.[0]?.type, "nvidia-l4");
    assert.deepEqual([autoscaling.minNodeCount, autoscaling.maxNodeCount], [0, 1]);
    assert.deepEqual(nodeLocations, ["us-central1-a"]);
    assert.deepEqual(nodeConfig.taints, [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }]);
  });

  it("with labels are for those that ask for them, unless they are for all", () => {
    const taint = { key: "longshore.dev/devices", value: "true", effect: "NO_SCHEDULE" };
    assert.deepEqual(pool({ labels: DEVICES }).nodeConfig.taints, [taint]);
    assert.deepEqual(pool({ labels: DEVICES, dedicated: false }).nodeConfig.taints, []);
  });

  it("are what the typed SDK and the service take", () => {
    for (const args of [{}, { gpu: L4, zones: ["us-central1-a"] }, { labels: DEVICES }]) {
      const inputs = { ...pool(args), cluster: "c", location: REGION } as unknown as Properties;
      const subject = { type: "gcp:container/nodePool:NodePool", name: "p", urn: "", config: {}, inputs };
      assert.deepEqual([...checkAgainstSdk(sdk("@pulumi/gcp"), subject), ...checkFormats(subject)], []);
    }
  });

  it("name everything that GKE would refuse, and what it would take", () => {
    const wrong = {
      machineType: "e2-standard-4",
      nodes: { min: 3, max: 2 },
      zones: ["europe-west3-a"],
      gpu: { ...L4, count: 3 },
      labels: { "not a label": "x", "cloud.google.com/gke-accelerator": "nvidia-l4" },
    };
    assert.throws(() => pool(wrong), {
      message: [
        "node pool gpu: 6 problems",
        "  gpu.count: expected 1, 2, 4, 8, got 3",
        "  labels.cloud.google.com/gke-accelerator: is a label that the cluster gives by itself; choose a name of your own",
        '  labels.not a label: expected a label of Kubernetes, got "not a label=x"',
        "  machineType: expected a machine that takes nvidia-l4, such as g2-standard-4, got e2-standard-4",
        "  nodes: expected whole numbers 0 ≤ min ≤ max and max from 1, got min 3, max 2",
        "  zones: expected zones of us-central1 such as us-central1-a, got europe-west3-a",
      ].join("\n"),
    });
    assert.throws(
      () => pool({ gpu: { type: "nvidia-b200", count: 8 } }),
      /machineType: not set, and what nvidia-b200/,
    );
    assert.equal(
      pool({ gpu: { type: "nvidia-b200", count: 8 }, machineType: "a4-highgpu-8g" }).nodeConfig.machineType,
      "a4-highgpu-8g",
    );
  });
});

describe("NeuraScale on nodes with GPUs and devices", () => {
  const stack = (cluster: object | undefined, services: object = {}, target = "gcp") => ({
    stack: "prod",
    values: {
      target,
      systems: ["neurascale"],
      domain: "example.com",
      ...(target === "gcp" && { gcp: { project: "example-prod" } }),
      ...(cluster && { cluster }),
      neurascale: { datastores: { db: { kind: "container" } }, services },
    },
  });
  const read = (...args: Parameters<typeof stack>) => readSettings(stack(...args), systems);
  const planned = (...args: Parameters<typeof stack>) =>
    planSystem(systems.neurascale ?? assert.fail(), planSettings(read(...args), "neurascale"));
  const placed = (name: string, ...args: Parameters<typeof stack>) => {
    const found = renderKubernetes(planned(...args), textOptions()).find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === name,
    );
    const { spec } = found as unknown as { spec: { template: { spec: Placed } } };
    return spec.template.spec;
  };
  interface Placed {
    readonly nodeSelector?: object;
    readonly tolerations?: readonly object[];
    readonly containers: readonly {
      readonly image: string;
      readonly resources: { readonly limits: object };
    }[];
  }
  const GPU = { "ml-pipeline": { gpu: 1 } };
  const forGpus = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };
  const problems = (...args: Parameters<typeof stack>): string => {
    try {
      read(...args);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  it("asks Autopilot for a node of the kind of GPU, with the image for it", () => {
    const pod = placed("ml-pipeline", undefined, GPU);
    assert.deepEqual(pod.nodeSelector, { "cloud.google.com/gke-accelerator": "nvidia-l4" });
    assert.deepEqual(pod.tolerations, [forGpus]);
    const [container] = pod.containers;
    assert.equal((container?.resources.limits as Record<string, string>)["nvidia.com/gpu"], "1");
    const images = planned(undefined, GPU).workloads.map(({ name, image }) => [name, image] as const);
    assert.equal(new Map(images).get("ml-pipeline"), "ml-pipeline-cuda");
    const other = placed("ml-pipeline", undefined, { "ml-pipeline": { gpu: 1, gpuType: "nvidia-tesla-t4" } });
    assert.deepEqual(other.nodeSelector, { "cloud.google.com/gke-accelerator": "nvidia-tesla-t4" });
  });

  it("asks a cluster elsewhere as NVIDIA labels nodes, and Compose for what the machine has", () => {
    assert.deepEqual(placed("ml-pipeline", undefined, GPU, "kubernetes").nodeSelector, {
      "nvidia.com/gpu.present": "true",
    });
    const named = { "ml-pipeline": { gpu: 1, gpuType: "Tesla-T4" } };
    assert.deepEqual(placed("ml-pipeline", undefined, named, "kubernetes").nodeSelector, {
      "nvidia.com/gpu.product": "Tesla-T4",
    });
    assert.match(
      problems(undefined, named, "compose"),
      /ml-pipeline\.gpuType: chooses among nodes of a cluster/,
    );
  });

  const standard = (pools?: object) => ({ mode: "standard", ...(pools && { pools }) });
  const complete = { general: {}, gpu: { gpu: { type: "nvidia-l4" } }, devices: { labels: DEVICES } };

  it("runs on pools that are for it, where the cluster has them", () => {
    const manager = placed("device-manager", standard(complete), GPU);
    assert.deepEqual(manager.nodeSelector, DEVICES);
    assert.deepEqual(manager.tolerations, [
      { key: "longshore.dev/devices", operator: "Equal", value: "true", effect: "NoSchedule" },
    ]);
    assert.deepEqual(placed("ml-pipeline", standard(complete), GPU).tolerations, [forGpus]);
    const gateway = placed("api-gateway", standard(complete), GPU);
    assert.deepEqual([gateway.nodeSelector, gateway.tolerations], [undefined, undefined]);
  });

  it("is not left to wait for nodes that no pool has", () => {
    assert.equal(
      problems(standard(), GPU),
      [
        "Pulumi.prod.yaml: 2 problems",
        '  cluster.pools: no pool has the labels { longshore.dev/devices: "true" }, and device-manager of neurascale runs nowhere else; ' +
          "add one that has them; or set neurascale.services.device-manager.devices to false",
        "  neurascale.services.ml-pipeline.gpu: asks for 1 nvidia-l4, and no node of cluster.pools has that; " +
          "add one, such as gpu: { gpu: { type: nvidia-l4, count: 1 } }",
      ].join("\n"),
    );
    const without = { "device-manager": { devices: false } };
    assert.equal(problems(standard(), without), "");
    const two = { ...without, "ml-pipeline": { gpu: 2 } };
    assert.match(problems(standard(complete), two), /asks for 2 nvidia-l4/);
    const other = { ...without, "ml-pipeline": { gpu: 1, gpuType: "nvidia-tesla-t4" } };
    assert.match(problems(standard(complete), other), /asks for 1 nvidia-tesla-t4/);
  });

  it("has pools in mode standard only, and one of them for everything", () => {
    assert.match(
      problems({ pools: { general: {} } }),
      /cluster\.pools: chooses nodes, and in mode autopilot Google does/,
    );
    assert.match(
      problems({ ...standard({ general: {} }), context: "c" }, {}, "kubernetes"),
      /the target is kubernetes/,
    );
    const { devices, gpu } = complete;
    assert.match(
      problems(standard({ devices, gpu }), GPU),
      /cluster\.pools: every pool is for some services only/,
    );
    assert.equal(problems(standard({ devices: { ...devices, dedicated: false }, gpu }), GPU), "");
    assert.match(
      problems(standard({ general: { nodes: { min: 2, max: 1 } } })),
      /cluster\.pools\.general\.nodes: expected min up to max/,
    );
    assert.match(
      problems(standard({ general: { machine: "x" } })),
      /cluster\.pools\.general\.machine: unknown key/,
    );
  });

  it("is set as the guide says, example by example", () => {
    const guide = readFileSync(join(repoRoot(), "docs", "reference", "settings.md"), "utf8");
    const blocks = [...guide.matchAll(/```yaml\n(longshore:(?:neurascale|cluster):.*?)```/gs)];
    const examples = blocks.map(([, text = ""]) => load(text) as object);
    assert.equal(examples.length, 2);
    const keys = Object.entries(Object.assign({}, ...examples) as object);
    const values = Object.fromEntries(
      keys.map(([key, value]) => [key.replace("longshore:", ""), value as unknown]),
    );
    const base = { systems: ["neurascale"], domain: "example.com", gcp: { project: "example-prod" } };
    const settings = readSettings({ stack: "dev", values: { ...base, ...values } }, systems);
    assert.deepEqual(Object.keys(settings.cluster.pools ?? {}), ["general", "gpu", "devices"]);
    for (const [name, one] of Object.entries(settings.cluster.pools ?? {})) {
      assert.ok(pool(one, name));
    }
  });

  it("shows its pools among the resources that a diff compares", () => {
    const settings = read(standard(complete), GPU);
    const options = { hashOf: () => assert.fail(), kubernetes: () => textOptions() };
    const names = describeStack([], settings, options)
      .resources.filter(({ type }) => type === "gcp:container/nodePool:NodePool")
      .map(({ name }) => name);
    assert.deepEqual(names, ["pool-general", "pool-gpu", "pool-devices"]);
  });
});
