"""The system as it runs, and its modules over the stores that it has."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import httpx2
import pytest
from longshore_service.database import create_engine
from longshore_service.redis_connection import connect
from longshore_service.settings import load
from neo4j import AsyncGraphDatabase
from redis.asyncio import Redis

from nexus.api.app import Settings as ApiSettings
from nexus.api.graph import Graph
from nexus.dataflow.catalogue import Catalogue
from nexus.dataflow.run import Runner
from nexus.dataflow.schema import read_tables
from nexus.dataflow.settings import Settings as DataflowSettings
from nexus.gateway.sessions import Sessions


@dataclass
class Dataflow:
    catalogue: Catalogue
    runner: Runner


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    client = connect(load(DataflowSettings))
    yield client
    await client.aclose()


@pytest.fixture
async def dataflow(redis: Redis) -> AsyncIterator[Dataflow]:
    engine = create_engine(load(DataflowSettings), "nexus-tests")
    catalogue = Catalogue(partial(read_tables, engine), redis)
    await catalogue.refresh()
    yield Dataflow(catalogue, Runner(engine, catalogue))
    await engine.dispose()


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    settings = load(ApiSettings)
    login = (settings.neo4j_username, settings.neo4j_password or "")
    made = Graph(AsyncGraphDatabase.driver(settings.neo4j_url, auth=login))
    await made.prepare()
    yield made
    await made.close()


@pytest.fixture
def sessions(redis: Redis) -> Sessions:
    return Sessions(redis, 600)


@pytest.fixture
def word() -> str:
    """A word that no other test's texts have."""
    return f"word{uuid4().hex[:12]}"


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=10) as client:
        yield client


def address(service: str) -> str:
    return os.environ[f"{service.upper()}_URL"]
