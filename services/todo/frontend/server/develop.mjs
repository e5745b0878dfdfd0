// Starts the development server in a container whose only writable folder is /tmp: what Next writes beside the
// sources are links into it (see the Dockerfile), and the folder behind them is made here.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";

mkdirSync("/tmp/next", { recursive: true });
// The output looks for its packages beside the place where it really is.
if (!existsSync("/tmp/node_modules")) symlinkSync("/app/node_modules", "/tmp/node_modules");
process.argv.push("dev", "--hostname", "0.0.0.0", "--inspect=0.0.0.0:9229");
await import(new URL("../node_modules/next/dist/bin/next", import.meta.url).href);
