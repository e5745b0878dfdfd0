from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from memory import Memory
from orchestrator.app import create_app
from orchestrator.settings import Settings


class Ready:
    """Readiness that a test can revoke."""

    reason: str | None = None

    async def __call__(self) -> str | None:
        return self.reason


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def ready() -> Ready:
    return Ready()


@pytest.fixture
def client(memory: Memory, ready: Ready) -> Iterator[TestClient]:
    settings = Settings(cors_origins=("https://flows.example.com",), version="1.2.3")
    with TestClient(create_app(settings, memory, ready), raise_server_exceptions=False) as client:
        yield client
