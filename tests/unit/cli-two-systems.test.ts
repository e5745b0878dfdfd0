import assert from "node:assert/strict";
import { Checkout } from "../support/checkout";
import { setSystems } from "../support/two-systems";

describe("cli: two systems", function () {
  this.timeout(120_000);
  let checkout: Checkout;
  before(() => {
    checkout = new Checkout();
    setSystems(checkout, ["todo", "notes"]);
  });
  after(() => {
    checkout.remove();
  });

  it("previews one of them offline, whatever secrets the other one misses", async () => {
    const { code, stdout, stderr } = await checkout.longshore(
      ...["preview", "--stack", "prod", "--offline", "--system", "notes"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^notes /m);
    assert.doesNotMatch(stdout, /^todo /m);
    assert.match(stdout, /secrets\.notes\.api-key is not set; a stand-in took its place/);
  });

  it("counts those that the stack runs, and renders for the project that really runs", async () => {
    checkout.presetLocal("config:\n  longshore:systems: [notes]\n  longshore:ports:\n    notes: 8097\n");
    const valid = await checkout.longshore("validate");
    assert.equal(valid.stdout, "stack local: settings and 1 system are valid\n");
    const { stdout } = await checkout.longshore("render", "compose");
    assert.match(stdout, /^name: notes-local-[0-9a-f]{6}$/m);
    assert.match(stdout, /8097/);
  });

  it("renders the documents of a stack by its name, as every other command takes it", async () => {
    const { stdout, stderr } = await checkout.longshore(
      "render",
      "compose",
      "--stack",
      "local-test",
      "--system",
      "notes",
    );
    assert.match(stdout, /^name: notes-local-test-[0-9a-f]{6}$/m, stderr);
    assert.match(stdout, /^# notes, environment test:/m);
    const both = await checkout.longshore("render", "compose", "--stack", "prod", "--env", "dev");
    assert.equal(both.code, 2);
    assert.match(both.stderr, /--stack <name>' cannot be used with option '--env <name>'/);
  });

  it("names the command that sets a missing secret", async () => {
    const { code, stderr } = await checkout.longshore("secrets", "check", "--stack", "prod");
    assert.equal(code, 2);
    assert.match(stderr, /run: bin\/longshore secrets set notes\.api-key --stack prod/);
  });
});
