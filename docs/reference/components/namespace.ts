import { Namespace } from "@longshore/components";
import { cluster } from "./cluster";

/** A namespace that starts closed: restricted pods only, a quota, and no traffic that no policy allows. */
export function namespace(): Namespace {
  return new Namespace(
    "orders",
    {
      objects: [
        {
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: "orders", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
        },
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "quota", namespace: "orders" },
          spec: { hard: { "limits.cpu": "8", "limits.memory": "16Gi" } },
        },
        {
          apiVersion: "networking.k8s.io/v1",
          kind: "NetworkPolicy",
          metadata: { name: "default-deny", namespace: "orders" },
          spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
        },
      ],
    },
    { providers: [cluster().provider] },
  );
}
