"""The OpenBCI Cyton board: eight channels at 250 Hz over a serial port, in packets of 33 bytes.

Proved against a stand-in on a pseudo-terminal (tests/test_cyton.py), not against a board.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from neurascale_common.chunks import Samples

NAME: Final = "OpenBCI Cyton"
RATE: Final = 250
CHANNELS: Final = ("Fp1", "Fp2", "C3", "C4", "P7", "P8", "O1", "O2")
"""As the maker's montage has them."""
BAUD: Final = 115_200

START: Final = b"b"
STOP: Final = b"s"
HEAD: Final = 0xA0
LENGTH: Final = 33
"""Head, counter, eight numbers of three bytes, six bytes of other sensors, an end of 0xC0 to 0xCF."""
MICROVOLTS: Final = 4.5 / 24 / (2**23 - 1) * 1e6
"""Per count: 4.5 V reference, gain 24, 24 bits."""


def matches(vendor: int | None, product: int | None) -> bool:
    """Whether a serial port's USB ids are those of the board's dongle (an FTDI FT231X)."""
    return (vendor, product) == (0x0403, 0x6015)


class Packets:
    """Finds packets in a stream of bytes, and again after bytes were lost."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.skipped = 0
        """Bytes that belonged to no packet."""

    def feed(self, data: bytes) -> Iterator[tuple[int, Samples]]:
        """Counter (0 to 255) and microvolts, one row per channel, of each complete packet."""
        self._bytes += data
        while len(self._bytes) >= LENGTH:
            if self._bytes[0] == HEAD and self._bytes[LENGTH - 1] >> 4 == 0xC:
                packet = bytes(self._bytes[:LENGTH])
                del self._bytes[:LENGTH]
                yield packet[1], microvolts(packet)
            else:
                del self._bytes[0]
                self.skipped += 1


def microvolts(packet: bytes) -> Samples:
    counts = [int.from_bytes(packet[at : at + 3], "big", signed=True) for at in range(2, 26, 3)]
    return (np.array(counts, np.float64) * MICROVOLTS).astype(np.float32)[:, None]
