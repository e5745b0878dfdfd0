// The objects of bench/system.ts written with cdk8s, to measure it beside Longshore.
// One process: `node app.cjs VALUES.json OUTDIR`; cdk8s is found through NODE_PATH.
"use strict";

const { readFileSync } = require("node:fs");
const { ApiObject, App, Chart, YamlOutputType } = require("cdk8s");

const [valuesFile, outdir] = process.argv.slice(2);
const values = JSON.parse(readFileSync(valuesFile, "utf8"));

const common = {
  "app.kubernetes.io/instance": "bench-prod",
  "app.kubernetes.io/managed-by": "longshore",
  "app.kubernetes.io/part-of": "bench",
};
const selector = (name) => ({
  matchLabels: { "app.kubernetes.io/instance": "bench-prod", "app.kubernetes.io/name": name },
});
const namespaceNamed = (name) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
const tcp = (port) => ({ port, protocol: "TCP" });
const probe = (path, periodSeconds, failureThreshold) => ({
  httpGet: { path, port: 8080 },
  periodSeconds,
  timeoutSeconds: 3,
  failureThreshold,
});

const app = new App({ outdir, yamlOutputType: YamlOutputType.FILE_PER_APP, recordConstructMetadata: false });
const chart = new Chart(app, "bench", { disableResourceNameHashes: true });
let count = 0;

function add(apiVersion, kind, name, labels, body) {
  const namespace = kind === "Namespace" ? {} : { namespace: "bench" };
  new ApiObject(chart, `object-${count++}`, {
    apiVersion,
    kind,
    metadata: { name, ...namespace, labels },
    ...body,
  });
}

const security = {};
for (const mode of ["audit", "enforce", "warn"]) {
  security[`pod-security.kubernetes.io/${mode}`] = "restricted";
  security[`pod-security.kubernetes.io/${mode}-version`] = "v1.33";
}
add("v1", "Namespace", "bench", { ...common, ...security }, {});
add("v1", "ResourceQuota", "quota", common, { spec: { hard: values.quota } });
add("v1", "LimitRange", "defaults", common, {
  spec: {
    limits: [
      {
        type: "Container",
        default: { cpu: "500m", memory: "256Mi", "ephemeral-storage": "256Mi" },
        defaultRequest: { cpu: "50m", memory: "64Mi", "ephemeral-storage": "256Mi" },
      },
    ],
  },
});
add("networking.k8s.io/v1", "NetworkPolicy", "default-deny", common, {
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});

function policy({ name, client, edge, upstream }) {
  const from = [];
  if (edge) {
    from.push({ namespaceSelector: namespaceNamed("ingress-nginx") });
  }
  if (client) {
    from.push({ podSelector: selector(client) });
  }
  const dns = { key: "k8s-app", operator: "In", values: ["kube-dns", "node-local-dns"] };
  return {
    podSelector: selector(name),
    policyTypes: ["Ingress", "Egress"],
    ingress: from.length > 0 ? [{ from, ports: [tcp(8080)] }] : [],
    egress: upstream
      ? [
          {
            to: [
              { namespaceSelector: namespaceNamed("kube-system"), podSelector: { matchExpressions: [dns] } },
              { ipBlock: { cidr: "169.254.20.10/32" } },
            ],
            ports: [{ port: 53, protocol: "UDP" }, tcp(53)],
          },
          { to: [{ podSelector: selector(upstream) }], ports: [tcp(8080)] },
        ]
      : [],
  };
}

function pod({ name, upstream }) {
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    terminationGracePeriodSeconds: 35,
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: selector(name),
      }),
    ),
    containers: [
      {
        name,
        image: "registry.example/app:1.0.0",
        imagePullPolicy: "IfNotPresent",
        env: [
          { name: "LOG_LEVEL", value: values.logLevel },
          { name: "REGION", value: "europe-west1" },
          ...(upstream ? [{ name: "UPSTREAM_URL", value: `http://${upstream}:8080` }] : []),
        ],
        ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
        startupProbe: probe("/livez", 2, 30),
        livenessProbe: probe("/livez", 10, 3),
        readinessProbe: probe("/readyz", 10, 3),
        lifecycle: { preStop: { sleep: { seconds: 5 } } },
        resources: values.resources,
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: "writable-tmp", mountPath: "/tmp" }],
      },
    ],
    volumes: [{ name: "writable-tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } }],
  };
}

for (const service of values.services) {
  const { name } = service;
  const labels = { ...common, "app.kubernetes.io/component": "service", "app.kubernetes.io/name": name };
  add("v1", "ServiceAccount", name, labels, { automountServiceAccountToken: false });
  add("networking.k8s.io/v1", "NetworkPolicy", name, labels, { spec: policy(service) });
  const port = { name: "http", port: 8080, targetPort: "http", protocol: "TCP", appProtocol: "http" };
  add("v1", "Service", name, labels, {
    spec: { type: "ClusterIP", selector: selector(name).matchLabels, ports: [port] },
  });
  add("apps/v1", "Deployment", name, labels, {
    spec: {
      selector: selector(name),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: { labels }, spec: pod(service) },
    },
  });
  const target = { type: "Utilization", averageUtilization: 70 };
  add("autoscaling/v2", "HorizontalPodAutoscaler", name, labels, {
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 300,
          policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
        },
      },
    },
  });
  add("policy/v1", "PodDisruptionBudget", name, labels, {
    spec: { maxUnavailable: 1, selector: selector(name), unhealthyPodEvictionPolicy: "AlwaysAllow" },
  });
}

add("networking.k8s.io/v1", "Ingress", "bench", common, {
  spec: {
    tls: [{ hosts: ["bench.example.com"], secretName: "bench-tls" }],
    rules: [
      {
        host: "bench.example.com",
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: { service: { name: values.services.at(-1).name, port: { number: 8080 } } },
            },
          ],
        },
      },
    ],
  },
});
app.synth();
