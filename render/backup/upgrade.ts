import { BEGIN } from "./scripts";

/** Port of the new server, which shares the network of the old one. */
export const UPGRADE_PORT = 5433;

/**
 * What the copy must have in common with the original, one line each. `EXACT` adds what a running server changes. Rights
 * are compared by what each role may do, because the stored form of rights may differ.
 */
const INVENTORY = `SET search_path = '';
SELECT 'database', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype
  FROM pg_database WHERE datname = current_database() AND datname <> 'postgres';
SELECT 'extension', extname FROM pg_extension;
SELECT 'schema', nspname, pg_get_userbyid(nspowner)
  FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema';
CREATE TEMPORARY VIEW own AS
  SELECT c.oid, c.relkind, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
SELECT 'relation', relkind, oid::regclass, pg_get_userbyid(relowner) FROM own WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I');
SELECT 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid)
  FROM pg_constraint c JOIN own ON own.oid = conrelid WHERE contype <> 'n';
SELECT 'trigger', tgrelid::regclass, tgname FROM pg_trigger JOIN own ON own.oid = tgrelid WHERE NOT tgisinternal;
SELECT 'function', p.oid::regprocedure, pg_get_userbyid(proowner) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
SELECT 'right', rolname, own.oid::regclass, string_agg(right_, ',' ORDER BY right_)
  FROM pg_roles r, own, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES']) right_
  WHERE relkind IN ('r', 'p', 'v', 'm') AND rolname !~ '^pg_' AND has_table_privilege(r.oid, own.oid, right_)
  GROUP BY 1, 2, 3;
SELECT format('SELECT ''rows'', %L, count(*) FROM ONLY %s', oid::regclass, oid::regclass) FROM own WHERE relkind = 'r' \\gexec
`;

/** Sequences are not part of a snapshot. */
const SEQUENCES = `SELECT 'sequence', schemaname, sequencename, last_value FROM pg_sequences;
`;

const ROLES = `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
  rolconnlimit, rolvaliduntil, md5(rolpassword) FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";
SELECT r.rolname, m.rolname, admin_option, inherit_option, set_option FROM pg_auth_members a
  JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member WHERE m.rolname !~ '^pg_' ORDER BY r.rolname COLLATE "C", m.rolname COLLATE "C";
`;

/**
 * Copies all databases and roles of a PostgreSQL server to a new, empty server of a later major version, and compares the
 * two. Runs in the old image: its pg_dump knows what its minor version keeps in the catalog, and its output loads into
 * every later version. Both servers are on 127.0.0.1: the old one on 5432, the new one on `$TARGET_PORT`. Changes nothing
 * in the old one. `EXACT=yes`: nothing else writes to it.
 */
export const POSTGRES_UPGRADE = `${BEGIN}trap 'rm -rf "$work"' EXIT
PGPASSWORD=$(cat "$PGPASSWORD_FILE")
export PGPASSWORD PGHOST=127.0.0.1
unset PGDATABASE PGPORT
fail() { echo "$*; the current data is unchanged" >&2; exit 1; }
# Terse: a statement with a password must not be part of an error.
sql() { psql --no-psqlrc --quiet --no-password --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=VERBOSITY=terse \\
  --set=SHOW_CONTEXT=never "$@"; }
old() { sql --port=5432 "$@"; }
new() { sql --port="$TARGET_PORT" "$@"; }
until_ready() { # PORT WHAT
  tries=0
  until pg_isready --quiet --port="$1" --dbname=postgres; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "the $2 server did not become ready within 10 minutes"
    sleep 1
  done
}
until_ready 5432 old
until_ready "$TARGET_PORT" new
[ "$(old --dbname=postgres --command="SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')")" = 0 ] ||
  fail "tablespaces are not copied: move the tables to pg_default first"
[ "$(old --dbname=postgres --command="SELECT count(*) FROM pg_prepared_xacts")" = 0 ] ||
  fail "a prepared transaction is open: commit or roll it back first"
closed=$(old --dbname=postgres --command="SELECT string_agg(datname, ', ') FROM pg_database WHERE NOT datallowconn AND datname <> 'template0'")
[ -z "$closed" ] || fail "no connections are allowed to $closed, so it cannot be copied: allow them or drop it"
settings=$(old --dbname=postgres --command="SELECT string_agg(DISTINCT name, ', ') FROM pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$'")
[ -z "$settings" ] || echo "note: not copied, because ALTER SYSTEM set it: $settings"
slots=$(old --dbname=postgres --command="SELECT string_agg(slot_name, ', ') FROM pg_replication_slots")
[ -z "$slots" ] || echo "note: replication slots are not copied: $slots"

admin=$(old --dbname=postgres --command='SELECT quote_ident(current_user)')
pg_dumpall --globals-only --no-password --port=5432 --database=postgres > "$work/globals"
grep -vxF "CREATE ROLE $admin;" "$work/globals" > "$work/roles.sql"
new --dbname=postgres --file="$work/roles.sql" > "$work/out" 2> "$work/error" || { cat "$work/error" >&2; fail "the roles were not copied"; }
cat > "$work/roles-check.sql" <<'SQL'
${ROLES}SQL
old --dbname=postgres --file="$work/roles-check.sql" > "$work/before"
new --dbname=postgres --file="$work/roles-check.sql" > "$work/after"
cmp -s "$work/before" "$work/after" || fail "the roles of the copy differ"
roles=$(old --dbname=postgres --command="SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_'")

cat > "$work/inventory.sql" <<'SQL'
${INVENTORY}SQL
if [ "\${EXACT:-}" = yes ]; then
  cat >> "$work/inventory.sql" <<'SQL'
${SEQUENCES}SQL
fi
# A session whose snapshot the dump and the inventory share, so that writes in the meantime make no difference.
hold() {
  rm -f "$work/in" "$work/snapshot"
  mkfifo "$work/in"
  old --file="$work/in" > /dev/null 2> "$work/held" &
  holder=$!
  # Read-write, because opening for writing would wait for a reader that fails to connect.
  exec 3<> "$work/in"
  printf '%s\\n' 'BEGIN ISOLATION LEVEL REPEATABLE READ;' "SELECT pg_export_snapshot() \\\\g $work/snapshot" >&3
  until [ -s "$work/snapshot" ]; do
    kill -0 $holder 2> /dev/null || { cat "$work/held" >&2; fail "$name cannot be read"; }
    sleep 0.1
  done
  snapshot=$(cat "$work/snapshot")
}
release() {
  printf '%s\\n' "\\\\o $work/before" "\\\\i $work/inventory.sql" '\\o' 'ROLLBACK;' >&3
  exec 3>&-
  wait $holder || { cat "$work/held" >&2; fail "the inventory of the original was not read"; }
}
old --dbname=postgres --command="SELECT datname FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname = 'postgres' DESC, 1" > "$work/databases"
total=0
tables=0
while IFS= read -r name; do
  echo "copying $name" >&2
  PGDATABASE=$name
  export PGDATABASE
  hold
  create=
  if [ "$name" != postgres ]; then
    new --dbname=postgres --set=name="$name" <<'SQL'
SET client_min_messages = error;
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
SQL
    create=--create
  fi
  { pg_dump --format=custom --no-password --port=5432 --snapshot="$snapshot" 2> "$work/dump" || : > "$work/failed"; } |
    { pg_restore --no-password --exit-on-error --port="$TARGET_PORT" --dbname=postgres $create 2> "$work/restore" ||
      : > "$work/failed"; }
  # Only the first line of an error, because the statement may contain a password.
  [ ! -e "$work/failed" ] || { grep -h -E '^pg_(dump|restore): error' "$work/restore" "$work/dump" >&2 || :; }
  [ ! -e "$work/failed" ] || fail "database $name was not copied"
  release
  { printf '%s\\n' 'BEGIN;' "\\\\o $work/after" "\\\\i $work/inventory.sql" '\\o' 'ROLLBACK;'; } | new
  LC_ALL=C sort "$work/before" > "$work/expected"
  LC_ALL=C sort "$work/after" > "$work/found"
  if ! cmp -s "$work/expected" "$work/found"; then
    diff "$work/expected" "$work/found" | grep '^[<>]' | head -n 10 >&2 || :
    fail "database $name differs from its copy (< expected, > copied)"
  fi
  total=$((total + $(awk -F '|' '$1 == "rows" { sum += $NF } END { print sum + 0 }' "$work/found")))
  tables=$((tables + $(awk -F '|' '$1 == "rows" { sum += 1 } END { print sum + 0 }' "$work/found")))
done < "$work/databases"
vacuumdb --all --analyze-only --quiet --no-password --port="$TARGET_PORT" --maintenance-db=postgres
new --dbname=postgres --command=CHECKPOINT
echo "databases $(grep -c '' "$work/databases")"
echo "roles $roles"
echo "tables $tables"
echo "rows $total"
`;
