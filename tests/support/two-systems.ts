import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { yamlText } from "../../yaml/write";
import { systems as shipped } from "../../stacks";
import type { Checkout } from "./checkout";

/** A second system for a checkout. Like todo it has a service `backend`; its secret must be set manually. */
const NOTES = `import { http, system } from "../catalog/define";

export const notes = system("notes", ({ image, postgres, route, secret, service }) => {
  const db = postgres("db", { version: 17, database: "notes", storage: "10Gi" });
  const backend = service("backend", {
    image: image("backend", { context: "services/todo/backend", runtime: "python" }),
    ports: { http: 8000 },
    env: { DATABASE_URL: db.url, API_KEY: secret("api-key", { optionalIn: ["local"] }) },
    live: http("/livez"),
    ready: http("/readyz"),
    resources: { cpu: ["100m", "1"], memory: ["128Mi", "256Mi"] },
  });
  route("/", backend.http);
});
`;

/** Sets the systems in a checkout's catalog, and adapts the settings that stacks have for all systems. */
export function setSystems(checkout: Checkout, names: readonly ("todo" | "notes")[]): void {
  const stacks = join(checkout.root, "stacks");
  writeFileSync(join(stacks, "notes.ts"), NOTES);
  const imports = names.map((name) => `import { ${name} } from "./${name}";\n`).join("");
  writeFileSync(
    join(stacks, "index.ts"),
    `import type { SystemDefinition } from "../catalog/types";\n${imports}\n` +
      `export const systems: Readonly<Record<string, SystemDefinition>> = { ${names.join(", ")} };\n`,
  );
  for (const stack of ["dev", "staging", "prod"]) {
    const file = join(checkout.root, `Pulumi.${stack}.yaml`);
    const content = load(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
    const gone = Object.keys(shipped).filter((name) => !names.some((kept) => kept === name));
    const config = Object.entries(content.config).filter(
      ([key]) => !gone.some((name) => key === `longshore:${name}`),
    );
    writeFileSync(file, yamlText({ ...content, config: Object.fromEntries(config) }));
  }
}
