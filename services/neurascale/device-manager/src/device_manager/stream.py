"""One device's stream: samples are taken as they happen, and delivered in order, however long that takes."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from neurascale_common.chunks import Chunk

from . import metrics
from .devices import Device, Wanted
from .processor import Gone, Refused, Sink, Unreachable
from .sources import Source, SourceFailed

log = logging.getLogger("device_manager.stream")

KEPT: Final = 120.0
"""Seconds of signal that are kept while neural-processor takes nothing; then the oldest is lost, and counted."""
PAUSES: Final = (0.1, 0.25, 0.5, 1.0)
"""Seconds between attempts; the last one repeats."""


type Opener = Callable[[Device, Wanted], Source]


class Stream:
    def __init__(self, device: Device, wanted: Wanted, open_source: Opener, sink: Sink) -> None:
        self.device = device
        self.wanted = wanted
        self._open = open_source
        self._sink = sink
        self._kept: deque[Chunk] = deque()
        self._more = asyncio.Event()
        self._drained = asyncio.Event()
        self.flowing = asyncio.Event()
        """Set with the first chunk that was delivered."""

    async def run(self) -> None:
        """Until cancelled.

        :raises SourceFailed: when the device cannot be read any more
        :raises Refused: when neural-processor does not know the recording
        """
        tasks = [asyncio.create_task(self._take()), asyncio.create_task(self._deliver())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            tasks[0].cancel()
            with suppress(asyncio.CancelledError, SourceFailed, TimeoutError):
                await tasks[0]
            if not tasks[1].done() and self._kept:
                # What was taken is delivered if that is possible at all.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._drained.wait(), 5)
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._kept:
                self._lose(len(self._kept), "ended")

    async def _take(self) -> None:
        source = self._open(self.device, self.wanted)
        began, rate, size = self.wanted.started_at, source.rate, source.size
        async for sequence, samples in source.chunks(began):
            begin = began + timedelta(seconds=sequence * size / rate)
            self._kept.append(Chunk(self.wanted.recording_id, self.device.id, sequence, begin, rate, samples))
            metrics.chunks.labels("taken").inc()
            if len(self._kept) > KEPT * rate / size:
                self._kept.popleft()
                self._lose(1, "overflow")
            self._drained.clear()
            self._more.set()

    async def _deliver(self) -> None:
        while True:
            await self._more.wait()
            attempt = 0
            while self._kept:
                chunk = self._kept[0]
                began = time.perf_counter()
                try:
                    await self._sink.deliver(chunk)
                except Unreachable as error:
                    if attempt in (0, 10) or attempt % 60 == 0:
                        log.warning(
                            "not delivered, will be tried again", extra={**self._fields, "error": str(error)}
                        )
                    await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
                    attempt += 1
                    continue
                except Gone:
                    raise
                except Refused as error:
                    self._forget(chunk)
                    self._lose(1, "refused")
                    log.error("a chunk was refused", extra={**self._fields, "error": str(error)})
                    continue
                metrics.delivery.observe(time.perf_counter() - began)
                metrics.chunks.labels("delivered").inc()
                attempt = 0
                self._forget(chunk)
                self.flowing.set()
            self._more.clear()
            self._drained.set()

    def _forget(self, chunk: Chunk) -> None:
        """It may have been dropped for a newer one while it was on its way."""
        if self._kept and self._kept[0] is chunk:
            self._kept.popleft()

    def _lose(self, count: int, why: str) -> None:
        metrics.lost.labels(why).inc(count)
        log.warning("samples were lost", extra={**self._fields, "chunks": count, "reason": why})

    @property
    def _fields(self) -> dict[str, str]:
        return {"device": self.device.id, "recording": str(self.wanted.recording_id)}
