import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { unpackedSize } from "../support/unpacked-size";
import { run } from "../../tools/process";
import { Checkout } from "../support/checkout";
import {
  docker,
  eventually,
  keepsToItself,
  leavesNothing,
  MEGABYTE,
  staysAsItIs,
  type Status,
  killContainer,
  allHealthy,
} from "../support/end-to-end";
import type { Document, Hit, InSession, Path, Session, Step } from "../support/nexus-answers";

const PORT = 18110;
const ADDRESS = `http://127.0.0.1:${PORT}`;
const CLIENT = readFileSync(join(__dirname, "..", "support", "mcp-client.py"), "utf8");

/** Deletes all data in Redis. */
const FORGET = 'REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") redis-cli --no-auth-warning flushall';

const TEXTS = [
  {
    title: "Cranes",
    body: "Krane GmbH builds Portainer. The crane lifts containers from the ship to the quay.",
  },
  { title: "Terminals", body: "Hansa Lines uses Portainer. Hansa Lines owns Terminal Burchard." },
  { title: "Places", body: "Terminal Burchard is located in Hamburg." },
  { title: "Bread", body: "Flour, water and yeast become a dough that rests overnight in the kitchen." },
];

async function ask(path: string, method = "GET", body?: unknown): Promise<Response> {
  return fetch(`${ADDRESS}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function json<T>(path: string, method = "GET", body?: unknown): Promise<T> {
  const answer = await ask(path, method, body);
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

const handle = <T>(name: string, args: unknown, session?: string) =>
  json<InSession<T>>(`/nexus/handlers/${name}`, "POST", { arguments: args, ...(session && { session }) });

describe("Nexus, from a fresh checkout to sessions that outlive every part of it", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let project: string;

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal(`config:\n  longshore:systems: [nexus]\n  longshore:ports:\n    nexus: ${PORT}\n`);
  });

  after(async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  const services = async () => (await checkout.json<Status>("status")).services;
  const containerOf = async (service: string) =>
    (await services()).find((one) => one.service === service && one.state === "running")?.id ??
    assert.fail(`no ${service}`);
  const kill = async (service: string) => {
    const container = await containerOf(service);
    await killContainer(container);
  };
  const healthy = () => allHealthy(checkout);
  /** Runs a SQL statement as the owner of the database. */
  const sql = async (statement: string) =>
    docker("exec", await containerOf("db"), "psql", "-U", "postgres", "-d", "nexus", "-tAc", statement);
  /**
   * Runs the official SDK's client in a container of the system. It calls the reverse proxy like an external client.
   */
  const client = async (path: string, ...steps: Step[]): Promise<unknown[]> => {
    const args = ["exec", await containerOf("mcp"), "python", "-c", CLIENT, path, JSON.stringify(steps)];
    return JSON.parse(await docker(...args)) as unknown[];
  };
  const overHttp = (...steps: Step[]) => client("http://edge:8080/mcp", ...steps);
  const overWebSocket = (...steps: Step[]) => client("ws://edge:8080/mcp/ws", ...steps);
  const cli = async (session: string, ...words: string[]) =>
    docker("exec", await containerOf("nexus"), "nexus-cli", "--session", session, ...words);
  const readiness = async (service: string, path = "/readyz") =>
    run("docker", ["exec", await containerOf(service), "python", "-m", "longshore_service.health", path]);
  const graphOf = async (id: string) =>
    (await json<{ items: { key: string }[] }>(`/api/documents/${id}/entities`)).items.map(({ key }) => key);

  it("comes up with one command: four services, three stores, a proxy", async () => {
    const started = Date.now();
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=nexus");
    assert.equal(code, 0, stdout + stderr);
    console.log(`      up in ${((Date.now() - started) / 1000).toFixed(0)} s, images included`);
    assert.equal(checkout.git("status", "--porcelain"), "");
    const running = (await services()).filter(({ state }) => state === "running");
    assert.deepEqual(
      running.filter(({ health }) => health !== "healthy"),
      [],
    );
    assert.deepEqual(running.map(({ service }) => service).sort(), [
      "api",
      "dataflow",
      "db",
      "edge",
      "graph",
      "mcp",
      "nexus",
      "state",
    ]);
    const label = '{{index .Config.Labels "com.docker.compose.project"}}';
    project = await docker("inspect", "-f", label, await containerOf("db"));
  });

  it("keeps documents, finds the nearest to a text, and links what they mention", async () => {
    const made = [];
    for (const text of TEXTS) {
      made.push(await json<Document>("/api/documents", "POST", text));
    }
    const { items } = await json<{ items: Hit[] }>("/api/search?text=crane+lifting+a+container&limit=4");
    assert.equal(items[0]?.title, "Cranes");
    const scores = items.map(({ score }) => score);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    const [cook] = (await json<{ items: Hit[] }>("/api/search?text=doughs+and+kitchens&limit=1")).items;
    assert.equal(cook?.title, "Bread");
    assert.match(
      await sql("select indexdef from pg_indexes where indexname = 'document_embedding_idx'"),
      /hnsw/,
    );

    const last = made[2]?.id ?? assert.fail();
    await eventually("the graph knows the last document", () => graphOf(last), {
      until: (keys) => keys.includes("hamburg"),
    });
    const path = await json<Path>("/api/graph/path?source=Krane+GmbH&target=Hamburg");
    assert.deepEqual(
      path.entities.map(({ name }) => name),
      ["Krane GmbH", "Portainer", "Hansa Lines", "Terminal Burchard", "Hamburg"],
    );
    assert.deepEqual(
      path.relations.map(({ kind }) => kind),
      ["makes", "uses", "owns", "located-in"],
    );
    assert.equal((await ask("/api/graph/path?source=Krane+GmbH&target=Atlantis")).status, 404);
  });

  it("serves the official MCP client: tools of the tables, search and graph, over HTTP and WebSocket", async () => {
    const [tools, created, resources] = (await overHttp(
      { tools: true },
      { call: "document_create", arguments: { title: "Tides", body: "The Elbe flows to Cuxhaven." } },
      { resources: true },
    )) as [string[], Document, string[]];
    for (const tool of [
      "collection_create",
      "document_read",
      "document_list",
      "document_search",
      "search",
      "graph_path",
    ]) {
      assert.ok(tools.includes(tool), `${tool} in ${tools.join(" ")}`);
    }
    assert.ok(!tools.some((tool) => tool.startsWith("change_")), "the platform's own tables stay inside");
    assert.ok(resources.includes(`nexus://documents/${created.id}`));

    const { id, version } = created;
    const change = {
      call: "document_update",
      arguments: { id, version, body: "The Elbe flows to the sea." },
    };
    const [read, updated, stale, listed, found, text] = (await overWebSocket(
      { call: "document_read", arguments: { id } },
      change,
      change,
      { call: "document_list", arguments: { order: "-created_at", limit: 1 } },
      { call: "search", arguments: { text: "elbe", limit: 1 } },
      { read: `nexus://documents/${id}` },
    )) as [
      Document,
      Document,
      { error: { problem: string } },
      { items: Document[] },
      { items: Hit[] },
      string,
    ];
    assert.deepEqual(read, created);
    assert.equal(updated.version, version + 1);
    assert.equal(stale.error.problem, "conflict");
    assert.equal(listed.items[0]?.id, id);
    assert.equal(found.items[0]?.id, id);
    assert.match(text, /^# Tides\n\nThe Elbe flows to the sea\./);
  });

  it("offers a new table's nodes as soon as it is there, with the rights that our login has", async () => {
    await sql(
      "set role nexus_owner; create table ship (name text primary key, length numeric, launched date); revoke delete on ship from nexus_app",
    );
    const toolsOfShip = async () =>
      ((await overHttp({ tools: true }))[0] as string[]).filter((tool) => tool.startsWith("ship_"));
    await eventually("tools for ships", async () => (await toolsOfShip()).length, {
      until: (seen) => seen > 0,
    });
    assert.deepEqual((await toolsOfShip()).sort(), ["ship_create", "ship_list", "ship_read", "ship_update"]);
    const [created, wrong, twice] = await overWebSocket(
      { call: "ship_create", arguments: { name: "Aurora", length: 212.5, launched: "2019-05-04" } },
      { call: "ship_create", arguments: { name: "Boreas", length: "long" } },
      { call: "ship_create", arguments: { name: "Aurora" } },
    );
    assert.deepEqual(created, { name: "Aurora", length: 212.5, launched: "2019-05-04" });
    assert.equal((wrong as { error: { errors: { path: string }[] } }).error.errors[0]?.path, "length");
    assert.equal((twice as { error: { status: number } }).error.status, 409);
    assert.equal(await sql("select length from ship"), "212.5");
  });

  it("continues a session on every channel, and after its container was killed", async () => {
    const begun = await handle<{ items: Hit[] }>("search", { text: "crane lifting a container" });
    const { session } = begun;
    const opened = JSON.parse(await cli(session, "open", "1")) as Document;
    assert.equal(opened.title, "Cranes");
    await kill("nexus");
    await healthy();
    const [related] = (await client("ws://edge:8080/nexus/mcp/ws", {
      call: "related",
      arguments: { entity: "Portainer", session },
    })) as [InSession<{ neighbours: { name: string }[] }>];
    assert.equal(related.session, session);
    assert.ok(related.result.neighbours.some(({ name }) => name === "Hansa Lines"));
    const { current, history } = await json<Session>(`/nexus/sessions/${session}`);
    assert.equal(current?.title, "Cranes");
    assert.deepEqual(
      history.map(({ channel, handler }) => `${channel} ${handler}`),
      ["api search", "cli open", "mcp related"],
    );
    assert.equal((await ask("/nexus/handlers/show", "POST", { session: "unknown" })).status, 404);
  });

  it("loses neither step when two channels work in one session at once", async () => {
    const { session } = await handle("search", { text: "bread" });
    await Promise.all(Array.from({ length: 8 }, () => handle("nodes", { table: "ship" }, session)));
    assert.equal((await json<Session>(`/nexus/sessions/${session}`)).history.length, 9);
  });

  it("recovers from the death of each service", async () => {
    for (const service of ["dataflow", "api", "mcp"]) {
      const started = Date.now();
      await kill(service);
      await eventually(`${service} is back`, async () => (await readiness(service)).code, {
        until: (seen) => seen === 0,
      });
      console.log(`      ${service} ready again after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
    await healthy();
    const [tools] = (await overHttp({ tools: true })) as [string[]];
    assert.ok(tools.includes("ship_read"), "nodes were there again");
    const logs = await docker("logs", await containerOf("dataflow"));
    assert.match(logs.slice(logs.lastIndexOf('"message": "started"')), /"message": "nodes restored"/);
  });

  it("recovers from the death of each store, with everything that was in it", async () => {
    const { session } = await handle("search", { text: "bread" });
    const documents = await sql("select count(*) from document");
    const neighbours = () =>
      json<{ neighbours: unknown[] }>("/api/graph/neighbours?entity=Hansa+Lines&depth=3");
    const known = await neighbours();
    for (const store of ["db", "state", "graph"]) {
      const started = Date.now();
      await kill(store);
      await eventually("a session works again", async () =>
        Boolean(await handle("search", { text: "bread" }, session)),
      );
      await eventually("the graph answers again", async () => Boolean(await neighbours()));
      await healthy();
      console.log(`      ${store} back, all healthy after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
    assert.equal(await sql("select count(*) from document"), documents);
    assert.deepEqual(await neighbours(), known);
    assert.ok((await json<Session>(`/nexus/sessions/${session}`)).history.length >= 4);
  });

  it("tells down the line what is missing, goes on with the rest, and makes up for it", async () => {
    const graph = await containerOf("graph");
    await docker("stop", "--time", "60", graph);
    const reason = "the graph cannot be reached";
    await eventually("the api is not ready", () => readiness("api"), {
      until: ({ stderr }) => stderr.includes(reason),
    });
    for (const service of ["mcp", "nexus"]) {
      const { code, stderr } = await readiness(service);
      assert.notEqual(code, 0, service);
      assert.match(stderr, new RegExp(`api is not ready: ${reason}`), service);
    }
    assert.equal((await readiness("dataflow")).code, 0, "dataflow does not need the graph");
    for (const service of ["api", "mcp", "nexus", "dataflow"]) {
      assert.equal((await readiness(service, "/livez")).code, 0, service);
    }
    const meanwhile = { title: "Meanwhile", body: "Globex owns Initech." };
    const { id } = await json<Document>("/api/documents", "POST", meanwhile);
    const [hit] = (await json<{ items: Hit[] }>("/api/search?text=meanwhile&limit=1")).items;
    assert.deepEqual([hit?.id, hit?.entities], [id, null]);
    assert.equal((await ask("/api/graph/neighbours?entity=Globex")).status, 503);
    await docker("start", graph);
    await eventually("the graph has made up for it", () => graphOf(id), {
      until: (keys) => keys.includes("initech"),
    });
    await healthy();
  });

  it("changes nothing when nothing has changed: no resource, no container", async () => {
    await staysAsItIs(checkout);
  });

  it("keeps to itself: small images, numeric users, read-only, each store reachable by its service only", async () => {
    for (const { service, id, image } of await services()) {
      await keepsToItself({ service, id });
      assert.doesNotMatch(
        await docker("history", "--no-trunc", image),
        /redis:\/\/:|postgresql:\/\/nexus/,
        service,
      );
    }
    const reaches = async (from: string, host: string, port: number) =>
      (
        await run("docker", [
          "exec",
          await containerOf(from),
          "python",
          "-c",
          `import socket; socket.create_connection(("${host}", ${port}), 2)`,
        ])
      ).code === 0;
    assert.ok(await reaches("api", "graph", 7687));
    assert.ok(!(await reaches("api", "db", 5432)), "only dataflow speaks to PostgreSQL");
    assert.ok(!(await reaches("mcp", "graph", 7687)), "only the api speaks to Neo4j");
    assert.ok(!(await reaches("mcp", "state", 6379)), "mcp keeps nothing");
    assert.equal((await ask("/cli/show", "POST", {})).status, 404, "the command line's channel is inside");
    assert.equal((await ask("/metrics")).status, 404);
    for (const name of ["dataflow", "api", "mcp", "nexus"]) {
      const container = await containerOf(name);
      const image = await docker("inspect", "-f", "{{.Config.Image}}", container);
      const size = await unpackedSize(image);
      const memory = await docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container);
      console.log(`      ${name} ${(size / MEGABYTE).toFixed(0)} MB unpacked, memory ${memory}`);
      assert.ok(size < 500 * MEGABYTE, `${name}: ${size}`);
    }
  });

  it("dumps its three stores while it serves, and brings them back (NX-05, NX-07)", async () => {
    const document = { title: "Kept", body: "Vandelay owns Kramerica." };
    const { id } = await json<Document>("/api/documents", "POST", document);
    await eventually("the graph knows it", () => graphOf(id), { until: (keys) => keys.includes("vandelay") });
    const { session } = await handle("search", { text: "vandelay" });
    const { dumps } = await checkout.json<{ dumps: { store: string; file: string; bytes: number }[] }>(
      "backup",
    );
    assert.deepEqual(dumps.map(({ store }) => store).sort(), ["db", "graph", "state"]);
    for (const { file, bytes } of dumps) {
      const { size, mode } = statSync(file);
      assert.deepEqual([size, mode & 0o077], [bytes, 0], file);
    }
    await ask(`/api/documents/${id}`, "DELETE");
    await docker("exec", await containerOf("state"), "sh", "-c", FORGET);
    assert.equal((await ask(`/api/documents/${id}`)).status, 404);
    for (const store of ["db", "graph", "state"]) {
      const { code, stdout, stderr } = await checkout.longshore("restore", `nexus/${store}`, "--yes");
      assert.equal(code, 0, stdout + stderr);
    }
    assert.equal((await json<Document>(`/api/documents/${id}`)).title, "Kept");
    assert.deepEqual((await graphOf(id)).sort(), ["kramerica", "vandelay"]);
    assert.ok((await json<Session>(`/nexus/sessions/${session}`)).history.length >= 1);
    const { code, stderr } = await checkout.longshore("restore", "nexus/db", "--file", "no.dump", "--yes");
    assert.equal(code, 2);
    assert.match(stderr, /the dump no\.dump in .*; there are nexus-db-/);
    await healthy();
  });

  it("seeds samples, once", async () => {
    const seed = async () =>
      docker("exec", await containerOf("dataflow"), "python", "-m", "nexus.dataflow.seed");
    assert.equal(await seed(), "seed: 5 added, 0 already there");
    assert.equal(await seed(), "seed: 0 added, 5 already there");
  });

  it("leaves nothing when asked to", async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await leavesNothing(project);
  });
});
