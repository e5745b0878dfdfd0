"""Offsets of a Kafka cluster and the lag of its consumers, asked for as any client can.

Names are those of the exporter that most dashboards know (kafka_consumergroup_lag and the like).
"""

import logging
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from longshore_service.logs import setup
from longshore_service.probes import serving
from longshore_service.settings import ServiceSettings, load_or_exit, setting, whole
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

log = logging.getLogger("exporters.kafka")

TIMEOUT = 5.0
"""Seconds that one answer may take."""

type Partition = tuple[str, int]


def bootstrap(text: str) -> str:
    if not text or "://" in text:
        raise ValueError("host:port, separated by commas")
    return text


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    port: int = setting(9308, whole(1, 65535))
    kafka_bootstrap: str = setting("", bootstrap)


class Cluster(Protocol):
    """What is asked of Kafka."""

    def brokers(self) -> int: ...
    def partitions(self) -> list[Partition]:
        """Of all topics but Kafka's own."""
        ...

    def offsets(self, partitions: list[Partition], *, latest: bool) -> dict[Partition, int]: ...
    def groups(self) -> dict[str, int]:
        """Members by consumer group."""
        ...

    def committed(self, group: str) -> dict[Partition, int]: ...


class Kafka:
    """The cluster itself."""

    def __init__(self, servers: str) -> None:
        self._admin = AdminClient(
            {
                "bootstrap.servers": servers,
                "client.id": "kafka-exporter",
                "socket.timeout.ms": int(TIMEOUT * 1000),
                "log_level": 3,
            },
            logger=log,
        )

    def brokers(self) -> int:
        return len(self._admin.list_topics(timeout=TIMEOUT).brokers)

    def partitions(self) -> list[Partition]:
        topics = self._admin.list_topics(timeout=TIMEOUT).topics
        return [
            (name, number)
            for name, topic in topics.items()
            if not name.startswith("__")
            for number in topic.partitions
        ]

    def offsets(self, partitions: list[Partition], *, latest: bool) -> dict[Partition, int]:
        spec = OffsetSpec.latest() if latest else OffsetSpec.earliest()  # type: ignore[no-untyped-call]
        asked = {TopicPartition(topic, number): spec for topic, number in partitions}
        futures = self._admin.list_offsets(asked, request_timeout=TIMEOUT) if asked else {}
        return {(one.topic, one.partition): future.result().offset for one, future in futures.items()}

    def groups(self) -> dict[str, int]:
        listed = self._admin.list_consumer_groups(request_timeout=TIMEOUT).result().valid
        names = [one.group_id for one in listed]
        described = self._admin.describe_consumer_groups(names, request_timeout=TIMEOUT) if names else {}
        return {name: len(future.result().members) for name, future in described.items()}

    def committed(self, group: str) -> dict[Partition, int]:
        asked = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT
        )
        partitions: list[Any] = asked[group].result().topic_partitions or []
        return {(one.topic, one.partition): one.offset for one in partitions if one.offset >= 0}


class Lag(Collector):
    """Asks the cluster at every scrape. When it does not answer, kafka_up is 0 and nothing else is said."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        try:
            families = list(self._ask())
        except KafkaException as error:
            log.warning("Kafka does not answer", extra={"reason": str(error)})
            families = []
        up = GaugeMetricFamily("kafka_up", "Whether the cluster answers.")
        up.add_metric((), float(bool(families)))
        yield up
        yield from families

    def _ask(self) -> Iterator[Metric]:
        cluster = self._cluster
        partitions = cluster.partitions()
        newest, oldest = (cluster.offsets(partitions, latest=latest) for latest in (True, False))
        members = cluster.groups()
        yield _family("kafka_brokers", "Brokers of the cluster.", (), [((), cluster.brokers())])
        counts = [(topic, sum(1 for name, _ in partitions if name == topic)) for topic in _topics(partitions)]
        yield _family(
            "kafka_topic_partitions", "Partitions of a topic.", ("topic",), [((t,), n) for t, n in counts]
        )
        of_partition = ("topic", "partition")
        for name, text, offsets in (
            ("kafka_topic_partition_current_offset", "Where the next message goes.", newest),
            ("kafka_topic_partition_oldest_offset", "The oldest message that is kept.", oldest),
        ):
            yield _family(
                name, text, of_partition, [((t, str(p)), value) for (t, p), value in offsets.items()]
            )
        groups = [((group,), count) for group, count in members.items()]
        yield _family("kafka_consumergroup_members", "Consumers of a group.", ("consumergroup",), groups)
        committed = [
            ((group, topic, str(number)), offset, max(0, newest[topic, number] - offset))
            for group in members
            for (topic, number), offset in cluster.committed(group).items()
            if (topic, number) in newest
        ]
        of_group = ("consumergroup", *of_partition)
        at = [(labels, offset) for labels, offset, _ in committed]
        yield _family("kafka_consumergroup_current_offset", "How far a group has come.", of_group, at)
        lag = [(labels, behind) for labels, _, behind in committed]
        yield _family("kafka_consumergroup_lag", "Messages that a group has not had yet.", of_group, lag)

    def check(self) -> str | None:
        return None if _answers(self._cluster.brokers) else "Kafka does not answer"


def _answers(ask: Callable[[], int]) -> bool:
    try:
        return ask() > 0
    except KafkaException:
        return False


def _topics(partitions: list[Partition]) -> list[str]:
    return sorted({topic for topic, _ in partitions})


def _family(
    name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def main() -> None:
    settings = load_or_exit(Settings)
    setup("exporters", settings.log_level)
    if not settings.kafka_bootstrap:
        raise SystemExit("settings: 1 problem\n  KAFKA_BOOTSTRAP: not set; name the brokers as host:port")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lag = Lag(Kafka(settings.kafka_bootstrap))
    REGISTRY.register(lag)
    with serving("kafka-exporter", settings, ready=lag.check):
        stop.wait()


if __name__ == "__main__":
    main()
