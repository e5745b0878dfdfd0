import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { api, ApiError, listPath, toError } from "../src/lib/api.ts";

afterEach(() => mock.restoreAll());

function answering(make: () => Response) {
  return mock.method(globalThis, "fetch", () => Promise.resolve(make()));
}

describe("calling the backend", () => {
  it("asks for no more than was asked for", () => {
    assert.equal(listPath({ status: "all", search: "  " }), "/api/todos");
    assert.equal(
      listPath({ status: "open", search: "a&b", cursor: "x=" }),
      "/api/todos?status=open&q=a%26b&cursor=x%3D",
    );
  });

  it("sends JSON and takes JSON", async () => {
    const fetched = answering(() => Response.json({ id: "1" }, { status: 201 }));
    assert.deepEqual(await api.create({ title: "x", description: "", due_date: null }), { id: "1" });
    const [path, init] = fetched.mock.calls[0]!.arguments as [string, RequestInit];
    assert.equal(path, "/api/todos");
    assert.equal(init.method, "POST");
    assert.deepEqual(JSON.parse(init.body as string), { title: "x", description: "", due_date: null });
  });

  it("understands an answer without content", async () => {
    answering(() => new Response(null, { status: 204 }));
    assert.equal(await api.remove("1"), undefined);
  });

  it("tells the words of a problem document", async () => {
    const body = {
      type: "urn:todo:problem:chat-not-configured",
      detail: "chat is not configured",
      changes: [],
    };
    const error = await toError(Response.json(body, { status: 503 }));
    assert.deepEqual(
      [error.message, error.status, error.kind],
      ["chat is not configured", 503, "chat-not-configured"],
    );
  });

  it("tells which field is wrong", async () => {
    const errors = [{ path: "title", message: "too long" }];
    const error = await toError(Response.json({ type: "urn:todo:problem:invalid", errors }, { status: 422 }));
    assert.equal(error.message, "title: too long");
  });

  it("copes with the error page of a proxy", async () => {
    answering(() => new Response("<html>Bad gateway</html>", { status: 502 }));
    await assert.rejects(api.list({ status: "all", search: "" }), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.kind, "http-502");
      assert.match(error.message, /status 502/);
      return true;
    });
  });

  it("says that nothing answered", async () => {
    mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("fetch failed")));
    await assert.rejects(api.remove("1"), { name: "ApiError", kind: "unreachable", status: 0 });
  });

  it("leaves it alone when the page itself gave up the request", async () => {
    mock.method(globalThis, "fetch", (_path: string, init: RequestInit) =>
      Promise.reject(init.signal!.reason as Error),
    );
    await assert.rejects(api.list({ status: "all", search: "" }, AbortSignal.abort()), {
      name: "AbortError",
    });
  });
});
