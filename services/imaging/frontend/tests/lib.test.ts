import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Api } from "../src/lib/api.ts";
import { routeOf } from "../src/lib/routes.ts";
import { balance, bytes, percent, refusal } from "../src/lib/words.ts";

describe("the API's client", () => {
  const answering = (status: number, body: unknown) => {
    const asked: string[] = [];
    const api = new Api("https://api.example.com", {
      doFetch: (input, init) => {
        asked.push(`${init?.method ?? ""} ${String(input)}`);
        return Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status }));
      },
    });
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
