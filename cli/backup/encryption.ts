import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { backupKeys } from "../../settings/backup-keys";
import { usage } from "../support/failure";
import { changeConfig } from "../config/draft";
import { withConfig } from "../secrets/generations";
import { settingsFolder } from "../support/plans";
import { machineStack } from "../../settings/machine-stacks";
import { readStackFile } from "../../settings";
import type { Terminal } from "../support/terminal";
import { verifyChecksum } from "./archive";

type Bytes = AsyncIterable<Uint8Array>;

/** Config key of the private key. */
const IDENTITY = "longshore:backupIdentity";
const RECIPIENTS = "longshore:backups.recipients";

/** Encrypts a stream with age. Only the private keys of the recipients can decrypt it. */
export async function encrypt(bytes: Readable, recipients: readonly string[]): Promise<Bytes> {
  const { Encrypter } = await import("age-encryption");
  const encrypter = new Encrypter();
  recipients.forEach((one) => {
    encrypter.addRecipient(one);
  });
  const encrypted = await encrypter.encrypt(Readable.toWeb(bytes) as never);
  return Readable.fromWeb(encrypted as unknown as ReadableStream);
}

/** Decrypts a dump while it is read. Reading an incomplete or modified dump fails. */
export async function openDump(
  folder: string,
  file: string,
  identity: string | undefined,
): Promise<Readable> {
  const bytes = createReadStream(join(folder, file));
  if (!file.endsWith(".age")) {
    return bytes;
  }
  if (identity === undefined) {
    throw usage(`${file}: is encrypted, and no private key is set\nfix: give the key's file with --identity`);
  }
  const { Decrypter } = await import("age-encryption");
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity);
    const decrypted = await decrypter.decrypt(Readable.toWeb(bytes) as never);
    return Readable.fromWeb(decrypted as unknown as ReadableStream);
  } catch (error) {
    bytes.destroy();
    // The library's message never contains the key. An invalid key is not repeated either.
    const reason =
      error instanceof Error && /no identity/.test(error.message)
        ? "is for another key"
        : "cannot be decrypted";
    throw usage(`${file}: ${reason}\nfix: give the private key that fits with --identity`);
  }
}

/**
 * Reads a whole dump and verifies its checksum and content.
 * @returns the checksum of the decrypted content
 * @throws Failure if it is damaged, incomplete or encrypted for another key
 */
export async function verifyDump(
  folder: string,
  file: string,
  identity: string | undefined,
): Promise<string> {
  await verifyChecksum(folder, file);
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  try {
    for await (const chunk of await openDump(folder, file, identity)) {
      hash.update(chunk as Uint8Array);
    }
  } catch (error) {
    if (error instanceof Error && error.name === "Failure") {
      throw error;
    }
    throw usage(
      `${join(folder, file)}: cannot be read to its end: it is damaged or incomplete\nfix: restore another dump with --file`,
    );
  }
  return hash.digest("hex");
}

/** Recipients of a stack's dumps. Generates the keys of a local stack on first use. */
export async function recipientsOf(stack: string, terminal: Terminal): Promise<readonly string[]> {
  const { recipients } = backupKeys(stackValues(stack));
  if (recipients.length > 0) {
    return recipients;
  }
  if (!machineStack(stack)) {
    throw usage(
      `Pulumi.${stack}.yaml: backups.recipients: expected the public key that dumps are encrypted for, got nothing\n` +
        `fix: bin/longshore secrets generate --stack ${stack}, then commit the file; or run backup with --plain`,
    );
  }
  return [await generateKey(stack, terminal)];
}

/** Whether a stack lacks a key to encrypt its dumps for. */
export function missingKey(stack: string): boolean {
  return backupKeys(stackValues(stack)).recipients.length === 0;
}

/** Generates the key pair of a stack. Never replaces an existing private key. @returns the public key */
export async function generateKey(stack: string, terminal: Terminal): Promise<string> {
  const { generateIdentity, identityToRecipient } = await import("age-encryption");
  return withConfig(stack, terminal, (opened) =>
    changeConfig(opened, async (draft) => {
      const { recipients, hasIdentity } = backupKeys(draft.values());
      const [known] = recipients;
      if (known !== undefined) {
        return known;
      }
      const identity = hasIdentity ? await readIdentity(stack, opened) : await generateIdentity();
      if (!hasIdentity) {
        await draft.setSecret(IDENTITY, identity);
      }
      const recipient = await identityToRecipient(identity);
      await draft.setPlain([[`${RECIPIENTS}[0]`, recipient]]);
      return recipient;
    }),
  );
}

async function readIdentity(
  stack: string,
  { command, workDir, env }: Parameters<Parameters<typeof withConfig>[2]>[0],
): Promise<string> {
  const { stdout } = await command.run(["config", "get", "--stack", stack, IDENTITY], { cwd: workDir, env });
  return stdout.trim();
}

/** Reads the private key from a file or from the stack's config. @default - there is none */
export async function identityOf(
  stack: string,
  file: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (file !== undefined) {
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").map((line) => line.trim());
    const [identity] = lines.filter((line) => /^AGE-SECRET-KEY-/.test(line));
    if (identity === undefined) {
      throw usage(`--identity: expected a file with a line AGE-SECRET-KEY-…, got none in ${file}`);
    }
    return identity;
  }
  return backupKeys(stackValues(stack)).hasIdentity
    ? withConfig(stack, terminal, (opened) => readIdentity(stack, opened))
    : undefined;
}

function stackValues(stack: string): Readonly<Record<string, unknown>> {
  return readStackFile(settingsFolder(stack), stack).values;
}
