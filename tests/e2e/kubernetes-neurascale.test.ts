import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { selfSigned, type TlsPair } from "../../cli/secrets/certificate";
import { ClusterNamespace } from "../support/cluster-namespace";
import { ClusterStack, startNode, stopNode, type LabNode } from "../support/cluster-node";
import { eventually } from "../support/end-to-end";
import { underLoad, type Asked } from "../support/load";

interface Listed<T> {
  readonly items: readonly T[];
}
interface Window {
  readonly time: string;
  readonly dominant: string;
}
interface Applied {
  readonly status: string;
  readonly changes: readonly unknown[];
}

const DEVICE = "simulator-1";
const PASSWORDS = ["correct-horse-7-battery", "staple-42-correct-horse"] as const;
/** Replicas that fit on a node with two CPUs, including the new pods of a rollout. */
const SERVICES = {
  "device-manager": { replicas: 2, devices: false },
  "neural-processor": { replicas: 1 },
  "ml-pipeline": { replicas: 1 },
  "api-gateway": { replicas: 2 },
  "web-frontend": { replicas: 1 },
};
const RESTARTS = "jsonpath={.status.containerStatuses[0].restartCount}";
/** High limits, because all requests of the test come from one address. */
const SETTINGS = { rateLimit: 10_000, rateBurst: 10_000 };

describe("NeuraScale on a real Kubernetes node", function () {
  this.timeout(900_000);
  this.bail(true);

  let node: LabNode;
  let stack: ClusterStack;
  let neurascale: ClusterNamespace;
  let pairs: readonly TlsPair[];
  let token = "";
  let recording = "";

  before(async () => {
    node = await startNode();
    neurascale = new ClusterNamespace(node, "neurascale");
    stack = await ClusterStack.open({
      system: "neurascale",
      settings: [
        "longshore:environment: staging",
        "longshore:lifecycle: ephemeral",
        `longshore:neurascale: ${JSON.stringify({ settings: SETTINGS, services: SERVICES })}`,
      ],
      patienceMs: 400_000,
    });
    pairs = await Promise.all([1, 2].map(() => selfSigned(["api-gateway"], 1)));
    await setSecret("operator-password", PASSWORDS[0]);
    await setSecret("gateway-tls-certificate", pairs[0]?.certificate ?? "");
    await setSecret("gateway-tls-key", pairs[0]?.key ?? "");
  });

  after(async () => {
    stack.close();
    await stopNode();
  });

  async function setSecret(name: string, value: string): Promise<void> {
    const { code, stderr } = await stack.longshoreWith(value, "secrets", "set", `neurascale.${name}`);
    assert.equal(code, 0, stderr);
  }
  /** The documented command for values that an operator creates. The next number follows from the existing names. */
  const setNext = (name: string, value: string) =>
    stack.secretConfig(`longshore:secrets.neurascale.${name}@2`, value);
  const up = () => stack.json<Applied>("up", "--yes");
  const gateway = async (port = 0) => neurascale.addressOf("api-gateway", port);
  const ask = async (path: string, body?: unknown, bearer = token) =>
    fetch(`http://${await gateway()}/api/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const api = async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await ask(path, body);
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return (await answer.json()) as T;
  };
  const login = (password: string) => ask("login", { username: "operator", password });
  const windows = async () => (await api<Listed<Window>>(`bands?recording=${recording}&limit=10000`)).items;
  const windowsGoOn = async () => {
    const since = Date.now();
    await eventually("windows go on", async () => (await windows()).map(({ time }) => time), {
      until: (times) => times.some((time) => Date.parse(time) > since),
    });
  };
  const podsBy = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.keys(SERVICES).map(
          async (name) => [name, (await neurascale.podsOf(name)).sort().join()] as const,
        ),
      ),
    );
  /** Uses every datastore and both entry points, with a token issued before the rotation. */
  const load = async (): Promise<Asked[]> => {
    const headers = { authorization: `Bearer ${token}` };
    const ca = pairs.map(({ certificate }) => certificate);
    const plain = `http://${await gateway(0)}/api`;
    return [
      { url: `${plain}/devices`, headers },
      { url: `${plain}/latest/${DEVICE}`, headers },
      { url: `${plain}/bands?recording=${recording}&limit=10`, headers },
      { url: `https://${await gateway(1)}/api/devices`, headers: { ...headers, host: "api-gateway" }, ca },
    ];
  };
  /** Deploys changed secrets under load, and returns the replaced workloads. */
  async function rollOut(what: string): Promise<string[]> {
    const before = await podsBy();
    const { sent, failed } = await underLoad(await load(), async () => {
      await up();
      // The load continues until the old pods have ended.
      await eventually("the old pods have ended", podsBy, {
        until: (pods) =>
          Object.entries(SERVICES).every(
            ([name, { replicas }]) => pods[name]?.split(",").length === replicas,
          ),
      });
    });
    console.log(`      ${what}: ${sent} requests sent, ${failed.length} failed`);
    assert.ok(sent > 100, `only ${sent} requests were sent`);
    assert.deepEqual(failed, []);
    const now = await podsBy();
    return Object.keys(now).filter((name) => now[name] !== before[name]);
  }
  const rotate = async (...names: string[]) => {
    const full = names.map((name) => `neurascale.${name}`);
    const { code, stdout, stderr } = await stack.longshore("secrets", "rotate", ...full);
    assert.equal(code, 0, stdout + stderr);
  };
  const sql = (url: string) =>
    neurascale.kubectl("exec", "db-0", "--", "psql", url, "-tAc", "select current_user");
  /** Authenticates by password alone, because a URL without a user selects the default user. */
  const redis = (url: string) => {
    const login = `REDISCLI_AUTH=${decodeURIComponent(new URL(url).password)}`;
    return neurascale.kubectl("exec", "redis-0", "--", "env", login, "redis-cli", "ping");
  };

  it("comes up, database, Kafka and Redis with it", async () => {
    const { status } = await up();
    assert.equal(status, "ok");
    assert.deepEqual((await neurascale.pods()).unready, []);
  });

  it("lets in who knows the password, and finds a sine in its band", async () => {
    assert.equal((await ask("devices")).status, 401);
    assert.equal((await login("guess")).status, 401);
    ({ token } = (await (await login(PASSWORDS[0])).json()) as { token: string });
    const signal = { kind: "sine", frequency: 20, amplitude: 50 };
    const started = await api<{ recording_id: string }>(`devices/${DEVICE}/start`, { signal });
    recording = started.recording_id;
    await eventually("five windows", async () => (await windows()).length, { until: (seen) => seen >= 5 });
    assert.deepEqual([...new Set((await windows()).map(({ dominant }) => dominant))], ["beta"]);
    await eventually(
      "the model has seen some",
      () => api<Listed<{ model: string }>>(`predictions?recording=${recording}`),
      { until: ({ items }) => items.some(({ model }) => model.startsWith("eyes-1-")) },
    );
    const page = await fetch(`http://${await neurascale.addressOf("web-frontend")}/`);
    assert.match(await page.text(), /<div id="root">/);
  });

  it("finds nothing to do the second time", async () => {
    assert.deepEqual((await up()).changes, []);
  });

  it("rotates the passwords of its stores: no request fails, and the old ones are dead", async () => {
    const urls = async () => ({
      db: await neurascale.secretOf("deployment/neural-processor", "database-url"),
      redis: await neurascale.secretOf("deployment/neural-processor", "redis-url"),
    });
    const old = await urls();
    assert.equal(await sql(old.db), "neurascale_app_a");
    await rotate("db-app-password", "db-migrate-password", "db-admin-password", "redis-password");
    const replaced = await rollOut("passwords of PostgreSQL and Redis");
    assert.deepEqual(replaced, ["device-manager", "neural-processor"], "only who uses them");
    const now = await urls();
    assert.equal(await sql(now.db), "neurascale_app_b");
    assert.equal(await redis(now.redis), "PONG");
    await assert.rejects(sql(old.db), /not permitted to log in|password authentication failed/);
    assert.match(await redis(old.redis), /^NOAUTH/);
    await windowsGoOn();
  });

  it("rotates its signing key, its certificate and the operator's password: the same", async () => {
    const before = token;
    await rotate("jwt-secret");
    await setNext("operator-password", PASSWORDS[1]);
    await setNext("gateway-tls-certificate", pairs[1]?.certificate ?? "");
    await setNext("gateway-tls-key", pairs[1]?.key ?? "");
    assert.deepEqual(await rollOut("signing key, certificate, password of a person"), ["api-gateway"]);
    const [, second] = await load();
    const { failed } = await underLoad(
      {
        url: `https://${await gateway(1)}/api/devices`,
        headers: { ...second?.headers, host: "api-gateway" },
        ca: [pairs[1]?.certificate ?? ""],
      },
      () => new Promise((resolve) => setTimeout(resolve, 500)),
    );
    assert.deepEqual(failed, [], "every connection gets the new certificate");
    assert.equal((await login(PASSWORDS[0])).status, 401);
    ({ token } = (await (await login(PASSWORDS[1])).json()) as { token: string });
    assert.equal((await ask("devices", undefined, before)).status, 200, "the key before is still accepted");

    const { code, stderr } = await stack.longshore("secrets", "retire", "neurascale.jwt-secret");
    assert.equal(code, 0, stderr);
    assert.deepEqual(await rollOut("retired key"), ["api-gateway"]);
    assert.equal((await ask("devices", undefined, before)).status, 401, "and now no longer");
    await windowsGoOn();
  });

  /** Requests in progress on a killed container fail; a retry reaches the other one. */
  it("serves retried requests when one of two containers is killed", async () => {
    for (const name of ["api-gateway", "device-manager"]) {
      const [pod = ""] = await neurascale.podsOf(name);
      const restarts = async () => Number(await neurascale.kubectl("get", pod, "--output", RESTARTS));
      const killed = async () => {
        const before = await restarts();
        await neurascale.kill(pod);
        await eventually(`${pod} is restarted`, restarts, { until: (count) => count > before });
        await neurascale.rolledOut(name);
      };
      const { sent, failed } = await underLoad(await load(), killed, { tries: 20 });
      console.log(`      a container of ${name} killed: ${sent} requests, ${failed.length} failed for good`);
      assert.deepEqual(failed, []);
      await windowsGoOn();
    }
  });

  it("computes on after the only container of a service was killed", async () => {
    for (const name of ["neural-processor", "ml-pipeline"]) {
      const [pod = ""] = await neurascale.podsOf(name);
      await neurascale.kill(pod);
      await windowsGoOn();
    }
    await eventually("all are ready", async () => (await neurascale.pods()).unready.length, {
      until: (seen) => seen === 0,
    });
  });

  it("keeps secrets out of every object but Secrets, and out of the state", async () => {
    const objects = await neurascale.kubectl("get", "all,configmaps,networkpolicies", "--output", "yaml");
    const redisUrl = await neurascale.secretOf("deployment/neural-processor", "redis-url");
    for (const needle of [...PASSWORDS, new URL(redisUrl).password]) {
      assert.ok(needle.length > 10);
      assert.ok(!objects.includes(needle) && !stack.stateText().includes(needle));
    }
  });

  it("leaves nothing when it is brought down", async () => {
    const { code, stdout, stderr } = await stack.longshore("down", "--yes");
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(await node.kubectl("get", "namespaces", "--output", "name"), /neurascale/);
    const disks = () => node.kubectl("get", "persistentvolumes", "--output", "name");
    await eventually("disks are gone", disks, { until: (left) => left === "" });
  });
});
