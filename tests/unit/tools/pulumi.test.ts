import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import {
  findPulumi,
  minimumVersion,
  pinnedIn,
  pinnedVersion,
  surveyLanguageHost,
  surveyPulumi,
} from "../../../tools/pulumi";
import { withoutDirect } from "../../../tools/go-build";
import { fits, formatVersion } from "../../../tools/version";

/** Fails on any progress message, because no step here is slow. */
const unexpected = (line: string): never => assert.fail(line);

describe("finding the Pulumi CLI", () => {
  const saved = process.env;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "longshore-pulumi-"));
    process.env = {
      ...saved,
      XDG_CACHE_HOME: join(folder, "cache"),
      PATH: [join(folder, "bin"), "/usr/bin", "/bin"].join(delimiter),
    };
  });

  afterEach(async () => {
    process.env = saved;
    await rm(folder, { recursive: true });
  });

  /** Creates a program that reports this version of Pulumi. */
  async function put(file: string, version: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho ${version}\n`);
    await chmod(file, 0o755);
  }
  const onPath = () => join(folder, "bin", "pulumi");
  const inCache = async () =>
    join(folder, "cache", "longshore", "pulumi", formatVersion(await pinnedVersion()), "bin", "pulumi");

  it("prefers the PATH when its version fits", async () => {
    await put(onPath(), "v3.999.0");
    await put(await inCache(), "unused");
    assert.deepEqual(await findPulumi(unexpected), {
      command: onPath(),
      root: folder,
      version: "3.999.0",
      source: "path",
    });
  });

  it("takes the cache when the PATH has an old one, and says which", async () => {
    await put(onPath(), "v3.100.0");
    await put(await inCache(), "unused");
    const { pulumi, unfit } = await surveyPulumi();
    assert.ok(pulumi);
    assert.equal(pulumi.source, "cache");
    assert.equal(pulumi.command, await inCache());
    assert.deepEqual([unfit?.command, unfit?.version], [onPath(), "3.100.0"]);
    assert.equal((await findPulumi(unexpected)).command, await inCache());
  });

  it("takes the cache when the PATH has another major version or something unreadable", async () => {
    await put(await inCache(), "unused");
    for (const version of ["v4.0.0", "dev"]) {
      await put(onPath(), version);
      assert.equal((await findPulumi(unexpected)).source, "cache", version);
    }
  });

  it("finds nothing on an empty machine", async () => {
    assert.deepEqual(await surveyPulumi(), {});
  });

  it("finds the language host beside the CLI before the cached one", async () => {
    await put(onPath(), "v3.999.0");
    const cached = join(dirname(await inCache()), "pulumi-language-nodejs");
    assert.equal(await surveyLanguageHost({ command: onPath() }), undefined);
    await put(cached, "unused");
    assert.equal(await surveyLanguageHost({ command: onPath() }), cached);
    await put(join(folder, "bin", "pulumi-language-nodejs"), "unused");
    assert.equal(
      await surveyLanguageHost({ command: onPath() }),
      join(folder, "bin", "pulumi-language-nodejs"),
    );
  });

  it("pins a version that fits the SDK", async () => {
    assert.ok(fits(await pinnedVersion(), await minimumVersion(), { sameMajor: true }));
  });
});

describe("the pinned Go modules", () => {
  it("name the CLI's version", () => {
    assert.deepEqual(
      pinnedIn("module x\n\nrequire github.com/pulumi/pulumi/pkg/v3 v3.250.0 // indirect\n"),
      [3, 250, 0],
    );
    assert.throws(() => pinnedIn("module x\n"), /tools\/pulumi\/go\.mod: expected a requirement/);
  });

  it("come from the proxy only", () => {
    assert.equal(withoutDirect("https://proxy.example,direct"), "https://proxy.example");
    assert.equal(
      withoutDirect("https://a.example|https://b.example|direct"),
      "https://a.example|https://b.example",
    );
    assert.equal(withoutDirect("direct"), "direct");
    assert.equal(withoutDirect("off"), "off");
  });
});
