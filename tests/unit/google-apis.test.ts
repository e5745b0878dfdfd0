import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { after, before, describe, it } from "mocha";
import { planSystem } from "../../catalog/plan";
import { gcp } from "../../offline/gcp";
import { compareWithApi } from "../../offline/gcp/discovery";
import { UNKNOWN, unwrap, type Properties } from "../../offline/values";
import { planSettings, readSettings, readStackFile } from "../../settings";
import { systems } from "../../stacks";
import { deployCloud } from "../../targets/cloud";
import { repoRoot } from "../../tools/paths";
import { settled } from "../support/settled";
import { subject } from "../support/offline-rules";

interface Planned {
  readonly type: string;
  readonly name: string;
  readonly inputs: Properties;
}

/** Types whose inputs are names, roles and members only, which `offline/gcp/formats.ts` checks. */
const WITHOUT_SCHEMA = /:(IAMMember|RepositoryIamMember|BucketIAMMember|Service|Dashboard)$/;

/** Google's discovery documents as an oracle for what prod plans. */
describe("Resources of Google Cloud", function () {
  this.timeout(60_000);
  const planned: Planned[] = [];

  before(async () => {
    const mocks: pulumi.runtime.Mocks = {
      newResource: ({ type, name, inputs, id }) => {
        planned.push({ type, name, inputs: unwrap(inputs as Properties) as Properties });
        const outputs = {
          selfLink: "link",
          email: "nodes@acme.iam.gserviceaccount.com",
          member: "serviceAccount:nodes@acme.iam.gserviceaccount.com",
          controlPlaneEndpointsConfig: { dnsEndpointConfig: { endpoint: "gke-1.example" } },
          digest: `sha256:${"0".repeat(64)}`,
          privateIpAddress: "10.0.0.2",
          host: "10.0.0.3",
          serverCaCerts: [{ cert: "certificate" }],
        };
        return { id: id ?? `${name}-id`, state: { name, ...outputs, ...(inputs as object) } };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "longshore", "prod", false);
    const { values } = readStackFile(repoRoot(), "prod");
    const standard = {
      mode: "standard",
      pools: {
        general: {},
        gpu: { gpu: { type: "nvidia-l4" } },
        devices: { labels: { "longshore.dev/devices": "true" } },
      },
    };
    for (const cluster of [{ mode: "autopilot" }, standard]) {
      const only = cluster === standard ? { systems: ["todo"] } : {};
      const settings = readSettings({ stack: "prod", values: { ...values, cluster, ...only } }, systems);
      const plans = settings.systems.map((name) =>
        planSystem(systems[name] ?? assert.fail(name), planSettings(settings, name)),
      );
      deployCloud(plans, {
        settings,
        secretValue: () => pulumi.secret("a secret of the stack"),
        describeSource: () => ({
          hash: "a".repeat(64),
          revision: "4f2c1a0",
          created: "2026-11-20T12:00:00Z",
        }),
      });
      await settled(planned);
    }
  });
  after(() => {
    planned.length = 0;
  });

  const ofGoogle = () => planned.filter(({ type }) => type.startsWith("gcp:") && !WITHOUT_SCHEMA.test(type));

  it("are all known to a discovery document", () => {
    assert.ok(ofGoogle().length > 30);
    const unknown = ofGoogle().filter(({ type, inputs }) => compareWithApi(type, inputs) === undefined);
    assert.deepEqual([...new Set(unknown.map(({ type }) => type))], []);
  });

  it("have only fields that the API has", () => {
    const unknown = ofGoogle().flatMap(({ type, inputs }) =>
      (compareWithApi(type, inputs)?.unknownFields ?? []).map((field) => `${type} ${field}`),
    );
    assert.deepEqual([...new Set(unknown)].sort(), []);
  });

  it("have only values of the API's enumerations, patterns and ranges", () => {
    const refused = ofGoogle().flatMap(({ type, name, inputs }) =>
      (compareWithApi(type, inputs)?.values ?? []).map(
        ({ property, reason }) => `${name} ${type} ${property}: ${reason}`,
      ),
    );
    assert.deepEqual(refused, []);
  });

  it("are refused offline with a value that is in no enumeration, and not with an unknown one", () => {
    const of = (releaseChannel: string) =>
      gcp.check(
        subject("gcp:container/cluster:Cluster", {
          location: "us-central1",
          releaseChannel: { channel: releaseChannel },
        }),
      );
    assert.match(of("FAST")[0]?.reason ?? "", /expected one of .*RAPID, .*got "FAST"/);
    assert.deepEqual(of("REGULAR"), []);
    assert.deepEqual(of(UNKNOWN), []);
  });
});
