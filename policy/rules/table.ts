import { EXPLAINED_FINDINGS } from "../../catalog/findings";
import { rules, stackRules } from "./index";

const INTRO = `# Policies

What every resource of a cluster or of Google Cloud keeps to. Written from \`policy/rules\` by \`npm run golden:update\`.

\`longshore preview\` and \`longshore up\` hold each resource against all of these, also with \`--offline\`; a violation
says the resource, the path, what is expected and what was found, and nothing is deployed:

    policy: todo-namespace: protect: expected true among the resource's options (production-protected)
      What holds data in production cannot be deleted by a mistake: not by Pulumi, not by hand.

Whoever types \`pulumi\` names the pack: \`pulumi preview --stack prod --policy-pack policy\`. That needs the language host
of the official CLI (not tried on machines that cannot download it); \`longshore\` starts the pack itself (\`policy/analyzer\`) and needs none. Production is a stack with
\`lifecycle: retain\`; typed by hand, one that is called \`prod\` or \`staging\`.

A value that only the deployment will know, such as the digest of an image that is yet to be built, is judged when it
is known: by \`up\`. A rule's level is changed for a stack with Pulumi's \`--policy-pack-config\`; each name below takes
\`mandatory\`, \`advisory\` or \`disabled\`. An exception for one service belongs into the catalog, with its reason
(\`exceptions\`): it becomes an annotation of the pod, which the rules read.

The documents of Compose projects are written by one renderer and held to the same demands by its tests
(\`tests/unit/render-properties.test.ts\`).
`;

const FINDINGS = `
## What another checker says

kube-score judges the documents of every system in every environment (\`tests/unit/kube-score.test.ts\`). What it calls
critical is mended, or explained in \`catalog/findings.ts\` together with where the reason holds:
`;

/** The page about the pack, as Markdown. */
export function policyTable(): string {
  const rows = [...rules, ...stackRules].map(({ name, description }) => `| \`${name}\` | ${description} |`);
  const findings = EXPLAINED_FINDINGS.map(({ check, reason }) => `| \`${check}\` | ${reason} |`);
  const table = (head: string, lines: readonly string[]) => [head, "| --- | --- |", ...lines];
  return [
    INTRO,
    ...table("| policy | demands |", rows),
    FINDINGS,
    ...table("| kube-score's check | why the finding stays |", findings),
    "",
  ].join("\n");
}
