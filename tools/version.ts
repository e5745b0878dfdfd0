/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/**
 * Parses the first version number in a program's output: `v3.250.0`, `28.5.2+dfsg4`, `2.40.3-3`, `go version
 * go1.26.8`.
 */
export function parseVersion(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

export function formatVersion(version: Version): string {
  return version.join(".");
}

/** Compares two versions. Negative if `a` is older than `b`. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whether a version is at least `minimum`, and of the same major version with `sameMajor`. */
export function fits(version: Version | undefined, minimum: Version, { sameMajor = false } = {}): boolean {
  return (
    version !== undefined &&
    compareVersions(version, minimum) >= 0 &&
    (!sameMajor || version[0] === minimum[0])
  );
}
