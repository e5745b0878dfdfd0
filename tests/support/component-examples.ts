import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examples } from "../../docs/reference/components";

const FOLDER = join(__dirname, "..", "..", "docs", "reference", "components");

const INTRO = `# Components

Pulumi components for programs of your own, as the package \`@longshore/components\`: \`npm run package\` builds it into \`dist/components\`, \`npm pack\`
makes a tarball of it. \`targets/\` composes the whole platform from them. Generated from the files next to this page (\`docs/reference/components/\`) by
\`npm run golden:update\`. A test installs the tarball into an empty program, compiles each example there, and previews it with the real engine and
the [policies](../policies.md).

- Arguments that can come from another resource are \`Input\`s; all others are plain values.
- \`transform\` changes the arguments of one of a component's resources, by values or by a function:
  \`transform: { cluster: { resourceLabels: { team: "orders" } } }\`.
- Resources with data are protected and kept when they leave the program, unless \`lifecycle\` is \`ephemeral\`.
- A component's resources are its fields: \`network.subnetwork\`, \`postgres.instance\`.
- \`ComposeProject\` needs its provider, which is part of the package: name \`./node_modules/@longshore/components/compose\` in \`plugins.providers\` of
  \`Pulumi.yaml\`.
`;

/** Renders the page of all components as Markdown. */
export function componentsPage(): string {
  return [INTRO, ...Object.keys(examples).map(section)].join("\n");
}

function section(name: string): string {
  const text = readFileSync(join(FOLDER, `${name}.ts`), "utf8").trim();
  const classes = [...text.matchAll(/new (\w+)\(/g)].map((match) => match[1]);
  return `## ${classes.at(-1) ?? name}\n\n\`\`\`ts\n${text}\n\`\`\`\n`;
}
