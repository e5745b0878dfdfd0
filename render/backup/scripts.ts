/**
 * How one kind of datastore is dumped and restored: POSIX `sh` scripts that run in the datastore's image. They use only
 * standard input and output, so that the same script serves a file on this machine and a bucket of a cluster.
 */
export interface BackupScripts {
  /** File name extension. */
  readonly extension: "dump" | "rdb";
  /** Writes a dump to standard output. Exits with code 0 only after the complete dump has been read back. */
  readonly dump: string;
  /**
   * Reads a dump from standard input, loads it beside the current data, verifies it and switches. Until the switch the
   * current data is unchanged. `$DUMP_SHA256` is the checksum of the input; `$RESTORE_ID` is part of the names of
   * created objects.
   */
  readonly restore: string;
  /** Cleans up after an interrupted restore, or completes it if the switch had begun. */
  readonly recover: string;
  /** Runs after `restore`, while the datastore is stopped. @default - none: `restore` includes the switch */
  readonly switch?: string;
}

/** First lines of every script: exit on errors, and create files that only the user can read. */
export const BEGIN = `set -eu
umask 077
work=$(mktemp -d)
`;

/** Checks that the name is safe in file names and SQL identifiers. */
export const RESTORE_ID = `case $RESTORE_ID in *[!a-z0-9]*|'') echo "RESTORE_ID: expected letters and digits" >&2; exit 1 ;; esac
`;

/** Shell function that compares the checksums of sent and received data, because a stream can end early. */
export const ARRIVED = `arrived() {
  read -r sum rest < "$work/sum.txt"
  [ "$sum" = "$DUMP_SHA256" ] || { echo "the dump did not arrive whole; the current data is unchanged" >&2; exit 1; }
}
`;

/** Last step of a dump: prints the checksum of the data written to standard output. */
export const SENT = `read -r sum rest < "$work/sum.txt"
printf 'sha256 %s\\n' "$sum" >&2
`;
