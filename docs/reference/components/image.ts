import { Image } from "@longshore/components";

/**
 * An image that is built for two platforms and pushed when its source has changed. `reference` has the digest: what runs
 * is what was built.
 */
export function image(): Image {
  return new Image("backend", {
    repository: "eu.gcr.io/acme-prod/todo/backend",
    tag: "src-4f2c1a0b9d3e",
    context: "services/todo/backend",
    contexts: { base: "images/python" },
    buildArgs: { SKIP_TESTS: "0" },
  });
}
