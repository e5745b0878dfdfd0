import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { TLSSocket } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { after, before, describe, it } from "mocha";
import { EDGE_TLS, planEdgeTls } from "../../catalog/plan/edge-tls";
import type { SystemDefinition } from "../../catalog/types";
import { selfSigned, type TlsPair } from "../../cli/secrets/certificate";
import { deploySystem } from "../../targets/compose";
import { samplePlan } from "../support/compose-plan";
import { docker, freePort, ROOT, TestStack } from "../support/compose-stack";
import { eventually } from "../support/wait";

const PROJECT = "sample-tls";

describe("a Compose project that is served with HTTPS", function () {
  this.timeout(300_000);
  let stack: TestStack;
  let port: number;
  let first: TlsPair;
  let second: TlsPair;

  /** Deploys the sample with a certificate, as in staging and prod. */
  const deploy = (pair: TlsPair) => () => {
    const plan = samplePlan();
    const edgeTls = planEdgeTls({ routes: plan.routes } as unknown as SystemDefinition, {
      environment: "prod",
      target: "compose",
    });
    const values: Record<string, string> = {
      [`${EDGE_TLS}-certificate`]: pair.certificate,
      [`${EDGE_TLS}-key`]: pair.key,
    };
    const { url } = deploySystem(
      { ...plan, ...(edgeTls && { edgeTls }) },
      {
        root: ROOT,
        settings: { stack: "tls", ports: { sample: port } },
        secretValue: (_system, name) => pulumi.secret(values[name] ?? "a-token"),
      },
    );
    return { url };
  };

  /** Sends a request that trusts only this certificate. */
  async function ask(path: string, { certificate }: TlsPair): Promise<IncomingMessage> {
    const request = get(`https://127.0.0.1:${port}${path}`, { ca: certificate, agent: false });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return answer;
  }

  async function bodyOf(answer: IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of answer) {
      parts.push(part as Buffer);
    }
    return Buffer.concat(parts).toString();
  }

  before(async () => {
    port = await freePort();
    stack = await TestStack.create(PROJECT);
    [first, second] = await Promise.all([selfSigned(["127.0.0.1"], 1), selfSigned(["127.0.0.1"], 1)]);
  });
  after(() => {
    stack.remove();
  });

  it("comes up at an https address, and tells services and browsers so", async () => {
    stack.program = deploy(first);
    await stack.up();
    assert.equal((await stack.stack.outputs()).url?.value, `https://127.0.0.1:${port}`);
    const answer = await ask("/hello", first);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
    assert.equal(answer.headers["seen-x-forwarded-proto"], "https");
    assert.match(await bodyOf(answer), /path=\/hello$/m);
    await assert.rejects(ask("/hello", second), /self-signed certificate/);
  });

  it("sends who comes without TLS to the same place with it", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/a?b=c`, { redirect: "manual" });
    assert.equal(answer.status, 308);
    assert.equal(answer.headers.get("location"), `https://127.0.0.1:${port}/a?b=c`);
  });

  it("gives certificate and key to the proxy's user alone, and neither to the state", () => {
    const [edge] = stack.running("edge");
    const listed = docker(
      "exec",
      edge ?? "",
      "stat",
      "-c",
      "%u %a",
      "/run/secrets/tls-key",
      "/run/secrets/tls-certificate",
    );
    assert.equal(listed, "101 400\n101 400");
    assert.doesNotMatch(stack.state(), /PRIVATE KEY/);
  });

  it("takes another certificate on SIGHUP, and finishes what is in flight", async () => {
    const [edge = ""] = stack.running("edge");
    const mounts = JSON.parse(docker("inspect", "-f", "{{json .Mounts}}", edge)) as {
      Source: string;
      Destination: string;
    }[];
    const streaming = await ask("/stream", first);
    for (const [part, value] of [
      ["certificate", second.certificate],
      ["key", second.key],
    ] as const) {
      const source = mounts.find(({ Destination }) => Destination === `/run/secrets/tls-${part}`)?.Source;
      writeFileSync(source ?? assert.fail("no mount"), value);
    }
    docker("kill", "--signal", "HUP", edge);
    const served = await eventually("the proxy serves the new certificate", async () => {
      const { socket } = await ask("/hello", second);
      return socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : "";
    });
    assert.equal(served, new X509Certificate(second.certificate).fingerprint256);
    assert.equal(await bodyOf(streaming), "data: first\n\ndata: second\n\n");
    assert.deepEqual(stack.running("edge"), [edge], "it is the same container");
  });

  it("takes another certificate from config, and replaces no service behind the proxy", async () => {
    const [web] = stack.running("web");
    stack.program = deploy(second);
    await stack.up();
    assert.equal((await ask("/hello", second)).statusCode, 200);
    assert.deepEqual(stack.running("web"), [web]);
  });
});
