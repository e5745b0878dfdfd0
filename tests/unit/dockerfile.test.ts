import assert from "node:assert/strict";
import { basesOf } from "../../render/images/dockerfile";

describe("what a Dockerfile is built on", () => {
  const cases: [what: string, dockerfile: string, expected: string[]][] = [
    ["an image", "FROM golang:1.26\n", ["golang:1.26"]],
    [
      "arguments with their defaults",
      'ARG GO=1.26\nARG DEBIAN="13"\nFROM golang:${GO} AS build\nFROM debian:$DEBIAN-slim\nFROM node:${NODE:-22}',
      ["golang:1.26", "debian:13-slim", "node:22"],
    ],
    ["no stage of its own, no scratch", "FROM a:1 AS build\nFROM build AS test\nFROM scratch\n", ["a:1"]],
    [
      "a platform is no image",
      "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\nfrom scratch as production\n",
      ["golang:1.26"],
    ],
    [
      "what is copied from elsewhere",
      "FROM a:1 AS build\nCOPY --link \\\n  --from=b:2 /x /x\nCOPY --from=build /y /y\nCOPY --from=0 /z /z\n",
      ["a:1", "b:2"],
    ],
    ["not what a comment says", "# FROM a:1\nFROM b:2\n", ["b:2"]],
  ];
  for (const [what, dockerfile, expected] of cases) {
    it(what, () => {
      assert.deepEqual(basesOf(dockerfile), expected);
    });
  }

  it("ignores named build contexts", () => {
    assert.deepEqual(basesOf("FROM base\nCOPY --from=shared src /app\n", ["base", "shared"]), []);
  });
});
