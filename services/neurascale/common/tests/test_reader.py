"""Chunks become windows once each, and what is committed never passes what a successor would need."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from neurascale_common.chunks import TOPIC_PREDICTIONS, TOPIC_SAMPLES, Chunk
from neurascale_common.reader import Batch, Reader
from neurascale_common.windows import QUIET, Cutter, Progress

START = datetime(2026, 1, 1, tzinfo=UTC)
PARTITION = TopicPartition(TOPIC_SAMPLES, 0)


def chunk(sequence: int, recording: int = 1) -> Chunk:
    samples = (sequence * 64 + np.arange(64, dtype=np.float32))[None, :].repeat(8, 0)
    return Chunk(UUID(int=recording), "d", sequence, START + timedelta(seconds=sequence / 4), 256, samples)


@dataclass
class Message:
    offset: int
    value: bytes
    timestamp: int = 0


def messages(*sequences: int, first: int = 0, recording: int = 1) -> list[Message]:
    return [Message(first + at, chunk(one, recording).encode()) for at, one in enumerate(sequences)]


def indexes(cutter: Cutter, *sequences: int) -> list[int]:
    windows = [cutter.add(chunk(one), one, 0) for one in sequences]
    return [window.index for window in windows if window]


def test_windows_last_two_seconds_and_begin_every_second() -> None:
    cutter = Cutter()
    windows = [window for n in range(16) if (window := cutter.add(chunk(n), n, 0))]
    assert [window.index for window in windows] == [0, 1, 2]
    assert windows[1].time == START + timedelta(seconds=1)
    assert np.array_equal(windows[1].samples[3], np.arange(256, 768))


def test_what_comes_twice_is_passed_over() -> None:
    assert indexes(Cutter(), 0, 1, 2, 2, 3, 1, 4, 5, 6, 7, 7) == [0]


def test_after_a_gap_windows_begin_again_behind_it() -> None:
    # 9 is missing: windows 1 (4 to 11) and 2 (8 to 15) have a hole.
    assert indexes(Cutter(), *range(9), *range(10, 24)) == [0, 3, 4]


def test_a_recording_may_begin_anywhere() -> None:
    assert indexes(Cutter(), *range(6, 20)) == [2, 3]


def test_a_successor_that_begins_at_the_safe_offset_misses_no_window() -> None:
    log = [chunk(n // 2, 1 + n % 2) for n in range(80)]
    expected = {(one, index) for one in (1, 2) for index in range(9)}
    for crash in range(1, 80):
        first, second = Progress(), Progress()
        seen = [first.add(log[n], n, n) for n in range(crash)]
        seen += [second.add(log[n], n, n) for n in range(first.safe, 80)]
        assert {(window.recording.int, window.index) for window in seen if window} == expected, crash


def test_a_recording_that_ended_does_not_hold_back_the_others() -> None:
    progress = Progress()
    progress.add(chunk(0, 1), 0, stamp=1000)
    for n in range(10):
        progress.add(chunk(n, 2), 1 + n, stamp=1000 + n)
    assert progress.safe == 0
    progress.add(chunk(10, 2), 11, stamp=1002 + QUIET)
    assert progress.safe > 0


class Consumer:
    """Hands out what it is given, as aiokafka's consumer would."""

    def __init__(self, *batches: Mapping[TopicPartition, Sequence[Message]]) -> None:
        self.batches = list(batches)
        self.committed: dict[TopicPartition, int] = {}
        self.starts = 0
        self.reader: Reader | None = None

    async def start(self) -> None:
        self.starts += 1
        if self.starts == 1:
            raise KafkaConnectionError

    def subscribe(self, topics: list[str], listener: object) -> None:
        assert topics == [TOPIC_SAMPLES, TOPIC_PREDICTIONS]

    async def getmany(self, **_options: int) -> Mapping[TopicPartition, Sequence[Message]]:
        await asyncio.sleep(0)
        if self.batches:
            return self.batches.pop(0)
        assert self.reader
        self.reader.stop()
        return {}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.update(offsets)

    async def stop(self) -> None:
        pass


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurascale_common.reader.PAUSES", (0.0,))


async def run(consumer: Consumer, handler: Any) -> Reader:
    reader = Reader(consumer, handler, (OSError,), [TOPIC_PREDICTIONS])
    consumer.reader = reader
    await reader.run()
    return reader


async def test_a_batch_is_handled_until_it_succeeds_and_only_then_committed() -> None:
    consumer = Consumer({PARTITION: messages(*range(9))})
    attempts: list[list[int]] = []

    async def handler(batch: Batch) -> None:
        assert consumer.committed == {}
        attempts.append([window.index for window in batch.windows])
        if len(attempts) < 3:
            raise OSError("down") if len(attempts) == 1 else RuntimeError("odd")

    await run(consumer, handler)
    assert attempts == [[0], [0], [0]]
    assert consumer.starts == 2
    assert consumer.committed == {PARTITION: 4}, "chunks 4 to 8 are needed for window 1"


async def test_nothing_is_committed_of_partitions_that_went_to_another_reader() -> None:
    consumer = Consumer({PARTITION: messages(*range(9))}, {PARTITION: messages(*range(4, 12), first=4)})
    seen: list[list[int]] = []

    async def handler(batch: Batch) -> None:
        seen.append([window.index for window in batch.windows])
        if len(seen) == 1:
            assert consumer.reader
            await consumer.reader.on_partitions_revoked({PARTITION})
            assert consumer.committed == {}

    await run(consumer, handler)
    assert seen == [[0], [1]]
    assert consumer.committed == {PARTITION: 8}


async def test_messages_that_hold_no_chunk_are_passed_over_and_other_topics_handed_on() -> None:
    other = TopicPartition(TOPIC_PREDICTIONS, 0)
    consumer = Consumer({PARTITION: [Message(0, b"{}"), Message(1, b"\xff")], other: [Message(5, b"x")]})
    batches: list[Batch] = []

    async def handler(batch: Batch) -> None:
        batches.append(batch)

    await run(consumer, handler)
    assert [(batch.unreadable, [one.value for one in batch.others]) for batch in batches] == [(2, [b"x"])]
    assert consumer.committed == {PARTITION: 2, other: 6}
