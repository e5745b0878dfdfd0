"""A chunk of samples as it travels: over HTTP to neural-processor, and from there through Kafka."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

type Samples = NDArray[np.float32]
"""Microvolts, one row per channel."""

TOPIC_SAMPLES = "samples"
TOPIC_PREDICTIONS = "predictions"

RATES = (32, 4096)
"""Lowest and highest rate of a device in hertz."""
CHANNELS = 128
"""Most channels of a device."""
LIMIT = 1_000_000.0
"""Microvolts: more is no signal of a head, of whatever amplifier."""


class BadChunk(ValueError):
    """What is wrong with a chunk, said with its field."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Samples that follow each other, of all channels of one device."""

    recording: UUID
    device: str
    sequence: int
    """Its number in the recording, from 0: chunk n begins n chunks after the recording."""
    time: datetime
    """Of the first sample."""
    rate: int
    """Hertz."""
    samples: Samples

    @property
    def size(self) -> int:
        """Samples per channel. A second holds a whole number of chunks."""
        return int(self.samples.shape[1])

    @property
    def per_second(self) -> int:
        return self.rate // self.size

    @property
    def end(self) -> datetime:
        return self.time + timedelta(seconds=self.size / self.rate)

    def encode(self) -> bytes:
        return json.dumps(
            {
                "recording_id": str(self.recording),
                "device_id": self.device,
                "sequence": self.sequence,
                "time": moment(self.time),
                "rate": self.rate,
                "channels": int(self.samples.shape[0]),
                "samples": pack(self.samples),
            },
            separators=(",", ":"),
        ).encode()


def decode(text: bytes) -> Chunk:
    """Reads and checks a chunk.

    :raises BadChunk: when a field is missing or out of its range
    """
    try:
        fields: Any = json.loads(text)
    except ValueError:
        raise BadChunk("expected JSON") from None
    if not isinstance(fields, dict):
        raise BadChunk("expected a JSON object")
    channels = whole(fields, "channels", 1, CHANNELS)
    rate = whole(fields, "rate", *RATES)
    samples = unpack(fields.get("samples"), channels)
    size = samples.shape[1]
    if size == 0 or rate % size:
        raise BadChunk(f"samples: expected a number per channel that divides the rate {rate}, got {size}")
    device = fields.get("device_id")
    if not isinstance(device, str) or not 1 <= len(device) <= 100:
        raise BadChunk("device_id: expected 1 to 100 characters")
    return Chunk(
        recording=identifier(fields.get("recording_id")),
        device=device,
        sequence=whole(fields, "sequence", 0, 2**53),
        time=parse_moment(fields.get("time")),
        rate=rate,
        samples=samples,
    )


def pack(samples: Samples) -> str:
    """32-bit floats, little-endian, channel after channel, in base64."""
    return base64.b64encode(samples.astype("<f4").tobytes()).decode()


def unpack(text: object, channels: int) -> Samples:
    if not isinstance(text, str):
        raise BadChunk("samples: expected base64")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadChunk("samples: expected base64") from None
    return from_bytes(data, channels)


def from_bytes(data: bytes, channels: int) -> Samples:
    if len(data) % (4 * channels):
        raise BadChunk(f"samples: expected 32-bit floats for {channels} channels, got {len(data)} bytes")
    samples = np.frombuffer(data, "<f4").reshape(channels, -1)
    if not np.isfinite(samples).all() or (np.abs(samples) > LIMIT).any():
        raise BadChunk(f"samples: expected numbers from -{LIMIT:g} to {LIMIT:g} microvolts")
    return samples


def whole(fields: dict[str, Any], name: str, low: int, high: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadChunk(f"{name}: expected a whole number from {low} to {high}")
    return value


def identifier(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise BadChunk("recording_id: expected a UUID") from None


def moment(time: datetime) -> str:
    """RFC 3339, in UTC, to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_moment(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise BadChunk("time: expected a time such as 2026-11-21T02:30:00.125Z") from None
    if time.tzinfo is None:
        raise BadChunk("time: expected an offset, such as Z")
    return time
