import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { digestsIn } from "../../../tools/bake";
import { BuildLog } from "../../../tools/build-log";

const at = (second: number) => `2026-11-21T02:00:${String(second).padStart(2, "0")}.5Z`;
const step = (name: string, fields: object = {}) =>
  JSON.stringify({ vertexes: [{ digest: name, name, started: at(1), completed: at(3), ...fields }] });
const says = (vertex: string, text: string) =>
  JSON.stringify({ logs: [{ vertex, data: Buffer.from(text).toString("base64") }] });
const read = (lines: readonly string[], only?: string) => {
  const steps: string[] = [];
  const log = new BuildLog((text) => steps.push(text), only);
  lines.forEach((line) => {
    log.add(line);
  });
  return { log, steps };
};

describe("the log of a build", () => {
  it("says which target was built and which was known, and how long each took", () => {
    const { log } = read([
      step("[todo_api internal] load build definition from Dockerfile"),
      step("[todo_api base 1/2] FROM docker.io/library/python:3.13-slim"),
      step("[todo_api base 2/2] RUN make", { cached: true, started: "2026-11-20T00:00:00Z" }),
      step("[todo_api] exporting to image", { started: at(3), completed: at(4) }),
      step("[todo_web 2/2] COPY . .", { completed: at(9) }),
      step("[todo_late 2/2] COPY . .", { completed: undefined }),
    ]);
    assert.deepEqual(Object.fromEntries(log.summaries()), {
      todo_api: { seconds: 3, isCached: true },
      todo_web: { seconds: 8, isCached: false },
    });
  });

  it("tells each instruction once when it begins, and not what comes before the first", () => {
    const { steps } = read([
      step("[todo_api internal] load build definition from Dockerfile"),
      step("[todo_api 2/3] RUN make", { started: undefined, completed: undefined }),
      step("[todo_api 2/3] RUN make", { completed: undefined }),
      step("[todo_api 2/3] RUN make"),
      step("[todo_api 3/3] RUN <<EOF\nset -e\nEOF"),
    ]);
    assert.deepEqual(steps, ["todo_api 2/3: RUN make", "todo_api 3/3: RUN <<EOF …"]);
  });

  it("reports the step that failed, its last lines and the reason, not what was cancelled with it", () => {
    const failed = "[todo_api test 5/5] RUN python -m pytest";
    const { log } = read([
      step("[todo_web 2/2] RUN sleep 9", { error: "exit code: 137: context canceled: context canceled" }),
      says(failed, Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join("")),
      says(failed, "10%\r90%\rno such bean\n"),
      step(failed, { error: "exit code: 1" }),
      "ERROR: target todo_api: failed to solve: exit code: 1",
    ]);
    const lines = log.failure().split("\n");
    assert.equal(lines[0], "> todo_api test 5/5: RUN python -m pytest");
    assert.equal(lines.length, 26);
    assert.deepEqual(lines.slice(-3), ["  line 39", "  no such bean", "exit code: 1"]);
  });

  it("reports what buildx says when no step failed", () => {
    const { log } = read(["{no report", "ERROR: no builder"]);
    assert.equal(log.failure(), "{no report\nERROR: no builder");
  });

  it("puts the target's name where BuildKit leaves it out", () => {
    const { log, steps } = read([step("[2/2] RUN make"), step("exporting to image")], "todo_api");
    assert.deepEqual(steps, ["todo_api 2/2: RUN make"]);
    assert.deepEqual([...log.summaries().keys()], ["todo_api"]);
  });
});

describe("the metadata of a build", () => {
  it("has a digest for each target that was exported", () => {
    const digests = digestsIn(
      JSON.stringify({
        "buildx.build.warnings": [],
        todo_api: { "containerimage.digest": "sha256:1" },
        x: {},
      }),
    );
    assert.deepEqual([...digests], [["todo_api", "sha256:1"]]);
  });
});
