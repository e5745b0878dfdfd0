import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { ClusterNamespace } from "../support/cluster-namespace";
import { ClusterStack, startNode, stopNode, type LabNode } from "../support/cluster-node";
import { eventually } from "../support/end-to-end";
import { ring, RING_SPACE } from "../support/picture";

/** One operation of a system, through its Services to its datastores. */
type Work = (namespace: ClusterNamespace) => Promise<void>;

async function json<T>(url: string, init: RequestInit = {}): Promise<T> {
  const headers = typeof init.body === "string" ? { "content-type": "application/json" } : undefined;
  const answer = await fetch(url, { ...init, ...(headers && { headers }) });
  assert.ok(answer.ok, `${url}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}
const post = <T>(url: string, body: unknown) => json<T>(url, { method: "POST", body: JSON.stringify(body) });

const WORK: Readonly<Record<string, Work>> = {
  async orchestrator(namespace) {
    const api = `http://${await namespace.addressOf("backend")}/api`;
    const steps = [
      { id: "wait", kind: "delay", seconds: 1 },
      { id: "tell", kind: "transform", needs: ["wait"], value: { done: true } },
    ];
    const { id } = await post<{ id: string }>(`${api}/workflows`, { name: "Harbour", steps });
    const run = await post<{ id: string }>(`${api}/workflows/${id}/runs`, {});
    await eventually(
      "a worker has done both steps",
      () => json<{ status: string }>(`${api}/runs/${run.id}`),
      {
        until: ({ status }) => status === "succeeded",
      },
    );
  },
  async nexus(namespace) {
    const api = `http://${await namespace.addressOf("api")}/api`;
    await post(`${api}/documents`, { title: "Cranes", body: "Krane GmbH builds Portainer, a crane." });
    await post(`${api}/documents`, { title: "Bread", body: "Flour, water and yeast become a dough." });
    const { items } = await json<{ items: { title: string }[] }>(`${api}/search?text=crane&limit=2`);
    assert.equal(items[0]?.title, "Cranes");
  },
  async imaging(namespace) {
    const api = `http://${await namespace.addressOf("api")}/api`;
    const body = new Uint8Array(ring());
    const { id } = await json<{ id: string }>(`${api}/pictures?name=ring.png`, { method: "POST", body });
    await eventually(
      "the analyzer has measured the space around a ring",
      () => json<{ analysis?: { negative_space: number } }>(`${api}/pictures/${id}`),
      { until: ({ analysis }) => Math.abs((analysis?.negative_space ?? 0) - RING_SPACE) < 0.01 },
    );
  },
};

describe("the other systems on a real Kubernetes node", function () {
  this.timeout(900_000);

  let node: LabNode;
  before(async () => {
    node = await startNode();
  });
  after(stopNode);

  for (const [system, work] of Object.entries(WORK)) {
    it(`${system}: comes up, does its work, and leaves nothing`, async () => {
      const stack = await ClusterStack.open({
        system,
        settings: ["longshore:environment: dev"],
        patienceMs: 400_000,
      });
      try {
        const started = Date.now();
        const { status } = await stack.json<{ status: string }>("up", "--yes");
        console.log(`      up in ${((Date.now() - started) / 1000).toFixed(0)} s, images included`);
        assert.equal(status, "ok");
        const namespace = new ClusterNamespace(node, system);
        assert.deepEqual((await namespace.pods()).unready, []);
        await work(namespace);
        assert.deepEqual((await stack.json<{ changes: unknown[] }>("up", "--yes")).changes, []);
      } finally {
        const { code, stdout, stderr } = await stack.longshore("down", "--yes");
        stack.close();
        assert.equal(code, 0, stdout + stderr);
      }
      const namespaces = await node.kubectl("get", "namespaces", "--output", "name");
      assert.doesNotMatch(namespaces, new RegExp(system));
    });
  }
});
