import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { after, before, describe, it } from "mocha";
import { selfSigned } from "../../cli/secrets/certificate";
import type { CommandResult } from "../../tools/process";
import { Checkout } from "../support/checkout";
import { found, needle, type Needle } from "../support/needles";
import { writeSafe } from "../support/secrets-sample";

const PORT = 18282;
/** Returns a unique text. */
const mark = () => `mark${randomBytes(12).toString("hex")}`;

describe("secrets, from the command line", function () {
  this.timeout(600_000);
  this.bail(true);
  let checkout: Checkout;
  const needles: Needle[] = [];
  /** Number of searched texts by place. */
  const places = new Map<string, number>();
  const outputs: string[] = [];
  const leaks: string[] = [];
  let temporary: string;

  const plant = (name: string, make: (of: string) => string): string => {
    const of = mark();
    const value = make(of);
    needles.push(needle(name, value, of));
    return value;
  };
  const search = (place: string, hay: Buffer | string) => {
    places.set(place, (places.get(place) ?? 0) + 1);
    leaks.push(...found(needles, hay).map((what) => `${place}: ${what}`));
  };

  /** Runs a command while another process records the arguments of all processes. */
  async function longshore(...args: string[]): Promise<CommandResult> {
    const watch = setInterval(() => {
      for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`);
          if (line.length > 0) {
            search("arguments of processes", line);
          }
        } catch {
          // The process has ended.
        }
      }
    }, 100);
    try {
      const ran = await checkout.runWith({ TMPDIR: temporary }, "bin/longshore", ...args);
      outputs.push(ran.stdout, ran.stderr);
      return ran;
    } finally {
      clearInterval(watch);
    }
  }
  async function fine(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await longshore(...args);
    assert.equal(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  }
  function set(name: string, value: string): void {
    const { status, stdout, stderr } = spawnSync("bin/longshore", ["secrets", "set", `safe.${name}`], {
      cwd: checkout.root,
      env: { ...process.env, XDG_DATA_HOME: checkout.dataHome },
      input: value,
      encoding: "utf8",
    });
    outputs.push(stdout, stderr);
    assert.equal(status, 0, stderr);
  }
  const containers = () => lines("ps", "--all", "--quiet", "--filter", "label=longshore.system=safe");
  const lines = (...args: string[]) =>
    docker(...args)
      .toString()
      .split("\n")
      .filter(Boolean);
  const docker = (...args: string[]) =>
    execFileSync("docker", args, { maxBuffer: 2 ** 31 - 1, stdio: ["ignore", "pipe", "pipe"] });

  before(() => {
    checkout = new Checkout();
    temporary = join(checkout.folder, "tmp");
    mkdirSync(temporary);
    writeSafe(checkout.root);
    checkout.presetLocal(`config:\n  longshore:ports:\n    safe: ${PORT}\n  longshore:tls: true\n`);
  });
  after(async () => {
    const { code, stdout, stderr } = await checkout.longshore("down", "--volumes", "--yes");
    for (const image of new Set(lines("images", "--quiet", "--filter", "reference=*safe*"))) {
      spawnSync("docker", ["rmi", "--force", image]);
    }
    checkout.remove();
    assert.equal(code, 0, stdout + stderr);
  });

  it("are asked for before anything is deployed", async () => {
    const { code, stderr } = await longshore("secrets", "check");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /missing +safe\.quotes: not set, and app would not start; run: bin\/longshore secrets set safe\.quotes/,
    );
  });

  it("are set from standard input, whatever they hold", async () => {
    set(
      "quotes",
      plant("quotes", (of) => `"${of}' \`$HOME\` \\ $$ %41 <&> ${of}`),
    );
    set(
      "lines",
      plant("lines and other scripts", (of) => `ключ ${of}\n日本語\r\n\tпароль ✓ ${of}`),
    );
    set(
      "large",
      plant(
        "64 KB",
        (of) =>
          of +
          randomBytes(49_000)
            .toString("base64")
            .slice(0, 65_536 - 56) +
          of,
      ),
    );
    set(
      "hex",
      plant("hexadecimal digits", () => randomBytes(32).toString("hex")),
    );
    set(
      "db-app-password",
      plant("password of a database", (of) => `p@ss/${of}:"?#`),
    );
    set(
      "db-admin-password",
      plant("password of its administrator", (of) => `adm'in ${of}`),
    );
    set(
      "db-migrate-password",
      plant("password of migrations", (of) => `mig%20${of}`),
    );
    set(
      "cache-password",
      plant("password of Redis", (of) => `re&dis ${of}`),
    );
    const pair = await selfSigned(["localhost", "127.0.0.1"], 90);
    set("own-tls-key", pair.key);
    set("own-tls-certificate", pair.certificate);
    const body = pair.key.split("\n")[1] ?? "";
    needles.push(needle("private key", pair.key, body));
    await fine("secrets", "generate");
    await fine("secrets", "check");
  });

  it("come up, are rotated and are retired, each with one command", async () => {
    await fine("preview", "--json");
    await fine("up", "--debug");
    await fine("secrets", "rotate", "safe.db-app-password", "safe.token-keys", "safe.edge-tls", "--up");
    await fine("secrets", "retire", "safe.token-keys");
    await fine("up", "--json");
    const { secrets } = JSON.parse(await fine("secrets", "list", "--json")) as {
      secrets: { name: string; generation: number; days?: number }[];
    };
    const of = (name: string) => secrets.find((one) => one.name === name);
    assert.deepEqual(
      ["db-app-password", "edge-tls-key", "token-keys", "cache-password"].map((name) => of(name)?.generation),
      [2, 2, 2, 1],
    );
    assert.equal(of("db-app-password")?.days, 0);
    // Generated values must not be found anywhere either.
    for (const [name, value] of generated()) {
      needles.push(needle(name, value, value.slice(0, 32)));
    }
  });

  it("of a program that tells them when it crashes are not in what a failed deployment says", async () => {
    await engine("config", "set", "--stack", "local", "--path", "longshore:safe.settings.behave", "badly");
    const { code, stdout, stderr } = await longshore("up");
    assert.equal(code, 1, stdout + stderr);
    assert.match(stdout + stderr, /app still runs its previous version/);
    assert.match(stdout + stderr, /\[secret\]/);
    const refused = await longshore("secrets", "rotate", "safe.db-app-password");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the last deployment is a failed deployment.*bring it to its end first/);
    await engine("config", "rm", "--stack", "local", "--path", "longshore:safe.settings.behave");
    await fine("up", "--json");
  });

  it("are re-encrypted by one command, and an exported state can be imported and read", async () => {
    const exported = await engine("stack", "export", "--stack", "local");
    await fine("secrets", "provider", "passphrase");
    await fine("secrets", "check");
    const old = await engine("config", "--show-secrets", "--stack", "local").catch(() => "refused");
    assert.notEqual(old, "refused", "with the new passphrase");
    const copy = await engine("stack", "export", "--stack", "local");
    search("copy of the state", exported + copy);
    const file = join(temporary, "copy.json");
    writeFileSync(file, copy);
    const state = join(checkout.data, "state");
    rmSync(state, { recursive: true });
    mkdirSync(state, { mode: 0o700 });
    // `longshore env` creates the stack if it does not exist.
    await engine("stack", "import", "--stack", "local", "--file", file);
    const planned = JSON.parse(await fine("preview", "--json")) as { summary: Record<string, number> };
    const { same = 0, ...changes } = planned.summary;
    assert.ok(
      same > 0 && Object.values(changes).every((count) => count === 0),
      JSON.stringify(planned.summary),
    );
  });

  it("appear in no state, config, log, argument or image", async () => {
    for (const args of [
      ["status"],
      ["health"],
      ["logs"],
      ["render"],
      ["diff", "--against", "HEAD"],
      ["doctor"],
      ["validate"],
    ]) {
      await longshore(...args);
    }
    await engine("stack", "--stack", "local", "--show-urns");
    await engine("preview", "--stack", "local", "--diff").catch(() => "");
    outputs.forEach((text) => {
      search("output of commands", text);
    });
    for (const folder of [checkout.data, temporary, checkout.root]) {
      walk(folder, (path, content) => {
        const part = relative(checkout.folder, path).split("/").slice(0, 4).join("/");
        search(
          folder === checkout.root
            ? "files of the checkout"
            : folder === temporary
              ? "temporary files"
              : `data folder: ${part.replace(/.*longshore\//, "")}`,
          content,
        );
      });
    }
    const ids = containers();
    for (const id of ids) {
      search("docker inspect", docker("inspect", id));
      search("environment and arguments in containers", spawnSync("docker", ["top", id, "axe"]).stdout);
      const logs = spawnSync("docker", ["logs", id], { maxBuffer: 2 ** 30 });
      search("logs of containers", Buffer.concat([logs.stdout, logs.stderr]));
    }
    for (const kind of ["network", "volume"]) {
      const names = lines(kind, "ls", "--quiet").filter((name) => name.includes("safe"));
      names.forEach((name) => {
        search(`docker ${kind} inspect`, docker(kind, "inspect", name));
      });
    }
    for (const image of new Set(
      ids.map((id) => docker("inspect", "--format", "{{.Config.Image}}", id).toString().trim()),
    )) {
      search("history of images", docker("image", "history", "--no-trunc", image));
      if (image.includes("safe")) {
        layers(docker("save", image)).forEach((layer) => {
          search("layers of images", layer);
        });
      }
    }
    const count = needles.reduce((sum, { forms }) => sum + forms.length, 0);
    console.log(
      `      ${needles.length} values in ${count} forms; looked through: ${[...places].map(([place, times]) => `${place} (${times})`).join(", ")}`,
    );
    assert.ok((places.get("layers of images") ?? 0) > 0 && (places.get("arguments of processes") ?? 0) > 0);
    assert.deepEqual([...new Set(leaks)], []);
  });

  it("would be found: the search sees each form of each value", () => {
    for (const one of needles) {
      for (const { form, bytes } of one.forms) {
        assert.ok(
          found(needles, Buffer.concat([Buffer.from("before "), bytes])).includes(`${one.name} (${form})`),
        );
      }
    }
  });

  /** Runs the Pulumi CLI as a user does with the variables of `longshore env`. */
  async function engine(...args: string[]): Promise<string> {
    const script = `eval "$(bin/longshore env)" && exec pulumi "$@" --non-interactive`;
    const { code, stdout, stderr } = await checkout.run("bash", "-c", script, "pulumi", ...args);
    if (!args.includes("--show-secrets")) {
      outputs.push(stdout, stderr);
    }
    assert.equal(code, 0, `pulumi ${args.join(" ")}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Returns the generated values from the containers' secret files, the only place where they are allowed. */
  function generated(): [string, string][] {
    const projects = join(checkout.data, "projects");
    const made: [string, string][] = [];
    walk(
      projects,
      (path, content) => {
        if (/secrets\/app\/key(-accepted)?$/.test(path)) {
          made.push([
            `generated: ${path.split("/").at(-1) ?? ""}`,
            content.toString().split("\n").at(-1) ?? "",
          ]);
        }
      },
      true,
    );
    return made;
  }

  function walk(folder: string, look: (path: string, content: Buffer) => void, inSecrets = false): void {
    if (!existsSync(folder)) {
      return;
    }
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules") {
        // The containers' secret files contain them; other tests check their permissions.
        if (!inSecrets && /\/releases\/[^/]+\/secrets$/.test(path)) {
          assert.equal(statSync(join(path, "..")).mode & 0o077, 0, `${path} is for its owner alone`);
          continue;
        }
        walk(path, look, inSecrets);
      } else if (entry.isFile()) {
        look(path, readFileSync(path));
      }
    }
  }

  /** Returns the blobs of an image, decompressed if necessary. */
  function layers(archive: Buffer): Buffer[] {
    const folder = join(temporary, "image");
    mkdirSync(folder, { recursive: true });
    execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
    const blobs: Buffer[] = [];
    walk(folder, (_path, content) => {
      blobs.push(content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content);
    });
    rmSync(folder, { recursive: true });
    return blobs;
  }
});
