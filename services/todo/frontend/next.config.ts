import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { NextConfig } from "next";

const developing = process.env.NODE_ENV === "development";

/** Equal for equal sources, and different for others: browsers keep for a year what has it in its address. */
function buildId(): string {
  const here = import.meta.dirname;
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)))
    .sort();
  const hash = createHash("sha256");
  for (const file of ["next.config.ts", "package-lock.json", ...sources]) {
    hash.update(`${file}\0`).update(readFileSync(join(here, file)));
  }
  return hash.digest("hex").slice(0, 20);
}

const config: NextConfig = {
  generateBuildId: () => Promise.resolve(buildId()),
  output: "standalone",
  outputFileTracingRoot: developing ? "/" : import.meta.dirname,
  // No image is resized on the server and nothing is compiled at run time.
  outputFileTracingExcludes: {
    "*": [
      "node_modules/@img/**",
      "node_modules/sharp/**",
      "node_modules/@next/swc-*/**",
      "node_modules/typescript/**",
      "node_modules/caniuse-lite/**",
      "node_modules/baseline-browser-mapping/**",
      "node_modules/postcss/**",
    ],
  },
  // The development container keeps its output below /tmp, and only there.
  ...(developing && {
    turbopack: { root: "/" },
    experimental: { turbopackFileSystemCacheForDev: false },
    // Beside localhost: without it the browser is not told what has changed.
    allowedDevOrigins: ["127.0.0.1"],
  }),
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // Every page is made for its request, so that the cache would only fill a disk that is read-only anyway.
  cacheMaxMemorySize: 0,
  headers: () =>
    Promise.resolve([
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "no-referrer" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
          {
            key: "Permissions-Policy",
            value: "camera=(), microphone=(), geolocation=(), browsing-topics=()",
          },
        ],
      },
    ]),
};

export default config;
