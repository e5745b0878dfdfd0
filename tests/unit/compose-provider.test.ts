import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { execFileSync } from "node:child_process";
import { imageName } from "../../providers/compose/build";
import { changedServices, diffProject } from "../../providers/compose/diff";
import { withDigests } from "../../providers/compose/digests";
import {
  DEFAULTS,
  namedVolumes,
  publishedPorts,
  shapeFailures,
  type ProjectInputs,
} from "../../providers/compose/inputs";
import { projectHandler } from "../../providers/compose/project";
import { tar } from "../../providers/compose/tar";
import { hasUnknown, secret, unwrap } from "../../providers/compose/values";

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

describe("an image to build", () => {
  it("is named without registry, project and tag", () => {
    assert.equal(imageName("todo/backend:src-000000000000"), "backend");
    assert.equal(imageName("127.0.0.1:5000/todo/backend"), "backend");
    assert.equal(imageName("backend@sha256:00"), "backend");
  });
});
