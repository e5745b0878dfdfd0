import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { MARKER, type ResourceDifference } from "../../diff";
import { run } from "../../tools/process";
import { GitHubApi } from "../support/github-api";

const root = join(__dirname, "..", "..");
const BOT = { login: "github-actions[bot]" };

describe("cli: comment, against a stand-in of GitHub's API", function () {
  this.timeout(60_000);
  let api: GitHubApi;
  let address: string;
  let folder: string;

  beforeEach(async () => {
    api = new GitHubApi();
    address = await api.start();
    folder = mkdtempSync(join(tmpdir(), "longshore-comment-"));
    api.pulls.push({ number: 7, base: "main", head: "someone:change", sha: "abc" });
  });
  afterEach(() => {
    api.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const difference = (name = "backend"): ResourceDifference => ({
    operation: "update",
    system: "todo",
    type: "apps/v1/Deployment",
    name,
    properties: [{ path: "spec.replicas", kind: "change", before: 2, after: 0, replaces: false }],
    dangers: ["scaled to zero: stops serving"],
  });
  const write = (
    document: unknown = { against: "HEAD^1", stacks: [{ stack: "prod", differences: [difference()] }] },
  ) => {
    writeFileSync(join(folder, "diff.json"), JSON.stringify(document));
  };

  /** Runs the command as the workflow does after the run of a pull request from a fork. */
  const comment = (made: object = {}, env: Record<string, string | undefined> = {}) => {
    const event = {
      repository: { full_name: "owner/repository", default_branch: "main" },
      workflow_run: {
        conclusion: "success",
        head_branch: "change",
        head_sha: "abc",
        html_url: "https://github.example/run/1",
        head_repository: { full_name: "someone/repository", owner: { login: "someone" } },
        pull_requests: [],
        ...made,
      },
    };
    writeFileSync(join(folder, "event.json"), JSON.stringify(event));
    return run(join(root, "bin", "longshore"), ["comment", "--from", join(folder, "diff.json")], {
      env: {
        ...process.env,
        GITHUB_API_URL: address,
        GITHUB_EVENT_PATH: join(folder, "event.json"),
        GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
        GITHUB_TOKEN: "a-token",
        ...env,
      },
    });
  };

  it("adds a comment to a fork's pull request, and says whose code made it", async () => {
    write();
    const { code, stdout, stderr } = await comment();
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "#7: commented\n");
    const [{ body } = { body: "" }] = api.comments;
    assert.ok(body.startsWith(`${MARKER}\n### prod: 1 change, 1 dangerous`), body);
    assert.match(body, /<sub>Made by the fork's own code, in a \[run\]\(https:\/\/github\.example\/run\/1\)/);
    assert.equal(readFileSync(join(folder, "summary.md"), "utf8"), body);
  });

  it("edits its comment behind hundreds of others, and writes nothing when that says so already", async () => {
    const others = Array.from({ length: 250 }, (_, id) => ({
      id,
      body: "fine",
      user: { login: "a-person" },
    }));
    api.comments.push(
      // The pull request's author imitates the tool's comment.
      { id: 900, body: `${MARKER}\n### No environment changes`, user: { login: "a-person" } },
      ...others,
      { id: 901, body: `${MARKER}\nold`, user: BOT },
    );
    write();
    assert.equal((await comment()).stdout, "#7: edited the comment\n");
    assert.equal(api.comments.length, 252);
    assert.match(api.comments.at(-1)?.body ?? "", /scaled to zero: stops serving/);
    assert.equal(api.comments[0]?.body, `${MARKER}\n### No environment changes`);
    assert.equal(api.asked.filter((one) => one.includes("issues/7/comments")).length, 3, "three pages");
    assert.equal((await comment()).stdout, "#7: the comment says so already\n");
    assert.equal(api.asked.filter((one) => one.startsWith("PATCH")).length, 1);
  });

  it("fits what GitHub takes, however much there is", async () => {
    const differences = Array.from({ length: 3_000 }, (_, index) => ({
      ...difference(`backend-${index}`),
      dangers: index % 2 === 0 ? [] : [`danger ${index}`],
    }));
    write({ against: "HEAD^1", stacks: [{ stack: "prod", differences }] });
    assert.equal((await comment()).stdout, "#7: commented\n");
    assert.match(api.comments[0]?.body ?? "", /more dangerous changes/);
  });

  it("says what right the token lacks, and leaves the text in the summary", async () => {
    api.mayWrite = false;
    write();
    const { code, stderr } = await comment();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /POST \/repos\/owner\/repository\/issues\/7\/comments: GitHub answered 403: Resource not/,
    );
    assert.match(stderr, /needs `pull-requests: write`/);
    assert.match(readFileSync(join(folder, "summary.md"), "utf8"), /scaled to zero: stops serving/);
  });

  it("says when the diff failed, instead of leaving an old one", async () => {
    api.comments.push({ id: 901, body: `${MARKER}\nold`, user: BOT });
    assert.equal((await comment({ conclusion: "failure" })).stdout, "#7: edited the comment\n");
    assert.match(api.comments[0]?.body ?? "", /could not be made\n\nThe \[run\].* ended with failure/);
  });

  it("leaves alone a pull request that has moved on, is closed, or whose fork is gone", async () => {
    write();
    for (const made of [{ head_sha: "older" }, { head_branch: "other" }, { head_repository: null }]) {
      const { code, stdout } = await comment(made);
      assert.equal(stdout, "no open pull request has this commit as its newest: nothing to say\n");
      assert.equal(code, 0);
    }
    assert.deepEqual(api.comments, []);
  });

  it("takes the file for a stranger's data", async () => {
    for (const [document, expected] of [
      ["no document", /at the top/],
      [{ against: "a", stacks: [{ stack: "<b>", differences: [] }] }, /at stacks\.0\.stack/],
      [
        { against: "a", stacks: [{ stack: "a", differences: [{ ...difference(), name: "a`<b>" }] }] },
        /at stacks\.0\.differences\.0\.name/,
      ],
    ] as const) {
      write(document);
      const { code, stderr } = await comment();
      assert.equal(code, 1);
      assert.match(stderr, expected);
    }
    assert.ok(!existsSync(join(folder, "summary.md")));
    assert.deepEqual(api.asked, []);
  });

  it("names what is missing, and never shows the token", async () => {
    write();
    const without = await comment({}, { GITHUB_TOKEN: undefined });
    assert.equal(without.code, 2);
    assert.match(without.stderr, /GITHUB_TOKEN is not set/);
    const wrong = await comment({}, { GITHUB_TOKEN: "another-token" });
    assert.match(wrong.stderr, /401: Bad credentials/);
    assert.doesNotMatch(wrong.stdout + wrong.stderr, /another-token/);
  });
});
