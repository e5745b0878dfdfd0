"""Lag and offsets, from a cluster that is described rather than run. The real one is asked in the end-to-end test."""

import pytest
from confluent_kafka import KafkaError, KafkaException
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from exporters.kafka import Lag, Partition, bootstrap


class Cluster:
    down = False

    def brokers(self) -> int:
        if self.down:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return 1

    def partitions(self) -> list[Partition]:
        self.brokers()
        return [("samples", 0), ("samples", 1), ("commands", 0)]

    def offsets(self, partitions: list[Partition], *, latest: bool) -> dict[Partition, int]:
        return {partition: 100 if latest else 10 for partition in partitions}

    def groups(self) -> dict[str, int]:
        return {"processor": 2, "idle": 0}

    def committed(self, group: str) -> dict[Partition, int]:
        # A topic that is gone, and a group that is ahead of what was asked a moment before.
        late = {("samples", 0): 40, ("samples", 1): 101, ("gone", 0): 5}
        return late if group == "processor" else {}


def lines(cluster: Cluster) -> list[str]:
    registry = CollectorRegistry()
    registry.register(Lag(cluster))
    return generate_latest(registry).decode().splitlines()


def test_says_how_far_behind_every_group_is_in_every_partition() -> None:
    text = lines(Cluster())
    for line in (
        "kafka_up 1.0",
        "kafka_brokers 1.0",
        'kafka_topic_partitions{topic="samples"} 2.0',
        'kafka_topic_partition_current_offset{partition="0",topic="samples"} 100.0',
        'kafka_topic_partition_oldest_offset{partition="0",topic="commands"} 10.0',
        'kafka_consumergroup_members{consumergroup="processor"} 2.0',
        'kafka_consumergroup_members{consumergroup="idle"} 0.0',
        'kafka_consumergroup_current_offset{consumergroup="processor",partition="0",topic="samples"} 40.0',
        'kafka_consumergroup_lag{consumergroup="processor",partition="0",topic="samples"} 60.0',
        'kafka_consumergroup_lag{consumergroup="processor",partition="1",topic="samples"} 0.0',
    ):
        assert line in text, line
    assert not [line for line in text if "gone" in line]


def test_says_that_nobody_answers_and_nothing_else() -> None:
    cluster = Cluster()
    cluster.down = True
    assert [line for line in lines(cluster) if not line.startswith("#")] == ["kafka_up 0.0"]
    assert Lag(cluster).check() == "Kafka does not answer"


def test_takes_addresses_not_urls() -> None:
    assert bootstrap("a:9092,b:9092") == "a:9092,b:9092"
    with pytest.raises(ValueError, match="host:port"):
        bootstrap("kafka://a:9092")
