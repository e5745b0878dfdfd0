import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import { describe, it } from "mocha";
import { GkeCluster } from "../../components/cluster";
import { Network } from "../../components/network";
import { readSettings } from "../../settings";
import { engineSettings } from "../../settings/engine";
import { watchCluster } from "../../targets/monitoring";
import { settled } from "../support/settled";

const ADDRESS = "https://hooks.example.com/needle-7Qx";
const GCP = { domain: "example.com", gcp: { project: "example-prod" } };

describe("where alerts of Google Cloud are sent", () => {
  const created: { name: string; inputs: Record<string, unknown> }[] = [];
  const read = (values: object) => readSettings({ stack: "prod", values: { ...GCP, ...values } }, {});

  before(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ name, inputs, id }) => {
        created.push({ name, inputs: inputs as Record<string, unknown> });
        const endpoint = { controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: "gke.example" } } };
        return { id: id ?? name, state: { ...(inputs as object), ...endpoint } };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "longshore", "prod", false);
  });
  const watched = async (webhook?: pulumi.Output<string>) => {
    created.length = 0;
    const place = { project: "example-prod", region: "europe-west3" };
    watchCluster(new GkeCluster("main", { ...place, network: new Network("main", place) }), [], webhook);
    await settled(created);
    return created.find(({ name }) => name === "alertmanager-configuration")?.inputs;
  };

  it("is in the one Secret that Google's Alertmanager reads, with the rules of Compose", async () => {
    const { metadata, stringData } = (await watched(pulumi.secret(ADDRESS))) ?? assert.fail("no Secret");
    assert.deepEqual(metadata, { name: "alertmanager", namespace: "gmp-public" });
    // Secrets carry the engine's secret marker.
    const text = JSON.stringify(stringData);
    assert.match(text, /4dabf18193072939515e22adb298388d/);
    const { value } = stringData as { value: Record<string, string> };
    const configuration = load(value["alertmanager.yaml"] ?? "") as {
      receivers: { webhook_configs: { url: string }[] }[];
    };
    assert.deepEqual(
      configuration.receivers.map(({ webhook_configs: [first] }) => first?.url),
      [ADDRESS, ADDRESS],
    );
  });

  it("changes nothing without the setting", async () => {
    assert.equal(await watched(), undefined);
  });

  it("is known to settings as set, and never repeated", () => {
    assert.equal(read({ alertWebhook: ADDRESS }).alertWebhook, true);
    assert.ok(!("alertWebhook" in read({})));
    assert.doesNotMatch(JSON.stringify(read({ alertWebhook: ADDRESS })), /needle/);
    assert.throws(
      () => read({ alertWebhook: { url: ADDRESS } }),
      ({ message }: Error) => /alertWebhook: expected text$/.test(message) && !message.includes("needle"),
    );
  });

  it("is refused where it would be unused, with what to do instead", () => {
    for (const [target, fix] of [
      ["compose", /is for Google's Alertmanager.*secrets set monitoring\.alert-webhook-url/],
      ["kubernetes", /is for Google's Alertmanager.*the cluster's own monitoring/],
    ] as const) {
      assert.throws(() => read({ target, alertWebhook: ADDRESS }), fix);
    }
  });

  it("has to be an address, which is not repeated either", () => {
    const config = (value: string) => {
      pulumi.runtime.setAllConfig({
        "longshore:domain": "example.com",
        "longshore:gcp": JSON.stringify(GCP.gcp),
        "longshore:alertWebhook": value,
      });
      return engineSettings({}).alertWebhook;
    };
    for (const fine of [ADDRESS, "offline-stand-in-1"]) {
      assert.ok(pulumi.Output.isInstance(config(fine)));
    }
    assert.throws(
      () => config("needle-7Qx"),
      ({ message }: Error) =>
        /alertWebhook: expected an address that begins with https:\/\/; run: pulumi config set/.test(
          message,
        ) && !message.includes("needle"),
    );
  });
});
