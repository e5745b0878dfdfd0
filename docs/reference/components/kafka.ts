import { ManagedKafka } from "@longshore/components";
import { network } from "./network";
import { identity } from "./identity";

/** Kafka in three zones, with a topic that one account may use. */
export function kafka(): ManagedKafka {
  return new ManagedKafka("events", {
    project: "acme-prod",
    region: "europe-west3",
    subnetwork: network().subnetwork.id,
    topics: { samples: { partitions: 6, settings: { "retention.ms": "86400000" } } },
    clients: [identity().email],
  });
}
