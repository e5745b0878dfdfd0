import { Registry } from "@longshore/components";

/** Artifact Registry behind the address of Container Registry, `gcr.io/acme-prod`, with a mirror of Docker Hub. */
export function registry(): Registry {
  return new Registry("images", {
    project: "acme-prod",
    host: "eu.gcr.io",
    mirrors: ["docker.io"],
    keepVersions: 50,
  });
}
