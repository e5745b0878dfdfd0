import { ARRIVED, BEGIN, RESTORE_ID, SENT, type BackupScripts } from "./scripts";

// Neo4j extracts native code there, which cannot run on an in-memory folder mounted noexec.
const TEMPORARY = `database=\${NEO4J_DATABASE:-neo4j}
mkdir -p /data/.backup
export JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=/data/.backup
`;

/**
 * Switches to the restored data. Idempotent: after an interruption, it continues with the remaining moves. Neo4j must
 * be stopped.
 */
const SWITCH = `switch() {
  mkdir -p "/data/.before-$1/databases" "/data/.before-$1/transactions" /data/databases /data/transactions
  for part in databases transactions; do
    [ -d "/data/.restore-$1/$part/$database" ] || continue
    if [ -d "/data/$part/$database" ] && [ ! -e "/data/.before-$1/$part/$database" ]; then
      mv "/data/$part/$database" "/data/.before-$1/$part/$database"
    fi
    mv "/data/.restore-$1/$part/$database" "/data/$part/$database"
  done
  sync
  rm -rf "/data/.restore-$1" "/data/.before-$1"
}
`;

/**
 * Dump and restore of Neo4j. The community edition can only dump a stopped database, so `dump` runs while the server is
 * stopped, with its data folder at /data. A restore loads and checks the dump in a second folder while the server runs.
 * Only the switch, which renames two folders, requires a stopped server.
 */
export const NEO4J: BackupScripts = {
  extension: "dump",
  dump: `${BEGIN}trap 'rm -rf "$work"' EXIT
${TEMPORARY}mkfifo "$work/sum"
sha256sum < "$work/sum" > "$work/sum.txt" &
summer=$!
{ neo4j-admin database dump "$database" --to-stdout 2> "$work/said" || : > "$work/failed"; } | tee "$work/sum"
wait $summer
[ ! -e "$work/failed" ] || { cat "$work/said" >&2; exit 1; }
grep -q 'Dump completed successfully' "$work/said" || { cat "$work/said" >&2; echo "the dump is not whole" >&2; exit 1; }
${SENT}`,
  restore: `${BEGIN}${RESTORE_ID}${TEMPORARY}${ARRIVED}
beside="/data/.restore-$RESTORE_ID"
trap 'rm -rf "$work"; [ -e "$beside/ready" ] || rm -rf "$beside"' EXIT
mkdir "$beside"
printf 'server.directories.data=%s\\nserver.directories.transaction.logs.root=%s/transactions\\n' "$beside" "$beside" \\
  > "$work/beside.conf"
mkfifo "$work/sum"
sha256sum < "$work/sum" > "$work/sum.txt" &
summer=$!
tee "$work/sum" | {
  neo4j-admin database load "$database" --from-stdin --overwrite-destination=true \\
    --additional-config="$work/beside.conf" > "$work/said" 2>&1 || : > "$work/failed"
  cat > /dev/null
}
wait $summer
[ ! -e "$work/failed" ] || { cat "$work/said" >&2; exit 1; }
arrived
neo4j-admin database check "$database" --report-path="$work" --additional-config="$work/beside.conf" \\
  > "$work/said" 2>&1 || { tail -n 20 "$work/said" >&2; exit 1; }
if [ -n "\${REHEARSE:-}" ]; then echo "checked"; exit 0; fi
: > "$beside/ready"
sync
echo prepared
`,
  switch: `${BEGIN}trap 'rm -rf "$work"' EXIT
${RESTORE_ID}${TEMPORARY}${SWITCH}[ -e "/data/.restore-$RESTORE_ID/ready" ] || { echo "nothing is prepared" >&2; exit 1; }
switch "$RESTORE_ID"
echo restored
`,
  recover: `${BEGIN}trap 'rm -rf "$work"' EXIT
${TEMPORARY}${SWITCH}for one in /data/.restore-* /data/.before-*; do
  [ -d "$one" ] || continue
  id=\${one##*-}
  if [ -e "/data/.restore-$id/ready" ]; then
    switch "$id"
    echo "completed restore $id, which was interrupted" >&2
  else
    rm -rf "$one"
    echo "removed what restore $id left, which was interrupted" >&2
  fi
done
`,
};
