/**
 * How one kind of datastore is dumped and restored: scripts of POSIX `sh`, run in the datastore's own image. They only
 * use standard input and output, so that the same script serves a file on this machine and a bucket of a cluster.
 */
export interface BackupScripts {
  /** Ending of the file's name. */
  readonly extension: "dump" | "rdb";
  /** Writes a dump to standard output. Ends with 0 only when the dump has been read back whole. */
  readonly dump: string;
  /**
   * Reads a dump from standard input, prepares it beside the current data, verifies it and switches. Until the switch
   * the current data is untouched. `$DUMP_SHA256` is the checksum of the input, `$RESTORE_ID` names what is made.
   */
  readonly restore: string;
  /** Removes what an interrupted restore left, or completes it where it was past the point of no return. */
  readonly recover: string;
  /** Runs while the datastore is stopped, after `restore`. @default - `restore` switches by itself */
  readonly switch?: string;
}

/** Every script begins with this: errors end it, and what it writes is readable by its user alone. */
export const BEGIN = `set -eu
umask 077
work=$(mktemp -d)
`;

/** A name that is safe in file names and as part of an SQL identifier. */
export const RESTORE_ID = `case $RESTORE_ID in *[!a-z0-9]*|'') echo "RESTORE_ID: expected letters and digits" >&2; exit 1 ;; esac
`;

/** Shell function that compares the checksum of what has arrived with what was sent: a stream can end early. */
export const ARRIVED = `arrived() {
  read -r sum rest < "$work/sum.txt"
  [ "$sum" = "$DUMP_SHA256" ] || { echo "the dump did not arrive whole; the current data is unchanged" >&2; exit 1; }
}
`;

/** The last line of a dump: the checksum of all that it has written to standard output. */
export const SENT = `read -r sum rest < "$work/sum.txt"
printf 'sha256 %s\\n' "$sum" >&2
`;
