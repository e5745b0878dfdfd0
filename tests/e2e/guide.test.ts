import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { Checkout } from "../support/checkout";

const PORT = 18150;
const ADDRESS = `http://127.0.0.1:${PORT}`;

describe("the system that the guide builds", function () {
  this.timeout(600_000);
  this.bail(true);

  let checkout: Checkout;

  before(() => {
    checkout = new Checkout();
    const at = (...path: string[]) => join(checkout.root, ...path);
    cpSync(at("docs/tutorial/notes/api"), at("services/notes/api"), { recursive: true });
    const description = readFileSync(at("docs/tutorial/notes/notes.ts"), "utf8");
    writeFileSync(at("stacks/notes.ts"), description.replace("../../../catalog", "../catalog"));
    const index = readFileSync(at("stacks/index.ts"), "utf8");
    const added = index.replace(/\n\};/, "\n  notes,\n};");
    assert.notEqual(added, index);
    writeFileSync(at("stacks/index.ts"), `import { notes } from "./notes";\n${added}`);
    checkout.presetLocal(`config:\n  longshore:ports:\n    notes: ${PORT}\n`);
  });

  after(async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  it("is valid, and planned for production beside the others", async () => {
    const valid = await checkout.longshore("validate");
    assert.equal(valid.code, 0, valid.stdout + valid.stderr);
    const planned = await checkout.longshore("preview", "--stack", "prod", "--offline", "--system", "notes");
    assert.equal(planned.code, 0, planned.stdout + planned.stderr);
    assert.match(planned.stdout, /notes-api-deployment/);
  });

  it("comes up alone and keeps what people write into it", async () => {
    const { code, stdout, stderr } = await checkout.run("make", "up", "SYSTEMS=notes");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`open ${ADDRESS}`));
    const written = await fetch(ADDRESS, { method: "POST", body: "the first note" });
    assert.equal(written.status, 201);
    assert.deepEqual(await (await fetch(ADDRESS)).json(), ["the first note"]);
    const health = await checkout.longshore("health");
    assert.equal(health.code, 0, health.stdout + health.stderr);
  });
});
