import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { execFileSync } from "node:child_process";
import { imageName } from "../../providers/compose/build";
import type { Container } from "../../providers/compose/containers";
import { changedServices, diffProject } from "../../providers/compose/diff";
import { withDigests } from "../../providers/compose/digests";
import { DockerError } from "../../providers/compose/docker";
import { serviceState } from "../../providers/compose/drift";
import { collapseRepeats, failureText } from "../../providers/compose/failures";
import {
  DEFAULTS,
  namedVolumes,
  publishedPorts,
  shapeFailures,
  type ProjectInputs,
} from "../../providers/compose/inputs";
import { maskedLog, maskOf } from "../../providers/compose/mask";
import { projectHandler } from "../../providers/compose/project";
import { tar } from "../../providers/compose/tar";
import { hasUnknown, secret, unwrap } from "../../providers/compose/values";
import { stillRunning } from "../../providers/compose/unfinished";
import { waitingWords } from "../../providers/compose/wait";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const inputs = (changes: Record<string, unknown> = {}) => ({
  ...DEFAULTS,
  project: "p",
  document: { services: { a: { image: "a:1" }, "b-c": { image: "b:1", ports: ["1:1"] } } },
  ...changes,
});
const document = (a: Record<string, unknown>) => ({ services: { ...inputs().document.services, a } });
const changes = (old: Record<string, unknown>, news: Record<string, unknown>, outputs = {}) =>
  diffProject({ inputs: old, outputs }, news).changes;

describe("values between the engine and the provider", () => {
  it("are unwrapped at any depth, and unknown ones are found", () => {
    assert.deepEqual(unwrap({ a: [secret({ b: secret("c") })], d: 1 }), { a: [{ b: "c" }], d: 1 });
    assert.ok(hasUnknown({ a: [{ b: UNKNOWN }] }));
    assert.ok(hasUnknown(secret(UNKNOWN)));
    assert.ok(!hasUnknown({ a: ["b", null, 1] }));
  });
});

describe("the diff of a project", () => {
  it("names single values by path, and services that come and go as a whole", () => {
    assert.deepEqual(changes(inputs(), inputs()), {});
    assert.deepEqual(changes(inputs(), inputs({ document: document({ image: "a:2" }) })), {
      "document.services.a.image": { kind: "update" },
    });
    const other = { services: { a: { image: "a:1" }, d: { image: "d:1" } } };
    assert.deepEqual(changes(inputs(), inputs({ document: other })), {
      'document.services["b-c"]': { kind: "delete" },
      "document.services.d": { kind: "add" },
    });
    const labels = { image: "a:1", labels: { "x.y": "1" } };
    assert.deepEqual(changes(inputs(), inputs({ document: document(labels) })), {
      "document.services.a.labels": { kind: "add" },
    });
    const ports = { services: { ...inputs().document.services, "b-c": { image: "b:1", ports: ["2:1"] } } };
    assert.deepEqual(changes(inputs(), inputs({ document: ports })), {
      'document.services["b-c"].ports[0]': { kind: "update" },
    });
  });

  it("is empty for what changes nothing by itself: build sections, build arguments, time-outs", () => {
    const built = (context: string) => inputs({ document: document({ image: "a:1", build: { context } }) });
    assert.deepEqual(changes(built("/x"), built("/y")), {});
    assert.deepEqual(changes(inputs(), built("/y")), {});
    assert.deepEqual(changes(inputs(), inputs({ buildArgs: { VERSION: "2" }, waitSeconds: 5 })), {});
  });

  it("replaces a project that has another name", () => {
    assert.deepEqual(changes(inputs(), inputs({ project: "q" })), { project: { kind: "replace" } });
  });

  it("shows a secret's file, whether wrapped or not, and never its value", () => {
    const files = (content: unknown) => inputs({ secretFiles: { "secrets/a/t": { content, user: 1 } } });
    assert.deepEqual(changes(files(secret("x")), files("x")), {});
    const found = changes(files(secret("hush-1")), files(secret("hush-2")));
    assert.deepEqual(found, { 'secretFiles["secrets/a/t"].content': { kind: "update" } });
    assert.ok(!JSON.stringify(found).includes("hush"));
  });

  it("shows drift against the state, for wanted services only", () => {
    const services = { a: { state: "running" }, "b-c": { state: "completed" } };
    const seen = { a: { state: "missing" }, "b-c": { state: "completed" }, gone: { state: "missing" } };
    assert.deepEqual(changes(inputs({ services }), inputs({ services }), { services: seen }), {
      "services.a.state": { kind: "update", drift: true },
    });
  });

  it("shows an unfinished deployment as that, and not as drift of what it left", () => {
    const services = { a: { state: "running" } };
    const outputs = { services: { a: { state: "missing" } }, unfinished: "a failed deployment" };
    assert.deepEqual(changes(inputs({ services }), inputs({ services }), outputs), {
      unfinished: { kind: "delete", drift: true },
    });
  });

  it("has the jobs that are asked for by name, where there are such", () => {
    const job = document({ image: "a:1", labels: { "longshore.kind": "job" } });
    process.env.LONGSHORE_RERUN_JOBS = "a, b-c,elsewhere";
    try {
      assert.deepEqual(changes(inputs({ document: job }), inputs({ document: job })), {
        "rerun.a": { kind: "add" },
      });
    } finally {
      delete process.env.LONGSHORE_RERUN_JOBS;
    }
  });

  it("says in words which services an update touches, through their files too", () => {
    const mounted = (content: string) => ({
      ...inputs({ secretFiles: { "secrets/a/t": { content: secret(content), user: 1 } } }),
      document: {
        services: { a: { image: "a:1", secrets: ["t"] }, b: { image: "b:1" } },
        secrets: { t: { file: "./secrets/a/t" } },
      },
    });
    assert.deepEqual(changedServices(mounted("1"), mounted("1")), []);
    assert.deepEqual(changedServices(mounted("1"), mounted("2")), ["~ a"]);
    assert.deepEqual(changedServices(mounted("1"), inputs()), ["~ a", "- b", "+ b-c"]);
  });
});

describe("the digests of mounted files", () => {
  const project = (content: string): ProjectInputs => ({
    ...DEFAULTS,
    project: "p",
    document: {
      services: {
        a: { secrets: [{ source: "t", target: "/t" }], labels: { x: "y" } },
        b: { configs: ["c"] },
        d: {},
      },
      secrets: { t: { file: "./secrets/a/t" } },
      configs: { c: { file: "config/c" } },
    },
    files: { "config/c": "c" },
    secretFiles: { "secrets/a/t": { content, user: 1 } },
  });
  const labels = (content: string, key: string) =>
    Object.values(withDigests(project(content), Buffer.from(key)).services).map((service) => service.labels);

  it("change for the users of what changed only, and with the key", () => {
    const [a, b, d] = labels("1", "k");
    const [changed, same] = labels("2", "k");
    assert.equal(a?.x, "y");
    assert.notDeepEqual(changed, a);
    assert.deepEqual(same, b);
    assert.equal(d, undefined);
    assert.notDeepEqual(labels("1", "other")[0], a);
    assert.deepEqual(labels("1", "k"), [a, b, d]);
  });
});

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

describe("the inputs of a project", () => {
  it("are refused with every mistake at once, by property", () => {
    const failures = shapeFailures({
      ...DEFAULTS,
      project: "Not A Name",
      document: {},
      files: { "/etc/x": "", "a/../../b": "", fine: "", wrong: 1 },
      secretFiles: { "secrets/a": { content: "x", user: -1 }, elsewhere: { content: "x", user: 1 } },
      waitSeconds: 0,
    });
    assert.deepEqual(failures.map(({ property }) => property).sort(), [
      "document",
      'files["/etc/x"]',
      'files["a/../../b"]',
      'files["wrong"]',
      "project",
      'secretFiles["elsewhere"]',
      'secretFiles["secrets/a"]',
      "waitSeconds",
    ]);
    assert.deepEqual(shapeFailures(inputs()), []);
  });

  it("that are unknown in a preview are left for later", async () => {
    const news = { project: "p", document: UNKNOWN };
    assert.deepEqual(await projectHandler.check({}, news), {
      inputs: { ...DEFAULTS, ...news },
      failures: [],
    });
  });

  it("name the ports and volumes of a service in every form", () => {
    const ports = [
      "127.0.0.1:80:8080",
      "81:8081/tcp",
      "[::1]:82:82",
      "83",
      { target: 1, published: "84" },
      "90-91:90-91",
    ];
    assert.deepEqual(publishedPorts({ ports }), [
      { host: "127.0.0.1", port: 80 },
      { host: "0.0.0.0", port: 81 },
      { host: "[::1]", port: 82 },
      { host: "0.0.0.0", port: 84 },
    ]);
    const volumes = [
      "data:/data",
      "./x:/x",
      "/abs:/y",
      "/anonymous",
      { type: "volume", source: "v" },
      { type: "bind", source: "w" },
    ];
    assert.deepEqual(namedVolumes({ volumes }), ["data", "v"]);
  });
});

const container = (fields: Partial<Container> = {}): Container => ({
  id: "1",
  name: "p-a-1",
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

  it("blames nobody for what an unfinished deployment left", () => {
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

describe("an archive with owners", () => {
  it("is read by tar as it was meant", () => {
    const archive = tar([
      { path: "secrets/a/token", content: "pä$$", user: 1000, mode: 0o400 },
      { path: "b", content: "x".repeat(513), user: 65_534, mode: 0o440 },
    ]);
    const listed = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], {
      input: archive,
      encoding: "utf8",
    });
    assert.match(
      listed,
      /-r-------- 1000\/1000 +5 .* secrets\/a\/token\n-r--r----- 65534\/65534 +513 .* b\n/,
    );
    assert.equal(
      execFileSync("tar", ["-xOf", "-", "secrets/a/token"], { input: archive, encoding: "utf8" }),
      "pä$$",
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

describe("an image to build", () => {
  it("is named without registry, project and tag", () => {
    assert.equal(imageName("todo/backend:src-000000000000"), "backend");
    assert.equal(imageName("127.0.0.1:5000/todo/backend"), "backend");
    assert.equal(imageName("backend@sha256:00"), "backend");
  });
});
