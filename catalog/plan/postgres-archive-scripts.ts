/** Name of the physical replication slot of the archive. */
export const SLOT = "longshore_archive";

/** Minutes without a confirmed archive after which the archive is unhealthy: the recovery point objective. */
export const RPO_MINUTES = 5;

/**
 * Receives the write-ahead log (WAL) of a PostgreSQL server by streaming replication and takes base backups. POSIX `sh`,
 * in the server's own image.
 *
 * `lines/NUMBER-SYSTEM` holds one unbroken sequence of WAL of one server: `wal` (compressed segments, and the current
 * one as `.partial`), `base/TIME` (base backups, each by the time from which it can be used), `until` (the time until
 * which everything is archived). A new line begins when WAL was lost or the server is another one, so a gap is never
 * inside a line.
 */
export const ARCHIVE_SCRIPT = `set -eu
umask 077
export LC_ALL=C PGCONNECT_TIMEOUT=5 PGAPPNAME=${SLOT}
: "\${ARCHIVE:?}" "\${KEEP_DAYS:?}" "\${BASE_MINUTES:?}" "\${CONFIRM_SECONDS:?}"
slot=${SLOT}
line= receiver= base= retry=0 failed=0
work=$(mktemp -d)
mkdir -p "$ARCHIVE/lines"
say() { printf '%s\\n' "$1" >&2; }
report() { say "$1"; printf '%s\\n' "$1" > "$ARCHIVE/$2" || :; }
ask() { timeout 30 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }
sql() { ask --dbname=postgres "$@"; }
# A trap runs only between commands, or during \`wait\`.
pause() { sleep "$1" & wait $! || :; }
finish() {
  trap '' TERM INT
  for one in $receiver $base; do kill "$one" 2> /dev/null || :; done
  wait
  exit 0
}
trap finish TERM INT

# Sets \`line\`: the newest one, or a new one if WAL between it and the server's could be missing.
choose() {
  identity=$(ask --dbname=replication=true --command=IDENTIFY_SYSTEM 2> "$work/answer") || return 1
  state=$(sql --command="SELECT coalesce(wal_status, 'new') FROM pg_replication_slots WHERE slot_name = '$slot'" 2> "$work/answer") || return 1
  system=\${identity%%|*}
  last=$(ls "$ARCHIVE/lines" | tail -n 1)
  line=$ARCHIVE/lines/$last
  reason=
  if [ -z "$last" ]; then reason="the archive is empty"
  elif [ "\${last#*-}" != "$system" ]; then reason="the server has another system identifier"
  elif [ -e "$line/ended" ]; then reason="the server no longer has the WAL that follows"
  elif [ "$state" = lost ]; then reason="the server removed WAL before it was received (max_slot_wal_keep_size)"
  elif [ -z "$state" ] && [ -n "$(ls "$line/wal")" ]; then reason="the replication slot was removed"
  fi
  if [ -n "$reason" ]; then
    if [ -n "$state" ]; then
      pg_receivewal --no-password --slot="$slot" --drop-slot 2> "$work/answer" || return 1
      state=
    fi
    number=\${last%%-*}
    line=$(printf '%s/lines/%06d-%s' "$ARCHIVE" "$(expr "\${number:-0}" + 1)" "$system")
    say "beginning \${line##*/}: $reason"
  fi
  mkdir -p "$line/base" "$line/wal"
  [ -n "$state" ] || pg_receivewal --no-password --slot="$slot" --create-slot --if-not-exists 2> "$work/answer"
}

receive() {
  pg_receivewal --no-password --no-loop --synchronous --slot="$slot" --directory="$line/wal" 2> "$work/receiver" &
  receiver=$!
}

# Writes a commit, waits until the archive holds it, and records the time before it: a restore to any time until then
# finds a later commit, which proves that nothing is missing.
confirm() {
  sql --command="SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS\\"Z\\"')" \\
    --command="SELECT pg_logical_emit_message(true, 'longshore', 'archived')" \\
    --command='SELECT pg_current_wal_flush_lsn()' > "$work/now" 2> "$work/answer" || return 1
  { read -r moment; read -r _; read -r lsn; } < "$work/now"
  tries=0
  until [ "$(sql --command="SELECT restart_lsn >= '$lsn' FROM pg_replication_slots WHERE slot_name = '$slot'" 2> "$work/answer")" = t ]; do
    tries=$((tries + 1))
    if [ $tries -ge 20 ]; then
      echo "received WAL is behind the server's" > "$work/answer"
      return 1
    fi
    pause 0.5
  done
  printf '%s\\n' "$moment" > "$line/until.part" && mv "$line/until.part" "$line/until"
}

# At most 16 segments at a time, so that the archive is confirmed meanwhile.
compress() {
  count=0
  for file in "$line"/wal/*; do
    name=\${file##*/}
    case $name in *.* | '*') continue ;; esac
    [ \${#name} = 24 ] && [ $count -lt 16 ] || continue
    count=$((count + 1))
    gzip -1 -c "$file" > "$line/wal/.part" && sync "$line/wal/.part" && mv "$line/wal/.part" "$file.gz" && rm "$file" || return 1
  done
}

take_base() {
  part=$line/base/.part
  rm -rf "$part"
  pg_basebackup --no-password --pgdata="$part" --format=tar --compress=client-gzip:1 --wal-method=none \\
    --checkpoint=fast --manifest-checksums=SHA256 --label=longshore || return 1
  if [ "$(ls "$part")" != "$(printf 'backup_manifest\\nbase.tar.gz')" ]; then
    echo "tablespaces are not supported" >&2
    return 1
  fi
  # The first segment that a restore reads, of 16 MB: TIMELINE, and the LSN without its lower 24 bits.
  set -- $(sed -n 's/.*"Timeline": \\([0-9]*\\), "Start-LSN": "\\([0-9A-F]*\\)\\/\\([0-9A-F]*\\)".*/\\1 \\2 \\3/p' "$part/backup_manifest" | head -n 1)
  [ $# = 3 ] || return 1
  printf '%08X%08X%08X\\n' "$1" $((0x$2)) $((0x$3 / 16777216)) > "$part/start"
  # Rounded up: an earlier time is before the end of the backup.
  moment=$(sql --command="SELECT to_char((clock_timestamp() + interval '1 second') AT TIME ZONE 'UTC', 'YYYYMMDD\\"T\\"HH24MISS\\"Z\\"')") || return 1
  sync "$part/start" && mv "$part" "$line/base/$moment" || return 1
  say "base backup $moment: $(wc -c < "$line/base/$moment/base.tar.gz") bytes"
}

is_due() {
  [ "$(date +%s)" -ge "$retry" ] && [ -z "$(find "$line/base" -name base.tar.gz -path '*Z/*' -mmin "-$BASE_MINUTES")" ]
}

# Keeps the newest base backup that is older than KEEP_DAYS, and everything after it.
prune() {
  limit=$(date -u -d "@$(($(date +%s) - KEEP_DAYS * 86400))" +%Y%m%dT%H%M%SZ)
  oldest=
  for one in "$ARCHIVE"/lines/*/base/*Z; do
    [ -d "$one" ] && expr "\${one##*/}" '<=' "$limit" > /dev/null || continue
    if [ -n "$oldest" ]; then rm -rf "$oldest"; fi
    oldest=$one
  done
  for each in "$ARCHIVE"/lines/*; do
    first=$(ls "$each/base" | head -n 1)
    if [ -n "$first" ]; then
      pg_archivecleanup -x .gz "$each/wal" "$(cat "$each/base/$first/start")"
    elif [ "$each" != "$line" ]; then
      rm -rf "$each"
    fi
  done
}

while :; do
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
  if [ -n "$receiver" ] && ! kill -0 "$receiver" 2> /dev/null; then
    receiver=
    cat "$work/receiver" >&2
    if grep -q -e 'has already been removed' -e 'ahead of the WAL flush position' "$work/receiver"; then
      : > "$line/ended"
    fi
  fi
  if [ -z "$receiver" ]; then
    if choose; then receive; else report "$(tail -n 1 "$work/answer")" error; fi
  fi
  if [ -n "$receiver" ]; then
    if confirm; then
      failed=0
      rm -f "$ARCHIVE/error"
    else
      failed=$((failed + 1))
      report "$(cat "$work/receiver" "$work/answer" | tail -n 1)" error
      # A connection that is dead without either end knowing.
      if [ $failed -ge 3 ]; then failed=0; kill "$receiver" 2> /dev/null || :; fi
    fi
    compress 2> "$work/compress" || report "$(tail -n 1 "$work/compress")" error
    if [ -n "$base" ] && ! kill -0 "$base" 2> /dev/null; then
      if wait "$base"; then
        rm -f "$ARCHIVE/base-error"
        prune || report "old base backups cannot be removed" base-error
      else
        cat "$work/base" >&2
        report "base backup failed: $(tail -n 1 "$work/base")" base-error
        rm -rf "$line/base/.part"
        retry=$(($(date +%s) + 60))
      fi
      base=
    fi
    if [ -z "$base" ] && [ -e "$line/until" ] && is_due; then
      take_base 2> "$work/base" &
      base=$!
    fi
  fi
  pause "$CONFIRM_SECONDS"
done
`;

/** Health check of the archive: exits with 1 unless the last minutes are archived. Prints what can be restored. */
export const HEALTH_SCRIPT = `set -eu
last=$(ls "$ARCHIVE/lines" 2> /dev/null | tail -n 1)
line=$ARCHIVE/lines/$last
problem=$(cat "$ARCHIVE/error" "$ARCHIVE/base-error" 2> /dev/null | head -n 1)
[ -n "$last" ] && [ -e "$line/until" ] || { echo "nothing is archived yet. $problem"; exit 1; }
moment=$(cat "$line/until")
[ -n "$(find "$line/until" -mmin -${RPO_MINUTES})" ] || { echo "archived until $moment only. $problem"; exit 1; }
first=$(ls "$line/base" | head -n 1)
if [ -z "$first" ]; then
  echo "archived until $moment; no base backup yet. $problem"
  [ -z "$problem" ]
  exit
fi
[ -n "$(find "$line/base" -name base.tar.gz -mmin "-$((BASE_MINUTES * 2))")" ] || { echo "no base backup for two days. $problem"; exit 1; }
echo "restorable to any time from $first to $moment"
`;

/** Lists what can be restored: one line per unbroken sequence, with the first and the last time. */
export const WINDOWS_SCRIPT = `for one in "$ARCHIVE"/lines/*; do
  first=$(ls "$one/base" 2> /dev/null | head -n 1)
  if [ -n "$first" ] && [ -e "$one/until" ]; then printf '%s %s\\n' "$first" "$(cat "$one/until")"; fi
done
`;

/**
 * Recovers the server's state at a time (the first argument, in UTC with `Z`) into `$SCRATCH`, without a network, runs
 * the remaining arguments as a command that connects to it, and removes it. Fails if the archive does not hold
 * everything until that time: PostgreSQL reports a recovery that ends before its target.
 */
export const RECOVER_SCRIPT = `set -eu
umask 077
export LC_ALL=C
: "\${ARCHIVE:?}" "\${SCRATCH:?}" "\${RECOVERY_USER:?}"
target=$1
shift
work=$(mktemp -d)
# Remainders of killed recoveries.
find "$SCRATCH" -maxdepth 1 -name 'recovery-*' -mmin +1440 -exec rm -rf {} +
data=$(mktemp -d "$SCRATCH/recovery-XXXXXX")
finish() {
  pg_ctl stop --pgdata="$data" --mode=immediate --silent > /dev/null 2>&1 || :
  rm -rf "$data" "$work"
}
trap finish EXIT
trap 'exit 143' TERM INT
stampOf() { stamp=$(printf '%s' "$1" | tr -d ':-'); printf '%sZ' "\${stamp%%[.Z]*}"; }
wanted=$(stampOf "$target")
# The time until which everything is archived has no fraction of a second.
case $target in *.000Z | *:[0-9][0-9]Z) within='<=' ;; *) within='<' ;; esac
line= base=
for one in "$ARCHIVE"/lines/*/base/*Z; do
  [ -d "$one" ] && expr "\${one##*/}" '<=' "$wanted" > /dev/null || continue
  [ -n "$base" ] && expr "\${one##*/}" '<' "\${base##*/}" > /dev/null && continue
  base=$one
  line=\${one%/base/*}
done
if [ -z "$base" ] || [ ! -f "$line/until" ] || ! expr "$wanted" "$within" "$(stampOf "$(cat "$line/until")")" > /dev/null; then
  echo "expected a time that the archive covers, got $target; it covers:" >&2
  for one in "$ARCHIVE"/lines/*; do
    first=$(ls "$one/base" | head -n 1)
    [ -z "$first" ] || [ ! -f "$one/until" ] || echo "from $(printf '%s' "$first" | sed 's/\\(....\\)\\(..\\)\\(..T..\\)\\(..\\)\\(..Z\\)/\\1-\\2-\\3:\\4:\\5/') to $(cat "$one/until")" >&2
  done
  exit 1
fi
tar --extract --gzip --file="$base/base.tar.gz" --directory="$data" 2> "$work/tar" &&
  cp "$base/backup_manifest" "$data" &&
  pg_verifybackup --no-parse-wal --quiet "$data" 2> "$work/verify" || {
  tail -n 1 "$work/tar" "$work/verify" >&2
  echo "the base backup \${base##*/} is damaged; fix: restore to a time before \${base##*/}, or a dump" >&2
  exit 1
}
made=$(cat "$data/PG_VERSION")
runs=$(postgres --version | sed 's/^[^0-9]*\\([0-9]*\\).*/\\1/')
if [ "$made" != "$runs" ]; then
  echo "the state at $target is of PostgreSQL $made, and $runs runs; fix: restore a dump" >&2
  exit 1
fi
cat > "$work/segment.sh" <<'SEGMENT'
# A segment that is renamed or compressed meanwhile is looked for again.
for attempt in 1 2 3; do
  if [ -f "$1.gz" ]; then
    gzip -dc "$1.gz" > "$2" && exit 0
    rm -f "$2"
    exit 1
  fi
  cp "$1" "$2" 2> /dev/null && exit 0
  cp "$1.partial" "$2" 2> /dev/null && exit 0
done
exit 1
SEGMENT
echo 'local all all trust' > "$work/hba"
{
  echo "restore_command = 'sh $work/segment.sh $line/wal/%f %p'"
  # The server does not know the name of any time zone yet.
  echo "recovery_target_time = '\${target%Z}+00'"
  echo "recovery_target_action = 'promote'"
  echo "hot_standby = off"
  echo "listen_addresses = ''"
  echo "unix_socket_directories = '$work'"
  echo "hba_file = '$work/hba'"
  echo "shared_preload_libraries = '\${PRELOAD:-}'"
  echo "log_destination = 'stderr'"
  echo "logging_collector = off"
  # The copy is removed after use.
  echo "fsync = off"
} >> "$data/postgresql.auto.conf"
: > "$data/recovery.signal"
stopped=
echo "recovering $target from the base backup \${base##*/}" >&2
# Accepts connections once the target is reached; exits if it cannot be reached.
pg_ctl start --pgdata="$data" --wait --timeout=86400 --silent --log="$work/log" > /dev/null 2>&1 || stopped=yes
until [ -n "$stopped" ] || pg_isready --quiet --host="$work"; do
  pg_ctl status --pgdata="$data" > /dev/null 2>&1 || stopped=yes
  sleep 0.2
done
if [ -n "$stopped" ]; then
  grep -e FATAL -e PANIC "$work/log" | head -n 1 >&2
  # Names the first segment that is not usable, and the last time before it.
  segment=$(cat "$base/start")
  until=$(basename "$base")
  while [ -f "$line/wal/$segment.gz" ] || [ -f "$line/wal/$segment" ]; do
    if [ -f "$line/wal/$segment.gz" ]; then
      gzip -t "$line/wal/$segment.gz" 2> /dev/null || break
      until=$(date -u -r "$line/wal/$segment.gz" +%Y-%m-%dT%H:%M:%SZ)
    fi
    tail=\${segment#????????}
    next=$((0x\${tail%????????} * 256 + 0x\${tail#????????} + 1))
    segment=$(printf '%.8s%08X%08X' "$segment" $((next / 256)) $((next % 256)))
  done
  if [ ! -f "$line/wal/$segment.partial" ]; then
    echo "the WAL segment $segment is missing or damaged; nothing was restored" >&2
    echo "fix: restore to a time before $until, or restore a dump" >&2
  fi
  exit 1
fi
unset PGPASSWORD PGSSLMODE
export PGHOST="$work" PGPORT=5432 PGUSER="$RECOVERY_USER" PGPASSWORD_FILE=/dev/null
"$@"
`;
