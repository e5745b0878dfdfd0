import Module from "node:module";

/**
 * What Pulumi's SDK loads at once though only the serialisation of closures (functions that become cloud
 * functions, dynamic providers) needs it: more than half of the SDK's load time. Here it is loaded when it is
 * first touched, which never happens in our programs.
 */
const RARELY_NEEDED: ReadonlySet<string> = new Set(["typescript", "@npmcli/arborist"]);

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** Runs a function that loads the SDK, with those modules put off. What they are, and that they work, stays the same. */
export function withLazySdk<T>(load: () => T): T {
  const internals = Module as unknown as { _load: Load };
  const original = internals._load;
  internals._load = (request, parent, isMain) => {
    const now = (): object => original(request, parent, isMain) as object;
    return RARELY_NEEDED.has(request) ? onFirstTouch(now) : original(request, parent, isMain);
  };
  try {
    return load();
  } finally {
    internals._load = original;
  }
}

/** Stands for a module's exports until one of them is asked for. */
export function onFirstTouch(load: () => object): object {
  return new Proxy(
    {},
    {
      // Compiled imports ask this at once: "true" makes them take the stand-in as it is.
      get: (_, key) => (key === "__esModule" ? true : (Reflect.get(load(), key) as unknown)),
      has: (_, key) => key in load(),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found && { ...found, configurable: true };
      },
    },
  );
}
