import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { describeProperties } from "../../diff/words";
import { DEFAULTS } from "../../providers/compose/inputs";
import { projectHandler } from "../../providers/compose/project";
import { Stopwatch } from "../../providers/compose/stopwatch";
import { unusedVolumesText, volumeChanges } from "../../providers/compose/unused-volumes";
import { waitLimit } from "../../providers/compose/wait";

const sized = (size: string) => ({ labels: { "longshore.size": size } });
const documentWith = (volumes: Record<string, object>) => ({ services: { db: { image: "image" } }, volumes });

describe("A change of a project's volumes", () => {
  it("says that the data of a renamed datastore stays where nothing uses it", () => {
    const [text = "", ...more] = volumeChanges(
      documentWith({ db_data: sized("10g"), other: {} }),
      documentWith({ database_data: sized("10g"), other: {} }),
    );
    assert.match(
      text,
      /^volume db_data is no longer described: its data stays, .* a renamed datastore starts empty$/,
    );
    assert.deepEqual(more, []);
  });

  it("says that a changed storage changes nothing on disk", () => {
    assert.deepEqual(volumeChanges(documentWith({ d: sized("10g") }), documentWith({ d: sized("20g") })), [
      "volume d: storage 10g → 20g changes nothing on this machine, because Docker does not limit the size of a volume",
    ]);
    const property = {
      path: "labels.longshore.size",
      kind: "change",
      before: "10g",
      after: "20g",
      replaces: false,
    } as const;
    const difference = { type: "compose/volume", properties: [property] };
    assert.match(
      describeProperties(difference as unknown as Parameters<typeof describeProperties>[0])[0] ?? "",
      /10g → 20g \(a label: Docker does not limit/,
    );
  });

  it("says nothing of volumes that are new or the same, nor at the first deployment", () => {
    assert.deepEqual(volumeChanges(undefined, documentWith({ d: {} })), []);
    assert.deepEqual(volumeChanges(documentWith({ d: {} }), documentWith({ d: {}, e: {} })), []);
  });

  it("is announced by the preview", async () => {
    const said: string[] = [];
    const log = {
      status: () => undefined,
      info: () => undefined,
      warning: (text: string) => void said.push(text),
    };
    const inputs = (volumes: Record<string, object>) => ({
      ...DEFAULTS,
      project: "p",
      document: documentWith(volumes),
    });
    const call = { log, signal: new AbortController().signal };
    await projectHandler.check(inputs({ d: {} }), inputs({ e: {} }), call);
    assert.match(said.join("\n"), /^volume d is no longer described/);
  });

  it("names both ways on for volumes that nothing uses", () => {
    assert.match(
      unusedVolumesText(["p_db_data"]),
      /^volume p_db_data has data, .* rename it back, or run `longshore backup` .* docker volume rm p_db_data$/,
    );
  });
});

describe("The wait for a container", () => {
  it("follows the health check, which follows the service's startup, unless it is set", () => {
    assert.equal(waitLimit({}, {}), 300);
    assert.equal(waitLimit({}, { patienceSeconds: 60 }), 300);
    assert.ok(waitLimit({}, { patienceSeconds: 1800 }) > 1800);
    assert.equal(waitLimit({ waitSeconds: 20 }, { patienceSeconds: 1800 }), 20);
  });

  it("does not count the time of a suspended machine, nor a clock that is set", () => {
    let now = 0;
    const stopwatch = new Stopwatch(() => now);
    now = 1_000;
    assert.equal(stopwatch.seconds(), 1);
    now += 8 * 3_600_000;
    assert.equal(stopwatch.seconds(), 6);
    now -= 3_600_000;
    assert.equal(stopwatch.seconds(), 6);
    now += 500;
    assert.equal(stopwatch.seconds(), 6.5);
    stopwatch.reset();
    assert.equal(stopwatch.seconds(), 0);
  });
});
