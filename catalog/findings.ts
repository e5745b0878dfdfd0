import type { Workload } from "./plan/types";

/** An accepted critical finding of kube-score, in addition to the `exceptions` of services. */
export interface ExplainedFinding {
  /** kube-score's name of the check. */
  readonly check: string;
  /** Reason for accepting the finding. */
  readonly reason: string;
  /** Whether the reason applies; otherwise the finding fails the test. `image` is the pod's image reference. */
  readonly holds: (workload: Workload, image: string) => boolean;
}

/**
 * Every accepted finding with its reason. `docs/reference/policies.md` is generated from this table; a test runs kube-score
 * on all systems and accepts no other finding.
 */
export const EXPLAINED_FINDINGS: readonly ExplainedFinding[] = [
  {
    check: "container-image-pull-policy",
    reason:
      "`IfNotPresent` for images pinned by digest: their content cannot change, and a container can restart while the registry is unreachable. A pod can use an image that its node has pulled for another pod, without the registry's credentials; all systems of a cluster have the same owner.",
    holds: (_, image) => /@sha256:[0-9a-f]{64}$/.test(image),
  },
  {
    check: "container-security-context-user-group-id",
    reason:
      "The IDs own the files of images and disks; upstream images define some of them (999 in PostgreSQL's). They cannot collide with users of the node: pods share no file, process or namespace with it except declared devices, have no capabilities and cannot escalate privileges.",
    holds: ({ user }) => user > 0,
  },
];
