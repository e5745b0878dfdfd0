import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, repoRoot } from "../tools/paths";

/** A tool that renders the generated system, as a process of its own. */
export interface Tool {
  readonly name: string;
  /** The process that renders `services` into `file`, given the peers' values beside it. */
  command(services: number, values: string, file: string): readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const folder = () => join(cacheDir(), "bench");

export function longshore(): Tool {
  const script = join(repoRoot(), "bench", "longshore.cjs");
  return {
    name: "longshore",
    command: (services, _, file) => [process.execPath, script, String(services), file],
  };
}

/** `helm template`, from the PATH or built from the Go module pinned in bench/peers/helm (minutes, once). */
export function helm(): Tool | string {
  const built = join(folder(), "bin", "helm");
  const source = join(repoRoot(), "bench", "peers", "helm");
  const found = succeeds("helm", ["version"]) ? "helm" : built;
  if (found === built && !existsSync(built)) {
    const proxy = spawnSync("go", ["env", "GOPROXY"], { encoding: "utf8" }).stdout.trim();
    const env = {
      ...process.env,
      GOPROXY: proxy.replace(/[,|]direct$/, ""),
      GOFLAGS: "-mod=readonly",
      CGO_ENABLED: "0",
    };
    const args = [
      "build",
      "-p",
      "2",
      "-trimpath",
      "-ldflags",
      "-s -w",
      "-o",
      built,
      "helm.sh/helm/v3/cmd/helm",
    ];
    if (spawnSync("go", args, { cwd: source, env, stdio: "inherit" }).status !== 0) {
      return "helm is neither on the PATH nor could it be built with Go";
    }
  }
  const chart = join(source, "chart");
  return {
    name: "helm template",
    command: (_, values, file) => [
      "sh",
      "-c",
      'exec "$0" template bench "$1" -f "$2" > "$3"',
      found,
      chart,
      values,
      file,
    ],
  };
}

/** cdk8s, installed into the cache. */
export function cdk8s(): Tool | string {
  const source = join(repoRoot(), "bench", "peers", "cdk8s");
  const installed = join(folder(), "cdk8s");
  if (!existsSync(join(installed, "node_modules", "cdk8s"))) {
    mkdirSync(installed, { recursive: true });
    cpSync(join(source, "package.json"), join(installed, "package.json"));
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    if (!succeeds("npm", args, installed)) {
      return "cdk8s could not be installed";
    }
  }
  return {
    name: "cdk8s",
    command: (_, values, file) => [process.execPath, join(source, "app.cjs"), values, `${file}.d`],
    env: { ...process.env, NODE_PATH: join(installed, "node_modules") },
  };
}

function succeeds(command: string, args: readonly string[], cwd?: string): boolean {
  return spawnSync(command, args, { stdio: "ignore", cwd }).status === 0;
}
