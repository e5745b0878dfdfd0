"""Keeps what is wanted and what is done the same: looks for devices, holds leases, runs streams.

Managers that can reach the same device coordinate by a lease per device in Redis. The leases of a crashed manager
expire after `lease` seconds, and another manager continues from the current time. While Redis is unreachable, no lease
can change hands and streams continue; afterwards, a stream whose lease another manager holds ends.
"""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from . import metrics
from .devices import Device, State, Status, Wanted
from .discovery import Discovery
from .processor import Refused, Sink
from .registry import Registry
from .sources import SourceFailed, open_source
from .stream import Opener, Stream

log = logging.getLogger("device_manager.manager")

STALLED: Final = 60.0
"""Seconds without a round after which the manager counts as dead."""
PERIOD: Final = 0.5
"""Seconds between two rounds."""
UNREACHABLE: Final = (RedisError, OSError)
AGAIN: Final = 5.0
"""Seconds after which a stream that failed is tried again."""


@dataclass(slots=True)
class Running:
    stream: Stream
    task: asyncio.Task[None]
    said: str = ""


class Manager:
    def __init__(
        self,
        registry: Registry,
        discovery: Discovery,
        sink: Sink,
        *,
        name: str,
        interval: float,
        lease: float,
        open_source: Opener = open_source,
    ) -> None:
        self._registry = registry
        self.discovery = discovery
        self._sink = sink
        self._name = name
        self._interval = interval
        self._lease = lease
        self._open = open_source
        self._streams: dict[str, Running] = {}
        self._ending: dict[str, asyncio.Task[None]] = {}
        self._failed: dict[str, tuple[float, Wanted]] = {}
        self._here: dict[str, Device] = {}
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._moved = time.monotonic()

    @property
    def lives(self) -> bool:
        return time.monotonic() - self._moved < STALLED

    def wake(self) -> None:
        """Something is wanted: do not wait for the next round."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Runs until `stop`, then delivers pending samples and releases the leases."""
        looking = asyncio.create_task(self._look())
        while not self._stopping.is_set():
            self._moved = time.monotonic()
            self._wake.clear()
            try:
                await self.round()
            except UNREACHABLE as error:
                log.warning("Redis cannot be reached", extra={"error": repr(error)})
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), PERIOD)
        looking.cancel()
        for id in list(self._streams):
            self._end(id)
        await asyncio.gather(looking, *self._ending.values(), return_exceptions=True)

    async def _look(self) -> None:
        while True:
            devices = await self.discovery.look()
            self._here = {device.id: device for device in devices}
            metrics.count_devices(device.kind for device in devices)
            try:
                await self._registry.see(devices)
            except UNREACHABLE as error:
                log.warning("devices could not be announced", extra={"error": repr(error)})
            self._wake.set()
            await asyncio.sleep(self._interval)

    async def round(self) -> None:
        """Makes the streams here what is wanted."""
        wanted = await self._registry.wanted()
        for id, running in list(self._streams.items()):
            if wanted.get(id) != running.stream.wanted:
                self._end(id)
            elif not await self._hold(id):
                log.warning("another manager has the device by now", extra={"device": id})
                self._end(id)
        for id, want in wanted.items():
            free = id not in self._streams and id not in self._ending
            if free and id in self._here and self._may_try(id, want) and await self._hold(id):
                self._begin(self._here[id], want)
        for id, running in list(self._streams.items()):
            await self._tell(id, running)
        metrics.streams.set(len(self._streams))

    def _may_try(self, id: str, want: Wanted) -> bool:
        failed, before = self._failed.get(id, (0.0, None))
        return before != want or time.monotonic() - failed > AGAIN

    async def _hold(self, id: str) -> bool:
        return await self._registry.hold(id, self._name, self._lease)

    def _begin(self, device: Device, wanted: Wanted) -> None:
        log.info("stream begins", extra={"device": device.id, "recording": str(wanted.recording_id)})
        stream = Stream(device, wanted, self._open, self._sink)
        self._streams[device.id] = Running(stream, asyncio.create_task(stream.run()))

    async def _tell(self, id: str, running: Running) -> None:
        """Says how a stream goes, where that has changed."""
        wanted, error = running.stream.wanted, None
        if running.task.done():
            reason = running.task.exception()
            error = str(reason) if isinstance(reason, SourceFailed | Refused) else repr(reason)
            log.error("a stream failed", extra={"device": id, "error": error})
            metrics.failures.inc()
            self._failed[id] = (time.monotonic(), wanted)
        status: Status = "failed" if error else "streaming" if running.stream.flowing.is_set() else "starting"
        if status != running.said:
            state = State(recording_id=wanted.recording_id, status=status, manager=self._name, error=error)
            await self._registry.say(id, state)
            running.said = status
        if error:
            self._end(id)

    def _end(self, id: str) -> None:
        running = self._streams.pop(id)
        running.task.cancel()
        self._ending[id] = asyncio.create_task(self._ended(id, running))

    async def _ended(self, id: str, running: Running) -> None:
        await asyncio.gather(running.task, return_exceptions=True)
        log.info("stream ended", extra={"device": id, "recording": str(running.stream.wanted.recording_id)})
        with suppress(*UNREACHABLE):
            await self._registry.release(id, self._name)
        self._ending.pop(id, None)
        self._wake.set()
