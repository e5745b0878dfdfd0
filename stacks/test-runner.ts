import type { ImageHandle, JobOptions, Vocabulary } from "../catalog/define";

/** Address of the reverse proxy inside its system's network. It starts in parallel with the runner, so tests wait for it. */
const EDGE_URL = "http://edge:8080";

/**
 * The job that tests the running system in the environment `test` (`longshore test`). It starts when everything that
 * `env` refers to is healthy, and writes `junit.xml` and `coverage.xml` to /reports.
 */
export function testRunner(
  { job }: Pick<Vocabulary, "job">,
  image: ImageHandle,
  env: NonNullable<JobOptions["env"]>,
): void {
  job("test-runner", {
    image,
    only: ["test"],
    env: { EDGE_URL, ...env },
    volumes: [{ volume: "reports", path: "/reports", size: "64Mi" }],
    resources: { cpu: ["250m", "1"], memory: ["256Mi", "512Mi"] },
  });
}
