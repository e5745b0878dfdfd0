import { EXPLAINED_FINDINGS } from "../../catalog/findings";
import { rules, stackRules } from "./index";

const INTRO = `# Policies

Rules for every resource of a cluster or of Google Cloud. Generated from \`policy/rules\` by \`npm run golden:update\`.

\`longshore preview\` and \`longshore up\` check each resource against all rules, also with \`--offline\`. A violation stops the
deployment before anything changes. It names the resource, the path, the expected and the actual value:

    policy: todo-namespace: protect: expected true among the resource's options (production-protected)
      Resources with production data are protected from deletion, by Pulumi and by Google Cloud.

Plain \`pulumi\` takes the pack as an option: \`pulumi preview --stack prod --policy-pack policy\`. This requires the language host
of the official CLI and is untested on machines that cannot download it; \`longshore\` starts the pack itself (\`policy/analyzer\`).
Production means a stack with \`lifecycle: retain\`; for plain \`pulumi\`, a stack named \`prod\` or \`staging\`.

A value that is unknown before the deployment, such as the digest of an image that is not built yet, is checked by \`up\` as soon as
it is known. Pulumi's \`--policy-pack-config\` sets the level of a rule for a stack: \`mandatory\`, \`advisory\` or \`disabled\`.
An exception for one service belongs to the catalog (\`exceptions\`), with its reason: it becomes an annotation of the pod, which the
rules read.

Compose documents have one renderer, whose tests enforce the same rules (\`tests/unit/render-properties.test.ts\`).
`;

const FINDINGS = `
## Accepted findings of kube-score

\`tests/unit/kube-score.test.ts\` runs kube-score on the documents of every system in every environment. A critical finding fails the
test unless \`catalog/findings.ts\` gives the reason why it is accepted and where that reason holds:
`;

/** The page of all policies, as Markdown. */
export function policyTable(): string {
  const rows = [...rules, ...stackRules].map(({ name, description }) => `| \`${name}\` | ${description} |`);
  const findings = EXPLAINED_FINDINGS.map(({ check, reason }) => `| \`${check}\` | ${reason} |`);
  const table = (head: string, lines: readonly string[]) => [head, "| --- | --- |", ...lines];
  return [
    INTRO,
    ...table("| policy | requirement |", rows),
    FINDINGS,
    ...table("| check | why the finding is accepted |", findings),
    "",
  ].join("\n");
}
