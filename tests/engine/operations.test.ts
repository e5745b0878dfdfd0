import assert from "node:assert/strict";
import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { repoRoot } from "../../tools/paths";
import { CloudCheckout } from "../support/cloud-checkout";

const folder = join(repoRoot(), "docs", "how-to", "operations");
const read = (page: string) => readFileSync(join(folder, page), "utf8");

/** Returns the lines of a page's executable code blocks, unchanged. */
const blocksOf = (page: string) =>
  [...read(page).matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = ""]) => block);

/** Pages in order: each starts from the state that the former one leaves. */
const PAGES: readonly [
  page: string,
  check?: (output: string, checkout: CloudCheckout) => void | Promise<void>,
][] = [
  [
    "add.md",
    (output, checkout) => {
      assert.match(output, /qa, offline: \d+ to create/);
      assert.match(output, /qa: \d+ created/);
      assert.match(output, /qa: no changes[^]*qa: \d+ changes/, "a second system is no change");
      // The change that the next page promotes.
      checkout.edit("stacks/todo.ts", 'setting("logLevel", "info"', 'setting("logLevel", "debug"');
      checkout.commit("Log more");
    },
  ],
  [
    "release.md",
    async (output, checkout) => {
      assert.match(output, /LOG_LEVEL: info → debug/);
      assert.match(output, /back to \w+ of [\d-]+: Describe prod/);
      assert.equal(await checkout.deployedLogLevel(), "info");
      // Restores the latest version for the following pages.
      const { code, stderr } = await checkout.cloud("bin/longshore", "up", "--stack", "prod", "--yes");
      assert.equal(code, 0, stderr);
    },
  ],
  [
    "secrets.md",
    (output) => {
      assert.match(output, /todo\.openai-api-key is set/);
      assert.doesNotMatch(output, /sk-of-the-file/);
    },
  ],
  ["drift.md"],
  ["state.md"],
  [
    "hand-over.md",
    (output) => {
      assert.match(output, /prod: \d+ resources/);
    },
  ],
  [
    "upgrade.md",
    (output) => {
      assert.match(output, /3\.\d+\.\d+/);
    },
  ],
];

describe("pages of docs/how-to/operations", function () {
  this.timeout(600_000);
  let checkout: CloudCheckout;

  before(async () => {
    checkout = await new CloudCheckout().open();
    checkout.git("config", "user.name", "test");
    checkout.git("config", "user.email", "test@example.com");
    checkout.write("openai-api-key.txt", "sk-of-the-file\n");
    await checkout.initProd();
    const deployed = await checkout.cloud("bin/longshore", "up", "--stack", "prod", "--yes");
    assert.equal(deployed.code, 0, deployed.stderr);
  });
  after(() => {
    checkout.close();
  });

  for (const [page, check] of PAGES) {
    it(`${page}: its commands do what it says`, async () => {
      let output = "";
      for (const block of blocksOf(page)) {
        const { code, stdout, stderr } = await checkout.cloud("bash", "-euo", "pipefail", "-c", block);
        output += stdout + stderr;
        assert.equal(code, 0, `${block}\n${stdout}\n${stderr}`);
      }
      assert.notEqual(output, "");
      await check?.(output, checkout);
    });
  }

  it("hold for all environments: each of them keeps to the policies", async () => {
    for (const [stack, system] of [
      ["dev", "todo"],
      ["staging", "neurascale"],
    ] as const) {
      const preview = ["preview", "--stack", stack, "--offline", "--system", system];
      const { code, stdout, stderr } = await checkout.cloud("bin/longshore", ...preview);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  it("are all here, are listed, and lead to files that exist", () => {
    const pages = readdirSync(folder).filter((page) => page.endsWith(".md"));
    const withCommands = pages.filter((page) => blocksOf(page).length > 0);
    assert.deepEqual(withCommands.sort(), PAGES.map(([page]) => page).sort());
    for (const page of pages) {
      assert.ok(
        page === "README.md" || read("README.md").includes(`(${page})`),
        `README.md does not list ${page}`,
      );
      for (const [, link = ""] of read(page).matchAll(/\]\(([^)#:]+)\)/g)) {
        assert.ok(existsSync(join(folder, link)), `${page}: ${link}`);
      }
      // Every other kind of block would contain commands that no test executes.
      const kinds = [...read(page).matchAll(/^```(\w*)\n[^]*?^```$/gm)].map(([, kind]) => kind);
      assert.ok(
        kinds.every((kind) => kind === "sh" || kind === "text"),
        `${page}: ${kinds.join(", ")}`,
      );
    }
  });
});
