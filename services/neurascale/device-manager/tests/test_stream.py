"""Samples are delivered once each and in order, whatever neural-processor does meanwhile."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from neurascale_common.signals import Signal

from device_manager import stream as module
from device_manager.devices import Wanted
from device_manager.processor import Gone
from device_manager.sources import Simulated, SourceFailed, next_number
from device_manager.stream import Stream
from memory import HEADSET, MemorySink, Steps

WANTED = Wanted(recording_id=UUID(int=1), started_at=datetime(2026, 1, 1, tzinfo=UTC))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


def started(source: Steps, sink: MemorySink) -> tuple[Stream, asyncio.Task[None]]:
    stream = Stream(HEADSET, WANTED, lambda _device, _wanted: source, sink)
    return stream, asyncio.create_task(stream.run())


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def numbers(sink: MemorySink) -> list[int]:
    return [chunk.sequence for chunk in sink.chunks]


async def test_chunks_arrive_in_order_with_the_time_they_were_taken(sink: MemorySink) -> None:
    source = Steps()
    stream, task = started(source, sink)
    source.give(0, 1, 2, 5)
    await until(lambda: len(sink.chunks) == 4)
    assert numbers(sink) == [0, 1, 2, 5]
    assert sink.chunks[3].time == WANTED.started_at + timedelta(seconds=1.25)
    assert stream.flowing.is_set()
    await ended(task)


async def test_what_could_not_be_delivered_is_kept_and_delivered_later(sink: MemorySink) -> None:
    source = Steps()
    _, task = started(source, sink)
    sink.away = True
    source.give(*range(20))
    await asyncio.sleep(0.05)
    assert sink.chunks == []
    sink.away = False
    await until(lambda: len(sink.chunks) == 20)
    assert numbers(sink) == list(range(20))
    await ended(task)


async def test_of_too_much_the_oldest_is_lost(sink: MemorySink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2.0)
    source = Steps()
    _, task = started(source, sink)
    sink.away = True
    source.give(*range(20))
    await until(lambda: source.queue.empty())
    await asyncio.sleep(0.01)
    sink.away = False
    await until(lambda: len(sink.chunks) == 8)
    assert numbers(sink) == list(range(12, 20))
    await ended(task)


async def test_one_refused_chunk_does_not_stop_the_others(sink: MemorySink) -> None:
    source = Steps()
    sink.refuse = {1}
    _, task = started(source, sink)
    source.give(0, 1, 2)
    await until(lambda: len(sink.chunks) == 2)
    assert numbers(sink) == [0, 2]
    await ended(task)


async def test_what_was_taken_before_the_end_is_still_delivered(sink: MemorySink) -> None:
    source = Steps()
    _, task = started(source, sink)
    sink.away = True
    source.give(0, 1, 2)
    await until(lambda: source.queue.empty())
    task.cancel()
    await asyncio.sleep(0.01)
    sink.away = False
    await asyncio.gather(task, return_exceptions=True)
    assert numbers(sink) == [0, 1, 2]


@pytest.mark.parametrize("kind", [SourceFailed, Gone])
async def test_a_stream_that_cannot_go_on_says_why(sink: MemorySink, kind: type[Exception]) -> None:
    source = Steps()
    sink.gone = kind is Gone
    _, task = started(source, sink)
    source.give(0, *([SourceFailed("unplugged")] if kind is SourceFailed else []))
    with pytest.raises(kind):
        await task


def test_whoever_takes_over_goes_on_where_time_is() -> None:
    assert next_number(datetime.now(UTC) + timedelta(seconds=1), 256, 64) == 0
    assert next_number(datetime.now(UTC) - timedelta(seconds=10), 256, 64) in (41, 42)


async def test_the_simulated_device_keeps_real_time() -> None:
    source = Simulated(1, Signal("sine", frequency=10, amplitude=50))
    began = datetime.now(UTC) - timedelta(seconds=2)
    got = []
    async for number, samples in source.chunks(began):
        # A chunk is not there before it has happened.
        assert datetime.now(UTC) >= began + timedelta(seconds=(number + 1) / 4)
        assert samples.shape == (8, 64)
        got.append(number)
        if len(got) == 3:
            break
    assert got == list(range(got[0], got[0] + 3))
    assert got[0] >= 8
