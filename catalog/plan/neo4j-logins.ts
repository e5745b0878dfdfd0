// Sends statements to Neo4j over HTTP with only bash. Passwords stay in the process's memory, never in program
// arguments.
const FUNCTIONS = String.raw`set -euo pipefail
escaped() {
  local text=$1
  text=${"$"}{text//\\/\\\\}
  text=${"$"}{text//\"/\\\"}
  printf '%s' "$text"
}
# run USER PASSWORD STATEMENT [OF-USER NEW-PASSWORD]
run() {
  local body answer authorization
  authorization=$(printf '%s:%s' "$1" "$2" | base64 --wrap=0)
  body=$(printf '{"statements":[{"statement":"%s","parameters":{"user":"%s","password":"%s"}}]}' "$3" "${"$"}{4:-}" "$(escaped "${"$"}{5:-}")")
  exec 3<>"/dev/tcp/$GRAPH_HOST/$GRAPH_PORT"
  printf 'POST /db/system/tx/commit HTTP/1.0\r\nHost: %s\r\nAuthorization: Basic %s\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$GRAPH_HOST" "$authorization" "$(printf '%s' "$body" | wc -c)" "$body" >&3
  answer=$(timeout 20 cat <&3)
  exec 3>&-
  [[ $answer == HTTP/1.?" 200"* && $answer == *'"errors":[]'* ]] && return 0
  said=$(grep -o '"code":"[^"]*"' <<< "$answer" | head -n 1)
  return 1
}
password=$(<"$PASSWORD_FILE")
`;

/** Sets the password of the current generation's user, unless it is already set. */
export const LOGIN_SCRIPT = `${FUNCTIONS}run "$GRAPH_USER" "$password" 'SHOW CURRENT USER' && exit 0
previous=$(<"$PREVIOUS_PASSWORD_FILE")
as_resting() { run "$GRAPH_RESTING" "$previous" "$1" "$GRAPH_USER" "$password"; }
if as_resting 'CREATE USER $user IF NOT EXISTS SET PASSWORD $password CHANGE NOT REQUIRED'; then
  # Refused for a user who was just made so.
  as_resting 'ALTER USER $user SET PASSWORD $password CHANGE NOT REQUIRED' || true
  run "$GRAPH_USER" "$password" 'SHOW CURRENT USER' && exit 0
fi
echo "$GRAPH_HOST takes neither the password nor the one before it: $said" >&2
exit 1
`;

/** Replaces the password of the previous generation's user with an unrecorded random one. */
export const RETIRE_SCRIPT = `${FUNCTIONS}unknown=$(head -c 32 /dev/urandom | base64 --wrap=0)
run "$GRAPH_USER" "$password" 'ALTER USER $user SET PASSWORD $password CHANGE NOT REQUIRED' "$GRAPH_RESTING" "$unknown" && exit 0
echo "$GRAPH_HOST did not end the login $GRAPH_RESTING: $said" >&2
exit 1
`;
