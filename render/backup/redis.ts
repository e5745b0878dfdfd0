import { ARRIVED, BEGIN, SENT, type BackupScripts } from "./scripts";

const LOGIN = `REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE")
export REDISCLI_AUTH
store() { redis-cli --no-auth-warning -h "$REDIS_HOST" -p "$REDIS_PORT" "$@"; }
`;

/** Port of the restored copy while the datastore replicates from it. */
export const COPY_PORT = 6399;

const RELEASE = `release() {
  store replicaof no one > /dev/null
  store config set masterauth '' > /dev/null
}
`;

/**
 * Dump and restore of Redis, as a snapshot over its replication protocol. A restore loads the snapshot into a second
 * server, which verifies it. The datastore then becomes a replica of that server temporarily: it keeps the old data
 * until all of the new data has arrived. The append-only file is replaced atomically too, so that a crash at any point
 * leaves either the old or the new data.
 */
export const REDIS: BackupScripts = {
  extension: "rdb",
  dump: `${BEGIN}trap 'rm -rf "$work"' EXIT
${LOGIN}store --rdb "$work/dump.rdb" > /dev/null
redis-check-rdb "$work/dump.rdb" > "$work/check" || { tail -n 5 "$work/check" >&2; exit 1; }
cat "$work/dump.rdb"
sha256sum < "$work/dump.rdb" > "$work/sum.txt"
sed -n 's/.* \\([0-9][0-9]*\\) keys read$/rows \\1/p' "$work/check" >&2
${SENT}`,
  restore: `${BEGIN}${LOGIN}${ARRIVED}${RELEASE}server=
switching=
finish() {
  [ -z "$switching" ] || release || :
  [ -z "$server" ] || kill "$server" 2> /dev/null || :
  rm -rf "$work"
}
trap finish EXIT
mkfifo "$work/sum"
sha256sum < "$work/sum" > "$work/sum.txt" &
summer=$!
tee "$work/sum" > "$work/dump.rdb"
wait $summer
arrived
redis-check-rdb "$work/dump.rdb" > "$work/check" || { tail -n 5 "$work/check" >&2; exit 1; }
host=\${RESTORE_HOST:-$(hostname -i)}
host=\${host%% *}
# The password goes through a file: arguments can be seen.
cat > "$work/redis.conf" <<END
bind $host
port ${COPY_PORT}
requirepass "$REDISCLI_AUTH"
dir $work
dbfilename dump.rdb
save ""
appendonly no
repl-diskless-sync-delay 0
logfile $work/log
END
redis-server "$work/redis.conf" &
server=$!
copy() { redis-cli --no-auth-warning -h "$host" -p ${COPY_PORT} "$@"; }
tries=0
until [ "$(copy ping 2> /dev/null)" = PONG ]; do
  tries=$((tries + 1))
  { [ $tries -lt 1200 ] && kill -0 $server 2> /dev/null; } || { cat "$work/log" >&2; exit 1; }
  sleep 0.5
done
keys=$(copy dbsize)
if [ -n "\${REHEARSE:-}" ]; then
  printf 'rows %s\\n' "$keys"
  exit 0
fi
switching=yes
printf 'config set masterauth "%s"\\n' "$REDISCLI_AUTH" | store > "$work/answer"
grep -q OK "$work/answer" || { echo "the datastore refused the login of its copy" >&2; exit 1; }
store replicaof "$host" ${COPY_PORT} > /dev/null
tries=0
until store info replication 2> /dev/null | grep -q '^master_link_status:up'; do
  tries=$((tries + 1))
  [ $tries -lt 1200 ] || { echo "the datastore did not take the data over" >&2; exit 1; }
  sleep 0.5
done
while store info persistence | grep -qE '^aof_rewrite_(in_progress|scheduled):1'; do sleep 0.2; done
store info persistence | grep -q '^aof_last_bgrewrite_status:ok' || {
  echo "the datastore could not write the restored data to its disk; free space, then restore again" >&2
  exit 1
}
[ "$(store dbsize)" = "$keys" ] || echo "some keys have expired since" >&2
release
switching=
printf 'rows %s\\n' "$keys"
echo restored
`,
  recover: `${BEGIN}trap 'rm -rf "$work"' EXIT
${LOGIN}${RELEASE}if store info replication | grep -q '^master_port:${COPY_PORT}'; then
  release
  echo "the datastore accepts writes again, which an interrupted restore had stopped" >&2
fi
`,
};
