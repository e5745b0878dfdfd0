import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { Checkout } from "../support/checkout";

const PLAIN = "sk-plain-value-of-a-person";

describe("cli: a secret in plain text", function () {
  this.timeout(120_000);
  let checkout: Checkout;

  before(() => {
    checkout = new Checkout();
    checkout.presetLocal(`config:\n  longshore:secrets: { todo: { openai-api-key: ${PLAIN} } }\n`);
  });
  after(() => {
    checkout.remove();
  });

  for (const command of [
    ["validate"],
    ["render", "compose"],
    ["secrets", "check", "--no-values"],
    ["preview"],
    ["up"],
  ]) {
    it(`is refused by ${command.join(" ")}, which names the command that encrypts it`, async () => {
      const { code, stdout, stderr } = await checkout.longshore(...command);
      assert.equal(code, 2, stdout + stderr);
      assert.match(stderr, /secrets\.todo\.openai-api-key: expected an encrypted value, got plain text/);
      assert.match(stderr, /bin\/longshore secrets encrypt --stack local/);
      assert.ok(!(stdout + stderr).includes(PLAIN));
    });
  }

  it("is found by the comparison of a pull request, also when a later commit encrypts it", async () => {
    const base = checkout.git("rev-parse", "HEAD").trim();
    const original = checkout.read("Pulumi.prod.yaml");
    const commit = (value: string) => {
      checkout.write(
        "Pulumi.prod.yaml",
        original.replace(
          /^config:\n/m,
          `config:\n  longshore:secrets:\n    todo:\n      openai-api-key: ${value}\n`,
        ),
      );
      checkout.git("add", "-A");
      checkout.git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "Set a key");
    };
    assert.ok(!original.includes("longshore:secrets:"), "the example needs a place for the secret");
    for (const value of [PLAIN, "{ secure: v1:abc:def }"]) {
      commit(value);
      const { code, stdout, stderr } = await checkout.longshore("diff", "--against", base);
      assert.equal(code, 2, stdout + stderr);
      assert.match(stderr, /Pulumi\.prod\.yaml: secrets\.todo\.openai-api-key: expected an encrypted value/);
      assert.match(stderr, /in commit [0-9a-f]{10}/);
      assert.ok(!(stdout + stderr).includes(PLAIN));
    }
  });
});
