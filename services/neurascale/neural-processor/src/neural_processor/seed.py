"""`python -m neural_processor.seed`: recordings to look at and to develop with. Running it again adds nothing twice.

They are synthetic, as the simulated device's are, and say so. Predictions are not among them: those are for
ml-pipeline to make, of what is streamed.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from longshore_service.database import create_engine
from longshore_service.logs import describe
from longshore_service.settings import load_or_exit
from neurascale_common.chunks import Chunk
from neurascale_common.signals import CHANNELS, Head, Signal
from neurascale_common.windows import Cutter
from sqlalchemy.exc import SQLAlchemyError

from .process import measured
from .schemas import RecordingCreate
from .settings import MigrateSettings
from .store import SqlStore, Store, Writing

RATE: Final = 256
SECONDS: Final = 60
PER_SECOND: Final = 4
"""Chunks."""
DEVICE: Final = "sample-1"
START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Of the first one; always the same, so that a second run finds them."""

SAMPLES: Final[dict[str, Signal]] = {
    "sample: eyes open": Signal("eyes-open"),
    "sample: eyes closed": Signal("eyes-closed"),
    "sample: eyes open and closed, ten seconds each": Signal("alternating"),
}


async def seed(store: Store) -> tuple[int, int]:
    """How many recordings were added, and how many were there."""
    added = 0
    for number, (note, signal) in enumerate(SAMPLES.items()):
        id = uuid5(NAMESPACE_URL, f"urn:neurascale:seed:{note}")
        if (there := await store.recording(id)) and there.stopped_at:
            continue
        start = START + timedelta(seconds=2 * SECONDS * number)
        await store.create(
            id,
            RecordingCreate(
                device_id=DEVICE,
                device_name="Sample EEG",
                simulated=True,
                rate=RATE,
                channels=list(CHANNELS),
                note=note,
                started_at=start,
            ),
        )
        await store.write(recorded(id, start, signal))
        # Last: what was broken off before is written again.
        await store.stop(id)
        added += 1
    return added, len(SAMPLES) - added


def recorded(id: UUID, start: datetime, signal: Signal) -> Writing:
    """A minute of signal, with the band power of its windows."""
    head, cutter, size = Head(seed=7), Cutter(), RATE // PER_SECOND
    chunks = [
        Chunk(
            id,
            DEVICE,
            sequence,
            start + timedelta(seconds=sequence / PER_SECOND),
            RATE,
            head.samples(sequence * size, size, signal),
        )
        for sequence in range(SECONDS * PER_SECOND)
    ]
    windows = [window for one in chunks if (window := cutter.add(one, one.sequence, 0))]
    return Writing(chunks, [measured(window) for window in windows], [])


async def run(settings: MigrateSettings) -> None:
    engine = create_engine(settings, "neural-processor-seed", size=1)
    try:
        added, present = await seed(SqlStore(engine))
    except SQLAlchemyError as error:
        sys.exit(f"seed: {describe(error)}")
    finally:
        await engine.dispose()
    print(f"seed: {added} added, {present} already there")


def main() -> None:
    asyncio.run(run(load_or_exit(MigrateSettings, "seed: ")))


if __name__ == "__main__":
    main()
