/** The subset of a buildx bake file that Longshore uses. */
export interface BakeDocument {
  /** `default` contains every system; each system is a group of its images. */
  readonly group: Readonly<Record<string, { readonly targets: readonly string[] }>>;
  /** Targets by `SYSTEM_IMAGE`. Neither name can contain an underscore. */
  readonly target: Readonly<Record<string, BakeTarget>>;
}

export interface BakeTarget {
  readonly context: string;
  readonly dockerfile: string;
  /** Dockerfile stage. @default - the last one */
  readonly target?: string;
  /** Folders, `target:` for an image of the same build, or `docker-image://` for a published image. */
  readonly contexts?: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly platforms?: readonly string[];
  readonly attest: readonly string[];
  readonly "cache-from"?: readonly string[];
  readonly "cache-to"?: readonly string[];
  readonly output: readonly string[];
}

/** Returns the bake target of an image. */
export function bakeTarget(system: string, image: string): string {
  return `${system}_${image}`;
}

/** Doubles `${` and `%{`, which bake would otherwise interpolate in every text. */
export function escapeTemplates<T>(value: T): T {
  if (typeof value === "string") {
    return value.replace(/[$%](?=\{)/g, (sign) => sign + sign) as T;
  }
  if (Array.isArray(value)) {
    return value.map(escapeTemplates) as T;
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escapeTemplates(item)])) as T;
  }
  return value;
}
