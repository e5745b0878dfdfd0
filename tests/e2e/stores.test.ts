import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { after, before, describe, it } from "mocha";
import { deploySystem } from "../../targets/compose";
import { docker, ROOT, TestStack, useDocker } from "../support/compose-stack";
import { eventually, killContainer } from "../support/end-to-end";
import { storesPlan, type StoresOptions } from "../support/stores-sample";

const PASSWORD = "Pw0d7fK2mQ9xR4tL6vB8nC1";

describe("Redis, Kafka and Neo4j under the real engine", function () {
  this.timeout(240_000);
  let stack: TestStack;
  const program = (options?: StoresOptions) => () => {
    deploySystem(storesPlan(options), {
      root: ROOT,
      settings: { stack: "test", ports: {} },
      secretValue: () => pulumi.secret(PASSWORD),
    });
  };
  const idOf = (service: string) => stack.running(service)[0] ?? "";
  const bash = (service: string, script: string) => docker("exec", idOf(service), "bash", "-c", script);
  const redis = (...command: string[]) =>
    bash("cache", `REDISCLI_AUTH=$(cat $REDIS_PASSWORD_FILE) redis-cli ${command.join(" ")}`);
  const kafka = (tool: string, options: string) =>
    bash(
      "events",
      `KAFKA_HEAP_OPTS=-Xmx64m /opt/kafka/bin/${tool} --bootstrap-server localhost:9092 ${options}`,
    );
  const cypher = (statement: string, password = "${login#*/}") =>
    bash(
      "graph",
      `login=$(<$NEO4J_AUTH_PATH); wget -q -O - --http-user=neo4j --http-password="${password}" --auth-no-challenge ` +
        `--header 'Content-Type: application/json' --post-data '{"statements":[{"statement":"${statement}"}]}' ` +
        `http://127.0.0.1:7474/db/neo4j/tx/commit`,
    );

  before(async () => {
    const images = storesPlan().images.flatMap(({ source }) =>
      source.kind === "upstream" ? [source.reference] : [],
    );
    await useDocker(images);
    stack = await TestStack.create("stores-test");
  });
  after(() => {
    stack.remove();
  });

  it("come up healthy, with their topics, before who uses them", async () => {
    stack.program = program();
    await stack.up();
    for (const service of ["cache", "events", "graph"]) {
      assert.equal(docker("inspect", "--format", "{{.State.Health.Status}}", idOf(service)), "healthy");
    }
    const described = kafka("kafka-topics.sh", "--describe");
    assert.match(described, /Topic: samples\t.*PartitionCount: 2\t.*retention.ms=86400000/);
    assert.match(described, /Topic: commands\t.*PartitionCount: 1\t.*cleanup.policy=compact/);
    const created = (service: string) => docker("inspect", "--format", "{{.Created}}", idOf(service));
    const client = created("client");
    assert.ok(["cache", "events", "graph"].every((service) => created(service) < client));
  });

  it("ask for the password, which is nowhere to be read but in its files", () => {
    assert.match(bash("cache", "redis-cli ping"), /NOAUTH/);
    assert.match(bash("cache", "REDISCLI_AUTH=wrong redis-cli ping 2>&1"), /WRONGPASS|NOAUTH/);
    assert.throws(() => cypher("RETURN 1", "wrong"));
    assert.equal(
      bash("client", "cat $REDIS_URL_FILE $NEO4J_PASSWORD_FILE"),
      `redis://:${PASSWORD}@cache:6379/0${PASSWORD}`,
    );
    const seen = [
      docker("inspect", ...stack.containers()),
      ...["cache", "events", "graph", "client"].flatMap((service) => [
        docker("logs", idOf(service)),
        docker("top", idOf(service), "-eo", "pid,args"),
      ]),
      stack.state(),
    ];
    for (const text of seen) {
      assert.doesNotMatch(text, new RegExp(PASSWORD));
    }
  });

  it("keep what was written when their processes are killed, and come back by themselves", async () => {
    redis("set", "kept", "yes");
    bash(
      "events",
      "seq 50 | KAFKA_HEAP_OPTS=-Xmx64m /opt/kafka/bin/kafka-console-producer.sh --bootstrap-server localhost:9092 --topic samples --compression-codec zstd",
    );
    cypher("CREATE (:Ship {name: \\'Ever\\'})".replaceAll("\\'", "\\u0027"));
    const services = ["cache", "events", "graph"];
    const before = services.map(idOf);
    for (const id of before) {
      // From the host, because process 1 of a container cannot be killed from inside. Docker would not restart a
      // container after `docker kill`.
      await killContainer(id);
    }
    for (const [index, service] of services.entries()) {
      const format = "{{.RestartCount}} {{.State.Health.Status}}";
      const state = () => docker("inspect", "--format", format, before[index] ?? "");
      await eventually(`${service} is healthy again`, state, { until: (seen) => seen === "1 healthy" });
    }
    assert.equal(redis("get", "kept"), "yes");
    assert.equal(
      kafka("kafka-get-offsets.sh", "--topic samples")
        .split("\n")
        .reduce((sum, line) => sum + Number(line.split(":")[2]), 0),
      50,
    );
    assert.match(cypher("MATCH (s:Ship) RETURN s.name"), /"row":\["Ever"\]/);
  });

  it("gets more partitions where the catalog says so, and nothing else is touched", async () => {
    const untouched = ["cache", "events", "graph"].map(idOf);
    stack.program = program({ partitions: 3 });
    const { text } = await stack.up();
    assert.match(text, /services: ~ events-topics\n/);
    assert.match(kafka("kafka-topics.sh", "--describe --topic samples"), /PartitionCount: 3/);
    assert.deepEqual(["cache", "events", "graph"].map(idOf), untouched);
  });

  it("changes nothing when nothing changed", async () => {
    const { changes } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
  });
});
