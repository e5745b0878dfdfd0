"""The system as it runs, and the application over the database that it has."""

import os
from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from todo.app import from_environment


def client_of(variable: str) -> httpx2.Client:
    return httpx2.Client(base_url=os.environ[variable], timeout=10)


@pytest.fixture(scope="session")
def backend() -> Iterator[httpx2.Client]:
    with client_of("BACKEND_URL") as client:
        yield client


@pytest.fixture(scope="session")
def frontend() -> Iterator[httpx2.Client]:
    with client_of("FRONTEND_URL") as client:
        yield client


@pytest.fixture(scope="session")
def own() -> Iterator[TestClient]:
    """The application in this process, over the real database: what it runs through counts as covered."""
    with TestClient(from_environment()) as client:
        yield client


@pytest.fixture
def word() -> str:
    """Text that no other test's todos have."""
    return f"word-{uuid4().hex[:12]}"
