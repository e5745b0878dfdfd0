import { LogArchive } from "@longshore/components";

/** The logs of a cluster's containers, kept for half a year. */
export function logArchive(): LogArchive {
  return new LogArchive("logs", {
    project: "acme-prod",
    location: "europe-west3",
    bucketId: "acme-prod-containers",
    cluster: "main",
    days: 180,
  });
}
