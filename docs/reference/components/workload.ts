import { Workload } from "@longshore/components";
import { cluster } from "./cluster";

const metadata = { name: "reader", namespace: "orders" };
const labels = { "app.kubernetes.io/name": "reader" };
const image = `eu.gcr.io/acme-prod/orders/reader@sha256:${"0".repeat(64)}`;
const probe = { httpGet: { path: "/livez", port: 8080 } };
const amounts = { cpu: "500m", memory: "256Mi", "ephemeral-storage": "256Mi" };

/**
 * What serves: account and Service first, then the pods, and what follows them. Each waits for what it needs, and `after`
 * for what must be complete before, such as a migration.
 */
export function workload(): Workload {
  return new Workload(
    "orders-reader",
    {
      objects: [
        { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
        { apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports: [{ port: 8080 }] } },
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata,
          spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
            template: {
              metadata: { labels },
              spec: {
                serviceAccountName: "reader",
                automountServiceAccountToken: false,
                securityContext: {
                  runAsNonRoot: true,
                  runAsUser: 1000,
                  seccompProfile: { type: "RuntimeDefault" },
                },
                containers: [
                  {
                    name: "reader",
                    image,
                    resources: { requests: amounts, limits: amounts },
                    startupProbe: probe,
                    livenessProbe: probe,
                    readinessProbe: { httpGet: { path: "/readyz", port: 8080 } },
                    securityContext: {
                      allowPrivilegeEscalation: false,
                      readOnlyRootFilesystem: true,
                      capabilities: { drop: ["ALL"] },
                    },
                  },
                ],
              },
            },
          },
        },
        {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata,
          spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
        },
      ],
    },
    { providers: [cluster().provider] },
  );
}
