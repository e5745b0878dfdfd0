/** What package.json of the checkout says, as far as a package is made of it. */
export interface RootManifest {
  readonly version: string;
  readonly description?: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/**
 * `package.json` of the components' package. Pulumi's SDKs are peers: a second copy beside the program's own would have
 * resources that the program's engine does not know.
 *
 * @param imported packages that the package's files import
 * @throws Error for an import that package.json of the checkout does not declare
 */
export function packageManifest(root: RootManifest, imported: readonly string[]): PackageManifest {
  const undeclared = imported.filter((name) => root.dependencies[name] === undefined);
  if (undeclared.length > 0) {
    throw new Error(
      `package.json: dependencies: expected ${undeclared.join(", ")}, which components/ imports`,
    );
  }
  const isPeer = (name: string) => name.startsWith("@pulumi/");
  const versions = (names: readonly string[], range: (version: string) => string) =>
    Object.fromEntries(names.map((name) => [name, range(root.dependencies[name] ?? "")]));
  return {
    name: "@longshore/components",
    version: root.version,
    description: "Pulumi components for container systems on Docker Compose, Kubernetes and Google Cloud.",
    license: root.license,
    engines: root.engines,
    main: "./components/index.js",
    types: "./components/index.d.ts",
    exports: {
      ".": { types: "./components/index.d.ts", default: "./components/index.js" },
      "./package.json": "./package.json",
    },
    dependencies: versions(
      imported.filter((name) => !isPeer(name)),
      (version) => version,
    ),
    peerDependencies: versions(imported.filter(isPeer), (version) => `^${version}`),
  };
}

/** The package that an import names: `@pulumi/gcp` of `@pulumi/gcp/sql`; none for a file or a module of Node.js. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("/") || specifier.startsWith("node:")) {
    return undefined;
  }
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
