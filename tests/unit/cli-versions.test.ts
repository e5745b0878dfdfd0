import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "mocha";
import {
  imagesBefore,
  readVersions,
  runningVersions,
  withRunning,
  writeVersions,
  type Versions,
} from "../../cli/engine/versions";

const container = (service: string, image: string, kind = "service", state = "running") => ({
  system: "todo",
  service,
  kind,
  state,
  image,
});

/** Returns the recorded versions after deployments of these backend images, numbered in order. */
const deployed = (...images: string[]): Versions =>
  images.reduce<Versions>(
    (versions, image, index) =>
      withRunning(
        versions,
        runningVersions(
          [
            container("backend", image),
            container("migrate", image, "job", "exited"),
            container("db", "postgres:17", "store"),
            container("old", "x", "service", "exited"),
          ],
          String(index),
        ),
      ),
    {},
  );

describe("Versions for rollbacks", () => {
  const folder = mkdtempSync(join(tmpdir(), "longshore-versions-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("are the images of running services before the last change; jobs stay where they are", () => {
    assert.equal(imagesBefore(deployed("a").todo ?? []), undefined);
    assert.deepEqual(imagesBefore(deployed("a", "b").todo ?? []), {
      since: "0",
      images: { backend: "a", migrate: "b" },
    });
  });

  it("do not count a deployment that changed no image", () => {
    assert.deepEqual(
      deployed("a", "a", "b", "b").todo?.map(({ at, services }) => [at, services.backend]),
      [
        ["0", "a"],
        ["2", "b"],
      ],
    );
  });

  it("are ten at most", () => {
    const images = Array.from({ length: 14 }, (_, index) => `v${index}`);
    const kept = deployed(...images).todo?.map(({ services }) => services.backend);
    assert.deepEqual(kept, images.slice(-10));
  });

  it("are kept per stack, for their owner only", () => {
    assert.deepEqual(readVersions("local", folder), {});
    writeVersions("local", deployed("a", "b"), folder);
    assert.deepEqual(readVersions("local", folder), deployed("a", "b"));
    assert.deepEqual(readVersions("other", folder), {});
    assert.equal(statSync(join(folder, "versions", "local.json")).mode & 0o777, 0o600);
  });
});
