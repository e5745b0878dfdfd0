import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withoutForeignFields } from "../../../lab/providers/ignored-fields";

const OWNED = { "f:spec": { "f:replicas": {}, "f:paused": {} } };

function deployment(manager: string) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      managedFields: [
        { manager: "longshore-lab", fieldsV1: { "f:spec": { "f:template": {} } } },
        { manager, fieldsV1: OWNED },
      ],
    },
    spec: { replicas: 5, paused: false },
  };
}

describe("Ignored fields of the lab's Kubernetes provider", () => {
  const inputs = { kind: "Deployment", spec: { replicas: 2, template: {} } };

  it("are left out once another field manager owns them", () => {
    assert.deepEqual(withoutForeignFields(inputs, ["spec.replicas"], deployment("kube-controller-manager")), {
      kind: "Deployment",
      spec: { template: {} },
    });
  });

  it("keep their live value while the provider owns them", () => {
    assert.deepEqual(withoutForeignFields(inputs, ["spec.replicas"], deployment("longshore-lab")), {
      kind: "Deployment",
      spec: { replicas: 5, template: {} },
    });
  });

  it("are not added where the inputs have none", () => {
    assert.deepEqual(withoutForeignFields(inputs, ["spec.paused"], deployment("longshore-lab")), inputs);
  });
});
