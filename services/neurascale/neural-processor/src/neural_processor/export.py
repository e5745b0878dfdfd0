"""A recording as HDF5, as other tools read it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import h5py
import numpy as np
from neurascale_common.bands import BANDS
from neurascale_common.chunks import from_bytes, moment
from neurascale_common.windows import WINDOW

from .schemas import Prediction, Recording, Window

LONGEST: Final = 2 * 3600
"""Seconds of signal that are exported at once: the file is put together in memory."""


@dataclass(slots=True)
class Contents:
    recording: Recording
    chunks: AsyncIterator[tuple[int, bytes]]
    windows: Sequence[Window]
    predictions: Sequence[Prediction]


async def write(contents: Contents) -> Path:
    """Creates a file; the caller deletes it.

    `samples` has one row per channel, and not-a-number where nothing was received.
    """
    recording = contents.recording
    channels = len(recording.channels)
    with tempfile.NamedTemporaryFile(suffix=".h5", delete=False) as made:
        path = Path(made.name)
    try:
        with h5py.File(path, "w") as file:
            for name, value in attributes(recording).items():
                file.attrs[name] = value
            samples = file.create_dataset(
                "samples",
                (channels, round(recording.seconds * recording.rate)),
                "f4",
                maxshape=(channels, None),
                chunks=(channels, 4096),
                compression="gzip",
                compression_opts=1,
                shuffle=True,
                fillvalue=np.nan,
            )
            samples.attrs["unit"] = "microvolt"
            async for sequence, data in contents.chunks:
                values = from_bytes(data, channels)
                begin = sequence * values.shape[1]
                if begin + values.shape[1] > samples.shape[1]:
                    samples.resize(begin + values.shape[1], axis=1)
                samples[:, begin : begin + values.shape[1]] = values
            write_windows(file, contents.windows)
            write_predictions(file, contents.predictions)
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return path


def attributes(recording: Recording) -> dict[str, object]:
    return {
        "recording_id": str(recording.id),
        "device_id": recording.device_id,
        "device_name": recording.device_name,
        "simulated": recording.simulated,
        "rate": recording.rate,
        "channels": recording.channels,
        "note": recording.note,
        "started_at": moment(recording.started_at),
        "stopped_at": moment(recording.stopped_at) if recording.stopped_at else "",
    }


def write_windows(file: h5py.File, windows: Sequence[Window]) -> None:
    group = file.create_group("bands")
    group.attrs["window_seconds"] = WINDOW
    group.attrs["unit"] = "microvolt squared"
    group["index"] = np.array([one.index for one in windows], np.int64)
    for band in BANDS:
        group[band] = np.array([one.powers[band] for one in windows], np.float64)


def write_predictions(file: h5py.File, predictions: Sequence[Prediction]) -> None:
    group = file.create_group("predictions")
    group["index"] = np.array([one.index for one in predictions], np.int64)
    group["probability"] = np.array([one.probability for one in predictions], np.float64)
    text = h5py.string_dtype()
    group.create_dataset("label", data=[one.label for one in predictions], dtype=text)
    group.create_dataset("model", data=[one.model for one in predictions], dtype=text)
