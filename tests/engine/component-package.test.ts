import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { examples } from "../../docs/reference/components";
import { useDockerCli } from "../support/docker-cli";
import { ExternalProgram, type Preview } from "../support/external-program";

const ROOT = join(__dirname, "..", "..");

/**
 * The component of an example, the names of its resources without the component's prefix, and the examples that it
 * builds on.
 */
interface Made {
  readonly component: string;
  readonly parts: readonly string[];
  readonly upon?: readonly (keyof typeof examples)[];
}

const MADE: Readonly<Record<keyof typeof examples, Made>> = {
  "project-services": { component: "apis", parts: ["container", "sqladmin"] },
  network: {
    component: "main",
    parts: ["managed-access", "managed-range", "nat", "router", "subnet", "vpc"],
  },
  registry: { component: "images", parts: ["cache", "images", "mirror-docker-io"] },
  image: { component: "backend", parts: ["build"] },
  "upstream-image": { component: "redis", parts: ["copy"] },
  cluster: {
    component: "main",
    parts: ["gke", "kubernetes", "nodes", "nodes-role", "pool-general", "pool-gpu"],
    upon: ["network"],
  },
  postgres: {
    component: "orders",
    // The password is a component too.
    parts: ["admin", "admin", "admin-value", "database", "instance"],
    upon: ["network"],
  },
  redis: { component: "cache", parts: ["instance"], upon: ["network"] },
  kafka: {
    component: "events",
    parts: ["acl-samples", "cluster", "topic-samples"],
    upon: ["network", "identity"],
  },
  identity: { component: "reader", parts: ["account", "binding", "managedkafka-client"] },
  secret: { component: "cookie-key", parts: ["value"] },
  namespace: {
    component: "orders",
    parts: ["namespace", "network-policy", "resource-quota"],
    upon: ["cluster"],
  },
  workload: {
    component: "orders-reader",
    parts: ["deployment", "pod-disruption-budget", "service", "service-account"],
    upon: ["cluster"],
  },
  ingress: {
    component: "orders",
    parts: [
      ...["address", "frontend-config", "managed-certificate", "reader-backend-config"],
      ...["reader-limits", "tls"],
    ],
    upon: ["cluster"],
  },
  "backup-bucket": { component: "dumps", parts: ["bucket"] },
  "log-archive": { component: "logs", parts: ["bucket", "exclusion", "sink"] },
};

function madeBy(name: keyof typeof examples): string[] {
  const { component, parts, upon = [] } = MADE[name];
  return [component, ...parts.map((part) => `${component}-${part}`), ...upon.flatMap(madeBy)];
}

describe("The packed components in an empty Pulumi program, over offline providers and the policies", function () {
  this.timeout(300_000);
  let program: ExternalProgram;
  let previews: ReadonlyMap<string, Preview>;

  before(async () => {
    // The provider of Compose projects checks documents with `docker compose config`.
    await useDockerCli();
    program = await ExternalProgram.create(
      join(ROOT, "docs", "reference", "components"),
      join(ROOT, "policy", "analyzer"),
    );
    previews = await program.previewEach();
  });
  after(() => program.remove());

  for (const name of Object.keys(examples) as (keyof typeof examples)[]) {
    it(`${name} makes what its page says, and breaks no policy`, () => {
      const { errors = [], changes = [] } = previews.get(name) ?? {};
      assert.deepEqual(errors, []);
      const ours = changes.filter((change) => !/ (default_[\d_]+|external-prod)$/.test(change));
      // A component and one of its resources may have the same name, such as a cluster and its network.
      const expected = [...new Set(madeBy(name).map((made) => `create ${made}`))].sort();
      assert.deepEqual([...new Set(ours)].sort(), expected);
    });
  }

  it("previews with a hand-typed `pulumi preview`, a Compose project over the package's provider too", async () => {
    await writeFile(join(program.folder, "main.js"), MAIN);
    const printed = await program.preview("main.js");
    assert.match(printed, /longshore:data:CloudSqlPostgres\s+orders\s+create/);
    assert.match(printed, /compose:index:Project\s+hello\s+create/);
  });
});

const MAIN = `
const { ComposeProject } = require("@longshore/components");
const { postgres } = require("./postgres.js");

postgres();
new ComposeProject("hello", {
  project: "longshore-external-hello",
  document: "services: { web: { image: 'busybox:1.37', read_only: true } }",
});
`;
