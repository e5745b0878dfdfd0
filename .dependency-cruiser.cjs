// The layers of Longshore, checked by `npm run layers` and `make check`. docs/explanation/architecture.md shows the same
// order, docs/adr/0023-layers.md says why. Type imports count.
"use strict";

/**
 * The layers from the highest to the lowest: a folder may import what stands below it, never what stands above it. A path
 * belongs to the first layer that matches it.
 */
const LAYERS = [
  // Tests, benchmarks and examples of the documentation may import everything. Nothing imports them.
  ["tests", "^(tests|bench|docs)/"],
  // Stand-in providers with which tests deploy to the lab's Kubernetes node.
  ["lab-providers", "^lab/providers/"],
  // The command `longshore`: main loads one verb, a verb is described and carried out by one file.
  ["cli-main", "^cli/main\\.ts$"],
  ["cli-commands", "^cli/commands/"],
  // What several verbs share, one folder per purpose.
  ["cli-rooms", "^cli/(?!support/)"],
  // Options, output, locks, plans: what all folders of the command use.
  ["cli-support", "^cli/support/"],
  // One model of what runs, and what can be done with it, in a cluster as on this machine.
  ["operations", "^operations/"],
  // The Pulumi program. It selects the target and is the only file that joins settings, systems and targets.
  ["program", "^index\\.(ts|cjs)$"],
  // Compares the documents and resources of two commits.
  ["diff", "^diff/"],
  // Plan to resources, one file per target.
  ["targets", "^targets/"],
  // Planning providers for previews without an account.
  ["offline", "^offline/"],
  // Rules that every resource must satisfy.
  ["policy", "^policy/"],
  // The systems, one file each.
  ["stacks", "^stacks/"],
  // Pulumi components, also published as a package of their own.
  ["components", "^components/"],
  // The Pulumi provider of Compose projects.
  ["providers", "^providers/"],
  // Plan to documents: Compose, Kubernetes, bake, monitoring, backups.
  ["render", "^render/"],
  // What a stack may set.
  ["settings", "^settings/"],
  // What a system may say, and the plan that follows from it and the settings of one environment.
  ["catalog", "^catalog/"],
  // Programs, files and processes of the machine; generators and linters of this repository.
  ["tools", "^tools/"],
  // The lab, as the product knows it.
  ["lab", "^lab/"],
  // Reads and writes YAML.
  ["yaml", "^yaml/"],
  // Knows nothing of Longshore: problems, quantities, labels, similar names.
  ["base", "^base/"],
];

/** One rule per layer: it does not import any layer above it. */
const order = LAYERS.slice(1).map(([name, path], index) => {
  const above = LAYERS.slice(0, index + 1).map(([, other]) => other);
  const earlier = above.filter((other) => other !== path);
  return {
    name: `layer-${name}`,
    comment: `${name} imports only ${LAYERS.slice(index + 1)
      .map(([layer]) => layer)
      .join(", ")} (.dependency-cruiser.cjs)`,
    severity: "error",
    // A path that a higher layer claims does not belong to this one.
    from: { path, pathNot: earlier },
    to: { path: above },
  };
});

/** Files that are started or loaded by name. */
const ENTRIES = [
  "^(index|policy/index|bin/load)\\.cjs$",
  "^index\\.ts$",
  "^cli/main\\.ts$",
  "^components/index\\.ts$",
  "^policy/pack\\.ts$",
  "^providers/compose/main\\.ts$",
  // index.cjs loads it when Pulumi is run by hand.
  "^cli/engine/by-hand\\.ts$",
  // Pages of docs/reference are generated from these.
  "^(catalog/(support|findings)|policy/rules/table|settings/json-schema)\\.ts$",
];
const PRODUCT =
  "^(base|catalog|cli|components|diff|offline|policy|providers|render|settings|stacks|targets|yaml)/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circular",
      comment: "a cycle, type imports included: move what both need to the lower file",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...order,
    {
      name: "components-are-a-package",
      comment: "components are usable without the catalog, its targets and the command",
      severity: "error",
      from: { path: "^components/" },
      to: { path: "^(catalog|settings|targets|cli|stacks|diff|offline|policy)/" },
    },
    {
      name: "lab-interface",
      comment: "the product knows the lab by lab/index.ts only, and the lab nothing of the product",
      severity: "error",
      from: { pathNot: ["^lab/", "^tests/"] },
      to: { path: "^lab/", pathNot: "^lab/index\\.ts$" },
    },
    {
      name: "lab-knows-no-product",
      severity: "error",
      from: { path: "^lab/", pathNot: "^lab/providers/" },
      to: { path: "^", pathNot: ["^lab/", "node_modules"], dependencyTypesNot: ["core"] },
    },
    {
      name: "no-dead-files",
      comment: "no entry of the product reaches this file: delete it, or move it to tests/ or tools/",
      severity: "error",
      from: { path: ENTRIES },
      to: { path: PRODUCT, pathNot: ENTRIES, reachable: false },
    },
    {
      name: "no-orphans",
      comment: "nothing imports this file, and it imports nothing: delete it",
      severity: "error",
      from: { orphan: true, pathNot: ["\\.d\\.ts$", "^tests/support/seed\\.ts$", ...ENTRIES] },
      to: {},
    },
    {
      name: "no-unresolved",
      comment: "an import of a file that does not exist",
      severity: "error",
      // The peers of the benchmark and external programs are installed elsewhere.
      from: { pathNot: ["^bench/peers/", "^tests/support/external-program\\.cjs$"] },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: {
      path: "(^|/)node_modules/|^services/|^dist/|^tests/golden/expected/|^\\.dependency-cruiser|^eslint\\.config",
    },
    // Type imports count.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    // `./x.js` in a dynamic import is x.ts.
    enhancedResolveOptions: { extensions: [".ts", ".cjs", ".mjs", ".js", ".json"] },
  },
};
