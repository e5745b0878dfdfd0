import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { system } from "../../catalog/define";
import { planSystem } from "../../catalog/plan";
import { buildTwice } from "../../cli/images/check";
import { renderBake, type BakeOptions, type PushOptions } from "../../render/bake";
import { bake } from "../../tools/bake";
import { findDocker } from "../../tools/docker";
import { Checkout } from "../support/checkout";
import { docker } from "../support/end-to-end";

const registry = `127.0.0.1:${process.env["LONGSHORE_LAB_REGISTRY_PORT"] ?? "5000"}`;
const prefix = `${registry}/longshore-test-${process.pid}`;

interface Checked {
  status: string;
  images: { image: string; same: boolean; digest: string }[];
}

interface Built {
  images: { image: string; reference: string; digest: string; platforms: Record<string, string> }[];
}

interface Index {
  manifests: { digest: string; annotations?: Record<string, string>; platform: { architecture: string } }[];
  layers: { digest: string; annotations: Record<string, string> }[];
}

/** Describes a system with one image, built from a folder of this test. */
function sample(root: string, dockerfile: string) {
  mkdirSync(join(root, "app"), { recursive: true });
  writeFileSync(join(root, "app", "Dockerfile"), dockerfile);
  const definition = system("sample", ({ image, service }) => {
    const resources = { cpu: ["100m", "1"], memory: ["64Mi", "128Mi"] } as const;
    service("web", { image: image("app", { context: "app" }), resources });
  });
  const plan = planSystem(definition, { environment: "local", target: "compose" });
  return (options: Partial<BakeOptions>) =>
    renderBake([plan], { root, describe: () => ({ hash: "0".repeat(64) }), ...options });
}

describe("images", function () {
  this.timeout(900_000);
  let checkout: Checkout;
  let isLab: boolean;
  let folder: string;

  before(async () => {
    const found = await findDocker(console.log);
    isLab = found.source === "lab";
    folder = mkdtempSync(join(tmpdir(), "longshore-images-"));
    checkout = new Checkout();
    checkout.presetLocal(`config:\n  longshore:registry: ${prefix}\n`);
  });

  after(() => {
    checkout.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are the same when they are built again: Python, Node.js with Next.js, Go (ALL-10)", async () => {
    const names = ["todo/frontend", "orchestrator/backend", "neurascale/api-gateway"];
    const { status, images } = await checkout.json<Checked>("build", ...names, "--check", "--skip-tests");
    assert.equal(status, "ok");
    assert.ok(images.every(({ same, digest }) => same && /^sha256:[0-9a-f]{64}$/.test(digest)));
    assert.deepEqual(
      names.filter((name) => !images.some(({ image }) => image === name)),
      [],
    );
  });

  it("that differ from build to build are named, with the file", async () => {
    const render = sample(
      folder,
      "FROM debian:13-slim\nRUN cat /proc/sys/kernel/random/uuid >/etc/build-id\n",
    );
    const documents = [
      render({ layouts: join(folder, "1") }),
      render({ layouts: join(folder, "2") }),
    ] as const;
    const { comparisons } = await buildTwice(documents, { targets: ["sample_app"], env: process.env });
    const { isSame, differences = [] } = comparisons.get("sample_app") ?? {};
    assert.equal(isSame, false);
    assert.match(differences.join("\n"), /layer 2 \(RUN .*build-id.*\)\n {2}etc\/build-id: content/);
  });

  describe("pushed to a registry", () => {
    before(function () {
      if (!isLab) {
        console.log("      left out: only the lab has a registry that a test may push to");
        this.skip();
      }
    });

    const inspect = async (reference: string) =>
      JSON.parse(await docker("buildx", "imagetools", "inspect", "--raw", reference)) as Index;
    /** Returns an attestation by its kind. */
    const statement = async (repository: string, manifest: Index, kind: RegExp): Promise<unknown> => {
      const layer = manifest.layers.find(({ annotations }) =>
        kind.test(annotations["in-toto.io/predicate-type"] ?? ""),
      );
      assert.ok(layer, JSON.stringify(manifest));
      const answer = await fetch(`http://${registry}/v2/${repository}/blobs/${layer.digest}`);
      return await answer.json();
    };

    it("have a list of their contents and a provenance, and still the digest of their sources", async () => {
      const push = (...options: string[]) =>
        checkout.json<Built>("build", "todo/backend", "--push", "--skip-tests", ...options);
      const [image] = (await push()).images;
      assert.ok(image);
      const repository = image.reference.slice(registry.length + 1).replace(/:[^:]+$/, "");
      const index = await inspect(`${registry}/${repository}@${image.digest}`);
      const [attestations] = index.manifests.filter(
        ({ annotations }) => annotations?.["vnd.docker.reference.type"] === "attestation-manifest",
      );
      assert.ok(attestations, JSON.stringify(index));
      assert.equal(attestations.annotations?.["vnd.docker.reference.digest"], image.platforms["linux/amd64"]);
      const manifest = await inspect(`${registry}/${repository}@${attestations.digest}`);

      const sbom = (await statement(repository, manifest, /spdx/)) as {
        predicate: { spdxVersion: string; packages: { name: string; versionInfo: string }[] };
      };
      const inside = await docker(
        ...["run", "--rm", "--entrypoint", "python", `${registry}/${repository}@${image.digest}`],
        ...["-c", "import importlib.metadata as m; print(m.version('fastapi'))"],
      );
      await docker("image", "rm", `${registry}/${repository}@${image.digest}`);
      assert.match(sbom.predicate.spdxVersion, /^SPDX-2/);
      const listed = sbom.predicate.packages.find(({ name }) => name === "fastapi");
      assert.equal(listed?.versionInfo, inside);

      const provenance = JSON.stringify(await statement(repository, manifest, /provenance/));
      assert.match(provenance, /python:3\.13-slim|docker-image:\/\/|pkg:docker\/python@3\.13-slim/);

      const [again] = (await push("--no-attest")).images;
      assert.equal(again?.platforms["linux/amd64"], image.platforms["linux/amd64"]);
    });

    it("leave their layers there, for a builder that has none, one cache per platform", async () => {
      const mark = `mark-${process.pid}`;
      const render = sample(
        folder,
        `FROM debian:13-slim AS made\nRUN cat /proc/sys/kernel/random/uuid >/${mark}\nFROM scratch\nCOPY --from=made /${mark} /${mark}\n`,
      );
      const push: PushOptions = {
        repository: (name, image) => `${prefix}/${name}/${image}`,
        cacheRepository: (name, image) => `${prefix}/cache/${name}/${image}`,
        attest: false,
      };
      const build = async (to: PushOptions = push) => {
        const definition = render({ push: to, platforms: ["linux/amd64"] });
        const { failure, digests } = await bake({ definition, targets: ["sample_app"] });
        assert.equal(failure, undefined);
        return digests.get("sample_app");
      };
      // Random content is equal only if it comes from the registry, because this builder's cache was pruned.
      const forget = () => docker("buildx", "prune", "--force", "--all", "--filter", `description~=${mark}`);
      const first = await build();
      await forget();
      assert.notEqual(await build({ ...push, cacheRepository: () => `${prefix}/empty` }), first);
      await forget();
      assert.equal(await build(), first);
      const cache = await inspect(`${prefix}/cache/sample/app:linux-amd64`);
      assert.ok(cache.layers.length > 0);
    });

    it("are one image for two platforms", async () => {
      const render = sample(folder, "FROM scratch\nCOPY Dockerfile /\n");
      const platforms = ["linux/amd64", "linux/arm64"];
      const push: PushOptions = { repository: () => `${prefix}/two`, attest: false };
      const { failure, digests } = await bake({
        definition: render({ push, platforms }),
        targets: ["sample_app"],
      });
      assert.equal(failure, undefined);
      const { manifests } = await inspect(`${prefix}/two@${digests.get("sample_app")}`);
      assert.deepEqual(manifests.map(({ platform }) => platform.architecture).sort(), ["amd64", "arm64"]);
    });
  });
});
