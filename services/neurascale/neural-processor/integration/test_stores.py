"""Recordings over PostgreSQL, Redis and Kafka: what the unit tests' memory cannot show."""

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import httpx2
import numpy as np
import pytest
from neurascale_common.chunks import Chunk
from neurascale_common.reader import Batch
from neurascale_common.windows import Cutter

from conftest import until
from neural_processor.live import RedisLive
from neural_processor.process import Process
from neural_processor.schemas import Recording, RecordingCreate
from neural_processor.seed import SAMPLES, seed
from neural_processor.store import Conflict, Span, SqlStore


def chunks(recording: Recording, count: int, frequency: float = 10) -> list[Chunk]:
    """Quarters of a second of a sine of 50 µV."""
    made = []
    for sequence in range(count):
        times = (sequence * 64 + np.arange(64)) / 256
        wave = (50 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)[None, :].repeat(2, 0)
        time = recording.started_at + timedelta(seconds=sequence / 4)
        made.append(Chunk(recording.id, recording.device_id, sequence, time, 256, wave))
    return made


def batch(taken: list[Chunk]) -> Batch:
    cutter = Cutter()
    windows = [window for one in taken if (window := cutter.add(one, one.sequence, 0))]
    return Batch(chunks=taken, windows=windows)


def all_of(recording: UUID) -> Span:
    return Span(None, recording, None, None, 10_000)


async def kept(store: SqlStore, recording: UUID) -> Recording:
    found = await store.recording(recording)
    assert found
    return found


async def test_life_of_a_recording(store: SqlStore, recording: UUID) -> None:
    there = await kept(store, recording)
    new = RecordingCreate.model_validate(there.model_dump(exclude={"id", "stopped_at", "seconds"}))
    assert await store.create(recording, new) == there, "the same request may come again"
    with pytest.raises(Conflict):
        await store.create(recording, new.model_copy(update={"rate": 128}))
    stopped = await store.stop(recording)
    assert stopped and stopped.stopped_at
    assert await store.stop(recording) == stopped
    assert recording in {one.id for one in await store.recordings(there.device_id, 10)}
    assert await store.stop(UUID(int=0)) is None


async def test_what_comes_twice_is_written_once(store: SqlStore, live: RedisLive, recording: UUID) -> None:
    process, taken = Process(store, live), chunks(await kept(store, recording), 24)
    for _ in range(2):
        await process(batch(taken))
    windows = await store.windows(all_of(recording))
    assert [one.index for one in windows] == [0, 1, 2, 3, 4]
    assert {one.dominant for one in windows} == {"alpha"}
    assert windows[0].mean["alpha"] == pytest.approx(1250, rel=0.05), "a sine of 50 µV has 1250 µV²"
    stored = [one async for one in store.chunks(recording)]
    assert [sequence for sequence, _ in stored] == list(range(24))
    assert stored[3][1] == taken[3].samples.tobytes()
    assert (await kept(store, recording)).seconds == 6


async def test_two_writers_of_one_recording_do_not_hinder_each_other(
    store: SqlStore, live: RedisLive, recording: UUID
) -> None:
    process, taken = Process(store, live), chunks(await kept(store, recording), 40)
    await asyncio.gather(*(process(batch(taken)) for _ in range(6)))
    assert len(await store.windows(all_of(recording))) == 9


async def test_the_newest_values_are_there_and_told_of(
    store: SqlStore, live: RedisLive, recording: UUID
) -> None:
    there = await kept(store, recording)
    events: list[str] = []
    over = asyncio.Event()

    async def follow() -> None:
        async for event in live.follow(there.device_id, over.is_set):
            events.append(event)

    following = asyncio.create_task(follow())

    async def told() -> list[str]:
        await Process(store, live)(batch(chunks(there, 12)))
        return events

    await until(told, lambda found: any(one.startswith("event: window") for one in found))
    over.set()
    await following
    assert events[0].startswith("event: hello")
    latest = await live.latest(there.device_id)
    assert latest.window and latest.window.recording_id == recording
    assert (await live.latest("nobody")).window is None


async def test_samples_become_windows_and_predictions_by_way_of_kafka(
    own: httpx2.AsyncClient, store: SqlStore, recording: UUID
) -> None:
    for one in chunks(await kept(store, recording), 24, frequency=20):
        taken = await own.post("/internal/samples", content=one.encode())
        assert taken.status_code == 200, taken.text
    windows = await until(lambda: store.windows(all_of(recording)), lambda found: len(found) == 5)
    assert {one.dominant for one in windows} == {"beta"}
    made = await until(lambda: store.predictions(all_of(recording)), lambda found: len(found) == 5)
    assert [one.index for one in made] == [0, 1, 2, 3, 4]
    shown = (await own.get("/api/bands", params={"recording": str(recording)})).json()["items"]
    assert [one["index"] for one in shown] == [0, 1, 2, 3, 4]
    export = await own.get(f"/api/recordings/{recording}/export")
    assert export.content[1:4] == b"HDF"


async def test_what_does_not_fit_the_recording_is_refused(
    own: httpx2.AsyncClient, store: SqlStore, recording: UUID
) -> None:
    (one,) = chunks(await kept(store, recording), 1)
    wrong = {**json.loads(one.encode()), "device_id": "other"}
    assert (await own.post("/internal/samples", content=json.dumps(wrong))).status_code == 422
    assert (await own.post("/internal/samples", content=b"{}")).status_code == 422
    assert await store.windows(all_of(recording)) == []


async def test_the_seed_adds_nothing_twice(store: SqlStore) -> None:
    assert await seed(store) == (len(SAMPLES), 0)
    assert await seed(store) == (0, len(SAMPLES))
