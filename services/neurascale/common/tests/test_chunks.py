import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from neurascale_common.chunks import BadChunk, Chunk, decode

CHUNK = Chunk(
    recording=UUID(int=7),
    device="simulator-1",
    sequence=3,
    time=datetime(2026, 11, 21, 2, 30, 0, 125_000, UTC),
    rate=256,
    samples=np.linspace(-50, 50, 8 * 64, dtype=np.float32).reshape(8, 64),
)


def test_a_chunk_arrives_as_it_was() -> None:
    arrived = decode(CHUNK.encode())
    assert (arrived.recording, arrived.device, arrived.sequence, arrived.rate) == (
        UUID(int=7),
        "simulator-1",
        3,
        256,
    )
    assert arrived.time == CHUNK.time
    assert np.array_equal(arrived.samples, CHUNK.samples)
    assert (arrived.size, arrived.per_second) == (64, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda fields: fields.pop("samples"), "samples: expected base64"),
        (lambda fields: fields.update(samples="!"), "samples: expected base64"),
        (lambda fields: fields.update(channels=7), "samples: expected 32-bit floats for 7 channels, got 2048 bytes"),
        (lambda fields: fields.update(channels=True), "channels: expected a whole number from 1 to 128"),
        (lambda fields: fields.update(rate=250), "samples: expected a number per channel that divides the rate 250, got 64"),
        (lambda fields: fields.update(sequence=-1), "sequence: expected a whole number from 0"),
        (lambda fields: fields.update(time="2026-11-21T02:30:00"), "time: expected an offset"),
        (lambda fields: fields.update(time=5), "time: expected a time such as"),
        (lambda fields: fields.update(recording_id="x"), "recording_id: expected a UUID"),
        (lambda fields: fields.update(device_id=""), "device_id: expected 1 to 100 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_field(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    fields = json.loads(CHUNK.encode())
    change(fields)
    with pytest.raises(BadChunk) as caught:
        decode(json.dumps(fields).encode())
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -2e6])
def test_what_is_no_voltage_is_refused(value: float) -> None:
    samples = CHUNK.samples.copy()
    samples[2, 5] = value
    wrong = Chunk(CHUNK.recording, CHUNK.device, 0, CHUNK.time, 256, samples)
    with pytest.raises(BadChunk, match="microvolts"):
        decode(wrong.encode())


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b"{"])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(BadChunk, match="JSON"):
        decode(text)
