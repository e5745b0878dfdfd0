import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildWithGo, missingGo } from "./go-build";
import { MissingTool } from "./missing";
import { cacheDir } from "./paths";
import { isExecutable, which, withLock, type Logger } from "./process";
import { installFromPyPI } from "./pypi";

const ACTIONLINT = "1.7.12";
/** Update together with tools/workflows/requirements.txt. */
const PACKAGES = "shellcheck-0.11.0.1-check-jsonschema-0.39.0";

export interface WorkflowLinters {
  readonly actionlint: string;
  readonly shellcheck: string;
  /** Folder with SchemaStore's `github-workflows.json` and `github-actions.json`. */
  readonly schemas: string;
}

/** Finds the linters for tests of .github, or installs them, which takes half a minute. @throws MissingTool */
export async function findWorkflowLinters(say: Logger): Promise<WorkflowLinters> {
  const packages = join(cacheDir(), "workflows", PACKAGES);
  await withLock(`${packages}.lock`, say, async () => {
    if (!existsSync(packages)) {
      say("installing shellcheck and the schemas of workflows from PyPI (a few seconds)");
      await installFromPyPI({ name: "shellcheck", requirements: "workflows", into: packages });
    }
  });
  return {
    actionlint: await findActionlint(say),
    shellcheck: join(packages, "bin", "shellcheck"),
    schemas: join(packages, "check_jsonschema", "builtin_schemas", "vendor"),
  };
}

/** Whether `findWorkflowLinters` has nothing to install or build. */
export async function areWorkflowLintersThere(): Promise<boolean> {
  const actionlint = (await which(["actionlint"])) !== undefined || (await isExecutable(ownActionlint()));
  return actionlint && existsSync(join(cacheDir(), "workflows", PACKAGES));
}

const ownActionlint = (): string => join(cacheDir(), "actionlint", ACTIONLINT, "bin", "actionlint");

async function findActionlint(say: Logger): Promise<string> {
  const onPath = await which(["actionlint"]);
  if (onPath !== undefined) {
    return onPath;
  }
  const own = ownActionlint();
  await withLock(`${own}.lock`, say, async () => {
    if (await isExecutable(own)) {
      return;
    }
    const problem = await missingGo();
    if (problem !== undefined) {
      throw new MissingTool(`there is no actionlint on the PATH, and it cannot be built (${problem})`);
    }
    say(`building actionlint ${ACTIONLINT} from its Go modules (half a minute)`);
    await buildWithGo({
      modules: "actionlint",
      target: "github.com/rhysd/actionlint/cmd/actionlint",
      version: ["main.version", ACTIONLINT],
      output: own,
    });
  });
  return own;
}
