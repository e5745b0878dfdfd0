import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type Vocabulary } from "../../catalog/define";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import type { ServiceOptions } from "../../catalog/containers";
import { renderCompose } from "../../render/compose";
import { renderKubernetes, type KubernetesObject } from "../../render/kubernetes";
import { planSettings, readSettings } from "../../settings";
import { withPresentDevices } from "../../targets/present-devices";
import { textOptions } from "../support/kubernetes-plan";

const USB = { allow: "device", path: "/dev/bus/usb", groups: [46, 20], reason: "reads boards" } as const;
const PORT = { allow: "device", path: "/dev/ttyUSB0", groups: [20], reason: "reads a dongle" } as const;
const NODES = { "longshore.dev/devices": "true" };

const sample = (options: (words: Vocabulary) => Partial<ServiceOptions>) =>
  system("lab", (words) => {
    const image = words.image("reader", { context: "services/todo/backend", runtime: "python" });
    words.service("reader", {
      image,
      resources: { cpu: ["100m", "1"], memory: ["64Mi", "128Mi"] },
      ...options(words),
    });
  });
const withDevices = sample(() => ({ exceptions: [USB, PORT], nodes: NODES }));
const withGpu = sample(({ image }) => ({
  gpuImage: image("reader-cuda", { context: "services/todo/backend", target: "cuda" }),
  environments: { prod: { gpu: 1 } },
}));
const settings = (target: PlanSettings["target"], environment: PlanSettings["environment"] = "prod") =>
  ({ environment, target }) as const;
const compose = (definition: ReturnType<typeof sample>, environment?: PlanSettings["environment"]) => {
  const plan = planSystem(definition, settings("compose", environment));
  const { document } = renderCompose(plan, {
    project: "lab-test",
    edgePort: 8080,
    root: "/repo",
    imageReference: ({ name }) => name,
  });
  return document.services.reader ?? assert.fail("no reader");
};
const podSpecOf = (objects: readonly KubernetesObject<string>[], name: string) => {
  const found = objects.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === name);
  const { spec } = found as unknown as { spec: { template: { spec: Record<string, unknown> } } };
  return spec.template.spec;
};
const problems = (definition: ReturnType<typeof sample>) =>
  checkSystem(definition).map(({ path, message }) => `${path}: ${message}`);

describe("devices of the machine", () => {
  it("are mounted, may be opened by their kind and groups, and nothing is privileged (NS-02)", () => {
    const reader = compose(withDevices);
    assert.deepEqual(
      reader.volumes,
      ["/dev/bus/usb", "/dev/ttyUSB0"].map((path) => ({
        type: "bind",
        source: path,
        target: path,
        bind: { create_host_path: false },
      })),
    );
    assert.deepEqual(reader.device_cgroup_rules, ["c 188:* rw", "c 189:* rw"]);
    assert.deepEqual(reader.group_add, ["20", "46"]);
    assert.deepEqual(reader.cap_drop, ["ALL"]);
    assert.ok(!("privileged" in reader));
    const plain = compose(sample(() => ({})));
    assert.deepEqual(
      [plain.volumes, plain.device_cgroup_rules, plain.group_add],
      [undefined, undefined, undefined],
    );
  });

  it("are paths of labelled nodes on a cluster, in a namespace that says why", () => {
    const objects = renderKubernetes(planSystem(withDevices, settings("kubernetes")), textOptions());
    const pod = podSpecOf(objects, "reader");
    assert.deepEqual(pod.nodeSelector, NODES);
    assert.deepEqual(
      (pod.volumes as { hostPath?: unknown }[]).flatMap(({ hostPath }) => hostPath ?? []),
      [
        { path: "/dev/bus/usb", type: "Directory" },
        { path: "/dev/ttyUSB0", type: "CharDevice" },
      ],
    );
    assert.deepEqual((pod.securityContext as Record<string, unknown>).supplementalGroups, [20, 46]);
    const namespace = objects.find(({ kind }) => kind === "Namespace") ?? assert.fail("no namespace");
    const { labels, annotations } = namespace.metadata;
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "privileged");
    assert.equal(labels["pod-security.kubernetes.io/warn"], "restricted");
    assert.match(
      annotations?.["longshore/exceptions"] ?? "",
      /reader uses \/dev\/bus\/usb: reads boards; reader uses/,
    );
  });

  it("are left out where a machine does not have them, and that is said", () => {
    const { plan, absent } = withPresentDevices(
      planSystem(withDevices, settings("compose")),
      (path) => path === "/dev/bus/usb",
    );
    assert.deepEqual(absent, ["reader: /dev/ttyUSB0 is not on this machine, so it runs without"]);
    assert.deepEqual(plan.workloads[0]?.exceptions, [USB]);
  });

  it("are left out where the environment gives none, and any node will do", () => {
    const without = { ...settings("kubernetes"), services: { reader: { devices: false } } };
    const objects = renderKubernetes(planSystem(withDevices, without), textOptions());
    const pod = podSpecOf(objects, "reader");
    assert.equal(pod.nodeSelector, undefined);
    assert.doesNotMatch(JSON.stringify(pod), /hostPath|supplementalGroups/);
    const { labels } = objects.find(({ kind }) => kind === "Namespace")?.metadata ?? assert.fail();
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
  });

  it("are not to be had on Autopilot, and on Standard they are", () => {
    const read = (mode: "autopilot" | "standard", devices?: boolean) => {
      const values = {
        domain: "example.com",
        gcp: { project: "example-prod" },
        cluster: {
          mode,
          ...(mode === "standard" && { pools: { general: {}, lab: { labels: NODES } } }),
        },
        ...(devices !== undefined && { lab: { services: { reader: { devices } } } }),
      };
      const read = readSettings({ stack: "prod", values }, { lab: withDevices });
      return planSystem(withDevices, planSettings(read, "lab")).workloads[0]?.exceptions;
    };
    assert.deepEqual(read("autopilot"), []);
    assert.deepEqual(read("standard"), [USB, PORT]);
    assert.deepEqual(read("standard", false), []);
    assert.throws(
      () => read("autopilot", true),
      /lab\.services\.reader\.devices: GKE Autopilot offers no devices of its nodes.*cluster\.mode to standard/s,
    );
  });

  it("have to be of a known kind, once, for groups that are not root's, on nodes with a label", () => {
    const wrong = sample(() => ({
      exceptions: [USB, USB, { ...PORT, path: "/dev/sda", groups: [0] }],
    }));
    const path = "lab.reader.exceptions.device";
    assert.deepEqual(problems(wrong), [
      "lab.reader.exceptions.2.groups.0: expected a numeric group, 1-65535 and not root's, got 0",
      `${path}: /dev/bus/usb is named twice`,
      `${path}: expected a device such as /dev/bus/usb, /dev/ttyUSB0, /dev/ttyACM0, got "/dev/sda"`,
      "lab.reader.nodes: uses devices, and no label says which nodes have them",
    ]);
    assert.deepEqual(problems(sample(() => ({ nodes: { "not a label": "x" } }))), [
      'lab.reader.nodes.not a label: expected a label of Kubernetes, got "not a label=x"',
    ]);
  });
});

describe("GPUs", () => {
  const images = (asked: PlanSettings) => planSystem(withGpu, asked).images.map(({ name }) => name);

  it("bring the image for them along, where they are asked for", () => {
    assert.deepEqual(images(settings("compose")), ["reader-cuda"]);
    assert.deepEqual(images(settings("compose", "dev")), ["reader"]);
    const services = { reader: { gpu: 2 } };
    assert.deepEqual(images({ ...settings("compose", "dev"), services }), ["reader-cuda"]);
    assert.deepEqual(images({ ...settings("compose"), services: { reader: { gpu: 0 } } }), ["reader"]);
  });

  it("are reserved on one machine, and a limit on the nodes of a cluster that have them", () => {
    assert.deepEqual(compose(withGpu).deploy?.resources?.reservations.devices, [
      { driver: "nvidia", count: 1, capabilities: ["gpu"] },
    ]);
    assert.equal(compose(withGpu, "dev").deploy?.resources?.reservations.devices, undefined);
    const podOn = (target: PlanSettings["target"]) =>
      podSpecOf(renderKubernetes(planSystem(withGpu, settings(target)), textOptions()), "reader");
    assert.deepEqual(podOn("kubernetes").nodeSelector, { "nvidia.com/gpu.present": "true" });
    assert.deepEqual(podOn("gcp").nodeSelector, { "cloud.google.com/gke-accelerator": "nvidia-l4" });
    const [container] = podOn("gcp").containers as { resources: { limits: Record<string, string> } }[];
    assert.equal(container?.resources.limits["nvidia.com/gpu"], "1");
  });

  it("are counted, and their image exists", () => {
    const wrong = sample(() => ({ gpuImage: { name: "nobody" }, environments: { prod: { gpu: 1.5 } } }));
    assert.deepEqual(problems(wrong), [
      "lab.reader.environments.prod.gpu: expected a whole number from 0 to 16, got 1.5",
      'lab.reader.gpuImage: there is no image "nobody"',
    ]);
  });
});
