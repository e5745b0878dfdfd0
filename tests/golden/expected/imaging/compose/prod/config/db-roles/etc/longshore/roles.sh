set -euo pipefail
export PGPASSWORD="$(cat "$PGPASSWORD_FILE")"
for attempt in $(seq 60); do
  pg_isready -q -t 3 && break
  [ "$attempt" -lt 60 ] || { echo "no answer from $PGHOST:$PGPORT within 2 minutes" >&2; exit 1; }
  sleep 2
done
if [ -n "${PREVIOUS_PGPASSWORD_FILE:-}" ] && ! psql --no-psqlrc --quiet --command='SELECT' > /dev/null 2>&1; then
  export PGPASSWORD="$(cat "$PREVIOUS_PGPASSWORD_FILE")"
fi
exec psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=/etc/longshore/roles.sql
