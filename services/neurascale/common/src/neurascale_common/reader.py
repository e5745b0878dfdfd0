"""Reads the topic of samples in a consumer group: every window reaches the handler at least once, across crashes."""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from .chunks import TOPIC_SAMPLES, BadChunk, Chunk, decode
from .windows import Progress, Window

log = logging.getLogger("neurascale_common.reader")

STALLED: Final = 60.0
"""Seconds without a look for messages, nor an attempt to handle some, after which a reader counts as dead."""
PAUSES: Final = (0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts; the last one repeats."""


@dataclass(slots=True)
class Batch:
    """What came together, to be written together."""

    chunks: list[Chunk] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    others: list[ConsumerRecord[bytes, bytes]] = field(default_factory=list)
    """Messages of other topics."""
    unreadable: int = 0

    def __bool__(self) -> bool:
        return bool(self.chunks or self.windows or self.others)


class Handler(Protocol):
    async def __call__(self, batch: Batch) -> None:
        """Has the batch's effect for good. It may come again, so it has to be safe to repeat."""


class Reader(ConsumerRebalanceListener):  # type: ignore[misc]
    """A loop over messages: read, handle until it succeeds, then commit.

    The committed offset is behind the chunks of incomplete windows. The next reader reads those chunks again, so that
    no window is lost between two readers.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        handler: Handler,
        transient: tuple[type[BaseException], ...],
        other_topics: Sequence[str] = (),
    ) -> None:
        """`transient`: errors of the handler after which it is worth another try. All others are too, but loudly."""
        self._consumer = consumer
        self._handler = handler
        self._transient = transient
        self._topics = [TOPIC_SAMPLES, *other_topics]
        self._progress: dict[TopicPartition, Progress] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._assignment = 0
        self._moved = time.monotonic()
        self._stopping = asyncio.Event()
        self.failures = 0
        """Attempts in a row that failed."""

    @property
    def lives(self) -> bool:
        return time.monotonic() - self._moved < STALLED

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def touch(self) -> None:
        """Someone who waits on our behalf gives a sign of life."""
        self._moved = time.monotonic()

    def stop(self) -> None:
        self._stopping.set()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        # The next reader starts at the committed offset. Discard the state of these partitions.
        self._assignment += 1
        self._progress.clear()
        self._committed.clear()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        listed = sorted(f"{one.topic}/{one.partition}" for one in assigned)
        log.info("partitions assigned", extra={"partitions": listed})

    async def run(self) -> None:
        """Until `stop`; a batch in hand is finished first."""
        await self._connect()
        try:
            while not self._stopping.is_set():
                self._moved = time.monotonic()
                records = await self._consumer.getmany(timeout_ms=300, max_records=400)
                # No await between the read and these two: they belong to the same assignment.
                assignment, batch = self._assignment, self.take(records)
                if await self._handle(batch, assignment):
                    await self._commit(assignment)
        finally:
            with suppress(KafkaError):
                await self._consumer.stop()

    async def _connect(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            self._moved = time.monotonic()
            try:
                await self._consumer.start()
            except KafkaError as error:
                log.warning("Kafka cannot be reached", extra={"error": repr(error)})
                await self._pause(attempt)
                attempt += 1
            else:
                self._consumer.subscribe(self._topics, listener=self)
                return

    def take(self, records: Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]) -> Batch:
        batch = Batch()
        for partition, messages in records.items():
            progress = self._progress.setdefault(partition, Progress())
            for message in messages:
                if partition.topic != TOPIC_SAMPLES:
                    batch.others.append(message)
                    progress.skip(message.offset)
                    continue
                try:
                    chunk = decode(message.value or b"")
                except BadChunk as error:
                    batch.unreadable += 1
                    progress.skip(message.offset)
                    log.error(
                        "a message holds no chunk",
                        extra={
                            "error": str(error),
                            "partition": partition.partition,
                            "offset": message.offset,
                        },
                    )
                    continue
                batch.chunks.append(chunk)
                window = progress.add(chunk, message.offset, message.timestamp)
                if window:
                    batch.windows.append(window)
        return batch

    async def _handle(self, batch: Batch, assignment: int) -> bool:
        """Whether the batch had its effect and is still ours to commit."""
        self.failures = 0
        while batch and assignment == self._assignment:
            self._moved = time.monotonic()
            try:
                await self._handler(batch)
                break
            except self._transient as error:
                log.warning(
                    "a batch could not be written", extra={"error": repr(error), "attempt": self.failures}
                )
            except Exception:
                log.exception("a batch could not be handled", extra={"attempt": self.failures})
            if self._stopping.is_set():
                return False
            await self._pause(self.failures)
            self.failures += 1
        self.failures = 0
        return assignment == self._assignment

    async def _pause(self, attempt: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), PAUSES[min(attempt, len(PAUSES) - 1)])

    async def _commit(self, assignment: int) -> None:
        offsets = {
            partition: progress.safe
            for partition, progress in self._progress.items()
            if self._committed.get(partition) != progress.safe
        }
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            # The next commit covers this one; until then a successor would only do some work again.
            log.warning("offsets could not be committed", extra={"error": repr(error)})
        else:
            if assignment == self._assignment:
                self._committed.update(offsets)
