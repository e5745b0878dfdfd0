/** The part of a buildx bake file that Longshore writes. */
export interface BakeDocument {
  /** `default` is every system; each system is a group of its images. */
  readonly group: Readonly<Record<string, { readonly targets: readonly string[] }>>;
  /** By `SYSTEM_IMAGE`: neither name can hold an underscore. */
  readonly target: Readonly<Record<string, BakeTarget>>;
}

export interface BakeTarget {
  readonly context: string;
  readonly dockerfile: string;
  /** Stage. @default - the last one */
  readonly target?: string;
  /** Folders, `target:` for an image that is built along, `docker-image://` for a published one. */
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

/** What bake calls an image of a system. */
export function bakeTarget(system: string, image: string): string {
  return `${system}_${image}`;
}

/** Bake reads `${…}` and `%{…}` in every text as its own language: doubled, they stay what they are. */
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
