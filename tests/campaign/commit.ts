import { execFileSync } from "node:child_process";

/** The last commit that changed what a campaign tests: anything but the campaign. */
export function commitUnderTest(root: string): string {
  const args = ["log", "-1", "--format=%h", "--", ".", ":!tests/campaign", ":!docs"];
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}
