import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { builderIn, requirePlatforms } from "../../cli/images/builder";
import { registryOf } from "../../cli/images/registry";
import { formatBytes } from "../../cli/images/sizes";
import { readSettings } from "../../settings";
import { systems } from "../../stacks";

const PRINTED = `Name:          default
Driver:        docker

Nodes:
Name:             default
BuildKit version: v0.25.0
Platforms:        linux/amd64*, linux/amd64/v2, linux/386
Labels:
 org.mobyproject.buildkit.worker.executor: containerd
`;

describe("longshore build", () => {
  it("knows what the builder can run, and says how to get the rest", () => {
    const builder = builderIn(PRINTED);
    assert.deepEqual(builder, {
      driver: "docker",
      platforms: ["linux/amd64", "linux/amd64/v2", "linux/386"],
    });
    requirePlatforms(builder, ["linux/amd64"]);
    assert.throws(() => {
      requirePlatforms(builder, ["linux/amd64", "linux/arm64"]);
    }, /cannot run linux\/arm64, only linux\/amd64.*install emulation/);
  });

  const settings = (stack: string, values: object) => readSettings({ stack, values: { ...values } }, systems);

  it("pushes to the registry that the stack names, to Google's by default, and nowhere unasked", () => {
    const google = { domain: "example.com", gcp: { project: "acme-prod", region: "europe-west3" } };
    const own = registryOf(settings("local", { registry: "harbor.example.com:8443/acme" }));
    assert.equal(own.repository("todo", "backend"), "harbor.example.com:8443/acme/todo/backend");
    assert.equal(
      own.cacheRepository?.("todo", "backend"),
      "harbor.example.com:8443/acme/build-cache/todo/backend",
    );
    assert.equal(
      registryOf(settings("prod", google)).repository("todo", "backend"),
      "eu.gcr.io/acme-prod/todo/backend",
    );
    assert.equal(registryOf(settings("prod", { ...google, registry: "a.example/b" })).prefix, "a.example/b");
    assert.throws(() => registryOf(settings("local", {})), /no registry to push to; set one: pulumi config/);
  });

  for (const wrong of ["https://a.example/b", "a.example/b:1", "a.example", "A.example/b", "a.example/b/"]) {
    it(`refuses the registry ${wrong}`, () => {
      assert.throws(() => settings("local", { registry: wrong }), /registry: .*without scheme and tag/);
    });
  }

  it("writes sizes as people read them", () => {
    assert.deepEqual([0, 999, 1000, 61_818_937, 999_600_000, 12_345_678_901].map(formatBytes), [
      "0 B",
      "999 B",
      "1 kB",
      "62 MB",
      "1.0 GB",
      "12 GB",
    ]);
  });
});
