/** The parts of an image reference as `docker pull` accepts it. */
export interface ImageReference {
  /** Host of the registry with its port, such as `us-docker.pkg.dev`. @default "docker.io" */
  readonly registry: string;
  /** Path in the registry, such as `library/postgres`. */
  readonly repository: string;
  readonly tag?: string;
  /** Such as `sha256:…`. */
  readonly digest?: string;
}

const FORM =
  /^(?<name>[a-zA-Z0-9][\w.-]*(?::\d+(?=\/))?(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** Parses an image reference; `undefined` when the text is none. */
export function parseImageReference(text: string): ImageReference | undefined {
  const { name, tag, digest } = FORM.exec(text)?.groups ?? {};
  if (name === undefined) {
    return undefined;
  }
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const hasRegistry = first.includes(".") || first.includes(":") || first === "localhost";
  const path = hasRegistry ? name.slice(slash + 1) : name;
  if (!/^[a-z0-9]/.test(path) || (slash < 0 && path.includes(":"))) {
    return undefined;
  }
  return {
    registry: hasRegistry ? first : "docker.io",
    repository: hasRegistry || path.includes("/") ? path : `library/${path}`,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}
