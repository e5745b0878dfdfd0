#!/bin/bash
# The parts of the official image's entry point that Longshore relies on, written anew: the image's defaults and the settings
# NEO4J_a_b__c (a.b_c) go to conf/neo4j.conf, the first password comes from NEO4J_AUTH or from the file NEO4J_AUTH_PATH.
set -euo pipefail

fail() { echo "docker-entrypoint: $*" >&2; exit 1; }

readonly conf=$NEO4J_HOME/conf/neo4j.conf
[ -w "$NEO4J_HOME/conf" ] || fail "cannot write $NEO4J_HOME/conf as user $(id -u)"
[ -w /data ] || fail "cannot write /data as user $(id -u)"
touch "$conf"

# setting NAME VALUE: replaces what the file says.
setting() {
  sed --in-place "/^$1=/d" "$conf"
  printf '%s=%s\n' "$1" "$2" >> "$conf"
}
preset() { grep -q "^$1=" "$conf" || printf '%s=%s\n' "$1" "$2" >> "$conf"; }

preset server.memory.pagecache.size 512M
preset server.default_listen_address 0.0.0.0
preset server.directories.run /run
setting server.directories.logs /logs
for variable in $(compgen -v NEO4J_); do
  case $variable in
    NEO4J_AUTH | NEO4J_AUTH_PATH | NEO4J_DEBUG | NEO4J_EDITION | NEO4J_HOME | NEO4J_PLUGINS) continue ;;
  esac
  name=$(sed 's/^NEO4J_//; s/_/./g; s/\.\./_/g' <<< "$variable")
  [ -z "${!variable}" ] || [[ $name =~ ^[0-9] ]] || setting "$name" "${!variable}"
done

if [ "${1:-}" = neo4j ]; then
  auth=${NEO4J_AUTH:-}
  if [ -n "${NEO4J_AUTH_PATH:-}" ]; then
    [ -r "$NEO4J_AUTH_PATH" ] || fail "cannot read $NEO4J_AUTH_PATH as user $(id -u)"
    auth=$(<"$NEO4J_AUTH_PATH")
  fi
  if [ "$auth" = none ]; then
    setting dbms.security.auth_enabled false
  elif [[ $auth =~ ^neo4j/([^/]+)$ ]]; then
    neo4j-admin dbms set-initial-password "${BASH_REMATCH[1]}"
  elif [ -n "$auth" ]; then
    fail "expected neo4j/PASSWORD in NEO4J_AUTH or its file"
  fi
  unset auth NEO4J_AUTH
  command=$(neo4j console --dry-run)
  eval "exec $command"
fi
exec "$@"
