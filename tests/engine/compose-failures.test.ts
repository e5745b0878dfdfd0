import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "mocha";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ComposeProject, type ComposeProjectArgs } from "../../components/compose-project";
import { writeSecrets } from "../../providers/compose/secrets";
import { docker, TestStack } from "../support/compose-stack";

const PROJECT = "longshore-failures";
const SLEEP = ["python", "-c", "import time; time.sleep(600)"];
const small = { image: "python:3.13-slim", command: SLEEP, init: true, stop_grace_period: "1s" };

describe("Failures of a Compose project", function () {
  this.timeout(120_000);
  let stack: TestStack;
  let folder: string;
  const program = (args: Omit<ComposeProjectArgs, "project">) => () => {
    new ComposeProject("project", { project: PROJECT, keepVolumes: false, ...args });
  };

  before(async () => {
    stack = await TestStack.create(PROJECT);
    folder = mkdtempSync(join(tmpdir(), "longshore-build-"));
  });
  afterEach(async () => {
    if (stack.networks().length > 0) {
      await stack.stack.destroy();
    }
    assert.deepEqual([stack.containers(), stack.networks(), stack.volumes()], [[], [], []]);
  });
  after(() => {
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a document that Compose refuses: the preview says where", async () => {
    stack.program = program({
      document: `services: {web: {image: "python:3.13-slim", deploy: {resources: {limits: {cpu: "1"}}}}}`,
    });
    const text = await stack.previewFails();
    assert.match(text, /document\.services\.web\.deploy\.resources\.limits.*not allowed/s);
  });

  it("inputs of the wrong shape: all of them at once", async () => {
    stack.program = program({
      document: { name: PROJECT, services: { web: small } },
      files: { "../outside": "" },
      secretFiles: { token: { content: "x", user: 1000 } },
    });
    const text = await stack.previewFails();
    assert.match(text, /files\["\.\.\/outside"\]/);
    assert.match(text, /secretFiles\["token"\]/);
  });

  it("a build that fails: the failed step and its last lines; what runs is not touched", async () => {
    const runs = { services: { web: small } };
    stack.program = program({ document: JSON.stringify(runs) });
    await stack.up();
    const running = stack.running("web");
    const context = join(folder, "fails");
    mkdirSync(context);
    writeFileSync(
      join(context, "Dockerfile"),
      "FROM python:3.13-slim\nRUN echo on the way && echo no such bean >&2 && false\n",
    );
    const image = `longshore-test/fails:${Date.now()}`;
    stack.program = program({
      document: JSON.stringify({
        services: { ...runs.services, api: { ...small, image, build: { context } } },
      }),
    });
    const text = await stack.upFails();
    assert.match(text, /building image fails\n/);
    assert.match(text, /building image fails failed; nothing that runs was touched/);
    assert.match(text, /RUN echo on the way[\s\S]*no such bean/);
    assert.deepEqual(stack.running("web"), running);
    assert.equal(stack.containers().length, 1);
  });

  it("builds what is missing with the given arguments, and never again", async () => {
    const context = join(folder, "works");
    mkdirSync(context);
    writeFileSync(
      join(context, "Dockerfile"),
      "FROM python:3.13-slim\nARG VERSION=none\nLABEL version=$VERSION\n",
    );
    const image = `longshore-test/works:${Date.now()}`;
    const build = { context, args: { VERSION: "${VERSION:-dev}" } };
    const document = JSON.stringify({ services: { web: { ...small, image, build } } });
    stack.program = program({ document, buildArgs: { VERSION: "1.2.3" } });
    await stack.up();
    assert.equal(docker("image", "inspect", "--format", "{{.Config.Labels.version}}", image), "1.2.3");
    const running = stack.running("web");
    stack.program = program({ document, buildArgs: { VERSION: "1.2.4" } });
    assert.deepEqual((await stack.up()).changes, { same: 2 });
    assert.deepEqual(stack.running("web"), running);
    await stack.stack.destroy();
    docker("image", "rm", image);
  });

  it("builds an image upon another one from a bake document", async () => {
    const context = join(folder, "upon");
    mkdirSync(context);
    writeFileSync(join(context, "Dockerfile.base"), "FROM python:3.13-slim\nLABEL basis=own\n");
    writeFileSync(join(context, "Dockerfile"), "FROM base\n");
    const image = `longshore-test/upon:${Date.now()}`;
    const common = { context, args: {}, labels: {}, attest: [], output: ["type=docker"] };
    stack.program = program({
      document: JSON.stringify({ services: { web: { ...small, image } } }),
      bake: {
        group: { default: { targets: ["x_upon"] } },
        target: {
          x_base: { ...common, dockerfile: "Dockerfile.base", tags: ["longshore-test/base:1"] },
          x_upon: { ...common, dockerfile: "Dockerfile", contexts: { base: "target:x_base" }, tags: [image] },
        },
      },
    });
    await stack.up();
    assert.equal(docker("image", "inspect", "--format", "{{.Config.Labels.basis}}", image), "own");
    assert.equal(stack.running("web").length, 1);
    await stack.stack.destroy();
    docker("image", "rm", image);
    assert.equal(docker("image", "ls", "--quiet", "longshore-test/base:1"), "");
  });

  it("an image that cannot be pulled: says which service wants it", async () => {
    stack.program = program({
      document: JSON.stringify({ services: { web: { ...small, image: "127.0.0.1:1/none:1" } } }),
    });
    assert.match(await stack.upFails(), /an image could not be pulled \(web\)[\s\S]*127\.0\.0\.1:1/);
    assert.deepEqual(stack.containers(), []);
  });

  it("a job that fails: its code and last lines, and what waits for it is not started", async () => {
    const labels = { "longshore.kind": "job" };
    const fails = ["python", "-c", "import sys; sys.exit('the table is locked')"];
    stack.program = program({
      document: JSON.stringify({
        services: {
          migrate: { ...small, command: fails, labels, restart: "no" },
          web: { ...small, depends_on: { migrate: { condition: "service_completed_successfully" } } },
        },
      }),
    });
    const text = await stack.upFails();
    assert.match(text, /migrate: exited with code 1[\s\S]*the table is locked/);
    assert.match(text, /not touched, because they wait for it: web/);
    assert.doesNotMatch(text, /before|previous/);
    assert.deepEqual(stack.running("web"), []);
  });

  it("a service that ends at once although it has a health check: its code, not its health", async () => {
    const command = ["python", "-c", "import sys; sys.exit('no DATABASE_URL')"];
    const healthcheck = { test: ["CMD", "true"], interval: "1s", retries: 2 };
    stack.program = program({
      document: JSON.stringify({
        services: { web: { ...small, command, healthcheck, restart: "unless-stopped" } },
      }),
    });
    const text = await stack.upFails();
    assert.match(
      text,
      /longshore-failures: 1 service failed\n\s*web: exited with code 1[^\n]*\n\s*last lines of its log:\s+no DATABASE_URL/,
    );
    assert.doesNotMatch(text, /unhealthy/);
  });

  it("after a failed deployment: says so instead of drift, runs the jobs again, and that once", async () => {
    const document = (command: string[]) =>
      JSON.stringify({
        services: {
          migrate: {
            ...small,
            command: ["python", "-c", "print('migrated')"],
            restart: "no",
            labels: { "longshore.kind": "job" },
          },
          web: {
            ...small,
            command,
            depends_on: { migrate: { condition: "service_completed_successfully" } },
          },
        },
      });
    stack.program = program({ document: document(SLEEP) });
    await stack.up();
    const [job, web] = [stack.containers("migrate"), stack.running("web")];
    const crashes = program({ document: document(["python", "-c", "raise SystemExit('bad config')"]) });
    stack.program = crashes;
    assert.match(await stack.upFails(), /1 service failed; web still runs its previous version/);
    assert.deepEqual(stack.containers("migrate"), job);
    assert.deepEqual(stack.running("web"), web);

    const preview = await stack.preview();
    assert.match(preview, /unfinished/);
    assert.doesNotMatch(preview, /changed by someone|~ state/);
    const again = await stack.upFails();
    assert.match(again, /continuing after a failed deployment: web still runs its previous version/);
    assert.doesNotMatch(again, /changed by someone/);
    const [second] = stack.containers("migrate");
    assert.notDeepEqual([second], job);

    stack.program = program({ document: document(["python", "-c", "import time; time.sleep(601)"]) });
    assert.match((await stack.up()).text, /continuing after a failed deployment/);
    const third = stack.containers("migrate");
    assert.notDeepEqual(third, [second]);
    const { changes, text } = await stack.up();
    assert.deepEqual(changes, { same: 2 });
    assert.doesNotMatch(text, /continuing/);
    assert.deepEqual(stack.containers("migrate"), third);

    const { envVars } = stack.stack.workspace;
    envVars.LONGSHORE_RERUN_JOBS = "migrate";
    const running = stack.running("web");
    assert.equal((await stack.up()).changes.update, 1);
    delete envVars.LONGSHORE_RERUN_JOBS;
    assert.notDeepEqual(stack.containers("migrate"), third);
    assert.equal(stack.containers("migrate").length, 1);
    assert.deepEqual(stack.running("web"), running);
  });

  it("a service with a volume that fails: the container before it runs again", async () => {
    const volumes = ["data:/data"];
    const document = (command: string[]) =>
      JSON.stringify({
        services: { db: { ...small, command, volumes, restart: "no" } },
        volumes: { data: {} },
      });
    stack.program = program({ document: document(SLEEP) });
    await stack.up();
    const running = stack.running("db");
    stack.program = program({ document: document(["python", "-c", "raise SystemExit('bad data')"]) });
    assert.match(await stack.upFails(), /db: exited with code 1[\s\S]*bad data/);
    assert.deepEqual(stack.running("db"), running);
    assert.equal(stack.containers().length, 1);
  });

  it("reruns the jobs that filled a volume only after the volume was removed", async () => {
    stack.program = program({
      document: JSON.stringify({
        services: {
          db: { ...small, volumes: ["data:/data"] },
          fill: {
            ...small,
            command: ["python", "-c", "print('filled')"],
            restart: "no",
            labels: { "longshore.kind": "job" },
            depends_on: { db: { condition: "service_started" } },
          },
        },
        volumes: { data: {} },
      }),
    });
    await stack.up();
    const fill = stack.containers("fill");
    docker("rm", "--force", ...stack.running("db"));
    await stack.up();
    assert.equal(stack.running("db").length, 1);
    assert.deepEqual(stack.containers("fill"), fill);
    docker("rm", "--force", ...stack.running("db"));
    docker("volume", "rm", ...stack.volumes());
    await stack.up();
    assert.equal(stack.containers("fill").length, 1);
    assert.notDeepEqual(stack.containers("fill"), fill);
  });

  it("services that come and go: others stay as they are", async () => {
    stack.program = program({ document: JSON.stringify({ services: { a: small, b: small } }) });
    await stack.up();
    const a = stack.running("a");
    stack.program = program({ document: JSON.stringify({ services: { a: small, c: small } }) });
    const preview = await stack.preview();
    assert.match(preview, /- b\s*:/);
    assert.match(preview, /\+ c\s*:/);
    const { text } = await stack.up();
    assert.match(text, /services: - b, \+ c/);
    assert.deepEqual(stack.running("a"), a);
    assert.equal(stack.running("c").length, 1);
    assert.deepEqual(stack.containers("b"), []);
  });

  it("writes secrets of other users through the daemon when it is not root itself", async () => {
    const target = mkdtempSync(join(folder, "secrets-"));
    const content = "p\u00e4ss\n'$\"";
    const files = {
      "secrets/web/token": { content, user: 1000 },
      "secrets/db/token": { content: "x".repeat(2000), user: 999 },
    };
    await writeSecrets(target, files, "python:3.13-slim", false);
    const file = join(target, "secrets/web/token");
    const { uid, gid, mode } = statSync(file);
    assert.deepEqual([uid, gid, mode & 0o777], [1000, 1000, 0o400]);
    assert.equal(readFileSync(file, "utf8"), content);
    assert.equal(statSync(join(target, "secrets/db/token")).uid, 999);
    assert.equal(statSync(join(target, "secrets/web")).mode & 0o777, 0o700);
  });
});
