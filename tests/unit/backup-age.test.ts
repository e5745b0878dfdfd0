import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, it } from "mocha";
import { backupAges, backupMetrics, isTooOld, longestPeriod } from "../../cli/backup/age";
import { withStores, type ScheduleRecord } from "../../cli/backup/schedule-record";

const HOUR = 3600;
const SCHEDULE: ScheduleRecord = {
  calendar: "daily",
  periodSeconds: 24 * HOUR,
  stores: [],
  systems: [],
  since: { "shop/db": "2026-01-01T00:00:00.000Z" },
};
const dump = (at: string) => ({ system: "shop", store: "db", file: "/x", at });

describe("Age of scheduled backups", () => {
  it("is too old one period and an hour after the newest dump, or after the start of a schedule without one", () => {
    const instant = fc.date({
      min: new Date("2025-01-01"),
      max: new Date("2027-01-01"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(fc.option(instant), fc.integer({ min: 60, max: 40 * 24 * HOUR }), (last, periodSeconds) => {
        const records = last ? [dump(last.toISOString())] : [];
        const [age] = backupAges({ ...SCHEDULE, periodSeconds }, records);
        assert.ok(age);
        const from = Math.max(Date.parse("2026-01-01"), last?.getTime() ?? 0);
        const due = from + (periodSeconds + HOUR) * 1000;
        assert.equal(isTooOld(age, due), false);
        assert.equal(isTooOld(age, due + 1), true);
      }),
    );
  });

  it("counts from the moment at which a datastore joined the schedule", () => {
    const now = "2026-06-01T00:00:00.000Z";
    assert.deepEqual(withStores(SCHEDULE, ["shop/db", "shop/new"], now).since, {
      "shop/db": SCHEDULE.since["shop/db"],
      "shop/new": now,
    });
    assert.deepEqual(withStores(SCHEDULE, ["shop/new"], now).since, { "shop/new": now });
  });

  it("is exported with the time of the newest dump, which is absent without one", () => {
    const at = "2026-02-01T03:00:00.500Z";
    assert.match(
      backupMetrics(backupAges(SCHEDULE, [dump(at)])),
      /^longshore_backup_last_success_timestamp_seconds{system="shop",service="db"} 1769914800$/m,
    );
    const without = backupMetrics(backupAges(SCHEDULE, []));
    assert.doesNotMatch(without, /^longshore_backup_last/m);
    assert.match(without, /^longshore_backup_due_timestamp_seconds{system="shop",service="db"} 1767315600$/m);
  });

  it("takes the longest time between two runs of systemd's calendar", function () {
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0) {
      this.skip();
    }
    const periodOf = (calendar: string) =>
      longestPeriod(
        spawnSync("systemd-analyze", ["calendar", "--iterations", "10080", calendar], {
          env: { ...process.env, TZ: "UTC" },
          maxBuffer: 2 ** 26,
        }).stdout.toString(),
      );
    assert.equal(periodOf("daily"), 24 * HOUR);
    assert.equal(periodOf("*-*-* 03,15:00"), 12 * HOUR);
    assert.equal(periodOf("Mon..Fri *-*-* 02:30:00"), 72 * HOUR);
    assert.equal(periodOf("Mon..Fri *:0/1"), 48 * HOUR + 60);
    assert.equal(periodOf("2999-01-01"), undefined);
  });
});
