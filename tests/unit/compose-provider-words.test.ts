import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Container } from "../../providers/compose/containers";
import { DockerError } from "../../providers/compose/docker";
import { serviceState } from "../../providers/compose/drift";
import { collapseRepeats, failureText } from "../../providers/compose/failures";
import { maskedLog, maskOf } from "../../providers/compose/mask";
import { stillRunning } from "../../providers/compose/unfinished";
import { waitingWords } from "../../providers/compose/wait";

describe("the mask over logs", () => {
  it("hides contents, passwords in addresses, and their usual disguises", () => {
    const mask = maskOf(["pass wörd/1", "postgres://app:s%40cret9@db/x\n", "abc"]);
    for (const text of [
      "pass wörd/1",
      encodeURIComponent("pass wörd/1"),
      Buffer.from("pass wörd/1").toString("base64"),
      "postgres://app:s%40cret9@db/x",
      "s@cret9",
      "s%40cret9",
    ]) {
      assert.equal(mask(`got <${text}>`).replace(/=+>/, ">"), "got <[secret]>", text);
    }
    assert.equal(mask("abc stays: too short to hide"), "abc stays: too short to hide");
  });

  it("masks each line of a secret, also where a log shows it without what surrounds it", () => {
    const mask = maskOf(["first line\r\n\tsecond line \nx"]);
    assert.equal(mask("NAME first line | second line."), "NAME [secret] | [secret].");
  });

  it("covers everything that is logged", () => {
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = maskedLog({ status: say, info: say, warning: say }, maskOf(["hush-hush"]));
    log.status("503 hush-hush");
    log.info("hush-hush");
    log.warning("a hush-hush");
    assert.deepEqual(said, ["503 [secret]", "[secret]", "a [secret]"]);
  });

  it("leaves no secret in any text made with it", () => {
    const value = fc.string({ minLength: 4, maxLength: 30 }).filter((text) => !"[secret]".includes(text));
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (hidden, before, after) => {
        fc.pre(!before.includes(hidden) && !after.includes(hidden));
        const masked = maskOf([hidden])(`${before}\u0000${hidden}\u0000${after}`);
        assert.ok(!masked.includes(`\u0000${hidden}\u0000`));
      }),
    );
  });
});

const container = (fields: Partial<Container> = {}): Container => ({
  id: "1",
  name: "p-a-1",
  project: "p",
  service: "a",
  configHash: "c",
  image: "i",
  state: "running",
  exitCode: 0,
  restarts: 0,
  probeOutput: "",
  created: "",
  started: "",
  networks: [],
  mounts: [],
  volumes: [],
  writableBinds: [],
  ports: [],
  graceSeconds: 10,
  ...fields,
});

describe("the state of a service in words", () => {
  const state = (containers: Container[], expected = {}) =>
    serviceState({ replicas: 1, job: false, config: "c", image: "i", ...expected }, containers).state;

  it("says what is wrong", () => {
    assert.equal(state([container()]), "running");
    assert.equal(state([container({ health: "starting" })]), "running");
    assert.equal(state([container({ health: "unhealthy" })]), "unhealthy");
    assert.equal(state([]), "missing");
    assert.equal(state([], { replicas: 0 }), "running");
    assert.equal(state([container({ state: "exited", exitCode: 137 })]), "stopped (exit code 137)");
    assert.equal(state([container({ image: "other" })]), "changed by someone else");
    assert.equal(state([container()], { replicas: 2 }), "1 of 2 running");
    assert.equal(
      state([container({ state: "restarting", exitCode: 1, restarts: 4 })]),
      "restarting (exit code 1, 4 times)",
    );
  });

  it("attributes leftovers of an unfinished deployment to no service", () => {
    const left = [container({ configHash: "old" })];
    const expected = { replicas: 1, job: false, config: "c", image: "i" };
    assert.equal(serviceState(expected, left, true).state, "not up to date");
  });

  it("leaves a job completed when its container was pruned, and not when it failed", () => {
    assert.equal(state([], { job: true }), "completed");
    assert.equal(state([container({ state: "exited" })], { job: true }), "completed");
    assert.equal(
      state([container({ state: "exited", exitCode: 2 })], { job: true }),
      "stopped (exit code 2)",
    );
  });
});

describe("a failed deployment", () => {
  const same = (text: string) => text;
  const failure = { service: "api", reason: "exited with code 1", log: "oh\nno" };

  it("says what still runs, and nothing of it when nothing ran", () => {
    assert.equal(
      failureText(
        { project: "p", failures: [failure], skipped: ["web"], kept: "api still runs its previous version" },
        same,
      ),
      [
        "p: 1 service failed; api still runs its previous version",
        "  api: exited with code 1",
        "    last lines of its log:",
        "        oh",
        "        no",
        "  not touched, because they wait for it: web",
      ].join("\n"),
    );
    assert.match(
      failureText({ project: "p", failures: [failure], skipped: [], kept: "" }, same),
      /^p: 1 service failed\n/,
    );
  });

  it("names the services that still run their previous version", () => {
    const isCurrent = ({ configHash }: Container) => configHash === "new";
    const of = (service: string, fields: Partial<Container> = {}) => container({ service, ...fields });
    assert.equal(stillRunning([], isCurrent), "");
    assert.equal(stillRunning([of("a", { state: "exited" }), of("b", { configHash: "new" })], isCurrent), "");
    assert.equal(
      stillRunning([of("a"), of("b", { configHash: "new" })], isCurrent),
      "a still runs its previous version",
    );
    assert.equal(
      stillRunning([of("d"), of("a"), of("b"), of("a")], isCurrent),
      "a, b and d still run their previous versions",
    );
  });

  it("shows a line that comes again and again once, whatever port or time it carries", () => {
    const probe = (port: number, time: string) => `${time} 127.0.0.1:${port} - "GET /redyz" 404`;
    const lines = ["starts", ...[1, 2, 3].map((n) => probe(50_000 + n, `2026-11-20T10:00:0${n}.123Z`))];
    assert.deepEqual(collapseRepeats(lines), ["starts", `${lines[3]} (3 times)`]);
    assert.deepEqual(collapseRepeats(["a", "b", "a", "b", "a", "b", "c"]), [
      "a (3 times)",
      "b (3 times)",
      "c",
    ]);
    assert.deepEqual(collapseRepeats(["GET / 200", "GET / 404"]), ["GET / 200", "GET / 404"]);
    assert.deepEqual(collapseRepeats([]), []);
  });

  it("loses no line that is no repetition", () => {
    const line = fc.constantFrom("a", "b", "c", "d", "e");
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const counts = collapseRepeats(lines).map((text) => Number(/ \((\d+) times\)$/.exec(text)?.[1] ?? 1));
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          lines.length,
        );
      }),
    );
  });

  it("says what to do when the engine has no network left to give", () => {
    const stderr =
      "failed to create network x: Error response from daemon: all predefined address pools have been fully subnetted";
    const { message } = new DockerError(["compose", "up"], { stdout: "", stderr, all: stderr, exitCode: 1 });
    assert.match(
      message,
      /^the engine has no address range left for another network.*docker network prune.*default-address-pools/,
    );
    assert.ok(!message.includes("\n"));
  });

  for (const stderr of [
    "unknown flag: --project-name",
    "docker: 'compose' is not a docker command.\nSee 'docker --help'",
  ]) {
    it(`names the missing Compose plugin behind ${JSON.stringify(stderr)}`, () => {
      const failed = { stdout: "", stderr, all: stderr, exitCode: 1 };
      assert.match(
        new DockerError(["compose", "config"], failed).message,
        /expected Docker Compose 2, found no Compose/,
      );
      assert.match(new DockerError(["run", "x"], failed).message, /^docker run x failed: /);
    });
  }
});

describe("waiting", () => {
  it("says what the last health check said, and how long it may still take", () => {
    const probeOutput = '503 {"ready": false,\n "db": "away"}';
    assert.equal(
      waitingWords(container({ health: "starting", probeOutput }), 40.2, 300),
      '503 {"ready": false, "db": "away"}, 40 s of 300 s',
    );
    assert.equal(
      waitingWords(container({ probeOutput, patienceSeconds: 60 }), 61, 300),
      '503 {"ready": false, "db": "away"}, 60 s of 60 s',
    );
    assert.equal(
      waitingWords(container({ state: "restarting", exitCode: 1 }), 5, 60),
      "exited with code 1, 5 s of 60 s",
    );
    assert.equal(waitingWords(container(), 5, 60), "5 s of 60 s");
    assert.ok(waitingWords(container({ probeOutput: "x".repeat(500) }), 5, 60).length < 100);
  });
});
