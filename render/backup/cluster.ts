import type { BackupScripts } from "./scripts";

/** Path of the datastore's script in a cluster job. */
export const STORE_SCRIPT = "/etc/longshore/store.sh";

const BEGIN = `set -eu
umask 077
: "\${BACKUP_FOLDER:?}" "\${BACKUP_NAME:?}"
trap 'exit 143' TERM INT
`;

const SEQUENCE = "[0-9][0-9][0-9][0-9][0-9][0-9]*";

/**
 * Wraps a datastore's script to read and write dumps in a folder, with the same steps and names as on one machine. The
 * scheduled job and a manual one may run concurrently: incomplete dumps have random names, and complete ones have
 * distinct names.
 */
export function folderScript(
  { extension }: Pick<BackupScripts, "extension">,
  purpose: "dump" | "restore",
): string {
  return purpose === "dump" ? dumpScript(extension) : restoreScript(extension);
}

const dumpScript = (extension: string): string => `${BEGIN}part=$(mktemp "$BACKUP_FOLDER/.part-XXXXXXXX")
said=$(mktemp)
checksum=
held=
release() {
  [ -z "$held" ] || rmdir "$BACKUP_FOLDER/.number-$BACKUP_NAME-$held" || :
  held=
}
trap 'rm -f "$part" "$said"; [ -z "$checksum" ] || rm -f "$checksum"; release' EXIT
sh ${STORE_SCRIPT} > "$part" 2> "$said" || { cat "$said" >&2; echo "nothing of this dump was kept" >&2; exit 1; }
sync
stored=$(sha256sum < "$part")
stored=\${stored%% *}
[ "$stored" = "$(sed -n 's/^sha256 //p' "$said")" ] || { echo "the folder does not hold what was written to it" >&2; exit 1; }
# Counts up, so that the order of dumps does not depend on the clock. Only one job can create the folder of a number.
last_number() {
  last=0
  for one in "$BACKUP_FOLDER/$BACKUP_NAME"-${SEQUENCE}-*Z-*.${extension}*; do
    [ -f "$one" ] || continue
    number=\${one#"$BACKUP_FOLDER/$BACKUP_NAME-"}
    number=$(expr "\${number%%-*}" + 0)
    [ "$number" -le "$last" ] || last=$number
  done
}
last_number
next=$((last + 1))
tries=0
until mkdir "$BACKUP_FOLDER/.number-$BACKUP_NAME-$next" 2> /dev/null && held=$next && last_number && [ "$last" -lt "$next" ]; do
  # Another job holds the number, or has used it since the folder was listed.
  release
  [ "$last" -lt "$next" ] || next=$last
  next=$((next + 1))
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "$BACKUP_FOLDER: no sequence number can be taken" >&2; exit 1; }
done
name=$(printf '%s-%06d-%s-%s.${extension}' "$BACKUP_NAME" "$next" "$(date -u +%Y%m%dT%H%M%SZ)" "\${part##*.part-}")
checksum="$BACKUP_FOLDER/$name.sha256"
printf '%s  %s\\n' "$stored" "$name" > "$checksum"
release
mv "$part" "$BACKUP_FOLDER/$name"
echo "wrote $BACKUP_FOLDER/$name, $(wc -c < "$BACKUP_FOLDER/$name") bytes, $(sed -n 's/^rows //p' "$said") rows"
checksum=
`;

const restoreScript = (
  extension: string,
): string => `${BEGIN}file=\${BACKUP_FILE:+"$BACKUP_FOLDER/$BACKUP_FILE"}
if [ -z "$file" ]; then
  # Dumps from before there were sequences are older than all others.
  for one in "$BACKUP_FOLDER/$BACKUP_NAME"-[0-9]*Z.${extension} "$BACKUP_FOLDER/$BACKUP_NAME"-${SEQUENCE}-*Z-*.${extension}; do
    [ ! -f "$one" ] || file=$one
  done
fi
[ -f "$file" ] || { echo "there is no dump $file" >&2; exit 1; }
DUMP_SHA256=$(sha256sum < "$file")
DUMP_SHA256=\${DUMP_SHA256%% *}
if [ -f "$file.sha256" ]; then
  read -r expected rest < "$file.sha256"
  [ "$expected" = "$DUMP_SHA256" ] || { echo "$file is damaged or incomplete; the current data is unchanged" >&2; exit 1; }
fi
RESTORE_ID=$(mktemp -u XXXXXXXX | tr '[:upper:]' '[:lower:]')
export DUMP_SHA256 RESTORE_ID
echo "restoring $file"
sh ${STORE_SCRIPT} < "$file"
`;
