import { Cron } from "croner";

/** Any day; only the intervals between runs are used. The first of January of a leap year. */
const START = new Date("2024-01-01T00:00:00Z");
/** Days in which to find the longest interval between two days with runs. More days are searched if too few have runs. */
const DAYS = 400;
const FEWEST_RUNS = 12;
const DAY_SECONDS = 24 * 60 * 60;

/** Returns the problem of a cron expression with five fields, or undefined. */
export function cronProblem(schedule: string): string | undefined {
  try {
    return opened(schedule).nextRun(START) === null ? "never runs" : undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "");
  }
}

/** Returns the longest time between two runs of a cron expression in seconds. */
export function longestCronPeriod(schedule: string): number {
  const [minute = "", hour = "", ...day] = schedule.split(" ");
  const midnights = runs(`0 0 ${day.join(" ")}`, DAYS * DAY_SECONDS, FEWEST_RUNS);
  const times = runs(`${minute} ${hour} * * *`, DAY_SECONDS);
  const [first = 0] = times;
  const overnight = longestGap(midnights) - ((times.at(-1) ?? first) - first);
  return Math.max(overnight, longestGap(times));
}

/** Returns the runs of a time span in seconds since its start, and further ones up to a minimum number. */
function runs(schedule: string, seconds: number, fewest = 0): number[] {
  const cron = opened(schedule);
  const found: number[] = [];
  // A run at the start itself belongs to the result.
  let time = cron.nextRun(new Date(START.getTime() - 1000));
  while (time !== null) {
    const at = (time.getTime() - START.getTime()) / 1000;
    if (at >= seconds && found.length >= fewest) {
      break;
    }
    found.push(at);
    time = cron.nextRun(time);
  }
  return found;
}

const opened = (schedule: string): Cron => new Cron(schedule, { utcOffset: 0, mode: "5-part" });

function longestGap(times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}
