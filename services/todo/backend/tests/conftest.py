from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from memory import MemoryTodos
from todo.app import create_app
from todo.settings import Settings


class Ready:
    """Readiness that a test can revoke."""

    reason: str | None = None

    async def __call__(self) -> str | None:
        return self.reason


@pytest.fixture
def todos() -> MemoryTodos:
    return MemoryTodos()


@pytest.fixture
def ready() -> Ready:
    return Ready()


@pytest.fixture
def client(todos: MemoryTodos, ready: Ready) -> Iterator[TestClient]:
    settings = Settings(cors_origins=("https://todo.example.com",), version="1.2.3")
    with TestClient(create_app(settings, todos, ready), raise_server_exceptions=False) as client:
        yield client
