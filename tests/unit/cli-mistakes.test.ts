import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Checkout } from "../support/checkout";

describe("a mistake in a source file", function () {
  this.timeout(60_000);
  let checkout: Checkout;
  let original: string;
  const edit = (change: (text: string) => string) => {
    const text = change(original);
    writeFileSync(join(checkout.root, "stacks/todo.ts"), text);
    return text;
  };
  const lineOf = (text: string, what: string) => text.slice(0, text.indexOf(what)).split("\n").length;

  before(() => {
    checkout = new Checkout();
    original = readFileSync(join(checkout.root, "stacks/todo.ts"), "utf8");
  });
  after(() => {
    checkout.remove();
  });

  it("that keeps it from being read is named with file and line, and ends with 2", async () => {
    const text = edit((all) => `${all}\nconst = 3;\n`);
    const { code, stderr } = await checkout.longshore("validate");
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `error: stacks/todo.ts:${lineOf(text, "const = 3")}:7: Expected identifier but found "="\n`,
    );
    const debug = await checkout.longshore("validate", "--debug");
    assert.equal(debug.code, 2);
    assert.match(debug.stderr, /^\s+at .*esbuild/m);
    const machine = await checkout.longshore("validate", "--json");
    assert.match((JSON.parse(machine.stdout) as { error: string }).error, /^stacks\/todo\.ts:\d+:7: /);
  });

  it("is the same when the engine runs the program by itself", async () => {
    edit((all) => `${all}\nconst = 3;\n`);
    const script = `require("./index.cjs")().catch((error) => {
      console.log(require("@pulumi/pulumi").RunError.isInstance(error), error.message);
    });`;
    const { stdout } = await checkout.run(process.execPath, "-e", script);
    assert.match(stdout, /^true stacks\/todo\.ts:\d+:7: Expected identifier but found "="\n$/);
  });

  it("such as a folder that is not there is found by validate, with the image that wants it", async () => {
    edit((all) => all.replace("services/todo/backend", "services/todo/bakend"));
    const { code, stderr } = await checkout.longshore("validate");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /todo\.images\.backend: services\/todo\/bakend: expected a folder with a Dockerfile, found nothing/,
    );
  });

  it("such as an import of a file that is not there, or of a package that is not installed", async () => {
    edit((all) => `import { nothing } from "./nowhere";\n${all}\nnothing();\n`);
    const file = await checkout.longshore("validate");
    assert.equal(file.code, 2);
    assert.equal(file.stderr, 'error: stacks/todo.ts:1:25: Could not resolve "./nowhere"\n');
    edit((all) => `import { nothing } from "no-such-package";\n${all}\nnothing();\n`);
    const missing = await checkout.longshore("validate");
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /^error: stacks\/todo\.ts:\d+: Cannot find module 'no-such-package'\n$/);
  });

  it("that shows only when a system is described is named in the same way", async () => {
    const text = edit((all) => all.replace('secret("openai', 'secrett("openai'));
    const { code, stderr } = await checkout.longshore("validate");
    assert.equal(code, 2);
    assert.equal(stderr, `error: stacks/todo.ts:${lineOf(text, "secrett(")}: secrett is not defined\n`);
    const machine = await checkout.longshore("validate", "--json");
    assert.match((JSON.parse(machine.stdout) as { error: string }).error, /^stacks\/todo\.ts:\d+: secrett/);
  });

  it("such as a value that is used before it is defined is named as the source names it", async () => {
    const text = edit((all) =>
      all
        .replace("    env: { API_URL: backend.http },", "    env: { API_URL: laterService.http },")
        .replace(
          '  route("/api", backend.http);',
          '  const laterService = backend;\n  route("/api", laterService.http);',
        ),
    );
    const { code, stderr } = await checkout.longshore("validate");
    assert.equal(code, 2);
    const line = lineOf(text, "API_URL: laterService");
    assert.equal(
      stderr,
      `error: stacks/todo.ts:${line}: laterService is used before it is defined; move this statement below it\n`,
    );
  });

  it("such as a wrong type is named with its path, file and line", async () => {
    const text = edit((all) => all.replace('WORKERS: setting("workers", 1)', "WORKERS: 4 as never"));
    const { code, stderr } = await checkout.longshore("validate");
    assert.equal(code, 2);
    const line = lineOf(text, 'service("backend"');
    assert.ok(
      stderr.includes(`todo.backend.env.WORKERS: expected text, got 4; write "4" (stacks/todo.ts:${line})\n`),
      stderr,
    );
    const help = await checkout.longshore("--help");
    assert.equal(help.code, 0, help.stderr);
  });

  it("of the compose provider comes without our stack", async () => {
    edit((all) => all);
    const main = join(checkout.root, "providers/compose/main.ts");
    const before = readFileSync(main, "utf8");
    writeFileSync(main, `${before}\nconst = 3;\n`);
    const { code, stderr } = await checkout.run("providers/compose/pulumi-resource-compose", "127.0.0.1:1");
    writeFileSync(main, before);
    assert.equal(code, 1);
    assert.match(stderr, /^providers\/compose\/main\.ts:\d+:7: Expected identifier but found "="\n$/);
  });
});
