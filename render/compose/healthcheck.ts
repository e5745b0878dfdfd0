import type { PlannedProbe, Probes } from "../../catalog/plan/types";
import type { Runtime } from "../../catalog/types";
import type { ComposeHealthcheck } from "./document";

/**
 * Returns the health check of a container. It is the readiness probe if there is one, because Compose has a single
 * health state for start order and rollouts (ALL-02). `undefined` when the workload has no probe.
 */
export function healthcheck(probes: Probes, runtime: Runtime): ComposeHealthcheck | undefined {
  const probe = probes.ready ?? probes.live;
  if (!probe) {
    return undefined;
  }
  return {
    test: probeCommand(probe, runtime),
    interval: `${probe.intervalSeconds}s`,
    timeout: `${probe.timeoutSeconds}s`,
    retries: probe.failures,
    start_period: `${probes.startupSeconds}s`,
    // Docker checks every second during startup, so that dependents do not wait for a whole interval.
    start_interval: "1s",
  };
}

/**
 * Returns the command of a probe in the container. Host, port and path are arguments, never part of a program's text.
 */
export function probeCommand({ check, timeoutSeconds }: PlannedProbe, runtime: Runtime): string[] {
  switch (check.kind) {
    case "exec":
      return ["CMD", ...check.command];
    case "http":
      return httpCommand(runtime, check.port, check.path, timeoutSeconds);
    case "tcp":
      return tcpCommand(runtime, check.port, timeoutSeconds);
  }
}

// 200 to 399 is healthy, as in Kubernetes. A failure prints the actual response in one line: Docker keeps the last
// output, and a failed deployment shows it.
const PYTHON_HTTP = [
  "import http.client, sys",
  "port, path, seconds = sys.argv[1:]",
  'connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=float(seconds))',
  "try:",
  '  connection.request("GET", path)',
  "  answer = connection.getresponse()",
  "  well = 200 <= answer.status < 400",
  "  text = '' if well else answer.read(500).decode(errors='replace')",
  "except ConnectionRefusedError: sys.exit(f'nothing listens on 127.0.0.1:{port} ({path})')",
  "except TimeoutError: sys.exit(f'no answer within {seconds} s ({path})')",
  "except (OSError, http.client.HTTPException) as error: sys.exit(f'{error!r} ({path})')",
  "if not well: sys.exit(f'{answer.status} {text}')",
].join("\n");

const PYTHON_TCP = [
  "import socket, sys",
  "port, seconds = sys.argv[1:]",
  'try: socket.create_connection(("127.0.0.1", int(port)), float(seconds)).close()',
  "except ConnectionRefusedError: sys.exit(f'nothing listens on 127.0.0.1:{port}')",
  "except OSError as error: sys.exit(f'{error!r}')",
].join("\n");

const NODE_FAIL = "const fail = (text) => { console.error(text); process.exit(1); };";

function nodeRefused(where: string): string {
  return `(error) => fail(error.code === "ECONNREFUSED" ? \`nothing listens on 127.0.0.1:${where}\` : error.message)`;
}

const NODE_HTTP = [
  "const [port, path, seconds] = process.argv.slice(1);",
  NODE_FAIL,
  'const request = require("http").get({ host: "127.0.0.1", port, path }, (answer) => {',
  "  if (answer.statusCode >= 200 && answer.statusCode < 400) process.exit(0);",
  '  answer.on("data", (chunk) => fail(`${answer.statusCode} ${String(chunk).slice(0, 500)}`));',
  '  answer.on("end", () => fail(answer.statusCode));',
  "});",
  `request.on("error", ${nodeRefused("${port} (${path})")});`,
  "setTimeout(() => fail(`no answer within ${seconds} s (${path})`), seconds * 1000);",
].join("\n");

const NODE_TCP = [
  "const [port, seconds] = process.argv.slice(1);",
  NODE_FAIL,
  'const socket = require("net").connect(port, "127.0.0.1", () => process.exit(0));',
  `socket.on("error", ${nodeRefused("${port}")});`,
  "setTimeout(() => fail(`no connection within ${seconds} s`), seconds * 1000);",
].join("\n");

function httpCommand(runtime: Runtime, port: number, path: string, seconds: number): string[] {
  const url = `http://127.0.0.1:${port}${path}`;
  switch (runtime) {
    case "python":
      return ["CMD", "python", "-c", PYTHON_HTTP, String(port), path, String(seconds)];
    case "node":
      return ["CMD", "node", "-e", NODE_HTTP, "--", String(port), path, String(seconds)];
    case "wget":
      return ["CMD", "wget", "-q", "-O", "/dev/null", "-T", String(seconds), url];
    case "curl":
      return ["CMD", "curl", "-fsS", "--noproxy", "*", "-m", String(seconds), "-o", "/dev/null", url];
    case "none":
      throw new Error(
        `internal: no program in the image can ask ${url}; the catalog's check admits exec only`,
      );
  }
}

function tcpCommand(runtime: Runtime, port: number, seconds: number): string[] {
  switch (runtime) {
    case "python":
      return ["CMD", "python", "-c", PYTHON_TCP, String(port), String(seconds)];
    case "node":
      return ["CMD", "node", "-e", NODE_TCP, "--", String(port), String(seconds)];
    case "wget":
      // Images with BusyBox' wget also contain its nc.
      return ["CMD", "nc", "-z", "-w", String(seconds), "127.0.0.1", String(port)];
    case "curl":
      return ["CMD-SHELL", curlConnects(port, seconds)];
    case "none":
      throw new Error(
        `internal: no program in the image can try port ${port}; the catalog's check admits exec only`,
      );
  }
}

/**
 * Returns a check that connects with curl. curl cannot only connect, but it reports the connect time, which is 0 on
 * failure.
 */
function curlConnects(port: number, seconds: number): string {
  const ask = `curl -s --noproxy '*' -m ${seconds} -o /dev/null -w '%{time_connect}' http://127.0.0.1:${port}/`;
  return `case "$(${ask})" in 0.000000|0,000000|"") exit 1;; esac`;
}
