import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Api, ApiError, problem } from "../src/lib/api.ts";
import { parseConfig } from "../src/lib/config.ts";
import { routeOf } from "../src/lib/routes.ts";
import { balance, bytes, percent, refusal } from "../src/lib/words.ts";

describe("the API's client", () => {
  const answering = (status: number, body: unknown) => {
    const asked: string[] = [];
    const api = new Api("https://api.example.com", (async (input: string, init: RequestInit) => {
      asked.push(`${init.method} ${input}`);
      return new Response(body === undefined ? null : JSON.stringify(body), { status });
    }) as typeof fetch);
    return { api, asked };
  };

  it("asks at the origin it was given, page by page", async () => {
    const { api, asked } = answering(200, { items: [], next: null });
    await api.pictures(null);
    await api.pictures("a b");
    assert.deepEqual(asked, [
      "GET https://api.example.com/api/pictures?limit=12",
      "GET https://api.example.com/api/pictures?limit=12&before=a%20b",
    ]);
    assert.equal(api.address("1/2", "overlay"), "https://api.example.com/api/pictures/1%2F2/overlay");
  });

  it("tells people what the server said, or that it said nothing", async () => {
    const { api } = answering(404, { detail: "There is no such picture." });
    await assert.rejects(api.picture("x"), new ApiError(404, "There is no such picture."));
    assert.equal(problem(429, { detail: "Wait." }).message, "Wait.");
    assert.equal(problem(502, undefined).message, "The server does not answer at the moment.");
    const gone = new Api("", () => Promise.reject(new TypeError("fetch failed")));
    await assert.rejects(gone.picture("x"), /cannot be reached/);
  });

  it("expects nothing back when a picture is deleted", async () => {
    const { api } = answering(204, undefined);
    assert.equal(await api.remove("x"), undefined);
  });
});

describe("pages", () => {
  it("have paths of their own", () => {
    assert.deepEqual(routeOf("/"), { page: "home" });
    assert.deepEqual(routeOf("/pictures/42/"), { page: "picture", id: "42" });
    assert.deepEqual(routeOf("/pictures"), { page: "unknown" });
    assert.deepEqual(routeOf("/pictures/1/2"), { page: "unknown" });
  });
});

describe("settings", () => {
  it("are an origin, or nothing", () => {
    assert.deepEqual(parseConfig({ apiOrigin: "" }), { apiOrigin: "" });
    assert.deepEqual(parseConfig({ apiOrigin: "https://a.example" }), { apiOrigin: "https://a.example" });
    for (const wrong of [{}, { apiOrigin: "a.example" }, { apiOrigin: "https://a.example/path" }, null]) {
      assert.throws(() => parseConfig(wrong), /expected apiOrigin/);
    }
  });
});

describe("words", () => {
  it("for shares, sizes and places", () => {
    assert.equal(percent(0.8333), "83.3 %");
    assert.equal(percent(1), "100 %");
    assert.equal(bytes(10), "1 kB");
    assert.equal(bytes(2_345_678), "2.3 MB");
    assert.equal(balance(0), "in the middle");
    assert.equal(balance(0.5), "far off the middle");
  });

  it("for files that need not be sent", () => {
    const file = { name: "a.png", size: 10, type: "image/png" };
    assert.equal(refusal(file), undefined);
    // Not every system knows the type of every file: the server looks at the bytes.
    assert.equal(refusal({ ...file, type: "" }), undefined);
    assert.equal(refusal({ ...file, type: "image/gif" }), "a.png is no PNG, JPEG or WebP picture.");
    assert.equal(refusal({ ...file, size: 0 }), "a.png is empty.");
    assert.match(refusal({ ...file, size: 30_000_000 }) ?? "", /a\.png has 30 MB; a picture may have 21 MB/);
  });
});
