"""Where samples come from: a simulated device, or a board on a serial port."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zlib import crc32

import numpy as np
from neurascale_common.chunks import Samples
from neurascale_common.signals import Head, Signal

from . import cyton
from .devices import Device, Wanted

RATE = {"simulator": (256, 64), "serial": (cyton.RATE, 50)}
"""Hertz, and samples per chunk: a quarter and a fifth of a second."""


type Numbered = tuple[int, Samples]
"""A chunk's number in its recording, and its samples."""


class Port(Protocol):
    def read(self, size: int, /) -> bytes: ...


class SourceFailed(Exception):
    """Why a device gives no samples (any more)."""


class Source(Protocol):
    rate: int
    """Hertz."""
    size: int
    """Samples per chunk."""

    def chunks(self, began: datetime) -> AsyncIterator[Numbered]:
        """Number and samples of each chunk as it happens. Number n begins n chunks after `began`.

        :raises SourceFailed: when the device cannot be read
        """


def open_source(device: Device, wanted: Wanted) -> Source:
    if device.kind == "simulator":
        chosen = wanted.signal.signal() if wanted.signal else Signal()
        return Simulated(crc32(device.id.encode()), chosen)
    if device.kind == "serial" and device.supported:
        return Cyton(device.address)
    raise SourceFailed(f"there is no driver for {device.name}")


def next_number(began: datetime, rate: int, size: int) -> int:
    """Number of the first chunk that has not begun yet. After a takeover, the gap has the length of the interruption."""
    elapsed = (datetime.now(UTC) - began).total_seconds()
    return max(0, math.ceil(elapsed * rate / size - 1e-6))


class Simulated:
    """Plays a synthetic EEG in real time."""

    def __init__(self, seed: int, signal: Signal) -> None:
        self.rate, self.size = RATE["simulator"]
        self._head = Head(seed, self.rate)
        self._signal = signal

    async def chunks(self, began: datetime) -> AsyncIterator[Numbered]:
        number = next_number(began, self.rate, self.size)
        while True:
            end = began + timedelta(seconds=(number + 1) * self.size / self.rate)
            await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
            yield number, self._head.samples(number * self.size, self.size, self._signal)
            number += 1


class Cyton:
    """Reads a Cyton board. The port is opened for us alone; a packet that is lost leaves a gap."""

    def __init__(self, port: str) -> None:
        self.rate, self.size = RATE["serial"]
        self._port = port

    async def chunks(self, began: datetime) -> AsyncIterator[Numbered]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Numbered | Exception] = asyncio.Queue()
        ended = threading.Event()

        def put(item: Numbered | Exception) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(queue.put_nowait, item)

        thread = threading.Thread(target=self._read, args=(began, put, ended), name="cyton", daemon=True)
        thread.start()
        try:
            while True:
                item = await queue.get()
                if isinstance(item, Exception):
                    raise SourceFailed(f"{self._port}: {item}")
                yield item
        finally:
            ended.set()
            await asyncio.to_thread(thread.join, 3)

    def _read(
        self, began: datetime, put: Callable[[Numbered | Exception], None], ended: threading.Event
    ) -> None:
        import serial

        try:
            with serial.Serial(self._port, cyton.BAUD, timeout=0.2, exclusive=True) as port:
                port.reset_input_buffer()
                port.write(cyton.START)
                try:
                    for chunk in self._assemble(port, began, ended):
                        put(chunk)
                finally:
                    port.write(cyton.STOP)
        except (serial.SerialException, OSError) as error:
            put(error)

    def _assemble(self, port: Port, began: datetime, ended: threading.Event) -> Iterator[Numbered]:
        packets = cyton.Packets()
        number = next_number(began, self.rate, self.size)
        parts: list[Samples] = []
        last: int | None = None
        silent = 0
        while not ended.is_set():
            data = port.read(cyton.LENGTH * 5)
            silent = 0 if data else silent + 1
            if silent > 25:
                raise OSError("the board sends nothing")
            for counter, samples in packets.feed(data):
                lost = (counter - last - 1) % 256 if last is not None else 0
                last = counter
                if lost:
                    # What is missing cannot be made up: the chunk in hand is dropped, and counting goes on behind it.
                    behind = len(parts) + lost
                    number += math.ceil(behind / self.size)
                    parts = []
                parts.append(samples)
                if len(parts) == self.size:
                    yield number, np.concatenate(parts, axis=1)
                    number, parts = number + 1, []
