import { GkeIngress } from "@longshore/components";
import { cluster } from "./cluster";

/** A fixed address, a certificate that Google renews, HTTPS only, and at most 20 orders a second from one client. */
export function ingress(): GkeIngress {
  return new GkeIngress(
    "orders",
    {
      project: "acme-prod",
      namespace: "orders",
      hosts: ["orders.example.com"],
      backends: [
        {
          name: "reader",
          health: { path: "/readyz", port: 8080, intervalSeconds: 10, timeoutSeconds: 5, failures: 3 },
          paths: [{ path: "/orders", limit: { requests: 20, seconds: 1, burst: 40 } }, { path: "/" }],
        },
      ],
    },
    { providers: [cluster().provider] },
  );
}
