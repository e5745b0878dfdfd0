import assert from "node:assert/strict";
import {
  diskFound,
  dockerChecks,
  nodeCheck,
  packagesFound,
  portsFound,
  pulumiCheck,
} from "../../../tools/doctor";

const GIB = 1024 ** 3;

describe("doctor", () => {
  it("wants Node.js 20.19", () => {
    assert.deepEqual(nodeCheck("v22.1.0"), { name: "Node.js", status: "ok", found: "22.1.0" });
    assert.deepEqual(nodeCheck("v18.20.0"), {
      name: "Node.js",
      status: "missing",
      found: "18.20.0",
      fix: "install Node.js 20.19 or newer",
    });
  });

  it("names the first package that differs and counts the rest", () => {
    const right = { name: "zod", wanted: "4.6.7", installed: "4.6.7" };
    const withV = { name: "@pulumi/policy", wanted: "1.21.0", installed: "v1.21.0" };
    assert.equal(packagesFound([right, withV]).found, "2 as pinned");
    const wrong = packagesFound([
      right,
      { name: "ajv", wanted: "8.20.0", installed: undefined },
      { name: "diff", wanted: "9.0.0", installed: "8.0.0" },
    ]);
    assert.equal(wrong.status, "missing");
    assert.equal(wrong.found, "ajv: expected 8.20.0, got none and 1 more");
    assert.equal(wrong.fix, "run: npm ci --ignore-scripts");
  });

  it("shows engine, Compose and buildx each with its own verdict", () => {
    const checks = dockerChecks({ source: "lab", engine: [28, 5, 2], compose: [2, 5, 0], problems: [] });
    assert.deepEqual(
      checks.map(({ name, status, found }) => [name, status, found]),
      [
        ["Docker Engine", "ok", "28.5.2, the lab's"],
        ["Docker Compose", "missing", "2.5.0"],
        ["Docker buildx", "missing", "none"],
      ],
    );
    assert.match(checks[1]?.fix ?? "", /^install 2\.24 or newer/);
  });

  it("says when a Pulumi on the PATH is passed over", () => {
    const pulumi = { command: "/c/bin/pulumi", root: "/c", version: "3.250.0", source: "cache" } as const;
    assert.equal(pulumiCheck({ pulumi }).found, "3.250.0, /c/bin/pulumi");
    const unfit = { command: "/usr/bin/pulumi", version: "3.100.0" };
    assert.equal(
      pulumiCheck({ pulumi, unfit }).found,
      "3.250.0, /c/bin/pulumi; 3.100.0 on the PATH does not fit",
    );
    assert.equal(pulumiCheck({ unfit }).found, "3.100.0 at /usr/bin/pulumi does not fit");
    assert.equal(pulumiCheck({}).status, "missing");
  });

  it("judges the fullest of the disks", () => {
    const judged = (...free: number[]) =>
      diskFound(free.map((gib, at) => ({ folder: `/${at}`, bytes: gib * GIB })));
    assert.deepEqual(judged(50, 30), { name: "disk", status: "ok", found: "30.0 GiB free at /1" });
    assert.equal(judged(50, 5).status, "warn");
    assert.equal(judged(1, 50).status, "missing");
    assert.equal(judged(1, 50).found, "1.0 GiB free at /0");
    assert.equal(judged().status, "warn");
  });

  it("looks at every port of the local stack, and minds only programs that are not ours", () => {
    const container = { kind: "container", description: "container todo-local-edge-1" } as const;
    const program = { kind: "process", description: "nginx (process 4711)", pid: 4711 } as const;
    assert.deepEqual(
      portsFound([
        { port: 8090, owner: container },
        { port: 8091, owner: undefined },
      ]),
      {
        name: "edge port",
        status: "ok",
        found: "127.0.0.1:8090 is held by container todo-local-edge-1, 127.0.0.1:8091 is free",
      },
    );
    const { status, found } = portsFound([
      { port: 8090, owner: container },
      { port: 8091, owner: program },
    ]);
    assert.equal(status, "warn");
    assert.equal(found, "127.0.0.1:8091 is held by nginx (process 4711)");
  });
});
