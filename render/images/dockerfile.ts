/**
 * Returns the published images that a Dockerfile uses, such as `golang:1.26`: the names in `FROM` and `COPY --from`
 * except its own stages, named build contexts and `scratch`. Arguments have their default values.
 * @param contexts names of build contexts, which replace images of the same name
 */
export function basesOf(dockerfile: string, contexts: readonly string[] = []): string[] {
  const values = new Map<string, string>();
  const inside = new Set(["scratch", ...contexts]);
  const bases = new Set<string>();
  const use = (written: string) => {
    const image = substitute(written, values);
    // `COPY --from=0` refers to the first stage.
    if (!inside.has(image) && !/^\d+$/.test(image)) {
      bases.add(image);
    }
  };
  for (const line of instructions(dockerfile)) {
    const [, from, stage] = /^FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    const [, name, value] = /^ARG\s+(\w+)=(\S*)/i.exec(line) ?? [];
    const [, copied] = /^COPY\s.*--from=(\S+)/i.exec(line) ?? [];
    if (from !== undefined) {
      use(from);
      inside.add(stage ?? "scratch");
    } else if (name !== undefined && !values.has(name)) {
      values.set(name, (value ?? "").replace(/^(["'])(.*)\1$/, "$2"));
    } else if (copied !== undefined) {
      use(copied);
    }
  }
  return [...bases];
}

/** Returns one line per instruction, without comments. */
function instructions(dockerfile: string): string[] {
  return dockerfile
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replace(/\\\s*\n/g, " ")
    .split("\n")
    .map((line) => line.trim());
}

function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (_, braced: string | undefined, otherwise: string | undefined, bare: string | undefined) =>
      values.get(braced ?? bare ?? "") ?? otherwise ?? "",
  );
}
