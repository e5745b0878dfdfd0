"""The driver of the Cyton board, against a stand-in on a pseudo-terminal that speaks its protocol."""

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import numpy as np
import pytest

from device_manager import cyton
from device_manager.sources import Cyton, SourceFailed


def packet(counter: int, *counts: int) -> bytes:
    numbers = b"".join(one.to_bytes(3, "big", signed=True) for one in counts)
    return bytes([0xA0, counter % 256]) + numbers + bytes(6) + bytes([0xC0])


EIGHT = (0, 1, -1, 8388607, -8388608, 1000, -1000, 44)


def test_counts_become_microvolts() -> None:
    (counter, samples), *rest = list(cyton.Packets().feed(packet(7, *EIGHT)))
    assert (counter, rest) == (7, [])
    assert samples.shape == (8, 1)
    assert samples[:, 0] == pytest.approx(np.array(EIGHT) * 0.0223517, rel=1e-4)
    assert samples[3, 0] == pytest.approx(187_500), "full scale is 4.5 V over a gain of 24"


def test_packets_are_found_again_after_bytes_were_lost() -> None:
    packets = cyton.Packets()
    data = packet(0, *EIGHT)[5:] + packet(1, *EIGHT) + b"\xa0\x00" + packet(2, *EIGHT)
    found = [counter for at in range(0, len(data), 7) for counter, _ in packets.feed(data[at : at + 7])]
    assert found == [1, 2]
    assert packets.skipped == 28 + 2


@pytest.fixture
def board() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    for one in (ours, theirs):
        os.close(one)


async def read(port: str, count: int) -> list[tuple[int, np.ndarray]]:
    got: list[tuple[int, np.ndarray]] = []
    chunks = Cyton(port).chunks(datetime.now(UTC))
    async with asyncio.timeout(10):
        async for number, samples in chunks:
            got.append((number, samples))
            if len(got) == count:
                break
    await chunks.aclose()  # type: ignore[attr-defined]
    return got


async def test_the_board_is_started_read_and_stopped(board: tuple[int, str]) -> None:
    ours, port = board
    said = bytearray()

    def play() -> None:
        said.extend(os.read(ours, 1))
        for n in range(160):
            # Packet 60 is lost on the way: the second chunk has a hole and is dropped.
            if n != 60:
                os.write(ours, packet(n, n, *[0] * 7))
        said.extend(os.read(ours, 1))

    thread = Thread(target=play)
    thread.start()
    got = await read(port, 2)
    thread.join(5)
    assert said == b"bs"
    first, second = got
    assert second[0] == first[0] + 2
    assert first[1].shape == (8, 50)
    assert second[1][0] == pytest.approx(np.arange(61, 111) * cyton.MICROVOLTS, rel=1e-4)


async def test_a_port_that_is_not_there_is_said() -> None:
    with pytest.raises(SourceFailed, match="/dev/nowhere"):
        await read("/dev/nowhere", 1)
