import Module from "node:module";

/**
 * Modules that Pulumi's SDK loads at once, although only the serialization of closures (cloud functions, dynamic
 * providers) uses them. They take more than half of its load time. They are loaded on first use, which never happens
 * in this project's programs.
 */
const RARELY_NEEDED: ReadonlySet<string> = new Set(["typescript", "@npmcli/arborist"]);

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** Runs a function that loads the SDK, and defers the loading of those modules. Their behavior is unchanged. */
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

/** Returns a proxy for a module's exports that loads the module on first access. */
export function onFirstTouch(load: () => object): object {
  return new Proxy(
    {},
    {
      // Compiled imports read this property at once; "true" makes them use the proxy unchanged.
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
