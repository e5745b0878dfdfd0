// Keys of one start of the server. Nothing here uses them: no draft mode, no server actions; Next.js insists on having them.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** Where the server finds the keys of draft mode: in memory, as the root is read-only. */
export const PREVIEW_PROPS = "/tmp/preview-props.json";

export function makeKeys(file = PREVIEW_PROPS) {
  /** @type {(bytes: number) => string} */
  const hex = (bytes) => randomBytes(bytes).toString("hex");
  const props = {
    previewModeId: hex(16),
    previewModeSigningKey: hex(32),
    previewModeEncryptionKey: hex(32),
  };
  writeFileSync(file, JSON.stringify(props), { mode: 0o600 });
  process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY ||= randomBytes(32).toString("base64");
}
