import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { gcrHost, registrySpec } from "../../components/registry.args";
import { REGIONS } from "../../settings/regions";
import { repoRoot } from "../../tools/paths";

/** Hosts to which a deployment pushes, for every region. */
const hosts = [
  ...new Set(
    REGIONS.flatMap((region) => {
      const { images, cache } = registrySpec({ project: "acme-prod", host: gcrHost(region) });
      return [images.prefix, cache.prefix].map((prefix) => prefix.split("/")[0] ?? "");
    }),
  ),
];

describe("The hosts of Artifact Registry", () => {
  for (const file of [".github/actions/cloud/action.yml", "docs/tutorial/google-cloud.md"]) {
    it(`that images and build cache are pushed to are all logged in by ${file}`, () => {
      const text = readFileSync(join(repoRoot(), file), "utf8");
      const [, list = ""] = /(?:configure-docker|default:) ((?:[a-z-]+\.)*gcr\.io[\w.,-]*)/.exec(text) ?? [];
      assert.deepEqual(
        hosts.filter((host) => !list.split(",").includes(host)),
        [],
      );
    });
  }
});
