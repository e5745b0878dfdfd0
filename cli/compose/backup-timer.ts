/** What a systemd timer runs. */
export interface TimerArgs {
  readonly stack: string;
  /** When, as systemd's OnCalendar has it, such as `*-*-* 03:00:00` or `daily`. */
  readonly calendar: string;
  /** Path of Node.js. */
  readonly node: string;
  /** Folder of the project. */
  readonly root: string;
  /** Options of `longshore backup`. */
  readonly options: readonly string[];
  /** Variables by which the command finds its data folder and its tools. */
  readonly env: Readonly<Record<string, string>>;
}

export const unitName = (stack: string): string => `longshore-backup-${stack}`;

/** The two units of a timer, as plain text. */
export function timerUnits({ stack, calendar, node, root, options, env }: TimerArgs): {
  readonly service: string;
  readonly timer: string;
} {
  const words = [node, `${root}/bin/longshore`, "backup", "--stack", stack, "--wait", "1h", ...options];
  const variables = Object.entries(env).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`, false)}`,
  );
  const service = [
    "[Unit]",
    `Description=Longshore: backup of stack ${stack}`,
    "",
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${root.replaceAll("%", "%%")}`,
    ...variables,
    `ExecStart=${words.map((word) => quoted(word, true)).join(" ")}`,
    "Nice=10",
    // A dump that takes longer counts as stuck.
    "TimeoutStartSec=6h",
    "UMask=0077",
    "",
  ];
  const timer = [
    "[Unit]",
    `Description=Longshore: backups of stack ${stack}`,
    "",
    "[Timer]",
    `OnCalendar=${calendar}`,
    // A machine that was off makes up for it.
    "Persistent=true",
    "RandomizedDelaySec=60",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ];
  return { service: service.join("\n"), timer: timer.join("\n") };
}

/** A word as systemd reads it: quotes, backslashes, specifiers and, in commands, variables are taken literally. */
function quoted(word: string, isCommand: boolean): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${isCommand ? escaped.replaceAll("$", "$$$$") : escaped}"`;
}
