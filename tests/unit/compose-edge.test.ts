import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { edgeConfig } from "../../render/compose/edge";

describe("the edge's configuration", () => {
  const config = (...paths: string[]) =>
    edgeConfig(
      paths.map((path) => ({ path, workload: "web", port: 8000 })),
      { bodyLimit: "1m" },
    );

  it("matches a prefix by whole segments", () => {
    const text = config("/api/v1/", "/");
    assert.match(text, /location = "\/api\/v1" \{/);
    assert.match(text, /location \^~ "\/api\/v1\/" \{/);
    assert.match(text, /location \^~ "\/" \{/);
    assert.doesNotMatch(text, /location = "" /);
  });

  it("answers what no route takes itself", () => {
    assert.match(config("/api"), /location \/ \{\s+return 404;/);
    assert.doesNotMatch(config("/"), /return 404;/);
  });

  it("does for each route what it asks for, and for no other", () => {
    const route = { workload: "web", port: 8000 };
    const text = edgeConfig(
      [
        {
          ...route,
          path: "/api",
          rateLimit: { requests: 30, seconds: 60, burst: 5 },
          bodyLimit: 20 * 2 ** 20,
          corsOrigins: ["https://app.example.com"],
        },
        { ...route, path: "/live", websocket: true, rateLimit: { requests: 2, seconds: 1, burst: 0 } },
        { ...route, path: "/" },
      ],
      { bodyLimit: "1m" },
    );
    const block = (path: string) =>
      new RegExp(`location \\^~ "${path}" \\{\n([^]*?)\n        \\}\n`).exec(text)?.[1] ?? "";
    assert.match(text, /limit_req_zone \$binary_remote_addr zone=route_0:1m rate=30r\/m;/);
    assert.match(text, /limit_req_zone \$binary_remote_addr zone=route_1:1m rate=2r\/s;/);
    assert.match(
      text,
      /map \$http_origin \$cors_origin_0 \{ default ""; "https:\/\/app\.example\.com" \$http_origin; \}/,
    );
    assert.match(block("/api/"), /limit_req zone=route_0 burst=5 nodelay;\n\s+set \$retry_after 2;/);
    assert.match(block("/api/"), /client_max_body_size 20971520;\n\s+proxy_request_buffering off;/);
    assert.match(block("/api/"), /set \$cors_origin \$cors_origin_0;/);
    assert.doesNotMatch(block("/api/"), /websocket/);
    assert.match(block("/live/"), /limit_req zone=route_1;/);
    assert.match(block("/live/"), /set \$websocket yes;\n\s+proxy_read_timeout 1h;/);
    assert.doesNotMatch(block("/live/"), /cors|body/);
    assert.equal(
      block("/").replace(/\s+/g, " ").trim(),
      "set $upstream web:8000; proxy_pass http://$upstream;",
    );
  });

  it("adds no rate limit and no CORS without route options", () => {
    assert.doesNotMatch(config("/"), /limit_req|set_real_ip_from|Allow-Origin \$cors_origin_/);
  });

  it("writes its own errors as JSON that nothing in it can end early", () => {
    const bodies = [...config("/").matchAll(/return (\d+) '([^']*)';/g)];
    assert.equal(bodies.length, 7);
    for (const [, status, body] of bodies) {
      const problem = JSON.parse(body ?? "") as { status: number; request_id: string };
      assert.equal(problem.status, Number(status));
      assert.equal(problem.request_id, "$request_number");
    }
  });

  it("believes forwarded headers of a proxy on this machine, and of no client of another one", () => {
    const routes = [
      { path: "/", workload: "web", port: 8000, rateLimit: { requests: 1, seconds: 1 as const, burst: 0 } },
    ];
    const on = (...addresses: string[]) => edgeConfig(routes, { bodyLimit: "1m", addresses });
    for (const text of [on("127.0.0.1"), on("127.0.0.2", "::1")]) {
      assert.match(text, /X-Forwarded-For \$proxy_add_x_forwarded_for;/);
      assert.match(text, /real_ip_header X-Forwarded-For;/);
    }
    for (const text of [on("0.0.0.0"), on("::"), on("127.0.0.1", "192.168.1.7")]) {
      assert.match(text, /X-Forwarded-For \$remote_addr;/);
      assert.match(text, /X-Forwarded-Proto \$scheme;/);
      assert.doesNotMatch(text, /set_real_ip_from|real_ip_header|http_x_forwarded|proxy_add_x_forwarded_for/);
      assert.match(text, /limit_req_status 429;/);
    }
  });

  it("cannot be broken out of", () => {
    assert.match(config('/a";} evil \\'), /location = "\/a\\";} evil \\\\" \{/);
    assert.throws(() => config("/a\nb"), /control character/);
    assert.throws(() => config("/a%0Ab"), /control character/);
    assert.throws(
      () => edgeConfig([{ path: "/", workload: "web; evil", port: 1 }], { bodyLimit: "1m" }),
      /no address for a route/,
    );
  });
});
