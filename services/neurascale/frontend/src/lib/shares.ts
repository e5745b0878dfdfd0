import { BANDS, type Band } from "./types.ts";

/** Each band's part of the whole, 0 to 1; nothing when there is no power at all. */
export function shares(powers: Readonly<Record<Band, number>>): Record<Band, number> {
  const total = BANDS.reduce((sum, band) => sum + Math.max(powers[band], 0), 0);
  const entries = BANDS.map((band) => [band, total > 0 ? Math.max(powers[band], 0) / total : 0]);
  return Object.fromEntries(entries) as Record<Band, number>;
}
