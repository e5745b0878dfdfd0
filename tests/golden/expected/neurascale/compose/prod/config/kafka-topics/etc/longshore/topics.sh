set -euo pipefail
tool() { "/opt/kafka/bin/$1" --bootstrap-server "$KAFKA_BOOTSTRAP" "${@:2}"; }
for attempt in $(seq 60); do
  (exec 3<>"/dev/tcp/${KAFKA_BOOTSTRAP%:*}/${KAFKA_BOOTSTRAP##*:}") 2>/dev/null && break
  [ "$attempt" -lt 60 ] || { echo "no answer from $KAFKA_BOOTSTRAP within 2 minutes" >&2; exit 1; }
  sleep 2
done
there=$(tool kafka-topics.sh --describe)
while read -r topic partitions settings; do
  line=$(awk -F '\t' -v topic="Topic: $topic" '$1 == topic && /PartitionCount: /' <<< "$there")
  if [ -z "$line" ]; then
    echo "creating $topic with $partitions partitions"
    tool kafka-topics.sh --create --if-not-exists --topic "$topic" --partitions "$partitions" \
      $(printf -- '--config %s ' $settings)
    continue
  fi
  now=$(sed 's/.*PartitionCount: \([0-9]*\).*/\1/' <<< "$line")
  if [ "$now" -lt "$partitions" ]; then
    echo "extending $topic from $now to $partitions partitions"
    tool kafka-topics.sh --alter --topic "$topic" --partitions "$partitions"
  elif [ "$now" -gt "$partitions" ]; then
    echo "$topic keeps its $now partitions: Kafka cannot take any away (the catalog says $partitions)"
  fi
  for setting in $settings; do
    case ",${line##*Configs: }," in
      *",$setting,"*) ;;
      *)
        echo "setting $settings for $topic"
        tool kafka-configs.sh --alter --entity-type topics --entity-name "$topic" --add-config "${settings// /,}"
        break
        ;;
    esac
  done
done < /etc/longshore/topics.txt
