import type { Log } from "./engine";

/** Replaces secret values in text that people will read. */
export type Mask = (text: string) => string;

/** Shorter values are left: replacing each "a" would hide nothing and destroy the message. */
const SHORTEST = 4;

/**
 * A mask for the contents of the secret files, for passwords inside addresses (`scheme://user:password@host`),
 * and for both as they look in an address, in base64, in JSON.
 */
export function maskOf(contents: readonly string[]): Mask {
  const values = contents.flatMap((content) => [
    content,
    content.trim(),
    // A log is read line by line, and shown without what surrounds a line.
    ...content.split("\n").map((line) => line.trim()),
    ...passwords(content),
  ]);
  const forms = values.flatMap((value) => [
    value,
    encodeURIComponent(value),
    Buffer.from(value).toString("base64").replace(/=+$/, ""),
    JSON.stringify(value).slice(1, -1),
  ]);
  // Longest first: an address goes before the password in it.
  const hidden = [...new Set(forms)]
    .filter((form) => form.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((masked, form) => masked.replaceAll(form, "[secret]"), text);
}

/** A log without secret values. */
export function maskedLog(log: Log, mask: Mask): Log {
  return {
    status: (message) => {
      log.status(mask(message));
    },
    info: (message) => {
      log.info(mask(message));
    },
    warning: (message) => {
      log.warning(mask(message));
    },
  };
}

function passwords(content: string): string[] {
  const encoded = /:\/\/[^\s/:@]*:([^\s@/]+)@/.exec(content)?.[1];
  if (encoded === undefined) {
    return [];
  }
  try {
    return [encoded, decodeURIComponent(encoded)];
  } catch {
    return [encoded];
  }
}
