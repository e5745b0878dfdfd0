"""`python -m ml_pipeline`: classifies until SIGTERM, and answers probes on a port of its own."""

import asyncio
import logging
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from longshore_service.logs import setup
from longshore_service.probes import serving
from longshore_service.settings import load_or_exit
from neurascale_common.kafka import connection, create_consumer
from neurascale_common.reader import Reader

from . import metrics
from .classify import BadModel, Classifier
from .pipeline import KafkaSender, Pipeline
from .settings import Settings

SERVICE: Final = "ml-pipeline"
PROBE: Final = 2.0
"""Seconds between two looks whether Kafka answers."""
STALE: Final = 10.0
"""Seconds after which an answer of Kafka says nothing any more."""

log = logging.getLogger("ml_pipeline")


class Kafka:
    """When Kafka answered last, to be read from the probes' thread."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._answered = float("-inf")

    def ready(self) -> str | None:
        return (
            None if time.monotonic() - self._answered < STALE else f"Kafka has not answered for {STALE:g} s"
        )

    async def watch(self) -> None:
        while True:
            with suppress(KafkaError, TimeoutError, OSError):
                async with asyncio.timeout(PROBE):
                    await self._producer.client.fetch_all_metadata()
                self._answered = time.monotonic()
            await asyncio.sleep(PROBE)


async def work(settings: Settings, classifier: Classifier) -> None:
    name = f"{SERVICE}-{socket.gethostname()}"
    producer = AIOKafkaProducer(
        **connection(settings),
        client_id=name,
        acks="all",
        request_timeout_ms=5_000,
        retry_backoff_ms=100,
        metadata_max_age_ms=30_000,
    )
    consumer = create_consumer(settings, SERVICE, name)
    reader = Reader(
        consumer, Pipeline(classifier, KafkaSender(producer)), (KafkaError, TimeoutError, OSError)
    )
    kafka = Kafka(producer)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)

    def live() -> str | None:
        return None if reader.lives else "the reader has stopped"

    with serving(SERVICE, settings, kafka.ready, live):
        log.info("model loaded", extra=classifier.about)
        reading = asyncio.create_task(read(producer, reader))
        watching = asyncio.create_task(kafka.watch())
        ended = asyncio.create_task(told.wait())
        await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
        reader.stop()
        watching.cancel()
        try:
            await asyncio.wait_for(reading, settings.shutdown_timeout)
        finally:
            with suppress(KafkaError):
                await producer.stop()


async def read(producer: AIOKafkaProducer, reader: Reader) -> None:
    while not reader.stopping:
        try:
            await producer.start()
            break
        except KafkaError as error:
            log.warning("Kafka cannot be reached", extra={"error": repr(error)})
            reader.touch()
            await asyncio.sleep(1)
    await reader.run()


def main() -> None:
    settings = load_or_exit(Settings)
    setup("ml_pipeline", settings.log_level)
    logging.getLogger("neurascale_common").setLevel(settings.log_level.upper())
    try:
        classifier = Classifier(settings.model)
    except BadModel as error:
        sys.exit(f"model: {error}")
    metrics.model.labels(classifier.version).set(classifier.about["accuracy"])
    asyncio.run(work(settings, classifier))


if __name__ == "__main__":
    main()
