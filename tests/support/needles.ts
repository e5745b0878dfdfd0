/** A planted value and all encodings in which it is searched for. */
export interface Needle {
  readonly name: string;
  readonly forms: readonly { readonly form: string; readonly bytes: Buffer }[];
}

/**
 * Creates a needle. Its forms are the whole value as it is, in base64, in a URL and in JSON; and its mark, a unique
 * part, as it is and in base64 at each of the three possible byte offsets. The mark finds a truncated or embedded
 * value.
 */
export function needle(name: string, value: string, mark: string): Needle {
  const forms = {
    raw: value,
    base64: Buffer.from(value).toString("base64").replace(/=+$/, ""),
    URL: encodeURIComponent(value),
    JSON: JSON.stringify(value).slice(1, -1),
    "its mark": mark,
    ...Object.fromEntries(
      [0, 1, 2].map((offset) => [`its mark in base64, from byte ${offset}`, base64At(mark, offset)]),
    ),
  };
  return {
    name,
    forms: Object.entries(forms).map(([form, text]) => ({ form, bytes: Buffer.from(text) })),
  };
}

/**
 * The base64 characters that depend only on the mark, for a mark that begins `offset` bytes after a multiple of three.
 */
function base64At(mark: string, offset: number): string {
  const text = Buffer.from("\0".repeat(offset) + mark).toString("base64");
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + Buffer.byteLength(mark)) * 8) / 6);
  return text.slice(first, last);
}

/** Names and encodings of the needles that a text contains. */
export function found(needles: readonly Needle[], hay: Buffer | string): string[] {
  const bytes = typeof hay === "string" ? Buffer.from(hay) : hay;
  return needles.flatMap(({ name, forms }) =>
    forms.filter((one) => bytes.includes(one.bytes)).map(({ form }) => `${name} (${form})`),
  );
}
