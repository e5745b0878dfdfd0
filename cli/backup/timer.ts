/** Arguments of a systemd timer for backups. */
export interface TimerArgs {
  readonly stack: string;
  /** Schedule in systemd's OnCalendar syntax, such as `*-*-* 03:00:00` or `daily`. */
  readonly calendar: string;
  /** Path of the Node.js executable. */
  readonly node: string;
  /** Folder of the checkout. */
  readonly root: string;
  /** Options of `longshore backup`. */
  readonly options: readonly string[];
  /** Variables that lead the command to its data folder and tools. */
  readonly env: Readonly<Record<string, string>>;
}

export const unitName = (stack: string): string => `longshore-backup-${stack}`;

/** Renders the two units of a timer. */
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
    // A longer dump counts as stuck.
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
    // Runs a missed backup after the machine was off.
    "Persistent=true",
    "RandomizedDelaySec=60",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ];
  return { service: service.join("\n"), timer: timer.join("\n") };
}

/** Quotes a word for a systemd unit. Quotes, backslashes, specifiers and, in commands, variables become literal. */
function quoted(word: string, isCommand: boolean): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${isCommand ? escaped.replaceAll("$", "$$$$") : escaped}"`;
}
