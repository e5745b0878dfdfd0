set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/7474
printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n' >&3
answer=$(timeout 4 cat <&3)
[[ $answer == HTTP/1.?" 200"* && $answer == *'"neo4j_version"'* ]]
exec 4<>/dev/tcp/127.0.0.1/7687
