/** A planted value and all forms in which it could be found again. */
export interface Needle {
  readonly name: string;
  readonly forms: readonly { readonly form: string; readonly bytes: Buffer }[];
}

/**
 * The whole value raw, in base64, in a URL and in JSON; and its mark, a part that nothing else has, raw and in base64 at
 * each of the three places where its bytes may begin. So a value that was cut or stands within another is found as well.
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

/** The characters of base64 that depend on the mark alone, when it begins so many bytes after a multiple of three. */
function base64At(mark: string, offset: number): string {
  const text = Buffer.from("\0".repeat(offset) + mark).toString("base64");
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + Buffer.byteLength(mark)) * 8) / 6);
  return text.slice(first, last);
}

/** Names and encodings of the needles in a text. */
export function found(needles: readonly Needle[], hay: Buffer | string): string[] {
  const bytes = typeof hay === "string" ? Buffer.from(hay) : hay;
  return needles.flatMap(({ name, forms }) =>
    forms.filter((one) => bytes.includes(one.bytes)).map(({ form }) => `${name} (${form})`),
  );
}
