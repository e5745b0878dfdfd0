import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "#web/http.ts";
import { Api } from "../src/lib/api.ts";
import { curve, draw, MARGIN, type Pen } from "../src/lib/draw.ts";
import { EventParser, readEvents, type ServerEvent } from "../src/lib/events.ts";
import { follow } from "../src/lib/live.ts";
import { forgetSession, keepSession, storedSession } from "../src/lib/session.ts";
import { shares } from "../src/lib/shares.ts";
import { Signal, SPAN } from "../src/lib/signal.ts";
import type { Samples } from "../src/lib/types.ts";

describe("events", () => {
  const text =
    'event: hello\ndata: {"device_id": "µ"}\n\n: nothing happened\n\nevent: window\r\ndata: a\r\ndata: b\r\n\r\ndata:c\n\nevent: cut';
  const expected: ServerEvent[] = [
    { event: "hello", data: '{"device_id": "µ"}' },
    { event: "window", data: "a\nb" },
    { event: "message", data: "c" },
  ];

  it("are found wherever the stream was cut, even within a character", async () => {
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size <= bytes.length; size++) {
      const found: ServerEvent[] = [];
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) {
            controller.enqueue(bytes.slice(at, at + size));
          }
          controller.close();
        },
      });
      await readEvents(stream, (event) => found.push(event));
      assert.deepEqual(found, expected, `pieces of ${size} bytes`);
    }
  });

  it("are nothing before their empty line", () => {
    const parser = new EventParser();
    assert.deepEqual(parser.push("data: x\n"), []);
    assert.deepEqual(parser.push("\n"), [{ event: "message", data: "x" }]);
    assert.deepEqual(parser.push("event: alone\n\n"), []);
  });
});

describe("the signal", () => {
  const samples = (sequence: number, values: number[][], recording = "r"): Samples => ({
    recording_id: recording,
    sequence,
    rate: 2,
    values,
  });
  const tail = (signal: Signal, channel: number, count: number) =>
    Array.from(signal.read(channel)).slice(-count);

  it("keeps the newest seconds of every channel, in order", () => {
    const signal = new Signal(["C3", "C4"]);
    for (let sequence = 0; sequence < 3 * SPAN; sequence++) {
      const at = sequence * 2;
      signal.push(
        samples(sequence, [
          [at, at + 1],
          [-at, -at - 1],
        ]),
      );
    }
    const last = 2 * 3 * SPAN - 1;
    assert.equal(signal.length, 2 * SPAN);
    assert.deepEqual(
      Array.from(signal.read(0)),
      Array.from({ length: 2 * SPAN }, (_, index) => last - 2 * SPAN + 1 + index),
    );
    assert.deepEqual(tail(signal, 1, 1), [-last]);
  });

  it("shows lost samples as a gap, ignores duplicates, and resets with a new recording", () => {
    const signal = new Signal(["C3", "C4"]);
    assert.ok(signal.push(samples(5, [[1], [1]])));
    assert.ok(signal.push(samples(8, [[2], [2]])));
    assert.deepEqual(tail(signal, 0, 4), [1, NaN, NaN, 2]);
    assert.equal(signal.push(samples(8, [[9], [9]])), false);
    assert.ok(signal.push(samples(1_000_000, [[3], [3]])));
    assert.deepEqual(tail(signal, 0, 2), [NaN, 3]);
    assert.ok(signal.push(samples(0, [[4], [4]], "another")));
    assert.deepEqual(tail(signal, 0, 2), [NaN, 4]);
  });

  it("is drawn in one row per channel, with gaps, within its paper, in pixels of the device", () => {
    const signal = new Signal(["C3", "C4"]);
    signal.push(
      samples(0, [
        [0, 1e9],
        [0, -1e9],
      ]),
    );
    const calls: string[] = [];
    const points: [number, number][] = [];
    const pen: Pen = {
      fillStyle: "",
      strokeStyle: "",
      lineWidth: 1,
      lineJoin: "round",
      font: "",
      textBaseline: "middle",
      beginPath: () => undefined,
      clearRect: () => undefined,
      stroke: () => undefined,
      fillText: (text) => calls.push(text),
      setTransform: (...matrix: unknown[]) => calls.push(`ratio ${String(matrix[0])}`),
      moveTo: (x, y) => points.push([x, y]),
      lineTo: (x, y) => points.push([x, y]),
    };
    const paper = { width: 200, height: 100, ratio: 3, scale: 50, ink: "a", muted: "b", line: "c" };
    draw(pen, signal, paper);
    assert.deepEqual(calls, ["ratio 3", "C3", "C4"]);
    assert.deepEqual(points.at(-1), [200, 100 - 25 + 1.5 * 25]);
    for (const [x] of points) {
      assert.ok(x >= MARGIN && x <= 200);
    }
  });

  it("is a line that missing values interrupt", () => {
    const steps: string[] = [];
    curve(Float32Array.of(NaN, 1, 2, NaN, 3), {
      x: (index) => index,
      y: (value) => value,
      move: (x, y) => steps.push(`M${x},${y}`),
      line: (x, y) => steps.push(`L${x},${y}`),
    });
    assert.deepEqual(steps, ["M1,1", "L2,2", "M4,3"]);
  });

  it("has band powers that are parts of a whole", () => {
    const powers = { delta: 1, theta: 1, alpha: 6, beta: 2, gamma: 0 };
    assert.deepEqual(shares(powers), { delta: 0.1, theta: 0.1, alpha: 0.6, beta: 0.2, gamma: 0 });
    const none = { delta: 0, theta: 0, alpha: 0, beta: 0, gamma: 0 };
    assert.deepEqual(shares(none), none);
  });
});

describe("the API's client", () => {
  const answering = (status: number, body: string, seen: string[] = [], token?: string) => {
    const ends: string[] = [];
    const api = new Api("https://api.example.com", {
      ...(token === undefined ? {} : { token }),
      onEnd: () => ends.push("end"),
      doFetch: (input, init) => {
        const header = new Headers(init?.headers).get("Authorization") ?? "";
        seen.push([init?.method, String(input), String(init?.body ?? ""), header].join(" ").trim());
        return Promise.resolve(new Response(body, { status }));
      },
    });
    return { api, ends };
  };

  it("asks the configured origin with its token, and never puts it into an address", async () => {
    const seen: string[] = [];
    const { api } = answering(201, "{}", seen, "t0ken");
    await api.start("a/b", { kind: "eyes-open" });
    await api.stream("a", new AbortController().signal);
    assert.deepEqual(seen, [
      'POST https://api.example.com/api/devices/a%2Fb/start {"signal":{"kind":"eyes-open"}} Bearer t0ken',
      "GET https://api.example.com/api/stream/a  Bearer t0ken",
    ]);
  });

  it("says that the session is over, but not when a login was refused", async () => {
    const over = answering(401, '{"detail": "The session has ended."}', [], "old");
    await assert.rejects(over.api.devices(), /has ended/);
    assert.deepEqual(over.ends, ["end"]);
    const refused = answering(401, '{"detail": "Name or password are wrong."}');
    await assert.rejects(refused.api.login("a", "b"), /are wrong/);
    assert.deepEqual(refused.ends, []);
  });

  it("says what was wrong in words, whatever the answer looks like", async () => {
    await assert.rejects(answering(502, "<html>").api.devices(), /does not answer at the moment/);
    await assert.rejects(answering(500, "[]").api.devices(), /answered 500/);
    const offline = new Api("", { doFetch: () => Promise.reject(new TypeError("fetch failed")) });
    await assert.rejects(offline.devices(), /cannot be reached/);
  });
});

describe("following a stream", () => {
  it("goes on after its end and after failures, waits longer each time, and stops when asked to", async () => {
    const stop = new AbortController();
    const [failures, waits]: [string[], number[]] = [[], []];
    let attempt = 0;
    await follow(
      () => {
        attempt += 1;
        return attempt === 3 ? Promise.resolve() : Promise.reject(new ApiError(502, `failure ${attempt}`));
      },
      (message) => failures.push(message),
      stop.signal,
      (milliseconds) => {
        waits.push(milliseconds);
        if (waits.length === 9) {
          stop.abort();
        }
        return Promise.resolve();
      },
    );
    assert.deepEqual(waits, [500, 1000, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert.equal(failures[1], "failure 2");
    assert.equal(attempt, 9);
  });

  it("ends with the session", async () => {
    let attempts = 0;
    await follow(
      () => {
        attempts += 1;
        return Promise.reject(new ApiError(401, "over"));
      },
      () => assert.fail("not a failure to be shown"),
      new AbortController().signal,
      () => assert.fail("nothing to wait for"),
    );
    assert.equal(attempts, 1);
  });
});

describe("the rest", () => {
  it("keeps a session until it ends, and takes nothing else for one", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const session = { token: "t", subject: "operator", expires_at: "2026-11-21T12:00:00Z" };
    keepSession(storage, session);
    const noon = Date.parse(session.expires_at);
    assert.deepEqual(storedSession(storage, noon - 1), session);
    assert.equal(storedSession(storage, noon), undefined);
    forgetSession(storage);
    assert.equal(storedSession(storage, 0), undefined);
    for (const nonsense of ["", "{", "7", '{"token": ""}', '{"token": "t", "subject": "s"}']) {
      assert.equal(storedSession({ getItem: () => nonsense }, 0), undefined, nonsense);
    }
  });
});
