/** Time between two moments, as people say it. An open end is `now`. */
export function duration(from: string | null, to: string | null, now: number): string {
  if (from === null) {
    return "";
  }
  const milliseconds = Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from));
  if (milliseconds < 10_000) {
    return `${(milliseconds / 1000).toFixed(1)} s`;
  }
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How long ago, roughly. */
export function ago(moment: string, now: number): string {
  const minutes = Math.round((now - Date.parse(moment)) / 60_000);
  if (minutes < 1) {
    return "just now";
  }
  if (minutes < 60) {
    return `${minutes} min ago`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 24 ? `${hours} h ago` : new Date(moment).toLocaleDateString();
}
