import { WorkloadIdentity } from "@longshore/components";

/** A Google account for the pods of one Kubernetes account, without a key that could leak. */
export function identity(): WorkloadIdentity {
  return new WorkloadIdentity("reader", {
    project: "acme-prod",
    accountId: "orders-reader",
    serviceAccount: { namespace: "orders", name: "reader" },
    roles: ["roles/managedkafka.client"],
  });
}
