import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../src/config.ts";
import { ApiError, Http, problem, type HttpOptions } from "../src/http.ts";

describe("requests", () => {
  const answering = (status: number, body: string | null, options: HttpOptions = {}) => {
    const seen: string[] = [];
    const doFetch: typeof fetch = (input, init) => {
      const token = new Headers(init?.headers).get("Authorization") ?? "";
      seen.push([init?.method, String(input), String(init?.body ?? ""), token].join(" ").trim());
      return Promise.resolve(new Response(body, { status }));
    };
    return { http: new Http("https://api.example.com", { ...options, doFetch }), seen };
  };

  it("go below /api of the origin, with the token in a header", async () => {
    const { http, seen } = answering(200, '{"id":1}', { token: "t0ken" });
    assert.deepEqual(await http.ask("POST", "things", { a: 1 }), { id: 1 });
    assert.deepEqual(seen, ['POST https://api.example.com/api/things {"a":1} Bearer t0ken']);
    assert.equal(http.address("things/1"), "https://api.example.com/api/things/1");
  });

  it("expect nothing back from a 204", async () => {
    assert.equal(await answering(204, null).http.ask("DELETE", "things/1"), undefined);
  });

  it("say what was wrong in words, whatever the answer looks like", async () => {
    const issues = [{ path: "steps.0.id", message: "taken" }];
    const refused = answering(422, JSON.stringify({ detail: "No.", errors: issues })).http;
    await assert.rejects(refused.ask("GET", "x"), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.message, error.issues], [422, "No.", issues]);
      return true;
    });
    await assert.rejects(answering(502, "<html>Bad gateway").http.ask("GET", "x"), /does not answer at the moment/);
    await assert.rejects(answering(500, "[]").http.ask("GET", "x"), /answered 500/);
    assert.equal(problem(429, { detail: "Wait." }).message, "Wait.");
    const offline = new Http("", { doFetch: () => Promise.reject(new TypeError("fetch failed")) });
    await assert.rejects(offline.ask("GET", "x"), /cannot be reached/);
  });

  it("leave an abort an abort", async () => {
    const abort = new AbortController();
    const http = new Http("", {
      doFetch: () => {
        abort.abort();
        return Promise.reject(new DOMException("aborted", "AbortError"));
      },
    });
    await assert.rejects(http.ask("GET", "x", undefined, abort.signal), { name: "AbortError" });
  });

  it("tell when the session is over, but not when a login was refused", async () => {
    let ends = 0;
    const onEnd = () => (ends += 1);
    await assert.rejects(answering(401, "{}", { token: "old", onEnd }).http.ask("GET", "x"));
    await assert.rejects(answering(401, "{}", { onEnd }).http.ask("POST", "login"));
    assert.equal(ends, 1);
  });
});

describe("settings of the installation", () => {
  it("are an origin, or nothing", () => {
    for (const apiOrigin of ["", "https://api.example.com", "http://127.0.0.1:8000"]) {
      assert.deepEqual(parseConfig({ apiOrigin }), { apiOrigin });
    }
    const wrong = [null, {}, { apiOrigin: 7 }, { apiOrigin: "javascript:1" }, { apiOrigin: "https://x/path" }];
    for (const document of wrong) {
      assert.throws(() => parseConfig(document), /expected apiOrigin/);
    }
  });
});
