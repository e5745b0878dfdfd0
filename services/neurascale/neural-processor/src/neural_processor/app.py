"""Puts the application together: the API, and beside it the reader that writes what was taken."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from longshore_service import database
from longshore_service.api import Readiness, equip, running
from longshore_service.migrations import Schema
from longshore_service.redis_connection import connect as connect_redis
from longshore_service.settings import ServiceSettings, load
from neurascale_common.chunks import TOPIC_PREDICTIONS
from neurascale_common.kafka import connection, create_consumer
from neurascale_common.reader import Reader
from prometheus_client import start_http_server

from . import api, ingest
from .live import UNREACHABLE, Live, RedisLive
from .process import Process
from .settings import Settings
from .store import SqlStore, Store

SERVICE: Final = "neural-processor"
GROUP: Final = "neural-processor"
PROBE: Final = 2.0
"""Seconds that a readiness probe waits for each store."""

log = logging.getLogger("neural_processor.app")


class Ending:
    """Whether the process was told to end: live streams would otherwise keep it from doing so."""

    def __init__(self) -> None:
        self.told = False

    def __call__(self) -> bool:
        return self.told

    def listen(self) -> None:
        """Hears SIGTERM and SIGINT before the server does."""
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def handle(number: int, frame: FrameType | None, before: object = before) -> None:
                self.told = True
                if callable(before):
                    before(number, frame)

            signal.signal(number, handle)


def create_app(
    settings: ServiceSettings,
    store: Store,
    live: Live,
    producer: ingest.Producer,
    ready: Readiness,
    *,
    sound: Callable[[], str | None] = lambda: None,
    ended: Callable[[], bool] = lambda: False,
    beside: Callable[[], AsyncIterator[None]] | None = None,
) -> FastAPI:
    """The application over whatever keeps the data.

    :param sound: None while the work beside the API goes on, else the reason why not
    :param beside: that work: everything before its `yield` is done first, everything after it last
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(SERVICE, settings):
            if beside is None:
                yield
            else:
                async with asynccontextmanager(beside)():
                    yield

    app = FastAPI(
        title="NeuraScale, neural-processor",
        description="Recordings, band power, predictions and the live stream. Reached through the gateway.",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = api.Desk(store, live, ended)
    app.state.ingest = ingest.Desk(store, producer)
    app.include_router(api.router)
    app.include_router(ingest.router, include_in_schema=False)
    equip(app, SERVICE, settings, ready, live=sound)
    database.handle_errors(app, SERVICE)
    return app


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(Settings)
    logging.getLogger("neurascale_common").setLevel(settings.log_level.upper())
    name = f"{SERVICE}-{socket.gethostname()}"
    engine = database.create_engine(settings, SERVICE)
    redis = connect_redis(settings, socket_timeout=3)
    store, live = SqlStore(engine), RedisLive(redis)
    consumer = create_consumer(settings, GROUP, name)
    reader = Reader(consumer, Process(store, live), database.UNAVAILABLE, [TOPIC_PREDICTIONS])
    kafka = AIOKafkaProducer(
        **connection(settings),
        client_id=name,
        acks="all",
        request_timeout_ms=5_000,
        retry_backoff_ms=100,
        metadata_max_age_ms=30_000,
    )
    ending = Ending()
    ending.listen()

    async def beside() -> AsyncIterator[None]:
        metrics_server, thread = start_http_server(settings.metrics_port, settings.host)
        await connect(kafka, ending)
        reading = asyncio.create_task(reader.run())
        yield
        reader.stop()
        await asyncio.gather(reading, return_exceptions=True)
        with suppress(KafkaError):
            await kafka.stop()
        await redis.aclose()
        await engine.dispose()
        await asyncio.to_thread(metrics_server.shutdown)
        thread.join()

    async def kafka_ready() -> str | None:
        await kafka.client.fetch_all_metadata()
        return None

    async def redis_ready() -> str | None:
        await redis.ping()
        return None

    ready = every(
        database.readiness(settings, f"{SERVICE}-probe", Schema("neural_processor").check),
        patient("Redis", redis_ready),
        patient("Kafka", kafka_ready),
    )
    return create_app(
        settings,
        store,
        live,
        ingest.KafkaProducer(kafka),
        ready,
        sound=lambda: None if reader.lives else "the reader has stopped",
        ended=ending,
        beside=beside,
    )


async def connect(producer: AIOKafkaProducer, ending: Ending) -> None:
    """Waits for Kafka: without it nothing can be taken."""
    while not ending():
        try:
            await producer.start()
        except KafkaError as error:
            log.warning("Kafka cannot be reached", extra={"error": repr(error)})
            await asyncio.sleep(1)
        else:
            return


def every(*checks: Readiness) -> Readiness:
    """The reasons of all that are not ready."""

    async def ready() -> str | None:
        reasons = await asyncio.gather(*(check() for check in checks))
        return "; ".join(reason for reason in reasons if reason) or None

    return ready


def patient(what: str, check: Callable[[], Awaitable[str | None]]) -> Readiness:
    async def ready() -> str | None:
        try:
            async with asyncio.timeout(PROBE):
                return await check()
        except TimeoutError:
            return f"{what} did not answer within {PROBE:g} s"
        except (KafkaError, *UNREACHABLE) as error:
            return f"{what} cannot be reached: {type(error).__name__}"

    return ready
