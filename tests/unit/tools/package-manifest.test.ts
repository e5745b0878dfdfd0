import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { packageManifest, packageOf, type RootManifest } from "../../../tools/package/manifest";

const root: RootManifest = {
  version: "1.2.3",
  license: "Apache-2.0",
  engines: { node: ">=20.19" },
  dependencies: { "@pulumi/pulumi": "3.248.0", zod: "4.6.7", commander: "14.0.3" },
};

describe("the manifest of the components' package", () => {
  it("has SDKs as peers, other imports with exact versions, and nothing that is not imported", () => {
    const { dependencies, peerDependencies, version } = packageManifest(root, ["@pulumi/pulumi", "zod"]);
    assert.deepEqual(dependencies, { zod: "4.6.7" });
    assert.deepEqual(peerDependencies, { "@pulumi/pulumi": "^3.248.0" });
    assert.equal(version, "1.2.3");
  });

  it("refuses imports that package.json does not declare, all of them at once", () => {
    assert.throws(
      () => packageManifest(root, ["zod", "left-pad", "@acme/x"]),
      /expected left-pad, @acme\/x, which components\/ imports/,
    );
  });

  it("finds the package of any path below it", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const name = fc.oneof(
      word,
      fc.tuple(word, word).map(([scope, base]) => `@${scope}/${base}`),
    );
    fc.assert(
      fc.property(name, fc.array(word), (of, path) => {
        assert.equal(packageOf([of, ...path].join("/")), of);
      }),
    );
  });

  for (const specifier of ["./network", "../base/problems", "/tmp/x", "node:fs"]) {
    it(`finds no package in ${specifier}`, () => {
      assert.equal(packageOf(specifier), undefined);
    });
  }
});
