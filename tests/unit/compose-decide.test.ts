import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  hasProcesses,
  isReady,
  nextStartFirst,
  nextStopFirst,
  undoStartFirst,
  undoStopFirst,
  type Condition,
  type Seen,
  type Step,
  type Undo,
} from "../../providers/compose/decide";

interface Box {
  readonly id: string;
  readonly version: number;
  condition: Condition;
  isAdmitted: boolean;
  isStopping: boolean;
  started: number;
}

const isServing = ({ condition, isAdmitted }: Box) => condition === "healthy" && isAdmitted;
const runs = ({ condition }: Box) => hasProcesses({ condition } as Seen);

/** One service on a Docker daemon, with the rollout's loop, which may be interrupted anywhere. */
class World {
  boxes: Box[] = [];
  version = 0;
  wanted = 1;
  /** Versions that never become ready. */
  readonly broken = new Set<number>();
  private created = new Set<string>();
  private clock = 0;
  private count = 0;

  constructor(private readonly isExclusive: boolean) {}

  add(version: number, condition: Condition, isAdmitted: boolean): Box {
    const id = String(this.count++);
    const started = condition === "created" ? 0 : ++this.clock;
    const box = { id, version, condition, isAdmitted, isStopping: false, started };
    this.boxes.push(box);
    return box;
  }

  get seen(): Seen[] {
    return this.boxes.map(({ version, isStopping, ...one }) => ({
      ...one,
      isCurrent: version === this.version,
      isStopping: isStopping && runs({ ...one, version, isStopping }),
    }));
  }

  /** Kills the rollout's process and starts another one. */
  kill(): void {
    this.created = new Set();
  }

  next(): Step {
    return (this.isExclusive ? nextStopFirst : nextStartFirst)(this.seen, this.wanted);
  }

  /** Executes one step, or only a part of it if interrupted. Returns whether the rollout continues. */
  step(cut: boolean): boolean {
    const step = this.next();
    switch (step.do) {
      case "nothing":
        return false;
      case "create":
        this.created.add(this.add(this.version, "created", true).id);
        return !cut;
      case "prepare":
        return this.prepare(this.get(step.id), step.hidden, cut);
      case "stop":
        this.stop(step.ids, cut);
        return !cut;
      case "retire":
        this.requireReplacement(step.ids);
        this.stop(step.ids, cut);
        if (!cut) {
          this.boxes = this.boxes.filter(({ id }) => !step.ids.includes(id));
        }
        return !cut;
    }
  }

  private prepare(box: Box, hidden: boolean, cut: boolean): boolean {
    if (box.condition !== "starting" && box.condition !== "healthy") {
      box.isAdmitted = !hidden;
      this.start(box);
      if (cut) {
        return false;
      }
    }
    if (this.broken.has(box.version)) {
      box.condition = "failing";
      this.undo(box.id);
      return false;
    }
    Object.assign(box, { condition: "healthy" });
    if (cut) {
      return false;
    }
    box.isAdmitted = true;
    return true;
  }

  undo(failed?: string): void {
    const before = this.boxes.filter(({ id }) => !this.created.has(id) && id !== failed);
    const undo: Undo = this.isExclusive
      ? undoStopFirst(this.seen, this.created, this.wanted)
      : undoStartFirst(this.seen, this.created, failed);
    if (!this.isExclusive) {
      assert.ok(
        before.every(({ id }) => !undo.retire.includes(id)),
        "a failure removes only what it made",
      );
    }
    this.stop(undo.retire, false);
    this.boxes = this.boxes.filter(({ id }) => !undo.retire.includes(id));
    undo.start.forEach((id) => {
      this.start(this.get(id));
    });
  }

  private start(box: Box): void {
    box.isStopping = false;
    Object.assign(box, { condition: "starting", started: ++this.clock });
    if (this.isExclusive) {
      assert.ok(this.boxes.filter(runs).length <= this.wanted, "one running container per volume");
    }
  }

  private stop(ids: readonly string[], cut: boolean): void {
    for (const id of ids) {
      const box = this.get(id);
      if (cut && runs(box)) {
        box.isStopping = true;
      } else {
        box.isStopping = false;
        box.condition = runs(box) ? "stopped" : box.condition;
      }
    }
  }

  /** Asserts that enough other containers are serving, and not stopping, before a serving one is removed. */
  private requireReplacement(ids: readonly string[]): void {
    if (this.wanted === 0) {
      return;
    }
    const retired = this.boxes.filter(({ id }) => ids.includes(id));
    const rest = this.boxes.filter((box) => !retired.includes(box) && isServing(box) && !box.isStopping);
    if (retired.some((box) => isServing(box) && !box.isStopping)) {
      assert.ok(rest.length >= this.wanted, "a container that serves has a ready replacement");
    }
  }

  get(id: string): Box {
    const found = this.boxes.find((one) => one.id === id);
    assert.ok(found, `a step names the container ${id}, which is gone`);
    return found;
  }
}

type Event =
  | { readonly kind: "run"; readonly steps: number }
  | { readonly kind: "deploy"; readonly version: number; readonly isBroken: boolean }
  | { readonly kind: "scale"; readonly wanted: number }
  | { readonly kind: "change"; readonly index: number; readonly condition: Condition }
  | { readonly kind: "exit" };

function apply(world: World, event: Event): void {
  switch (event.kind) {
    case "run": {
      world.kill();
      for (let left = event.steps; left >= 0 && world.step(left === 0); left--);
      return;
    }
    case "deploy":
      world.version = event.version;
      if (event.isBroken) {
        world.broken.add(event.version);
      }
      return;
    case "scale":
      world.wanted = event.wanted;
      return;
    case "change": {
      const box = world.boxes[event.index % Math.max(1, world.boxes.length)];
      // Crashes, recoveries and pauses affect only running containers. Only the rollout starts containers.
      if (box && runs(box)) {
        box.condition = event.condition;
      }
      return;
    }
    case "exit":
      world.boxes.filter(({ isStopping }) => isStopping).forEach((box) => (box.condition = "stopped"));
  }
}

const events = (most: number) =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("run" as const), steps: fc.nat(12) }) },
      fc.record({
        kind: fc.constant("deploy" as const),
        version: fc.nat(4),
        isBroken: fc.boolean(),
      }),
      fc.record({ kind: fc.constant("scale" as const), wanted: fc.integer({ min: 0, max: most }) }),
      fc.record({
        kind: fc.constant("change" as const),
        index: fc.nat(5),
        condition: fc.constantFrom<Condition>("healthy", "starting", "failing", "paused", "stopped"),
      }),
      fc.record({ kind: fc.constant("exit" as const) }),
    ),
    { maxLength: 30 },
  );

/** Deploys a working version, and runs until no step is left. */
function converge(world: World): void {
  world.version = 99;
  world.wanted = Math.max(1, world.wanted);
  world.kill();
  for (let step = 0; world.next().do !== "nothing"; step++) {
    assert.ok(step < 100, `still at ${JSON.stringify(world.next())} with ${JSON.stringify(world.boxes)}`);
    world.step(false);
  }
  assert.equal(world.boxes.length, world.wanted);
  assert.ok(world.seen.every(isReady));
}

const RUNS = { numRuns: 1000 };

describe("The rollout of a service whose containers run beside each other", () => {
  it("never removes a container that serves before its replacement is ready, and converges", () => {
    fc.assert(
      fc.property(events(3), (history) => {
        const world = new World(false);
        history.forEach((event) => {
          apply(world, event);
        });
        converge(world);
      }),
      RUNS,
    );
  });

  it("leaves an old container that is just restarting when the new version fails", () => {
    for (const condition of ["starting", "failing", "paused", "healthy"] as const) {
      const world = new World(false);
      const old = world.add(0, condition, true);
      world.version = 1;
      world.broken.add(1);
      while (world.step(false));
      assert.deepEqual(world.boxes, [old], condition);
    }
  });

  it("hides a new container from clients while an old one may serve", () => {
    const world = new World(false);
    world.add(0, "starting", true);
    world.version = 1;
    world.step(false);
    assert.deepEqual(world.next(), { do: "prepare", id: "1", hidden: true });
  });

  it("leaves a failed container where nothing else serves, so that its log can be read", () => {
    const world = new World(false);
    world.broken.add(0);
    while (world.step(false));
    assert.equal(world.boxes.length, 1);
  });
});

describe("The rollout of a service that holds a volume", () => {
  it("never runs two containers, and converges, wherever it is killed", () => {
    fc.assert(
      fc.property(events(1), (history) => {
        const world = new World(true);
        history.forEach((event) => {
          apply(world, event);
          assert.ok(world.boxes.filter(runs).length <= 1, "one running container per volume");
        });
        converge(world);
      }),
      RUNS,
    );
  });

  it("runs the previous container again when the new version fails, also after it was killed in between", () => {
    for (let killedAfter = 0; killedAfter < 6; killedAfter++) {
      const world = new World(true);
      const old = world.add(0, "healthy", true);
      world.version = 1;
      world.broken.add(1);
      for (let step = 0; step < killedAfter && world.step(false); step++);
      world.kill();
      while (world.step(false));
      assert.deepEqual(
        world.boxes.map(({ id, condition }) => [id, condition]),
        [[old.id, "starting"]],
        `killed after ${killedAfter} steps`,
      );
    }
  });

  it("stops a container to its end before it relies on it, when an earlier stop was interrupted", () => {
    const world = new World(true);
    const old = world.add(0, "healthy", true);
    old.isStopping = true;
    assert.deepEqual(world.next(), { do: "stop", ids: ["0"] });
    world.step(false);
    assert.deepEqual(world.next(), { do: "prepare", id: "0", hidden: false });
  });

  it("does not roll back a new container that is ready", () => {
    const world = new World(true);
    world.add(0, "stopped", true);
    world.version = 1;
    const fresh = world.add(1, "healthy", true);
    world.undo();
    assert.equal(fresh.condition, "healthy");
    assert.equal(world.boxes.length, 2);
  });
});
