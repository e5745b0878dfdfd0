import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SYSTEM = `import { http, system } from "../catalog/define";

export const safe = system("safe", ({ image, postgres, redis, route, secret, service, setting }) => {
  const db = postgres("db", { storage: "10Gi" });
  const cache = redis("cache", { maxMemory: "64Mi" });
  const keys = secret("token-keys", { kind: "keys" });
  const tls = secret("own-tls", { kind: "tls", from: "generated", watched: true });
  const app = service("app", {
    image: image("app", { context: "services/safe", runtime: "python" }),
    ports: { http: 8000 },
    env: {
      BEHAVE: setting("behave", "well"),
      DATABASE_URL: db.url,
      REDIS_URL: cache.url,
      KEY: keys.signing,
      KEY_ACCEPTED: keys.accepted,
      TLS_CERTIFICATE: tls.certificate,
      TLS_KEY: tls.key,
      QUOTES: secret("quotes"),
      LARGE: secret("large"),
      LINES: secret("lines"),
      HEX: secret("hex", { kind: "hex" }),
    },
    live: http("/"),
    resources: { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] },
    environments: { local: { replicas: 1 } },
  });
  route("/", app.http);
});
`;
// Prints everything that it was given when a test requests a failure, like a program that dumps its environment on a
// crash.
const APP = `import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

if os.environ["BEHAVE"] != "well":
    for name, path in sorted(os.environ.items()):
        if name.endswith("_FILE") and path.startswith("/run/secrets/"):
            print(name, open(path).read(), file=sys.stderr)
    sys.exit(1)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"fine")

    def log_message(self, *_):
        pass


HTTPServer(("", 8000), Handler).serve_forever()
`;
const DOCKERFILE = `FROM python:3.13-slim
COPY app.py /app.py
USER 1000:1000
CMD ["python", "-u", "/app.py"]
`;

/** Reduces a checkout to one system, `safe`. It has secrets of every kind and prints them on request. */
export function writeSafe(root: string): void {
  const at = (...path: string[]) => join(root, ...path);
  mkdirSync(at("services/safe"), { recursive: true });
  writeFileSync(at("services/safe/app.py"), APP);
  writeFileSync(at("services/safe/Dockerfile"), DOCKERFILE);
  writeFileSync(at("services/safe/.dockerignore"), "*.pyc\n");
  writeFileSync(at("stacks/safe.ts"), SYSTEM);
  writeFileSync(
    at("stacks/index.ts"),
    `import type { SystemDefinition } from "../catalog/types";\nimport { safe } from "./safe";\n` +
      `export const systems: Readonly<Record<string, SystemDefinition>> = { safe };\n`,
  );
}
