import { UpstreamImage } from "@longshore/components";

/** A published image, copied to our registry: a cluster pulls from nowhere else. */
export function upstreamImage(): UpstreamImage {
  return new UpstreamImage("redis", {
    reference: "redis:7.4.1",
    repository: "eu.gcr.io/acme-prod/upstream/redis",
  });
}
