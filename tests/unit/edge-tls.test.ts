import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { http, system } from "../../catalog/define";
import { checkSystem } from "../../catalog/check";
import { planSystem, type PlanSettings } from "../../catalog/plan";
import { renderCompose } from "../../render/compose";
import { missingSecrets, readSettings, secretUsers } from "../../settings";
import { monitoring } from "../../stacks/monitoring";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;

const definition = system("sample", ({ image, service, route }) => {
  const app = image("app", { context: "services/todo/backend", runtime: "python" });
  const web = service("web", { image: app, ports: { http: 8000 }, live: http("/livez"), resources });
  route("/", web.http);
});

const planned = (settings: Partial<PlanSettings>) =>
  planSystem(definition, { environment: "prod", target: "compose", ...settings });

function nginxConf(settings: Partial<PlanSettings>): string {
  const { files } = renderCompose(planned(settings), {
    project: "p",
    edgePort: 8080,
    imageReference: ({ name }) => name,
  });
  return files["config/edge/nginx.conf"] ?? "";
}

describe("HTTPS at the edge", () => {
  it("is on in staging and prod, off elsewhere, and as a stack says", () => {
    const isOn = (settings: Partial<PlanSettings>) => planned(settings).edgeTls !== undefined;
    assert.deepEqual(
      (["local", "dev", "test", "staging", "prod"] as const).filter((environment) => isOn({ environment })),
      ["staging", "prod"],
    );
    assert.ok(isOn({ environment: "local", tls: true }));
    assert.ok(!isOn({ tls: false }));
    assert.ok(!isOn({ target: "gcp", domain: "example.com", tls: true }), "a load balancer has its own");
  });

  it("is read from a stack file, where the engine keeps text", () => {
    const read = (tls: unknown) =>
      readSettings({ stack: "local", values: { systems: ["sample"], tls } }, { sample: definition }).tls;
    assert.deepEqual([read("true"), read("false"), read(true)], [true, false, true]);
    assert.throws(() => read("yes"), /tls: expected boolean, got "yes"/);
  });

  it("asks a person for the certificate in prod, and makes one on a person's machine", () => {
    const local = planned({ environment: "local", tls: true, domain: "example.test" });
    assert.deepEqual(
      local.secrets.map(({ name, from }) => [name, from]),
      [
        ["edge-tls-certificate", "generated"],
        ["edge-tls-key", "generated"],
      ],
    );
    const [{ value } = assert.fail("no secret")] = local.secrets;
    assert.ok(value.kind === "tls");
    assert.deepEqual(value.names, ["sample.example.test", "localhost", "127.0.0.1", "::1"]);
    assert.deepEqual(secretUsers(local, "edge-tls-key"), ["edge"]);
    const settings = readSettings(
      { stack: "prod", values: { target: "compose", systems: ["sample"] } },
      { sample: definition },
    );
    assert.deepEqual(missingSecrets(planned({}), settings), ["edge-tls-certificate", "edge-tls-key"]);
  });

  it("tells browsers to insist on it only where they can trust the certificate", () => {
    assert.match(nginxConf({ environment: "prod" }), /Strict-Transport-Security "max-age=31536000" always;/);
    assert.doesNotMatch(nginxConf({ environment: "local", tls: true }), /Strict-Transport-Security/);
    assert.match(nginxConf({ environment: "local", tls: true }), /listen 8080 ssl;/);
    assert.doesNotMatch(nginxConf({ environment: "local" }), /ssl/);
  });

  it("redirects a second port to the published HTTPS port, without HSTS over plain HTTP", () => {
    const published = (edgePort: number) =>
      renderCompose(planned({ environment: "prod" }), {
        project: "p",
        edgePort,
        edgeAddresses: ["203.0.113.7", "2001:db8::7"],
        edgeRedirectPort: 80,
        imageReference: ({ name }) => name,
      });
    const { document, files } = published(443);
    assert.deepEqual(document.services.edge?.ports, [
      "203.0.113.7:443:8080",
      "203.0.113.7:80:8083",
      "[2001:db8::7]:443:8080",
      "[2001:db8::7]:80:8083",
    ]);
    const redirect =
      /server \{\n\s+listen 8083;[^]*?\n {4}\}\n/.exec(files["config/edge/nginx.conf"] ?? "")?.[0] ?? "";
    assert.match(redirect, /return 308 https:\/\/\$host\$request_uri;/);
    // nginx inherits add_header only into a server without one of its own.
    assert.match(redirect, /add_header X-Request-Id/);
    assert.doesNotMatch(redirect, /Strict-Transport-Security/);
    assert.match(
      published(8443).files["config/edge/nginx.conf"] ?? "",
      /https:\/\/\$host:8443\$request_uri;/,
    );
    const plain = renderCompose(planned({ environment: "local" }), {
      project: "p",
      edgePort: 8080,
      edgeRedirectPort: 80,
      imageReference: ({ name }) => name,
    });
    assert.deepEqual(plain.document.services.edge?.ports, ["127.0.0.1:8080:8080"]);
    assert.doesNotMatch(plain.files["config/edge/nginx.conf"] ?? "", /8083/);
  });

  it("needs no certificate for monitoring, which is on loopback only", () => {
    const plan = planSystem(monitoring, { environment: "prod", target: "compose", tls: true });
    assert.equal(plan.edgeTls, undefined);
  });

  it("keeps its certificate's name for itself", () => {
    const clash = system("sample", ({ image, service, route, secret }) => {
      const app = image("app", { context: "services/todo/backend", runtime: "python" });
      const tls = secret("edge-tls", { kind: "tls" });
      const web = service("web", { image: app, ports: { http: 8000 }, env: { KEY: tls.key }, resources });
      route("/", web.http);
    });
    const found = checkSystem(clash, { environment: "prod", target: "compose" });
    assert.deepEqual(
      found.map(({ path, message }) => `${path}: ${message}`),
      [
        "sample.secrets.edge-tls-certificate: two secrets have this name",
        "sample.secrets.edge-tls-key: two secrets have this name",
      ],
    );
  });
});
