import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { sourceFolders } from "../../catalog/build-graph";
import { system } from "../../catalog/define";
import { planSystem, type PlannedImage } from "../../catalog/plan";
import { renderCompose } from "../../render/compose";

const resources = { cpu: ["100m", "1"], memory: ["64Mi", "128Mi"] } as const;

const layered = system("layered", ({ image, service }) => {
  const python = image("python", { context: "images/python" });
  const learning = image("learning", { context: "images/learning", contexts: { base: python } });
  image("spare", { context: "images/spare" });
  const app = image("app", {
    context: "services/app",
    contexts: { shared: "services/shared", base: learning },
    args: { PRICE: "$5" },
  });
  service("web", { image: app, resources });
});
const plan = planSystem(layered, { environment: "local", target: "compose" });
const named = (name: string): PlannedImage => {
  const found = plan.images.find((image) => image.name === name);
  assert.ok(found, name);
  return found;
};

describe("images that are built upon one another", () => {
  it("are planned with all that they are built upon, and nothing else", () => {
    assert.deepEqual(
      plan.images.map(({ name }) => name),
      ["app", "learning", "python"],
    );
    assert.deepEqual(
      plan.workloads.map(({ name }) => name),
      ["web"],
    );
  });

  it("come from the folders of their bases too", () => {
    const { source } = named("app");
    assert.ok(source.kind === "build");
    assert.deepEqual(sourceFolders(source, plan.images), [
      "images/learning",
      "images/python",
      "services/app",
      "services/shared",
    ]);
  });

  it("are named in the Compose document, and only what runs is a service of it", () => {
    const { document } = renderCompose(plan, {
      project: "layered-local",
      root: "/repo",
      edgePort: 8080,
      imageReference: ({ name }) => `longshore/layered/${name}:src-0`,
    });
    assert.deepEqual(Object.keys(document.services), ["web"]);
    const { build } = document.services.web ?? {};
    assert.equal(build?.context, "/repo/services/app");
    assert.deepEqual(build.additional_contexts, {
      shared: "/repo/services/shared",
      base: "docker-image://longshore/layered/learning:src-0",
    });
    assert.equal(build.args?.PRICE, "$$5");
  });
});
