import type { Status } from "./types.ts";

/** Figures in words. */
export const percent = (share: number): string =>
  `${(share * 100).toLocaleString("en", { maximumFractionDigits: 1 })} %`;

export const pixels = (length: number): string => Math.round(length).toLocaleString("en");

export function bytes(count: number): string {
  return count < 1_000_000
    ? `${Math.max(1, Math.round(count / 1000))} kB`
    : `${(count / 1_000_000).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}

export const STATUS: Readonly<Record<Status, string>> = {
  queued: "Waiting for its analysis",
  analyzing: "Being analyzed",
  done: "Analyzed",
  failed: "Could not be analyzed",
};

/** Where the subject is, told from how far it is from the middle (0) towards a corner (1). */
export function balance(offset: number): string {
  return offset < 0.05 ? "in the middle" : offset < 0.25 ? "a little off the middle" : "far off the middle";
}

/** Types that the service takes, and the most bytes of one picture. */
export const TYPES = ["image/png", "image/jpeg", "image/webp"];
export const LIMIT = 20 * 2 ** 20;

/** What is wrong with a file before it is sent; the server looks again. */
export function refusal({ name, size, type }: { name: string; size: number; type: string }): string | undefined {
  if (type !== "" && !TYPES.includes(type)) {
    return `${name} is no PNG, JPEG or WebP picture.`;
  }
  if (size === 0) {
    return `${name} is empty.`;
  }
  return size > LIMIT ? `${name} has ${bytes(size)}; a picture may have ${bytes(LIMIT)}.` : undefined;
}
