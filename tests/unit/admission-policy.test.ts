import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { renderKubernetes, type KubernetesObject } from "../../render/kubernetes";
import { systems } from "../../stacks";
import { loadRefusals, type AdmissionPolicy, type Refusals } from "../support/admission";
import { planOf, textOptions, workload } from "../support/kubernetes-plan";
import { kubernetesObjects, planOfStack, runsOnClusters } from "../support/rendered-documents";

type Fields = Record<string, unknown>;
type Plain = { kind: string; metadata: { name: string }; spec: Fields };

const MAKES_PODS = ["Deployment", "StatefulSet", "Job"];

const plain = (objects: readonly KubernetesObject<string>[]) =>
  JSON.parse(JSON.stringify(objects)) as Plain[];

function rendered(workloads: Parameters<typeof workload>[1][], requireDigests = false): Plain[] {
  const plan = planOf(workloads.map((fields, index) => workload(`app-${index}`, fields)));
  return plain(renderKubernetes(plan, textOptions({ requireDigests })));
}

function policyOf(objects: readonly Plain[]): AdmissionPolicy {
  const found = objects.find(({ kind }) => kind === "ValidatingAdmissionPolicy");
  assert.ok(found, "no ValidatingAdmissionPolicy");
  return found.spec as unknown as AdmissionPolicy;
}

/** Returns a pod that the policy admits, with a change. */
function pod(change: (parts: { spec: Fields; container: Fields; security: Fields }) => void): Fields {
  const security: Fields = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: true,
  };
  const container: Fields = { name: "app", image: "app:1", securityContext: security };
  const spec: Fields = {
    serviceAccountName: "app-0",
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
    containers: [container],
  };
  change({ spec, container, security });
  return { kind: "Pod", metadata: { name: "app" }, spec };
}

describe("the policy that the API server holds pods against", () => {
  const policy = policyOf(rendered([{}]));
  let refusals: Refusals;

  before(async () => {
    refusals = await loadRefusals();
  });

  describe("admits what we render", () => {
    for (const definition of Object.values(systems).filter(runsOnClusters)) {
      for (const stack of ["dev", "staging", "prod"]) {
        it(`for ${definition.name} in ${stack}`, () => {
          const objects = plain(kubernetesObjects(planOfStack(definition, stack)));
          const makers = objects.filter(({ kind }) => MAKES_PODS.includes(kind));
          assert.ok(makers.length > 0);
          for (const object of makers) {
            assert.deepEqual(refusals(policyOf(objects), object), [], object.metadata.name);
          }
        });
      }
    }
  });

  it("admits the pod that the cases below change", () => {
    assert.deepEqual(
      refusals(
        policy,
        pod(() => undefined),
      ),
      [],
    );
  });

  const cases: [what: string, change: Parameters<typeof pod>[0], message: RegExp][] = [
    ["privileged", ({ security }) => (security["privileged"] = true), /privileged/],
    [
      "that may gain rights",
      ({ security }) => delete security["allowPrivilegeEscalation"],
      /allowPrivilegeEscalation/,
    ],
    ["with capabilities", ({ security }) => delete security["capabilities"], /capabilities/],
    [
      "with a capability that it was not given",
      ({ security }) => (security["capabilities"] = { drop: ["ALL"], add: ["NET_BIND_SERVICE"] }),
      /capabilities/,
    ],
    [
      "as the image's user",
      ({ spec }) => (spec["securityContext"] = { seccompProfile: { type: "RuntimeDefault" } }),
      /runAsNonRoot/,
    ],
    ["as root", ({ security }) => (security["runAsUser"] = 0), /other than 0/],
    [
      "as root by its pod",
      ({ spec }) => ((spec["securityContext"] as Fields)["runAsUser"] = 0),
      /other than 0/,
    ],
    [
      "that takes back what its pod says",
      ({ security }) => (security["runAsNonRoot"] = false),
      /runAsNonRoot/,
    ],
    [
      "with a writable root",
      ({ security }) => (security["readOnlyRootFilesystem"] = false),
      /readOnlyRootFilesystem/,
    ],
    [
      "without seccomp",
      ({ security }) => (security["seccompProfile"] = { type: "Unconfined" }),
      /RuntimeDefault/,
    ],
    ["in the node's network", ({ spec }) => (spec["hostNetwork"] = true), /node's network/],
    ["among the node's processes", ({ spec }) => (spec["hostPID"] = true), /node's network/],
    ["with the node's IPC", ({ spec }) => (spec["hostIPC"] = true), /node's network/],
    [
      "on a port of the node",
      ({ container }) => (container["ports"] = [{ containerPort: 80, hostPort: 80 }]),
      /ports of the node/,
    ],
    [
      "with a folder of the node",
      ({ spec }) => (spec["volumes"] = [{ name: "root", hostPath: { path: "/" } }]),
      /folders of the node/,
    ],
  ];
  for (const [what, change, message] of cases) {
    it(`refuses a container ${what}, and says why`, () => {
      const messages = refusals(policy, pod(change));
      assert.equal(messages.length, 1, messages.join("; "));
      assert.match(messages[0] ?? "", message);
    });
  }

  for (const list of ["initContainers", "ephemeralContainers"]) {
    it(`looks at ${list} too`, () => {
      const messages = refusals(
        policy,
        pod(({ spec }) => (spec[list] = [{ name: "x", image: "x:1" }])),
      );
      assert.match(messages.join(), /readOnlyRootFilesystem/);
    });
  }

  it("excepts what the catalog excepts, for that workload's account alone", () => {
    const reason = "a test";
    const objects = rendered([
      {
        exceptions: [
          { allow: "writable-root", reason },
          { allow: "net-bind-service", reason },
        ],
      },
      {},
    ]);
    const [own, other] = objects.filter(({ kind }) => MAKES_PODS.includes(kind));
    assert.ok(own && other);
    assert.deepEqual(refusals(policyOf(objects), own), []);
    assert.deepEqual(refusals(policyOf(objects), other), []);
    const template = own.spec["template"] as { spec: Fields };
    template.spec["serviceAccountName"] = "app-1";
    assert.equal(refusals(policyOf(objects), own).length, 2);
  });

  it("gives a device of the node to the workload that needs it, and nothing beside it", () => {
    const objects = rendered([
      { exceptions: [{ allow: "device", path: "/dev/bus/usb", reason: "a test" }] },
      {},
    ]);
    const asks = (account: string, path: string) =>
      refusals(
        policyOf(objects),
        pod(({ spec }) => {
          spec["serviceAccountName"] = account;
          spec["volumes"] = [{ name: "device", hostPath: { path } }];
        }),
      );
    assert.deepEqual(asks("app-0", "/dev/bus/usb"), []);
    assert.match(asks("app-0", "/dev").join(), /folders of the node/);
    assert.match(asks("app-1", "/dev/bus/usb").join(), /folders of the node/);
  });

  it("asks for digests where we deploy by digest", () => {
    const strict = policyOf(rendered([{}], true));
    const digest = "0".repeat(64);
    assert.deepEqual(
      refusals(
        strict,
        pod(() => undefined),
      ),
      ["expected images by digest, as name@sha256:…"],
    );
    const pinned = pod(({ container }) => (container["image"] = `gcr.io/x/app@sha256:${digest}`));
    assert.deepEqual(refusals(strict, pinned), []);
  });

  it("holds in its namespace alone, for pods and all that makes them", () => {
    const objects = rendered([{}]);
    const binding = objects.find(({ kind }) => kind === "ValidatingAdmissionPolicyBinding");
    assert.deepEqual(binding?.spec, {
      policyName: "longshore-shop-pods",
      validationActions: ["Deny", "Audit"],
      matchResources: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } },
      },
    });
    const rules = (policy as unknown as { matchConstraints: { resourceRules: { resources: string[] }[] } })
      .matchConstraints.resourceRules;
    const kinds = rules.flatMap(({ resources }) => resources);
    for (const kind of ["pods", "pods/ephemeralcontainers", "deployments", "statefulsets", "jobs"]) {
      assert.ok(kinds.includes(kind), kind);
    }
  });
});
