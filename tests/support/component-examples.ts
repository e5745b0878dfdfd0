import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examples } from "../../docs/reference/components";

const FOLDER = join(__dirname, "..", "..", "docs", "reference", "components");

const INTRO = `# Components

Each can be used alone, in any Pulumi program: the whole platform in \`targets/\` is made of them. Written from the files beside this page
(\`docs/reference/components/\`) by \`npm run golden:update\`; a test previews each by the real engine, held against the [policies](../policies.md).

- Values that another resource may give are \`Input\`s, all others plain.
- \`transform\` changes what a component gives to one of its resources, by values or by a function:
  \`transform: { cluster: { resourceLabels: { team: "orders" } } }\`.
- What holds data is protected and stays when it leaves the program, unless \`lifecycle\` is \`ephemeral\`.
- A component's resources are its fields: \`network.subnetwork\`, \`postgres.instance\`.
`;

/** The page of all components, as Markdown. */
export function componentsPage(): string {
  return [INTRO, ...Object.keys(examples).map(section)].join("\n");
}

function section(name: string): string {
  const text = readFileSync(join(FOLDER, `${name}.ts`), "utf8").trim();
  const classes = [...text.matchAll(/new (\w+)\(/g)].map((match) => match[1]);
  return `## ${classes.at(-1) ?? name}\n\n\`\`\`ts\n${text}\n\`\`\`\n`;
}
