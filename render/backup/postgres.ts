import { ARRIVED, BEGIN, RESTORE_ID, SENT, type BackupScripts } from "./scripts";

const LOGIN = `PGPASSWORD=$(cat "$PGPASSWORD_FILE")
export PGPASSWORD
sql() { psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }
`;

/**
 * Parses a dump as SQL. Writes the number of rows of each table to `rows`, and the statements about the database itself
 * (owner, grants, settings), for the database name `to`, to `database`.
 */
const READER = `cat > "$work/read.awk" <<'AWK'
function renamed(line, before,   at) {
  at = index(line, before from " ")
  return at == 0 ? "" : substr(line, 1, at + length(before) - 1) to substr(line, at + length(before) + length(from))
}
# A statement ends with a semicolon outside of quotes.
function goes_on(line,   quotes) {
  quotes = gsub(/'/, "'", line)
  odd = (odd + quotes) % 2
  return odd || line !~ /;$/
}
inside && $0 == "\\\\." { print count "\\t" table > rows; inside = 0; next }
inside { count++; next }
more { print > database; more = goes_on($0); next }
/^COPY .* FROM stdin;$/ {
  match($0, /^COPY ("([^"]|"")+"|[^".]+)[.]("([^"]|"")+"|[^" ]+) /)
  table = substr($0, 6, RLENGTH - 6); inside = 1; count = 0; next
}
/^-- (Data for )?Name: / {
  own = /; Type: DATABASE( PROPERTIES)?;/ || (/^-- Name: DATABASE / && /; Type: (ACL|COMMENT);/)
  next
}
own && /^(ALTER DATABASE|COMMENT ON DATABASE|GRANT|REVOKE|ALTER ROLE) / {
  line = renamed($0, "DATABASE ")
  if (line != "") { print line > database; odd = 0; more = goes_on(line) }
}
AWK
: > "$work/rows"
: > "$work/database"
read_whole() {
  { pg_restore --create --file=- || : > "$work/failed"; } |
    LC_ALL=C awk -v from="$1" -v to="$2" -v rows="$work/rows" -v database="$work/database" -f "$work/read.awk"
}
`;

const DATABASES = `live=$PGDATABASE
# With our name in it, so that no database that a person made is taken for ours. At most 63 bytes.
short=$(printf '%.32s' "$live")_longshore
admin() { sql --dbname=postgres "$@"; }
quoted() { admin --set=name="$1" <<'SQL'
SELECT quote_ident(:'name');
SQL
}
exists() { [ "$(admin --set=name="$1" <<'SQL'
SELECT count(*) FROM pg_database WHERE datname = :'name';
SQL
)" = 1 ]; }
drop() { admin --set=name="$1" <<'SQL'
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SQL
}
leftovers() { admin --set=before="\${short}_restore_" --set=after="\${short}_before_" --set=live="$live" <<'SQL'
SELECT datname FROM pg_database
WHERE starts_with(datname, :'before')
   OR (starts_with(datname, :'after') AND EXISTS (SELECT FROM pg_database WHERE datname = :'live'));
SQL
}
`;

const CLEAN = `leftovers > "$work/leftovers"
while IFS= read -r name; do
  drop "$name" 2> /dev/null
  echo "dropped $name, which an interrupted restore left" >&2
done < "$work/leftovers"
`;

/**
 * Dump and restore of PostgreSQL: one database with its owner, grants and settings. A dump contains no roles.
 * Longshore's roles job creates them, so they must exist before a restore. The restored database replaces the current
 * one by two renames in one transaction.
 */
export const POSTGRES: BackupScripts = {
  extension: "dump",
  dump: `${BEGIN}trap 'rm -rf "$work"' EXIT
${LOGIN}${READER}mkfifo "$work/copy" "$work/sum"
read_whole x x < "$work/copy" &
reader=$!
sha256sum < "$work/sum" > "$work/sum.txt" &
summer=$!
{ pg_dump --format=custom --no-password "$PGDATABASE" || : > "$work/failed"; } | tee "$work/copy" "$work/sum"
wait $reader $summer
[ ! -e "$work/failed" ] || { echo "the dump is not whole" >&2; exit 1; }
awk '{ sum += $1 } END { printf "rows %d\\n", sum }' "$work/rows" >&2
${SENT}`,
  restore: `${BEGIN}${RESTORE_ID}${LOGIN}${READER}${DATABASES}${ARRIVED}
beside="\${short}_restore_$RESTORE_ID"
before="\${short}_before_$RESTORE_ID"
[ -z "\${KEEP_OLD:-}" ] || before="\${short}_kept_$RESTORE_ID"
if [ "$(admin --set=begin="\${short}_restore_" <<'SQL'
SELECT count(*) FROM pg_stat_activity WHERE starts_with(datname, :'begin') AND application_name = 'pg_restore';
SQL
)" != 0 ]; then echo "another restore of $live is running" >&2; exit 1; fi
${CLEAN}ender=
finish() {
  [ -z "$ender" ] || kill "$ender" 2> /dev/null || :
  exists "$beside" && drop "$beside" 2> /dev/null
  rm -rf "$work"
}
trap finish EXIT
create="CREATE DATABASE $(quoted "$beside") TEMPLATE template0"
if exists "$live"; then
  # With the encoding and the locale of the current one.
  made=$(pg_dump --no-password --schema-only --create --exclude-schema='*' "$live" | grep -m 1 '^CREATE DATABASE ')
  create="CREATE DATABASE $(quoted "$beside") \${made#"CREATE DATABASE $(quoted "$live") "}"
fi
admin --command="$create"
mkfifo "$work/copy" "$work/sum"
read_whole "$(quoted "$live")" "$(quoted "$beside")" < "$work/copy" &
reader=$!
sha256sum < "$work/sum" > "$work/sum.txt" &
summer=$!
# TimescaleDB would interfere with its own tables coming back; elsewhere the setting has no effect.
tee "$work/copy" "$work/sum" | {
  PGOPTIONS='-c timescaledb.restoring=on' pg_restore --no-password --exit-on-error --dbname="$beside" ||
    : > "$work/failed"
  cat > /dev/null
}
wait $reader $summer
[ ! -e "$work/failed" ] || { echo "the dump cannot be restored; the current data is unchanged" >&2; exit 1; }
arrived
sql --dbname="$beside" < "$work/database"
# Every table has the rows that the dump has of it. Tables of extensions have rows of their own.
awk -F '\\t' '{
  name = $2; gsub(/\\047/, "\\047\\047", name)
  print "SELECT \\047" name "\\047 WHERE (SELECT count(*) FROM ONLY " $2 ") <> " $1 \\
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = \\047pg_class\\047::regclass" \\
    " AND objid = \\047" name "\\047::regclass AND deptype = \\047e\\047);"
}' "$work/rows" > "$work/check.sql"
different=$(sql --dbname="$beside" < "$work/check.sql")
[ -z "$different" ] || { echo "rows are missing in $different; the current data is unchanged" >&2; exit 1; }
sql --dbname="$beside" --command=ANALYZE
if [ -n "\${REHEARSE:-}" ]; then
  awk '{ sum += $1 } END { printf "rows %d\\n", sum }' "$work/rows"
  awk 'END { printf "tables %d\\n", NR }' "$work/rows"
  exit 0
fi
# A rename waits until no session is connected; new sessions wait for the rename, and then get the restored database.
( while :; do
  admin --set=one="$live" --set=two="$beside" > /dev/null 2>&1 <<'SQL' || :
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (:'one', :'two');
SQL
  sleep 0.2
done ) &
ender=$!
switch="ALTER DATABASE $(quoted "$beside") RENAME TO $(quoted "$live");"
if exists "$live"; then
  switch="ALTER DATABASE $(quoted "$live") RENAME TO $(quoted "$before"); $switch"
fi
tries=0
until admin --command="BEGIN; $switch COMMIT;" 2> "$work/switch"; do
  tries=$((tries + 1))
  [ $tries -lt 6 ] || { cat "$work/switch" >&2; exit 1; }
done
kill "$ender" 2> /dev/null || :
ender=
if exists "$before"; then
  if [ -n "\${KEEP_OLD:-}" ]; then
    echo "kept $before"
  else
    drop "$before" 2> /dev/null
  fi
fi
awk '{ sum += $1 } END { printf "rows %d\\n", sum }' "$work/rows"
echo restored
`,
  recover: `${BEGIN}trap 'rm -rf "$work"' EXIT
${LOGIN}${DATABASES}${CLEAN}`,
};
