/**
 * Waits until a program under mocks has registered all its resources: no new ones for many turns of the event loop.
 * @param created list of resources that the mocks extend
 */
export async function settled(created: readonly unknown[]): Promise<void> {
  for (let quiet = 0, seen = created.length; quiet < 300; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (created.length > seen) {
      [quiet, seen] = [0, created.length];
    }
  }
}
