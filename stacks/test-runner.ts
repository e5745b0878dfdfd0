import type { ImageHandle, JobOptions, Vocabulary } from "../catalog/define";

/** The reverse proxy, as containers of its system see it. It starts beside the runner: tests wait for it. */
const EDGE_URL = "http://edge:8080";

/**
 * The job that tests the system as it runs, in the environment `test`: `longshore test`. It starts when all that `env`
 * refers to is healthy, and leaves `junit.xml` and `coverage.xml` in /reports.
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
