import { readFile } from "node:fs/promises";
import { MissingTool } from "./missing";
import { lastLine, run, which, type Logger } from "./process";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** Finds the browser for the tests, if the machine has one. CHROMIUM overrides it. */
export async function surveyChromium(): Promise<string | undefined> {
  return process.env["CHROMIUM"] || (await which(NAMES));
}

/**
 * Finds the browser for the tests. Installs it from Debian's packages on Debian as root.
 * @throws MissingTool with one line that names what to install
 */
export async function findChromium(say: Logger): Promise<string> {
  const found = await surveyChromium();
  if (found !== undefined) {
    return found;
  }
  if (process.getuid?.() !== 0 || !isDebian(await readFile("/etc/os-release", "utf8").catch(() => ""))) {
    throw new MissingTool(
      "the browser tests need Chromium; install chromium or google-chrome, or set CHROMIUM to its path",
    );
  }
  say("installing Debian's chromium for the browser tests (about 1 minute)");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    run("apt-get", ["-qq", "-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=300", ...args], {
      env,
      timeoutMs: 15 * 60_000,
    });
  await apt("update");
  const { code, stderr } = await apt(
    "install",
    "--yes",
    "--no-install-recommends",
    "chromium",
    "fonts-dejavu-core",
  );
  const installed = await which(NAMES);
  if (code !== 0 || installed === undefined) {
    throw new MissingTool(
      `Debian's chromium could not be installed: ${lastLine(stderr) || "apt-get gave no reason"}`,
    );
  }
  return installed;
}

/** Whether the system is Debian itself. Ubuntu's chromium package only installs a snap. */
export function isDebian(osRelease: string): boolean {
  return /^ID=["']?debian["']?$/m.test(osRelease);
}
