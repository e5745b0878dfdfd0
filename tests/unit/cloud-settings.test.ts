import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { readSettings } from "../../settings/read";
import { REGIONS } from "../../settings/regions";
import { systems } from "../../stacks";

const read = (values: Record<string, unknown>, stack = "prod") =>
  readSettings({ stack, values: { domain: "example.com", ...values } }, systems);
const inRegion = (region: string, more: object = {}) =>
  read({ gcp: { project: "acme-prod", region }, ...more });

describe("Dumps of a stack on Google Cloud", () => {
  it("survive the loss of the data's region, in every region that has a multi-region", () => {
    for (const region of REGIONS.filter((one) => /^(asia|europe|us)-/.test(one))) {
      const { backups } = inRegion(region);
      assert.equal(backups?.location, region.split("-")[0] === "europe" ? "eu" : region.split("-")[0]);
    }
  });

  it("need a location where Google has no multi-region, instead of sharing the data's region", () => {
    assert.throws(
      () => inRegion("australia-southeast1"),
      /backups\.location: not set, and australia-southeast1 is in no multi-region of Cloud Storage/,
    );
    const given = inRegion("australia-southeast1", { backups: { location: "australia-southeast2" } });
    assert.equal(given.backups?.location, "australia-southeast2");
    assert.equal(inRegion("australia-southeast1", { backups: { enabled: false } }).backups, undefined);
  });

  it("stay in a region that the stack names", () => {
    assert.equal(
      inRegion("us-central1", { backups: { location: "us-central1" } }).backups?.location,
      "us-central1",
    );
  });
});

describe("Images of a stack on Google Cloud", () => {
  it("are built for the machines of its nodes only", () => {
    const platformsOf = (cluster: object): readonly string[] | undefined =>
      inRegion("us-central1", { cluster, systems: ["todo"] }).platforms;
    assert.deepEqual(platformsOf({}), ["linux/amd64"]);
    assert.deepEqual(platformsOf({ mode: "standard" }), ["linux/amd64"]);
    const pools = (...types: string[]) => ({
      mode: "standard",
      pools: Object.fromEntries(types.map((machineType, index) => [`p${index}`, { machineType }])),
    });
    assert.deepEqual(platformsOf(pools("t2a-standard-4")), ["linux/arm64"]);
    assert.deepEqual(platformsOf(pools("e2-standard-4", "c4a-highmem-8")), ["linux/amd64", "linux/arm64"]);
  });

  it("are built for the platforms that the stack names", () => {
    assert.deepEqual(inRegion("us-central1", { platforms: ["linux/arm64"] }).platforms, ["linux/arm64"]);
    assert.equal(read({ target: "kubernetes", cluster: { context: "c" } }).platforms, undefined);
  });
});

describe("Settings of a stack on Google Cloud", () => {
  it("refuse a region that does not exist, and a system that is listed twice", () => {
    assert.throws(
      () => inRegion("us-centrall1"),
      /gcp\.region: expected a region .*did you mean us-central1/,
    );
    assert.throws(
      () => inRegion("us-central1", { systems: ["todo", "todo"] }),
      /systems: expected each system once/,
    );
  });
});
