import { LATE, type ResourceFacts } from "../../policy/rules";

const DIGEST = `eu.gcr.io/p/web@sha256:${"0".repeat(64)}`;

export type Fields = Record<string, unknown>;

export function facts(type: string, props: Fields, more: Partial<ResourceFacts> = {}): ResourceFacts {
  return { type, name: "it", props, isProtected: true, isProduction: true, spansZones: true, ...more };
}

/** A container that every rule accepts, with some fields replaced. */
function container(over: Fields = {}, security: Fields = {}): Fields {
  return {
    name: "web",
    image: DIGEST,
    resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } },
    livenessProbe: { httpGet: { path: "/livez", port: 80 } },
    readinessProbe: { httpGet: { path: "/readyz", port: 80 } },
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
      ...security,
    },
    ...over,
  };
}

interface PodParts {
  over?: Fields;
  security?: Fields;
  pod?: Fields;
  annotations?: Fields;
  kind?: "Deployment" | "Job";
  more?: Partial<ResourceFacts>;
}

export function pod({
  over,
  security,
  pod: spec = {},
  annotations = {},
  kind,
  more,
}: PodParts = {}): ResourceFacts {
  const type = kind === "Job" ? "kubernetes:batch/v1:Job" : "kubernetes:apps/v1:Deployment";
  const template = {
    metadata: { annotations },
    spec: {
      serviceAccountName: "web",
      automountServiceAccountToken: false,
      containers: [container(over, security)],
      ...spec,
    },
  };
  return facts(type, { spec: { template } }, more);
}

export const sql = (
  ip: Fields = {},
  settings: Fields = {},
  over: Fields = {},
  more?: Partial<ResourceFacts>,
) =>
  facts(
    "gcp:sql/databaseInstance:DatabaseInstance",
    {
      deletionProtection: true,
      settings: {
        availabilityType: "REGIONAL",
        deletionProtectionEnabled: true,
        backupConfiguration: { enabled: true, pointInTimeRecoveryEnabled: true },
        ipConfiguration: { ipv4Enabled: false, sslMode: "ENCRYPTED_ONLY", ...ip },
        ...settings,
      },
      ...over,
    },
    more,
  );
const redis = (over: Fields = {}) =>
  facts("gcp:redis/instance:Instance", {
    authEnabled: true,
    transitEncryptionMode: "SERVER_AUTHENTICATION",
    ...over,
  });
export const cluster = (over: Fields = {}) =>
  facts("gcp:container/cluster:Cluster", {
    deletionProtection: true,
    privateClusterConfig: { enablePrivateNodes: true },
    datapathProvider: "ADVANCED_DATAPATH",
    workloadIdentityConfig: { workloadPool: "p.svc.id.goog" },
    ...over,
  });
const member = (props: Fields) => facts("gcp:projects/iAMMember:IAMMember", props);
const bucket = (over: Fields = {}) =>
  facts("gcp:storage/bucket:Bucket", {
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    ...over,
  });
const wall = (props: Fields) =>
  facts("gcp:compute/firewall:Firewall", { allows: [{ protocol: "tcp" }], ...props });
const service = (spec: Fields) => facts("kubernetes:core/v1:Service", { spec });
export const namespace = (labels: unknown, annotations: Fields = {}) =>
  facts("kubernetes:core/v1:Namespace", { metadata: { name: "todo", labels, annotations } });
const build = (props: Fields) => facts("docker-build:index:Image", props);
const config = (data: Fields) => facts("kubernetes:core/v1:ConfigMap", { data });
const env = (name: string, value: unknown) => pod({ over: { env: [{ name, value }] } });

const inDev: Partial<ResourceFacts> = { isProduction: false };

/** For each rule: resources that pass, and resources that violate it with a pattern of the message. */
export const EXAMPLES: Record<string, { passes: ResourceFacts[]; fails: [ResourceFacts, RegExp][] }> = {
  "image-pinned": {
    passes: [
      pod(),
      pod({ over: { image: LATE } }),
      pod({ over: { image: "registry:5000/web:1.2" }, more: inDev }),
    ],
    fails: [
      [
        pod({ over: { image: "web:1.2" } }),
        /web\.image: expected a digest \(name@sha256:…\), got "web:1\.2"/,
      ],
      [pod({ over: { image: "web:latest" }, more: inDev }), /other than latest/],
      [pod({ over: { image: "registry:5000/web" }, more: inDev }), /other than latest/],
    ],
  },
  "container-non-root": {
    passes: [
      pod(),
      pod({
        security: { runAsNonRoot: undefined, runAsUser: undefined },
        pod: { securityContext: { runAsNonRoot: true, runAsUser: 101 } },
      }),
    ],
    fails: [
      [pod({ security: { runAsUser: 0 } }), /runAsUser: expected a number above 0, got 0/],
      [pod({ security: { runAsNonRoot: undefined } }), /runAsNonRoot: expected true, got nothing/],
    ],
  },
  "container-read-only-root": {
    passes: [
      pod(),
      pod({
        security: { readOnlyRootFilesystem: false },
        annotations: { "longshore/exception-writable-root": "it compiles" },
      }),
    ],
    fails: [
      [
        pod({ security: { readOnlyRootFilesystem: false } }),
        /readOnlyRootFilesystem: expected true, got false/,
      ],
      [
        pod({
          security: { readOnlyRootFilesystem: false },
          annotations: { "longshore/exception-writable-root": "" },
        }),
        /expected true/,
      ],
    ],
  },
  "container-unprivileged": {
    passes: [
      pod(),
      pod({
        security: { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
        annotations: { "longshore/exception-net-bind-service": "port 443" },
      }),
    ],
    fails: [
      [pod({ security: { privileged: true } }), /privileged: expected nothing or false, got true/],
      [pod({ security: { allowPrivilegeEscalation: undefined } }), /allowPrivilegeEscalation/],
      [pod({ security: { capabilities: {} } }), /capabilities\.drop: expected \["ALL"\], got nothing/],
      [
        pod({ security: { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } } }),
        /capabilities\.add: expected none, got "NET_BIND_SERVICE"/,
      ],
      [pod({ security: { seccompProfile: { type: "Unconfined" } } }), /seccompProfile\.type/],
    ],
  },
  "pod-apart-from-node": {
    passes: [
      pod(),
      pod({
        pod: { volumes: [{ name: "usb", hostPath: { path: "/dev/bus/usb" } }] },
        annotations: { "longshore/exception-device": "EEG devices" },
      }),
    ],
    fails: [
      [pod({ pod: { hostNetwork: true } }), /template\.spec\.hostNetwork/],
      [pod({ pod: { volumes: [{ name: "root", hostPath: { path: "/" } }] } }), /volumes\.root: expected no/],
    ],
  },
  "pod-own-account": {
    passes: [pod()],
    fails: [
      [
        pod({ pod: { serviceAccountName: undefined } }),
        /serviceAccountName: expected a ServiceAccount other than default/,
      ],
      [pod({ pod: { automountServiceAccountToken: undefined } }), /automountServiceAccountToken/],
    ],
  },
  "container-limits": {
    passes: [pod()],
    fails: [
      [
        pod({ over: { resources: undefined } }),
        /resources\.limits\.memory: expected a quantity, got nothing/,
      ],
      [pod({ over: { resources: { requests: { cpu: "1", memory: "1" } } } }), /limits\.cpu/],
    ],
  },
  "container-probes": {
    passes: [pod(), pod({ kind: "Job", over: { livenessProbe: undefined, readinessProbe: undefined } })],
    fails: [[pod({ over: { readinessProbe: undefined } }), /web\.readinessProbe: expected a probe/]],
  },
  "no-secret-in-plain-text": {
    passes: [
      env("DATABASE_URL_FILE", "/run/secrets/url"),
      env("API_TOKEN_FILE", "/run/secrets/token"),
      env("API_URL", "http://backend:8000"),
      pod({ over: { env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "t" } } }] } }),
      config({ "nginx.conf": "listen 80;" }),
      build({ buildArgs: { VERSION: "1" } }),
    ],
    fails: [
      [env("API_TOKEN", "hunter2"), /env\.API_TOKEN: expected a reference to a Secret or a file/],
      [env("DATABASE_URL", "postgresql://app:hunter2@db/app"), /a URL with a password/],
      [pod({ over: { args: ["--redis=x", "redis://:hunter2@redis:6379"] } }), /args\.1/],
      [config({ "tls.key": "-----BEGIN PRIVATE KEY-----\nhunter2" }), /data\.tls\.key.*a private key/],
      [build({ buildArgs: { NPM_TOKEN: "hunter2" } }), /buildArgs\.NPM_TOKEN: expected a build secret/],
    ],
  },
  "image-tag-fixed": {
    passes: [build({ tags: ["gcr.io/p/web:src-1"] }), build({ tags: [LATE] })],
    fails: [
      [build({ tags: ["gcr.io/p/web:latest"] }), /tags: expected a tag other than latest/],
      [build({ tags: ["registry:5000/web"] }), /tags/],
    ],
  },
  "database-private": {
    passes: [sql(), redis(), sql({ authorizedNetworks: [{ value: "10.0.0.0/8" }] })],
    fails: [
      [sql({ ipv4Enabled: true }), /settings\.ipConfiguration\.ipv4Enabled: expected false, got true/],
      [sql({ sslMode: "ALLOW_UNENCRYPTED_AND_ENCRYPTED" }), /sslMode/],
      [sql({ authorizedNetworks: [{ value: "0.0.0.0/0" }] }), /expected specific ranges/],
      [redis({ authEnabled: undefined }), /authEnabled/],
    ],
  },
  "database-recoverable": {
    passes: [
      sql(),
      sql({}, { availabilityType: "ZONAL" }, {}, inDev),
      sql({}, { availabilityType: "ZONAL" }, {}, { spansZones: false }),
    ],
    fails: [
      [sql({}, { availabilityType: "ZONAL" }), /availabilityType: expected "REGIONAL", got "ZONAL"/],
      [sql({}, { backupConfiguration: { enabled: true } }), /pointInTimeRecoveryEnabled/],
    ],
  },
  "production-protected": {
    passes: [
      sql(),
      cluster(),
      sql({}, {}, { deletionProtection: false }, { isProduction: false, isProtected: false }),
      facts("kubernetes:apps/v1:StatefulSet", { spec: {} }, { isProtected: false }),
      { ...bucket({ forceDestroy: true }), isProtected: false },
    ],
    fails: [
      [sql({}, {}, { deletionProtection: false }), /deletionProtection: expected true, got false/],
      [sql({}, { deletionProtectionEnabled: false }), /settings\.deletionProtectionEnabled/],
      [{ ...cluster(), isProtected: false }, /protect: expected true among/],
      [{ ...bucket(), isProtected: false }, /protect/],
    ],
  },
  "kafka-closed": {
    passes: [
      facts("gcp:managedkafka/topic:Topic", { replicationFactor: 3 }),
      facts("gcp:managedkafka/topic:Topic", { replicationFactor: 1 }, inDev),
      facts("gcp:managedkafka/acl:Acl", { aclEntries: [{ principal: "User:app@acme.iam" }] }),
    ],
    fails: [
      [
        facts("gcp:managedkafka/topic:Topic", { replicationFactor: 1 }),
        /replicationFactor: expected 3, got 1/,
      ],
      [
        facts("gcp:managedkafka/acl:Acl", { aclEntries: [{ principal: "User:*" }] }),
        /aclEntries: expected a principal, got "User:\*"/,
      ],
    ],
  },
  "cluster-private": {
    passes: [
      cluster(),
      cluster({ enableAutopilot: true, datapathProvider: undefined, workloadIdentityConfig: undefined }),
    ],
    fails: [
      [cluster({ privateClusterConfig: undefined }), /enablePrivateNodes: expected true, got nothing/],
      [cluster({ datapathProvider: undefined }), /datapathProvider/],
      [cluster({ workloadIdentityConfig: undefined }), /workload pool/],
      [
        cluster({ masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "0.0.0.0/0" }] } }),
        /expected specific ranges, got "0\.0\.0\.0\/0"/,
      ],
    ],
  },
  "iam-least-privilege": {
    passes: [member({ role: "roles/logging.logWriter", member: "serviceAccount:a@p" })],
    fails: [
      [member({ role: "roles/editor", member: "serviceAccount:a@p" }), /got "roles\/editor"/],
      [member({ role: "roles/storage.objectViewer", member: "allUsers" }), /got "allUsers"/],
      [
        facts("gcp:storage/bucketIAMBinding:BucketIAMBinding", {
          role: "roles/storage.objectViewer",
          members: ["allAuthenticatedUsers"],
        }),
        /allAuthenticatedUsers/,
      ],
    ],
  },
  "bucket-private": {
    passes: [bucket()],
    fails: [
      [bucket({ uniformBucketLevelAccess: undefined }), /uniformBucketLevelAccess/],
      [bucket({ publicAccessPrevention: "inherited" }), /expected "enforced", got "inherited"/],
    ],
  },
  "firewall-closed": {
    passes: [
      wall({ sourceRanges: ["35.191.0.0/16"] }),
      wall({ direction: "EGRESS", destinationRanges: ["0.0.0.0/0"] }),
      facts("gcp:compute/firewall:Firewall", { denies: [{}], sourceRanges: ["0.0.0.0/0"] }),
    ],
    fails: [
      [wall({ sourceRanges: ["0.0.0.0/0"] }), /sourceRanges: expected specific ranges, got "0\.0\.0\.0\/0"/],
    ],
  },
  "service-internal": {
    passes: [service({}), service({ type: "ClusterIP" })],
    fails: [
      [service({ type: "LoadBalancer" }), /spec\.type.*got "LoadBalancer"/],
      [service({ type: "NodePort" }), /NodePort/],
    ],
  },
  "namespace-restricted": {
    passes: [
      namespace({ "pod-security.kubernetes.io/enforce": "restricted" }),
      namespace(
        { "pod-security.kubernetes.io/enforce": "privileged" },
        { "longshore/exceptions": "USB devices" },
      ),
    ],
    fails: [
      [namespace({}), /pod-security\.kubernetes\.io\/enforce: expected "restricted", got nothing/],
      [namespace({ "pod-security.kubernetes.io/enforce": "privileged" }), /got "privileged"/],
    ],
  },
};
