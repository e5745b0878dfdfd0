"""Takes samples: checks them against their recording, and answers when Kafka has them for good."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Annotated, Final, Protocol
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Request
from longshore_service.problems import Problem
from neurascale_common.chunks import TOPIC_SAMPLES, BadChunk, Chunk, decode

from . import metrics
from .schemas import Recording, RecordingCreate, Taken
from .store import Conflict, Store

log = logging.getLogger("neural_processor.ingest")

router = APIRouter(prefix="/internal")

PATIENCE: Final = 8.0
"""Seconds that Kafka gets to acknowledge."""
REMEMBERED: Final = 3.0
"""Seconds that a recording is known without asking the database: so long a stop may go unnoticed."""


class Producer(Protocol):
    async def send(self, key: bytes, value: bytes) -> tuple[int, int]:
        """Partition and offset, when all replicas that are in sync have it.

        :raises NotTaken: when nothing is known of it
        """


class NotTaken(Exception):
    pass


class KafkaProducer:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, key: bytes, value: bytes) -> tuple[int, int]:
        try:
            async with asyncio.timeout(PATIENCE):
                done = await self._producer.send_and_wait(TOPIC_SAMPLES, value, key=key)
        except (KafkaError, TimeoutError) as error:
            raise NotTaken(repr(error)) from None
        return done.partition, done.offset


@dataclass(slots=True)
class Known:
    recording: Recording
    until: float


class Desk:
    """What the routes work with."""

    def __init__(self, store: Store, producer: Producer) -> None:
        self.store = store
        self.producer = producer
        self._known: dict[UUID, Known] = {}

    async def recording(self, id: UUID) -> Recording | None:
        known = self._known.get(id)
        if known and known.until > time.monotonic():
            return known.recording
        try:
            found = await self.store.recording(id)
        except Exception as error:
            if known is None:
                raise
            # Samples must not wait for a database that they do not need yet.
            log.warning("a recording could not be looked up", extra={"error": type(error).__name__})
            found = known.recording
        if found is None:
            self._known.pop(id, None)
            return None
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[id] = Known(found, time.monotonic() + REMEMBERED)
        return found

    def forget(self, id: UUID) -> None:
        self._known.pop(id, None)


def desk_of(request: Request) -> Desk:
    return request.app.state.ingest  # type: ignore[no-any-return]


At = Annotated[Desk, Depends(desk_of)]


@router.put("/recordings/{id}")
async def create_recording(desk: At, id: UUID, new: RecordingCreate) -> Recording:
    try:
        return await desk.store.create(id, new)
    except Conflict:
        raise Problem(409, "conflict", "There is another recording with this id.") from None


@router.post("/recordings/{id}/stop")
async def stop_recording(desk: At, id: UUID) -> Recording:
    stopped = await desk.store.stop(id)
    desk.forget(id)
    if stopped is None:
        raise absent()
    return stopped


@router.post("/samples")
async def take_samples(desk: At, request: Request) -> Taken:
    """Takes one chunk. It may come again: it is stored once."""
    body = await request.body()
    try:
        chunk = decode(body)
    except BadChunk as error:
        metrics.refused.labels("invalid").inc()
        raise Problem(422, "invalid", str(error)) from None
    recording = await desk.recording(chunk.recording)
    if recording is None:
        metrics.refused.labels("unknown").inc()
        raise absent()
    fits(chunk, recording)
    began = time.perf_counter()
    try:
        partition, offset = await desk.producer.send(chunk.recording.bytes, body)
    except NotTaken as error:
        metrics.refused.labels("kafka").inc()
        log.warning("Kafka did not acknowledge a chunk", extra={"error": str(error)})
        raise Problem(503, "not-taken", "Kafka did not acknowledge.", headers={"Retry-After": "1"}) from None
    metrics.produced.observe(time.perf_counter() - began)
    metrics.taken.inc()
    return Taken(sequence=chunk.sequence, partition=partition, offset=offset)


def fits(chunk: Chunk, recording: Recording) -> None:
    """:raises Problem: when the chunk is not one of this recording"""
    if recording.stopped_at and chunk.time >= recording.stopped_at:
        metrics.refused.labels("stopped").inc()
        raise Problem(409, "stopped", "The recording was stopped before these samples.")
    got = (chunk.device, chunk.rate, len(chunk.samples))
    expected = (recording.device_id, recording.rate, len(recording.channels))
    if got != expected:
        metrics.refused.labels("invalid").inc()
        raise Problem(422, "invalid", f"Expected device, rate and number of channels {expected}, got {got}.")


def absent() -> Problem:
    return Problem(404, "no-such-recording", "There is no recording with this id.")
