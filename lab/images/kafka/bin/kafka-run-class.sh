#!/bin/bash
# Runs a class of Kafka. Honours KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_LOG4J_OPTS, KAFKA_OPTS and LOG_DIR as the
# official script does; writes no log of garbage collections.
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=${LOG_DIR:-$base/logs}
[ -d "$logs" ] || mkdir -p "$logs"
# Options are words on purpose.
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true} \
  -Dkafka.logs.dir="$logs" ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$base/config/tools-log4j2.yaml} ${KAFKA_OPTS:-} \
  -cp "$base/libs/*" "$@"
