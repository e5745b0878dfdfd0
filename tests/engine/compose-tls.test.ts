import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { connect as tlsConnect, TLSSocket } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { after, before, describe, it } from "mocha";
import { EDGE_TLS, planEdgeTls } from "../../catalog/plan/edge-tls";
import type { SystemDefinition } from "../../catalog/types";
import { selfSigned, type TlsPair } from "../../cli/secrets/certificate";
import { deploySystem } from "../../targets/compose";
import { run } from "../../tools/process";
import { samplePlan, type SamplePlanOptions } from "../support/compose-plan";
import { docker, freePort, ROOT, TestStack } from "../support/compose-stack";
import { underLoad } from "../support/load";
import { eventually } from "../support/wait";

const PROJECT = "sample-tls";
const IPV4 = "127.0.0.2";
const IPV6 = "::1";

describe("a Compose project that is served with HTTPS", function () {
  this.timeout(300_000);
  let stack: TestStack;
  let port: number;
  let redirectPort: number;
  let first: TlsPair;
  let second: TlsPair;

  /** Deploys the sample with a certificate and two replicas, as in staging and prod. */
  const deploy =
    (pair: TlsPair, options: SamplePlanOptions & { bind?: string[] } = {}) =>
    () => {
      const { bind = [IPV4, IPV6], ...changes } = options;
      const plan = samplePlan({ replicas: 2, ...changes });
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
          settings: {
            stack: "tls",
            ports: { sample: port },
            bind: { sample: bind },
            redirectPorts: { sample: redirectPort },
          },
          secretValue: (_system, name) => pulumi.secret(values[name] ?? "a-token"),
        },
      );
      return { url };
    };

  /** Sends a request that trusts only this certificate. */
  async function ask(path: string, { certificate }: TlsPair, host = IPV4): Promise<IncomingMessage> {
    const request = get({ host, port, path, ca: certificate, agent: false });
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
    [port, redirectPort] = [await freePort(), await freePort()];
    stack = await TestStack.create(PROJECT);
    [first, second] = await Promise.all([selfSigned([IPV4, IPV6], 1), selfSigned([IPV4, IPV6], 1)]);
  });
  after(() => {
    stack.remove();
  });

  it("serves HTTPS, and sends the scheme to services and HSTS to browsers", async () => {
    stack.program = deploy(first);
    await stack.up();
    assert.equal((await stack.stack.outputs()).url?.value, `https://${IPV4}:${port}`);
    const answer = await ask("/hello", first);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
    assert.equal(answer.headers["seen-x-forwarded-proto"], "https");
    assert.match(await bodyOf(answer), /path=\/hello$/m);
    await assert.rejects(ask("/hello", second), /self-signed certificate/);
  });

  it("redirects plain HTTP requests to HTTPS, on its port and on the port for them", async () => {
    for (const from of [port, redirectPort]) {
      const answer = await fetch(`http://${IPV4}:${from}/a?b=c`, { redirect: "manual" });
      assert.equal(answer.status, 308);
      assert.equal(answer.headers.get("location"), `https://${IPV4}:${port}/a?b=c`);
    }
    const { headers } = await fetch(`http://${IPV4}:${redirectPort}/`, { redirect: "manual" });
    assert.equal(headers.get("strict-transport-security"), null);
  });

  it("listens on its addresses, IPv6 too, and on no other", async () => {
    assert.equal((await ask("/hello", first, IPV6)).statusCode, 200);
    for (const closed of [port, redirectPort]) {
      await assert.rejects(once(connect(closed, "127.0.0.1"), "connect"), { code: "ECONNREFUSED" });
    }
  });

  it("rejects TLS 1.1", async () => {
    const old = tlsConnect({
      host: IPV4,
      port,
      ca: first.certificate,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    await assert.rejects(once(old, "secureConnect"));
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
    const web = stack.running("web");
    stack.program = deploy(second);
    await stack.up();
    assert.equal((await ask("/hello", second)).statusCode, 200);
    assert.deepEqual(stack.running("web"), web);
  });

  it("fails no request when one of two replicas is killed", async () => {
    const [killed = "", kept = ""] = stack.running("web");
    const { sent, failed } = await underLoad(
      { url: `https://${IPV4}:${port}/hello`, ca: [second.certificate] },
      async () => {
        assert.equal((await run("docker", ["kill", killed])).code, 0);
        // Longer than the proxy may remember the address of the killed container.
        await sleep(3000);
        assert.deepEqual(stack.running("web"), [kept]);
      },
    );
    assert.deepEqual(failed, []);
    assert.ok(sent > 20, `${sent} requests`);
  });

  it("refuses an address that the machine does not have, before it changes anything", async () => {
    const before = [...stack.running("edge"), ...stack.running("web")];
    stack.program = deploy(second, { webVersion: "3", bind: ["192.0.2.1"] });
    assert.match(
      await stack.upFails(),
      /192\.0\.2\.1:\d+: expected an address of this machine, got 192\.0\.2\.1; publish on one of .*127\.0\.0\.1/,
    );
    assert.deepEqual([...stack.running("edge"), ...stack.running("web")], before);
  });
});
