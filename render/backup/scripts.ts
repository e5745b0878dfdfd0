/** What a dump and its way back are made with. Scripts of `sh`, run in the datastore's own image. */
export interface BackupScripts {
  /** Writes a file below `$BACKUP_FOLDER` whose name begins with `$BACKUP_NAME`, and only when it is whole. */
  readonly dump: string;
  /** Puts `$BACKUP_FILE`, or else the newest dump, in the place of what there is. */
  readonly restore: string;
}

const BEGIN = `set -eu
umask 077
: "\${BACKUP_FOLDER:?}" "\${BACKUP_NAME:?}"
`;

/** A dump counts when it is whole: until then it has another name. */
const named = (
  ending: string,
): string => `file="$BACKUP_FOLDER/$BACKUP_NAME-$(date -u +%Y%m%dT%H%M%SZ).${ending}"
part="$BACKUP_FOLDER/.part-$$.${ending}"
trap 'rm -f "$part"' EXIT
`;

const finished = `[ -s "$part" ] || { echo "the dump is empty" >&2; exit 1; }
mv "$part" "$file"
echo "wrote $file, $(wc -c < "$file") bytes"
`;

const newest = (ending: string): string => `file=\${BACKUP_FILE:-}
if [ -n "$file" ]; then
  file="$BACKUP_FOLDER/$file"
else
  for one in "$BACKUP_FOLDER/$BACKUP_NAME"-*.${ending}; do file=$one; done
fi
[ -f "$file" ] || { echo "there is no dump $file" >&2; exit 1; }
echo "restoring $file"
`;

const POSTGRES_LOGIN = `PGPASSWORD=$(cat "$PGPASSWORD_FILE")
export PGPASSWORD
`;

/**
 * PostgreSQL: the database with its owner and rights. Roles are not in it, for Longshore's job makes them; so they
 * must be there before a restore. Sessions that are open are ended.
 */
export const POSTGRES: BackupScripts = {
  dump: `${BEGIN}${POSTGRES_LOGIN}${named("dump")}pg_dump --format=custom --no-password --file="$part" "$PGDATABASE"
# A dump that cannot be read is none.
pg_restore --list "$part" > /dev/null
${finished}`,
  restore: `${BEGIN}${POSTGRES_LOGIN}${newest("dump")}pg_restore --list "$file" > /dev/null
sql() { psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --dbname=postgres --command="$1"; }
sql "ALTER DATABASE \\"$PGDATABASE\\" ALLOW_CONNECTIONS false"
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$PGDATABASE'" > /dev/null
# TimescaleDB would interfere with its own tables coming back; elsewhere the word means nothing.
PGOPTIONS='-c timescaledb.restoring=on' pg_restore --create --clean --if-exists --no-password --exit-on-error \\
  --dbname=postgres "$file"
psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 --dbname="$PGDATABASE" --command=ANALYZE
echo restored
`,
};

const REDIS_LOGIN = `REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE")
export REDISCLI_AUTH
store() { redis-cli --no-auth-warning -h "$REDIS_HOST" -p "$REDIS_PORT" "$@"; }
`;

/**
 * Redis: a snapshot over its replication protocol. A restore empties it and plays the snapshot back as commands, so
 * that also what writes every command to disk takes it while it runs.
 */
export const REDIS: BackupScripts = {
  dump: `${BEGIN}${REDIS_LOGIN}${named("rdb")}store --rdb "$part" > /dev/null
redis-check-rdb "$part" > /dev/null
${finished}`,
  restore: `${BEGIN}${REDIS_LOGIN}${newest("rdb")}redis-check-rdb "$file" > /dev/null
folder=$(mktemp -d)
cp "$file" "$folder/dump.rdb"
redis-server --port 0 --unixsocket "$folder/socket" --dir "$folder" --dbfilename dump.rdb --save '' --appendonly no \\
  --aof-use-rdb-preamble no --logfile "$folder/log" &
server=$!
trap 'kill $server 2> /dev/null; rm -rf "$folder"' EXIT
copy() { REDISCLI_AUTH='' redis-cli -s "$folder/socket" "$@"; }
tries=0
until [ "$(copy ping 2> /dev/null)" = PONG ]; do
  tries=$((tries + 1))
  { [ $tries -lt 600 ] && kill -0 $server 2> /dev/null; } || { cat "$folder/log" >&2; exit 1; }
  sleep 0.5
done
copy config set appendonly yes > /dev/null
while copy info persistence | grep -qE '^aof_rewrite_(in_progress|scheduled):1'; do sleep 0.2; done
[ "$(store flushall)" = OK ]
answer=$(cat "$folder"/appendonlydir/*.base.aof | store --pipe)
echo "$answer"
case $answer in *'errors: 0,'*) ;; *) exit 1 ;; esac
[ "$(copy dbsize)" = "$(store dbsize)" ] || echo "some keys have expired since, or somebody writes"
echo restored
`,
};

// It unpacks native code, which cannot run from a folder in memory.
const NEO4J_TEMPORARY = `mkdir -p /data/.backup
export JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/data/.backup
`;

/**
 * Neo4j's community edition dumps a database that does not run. So these run beside no server, with its data folder
 * at /data.
 */
export const NEO4J: BackupScripts = {
  dump: `${BEGIN}${named("dump")}folder=$(mktemp -d)
${NEO4J_TEMPORARY}neo4j-admin database dump "\${NEO4J_DATABASE:-neo4j}" --to-path="$folder"
cp "$folder/\${NEO4J_DATABASE:-neo4j}.dump" "$part"
rm -rf "$folder"
${finished}`,
  restore: `${BEGIN}${newest("dump")}${NEO4J_TEMPORARY}neo4j-admin database load "\${NEO4J_DATABASE:-neo4j}" --from-stdin --overwrite-destination=true < "$file"
echo restored
`,
};
