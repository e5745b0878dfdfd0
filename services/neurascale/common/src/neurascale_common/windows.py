"""Windows of signal, cut from the chunks of a recording."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np

from .chunks import Chunk, Samples

WINDOW: Final = 2
"""Seconds of signal in a window. A new one begins every second."""

QUIET: Final = 180_000
"""Milliseconds, by the clock of the broker, after which a silent recording is no longer waited for. Longer than a
device-manager keeps what it could not deliver."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    recording: UUID
    device: str
    index: int
    """Its number in the recording: window n begins n seconds after the recording."""
    time: datetime
    """Of the first sample."""
    rate: int
    samples: Samples


@dataclass(slots=True)
class Cutter:
    """Cuts one recording's chunks into windows, and knows from which message on it would have to begin again."""

    last: int | None = None
    stamp: int = 0
    """Milliseconds: when the broker got the newest chunk."""
    held: deque[tuple[int, Chunk]] = field(default_factory=deque)
    """Chunks with their offsets that windows still need."""

    def add(self, chunk: Chunk, offset: int, stamp: int) -> Window | None:
        """The window that this chunk completes.

        A device's chunks come in order; one that is not newer than the last came twice. After a gap, windows
        begin again behind it.
        """
        self.stamp = max(self.stamp, stamp)
        if self.last is not None and chunk.sequence <= self.last:
            return None
        if self.last is not None and chunk.sequence != self.last + 1:
            self.held.clear()
        self.last = chunk.sequence
        self.held.append((offset, chunk))
        return self._complete(chunk)

    def _complete(self, chunk: Chunk) -> Window | None:
        hop, length = chunk.per_second, chunk.per_second * WINDOW
        index, rest = divmod(chunk.sequence + 1 - length, hop)
        window = None
        first = index * hop
        if rest == 0 and index >= 0 and self.held[0][1].sequence <= first:
            chunks = [one for _, one in self.held if one.sequence >= first]
            samples = np.concatenate([one.samples for one in chunks], axis=1)
            window = Window(chunk.recording, chunk.device, index, chunks[0].time, chunk.rate, samples)
        while self.held and self.held[0][1].sequence < first + hop:
            self.held.popleft()
        return window

    @property
    def needed(self) -> int | None:
        """Offset of the oldest message that is needed for a window to come."""
        return self.held[0][0] if self.held else None


@dataclass(slots=True)
class Progress:
    """How far one partition has been read, and what of it is still needed."""

    cutters: dict[UUID, Cutter] = field(default_factory=dict)
    position: int = 0
    """Offset of the next message."""

    def add(self, chunk: Chunk, offset: int, stamp: int) -> Window | None:
        cutter = self.cutters.setdefault(chunk.recording, Cutter())
        window = cutter.add(chunk, offset, stamp)
        self.position = offset + 1
        self._forget(stamp)
        return window

    def skip(self, offset: int) -> None:
        """Passes over a message that holds no chunk."""
        self.position = offset + 1

    @property
    def safe(self) -> int:
        """Offset to begin from again without losing a window: what is before it has had its effect."""
        needed = (cutter.needed for cutter in self.cutters.values())
        return min((offset for offset in needed if offset is not None), default=self.position)

    def _forget(self, now: int) -> None:
        for recording in [one for one, cutter in self.cutters.items() if now - cutter.stamp > QUIET]:
            del self.cutters[recording]
