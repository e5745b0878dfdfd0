/** A file in an archive. */
export interface TarFile {
  /** At most 100 bytes. */
  readonly path: string;
  readonly content: string;
  readonly user: number;
  readonly mode: number;
}

const BLOCK = 512;

/** Creates a tar archive (ustar) with file owners for `docker cp`, the only way to set an owner without privileges. */
export function tar(files: readonly TarFile[]): Buffer {
  const blocks = files.flatMap((file) => {
    const content = Buffer.from(file.content);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(file, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, user, mode }: TarFile, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) {
    throw new Error(`internal: ${path} is too long for an archive`);
  }
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(user, 8), 108);
  block.write(octal(user, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
