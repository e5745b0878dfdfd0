import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { KubernetesObject } from "../../render/kubernetes";
import type { ClusterClient, ObjectName } from "../../lab/providers/cluster-client";
import type { Properties } from "../../offline/values";
import { clusterDocuments, clusterStacks } from "../support/cluster-documents";
import { startNode, stopNode, type LabNode } from "../support/cluster-node";

describe("documents at a real API server", function () {
  this.timeout(600_000);

  let node: LabNode;
  let cluster: ClusterClient;
  const namespaces = new Set<string>();
  const addNamespace = (object: Properties & ObjectName): Promise<string[]> => {
    namespaces.add(object.metadata.name);
    return accept(object, false);
  };
  before(async () => {
    node = await startNode();
    cluster = node.client;
  });
  after(async () => {
    // Other test files share the node and create namespaces with the same names.
    await node.kubectl("delete", "namespace", ...namespaces);
    cluster.close();
    await stopNode();
  });

  const accept = async (object: Properties, dryRun = true): Promise<string[]> =>
    cluster.apply(object as ObjectName & Properties, { dryRun }).then(
      () => [],
      (error: unknown) => [error instanceof Error ? error.message : String(error)],
    );

  for (const settings of clusterStacks()) {
    it(`accepts everything of ${settings.environment} on ${settings.target}`, async () => {
      const refused: string[] = [];
      let documents = 0;
      for (const { objects } of clusterDocuments(settings)) {
        const namespace = objects.find(({ kind }) => kind === "Namespace") ?? assert.fail("no namespace");
        // The namespace is kept for the next environment.
        refused.push(...(await addNamespace(plain(namespace) as Properties & ObjectName)));
        for (const object of [...objects.map(plain), ...objects.flatMap(podOf)]) {
          refused.push(...(await accept(object)));
          documents += 1;
        }
      }
      console.log(`      ${documents} documents`);
      assert.ok(documents > 100, `only ${documents} documents`);
      assert.deepEqual(refused, []);
    });
  }

  it("refuses what is wrong: the acceptance above means something", async () => {
    const pod = { hostNetwork: true, containers: [{ name: "web", image: "web" }] };
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "refusing", labels } };
    assert.deepEqual(await addNamespace(namespace), []);
    const metadata = { name: "web", namespace: "refusing" };
    const [problem = ""] = await accept({ apiVersion: "v1", kind: "Pod", metadata, spec: pod });
    assert.match(problem, /violates PodSecurity/);
    const [unknown = ""] = await accept({ apiVersion: "v1", kind: "ConfigMap", metadata, dat: { a: "b" } });
    assert.match(unknown, /field not declared in schema/);
  });
});

/**
 * Returns the pod that a controller would create. Pod Security and quotas reject pods, but only warn about controllers.
 */
function podOf({ kind, metadata, spec }: KubernetesObject<string>): Properties[] {
  const template = (
    spec as { template?: { metadata: object; spec: { volumes?: { name: string }[] } } } | undefined
  )?.template;
  if (!["Deployment", "StatefulSet", "Job"].includes(kind) || !template) {
    return [];
  }
  const claims =
    (spec as { volumeClaimTemplates?: { metadata: { name: string } }[] }).volumeClaimTemplates ?? [];
  const volumes = [
    ...(template.spec.volumes ?? []),
    ...claims.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } })),
  ];
  // The service account does not exist in a dry run.
  const { serviceAccountName: _account, ...pod } = template.spec as Record<string, unknown>;
  return [
    plain({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...template.metadata, name: metadata.name, namespace: metadata.namespace },
      spec: { ...pod, ...(volumes.length > 0 && { volumes }) },
    }),
  ];
}

/** Serializes an object without its undefined properties. */
function plain(object: object): Properties {
  return JSON.parse(JSON.stringify(object)) as Properties;
}
