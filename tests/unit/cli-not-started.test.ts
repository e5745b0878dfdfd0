import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { waitsFor } from "../../cli/compose/docker";
import { notStarted } from "../../cli/compose/not-started";

const one = (service: string, more: object = {}) => ({
  system: "notes",
  service,
  kind: "service",
  state: "running",
  health: "healthy",
  exitCode: 0,
  waitsFor: [],
  ...more,
});

describe("cli: a container that was not started", () => {
  it("waits for what Compose has written on it", () => {
    assert.deepEqual(waitsFor("db:service_healthy:false,migrate:service_completed_successfully:false"), [
      "db",
      "migrate",
    ]);
    assert.deepEqual(waitsFor(""), []);
    assert.deepEqual(waitsFor(undefined), []);
  });

  it("names those that are not well yet", () => {
    const api = one("api", { state: "created", health: "", waitsFor: ["db", "migrate", "roles"] });
    const failed = one("migrate", { kind: "job", state: "exited", exitCode: 1, health: "" });
    const roles = one("roles", { kind: "job", state: "exited", health: "" });
    const elsewhere = one("db", { system: "other", health: "unhealthy" });
    assert.equal(
      notStarted(api, [api, failed, roles, one("db"), elsewhere]),
      "not started: waits for migrate",
    );
    assert.equal(
      notStarted(api, [api, roles, one("db", { health: "unhealthy" }), failed]),
      "not started: waits for db, migrate",
    );
    assert.equal(notStarted(api, [api, roles, one("db")]), "not started: waits for migrate");
    assert.equal(notStarted({ ...api, waitsFor: [] }, [api]), "not started");
    assert.equal(notStarted(one("db"), [api]), undefined);
  });
});
