"""Recordings and what belongs to them, in PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from neurascale_common.bands import BANDS, dominant
from neurascale_common.chunks import Chunk
from neurascale_common.windows import WINDOW
from sqlalchemy import Row, Select, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from .model import band_power, chunk, prediction, recording
from .schemas import Prediction, Recording, RecordingCreate, Window

ROWS = 2000
"""Most rows of one statement."""


class Conflict(Exception):
    """There is a recording with this id, and it is another one."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which windows are asked for."""

    device: str | None
    recording: UUID | None
    since: datetime | None
    until: datetime | None
    limit: int


@dataclass(slots=True)
class Writing:
    """What one batch adds."""

    chunks: Sequence[Chunk]
    windows: Sequence[Window]
    predictions: Sequence[Prediction]


class Store(Protocol):
    """Recordings, wherever they are kept. Methods that find nothing give None."""

    async def create(self, id: UUID, new: RecordingCreate) -> Recording:
        """The recording; the same request may come again.

        :raises Conflict: when there is another recording with this id
        """

    async def stop(self, id: UUID) -> Recording | None: ...

    async def recording(self, id: UUID) -> Recording | None: ...

    async def recordings(self, device: str | None, limit: int) -> list[Recording]: ...

    async def windows(self, span: Span) -> list[Window]: ...

    async def predictions(self, span: Span) -> list[Prediction]: ...

    def chunks(self, id: UUID) -> AsyncIterator[tuple[int, bytes]]:
        """Sequence and samples of all chunks, in order."""

    async def write(self, writing: Writing) -> None:
        """All of it or nothing. What is there already stays as it is."""


class SqlStore:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self, id: UUID, new: RecordingCreate) -> Recording:
        values = {"id": id, **new.model_dump()}
        async with self._engine.begin() as connection:
            await connection.execute(insert(recording).values(values).on_conflict_do_nothing())
            row = (await connection.execute(select(recording).where(recording.c.id == id))).one()
        if (row.device_id, row.started_at, row.rate) != (new.device_id, new.started_at, new.rate):
            raise Conflict
        return shown(row)

    async def stop(self, id: UUID) -> Recording | None:
        now = datetime.now(UTC)
        change = (
            update(recording)
            .where(recording.c.id == id)
            .values(stopped_at=func.coalesce(recording.c.stopped_at, now))
            .returning(recording)
        )
        async with self._engine.begin() as connection:
            row = (await connection.execute(change)).one_or_none()
        return shown(row) if row else None

    async def recording(self, id: UUID) -> Recording | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(recording).where(recording.c.id == id))).one_or_none()
        return shown(row) if row else None

    async def recordings(self, device: str | None, limit: int) -> list[Recording]:
        newest = select(recording).order_by(recording.c.started_at.desc(), recording.c.id).limit(limit)
        if device is not None:
            newest = newest.where(recording.c.device_id == device)
        async with self._engine.connect() as connection:
            return [shown(row) for row in await connection.execute(newest)]

    async def windows(self, span: Span) -> list[Window]:
        table = band_power.c
        key = (table.time, table.recording_id, table.device_id, table.window_index)
        columns = [
            func.array_agg(aggregate_order_by(table[band], table.channel)).label(band) for band in BANDS
        ]
        query = (
            within(select(*key, *columns), band_power, span).group_by(*key).order_by(*key).limit(span.limit)
        )
        async with self._engine.connect() as connection:
            return [
                window_of(
                    row.recording_id,
                    row.device_id,
                    row.window_index,
                    row.time,
                    np.array([getattr(row, band) for band in BANDS]).T,
                )
                for row in await connection.execute(query)
            ]

    async def predictions(self, span: Span) -> list[Prediction]:
        table = prediction.c
        query = within(select(prediction), prediction, span)
        query = query.order_by(table.time, table.recording_id, table.model).limit(span.limit)
        async with self._engine.connect() as connection:
            return [
                Prediction(
                    recording_id=row.recording_id,
                    device_id=row.device_id,
                    index=row.window_index,
                    time=row.time,
                    label=row.label,
                    probability=row.probability,
                    model=row.model,
                )
                for row in await connection.execute(query)
            ]

    async def chunks(self, id: UUID) -> AsyncIterator[tuple[int, bytes]]:
        query = (
            select(chunk.c.sequence, chunk.c.samples)
            .where(chunk.c.recording_id == id)
            .order_by(chunk.c.sequence)
        )
        async with self._engine.connect() as connection:
            rows = await connection.stream(query.execution_options(yield_per=500))
            async for sequence, samples in rows:
                yield sequence, bytes(samples)

    async def write(self, writing: Writing) -> None:
        async with self._engine.begin() as connection:
            for rows, table in (
                (chunk_rows(writing.chunks), chunk),
                (window_rows(writing.windows), band_power),
                (prediction_rows(writing.predictions), prediction),
            ):
                for start in range(0, len(rows), ROWS):
                    part = rows[start : start + ROWS]
                    await connection.execute(insert(table).values(part).on_conflict_do_nothing())
            newest = {one.recording: one for one in sorted(writing.chunks, key=lambda one: one.sequence)}
            if newest:
                grow = (
                    update(recording)
                    .where(recording.c.id == bindparam("key"))
                    .values(
                        chunk_size=bindparam("size"),
                        last_sequence=func.greatest(
                            func.coalesce(recording.c.last_sequence, -1), bindparam("sequence")
                        ),
                    )
                )
                # In one order everywhere, so that two writers never wait for each other.
                values = [
                    {"key": id, "size": newest[id].size, "sequence": newest[id].sequence}
                    for id in sorted(newest)
                ]
                await connection.execute(grow, values)


def within(query: Select[Any], table: Any, span: Span) -> Select[Any]:
    if span.device is not None:
        query = query.where(table.c.device_id == span.device)
    if span.recording is not None:
        query = query.where(table.c.recording_id == span.recording)
    if span.since is not None:
        query = query.where(table.c.time >= span.since)
    if span.until is not None:
        query = query.where(table.c.time < span.until)
    return query


def shown(row: Row[Any]) -> Recording:
    values = row._asdict()
    size, last = values.pop("chunk_size"), values.pop("last_sequence")
    seconds = 0.0 if last is None or size is None else (last + 1) * size / row.rate
    return Recording(seconds=seconds, **values)


def window_of(recording: UUID, device: str, index: int, time: datetime, powers: Any) -> Window:
    """`powers`: one row per channel, one column per band."""
    mean = powers.mean(axis=0)
    return Window(
        recording_id=recording,
        device_id=device,
        index=index,
        time=time,
        seconds=WINDOW,
        powers={band: [round(float(one), 4) for one in powers[:, at]] for at, band in enumerate(BANDS)},
        mean={band: round(float(mean[at]), 4) for at, band in enumerate(BANDS)},
        dominant=dominant(mean),
    )


def chunk_rows(chunks: Sequence[Chunk]) -> list[dict[str, Any]]:
    return [
        {
            "time": one.time,
            "recording_id": one.recording,
            "sequence": one.sequence,
            "samples": one.samples.astype("<f4").tobytes(),
        }
        for one in chunks
    ]


def window_rows(windows: Sequence[Window]) -> list[dict[str, Any]]:
    return [
        {
            "time": one.time,
            "recording_id": one.recording_id,
            "device_id": one.device_id,
            "window_index": one.index,
            "channel": channel,
            **{band: one.powers[band][channel] for band in BANDS},
        }
        for one in windows
        for channel in range(len(one.powers["delta"]))
    ]


def prediction_rows(predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    return [
        {
            "time": one.time,
            "recording_id": one.recording_id,
            "device_id": one.device_id,
            "window_index": one.index,
            "model": one.model,
            "label": one.label,
            "probability": one.probability,
        }
        for one in predictions
    ]
