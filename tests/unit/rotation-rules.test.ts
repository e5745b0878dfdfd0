import assert from "node:assert/strict";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { isObsolete, rotationStep } from "../../catalog/generations";
import type { PlannedSecret } from "../../catalog/plan";
import { generationsInState, type DeployedGenerations } from "../../cli/secrets/deployed-generations";
import { lostSecrets } from "../../cli/secrets/lost";
import { unused } from "../../cli/commands/secrets/check";
import { projectInputs, skippedGenerations } from "../../providers/compose/inputs";
import { usedGenerations } from "../../settings/generations";
import { rotationPlan } from "../support/rotation-sample";

const URN = "urn:pulumi:local::longshore::compose:index:Project::todo";
const compose = (numbers: unknown, outputs: Record<string, unknown> = {}) => ({
  resources: [{ urn: URN, type: "compose:index:Project", inputs: { generations: numbers }, outputs }],
});

describe("The deployed generation of a secret", () => {
  it("is read from the state of the system", () => {
    assert.deepEqual(generationsInState(compose({ "db-app-password": 3 }), "todo"), {
      kind: "known",
      numbers: { "db-app-password": 3 },
    });
    const cluster = {
      resources: [
        {
          urn: "urn:pulumi:prod::longshore::longshore:system:System::todo",
          type: "longshore:system:System",
          outputs: { url: "https://x", generations: { a: 2 } },
        },
      ],
    };
    assert.deepEqual(generationsInState(cluster, "todo"), { kind: "known", numbers: { a: 2 } });
  });

  it("is unknown after a deployment that failed, or of a version that did not record it", () => {
    assert.deepEqual(generationsInState(compose({ a: 2 }, { unfinished: "a failed deployment" }), "todo"), {
      kind: "unknown",
    });
    assert.deepEqual(generationsInState(compose(undefined), "todo"), { kind: "unknown" });
  });

  it("is absent where the state has no such system", () => {
    assert.deepEqual(generationsInState({}, "todo"), { kind: "absent" });
    assert.deepEqual(generationsInState(compose({ a: 1 }), "nexus"), { kind: "absent" });
  });

  it("is recorded for every secret of the plan, pairs by their name", () => {
    const plan = rotationPlan({ generations: { "db-app-password": { number: 2 } } });
    const used = usedGenerations(plan, { "db-app-password": { number: 2 } });
    assert.equal(used["db-app-password"], 2);
    assert.equal(used["db-admin-password"], 1);
    assert.equal(used["edge-tls"], 1);
    assert.ok(!("edge-tls-key" in used));
  });
});

describe("The next step of a rotation", () => {
  it("makes another generation only when the one in config is deployed", () => {
    assert.equal(rotationStep(2, 2, [1, 2]), "next");
    assert.equal(rotationStep(2, 1, [1, 2]), "pending");
    assert.equal(rotationStep(1, 2, [1]), "behind");
  });

  it("takes the oldest value that config holds for the one in use when nothing is recorded", () => {
    assert.equal(rotationStep(1, undefined, [1]), "next");
    assert.equal(rotationStep(2, undefined, [1, 2]), "pending");
    assert.equal(rotationStep(3, undefined, [3]), "next");
    assert.equal(rotationStep(2, undefined, []), "pending", "on a cluster the state holds the values");
  });

  it("is refused by a deployment that would skip a generation", () => {
    const inputs = (numbers: Record<string, number>) =>
      projectInputs({ project: "todo", document: { services: {} }, generations: numbers });
    const olds = { generations: { a: 1, b: 1 } };
    assert.deepEqual(skippedGenerations(olds, inputs({ a: 2, b: 1, c: 7 })), []);
    assert.deepEqual(skippedGenerations({}, inputs({ a: 9 })), []);
    const [failure, ...others] = skippedGenerations(olds, inputs({ a: 3, b: 2 }));
    assert.deepEqual(others, []);
    assert.equal(failure?.property, "generations.a");
    assert.match(failure.reason, /expected at most 2, because generation 1 is deployed, got 3/);
  });
});

type Step = "rotate" | "up" | "failed early" | "failed late" | "down" | "by hand";

/** A model of rotations, deployments and one datastore. The decisions are made by the real code. */
class World {
  number = 1;
  held = new Set([1]);
  /** The generation that the datastore knows. It is in the volume, which survives `down`. */
  known: number | undefined;
  recorded: DeployedGenerations = { kind: "absent" };
  isUnfinished = false;

  take(step: Step): void {
    switch (step) {
      case "rotate":
        this.rotate();
        return;
      case "by hand":
        // `pulumi config set` accepts any number; missing values are generated.
        this.number += 2;
        this.held.add(this.number).add(this.number - 1);
        return;
      case "down":
        this.recorded = { kind: "absent" };
        this.isUnfinished = false;
        return;
      default:
        this.deploy(step);
    }
  }

  private rotate(): void {
    if (this.isUnfinished || this.recorded.kind === "unknown") {
      return; // Rotation is rejected.
    }
    const deployed = this.recorded.kind === "known" ? this.recorded.numbers["x"] : undefined;
    if (rotationStep(this.number, deployed, [...this.held]) === "next") {
      const before = this.number;
      this.number += 1;
      this.held.add(this.number);
      this.held = new Set([...this.held].filter((generation) => !isObsolete(generation, before)));
    }
  }

  /** Deploys. Returns whether the deployment completed. */
  deploy(how: "up" | "failed early" | "failed late"): boolean {
    const olds = this.recorded.kind === "known" ? { generations: this.recorded.numbers } : {};
    const news = projectInputs({ project: "x", document: { services: {} }, generations: { x: this.number } });
    if (skippedGenerations(olds, news).length > 0) {
      return false;
    }
    if (how === "failed early") {
      this.isUnfinished = true;
      this.recorded = { kind: "unknown" };
      return false;
    }
    // The datastore's job logs in with the current value or the previous one.
    const candidates = [this.number, this.number - 1].filter((one) => this.held.has(one));
    if (this.known !== undefined && !candidates.includes(this.known)) {
      this.isUnfinished = true;
      return false;
    }
    this.known = this.number;
    this.isUnfinished = how === "failed late";
    this.recorded = this.isUnfinished ? { kind: "unknown" } : { kind: "known", numbers: { x: this.number } };
    return !this.isUnfinished;
  }
}

describe("Any sequence of rotations and deployments", () => {
  const steps = (...all: Step[]) => fc.array(fc.constantFrom(...all), { maxLength: 25 });

  it("keeps the value that the store knows in config, and the next up succeeds", () => {
    fc.assert(
      fc.property(steps("rotate", "up", "failed early", "failed late", "down"), (sequence) => {
        const world = new World();
        for (const step of sequence) {
          world.take(step);
          assert.ok(world.known === undefined || world.held.has(world.known), `lost after ${step}`);
        }
        assert.ok(world.deploy("up"), "the next up fails");
      }),
      { numRuns: 500 },
    );
  });

  it("keeps that value in config even when generations are set by hand", () => {
    fc.assert(
      fc.property(steps("rotate", "up", "failed early", "failed late", "down", "by hand"), (sequence) => {
        const world = new World();
        for (const step of sequence) {
          world.take(step);
          assert.ok(world.known === undefined || world.held.has(world.known), `lost after ${step}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("A secret that config misses", () => {
  const secret = (name: string, generation = 1): PlannedSecret & { system: string } => ({
    system: "todo",
    name: generation === 1 ? name : `${name}@${generation}`,
    secret: name,
    generation,
    from: "generated",
    value: { kind: "text", length: 32 },
    configPath: "",
  });
  const copy = (name: string) => ({
    path: "copy",
    content: `config:\n  longshore:secrets:\n    todo:\n      "${name}": { secure: v1:x }\n`,
  });
  const lost = (
    missing: ReturnType<typeof secret>,
    { state = {}, copies = [] as ReturnType<typeof copy>[], secretsSet = {} as Record<string, string[]> },
  ) => lostSecrets([missing], "local", { state, copies, secretsSet }).length > 0;

  it("was lost when the last deployment used it", () => {
    assert.ok(lost(secret("a"), { state: compose({ a: 1 }) }));
    assert.ok(lost(secret("a"), { state: compose({ a: 4 }) }), "the generations were lost with it");
    assert.ok(!lost(secret("b"), { state: compose({ a: 1 }) }), "a secret that the catalog has since then");
    assert.ok(!lost(secret("a", 2), { state: compose({ a: 1 }) }), "the next generation");
  });

  it("was lost when an earlier content of the stack file held it", () => {
    assert.ok(lost(secret("a"), { copies: [copy("a")] }));
    assert.ok(lost(secret("a"), { copies: [copy("a@3")] }));
    assert.ok(!lost(secret("a", 2), { copies: [copy("a")] }));
    assert.ok(!lost(secret("a"), {}), "a first run");
  });

  it("was lost when nothing of a system is left that an earlier version deployed", () => {
    assert.ok(lost(secret("a"), { state: compose(undefined) }));
    assert.ok(!lost(secret("a"), { state: compose(undefined), secretsSet: { todo: ["b"] } }));
  });
});

describe("A value that `secrets check` calls unused", () => {
  const findings = (names: string[], state?: object) =>
    unused(
      rotationPlan({ generations: { "db-app-password": { number: 5 } } }),
      { stack: "local", secretsSet: { rotating: names } },
      state,
    ).map(({ secret }) => secret);
  const held = ["db-app-password", "db-app-password@3", "db-app-password@4", "db-app-password@5"];
  const deployed = (number: number) => ({
    resources: [
      {
        urn: "urn:pulumi:local::longshore::compose:index:Project::rotating",
        type: "compose:index:Project",
        inputs: { generations: { "db-app-password": number } },
        outputs: {},
      },
    ],
  });

  it("is older than the generation before the deployed one", () => {
    assert.deepEqual(findings(held, deployed(5)), ["rotating.db-app-password", "rotating.db-app-password@3"]);
  });

  it("is never the deployed one, however far config is ahead", () => {
    assert.deepEqual(findings(held, deployed(3)), ["rotating.db-app-password"]);
    assert.deepEqual(findings(held, deployed(1)), []);
  });

  it("is not known where nothing is recorded, except for a secret that the catalog does not have", () => {
    assert.deepEqual(findings(held), []);
    assert.deepEqual(findings([...held, "gone"], {}), ["rotating.gone"]);
  });
});
