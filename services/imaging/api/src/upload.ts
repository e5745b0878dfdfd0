import { createHash, randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import type { Picture, Store } from "./model.ts";
import { Problem } from "./problems.ts";
import { sniff, SNIFF_BYTES } from "./sniff.ts";

/** Bytes that are written at once, and all that an upload ever has in memory. */
const PIECE = 512 * 1024;

/** Keeps a picture as it arrives. What it is, is told by its bytes. Nothing stays of an upload that fails. */
export async function receive(
  body: Readable,
  { name, announced, limit }: { name: string; announced: number | undefined; limit: number },
  store: Store,
): Promise<Picture> {
  if (announced !== undefined && announced > limit) {
    throw tooLarge(limit);
  }
  const id = randomUUID();
  let begun = false;
  try {
    const hash = createHash("sha256");
    let size = 0;
    let number = 0;
    let mediaType: ReturnType<typeof sniff>;
    for await (const piece of pieces(body)) {
      size += piece.length;
      if (size > limit) {
        throw tooLarge(limit);
      }
      if (!begun) {
        mediaType = sniff(piece.subarray(0, SNIFF_BYTES));
        if (!mediaType) {
          throw new Problem(415, "not-a-picture", "Expected a PNG, JPEG or WebP picture; the file is none of them.");
        }
        await store.begin(id, name);
        begun = true;
      }
      hash.update(piece);
      await store.append(id, number, piece);
      number += 1;
    }
    if (!mediaType) {
      throw new Problem(400, "empty", "Expected the bytes of a picture as the body, got nothing.");
    }
    return await store.finish(id, { mediaType, size, sha256: hash.digest("hex") });
  } catch (error) {
    if (begun) {
      // If this fails too, what is left is swept later.
      await store.remove(id).catch(() => undefined);
    }
    throw error;
  }
}

/** The stream in pieces of one size. */
async function* pieces(body: Readable): AsyncIterable<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    waiting.push(part);
    length += part.length;
    while (length >= PIECE) {
      const all = Buffer.concat(waiting);
      yield all.subarray(0, PIECE);
      waiting = [all.subarray(PIECE)];
      length -= PIECE;
    }
  }
  if (length > 0) {
    yield Buffer.concat(waiting);
  }
}

function tooLarge(limit: number): Problem {
  return new Problem(413, "too-large", `Expected at most ${limit} bytes, got more.`, { limit });
}
