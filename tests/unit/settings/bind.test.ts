import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { canonicalAddress, isLoopback, overlap } from "../../../catalog/ip-addresses";
import { MONITORING } from "../../../catalog/plan/monitoring";
import { ENVIRONMENTS } from "../../../catalog/types";
import { publicationOf, readSettings, type StackSettings } from "../../../settings";
import { systems } from "../../../stacks";
import { publicUrl } from "../../../targets/compose";

const read = (values: Record<string, unknown>) =>
  readSettings({ stack: "box", values: { target: "compose", ...values } }, systems);

/** Problems that a stack's settings have; empty for none. */
function problemsOf(values: Record<string, unknown>): string[] {
  try {
    read(values);
    return [];
  } catch (error) {
    return (error as Error).message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}

describe("bind settings of a Compose stack", () => {
  it("default to loopback, without a port that redirects", () => {
    assert.deepEqual(publicationOf(read({ environment: "prod" }), "todo"), {
      edgePort: 8080,
      edgeAddresses: ["127.0.0.1"],
    });
  });

  it("publish one system on one address or several, in canonical form", () => {
    const settings = read({
      environment: "prod",
      ports: { todo: 443 },
      redirectPorts: { todo: 80 },
      bind: { todo: "203.0.113.7", nexus: ["0.0.0.0", "2001:DB8:0::7"] },
    });
    assert.deepEqual(publicationOf(settings, "todo"), {
      edgePort: 443,
      edgeAddresses: ["203.0.113.7"],
      edgeRedirectPort: 80,
    });
    assert.deepEqual(publicationOf(settings, "nexus").edgeAddresses, ["0.0.0.0", "2001:db8::7"]);
    assert.deepEqual(publicationOf(settings, "imaging").edgeAddresses, ["127.0.0.1"]);
  });

  it("reject host names, groups, zones and other text with what they expect", () => {
    const expected = "expected an IP address of this machine such as 203.0.113.7, or a list of them";
    for (const bad of [
      "example.com",
      "localhost",
      "203.0.113.7:443",
      "203.0.113.0/24",
      "fe80::1%eth0",
      "::ffff:203.0.113.7",
      "224.0.0.1",
      "255.255.255.255",
      "ff02::1",
      "",
      7,
      [],
    ]) {
      assert.deepEqual(problemsOf({ environment: "prod", bind: { todo: bad } }), [
        `bind.todo: ${expected}, got ${JSON.stringify(bad)}`,
      ]);
    }
    assert.deepEqual(problemsOf({ environment: "prod", bind: { tood: "203.0.113.7" } }), [
      "bind.tood: unknown key; did you mean todo?",
    ]);
  });

  it("reject plain HTTP beyond loopback unless the stack allows it", () => {
    const bind = { todo: ["127.0.0.1", "192.0.2.1"] };
    assert.deepEqual(problemsOf({ environment: "prod", tls: "false", bind }), [
      "bind.todo: other machines can reach 192.0.2.1, and todo is served without TLS; " +
        "run: pulumi config set --stack box longshore:tls true; " +
        "where the network itself encrypts, set bindWithoutTls to true instead",
    ]);
    assert.deepEqual(problemsOf({ environment: "prod", tls: "false", bindWithoutTls: "true", bind }), []);
    assert.deepEqual(problemsOf({ environment: "local", bind: { todo: "127.0.0.2" } }), []);
  });

  it("never publish monitoring beyond loopback, also where plain HTTP is allowed", () => {
    assert.match(
      problemsOf({ environment: "prod", bindWithoutTls: true, bind: { monitoring: "0.0.0.0" } }).join("\n"),
      /^bind\.monitoring: monitoring is served on loopback only, .* ssh -L 8085:127\.0\.0\.1:8085 HOST$/,
    );
  });

  it("are refused on a cluster, where no machine has the address", () => {
    const values = { target: "kubernetes", domain: "example.com", cluster: { context: "c" } };
    assert.deepEqual(
      problemsOf({ ...values, bind: { todo: "203.0.113.7" }, redirectPorts: { todo: 80 } }),
      ["bind.todo", "redirectPorts.todo"].map(
        (path) => `${path}: is about addresses of this machine, and the target is kubernetes; remove it`,
      ),
    );
  });

  it("allow one port on two addresses, and refuse it on one", () => {
    const ports = { todo: 443, nexus: 443 };
    assert.deepEqual(
      problemsOf({ environment: "prod", ports, bind: { todo: "192.0.2.1", nexus: "192.0.2.2" } }),
      [],
    );
    for (const nexus of ["192.0.2.1", "0.0.0.0"]) {
      assert.deepEqual(problemsOf({ environment: "prod", ports, bind: { todo: "192.0.2.1", nexus } }), [
        "ports.nexus: 443 is the port of todo too; choose another",
      ]);
    }
    assert.deepEqual(problemsOf({ environment: "prod", redirectPorts: { todo: 8080 } }), [
      "redirectPorts.todo: 8080 is the port of todo too; choose another",
    ]);
    assert.deepEqual(problemsOf({ environment: "prod", bind: { todo: ["0.0.0.0", "192.0.2.1"] } }), [
      "bind.todo: 0.0.0.0 and 192.0.2.1 overlap; remove one",
    ]);
  });

  it("refuse a redirect to HTTPS that is not served", () => {
    assert.deepEqual(problemsOf({ environment: "local", redirectPorts: { todo: 8000 } }), [
      "redirectPorts.todo: redirects to HTTPS, and todo is served without TLS; remove it, or set tls to true",
    ]);
  });

  it("give the address under the stack's domain once other machines can connect", () => {
    const url = (values: Record<string, unknown>) =>
      publicUrl(
        { system: "todo", edgeTls: { secretFiles: [] as never, strict: true } },
        read({ environment: "prod", domain: "example.com", ports: { todo: 443 }, ...values }),
      );
    assert.equal(url({}), undefined);
    assert.equal(url({ bind: { todo: "0.0.0.0" } }), "https://todo.example.com");
    assert.equal(url({ bind: { todo: "::" }, ports: { todo: 8443 } }), "https://todo.example.com:8443");
  });

  it("never expose a system to other machines without TLS or consent (property)", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("0.0.0.0", "::", "::1", "127.0.0.1"));
    const anyBind = fc.dictionary(
      fc.constantFrom(...Object.keys(systems)),
      fc.oneof(address, fc.uniqueArray(address, { minLength: 1, maxLength: 3 })),
      { noNullPrototype: true },
    );
    const options = fc.record(
      { tls: fc.boolean(), bindWithoutTls: fc.boolean(), bind: anyBind },
      { requiredKeys: ["bind"] },
    );
    let accepted = 0;
    fc.assert(
      fc.property(options, fc.constantFrom(...ENVIRONMENTS), (given, environment) => {
        let settings: StackSettings;
        try {
          settings = read({ environment, ...given });
        } catch {
          return;
        }
        accepted += 1;
        const { tls = ["staging", "prod"].includes(environment), bindWithoutTls = false } = given;
        for (const system of Object.keys(systems)) {
          const open = publicationOf(settings, system).edgeAddresses.filter((one) => !isLoopback(one));
          assert.ok(open.length === 0 || (system !== MONITORING && (tls || bindWithoutTls)), system);
        }
      }),
      { numRuns: 100 },
    );
    assert.ok(accepted > 10, `only ${accepted} accepted`);
  });
});

describe("IP addresses", () => {
  it("have one canonical form, which stays as it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const canonical = canonicalAddress(text);
        assert.equal(canonical === undefined ? undefined : canonicalAddress(canonical), canonical);
      }),
    );
    assert.equal(canonicalAddress("0:0:0:0:0:0:0:1"), "::1");
  });

  it("overlap with themselves and with the address for every one of their family", () => {
    assert.ok(overlap("0.0.0.0", "192.0.2.1") && overlap("2001:db8::7", "::"));
    assert.ok(!overlap("0.0.0.0", "2001:db8::7") && !overlap("192.0.2.1", "192.0.2.2"));
  });
});
