/** The return value of a statement, with which the description refers to an image, a service or a datastore. */
export interface Handle {
  readonly name: string;
}

/** Key of the statement that created a handle, such as `service`. */
const WORD = Symbol("word of the catalog");
/** Property names that JavaScript and its tools read from any object. */
const READ_BY_OTHERS = new Set(["then", "toJSON", "ref", "inspect", "late"]);

/**
 * A property that a handle does not have. It is invalid everywhere, and the check of the receiving option reports it.
 */
export interface AbsentProperty {
  readonly ref: "absent";
  readonly word: string;
  readonly owner: string;
  readonly property: string;
  readonly known: readonly string[];
}

/**
 * Creates a handle. Reading a missing property yields an `AbsentProperty` instead of `undefined`, so that the error
 * names the handle: `worker has no ports`.
 */
export function handle<T extends Handle>(word: string, members: T): T {
  Object.defineProperty(members, WORD, { value: word });
  return new Proxy(members, {
    get(target, key, receiver): unknown {
      if (typeof key === "symbol" || key in target || READ_BY_OTHERS.has(key)) {
        return Reflect.get(target, key, receiver);
      }
      const known = Object.keys(target).filter((one) => one !== "name");
      return { ref: "absent", word, owner: target.name, property: key, known } satisfies AbsentProperty;
    },
  });
}

/** Returns the statement that created a value, or undefined when the value is not a handle. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null ? (value as { [WORD]?: string })[WORD] : undefined;
}

export function isAbsent(value: unknown): value is AbsentProperty {
  return typeof value === "object" && value !== null && (value as { ref?: unknown }).ref === "absent";
}
