import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  cacheDir: process.env["VITE_CACHE_DIR"] ?? "node_modules/.vite",
  // ./web is a link in a checkout, a folder in an image.
  resolve: { preserveSymlinks: true },
  build: { target: "es2022", sourcemap: false },
  server: {
    port: Number(process.env["PORT"] ?? 5173),
    strictPort: true,
    // Whatever name the reverse proxy is reached by.
    allowedHosts: true,
    proxy: { "/api": { target: process.env["API_URL"] ?? "http://127.0.0.1:8000" } },
  },
});
