import { distance } from "fastest-levenshtein";

/** Returns the known name that is most similar to the given one, or undefined when none is close. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const found = distance(name.toLowerCase(), candidate.toLowerCase());
    if (!best || found < best.distance) {
      best = { name: candidate, distance: found };
    }
  }
  const tolerated = Math.max(2, Math.floor(name.length / 3));
  return best && best.distance <= tolerated ? best.name : undefined;
}
