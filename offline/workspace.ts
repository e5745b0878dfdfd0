import { createCipheriv, pbkdf2, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parseYaml } from "../yaml/read";
import { yamlText } from "../yaml/write";

export interface OfflineWorkspaceOptions {
  /** Folder with `Pulumi.yaml` and the stacks' files. */
  repoRoot: string;
  /** Such as `prod`. */
  stack: string;
  /**
   * Paths of secrets that are missing in config and get a stand-in, such as
   * `longshore:secrets.todo.openai-api-key`. @default []
   */
  missingSecrets?: readonly string[];
}

export interface OfflineWorkspace {
  /** A temporary folder with copies of the project's and the stack's files. */
  readonly workDir: string;
  /** Environment variables for the Pulumi CLI. */
  readonly env: Readonly<Record<string, string>>;
  /** Assumptions of a preview in this workspace, as sentences. */
  readonly assumptions: readonly string[];
  /** Deletes the folder. */
  remove(): Promise<void>;
}

type Yaml = null | boolean | number | string | Yaml[] | { [key: string]: Yaml };
type YamlObject = { [key: string]: Yaml };

/**
 * A temporary workspace to preview a stack without its state, key or account: stand-ins replace encrypted settings,
 * encrypted with a temporary passphrase, and the state is empty.
 */
export async function offlineWorkspace(options: OfflineWorkspaceOptions): Promise<OfflineWorkspace> {
  const { repoRoot, stack, missingSecrets = [] } = options;
  const workDir = await mkdtemp(path.join(tmpdir(), "longshore-offline-"));
  try {
    const passphrase = randomBytes(18).toString("base64url");
    const project = await readYaml(path.join(repoRoot, "Pulumi.yaml"));
    const settings = await readYaml(path.join(repoRoot, `Pulumi.${stack}.yaml`));
    const state = path.join(workDir, "state");
    await mkdir(state);
    await writeYaml(path.join(workDir, "Pulumi.yaml"), offlineProject(project, repoRoot, state));

    const encrypter = await Encrypter.create(passphrase);
    const { content, replaced } = offlineSettings(settings, missingSecrets, encrypter);
    await writeYaml(path.join(workDir, `Pulumi.${stack}.yaml`), content);
    return {
      workDir,
      env: {
        PULUMI_HOME: path.join(workDir, "home"),
        PULUMI_BACKEND_URL: `file://${state}`,
        PULUMI_CONFIG_PASSPHRASE: passphrase,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
      assumptions: assumptions(settings, replaced, missingSecrets),
      remove: () => rm(workDir, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(workDir, { recursive: true, force: true });
    throw error;
  }
}

function assumptions(settings: YamlObject, replaced: number, missing: readonly string[]): string[] {
  return [
    "no state was read: everything shows as create",
    ...(replaced > 0 ? [`${count(replaced, "encrypted setting")} replaced by stand-ins`] : []),
    ...missing.map((name) => `${name} is not set; a stand-in took its place`),
    ...(settings.environment === undefined ? [] : ["imported environments of the stack were left out"]),
  ];
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** The project file with a temporary backend and absolute paths. */
function offlineProject(project: YamlObject, repoRoot: string, state: string): YamlObject {
  const { plugins, ...rest } = project;
  delete rest.main; // The program runs inside the calling process.
  const absolute = (value: Yaml): Yaml => {
    if (Array.isArray(value)) {
      return value.map(absolute);
    }
    if (!isObject(value)) {
      return value;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === "path" && typeof item === "string" ? path.resolve(repoRoot, item) : absolute(item),
      ]),
    );
  };
  return {
    ...rest,
    ...(plugins !== undefined && { plugins: absolute(plugins) }),
    backend: { url: `file://${state}` },
  };
}

function offlineSettings(settings: YamlObject, missing: readonly string[], encrypter: Encrypter) {
  let replaced = 0;
  const standIn = (): Yaml => ({ secure: encrypter.encrypt(`offline-stand-in-${++replaced}`) });
  const replace = (value: Yaml): Yaml => {
    if (Array.isArray(value)) {
      return value.map(replace);
    }
    if (!isObject(value)) {
      return value;
    }
    const isSecure = Object.keys(value).length === 1 && typeof value.secure === "string";
    return isSecure
      ? standIn()
      : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item)]));
  };
  const config = replace(settings.config ?? {});
  const found = replaced;
  for (const name of missing) {
    setAt(config as YamlObject, name.split("."), standIn());
  }
  return { content: { encryptionsalt: encrypter.salt, config }, replaced: found };
}

/** Sets `a.b.c` and creates missing parent objects. */
function setAt(target: YamlObject, [key, ...rest]: string[], value: Yaml): void {
  if (key === undefined) {
    return;
  }
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const existing = target[key];
  const next: YamlObject = isObject(existing) ? existing : {};
  target[key] = next;
  setAt(next, rest, value);
}

/** Encrypts as Pulumi's passphrase provider does, so that its engine can read the stand-ins. */
class Encrypter {
  private constructor(
    private readonly key: Buffer,
    private readonly saltBytes: Buffer,
  ) {}

  static async create(passphrase: string): Promise<Encrypter> {
    const salt = randomBytes(8);
    return new Encrypter(await promisify(pbkdf2)(passphrase, salt, 1_000_000, 32, "sha256"), salt);
  }

  /** Value of `encryptionsalt` in a stack file: the salt and an encrypted known word that verifies the passphrase. */
  get salt(): string {
    return `v1:${this.saltBytes.toString("base64")}:${this.encrypt("pulumi")}`;
  }

  encrypt(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.key, nonce);
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${encrypted.toString("base64")}`;
  }
}

async function readYaml(file: string): Promise<YamlObject> {
  const content = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return "";
    }
    throw error;
  });
  const value = parseYaml(content) as Yaml | undefined;
  return isObject(value) ? value : {};
}

async function writeYaml(file: string, content: YamlObject): Promise<void> {
  await writeFile(file, yamlText(content), { mode: 0o600 });
}

function isObject(value: Yaml | undefined): value is YamlObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
