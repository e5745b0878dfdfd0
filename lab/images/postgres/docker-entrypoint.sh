#!/bin/bash
# The parts of the official image's entry point that Longshore relies on, written anew: NAME and NAME_FILE settings, first
# start with initdb and the scripts of /docker-entrypoint-initdb.d (ended in the middle it leaves half a database, there as
# here), passwords on every TCP connection, start as root or, without any capability, as the database user itself.
set -Eeuo pipefail

fail() { echo "docker-entrypoint: $*" >&2; exit 1; }

# setting NAME DEFAULT: exports NAME from NAME, from the file NAME_FILE names, or from DEFAULT.
setting() {
  local name=$1 file="${1}_FILE"
  [ -z "${!name:-}" ] || [ -z "${!file:-}" ] || fail "both $name and $file are set"
  if [ -n "${!file:-}" ]; then
    [ -r "${!file}" ] || fail "$file: cannot read ${!file} as user $(id -u)"
    export "$name=$(<"${!file}")"
  else
    export "$name=${!name:-$2}"
  fi
  unset "$file"
}

create() {
  setting POSTGRES_USER postgres
  setting POSTGRES_PASSWORD ""
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS ""
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [ -n "$POSTGRES_PASSWORD" ] || [ "$method" = trust ] ||
    fail "the database is empty and needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE"

  # The extra arguments are words on purpose, as in the official image.
  # shellcheck disable=SC2086
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth-local=trust --auth-host=scram-sha-256 $POSTGRES_INITDB_ARGS
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

  # Reachable only through the socket while the scripts run: a health check over TCP stays honest.
  local options="-c listen_addresses=''"
  [ $# = 0 ] || options+=$(printf ' %q' "$@")
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "$options" -w start
  local psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER")
  [ "$POSTGRES_DB" = postgres ] ||
    "${psql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh)
        echo "docker-entrypoint: running $script"
        # shellcheck source=/dev/null
        if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql)
        echo "docker-entrypoint: running $script"
        "${psql[@]}" --dbname "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz)
        echo "docker-entrypoint: running $script"
        gunzip -c "$script" | "${psql[@]}" --dbname "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown postgres "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    exec gosu postgres "$0" "$@"
  fi
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" 2>/dev/null || true
  [ -s "$PGDATA/PG_VERSION" ] || create "${@:2}"
  unset POSTGRES_PASSWORD
  set -- postgres -c listen_addresses='*' "${@:2}"
fi
exec "$@"
