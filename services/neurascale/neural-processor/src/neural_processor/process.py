"""What becomes of the messages: band power of every window, predictions of ml-pipeline, all into the database."""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from neurascale_common.bands import band_powers
from neurascale_common.reader import Batch
from neurascale_common.windows import WINDOW
from neurascale_common.windows import Window as Signal
from pydantic import ValidationError

from . import metrics
from .live import Live
from .schemas import Prediction, Window
from .store import Store, Writing, window_of

log = logging.getLogger("neural_processor.process")


class Process:
    """Handles batches. Writing one twice changes nothing."""

    def __init__(self, store: Store, live: Live) -> None:
        self._store = store
        self._live = live

    async def __call__(self, batch: Batch) -> None:
        windows = [measured(window) for window in batch.windows]
        predictions = [found for message in batch.others if (found := prediction_of(message.value))]
        metrics.unreadable.inc(batch.unreadable + len(batch.others) - len(predictions))
        batch.unreadable = 0
        writing = Writing(batch.chunks, windows, predictions)
        began = time.perf_counter()
        await self._store.write(writing)
        metrics.writes.observe(time.perf_counter() - began)
        for what, count in (("chunk", batch.chunks), ("window", windows), ("prediction", predictions)):
            metrics.written.labels(what).inc(len(count))
        now = datetime.now(UTC)
        for window in windows:
            metrics.delay.observe(max(0.0, (now - window.time - timedelta(seconds=WINDOW)).total_seconds()))
        await self._live.show(writing)


def measured(window: Signal) -> Window:
    powers = band_powers(window.samples, window.rate)
    return window_of(window.recording, window.device, window.index, window.time, powers)


def prediction_of(text: Any) -> Prediction | None:
    try:
        return Prediction.model_validate_json(text or b"")
    except ValidationError as error:
        log.error("a message holds no prediction", extra={"problems": error.error_count()})
        return None
