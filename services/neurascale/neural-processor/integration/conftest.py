"""The system as it runs, and the modules of neural-processor over the stores that it has."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from aiokafka import AIOKafkaProducer
from longshore_service.database import create_engine
from longshore_service.redis_connection import connect
from longshore_service.settings import load
from neurascale_common.kafka import connection

from neural_processor.app import create_app
from neural_processor.ingest import KafkaProducer
from neural_processor.live import RedisLive
from neural_processor.schemas import RecordingCreate
from neural_processor.settings import Settings
from neural_processor.store import SqlStore


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    engine = create_engine(load(Settings), "neural-processor-tests")
    yield SqlStore(engine)
    await engine.dispose()


@pytest.fixture
async def live() -> AsyncIterator[RedisLive]:
    redis = connect(load(Settings), socket_timeout=3)
    yield RedisLive(redis)
    await redis.aclose()


@pytest.fixture
async def own(store: SqlStore, live: RedisLive) -> AsyncIterator[httpx2.AsyncClient]:
    """The application in this process, over the real stores; it takes, and the system's replicas read."""
    settings = load(Settings)
    producer = AIOKafkaProducer(**connection(settings), client_id="tests", acks="all")
    await producer.start()

    async def ready() -> str | None:
        return None

    app = create_app(settings, store, live, KafkaProducer(producer), ready)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://own", timeout=10
    ) as client:
        yield client
    await producer.stop()


@pytest.fixture
def device() -> str:
    return f"tests-{uuid4().hex[:8]}"


@pytest.fixture
async def recording(store: SqlStore, device: str) -> UUID:
    id = uuid4()
    new = RecordingCreate(
        device_id=device,
        device_name="Tests",
        simulated=True,
        rate=256,
        channels=["C3", "C4"],
        started_at=datetime.now(UTC).replace(microsecond=0),
    )
    await store.create(id, new)
    return id


@pytest.fixture
async def edge() -> AsyncIterator[httpx2.AsyncClient]:
    """The reverse proxy, which starts beside us."""
    async with httpx2.AsyncClient(base_url=os.environ["EDGE_URL"], timeout=15) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/")).status_code == 200
            except httpx2.TransportError:
                return False

        await until(answers, bool)
        yield client


@pytest.fixture
async def operator(edge: httpx2.AsyncClient) -> AsyncIterator[httpx2.AsyncClient]:
    """Someone who is signed in."""
    with open(os.environ["OPERATOR_PASSWORD_FILE"], encoding="utf-8") as file:
        login = {"username": "operator", "password": file.read().strip()}
    answer = await edge.post("/api/login", json=login)
    assert answer.status_code == 200, answer.text
    edge.headers["authorization"] = f"Bearer {answer.json()['token']}"
    yield edge


async def until[T](ask: Callable[[], Awaitable[T]], holds: Callable[[T], Any]) -> T:
    for _ in range(200):
        found = await ask()
        if holds(found):
            return found
        await asyncio.sleep(0.3)
    raise AssertionError(f"not so within a minute: {found}")
