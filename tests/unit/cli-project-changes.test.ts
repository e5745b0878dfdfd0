import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { createColors } from "picocolors";
import type { Change, PropertyChange } from "../../cli/engine/changes";
import { describeChange, isWorthALine } from "../../cli/engine/describe";

const change = (properties: Partial<PropertyChange>[], more: Partial<Change> = {}): Change => ({
  urn: "",
  type: "compose:index:Project",
  name: "notes",
  operation: "update",
  state: "planned",
  properties: properties.map((one) => ({ path: "", kind: "change", replaces: false, ...one })),
  ...more,
});
const lines = (properties: Partial<PropertyChange>[], more: Partial<Change> = {}) =>
  describeChange(change(properties, more), createColors(false)).slice(1);

describe("cli: what changes in a Compose project", () => {
  it("is told by service: a service that comes or goes is one line, with all that belongs to it", () => {
    assert.deepEqual(
      lines([
        { path: 'document.configs["db-roles_0_roles.sh"]', kind: "add" },
        { path: "document.networks.db", kind: "add" },
        { path: 'document.secrets["db-roles_password"]', kind: "add" },
        { path: "document.services.db", kind: "add" },
        { path: 'document.services["db-roles"]', kind: "add" },
        { path: "document.services.old", kind: "remove" },
        { path: "document.volumes.db_data", kind: "add" },
        { path: 'files["config/db-roles/etc/roles.sh"]', kind: "add" },
        { path: 'secretFiles["secrets/db-roles/password"]', kind: "add" },
      ]),
      ["      + db", "      + db-roles", "      - old", "      ~ networks db"],
    );
  });

  it("shows values that a person can judge, and names the rest", () => {
    assert.deepEqual(
      lines([
        { path: "document.services.api.deploy.resources.limits.memory", from: "128M", to: "256M" },
        { path: "document.services.api.environment.GREETING", kind: "add", to: "hello" },
        { path: "document.services.api.environment.LEVEL", from: "info", to: "debug" },
        { path: "document.services.api.environment.LONG" },
        { path: "document.services.api.environment.OLD", kind: "remove", from: "1" },
        { path: "document.services.api.healthcheck.test[3]" },
        { path: "document.services.api.healthcheck.test[4]", from: "a", to: "b" },
        { path: "document.services.api.image", from: "notes/api:src-1", to: "notes/api:src-2" },
        { path: 'document.services.api.labels["longshore.files"]', from: "1", to: "2" },
        { path: "document.services.edge.ports[0]", from: "127.0.0.1:1:8080", to: "127.0.0.1:2:8080" },
        { path: 'files["config/edge/etc/nginx.conf"]' },
        { path: 'secretFiles["secrets/api/mail-key"].content' },
        { path: 'secretFiles["secrets/worker/mail-key"]', kind: "add" },
        { path: 'document.secrets["worker_mail-key"]', kind: "add" },
      ]),
      [
        "      ~ api: image notes/api:src-1 → notes/api:src-2, environment GREETING=hello, LEVEL=info → debug, LONG, " +
          "without OLD, memory 128M → 256M, healthcheck, secret mail-key",
        "      ~ edge: ports 127.0.0.1:1:8080 → 127.0.0.1:2:8080, file /etc/nginx.conf",
        "      ~ worker: secret mail-key",
      ],
    );
  });

  it("shows drift, an unfinished deployment and jobs that run again in words", () => {
    assert.deepEqual(
      lines([
        { path: "rerun.migrate", kind: "add" },
        { path: "services.api.state", from: "stopped (exit code 143)", to: "running" },
        { path: "services.db.state", from: "changed by someone else", to: "running" },
        {
          path: "unfinished",
          kind: "remove",
          from: "a failed deployment: api still runs its previous version",
        },
      ]),
      [
        "      continuing after a failed deployment: api still runs its previous version",
        "      ~ api: was stopped (exit code 143)",
        "      ~ db: was changed by someone else",
        "      ~ migrate: runs again",
      ],
    );
    // The provider has reported this before the deployment started.
    assert.deepEqual(lines([{ path: "unfinished", kind: "remove" }], { state: "done" }), []);
  });

  it("a look at what runs finds no drift in an unfinished deployment", () => {
    const look = (paths: string[]) =>
      change(
        paths.map((path) => ({ path })),
        { operation: "refresh", state: "done" },
      );
    assert.ok(!isWorthALine(look([])));
    assert.ok(!isWorthALine(look(["unfinished"])));
    assert.ok(isWorthALine(look(["services.api.state"])));
    const found = describeChange(
      change([{ path: "services.api.state", from: "running", to: "missing" }], {
        operation: "refresh",
        state: "done",
      }),
      createColors(false),
    );
    assert.deepEqual(found.slice(1), ["      ~ api: missing"]);
  });

  it("leaves everything else as it is", () => {
    assert.deepEqual(
      lines([{ path: "project", from: "a", to: "b", replaces: true }], { operation: "replace" }),
      ["      ~ project a → b (replaces the resource)"],
    );
    assert.deepEqual(lines([{ path: "document.services.api.image" }], { type: "other:index:Thing" }), [
      "      ~ document.services.api.image",
    ]);
  });
});
