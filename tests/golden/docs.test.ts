import { describe, it } from "mocha";
import { format } from "prettier";
import { supportTable } from "../../catalog/support";
import { policyTable } from "../../policy/rules/table";
import { alertsPage } from "../../render/monitoring/rules";
import { stackFileSchema } from "../../settings/json-schema";
import { createProgram } from "../../cli/main";
import { systems } from "../../stacks";
import { cliPage } from "../support/cli-page";
import { componentsPage } from "../support/component-examples";
import { matchesGolden } from "../support/golden";
import { settingsPage } from "../support/settings-page";

describe("Pages generated from data", () => {
  it("include the support table", async () => {
    const intro =
      "# Support table\n\nGenerated from `catalog/support.ts` by `npm run golden:update`. Numbers in brackets refer to the notes below the table.\n\n";
    matchesGolden(
      "docs/reference/support.md",
      await format(intro + supportTable(), { parser: "markdown", printWidth: 110 }),
    );
  });

  it("include the policies", async () => {
    matchesGolden(
      "docs/reference/policies.md",
      await format(policyTable(), { parser: "markdown", printWidth: 110 }),
    );
  });

  it("include the components", async () => {
    const page = await format(componentsPage(), { parser: "markdown", printWidth: 110 });
    matchesGolden("docs/reference/components/README.md", page);
  });

  it("include the alerts", async () => {
    const intro =
      "# Alerts\n\nWhat each alert means, and the first steps to handle it. Generated from `render/monitoring/` by `npm run golden:update`; [Monitoring](../how-to/monitoring.md) explains how metrics are collected.\n\n";
    matchesGolden(
      "docs/reference/alerts.md",
      await format(intro + alertsPage(), { parser: "markdown", printWidth: 110 }),
    );
  });

  it("include the JSON schema of the stack files", async () => {
    const schema = JSON.stringify(stackFileSchema(systems));
    matchesGolden("settings/schema.json", await format(schema, { parser: "json", printWidth: 110 }));
  });

  it("include the commands", async () => {
    const page = await format(cliPage(createProgram()), { parser: "markdown", printWidth: 110 });
    matchesGolden("docs/reference/cli.md", page);
  });

  it("include the setting keys", async () => {
    const page = settingsPage(stackFileSchema(systems), Object.keys(systems));
    matchesGolden(
      "docs/reference/settings-keys.md",
      await format(page, { parser: "markdown", printWidth: 110 }),
    );
  });
});
