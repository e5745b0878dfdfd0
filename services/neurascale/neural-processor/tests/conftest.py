from collections.abc import Iterator

import pytest
from longshore_service.settings import ServiceSettings
from starlette.testclient import TestClient

from memory import Memory, MemoryKafka, MemoryLive
from neural_processor.app import create_app


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def live() -> MemoryLive:
    return MemoryLive()


@pytest.fixture
def kafka() -> MemoryKafka:
    return MemoryKafka()


@pytest.fixture
def client(memory: Memory, live: MemoryLive, kafka: MemoryKafka) -> Iterator[TestClient]:
    async def ready() -> str | None:
        return "the database cannot be reached" if memory.away else None

    app = create_app(ServiceSettings(version="1.2.3"), memory, live, kafka, ready)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
