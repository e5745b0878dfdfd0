"""What the managers share, and neural-processor, in memory: stand-ins, so that streams can be tested in the image build."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
from neurascale_common.chunks import Chunk, Samples
from redis.exceptions import ConnectionError as RedisAway

from device_manager.devices import Device, State, Wanted
from device_manager.processor import Gone, Refused, Unreachable
from device_manager.registry import Seen

HEADSET = Device(
    id="simulator-1",
    name="Simulated EEG headset 1",
    kind="simulator",
    simulated=True,
    supported=True,
    address="simulator:1",
    rate=256,
    channels=("C3", "C4"),
)


class MemoryRegistry:
    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self.wants: dict[str, Wanted] = {}
        self.said: dict[str, State] = {}
        self.leases: dict[str, str] = {}
        self.away = False

    def _there(self) -> None:
        if self.away:
            raise RedisAway("connection refused")

    async def see(self, devices: list[Device]) -> None:
        self._there()
        self.seen |= {one.id: Seen(device=one, seen_at=datetime.now(UTC)) for one in devices}

    async def devices(self) -> dict[str, Seen]:
        self._there()
        return dict(self.seen)

    async def want(self, device: str, wanted: Wanted) -> bool:
        self._there()
        return self.wants.setdefault(device, wanted) is wanted

    async def unwant(self, device: str, wanted: Wanted) -> None:
        self._there()
        if self.wants.get(device) == wanted:
            del self.wants[device]

    async def wanted(self) -> dict[str, Wanted]:
        self._there()
        return dict(self.wants)

    async def say(self, device: str, state: State) -> None:
        self._there()
        self.said[device] = state

    async def states(self) -> dict[str, State]:
        self._there()
        return dict(self.said)

    async def hold(self, device: str, manager: str, seconds: float) -> bool:
        self._there()
        return self.leases.setdefault(device, manager) == manager

    async def release(self, device: str, manager: str) -> None:
        self._there()
        if self.leases.get(device) == manager:
            del self.leases[device]


class MemorySink:
    """Takes everything, unless it is told not to."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.created: list[str] = []
        self.stopped: list[str] = []
        self.away = False
        self.refuse: set[int] = set()
        self.gone = False
        self.came = asyncio.Event()

    async def create(self, device: Device, wanted: Wanted, note: str) -> None:
        self._there()
        self.created.append(str(wanted.recording_id))

    async def deliver(self, chunk: Chunk) -> None:
        await asyncio.sleep(0)
        self._there()
        if self.gone:
            raise Gone("there is no such recording")
        if chunk.sequence in self.refuse:
            raise Refused("invalid")
        self.chunks.append(chunk)
        self.came.set()

    async def stop(self, recording: str) -> None:
        self._there()
        self.stopped.append(recording)

    def _there(self) -> None:
        if self.away:
            raise Unreachable("connection refused")


class Steps:
    """A source that gives a chunk whenever the test says so."""

    rate = 256
    size = 64

    def __init__(self) -> None:
        self.queue: asyncio.Queue[int | Exception] = asyncio.Queue()

    def give(self, *numbers: int | Exception) -> None:
        for number in numbers:
            self.queue.put_nowait(number)

    async def chunks(self, began: datetime) -> AsyncIterator[tuple[int, Samples]]:
        while True:
            item = await self.queue.get()
            if isinstance(item, Exception):
                raise item
            yield item, np.full((2, 64), item, np.float32)
