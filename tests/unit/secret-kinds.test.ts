import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { describe, it } from "mocha";
import { checkSystem } from "../../catalog/check";
import { system, type TlsSecretOptions, type Vocabulary } from "../../catalog/define";
import { planSystem, type Plan } from "../../catalog/plan";
import type { Environment } from "../../catalog/types";
import { selfSigned } from "../../cli/secrets/certificate";
import { generateValues } from "../../cli/secrets/generate";
import { missingGenerated } from "../../cli/engine/local-stack";
import { missingSecrets, requireSecrets, type StackSettings } from "../../settings";

const resources = { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] } as const;

function describeGateway({ image, service, secret }: Vocabulary): void {
  const tls = secret("gateway-tls", { from: "generated", kind: "tls", names: ["gateway", "::1"], days: 30 });
  service("gateway", {
    image: image("gateway", { context: "services/todo/backend", runtime: "python" }),
    env: {
      TLS_CERTIFICATE: tls.certificate,
      TLS_KEY: tls.key,
      COOKIE_KEY: secret("cookie-key", { from: "generated", kind: "hex" }),
      TOKEN: secret("token", { from: "generated", length: 24 }),
    },
    resources,
  });
}

const definition = system("sample", describeGateway);

function planned(environment: Environment, target: "compose" | "gcp", set: string[] = []) {
  const plan = planSystem(definition, { environment, target, secretsSet: set });
  const settings = { stack: environment, environment, target, secretsSet: { sample: set } };
  return { plan, settings: settings as unknown as StackSettings };
}

function missingIn(plan: Plan, settings: StackSettings) {
  return missingGenerated([plan], settings);
}

describe("kinds of secrets", () => {
  it("give a container the certificate and the key as files of their own", () => {
    const { plan } = planned("local", "compose");
    const [gateway] = plan.workloads;
    assert.deepEqual(
      gateway?.secretFiles.map(({ variable, path, value }) => [variable, path, value]),
      [
        ["COOKIE_KEY_FILE", "/run/secrets/cookie-key", { late: "secret", secret: "cookie-key" }],
        [
          "TLS_CERTIFICATE_FILE",
          "/run/secrets/tls-certificate",
          { late: "secret", secret: "gateway-tls-certificate" },
        ],
        ["TLS_KEY_FILE", "/run/secrets/tls-key", { late: "secret", secret: "gateway-tls-key" }],
        ["TOKEN_FILE", "/run/secrets/token", { late: "secret", secret: "token" }],
      ],
    );
  });

  it("are generated: text, hexadecimal digits, and a certificate with the key that fits it", async () => {
    const { plan, settings } = planned("local", "compose");
    const values = new Map(
      (await generateValues(missingIn(plan, settings))).map(({ configPath, value }) => [
        configPath.replace("longshore:secrets.sample.", ""),
        value,
      ]),
    );
    assert.match(values.get("token") ?? "", /^[A-Za-z0-9]{24}$/);
    assert.match(values.get("cookie-key") ?? "", /^[0-9a-f]{64}$/);
    const certificate = new X509Certificate(values.get("gateway-tls-certificate") ?? "");
    assert.ok(certificate.checkPrivateKey(createPrivateKey(values.get("gateway-tls-key") ?? "")));
    assert.ok(certificate.verify(certificate.publicKey), "it is signed by its own key");
    assert.equal(certificate.checkHost("gateway"), "gateway");
    assert.equal(certificate.checkHost("localhost"), undefined);
    assert.equal(certificate.checkIP("::1"), "::1");
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    assert.ok(days > 30 && days < 30.1, `valid for ${days} days`);
  });

  it("differ each time", async () => {
    const { plan, settings } = planned("local", "compose");
    const once = async () => (await generateValues(missingIn(plan, settings))).map(({ value }) => value);
    const [first, second] = [await once(), await once()];
    assert.deepEqual(
      first.filter((value) => second.includes(value)),
      [],
    );
  });

  it("are not made for half a pair", async () => {
    const { plan, settings } = planned("local", "compose", ["gateway-tls-certificate"]);
    await assert.rejects(
      generateValues(missingIn(plan, settings)),
      /sample\.secrets\.gateway-tls-key: not set, though the certificate of gateway-tls is; set it too/,
    );
  });

  it("ask a person for certificates where self-signed ones have no place, and say why", () => {
    const prod = planned("prod", "gcp");
    assert.deepEqual(missingSecrets(prod.plan, prod.settings), [
      "gateway-tls-certificate",
      "gateway-tls-key",
    ]);
    assert.deepEqual(missingIn(prod.plan, prod.settings), []);
    assert.throws(
      () => {
        requireSecrets([prod.plan], prod.settings);
      },
      (error: Error) =>
        error.message.includes("a certificate is only generated in local, dev and test") &&
        error.message.includes("bin/longshore secrets set sample.gateway-tls-key --stack prod"),
    );
  });

  it("are made into config for a cloud's dev too, where no provider makes certificates", () => {
    const dev = planned("dev", "gcp");
    assert.deepEqual(
      missingIn(dev.plan, dev.settings).map(({ name }) => name),
      ["gateway-tls-certificate", "gateway-tls-key"],
    );
  });

  it("are checked: kind, length, names, days", () => {
    const sloppy = { kind: "tls", names: ["-no-", "10.0.0.1", "*.example.com"], days: 0 } as TlsSecretOptions;
    const wrong = system("sample", ({ secret }) => {
      secret("a", { kind: "hex", length: 33 });
      secret("b", { kind: "tsl" as "hex" });
      secret("c", sloppy);
      secret("d", { kind: "tls", length: 3 } as unknown as TlsSecretOptions);
    });
    const found = checkSystem(wrong, { environment: "prod", target: "compose" });
    assert.deepEqual(
      found.map(({ path, message }) => `${path}: ${message}`).sort(),
      [
        "sample.secrets.a.length: expected an even number: a byte has two hexadecimal digits, got 33",
        'sample.secrets.b.kind: expected text, hex, keys or tls, got "tsl"',
        "sample.secrets.c.days: expected a whole number from 1 to 36500, got 0",
        'sample.secrets.c.names: expected DNS names and addresses such as 127.0.0.1, got "-no-"',
        "sample.secrets.d.length: unknown option",
      ].sort(),
    );
  });

  it("name a certificate after its first name", async () => {
    const { certificate } = await selfSigned(["shop.example.com"], 1);
    assert.equal(new X509Certificate(certificate).subject, "CN=shop.example.com");
  });
});
