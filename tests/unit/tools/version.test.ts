import assert from "node:assert/strict";
import fc from "fast-check";
import { compareVersions, fits, formatVersion, parseVersion, type Version } from "../../../tools/version";

const version = fc.tuple(fc.nat(999), fc.nat(999), fc.nat(999)) as fc.Arbitrary<Version>;

describe("versions", () => {
  it("reads what the tools print", () => {
    const printed = {
      "v3.250.0\n": [3, 250, 0],
      "28.5.2+dfsg4": [28, 5, 2],
      "2.40.3-3": [2, 40, 3],
      "github.com/docker/buildx 0.29.1 0.29.1+ds1-4": [0, 29, 1],
      "go1.26": [1, 26, 0],
      "v20.20.2": [20, 20, 2],
    };
    for (const [text, expected] of Object.entries(printed)) {
      assert.deepEqual(parseVersion(text), expected, text);
    }
  });

  it("finds none where there is none", () => {
    for (const text of ["", "unknown", "dev", "7"]) {
      assert.equal(parseVersion(text), undefined, text);
    }
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(version, (each) => {
        assert.deepEqual(parseVersion(`v${formatVersion(each)}`), each);
      }),
    );
  });

  it("orders numbers, not text", () => {
    assert.ok(compareVersions([3, 9, 0], [3, 250, 0]) < 0);
    fc.assert(
      fc.property(version, version, (a, b) => {
        assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0);
        assert.equal(compareVersions(a, b) === 0, formatVersion(a) === formatVersion(b));
      }),
    );
  });

  it("accepts the minimum and newer ones, of the same major version when asked", () => {
    assert.ok(fits([3, 248, 0], [3, 248, 0], { sameMajor: true }));
    assert.ok(!fits([3, 247, 9], [3, 248, 0]));
    assert.ok(fits([4, 0, 0], [3, 248, 0]));
    assert.ok(!fits([4, 0, 0], [3, 248, 0], { sameMajor: true }));
    assert.ok(!fits(undefined, [0, 0, 0]));
  });
});
