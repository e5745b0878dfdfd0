import type { BackupScripts } from "./scripts";

/** Path of the datastore's script in a cluster job. */
export const STORE_SCRIPT = "/etc/longshore/store.sh";

/** Path of the program that encrypts and decrypts, in a cluster job. */
export const AGE_PROGRAM = "/opt/longshore/age";

const DIGIT = "[0-9]";
const STAMP = `${DIGIT.repeat(8)}T${DIGIT.repeat(6)}Z`;
/** Sequence numbers have six digits or more. */
const SEQUENCE = `${DIGIT.repeat(6)}*`;

const begin = (extension: string): string => `set -eu
umask 077
: "\${BACKUP_FOLDER:?}" "\${BACKUP_NAME:?}"
trap 'exit 143' TERM INT
# Sequence number, time and path of each complete dump, newest first. Dumps from before there were numbers have number 0.
dumps() {
  for one in "$BACKUP_FOLDER/$BACKUP_NAME"-${DIGIT}*.${extension} "$BACKUP_FOLDER/$BACKUP_NAME"-${DIGIT}*.${extension}.age; do
    [ -f "$one" ] || continue
    rest=\${one#"$BACKUP_FOLDER/$BACKUP_NAME-"}
    case $rest in
      ${SEQUENCE}-${STAMP}-*) number=$(expr "\${rest%%-*}" + 0) || :; rest=\${rest#*-} ;;
      ${STAMP}*) number=0 ;;
      *) continue ;;
    esac
    rest=\${rest%%Z*}
    printf '%s %s %s\\n' "$number" "\${rest%T*}\${rest#*T}" "$one"
  done | sort -k 1,1nr -k 2,2nr
}
`;

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

const dumpScript = (
  extension: string,
): string => `${begin(extension)}part=$(mktemp "$BACKUP_FOLDER/.part-XXXXXXXX")
work=$(mktemp -d)
said="$work/said"
checksum=
held=
release() {
  [ -z "$held" ] || rmdir "$BACKUP_FOLDER/.number-$BACKUP_NAME-$held" || :
  held=
}
trap 'rm -rf "$part" "$work"; [ -z "$checksum" ] || rm -f "$checksum"; release' EXIT
ending=${extension}
if [ -z "\${BACKUP_RECIPIENTS:-}" ]; then
  sh ${STORE_SCRIPT} > "$part" 2> "$said" || : > "$work/failed"
  written=$(sed -n 's/^sha256 //p' "$said")
else
  ending=$ending.age
  mkfifo "$work/plain" "$work/sealed"
  sha256sum < "$work/plain" > "$work/plain.txt" &
  plain=$!
  sha256sum < "$work/sealed" > "$work/sealed.txt" &
  sealed=$!
  { sh ${STORE_SCRIPT} 2> "$said" || : > "$work/failed"; } | tee "$work/plain" | {
    # One word per public key.
    ${AGE_PROGRAM} encrypt $BACKUP_RECIPIENTS || : > "$work/failed"
    cat > /dev/null
  } | tee "$work/sealed" > "$part" || : > "$work/failed"
  wait $plain $sealed
  read -r sent rest < "$work/plain.txt"
  [ "$sent" = "$(sed -n 's/^sha256 //p' "$said")" ] || : > "$work/failed"
  read -r written rest < "$work/sealed.txt"
fi
[ ! -e "$work/failed" ] || { cat "$said" >&2; echo "nothing of this dump was kept" >&2; exit 1; }
sync
stored=$(sha256sum < "$part")
stored=\${stored%% *}
[ "$stored" = "$written" ] || { echo "the folder does not hold what was written to it" >&2; exit 1; }
# Counts up, so that the order of dumps does not depend on the clock. Only one job can create the folder of a number.
last_number() {
  last=$(dumps | sed -n '1s/ .*//p')
  last=\${last:-0}
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
name=$(printf '%s-%06d-%s-%s.%s' "$BACKUP_NAME" "$next" "$(date -u +%Y%m%dT%H%M%SZ)" "\${part##*.part-}" "$ending")
checksum="$BACKUP_FOLDER/$name.sha256"
printf '%s  %s\\n' "$stored" "$name" > "$checksum"
mv "$part" "$BACKUP_FOLDER/$name"
release
echo "wrote $BACKUP_FOLDER/$name, $(wc -c < "$BACKUP_FOLDER/$name") bytes, $(sed -n 's/^rows //p' "$said") rows"
checksum=
# Only here, after a new dump: if dumps fail, the old ones remain. The newest remain by their number, whatever the clock says.
oldest=$(date -u -d "@$(($(date +%s) - BACKUP_KEEP_DAYS * 86400))" +%Y%m%d%H%M%S)
dumps | sed "1,\${BACKUP_KEEP_AT_LEAST}d" | while read -r number time old; do
  [ "$time" -lt "$oldest" ] || continue
  rm -f "$old" "$old.sha256" || { echo "$old: could not be deleted" >&2; continue; }
  echo "deleted $old, which is older than $BACKUP_KEEP_DAYS days"
done
`;

const restoreScript = (
  extension: string,
): string => `${begin(extension)}file=\${BACKUP_FILE:+"$BACKUP_FOLDER/$BACKUP_FILE"}
[ -n "$file" ] || file=$(dumps | sed -n '1s/^[0-9]* [0-9]* //p')
[ -f "$file" ] || { echo "there is no dump $file" >&2; exit 1; }
stored=$(sha256sum < "$file")
stored=\${stored%% *}
if [ -f "$file.sha256" ]; then
  read -r expected rest < "$file.sha256"
  [ "$expected" = "$stored" ] || { echo "$file is damaged or incomplete; the current data is unchanged" >&2; exit 1; }
fi
plain() { cat "$file"; }
DUMP_SHA256=$stored
case $file in *.age)
  echo "$file is encrypted: waiting for its private key (AGE-SECRET-KEY-...) on standard input"
  identity=
  while [ -z "$identity" ] && IFS= read -r line; do
    case $line in AGE-SECRET-KEY-*) identity=$line ;; esac
  done
  [ -n "$identity" ] || { echo "expected a private key on standard input, got none; the current data is unchanged" >&2; exit 1; }
  plain() { printf '%s\n' "$identity" | ${AGE_PROGRAM} decrypt "$file"; }
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Decrypts it twice, so that a dump that cannot be read to its end changes nothing.
  DUMP_SHA256=$({ plain || : > "$work/failed"; } | sha256sum)
  DUMP_SHA256=\${DUMP_SHA256%% *}
  [ ! -e "$work/failed" ] || { echo "$file cannot be decrypted; the current data is unchanged" >&2; exit 1; }
esac
RESTORE_ID=$(mktemp -u XXXXXXXX | tr '[:upper:]' '[:lower:]')
export DUMP_SHA256 RESTORE_ID
echo "restoring $file"
plain | sh ${STORE_SCRIPT}
`;
