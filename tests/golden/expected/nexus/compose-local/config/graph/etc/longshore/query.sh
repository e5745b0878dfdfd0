set -euo pipefail
login=$(<"$NEO4J_AUTH_PATH")
authorization=$(printf '%s:%s' "${login%%/*}" "${login#*/}" | base64 --wrap=0)
body='{"statements":[{"statement":"RETURN 1"}]}'
exec 3<>/dev/tcp/127.0.0.1/7474
printf 'POST /db/neo4j/tx/commit HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\nAccess-Mode: READ\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
  "$authorization" "${#body}" "$body" >&3
answer=$(timeout 4 cat <&3)
[[ $answer == HTTP/1.?" 200"* && $answer == *'"errors":[]'* ]]
