import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "mocha";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { onlyTargets } from "../../cli/images/chosen";
import { renderBake, type BakeDocument, type BakeOptions, type BakeTarget } from "../../render/bake";
import { useDockerCli } from "../support/docker-cli";

const resources = { cpu: ["100m", "1"], memory: ["64Mi", "128Mi"] } as const;
const layered = system("layered", ({ image, upstream, service }) => {
  const base = image("base", { context: "images/base" });
  const tool = upstream("tool", "acme/tool:1", { runtime: "none" });
  const app = image("app", {
    context: "services/app",
    target: "production",
    contexts: { shared: "services/shared", base, tool },
    args: { PRICE: "${5} %{if} $x" },
  });
  service("web", { image: app, resources });
});
const other = system("alone", ({ image, service }) => {
  service("web", { image: image("app", { context: "services/alone" }), resources });
});
const planned = [layered, other].map((one) => planSystem(one, { environment: "local", target: "compose" }));

const created = "2026-11-20T12:00:00+00:00";
const render = (options: Partial<BakeOptions> = {}): BakeDocument =>
  renderBake(planned, {
    root: "/repo",
    describe: ({ context }) => ({
      hash: Buffer.from(context.padEnd(20)).toString("hex"),
      revision: "4f2c1a",
      created,
    }),
    ...options,
  });
const target = (document: BakeDocument, name: string): BakeTarget => {
  const found = document.target[name];
  assert.ok(found, name);
  return found;
};
const push: BakeOptions["push"] = {
  repository: (name, image) => `registry.example/acme/${name}/${image}`,
  cacheRepository: (name, image) => `registry.example/acme/cache/${name}/${image}`,
};

describe("the bake document", () => {
  it("has a target for every image that is built, a group per system, and all as the default", () => {
    const document = render();
    assert.deepEqual(document.group, {
      default: { targets: ["alone", "layered"] },
      alone: { targets: ["alone_app"] },
      layered: { targets: ["layered_app", "layered_base"] },
    });
    assert.deepEqual(Object.keys(document.target), ["alone_app", "layered_app", "layered_base"]);
  });

  it("builds an image upon another in one go, and reads folders and published images", () => {
    const { context, contexts, target: stage } = target(render(), "layered_app");
    assert.equal(context, "/repo/services/app");
    assert.equal(stage, "production");
    assert.deepEqual(contexts, {
      shared: "/repo/services/shared",
      base: "target:layered_base",
      tool: "docker-image://acme/tool:1",
    });
  });

  it("loads images under the name that `up` looks for", () => {
    const { tags, output, attest } = target(render(), "alone_app");
    assert.deepEqual(tags, [`longshore/alone/app:src-${Buffer.from("servic").toString("hex")}`]);
    assert.deepEqual(output, ["type=docker"]);
    assert.deepEqual(attest, ["type=provenance,disabled=true"]);
  });

  it("says where the sources come from, and gives the image their time", () => {
    const { args, labels } = target(render({ version: "1.4.0", skipTests: true }), "alone_app");
    assert.deepEqual(args, {
      VERSION: "1.4.0",
      BUILD_DATE: created,
      VCS_REF: "4f2c1a",
      SKIP_TESTS: "1",
    });
    assert.deepEqual(labels, {
      "org.opencontainers.image.version": "1.4.0",
      "org.opencontainers.image.created": created,
      "org.opencontainers.image.revision": "4f2c1a",
    });
  });

  it("pushes under the version and the sources' tag, with attestations and a cache per platform", () => {
    const pushed = render({ push, version: "1.4.0", platforms: ["linux/amd64", "linux/arm64"] });
    const { tags, attest, platforms, output, args, ...one } = target(pushed, "alone_app");
    // Older than every file, so that a digest does not depend on when its layers were built.
    assert.equal(args.SOURCE_DATE_EPOCH, "315532800");
    assert.deepEqual(tags, [
      `registry.example/acme/alone/app:src-${Buffer.from("servic").toString("hex")}`,
      "registry.example/acme/alone/app:1.4.0",
    ]);
    assert.deepEqual(attest, ["type=provenance,mode=max", "type=sbom"]);
    assert.deepEqual(platforms, ["linux/amd64", "linux/arm64"]);
    assert.match(output.join(), /push=true.*rewrite-timestamp=true/);
    assert.deepEqual(one["cache-from"], [
      "type=registry,ref=registry.example/acme/cache/alone/app:linux-amd64",
      "type=registry,ref=registry.example/acme/cache/alone/app:linux-arm64",
    ]);
    assert.match(one["cache-to"]?.[0] ?? "", /mode=max/);
  });

  it("writes what would be pushed into folders, apart from other builds' cache mounts, when it is asked to", () => {
    const { args, attest, output, tags } = target(
      render({ layouts: "/tmp/one", cacheMounts: "apart" }),
      "alone_app",
    );
    assert.deepEqual(output, [
      "type=oci,tar=false,dest=/tmp/one/alone_app,oci-mediatypes=true,rewrite-timestamp=true",
    ]);
    assert.deepEqual(attest, ["type=provenance,disabled=true"]);
    assert.equal(args.SOURCE_DATE_EPOCH, target(render({ push }), "alone_app").args.SOURCE_DATE_EPOCH);
    assert.equal(args.BUILDKIT_CACHE_MOUNT_NS, "apart");
    assert.match(tags[0] ?? "", /^longshore\/alone\/app:/);
  });

  it("can be only some images, with what they are built on", () => {
    const { group, target: targets } = onlyTargets(render(), ["layered/app"]);
    assert.deepEqual(group, { default: { targets: ["layered_app"] } });
    assert.deepEqual(Object.keys(targets).sort(), ["layered_app", "layered_base"]);
    assert.deepEqual(onlyTargets(render(), []), render());
    assert.throws(
      () => onlyTargets(render(), ["layered/ap"]),
      /no image layered\/ap is built here; did you mean layered\/app\?/,
    );
  });

  it("is what buildx reads, down to every dollar", async function () {
    this.timeout(30_000);
    await useDockerCli();
    const written = render({ push });
    const read = JSON.parse(
      execFileSync("docker", ["buildx", "bake", "--file", "-", "--print"], {
        input: JSON.stringify(written),
        encoding: "utf8",
        stdio: ["pipe", "pipe", "ignore"],
        env: { ...process.env, BUILDX_BAKE_ENTITLEMENTS_FS: "0" },
      }),
    ) as BakeDocument;
    assert.deepEqual(Object.keys(read.target).sort(), Object.keys(written.target).sort());
    const app = target(read, "layered_app");
    // bake's output is valid input, so it doubles the signs as well.
    assert.equal(app.args.PRICE, "$${5} %%{if} $x");
    assert.deepEqual(app.contexts, target(written, "layered_app").contexts);
    assert.deepEqual(app.labels, target(written, "layered_app").labels);
  });
});
