import assert from "node:assert/strict";
import { lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { withStackLock } from "../../cli/support/stack-lock";
import type { CommandResult } from "../../tools/process";
import { Checkout } from "../support/checkout";
import { docker, freePort, ROOT, useDocker } from "../support/compose-stack";
import { filesBelow } from "../support/end-to-end";

/** Systems of the checkout. `make up` deploys the first one. */
const NAMES = ["todo", "second"] as const;
type Name = (typeof NAMES)[number];

/** A system that starts in seconds and serves its generated secret. */
const description = (name: Name) => `import { http, system } from "../catalog/define";

export const ${name} = system("${name}", ({ route, secret, service, upstream }) => {
  const web = service("web", {
    image: upstream("web", "python:3.13-slim", { runtime: "python" }),
    command: ["python", "-u", "-m", "http.server", "8000", "--directory", "/run/secrets"],
    ports: { http: 8000 },
    env: { TOKEN: secret("token", { from: "generated" }) },
    live: http("/"),
    resources: { cpu: ["50m", "1"], memory: ["32Mi", "128Mi"] },
  });
  route("/", web.http);
});
`;

/** Returns the commands of the README that deploy on this machine, in its order. */
function readmeCommands(): string[] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  return [...readme.matchAll(/^ {4}(make up|eval .*?|pulumi .*?)(?: +#.*)?$/gm)].map(([, line = ""]) => line);
}

describe("pulumi, run by hand on a local stack", function () {
  this.timeout(300_000);
  this.bail(true);
  let checkout: Checkout;
  let ports: Readonly<Record<Name, number>>;

  /** Runs lines in one shell. There is no terminal on which `pulumi` could ask. */
  const shell = (...lines: readonly string[]) => {
    const script = lines.map((line) => line.replace(/^pulumi (?:up|refresh|destroy)\b.*/, "$& --yes"));
    return checkout.run("bash", "-ec", script.join("\n"));
  };
  const pulumi = (...commands: readonly string[]) =>
    shell('eval "$(bin/longshore env)"', ...commands.map((command) => `pulumi ${command} --stack local`));
  const fine = async (running: Promise<CommandResult>) => {
    const { code, stdout, stderr } = await running;
    assert.equal(code, 0, stdout + stderr);
    return stdout + stderr;
  };
  /** Ids of all containers of a system, by their Compose project. */
  const containers = (name: Name) => {
    const { suffix } = JSON.parse(checkout.readData("installation.json")) as { suffix: string };
    const filter = `label=com.docker.compose.project=${name}-local${suffix}`;
    return docker("ps", "--all", "--quiet", "--filter", filter).split("\n").filter(Boolean).sort();
  };
  const served = async (name: Name) => (await fetch(`http://127.0.0.1:${ports[name]}/token`)).text();
  const presetPorts = () => {
    const lines = NAMES.map((name) => `    ${name}: ${ports[name]}\n`);
    checkout.presetLocal(`config:\n  longshore:ports:\n${lines.join("")}`);
  };

  before(async () => {
    await useDocker(["python:3.13-slim"]);
    checkout = new Checkout();
    for (const name of NAMES) {
      checkout.write(`stacks/${name}.ts`, description(name));
    }
    const imports = NAMES.map((name) => `import { ${name} } from "./${name}";\n`).join("");
    checkout.write(
      "stacks/index.ts",
      `import type { SystemDefinition } from "../catalog/types";\n${imports}\n` +
        `export const systems: Readonly<Record<string, SystemDefinition>> = { ${NAMES.join(", ")} };\n`,
    );
    ports = { todo: await freePort(), second: await freePort() };
    presetPorts();
  });
  after(async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  it("makes no change after `make up`, with the README's commands in its order", async () => {
    const commands = readmeCommands();
    assert.deepEqual(commands, ["make up", 'eval "$(bin/longshore env)"', "pulumi up --stack local"]);
    const [first = "", ...others] = commands;
    await fine(shell(first));
    const before = containers("todo");
    assert.ok(before.length > 0);
    const said = await fine(shell(...others));
    assert.match(said, /Resources:\n +2 unchanged/);
    assert.match(said, /not deployed on stack local, and left out: second/);
    assert.deepEqual(containers("todo"), before);
    assert.deepEqual(containers("second"), []);
  });

  it("previews and refreshes what runs without a difference", async () => {
    await fine(pulumi("preview --expect-no-changes", "refresh --expect-no-changes"));
  });

  it("creates another local stack in the data folder", async () => {
    const commands = [
      "pulumi stack init local-dev",
      "pulumi config set --stack local-dev longshore:ports '{}'",
    ];
    await fine(shell('eval "$(bin/longshore env)"', ...commands));
    assert.ok(lstatSync(join(checkout.root, "Pulumi.local-dev.yaml")).isSymbolicLink());
    assert.match(
      checkout.readData("Pulumi.local-dev.yaml"),
      /encryptionsalt:[^]*longshore:ports:|longshore:ports:[^]*encryptionsalt:/,
    );
  });

  it("is refused while a longshore command holds the stack, and changes nothing", async () => {
    const before = containers("todo");
    await withStackLock(
      "local",
      "backup",
      async () => {
        const destroyed = await pulumi("destroy");
        assert.notEqual(destroyed.code, 0);
        const said = destroyed.stdout + destroyed.stderr;
        assert.match(said, /stack local: expected no other command, got longshore backup \(process \d+ of/);
      },
      { folder: checkout.data },
    );
    assert.deepEqual(containers("todo"), before);
  });

  it("destroys what runs", async () => {
    await fine(pulumi("destroy"));
    assert.deepEqual(containers("todo"), []);
  });

  it("deploys every system in a fresh data folder, with secrets that it generates and stores encrypted", async () => {
    assert.match(await fine(checkout.longshore("down", "--volumes", "--yes")), /nothing is left/);
    rmSync(checkout.data, { recursive: true });
    presetPorts();
    const runs = await Promise.all([pulumi("up"), pulumi("up")]);
    const said = runs.map(({ code, stdout, stderr }) => `${code}\n${stdout}${stderr}`);
    // The second one finds nothing to change, or is refused because the first one holds the stack.
    assert.ok(
      runs.some(({ code }) => code === 0),
      said.join("\n"),
    );
    for (const [index, { code }] of runs.entries()) {
      assert.ok(
        code === 0 || /expected no other command|currently locked/.test(said[index] ?? ""),
        said[index],
      );
    }
    const secrets = await Promise.all(NAMES.map(served));
    assert.equal(new Set(secrets).size, NAMES.length);
    const kept = filesBelow(checkout.data).filter((file) => !file.includes("/projects/"));
    for (const secret of secrets) {
      assert.match(secret, /^\w{32}$/);
      for (const file of kept) {
        assert.ok(!readFileSync(file, "utf8").includes(secret), file);
      }
      assert.ok(!said.join().includes(secret));
    }
    const unchanged = await checkout.json<{ changes: readonly object[] }>("preview");
    assert.deepEqual(
      unchanged.changes.filter((change) => !("operation" in change) || change.operation !== "refresh"),
      [],
    );
  });
});
