/** What pictures may be, told by their first bytes: a name or a header can say anything. */
export type MediaType = "image/png" | "image/jpeg" | "image/webp";

/** How many bytes `sniff` wants to see. */
export const SNIFF_BYTES = 16;

export function sniff(head: Buffer): MediaType | undefined {
  if (head.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) {
    return "image/png";
  }
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) {
    return "image/jpeg";
  }
  if (head.toString("latin1", 0, 4) === "RIFF" && head.toString("latin1", 8, 15) === "WEBPVP8") {
    return "image/webp";
  }
  return undefined;
}
