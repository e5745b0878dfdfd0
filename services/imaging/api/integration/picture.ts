import { png } from "../src/png.ts";

/** A square of paper in grey, with a dark ring in its middle whose hole is enclosed. */
export function ring(size: number): Buffer {
  return png(size, size, (x, y) => {
    const distance = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2);
    return distance < size * 0.3 && distance > size * 0.15;
  });
}
