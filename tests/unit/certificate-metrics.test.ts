import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "mocha";
import { certificateMetrics } from "../../cli/compose/certificates";
import { selfSigned } from "../../cli/secrets/certificate";

describe("metrics of certificates", () => {
  it("have the end of each certificate, and no sample of one that cannot be parsed", async () => {
    const { certificate } = await selfSigned(["todo.example.com"], 30);
    const text = certificateMetrics([
      { system: "todo", certificate },
      { system: "nexus", certificate: "no certificate" },
    ]);
    const end = Date.parse(new X509Certificate(certificate).validTo) / 1000;
    assert.deepEqual(
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
      [`longshore_certificate_not_after_timestamp_seconds{system="todo",service="edge"} ${end}`],
    );
    assert.ok(text.endsWith("\n"));
  });
});
