import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Browser, Page } from "playwright-core";
import { unpackedSize } from "../support/unpacked-size";
import { run } from "../../tools/process";
import { Checkout } from "../support/checkout";
import {
  docker,
  eventually,
  filesBelow,
  keepsToItself,
  launchBrowser,
  leavesNothing,
  MEGABYTE,
  reports,
  staysAsItIs,
  type Status,
  killContainer,
  allHealthy,
} from "../support/end-to-end";
import { backupIsKilled, rehearses, restoreIsKilled } from "../support/killed-restore";
import { found, needle } from "../support/needles";

const PORT = 18080;
const ADDRESS = `http://127.0.0.1:${PORT}`;
/** Contains every character that shells, YAML and Compose could misinterpret. */
const API_KEY = `sk-needle-"quoted"-'single'-$HOME-\${X}-%41`;

async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(`${ADDRESS}/api/${path}`, {
    ...init,
    headers: { "content-type": "application/json" },
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

const titles = async () =>
  (await api<{ items: { title: string }[] }>("todos")).items.map(({ title }) => title);

describe("AI todo, from a fresh checkout to a browser", function () {
  this.timeout(900_000);
  this.bail(true);

  let checkout: Checkout;
  let browser: Browser;
  let page: Page;
  let project: string;
  const printed: string[] = [];

  before(async () => {
    checkout = new Checkout();
    checkout.presetLocal(`config:\n  longshore:systems: [todo]\n  longshore:ports:\n    todo: ${PORT}\n`);
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  });

  after(async () => {
    await browser.close();
    await run("docker", ["rm", "-f", "longshore-e2e-openai"]);
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  /** Opens the page and waits until it is interactive, because earlier input would be lost. */
  async function open(): Promise<void> {
    await page.goto(ADDRESS);
    await page.locator(".skeleton").waitFor({ state: "detached" });
  }

  /** Runs `longshore` and records its output for the search for secrets. */
  async function longshore(...args: string[]): Promise<{ code: number; text: string }> {
    const { code, stdout, stderr } = await checkout.longshore(...args);
    printed.push(stdout, stderr);
    return { code, text: `${stdout}\n${stderr}` };
  }

  const status = () => checkout.json<Status>("status");
  const containers = async () => (await status()).services.map(({ id }) => id).sort();
  const containersBesides = async (left: string) =>
    (await status()).services
      .filter(({ service }) => service !== left)
      .map(({ service, id }) => `${service} ${id.slice(0, 12)}`)
      .sort();
  const containerOf = async (service: string) =>
    (await status()).services.find((one) => one.service === service)?.id ?? assert.fail(`no ${service}`);

  it("comes up with one command, asks nothing and changes nothing that git sees", async () => {
    const { code, stdout, stderr } = await checkout.run("make", "up");
    printed.push(stdout, stderr);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, new RegExp(`open ${ADDRESS}`));
    assert.equal(checkout.git("status", "--porcelain"), "");
    assert.equal(statSync(join(checkout.data, "passphrase")).mode & 0o777, 0o600);
    const { services } = await status();
    assert.deepEqual(
      services.filter(({ state, health }) => state === "running" && health !== "healthy"),
      [],
    );
    project = await docker(
      "inspect",
      "-f",
      '{{index .Config.Labels "com.docker.compose.project"}}',
      services[0]?.id ?? "",
    );
  });

  it("serves people: a todo is added, edited, completed, filtered and deleted in a browser", async () => {
    await open();
    await page.getByLabel("What needs doing?").fill("Ring the harbour master");
    await page.keyboard.press("Enter");
    const item = page.getByRole("listitem").filter({ hasText: "Ring the harbour master" });
    await item.waitFor();
    await page.getByLabel("What needs doing?").fill('Count "containers" & <ships> 🚢');
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("listitem").filter({ hasText: "<ships> 🚢" }).waitFor();
    await page.screenshot({ path: join(reports, "todo.png") });

    await item.getByRole("button", { name: /^Edit/ }).click();
    await page.getByRole("textbox", { name: "Title" }).fill("Call the harbour master");
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: "Call the harbour master" }).check();
    await page.locator("fieldset label").filter({ hasText: "Done" }).click();
    await page.getByRole("listitem").filter({ hasText: "Call the harbour master" }).waitFor();
    await eventually("only what is done is shown", async () => await page.locator("li.todo").count(), {
      until: (seen) => seen === 1,
    });
    await page.getByRole("button", { name: /^Delete “Call/ }).click();
    await eventually("the deletion arrives", async () => (await titles()).length, {
      until: (seen) => seen === 1,
    });
    assert.deepEqual(await titles(), ['Count "containers" & <ships> 🚢']);
  });

  it("keeps what is typed before React has the page, and sends it only then", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/_next/**/*.js*", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(ADDRESS, { waitUntil: "commit" });
    const title = page.getByLabel("What needs doing?");
    await title.pressSequentially("Tie up the boat");
    await page.keyboard.press("Enter");
    assert.equal(await title.inputValue(), "Tie up the boat");
    assert.equal(new URL(page.url()).search, "", "the browser has not sent the form by itself");
    release();
    await page.locator(".skeleton").waitFor({ state: "detached" });
    assert.equal(await title.inputValue(), "Tie up the boat");
    await title.press("Enter");
    const item = page.getByRole("listitem").filter({ hasText: "Tie up the boat" });
    await item.waitFor();
    await page.unroute("**/_next/**/*.js*");
    await page.getByRole("button", { name: /^Delete “Tie/ }).click();
    await eventually("the deletion arrives", async () => (await titles()).length, {
      until: (seen) => seen === 1,
    });
  });

  it("says kindly that the assistant is not configured, and everything else works", async () => {
    await open();
    const answer = await fetch(`${ADDRESS}/api/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "hello" }] }),
    });
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /chat is not configured/);
    await page
      .getByText(/not configured|not set up|no assistant/i)
      .first()
      .waitFor();
  });

  it("changes nothing when nothing has changed: no resource, no container", async () => {
    await staysAsItIs(checkout);
  });

  it("is the same deployment for a hand-typed `pulumi`", async () => {
    const { code, stdout, stderr } = await checkout.run(
      "bash",
      "-c",
      'eval "$(bin/longshore env)" && pulumi preview --stack local --expect-no-changes --non-interactive && pulumi up --stack local --yes --skip-preview --non-interactive',
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /2 unchanged/);
  });

  it("keeps to itself: not root, read-only, no capabilities, one port on the loopback address, no way to the database", async () => {
    for (const { service, id } of (await status()).services) {
      const container = await keepsToItself({ service, id });
      assert.ok(container.HostConfig.Memory > 0 && container.HostConfig.NanoCpus > 0, service);
      const published = Object.values(container.NetworkSettings.Ports).flatMap((bindings) => bindings ?? []);
      assert.deepEqual(
        published.map(({ HostIp }) => HostIp),
        service === "edge" ? ["127.0.0.1"] : [],
        service,
      );
    }
    const reach = `require("net").connect(5432, "db").on("connect", () => process.exit(0)).on("error", () => process.exit(9))`;
    const attempt = await run("docker", ["exec", await containerOf("frontend"), "node", "-e", reach]);
    assert.equal(attempt.code, 9, "the frontend must not reach the database");
    assert.equal((await fetch(`${ADDRESS}/metrics`)).status, 404, "metrics are for the inside");
    const metrics = `require("http").get("http://127.0.0.1:3000/metrics", (answer) => process.exit(answer.statusCode === 200 ? 0 : 9))`;
    await docker("exec", await containerOf("frontend"), "node", "-e", metrics);
    const rights = await docker(
      "exec",
      await containerOf("db"),
      "psql",
      "-U",
      "postgres",
      "-d",
      "todo",
      "-tAc",
      "SELECT tableowner, has_schema_privilege('todo_app_a', 'public', 'CREATE') FROM pg_tables WHERE schemaname = 'public' LIMIT 1",
    );
    assert.equal(rights, "todo_owner|f", "the application must not own or create tables");
  });

  it("keeps every todo when the database is killed, and recovers by itself", async () => {
    const before = await titles();
    await killContainer(await containerOf("db"));
    await eventually("the database is back", async () => (await titles()).length, {
      until: (seen) => seen === before.length,
    });
    assert.deepEqual(await titles(), before);
    await allHealthy(checkout);
  });

  it("has one whole version of its data when a restore is killed at any point", async () => {
    const before = await titles();
    await restoreIsKilled(checkout, () => allHealthy(checkout));
    assert.deepEqual(await titles(), before);
  });

  it("has whole dumps only when a backup is killed, and rehearses their restore", async () => {
    await backupIsKilled(checkout);
    await rehearses(checkout);
    assert.equal(
      await docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project}-rehearsal`),
      "",
    );
    await allHealthy(checkout);
  });

  it("restarts what need not stop for it, one ready before the other goes, and the database only by name", async () => {
    const before = await status();
    const { restarted, leftAlone } = await checkout.json<{
      restarted: { service: string }[];
      leftAlone: { service: string }[];
    }>("restart");
    const names = (services: { service: string }[]) => services.map(({ service }) => service).sort();
    assert.deepEqual(names(restarted), ["backend", "frontend"]);
    assert.deepEqual(names(leftAlone), ["db", "edge"]);
    const after = await status();
    const changed = after.services.filter(({ id }) => !before.services.some((one) => one.id === id));
    assert.deepEqual(names(changed), ["backend", "frontend"]);
    for (const { service, image } of changed) {
      assert.equal(image, before.services.find((one) => one.service === service)?.image);
    }
    assert.equal((await longshore("health")).code, 0);
    const refused = await longshore("restart", "todo/migrate");
    assert.equal(refused.code, 2);
    assert.match(refused.text, /todo\/migrate does not run, or is a job/);
  });

  it("refuses a wrong setting before anything is touched, with the nearest right one", async () => {
    const file = join(checkout.data, "Pulumi.local.yaml");
    const right = readFileSync(file, "utf8");
    writeFileSync(file, right.replace("config:\n", "config:\n  longshore:domian: example.com\n"));
    const { code, text } = await longshore("up");
    writeFileSync(file, right);
    assert.equal(code, 2);
    assert.match(text, /domian: unknown key; did you mean domain\?/);
    assert.doesNotMatch(text, /\n\s+at /);
  });

  it("keeps serving when a new version does not build, and says which step failed", async () => {
    const before = await containers();
    const source = join(checkout.root, "services/todo/backend/src/todo/app.py");
    const right = readFileSync(source, "utf8");
    appendFileSync(source, "\nraise RuntimeError('this version is broken')\n");
    const { code, text } = await longshore("up");
    writeFileSync(source, right);
    assert.equal(code, 1, text);
    assert.match(text, /backend/);
    assert.match(text, /this version is broken/);
    assert.deepEqual(await containers(), before);
    assert.equal((await titles()).length, 1);
  });

  it("gives the assistant its key through config, and only the backend is replaced", async () => {
    const others = await containersBesides("backend");
    await docker(
      ...["run", "-d", "--rm", "--name", "longshore-e2e-openai"],
      ...["--network", `${project}_backend_egress`, "--network-alias", "openai"],
      ...["-e", "PORT=8080", "-e", `API_KEY=${API_KEY}`],
      ...["-v", `${join(checkout.root, "tests/support/openai-stand-in.mjs")}:/stand-in.mjs:ro`],
      ...["node:22-slim", "node", "/stand-in.mjs"],
    );
    const set = await checkout.runWith(
      { KEY: API_KEY },
      "bash",
      "-c",
      'printf %s "$KEY" | bin/longshore secrets set todo.openai-api-key && eval "$(bin/longshore env)" && ' +
        "pulumi config set --stack local --path longshore:todo.settings.openaiBaseUrl http://openai:8080/v1",
    );
    assert.equal(set.code, 0, set.stdout + set.stderr);
    const { code, text } = await longshore("up");
    assert.equal(code, 0, text);
    assert.deepEqual(await containersBesides("backend"), others);

    await open();
    await page.getByLabel("Message", { exact: true }).fill("add Paint the crane");
    await page.keyboard.press("Enter");
    await page.locator("li.todo").filter({ hasText: "Paint the crane" }).waitFor();
    await page.screenshot({ path: join(reports, "assistant.png") });
    assert.ok((await titles()).includes("Paint the crane"));
  });

  it("shows no secret: not in state, config, documents, inspection, images, logs or output", async () => {
    const passwordFile = await docker(
      "exec",
      await containerOf("backend"),
      "cat",
      "/run/secrets/database-url",
    );
    const password = decodeURIComponent(
      /:([^:@]+)@/.exec(passwordFile)?.[1] ?? assert.fail("no password in the URL"),
    );
    const needles = [needle("the key", API_KEY, API_KEY), needle("the password", password, password)];
    const { services } = await status();
    const places: [string, string][] = [
      ...filesBelow(checkout.data)
        .filter((file) => !file.includes("/secrets/"))
        .map((file): [string, string] => [file, readFileSync(file, "utf8")]),
      ...(await Promise.all(
        services.map(async ({ id, service }): Promise<[string, string]> => [
          `docker inspect ${service}`,
          await docker("inspect", id),
        ]),
      )),
      ...(await Promise.all(
        services.map(async ({ image }): Promise<[string, string]> => [
          `docker history ${image}`,
          await docker("history", "--no-trunc", image),
        ]),
      )),
      ["logs", (await longshore("logs")).text],
      ["output", printed.join("\n")],
    ];
    assert.ok(
      places.some(([place]) => place.includes("/state/")),
      "the state was searched",
    );
    for (const [place, text] of places) {
      assert.deepEqual(found(needles, text), [], `${place} shows a secret`);
    }
    const secretFiles = filesBelow(checkout.data).filter((file) => file.includes("/secrets/"));
    assert.ok(secretFiles.length > 0);
    for (const file of secretFiles) {
      assert.equal(statSync(file).mode & 0o777, 0o400, file);
      assert.ok(statSync(file).uid > 0, `${file} belongs to the container's user`);
    }
  });

  it("has images below the limits of TD-01 and TD-02", async () => {
    const { services } = await status();
    const imageOf = (name: string) =>
      services.find(({ service }) => service === name)?.image ?? assert.fail(name);
    const backend = await unpackedSize(imageOf("backend"));
    const frontend = await unpackedSize(imageOf("frontend"));
    console.log(
      `      backend ${(backend / MEGABYTE).toFixed(0)} MB, frontend ${(frontend / MEGABYTE).toFixed(0)} MB, unpacked`,
    );
    assert.ok(backend < 200 * MEGABYTE, `backend: ${backend}`);
    assert.ok(frontend < 150 * MEGABYTE, `frontend: ${frontend}`);
  });

  it("goes down, keeps the data, and comes back with it", async () => {
    const before = await titles();
    const mounted = await docker(
      "inspect",
      "-f",
      '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}',
      ...(await containers()),
    );
    const down = await longshore("down", "--yes");
    assert.equal(down.code, 0, down.text);
    const left = (await docker("volume", "ls", "-q")).split("\n");
    const volumes = mounted.split(/\s+/).filter(Boolean);
    assert.deepEqual(
      volumes.filter((volume) => left.includes(volume)),
      [`${project}_db_data`],
      "only the data has a volume that stays",
    );
    assert.equal(await docker("ps", "-aq", "--filter", `label=com.docker.compose.project=${project}`), "");
    await run("docker", ["rm", "-f", "longshore-e2e-openai"]);
    const up = await longshore("up");
    assert.equal(up.code, 0, up.text);
    assert.deepEqual(await titles(), before);
  });

  it("leaves nothing when asked to", async () => {
    const { code, text } = await longshore("down", "--volumes", "--yes");
    assert.equal(code, 0, text);
    await leavesNothing(project);
    assert.deepEqual(
      filesBelow(checkout.data).filter((file) => file.includes("/secrets/")),
      [],
    );
  });
});
