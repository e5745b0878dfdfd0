// Runs in the folder of an external program, with that program's own packages: previews each function that its index.js
// exports as `examples`, and prints what was planned as one line of JSON.
"use strict";

const automation = require("@pulumi/pulumi/automation");
const { examples } = require("./index.js");

async function main(policyPack) {
  const workspace = await automation.LocalWorkspace.create({
    workDir: __dirname,
    projectSettings: {
      name: "external",
      runtime: "nodejs",
      backend: { url: process.env.PULUMI_BACKEND_URL },
    },
  });
  const stack = await automation.Stack.create("prod", workspace);
  const previews = {};
  for (const [name, example] of Object.entries(examples)) {
    previews[name] = await preview(stack, example, policyPack);
  }
  process.stdout.write(`\n${JSON.stringify(previews)}`);
}

async function preview(stack, example, policyPack) {
  const changes = new Set();
  const errors = [];
  const onEvent = ({ resourcePreEvent, diagnosticEvent, policyEvent }) => {
    const { op, urn } = resourcePreEvent?.metadata ?? {};
    if (op && urn) {
      changes.add(`${op} ${urn.slice(urn.lastIndexOf("::") + 2)}`);
    }
    if (diagnosticEvent?.severity === "error") {
      errors.push(diagnosticEvent.message);
    }
    if (policyEvent) {
      errors.push(`${policyEvent.policyName}: ${policyEvent.message}`);
    }
  };
  const program = async () => {
    example();
    return {};
  };
  try {
    await stack.preview({ program, policyPacks: [policyPack], onEvent });
  } catch (error) {
    errors.push(error instanceof Error ? error.message : String(error));
  }
  return { changes: [...changes].sort(), errors };
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
