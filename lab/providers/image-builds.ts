import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerBuild as planner } from "../../offline/docker-build";
import { isObject, text, type Json, type Properties } from "../../offline/values";
import { UserError } from "../../providers/compose/errors";
import { run } from "../../tools/process";
import type { LabProvider } from "./server";

/** Timeout of a build. Allows for a large image on two busy cores. */
const PATIENCE_MS = 30 * 60_000;

/**
 * Stand-in for the Pulumi provider docker-build. Builds and pushes the same inputs with `docker buildx build`.
 * @param root base folder of the inputs' paths
 */
export function imageBuilds(root: string): LabProvider {
  return {
    planner,
    async create({ inputs }, preview) {
      return preview ? { id: "", outputs: {} } : { id: tagOf(inputs), outputs: await build(inputs, root) };
    },
    async update(_id, { inputs }, preview) {
      return preview ? {} : build(inputs, root);
    },
    // A digest always refers to the same content.
    read: (_id, { inputs }) => Promise.resolve(inputs),
    delete: () => Promise.resolve(),
  };
}

async function build(inputs: Properties, root: string): Promise<Properties> {
  const folder = await mkdtemp(join(tmpdir(), "longshore-build-"));
  try {
    const metadata = join(folder, "metadata.json");
    const args = await argumentsOf(inputs, folder);
    const { code, stderr } = await run(
      "docker",
      // Provenance contains the build time, so the same sources would have another digest in every build.
      ["buildx", "build", "--provenance=false", "--metadata-file", metadata, ...args],
      {
        cwd: root,
        env: { ...process.env, BUILDX_METADATA_PROVENANCE: "disabled" },
        timeoutMs: PATIENCE_MS,
      },
    );
    if (code !== 0) {
      const log = stderr.trim().split("\n").slice(-12).join("\n  ");
      throw new UserError(`${tagOf(inputs)} could not be built:\n  ${log}`);
    }
    const built = JSON.parse(await readFile(metadata, "utf8")) as Record<string, unknown>;
    const digest = String(built["containerimage.digest"]);
    return { digest, ref: `${tagOf(inputs)}@${digest}`, contextHash: digest.slice("sha256:".length) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function argumentsOf(inputs: Properties, folder: string): Promise<string[]> {
  const dockerfile = record(inputs.dockerfile);
  const context = record(inputs.context);
  const inline = text(dockerfile.inline);
  const file =
    inline === undefined ? (text(dockerfile.location) ?? "Dockerfile") : join(folder, "Dockerfile");
  if (inline !== undefined) {
    await writeFile(file, inline);
  }
  const pairs = (value: Json | undefined) =>
    Object.entries(record(value)).map(([key, one]) => `${key}=${text(one) ?? ""}`);
  const named = Object.entries(record(context.named)).map(
    ([name, where]) => `${name}=${text(record(where).location) ?? ""}`,
  );
  const option = (flag: string, values: readonly string[]) => values.flatMap((value) => [flag, value]);
  const target = text(inputs.target);
  return [
    ...option("--file", [file]),
    ...(target === undefined ? [] : option("--target", [target])),
    ...option("--platform", [texts(inputs.platforms).join(",")].filter(Boolean)),
    ...option("--tag", texts(inputs.tags)),
    ...option("--build-arg", pairs(inputs.buildArgs)),
    ...option("--label", pairs(inputs.labels)),
    ...option("--build-context", named),
    ...(inputs.push === true ? ["--push"] : []),
    text(context.location) ?? folder,
  ];
}

function tagOf(inputs: Properties): string {
  return texts(inputs.tags)[0] ?? "an image without a tag";
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.flatMap((one) => text(one) ?? []) : [];
}

function record(value: Json | undefined): Properties {
  return isObject(value) ? value : {};
}
