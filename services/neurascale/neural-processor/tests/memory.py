"""PostgreSQL, Redis and Kafka in memory: stand-ins, so that the service can be tested while the image is built."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from neurascale_common.chunks import Chunk
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from neural_processor.ingest import NotTaken
from neural_processor.live import event, events, newest
from neural_processor.schemas import Latest, Prediction, Recording, RecordingCreate, Window
from neural_processor.store import Conflict, Span, Writing

START = datetime(2026, 1, 1, tzinfo=UTC)
ID = UUID(int=1)


def chunk(sequence: int, *, frequency: float = 10, start: datetime = START) -> Chunk:
    times = (sequence * 64 + np.arange(64)) / 256
    samples = (50 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)[None, :].repeat(2, 0)
    return Chunk(ID, "simulator-1", sequence, start + timedelta(seconds=sequence / 4), 256, samples)


class Memory:
    """Recordings and what belongs to them."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Recording] = {}
        self.chunks_by_key: dict[tuple[UUID, int], Chunk] = {}
        self.windows_by_key: dict[tuple[UUID, int], Window] = {}
        self.predictions_by_key: dict[tuple[UUID, int, str], Prediction] = {}
        self.away = False

    def _there(self) -> None:
        if self.away:
            raise OperationalError("select", {}, Exception("connection refused"))

    async def create(self, id: UUID, new: RecordingCreate) -> Recording:
        self._there()
        made = Recording(id=id, stopped_at=None, seconds=0, **new.model_dump())
        there = self.kept.setdefault(id, made)
        if there.device_id != made.device_id:
            raise Conflict
        return there

    async def stop(self, id: UUID) -> Recording | None:
        found = await self.recording(id)
        if found:
            self.kept[id] = found.model_copy(update={"stopped_at": START + timedelta(seconds=100)})
        return self.kept.get(id)

    async def recording(self, id: UUID) -> Recording | None:
        self._there()
        return self.kept.get(id)

    async def recordings(self, device: str | None, limit: int) -> list[Recording]:
        return [one for one in self.kept.values() if device in (None, one.device_id)][:limit]

    async def windows(self, span: Span) -> list[Window]:
        return [one for key, one in sorted(self.windows_by_key.items()) if one.time >= (span.since or START)]

    async def predictions(self, span: Span) -> list[Prediction]:
        return [one for _, one in sorted(self.predictions_by_key.items())]

    async def chunks(self, id: UUID) -> AsyncIterator[tuple[int, bytes]]:
        for (_, sequence), one in sorted(self.chunks_by_key.items(), key=lambda item: item[0][1]):
            yield sequence, one.samples.tobytes()

    async def write(self, writing: Writing) -> None:
        self._there()
        for chunk in writing.chunks:
            self.chunks_by_key.setdefault((chunk.recording, chunk.sequence), chunk)
        for window in writing.windows:
            self.windows_by_key.setdefault((window.recording_id, window.index), window)
        for one in writing.predictions:
            self.predictions_by_key.setdefault((one.recording_id, one.index, one.model), one)


class MemoryLive:
    def __init__(self) -> None:
        self.shown: list[tuple[str, str, str]] = []
        self.values: dict[tuple[str, str], Window | Prediction] = {}
        self.away = False

    async def show(self, writing: Writing) -> None:
        self.shown += events(writing)
        self.values |= {(name, one.device_id): one for name, one in newest(writing)}

    async def latest(self, device: str) -> Latest:
        if self.away:
            raise RedisAway
        return Latest.model_validate(
            {
                "device_id": device,
                "window": self.values.get(("window", device)),
                "prediction": self.values.get(("prediction", device)),
            }
        )

    async def follow(self, device: str, ended: Callable[[], bool]) -> AsyncIterator[str]:
        for owner, name, data in self.shown:
            if owner == device:
                yield event(name, data)


class MemoryKafka:
    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bytes]] = []
        self.away = False

    async def send(self, key: bytes, value: bytes) -> tuple[int, int]:
        if self.away:
            raise NotTaken("no answer")
        self.taken.append((key, value))
        return 0, len(self.taken) - 1
