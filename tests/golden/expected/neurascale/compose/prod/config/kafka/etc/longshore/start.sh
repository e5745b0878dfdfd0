set -euo pipefail
rm -rf /var/lib/kafka/data/tmp
mkdir -p /var/lib/kafka/data/tmp
if [ ! -e /var/lib/kafka/data/formatted ]; then
  /opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id bG9uZ3Nob3JlLWthZmthMQ --config /etc/longshore/server.properties
  touch /var/lib/kafka/data/formatted
fi
exec /opt/kafka/bin/kafka-server-start.sh /etc/longshore/server.properties
