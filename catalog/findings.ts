import type { Workload } from "./plan/types";

/** What kube-score calls critical and is meant, beside the `exceptions` of single services. */
export interface ExplainedFinding {
  /** kube-score's name of the check. */
  readonly check: string;
  /** Why it stays. */
  readonly reason: string;
  /** Where the reason holds; elsewhere the finding is one. `image` is what the pod pulls. */
  readonly holds: (workload: Workload, image: string) => boolean;
}

/**
 * Every finding that may stay, with its reason. `docs/reference/policies.md` is written from this table; a test lets kube-score
 * judge all systems, and knows no other excuse.
 */
export const EXPLAINED_FINDINGS: readonly ExplainedFinding[] = [
  {
    check: "container-image-pull-policy",
    reason:
      "`IfNotPresent`, where a digest names the image: its content cannot change, and a container that ended comes back while the registry is out of reach. A pod may use what its node has pulled for another without the registry's login: systems of one owner share a cluster, not strangers.",
    holds: (_, image) => /@sha256:[0-9a-f]{64}$/.test(image),
  },
  {
    check: "container-security-context-user-group-id",
    reason:
      "The numbers are those that the images' files and the disks belong to, some of them chosen by others (PostgreSQL's 999). A user of the node with the same number is not met: pods share no file, process or namespace with it but devices that an exception names, hold no capabilities and cannot get more rights.",
    holds: ({ user }) => user > 0,
  },
];
