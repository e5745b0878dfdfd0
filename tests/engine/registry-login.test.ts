import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { useDocker } from "../support/compose-stack";
import { PrivateRegistry } from "../support/private-registry";
import { readActions, stepsOf } from "../support/workflows";

const TOKEN = "ya29.short-lived";

/** Does what `gcloud auth configure-docker` does: registers the credential helper that fetches a token per request. */
const GCLOUD = `#!/bin/sh
set -eu
[ "$1 $2" = "auth configure-docker" ]
printf '{"credHelpers":{"%s":"gcloud"}}' "$3" > "$DOCKER_CONFIG/config.json"
`;
const HELPER = `#!/bin/sh
[ "$1" = get ]
printf '{"Username":"oauth2accesstoken","Secret":"${TOKEN}"}'
`;

describe("The pipeline's login to Artifact Registry", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "registry-login-"));
  const env = { ...process.env, PATH: [folder, process.env.PATH].join(delimiter), DOCKER_CONFIG: folder };
  const step = stepsOf(readActions().find(({ file }) => file === "cloud")?.content ?? assert.fail()).find(
    ({ run }) => run?.includes("configure-docker"),
  );
  let registry: PrivateRegistry;
  let image: string;

  const run = (command: string, ...args: string[]): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve) => {
      const child = spawn(command, args, { env: { ...env, REGISTRIES: registry.host } });
      let output = "";
      [child.stdout, child.stderr].forEach((stream) =>
        stream.setEncoding("utf8").on("data", (text: string) => (output += text)),
      );
      child.on("close", (code) => {
        resolve({ code, output });
      });
    });

  before(async () => {
    await useDocker([]);
    writeFileSync(join(folder, "gcloud"), GCLOUD, { mode: 0o755 });
    writeFileSync(join(folder, "docker-credential-gcloud"), HELPER, { mode: 0o755 });
    registry = await PrivateRegistry.start("oauth2accesstoken", TOKEN);
    image = `${registry.host}/acme-prod/probe:1`;
    writeFileSync(join(folder, "layer"), "content");
    const made = await run("sh", "-c", `tar -C ${folder} -c layer | docker import - ${image}`);
    assert.equal(made.code, 0, made.output);
  });
  after(async () => {
    await run("docker", "image", "rm", "--force", image);
    registry.close();
    rmSync(folder, { recursive: true });
  });

  it("is required: a registry refuses anonymous pushes and pulls", async () => {
    for (const verb of ["push", "pull"]) {
      const { code, output } = await run("docker", verb, image);
      assert.notEqual(code, 0);
      assert.match(output, /no basic auth credentials|unauthorized|authentication required/i);
    }
  });

  it("lets Docker push and pull, with a token that Docker does not store", async () => {
    assert.ok(step?.run, "the action cloud has no step that logs in");
    const login = await run("bash", "-c", step.run);
    assert.equal(login.code, 0, login.output);
    const pushed = await run("docker", "push", image);
    assert.equal(pushed.code, 0, pushed.output);
    await run("docker", "image", "rm", image);
    const pulled = await run("docker", "pull", image);
    assert.equal(pulled.code, 0, pulled.output);
  });
});
