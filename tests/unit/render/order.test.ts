import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { planSystem, type PlannedImage } from "../../../catalog/plan";
import type { SystemDefinition } from "../../../catalog/types";
import { renderCompose } from "../../../render/compose";
import { renderKubernetes } from "../../../render/kubernetes";
import { systems } from "../../../stacks";
import { yamlStream, yamlText } from "../../../yaml/write";
import { validSystem } from "../../support/arbitrary-system";

/** Keys whose order has a meaning: command arguments, parts of a text, request before limit, the first port. */
const ORDERED = new Set(["command", "parts", "cpu", "memory", "ports"]);

/** Returns the same description with its declarations, entries and fields in another order. */
function permuted<T>(value: T, random: () => number): T {
  if (Array.isArray(value)) {
    return shuffled(value as unknown[], random).map((item) => permuted(item, random)) as T;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    shuffled(Object.entries(value), random).map(([key, item]: [string, unknown]) => [
      key,
      ORDERED.has(key) ? item : permuted(item, random),
    ]),
  ) as T;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** Returns a generator of pseudo-random numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const imageReference = ({ name, source }: PlannedImage) =>
  source.kind === "build" ? `registry.example/${name}:src-0123456789ab` : source.reference;

function documents(definition: SystemDefinition): string {
  const settings = {
    environment: "prod",
    secretsSet: definition.secrets.map(({ name }) => name).sort(),
    profiles: "all",
  } as const;
  const compose = renderCompose(
    planSystem(definition, { ...settings, target: "compose", monitoring: { scrapeSeconds: 15 } }),
    { project: "p", edgePort: 8080, imageReference },
  );
  const parts = [
    yamlText(compose.document),
    ...Object.entries(compose.files).flat(),
    JSON.stringify(compose.secretFiles),
  ];
  if (definition.targets?.includes("kubernetes") ?? true) {
    const plan = planSystem(definition, { ...settings, target: "kubernetes", domain: "example.com" });
    const objects = renderKubernetes<string>(plan, {
      imageReference,
      resolver: {
        secret: (name) => `<secret ${name}>`,
        host: (datastore) => `<host of ${datastore}>`,
        text: (pieces) => pieces.join(""),
      },
    });
    parts.push(yamlStream(objects));
  }
  return parts.join("\n");
}

describe("The order of declarations", () => {
  for (const definition of Object.values(systems)) {
    it(`changes no byte of the documents of ${definition.name}`, () => {
      const expected = documents(definition);
      for (const seed of [1, 2, 3, 4, 5]) {
        assert.equal(documents(permuted(definition, generator(seed))), expected);
      }
    });
  }

  it("changes no byte of the documents of any valid system", () => {
    fc.assert(
      fc.property(validSystem, fc.integer(), (definition, seed) => {
        assert.equal(documents(permuted(definition, generator(seed))), documents(definition));
      }),
      { numRuns: 30 },
    );
  });
});
