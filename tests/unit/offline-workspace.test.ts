import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { offlineWorkspace } from "../../offline/workspace";

const PROJECT = `
name: longshore
runtime: nodejs
main: index.cjs
plugins:
  providers:
    - name: compose
      path: ./providers/compose
`;
const STACK = `
secretsprovider: gcpkms://projects/acme/locations/global/keyRings/a/cryptoKeys/b
encryptedkey: CiQAkey
config:
  longshore:domain: example.com
  longshore:token:
    secure: v1:top:ciphertext
  longshore:secrets:
    todo:
      openai-api-key:
        secure: v1:nested:ciphertext
      list:
        - secure: v1:listed:ciphertext
        - plain
`;

interface StackFile {
  encryptionsalt: string;
  config: Record<string, unknown>;
}

describe("offline workspace", () => {
  let repoRoot: string;
  beforeEach(async () => {
    repoRoot = await mkdtemp(path.join(tmpdir(), "longshore-test-"));
    await writeFile(path.join(repoRoot, "Pulumi.yaml"), PROJECT);
    await writeFile(path.join(repoRoot, "Pulumi.prod.yaml"), STACK);
  });
  afterEach(() => rm(repoRoot, { recursive: true, force: true }));

  it("replaces encrypted settings at every depth, and needs no key", async () => {
    const workspace = await offlineWorkspace({ repoRoot, stack: "prod" });
    const file = path.join(workspace.workDir, "Pulumi.prod.yaml");
    const text = await readFile(file, "utf8");
    assert.doesNotMatch(text, /ciphertext|gcpkms|encryptedkey/);
    const { config, encryptionsalt } = load(text) as StackFile;
    assert.match(encryptionsalt, /^v1:.+:v1:.+:.+$/);
    assert.equal(config["longshore:domain"], "example.com");
    assert.match(JSON.stringify(config["longshore:token"]), /^\{"secure":"v1:[^"]+"\}$/);
    assert.match(
      JSON.stringify(config["longshore:secrets"]),
      /"openai-api-key":\{"secure":"v1:[^"]+"\},"list":\[\{"secure":"v1:[^"]+"\},"plain"\]/,
    );
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.ok(workspace.assumptions.includes("3 encrypted settings replaced by stand-ins"));
    await workspace.remove();
  });

  it("puts stand-ins for what is not set where it belongs, and says so", async () => {
    const name = "longshore:secrets.todo.db-admin-password";
    const workspace = await offlineWorkspace({ repoRoot, stack: "prod", missingSecrets: [name] });
    const { config } = load(
      await readFile(path.join(workspace.workDir, "Pulumi.prod.yaml"), "utf8"),
    ) as StackFile;
    const secrets = config["longshore:secrets"] as { todo: Record<string, { secure?: string }> };
    assert.match(secrets.todo["db-admin-password"]?.secure ?? "", /^v1:/);
    assert.ok(secrets.todo["openai-api-key"]?.secure);
    assert.ok(workspace.assumptions.some((text) => text.startsWith(`${name} is not set`)));
    await workspace.remove();
  });

  it("keeps plugins where they are and the state to itself", async () => {
    const workspace = await offlineWorkspace({ repoRoot, stack: "prod" });
    const project = load(await readFile(path.join(workspace.workDir, "Pulumi.yaml"), "utf8"));
    assert.deepEqual(project, {
      name: "longshore",
      runtime: "nodejs",
      plugins: { providers: [{ name: "compose", path: path.join(repoRoot, "providers/compose") }] },
      backend: { url: workspace.env.PULUMI_BACKEND_URL },
    });
    assert.ok(workspace.env.PULUMI_BACKEND_URL?.startsWith(`file://${workspace.workDir}/`));
    await workspace.remove();
  });

  it("works for a stack without a file, changes nothing in the checkout, and leaves nothing", async () => {
    const workspace = await offlineWorkspace({ repoRoot, stack: "dev" });
    assert.deepEqual(workspace.assumptions, ["no state was read: everything shows as create"]);
    assert.equal(await readFile(path.join(repoRoot, "Pulumi.prod.yaml"), "utf8"), STACK);
    assert.ok(!existsSync(path.join(repoRoot, "Pulumi.dev.yaml")));
    await workspace.remove();
    assert.ok(!existsSync(workspace.workDir));
  });
});
