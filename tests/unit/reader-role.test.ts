import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { repoRoot } from "../../tools/paths";

/** Permissions with which a refresh reads a resource, where `roles/viewer` has none. Source: IAM permissions reference. */
const BEYOND_VIEWER = {
  "a Secret of the cluster": ["container.secrets.get", "container.secrets.list"],
  "the password of Memorystore": ["redis.instances.getAuthString"],
  "the grants of a bucket": ["storage.buckets.getIamPolicy"],
  "the control plane by its DNS name": ["container.clusters.connect"],
};

describe("The role of previews and drift detection", () => {
  const text = readFileSync(join(repoRoot(), "docs/how-to/operations/pipeline.md"), "utf8");
  const granted = /--permissions (\S+)/.exec(text)?.[1]?.split(",") ?? [];

  for (const [what, permissions] of Object.entries(BEYOND_VIEWER)) {
    it(`may read ${what}`, () => {
      assert.deepEqual(
        permissions.filter((one) => !granted.includes(one)),
        [],
      );
    });
  }

  it("may change nothing", () => {
    assert.ok(granted.length > 0);
    assert.deepEqual(
      granted.filter((one) => !/\.(get\w*|list|connect)$/.test(one)),
      [],
    );
  });
});
