import { crc32, deflateSync } from "node:zlib";

/** Encodes a grey PNG without a library. */
export function png(width: number, height: number, shade: (x: number, y: number) => number): Buffer {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = shade(x, y);
    }
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

/** A light area with a dark ring on its right. About an eighth of the picture is dark, and the ring encloses its hole. */
export const RING = { width: 1200, height: 800, x: 900, y: 400, outer: 240, inner: 140 };
export const ring = (paper = 238) =>
  png(RING.width, RING.height, (x, y) => {
    const distance = Math.hypot(x + 0.5 - RING.x, y + 0.5 - RING.y);
    return distance < RING.outer && distance > RING.inner ? 40 : paper;
  });
export const RING_SPACE = 1 - (Math.PI * (RING.outer ** 2 - RING.inner ** 2)) / (RING.width * RING.height);
