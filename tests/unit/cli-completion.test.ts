import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { namesOf } from "../../cli/commands/completion";
import { createProgram, verbsFor } from "../../cli/main";
import { completionScript, SHELLS, type Shell } from "../../cli/support/completion";
import { systems } from "../../stacks";

const NAMES = namesOf(Object.values(systems));

/** Commands that print what a shell offers for the last word of a line. */
const ASK: Record<Shell, (script: string, words: readonly string[]) => readonly string[]> = {
  bash: (script, words) => {
    const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
    return ["bash", "-c", `${script}\n${set}\n_longshore; printf '%s\\n' "\${COMPREPLY[@]}"`];
  },
  // The function of bash, with the options that bashcompinit sets for it.
  zsh: (script, words) => {
    const set = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`;
    const compgen = `compgen() { for word in \${=2}; do [[ $word == $4* ]] && print -- $word; done; return 0 }`;
    const functionOnly = script.slice(script.indexOf("_longshore()"), script.indexOf("\ncomplete "));
    const ask = `emulate ksh; setopt localoptions; ${set}; _longshore; print -l -- "\${COMPREPLY[@]}"`;
    return ["zsh", "-fc", `${compgen}\n${functionOnly}\nask() { ${ask} }\nask`];
  },
  fish: (script, words) => ["fish", "--no-config", "-c", `${script}\ncomplete -C '${words.join(" ")}'`],
};

function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ["-c", "exit 0"]).error === undefined;
}

for (const shell of SHELLS) {
  describe(`Completion for ${shell}`, function () {
    this.timeout(30_000);
    before(function () {
      if (!isInstalled(shell)) {
        this.skip();
      }
    });
    const offered = (...words: readonly string[]): string[] => {
      const script = completionScript(createProgram(), shell, NAMES);
      const [command = "", ...args] = ASK[shell](script, ["longshore", ...words]);
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.equal(stderr, "");
      return stdout
        .split("\n")
        .map((line) => line.split("\t")[0] ?? "")
        .filter((word) => word !== "")
        .sort();
    };

    it("offers commands and their subcommands", () => {
      assert.deepEqual(offered("do"), ["doctor", "down"]);
      assert.deepEqual(offered("secrets", "ge"), ["generate"]);
    });

    it("offers the options of a command, also after other options", () => {
      assert.deepEqual(offered("down", "--stack", "local", "--vol"), ["--volumes"]);
    });

    it("offers stacks, systems, services and secrets where a command takes them", () => {
      assert.deepEqual(offered("up", "--stack", "local"), ["local", "local-dev", "local-test"]);
      assert.deepEqual(offered("up", "-s", "pr"), ["prod"]);
      assert.deepEqual(offered("up", "--system", "n"), ["neurascale", "nexus"]);
      assert.deepEqual(offered("restart", "todo/b"), ["todo/backend"]);
      assert.deepEqual(offered("secrets", "show", "neurascale.op"), ["neurascale.operator-password"]);
    });
  });
}

describe("Completion", () => {
  it("describes all commands, although a command line loads only its own", () => {
    assert.deepEqual(verbsFor(["completion", "bash"]), verbsFor([]));
  });

  it("covers every command and every option of the program", () => {
    const program = createProgram();
    for (const shell of SHELLS) {
      const script = completionScript(program, shell, NAMES);
      for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
        assert.ok(script.includes(command.name()), `${shell}: ${command.name()}`);
        for (const { long, hidden } of command.options) {
          assert.ok(
            hidden || long == null || script.includes(long.replace(/^--/, "")),
            `${shell}: ${long ?? ""}`,
          );
        }
      }
    }
  });
});
