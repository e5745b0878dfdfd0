import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Api } from "../src/lib/api.ts";
import { EXAMPLE, parseJson, placeOf, stepsText } from "../src/lib/draft.ts";
import { layout, NODE } from "../src/lib/layout.ts";
import { routeOf } from "../src/lib/routes.ts";
import { ago, duration } from "../src/lib/time.ts";

describe("the drawing of a graph", () => {
  const steps = [
    { id: "report", needs: ["a", "wait"] },
    { id: "a", needs: [] },
    { id: "b", needs: [] },
    { id: "wait", needs: ["b"] },
  ];
  const drawn = layout(steps);
  const at = (id: string) => drawn.places.find((place) => place.id === id) ?? assert.fail(id);

  it("puts each step to the right of all that it needs", () => {
    for (const { id, needs } of steps) {
      for (const need of needs) {
        assert.ok(at(need).x + NODE.width < at(id).x, `${need} before ${id}`);
      }
    }
  });

  it("lets no steps overlap and keeps all inside", () => {
    for (const one of drawn.places) {
      assert.ok(one.x >= 0 && one.y >= 0);
      assert.ok(one.x + NODE.width <= drawn.width && one.y + NODE.height <= drawn.height);
      for (const other of drawn.places) {
        const apart = Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height;
        assert.ok(one === other || apart, `${one.id} and ${other.id}`);
      }
    }
  });

  it("leads long lines past the steps between, not behind them", () => {
    const long = layout([
      { id: "a", needs: [] },
      { id: "b", needs: ["a"] },
      { id: "c", needs: ["a", "b"] },
    ]);
    const between = long.places.find(({ id }) => id === "b") ?? assert.fail("no b");
    const path = long.edges.find(({ from, to }) => from === "a" && to === "c")?.path ?? "";
    const level = Number(/ (\S+) H/.exec(path)?.[1]);
    assert.ok(level < between.y || level > between.y + NODE.height, path);
  });

  it("draws every need as a line, and survives what is no graph", () => {
    assert.deepEqual(drawn.edges.map(({ from, to }) => `${from}→${to}`).sort(), [
      "a→report",
      "b→wait",
      "wait→report",
    ]);
    assert.equal(layout([]).places.length, 0);
    assert.equal(layout([{ id: "a", needs: ["a", "nowhere"] }]).places.length, 1);
    const circle = [
      { id: "a", needs: ["c"] },
      { id: "b", needs: ["a"] },
      { id: "c", needs: ["b"] },
    ];
    assert.equal(layout(circle).edges.length, 3);
  });
});

describe("what a person types", () => {
  it("is JSON, or the place where it is not is named", () => {
    assert.deepEqual(parseJson("[1]"), { value: [1] });
    const parsed = parseJson('[\n  {"id": }\n]');
    assert.ok("issue" in parsed);
    assert.match(parsed.issue, /not JSON.*(line 2|\})/);
    assert.ok("value" in parseJson(EXAMPLE));
  });

  it("is shown without what was not set, and means the same", () => {
    const steps = [
      {
        id: "a",
        kind: "http",
        url: "http://x",
        method: "GET",
        headers: {},
        body: null,
        expect: [],
        needs: [],
        retries: 2,
        retry_delay: 1,
        timeout: 30,
      },
      { id: "b", kind: "transform", value: null, needs: ["a"], retries: 0, retry_delay: 1, timeout: 5 },
    ];
    const text = stepsText({ id: "1", name: "x", description: "", version: 1, updated_at: "", steps });
    assert.match(text, /"needs": \["a"\]/);
    assert.deepEqual(JSON.parse(text), [
      { id: "a", kind: "http", url: "http://x", retries: 2 },
      { id: "b", kind: "transform", value: null, needs: ["a"], timeout: 5 },
    ]);
  });

  it("is found again by the path of a mistake", () => {
    const steps = [{ id: "fetch" }, {}];
    assert.equal(placeOf({ path: "steps.0.needs.1", message: "" }, steps), "step “fetch”, needs.1");
    assert.equal(placeOf({ path: "steps.1", message: "" }, steps), "step 2");
    assert.equal(placeOf({ path: "name", message: "" }, steps), "name");
    assert.equal(placeOf({ path: "steps", message: "" }, 7), "steps");
  });
});

describe("the API's client", () => {
  const answering = (status: number, body: string, seen: string[] = []) =>
    new Api("https://api.example.com", {
      doFetch: (input, init) => {
        seen.push(`${init?.method ?? ""} ${String(input)} ${String(init?.body ?? "")}`);
        return Promise.resolve(new Response(status === 204 ? null : body, { status }));
      },
    });

  it("asks the configured origin and escapes ids", async () => {
    const seen: string[] = [];
    await answering(201, '{"id":"r"}', seen).start("a/b", { day: 1 });
    await answering(204, "", seen).remove("x");
    assert.deepEqual(seen, [
      'POST https://api.example.com/api/workflows/a%2Fb/runs {"input":{"day":1}}',
      "DELETE https://api.example.com/api/workflows/x ",
    ]);
  });
});

describe("the rest", () => {
  it("knows its pages", () => {
    const pages = [
      "/",
      "/workflows/new",
      "/workflows/1",
      "/workflows/1/edit",
      "/runs/2/",
      "/runs",
      "/workflows/1/x",
      "/a",
    ];
    assert.deepEqual(
      pages.map((path) => routeOf(path).page),
      ["workflows", "new", "workflow", "edit", "run", "unknown", "unknown", "unknown"],
    );
  });

  it("says times as people do", () => {
    const [start, end] = ["2026-01-01T00:00:00Z", "2026-01-01T00:01:05Z"];
    assert.equal(duration(start, end, 0), "1 min 5 s");
    assert.equal(duration(start, null, Date.parse(start) + 2340), "2.3 s");
    assert.equal(duration(null, null, 0), "");
    assert.equal(ago(start, Date.parse(end)), "1 min ago");
    assert.equal(ago(start, Date.parse(start) + 1000), "just now");
    assert.equal(ago(start, Date.parse(start) + 5 * 3_600_000), "5 h ago");
  });
});
