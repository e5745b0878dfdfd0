import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import { describe, it } from "mocha";

const folder = join(__dirname, "..", "..", ".devcontainer");
const text = (name: string) => readFileSync(join(folder, name), "utf8");

/** The part of the dev container specification that the file uses: devContainer.base and its build variant. */
const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["build"],
  properties: {
    name: { type: "string" },
    build: {
      type: "object",
      additionalProperties: false,
      required: ["dockerfile"],
      properties: { dockerfile: { type: "string" }, context: { type: "string" } },
    },
    initializeCommand: { type: "string" },
    workspaceMount: { type: "string" },
    workspaceFolder: { type: "string" },
    mounts: {
      type: "array",
      items: { type: "string", pattern: "^source=[^,]+,target=[^,]+,type=(bind|volume)$" },
    },
    runArgs: { type: "array", items: { type: "string" } },
    containerEnv: { type: "object", additionalProperties: { type: "string" } },
    remoteUser: { type: "string" },
    postCreateCommand: { type: "string" },
    customizations: { type: "object" },
  },
};

describe("the dev container (OR-06)", () => {
  const config = JSON.parse(text("devcontainer.json")) as {
    workspaceMount: string;
    mounts: string[];
    remoteUser: string;
  };

  it("has the shape that the specification asks for", () => {
    const validate = new Ajv().compile(SCHEMA);
    assert.ok(validate(config), JSON.stringify(validate.errors));
  });

  it("mounts what the host's engine mounts too at the same path", () => {
    for (const mount of [config.workspaceMount, ...config.mounts]) {
      const [, source, target] = /^source=([^,]+),target=([^,]+),/.exec(mount) ?? [];
      assert.equal(source, target);
    }
  });

  it("has pinned versions, a Node.js that the repository takes, and no root", () => {
    const dockerfile = text("Dockerfile");
    const node = Number(/^ARG NODE_VERSION=(\d+)$/m.exec(dockerfile)?.[1]);
    assert.ok(
      node >= Number.parseInt(readFileSync(join(folder, "..", ".node-version"), "utf8")),
      String(node),
    );
    assert.match(dockerfile, /^ARG DOCKER_VERSION=\d+\.\d+\.\d+$/m);
    assert.equal(config.remoteUser, "node");
    assert.match(dockerfile, /^USER node$/m);
  });
});
