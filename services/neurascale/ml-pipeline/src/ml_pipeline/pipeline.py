"""From the topic of samples to the topic of predictions."""

import asyncio
import json
import time
from typing import Protocol

from aiokafka import AIOKafkaProducer
from neurascale_common.chunks import TOPIC_PREDICTIONS, moment
from neurascale_common.reader import Batch
from neurascale_common.windows import Window

from . import metrics
from .classify import Classifier, Guess

PATIENCE = 15.0
"""Seconds that Kafka gets to acknowledge the predictions of a batch."""


class Sender(Protocol):
    async def send(self, messages: list[tuple[bytes, bytes]]) -> None:
        """Returns when Kafka has all of them, by key and value."""


class KafkaSender:
    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, messages: list[tuple[bytes, bytes]]) -> None:
        async with asyncio.timeout(PATIENCE):
            sent = [await self._producer.send(TOPIC_PREDICTIONS, value, key=key) for key, value in messages]
            await asyncio.gather(*sent)


class Pipeline:
    """Handles batches. A window that comes again gives the same prediction again, which is stored once."""

    def __init__(self, classifier: Classifier, sender: Sender) -> None:
        self._classifier = classifier
        self._sender = sender

    async def __call__(self, batch: Batch) -> None:
        metrics.unreadable.inc(batch.unreadable)
        batch.unreadable = 0
        if not batch.windows:
            return
        began = time.perf_counter()
        guesses = self._classifier.classify(batch.windows)
        metrics.seconds.observe(time.perf_counter() - began)
        await self._sender.send(
            [
                (window.recording.bytes, self._told(window, guess))
                for window, guess in zip(batch.windows, guesses, strict=True)
            ]
        )
        for guess in guesses:
            metrics.classified.labels(guess.label).inc()

    def _told(self, window: Window, guess: Guess) -> bytes:
        return json.dumps(
            {
                "recording_id": str(window.recording),
                "device_id": window.device,
                "index": window.index,
                "time": moment(window.time),
                "label": guess.label,
                "probability": round(guess.probability, 6),
                "model": self._classifier.version,
            },
            separators=(",", ":"),
        ).encode()
