import { RECOVER_SCRIPT } from "../../catalog/plan/postgres-archive-scripts";
import { POSTGRES } from "./postgres";

/** Recovers the state at `$TARGET_TIME` and dumps it like the running database: read to its end, with a checksum. */
export const RECOVERED_DUMP = `set -eu
umask 077
scripts=$(mktemp -d)
cat > "$scripts/recover.sh" <<'LONGSHORE_RECOVER'
${RECOVER_SCRIPT}LONGSHORE_RECOVER
cat > "$scripts/dump.sh" <<'LONGSHORE_DUMP'
${POSTGRES.dump}LONGSHORE_DUMP
exec sh "$scripts/recover.sh" "$TARGET_TIME" sh "$scripts/dump.sh"
`;
