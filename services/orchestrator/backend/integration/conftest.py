"""The system as it runs, and its modules over the database that it has."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from longshore_service.database import create_engine
from longshore_service.settings import load

from orchestrator.perform import Performer, create_client
from orchestrator.queue import SqlQueue
from orchestrator.repository import SqlWorkflows
from orchestrator.schemas import Run, WorkflowCreate
from orchestrator.settings import Settings
from orchestrator.worker import Worker

OVER = {"succeeded", "failed", "cancelled"}


@dataclass
class Database:
    workflows: SqlWorkflows
    queue: SqlQueue

    async def started(self, *steps: dict[str, Any], given: Any = None) -> UUID:
        workflow = await self.workflows.create(
            WorkflowCreate.model_validate({"name": "tests", "steps": steps})
        )
        run = await self.workflows.start(workflow.id, given)
        assert run
        return run.id

    async def over(self, run: UUID) -> Run:
        """The run, once it has ended: the workers of the system execute it."""
        for _ in range(300):
            found = await self.workflows.run(run)
            assert found
            if found.status in OVER:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"still {found.status} after 30 seconds")


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    engine = create_engine(load(Settings), "orchestrator-tests")
    yield Database(SqlWorkflows(engine), SqlQueue(engine))
    await engine.dispose()


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[str]:
    """One more worker, in this process: what it runs through counts as covered."""
    settings = load(Settings)
    client = create_client()
    one = Worker(database.queue, Performer(client, settings.http_allow), settings, "tests")
    working = asyncio.create_task(one.work())
    yield "tests"
    one.stop()
    await working
    await client.aclose()


@pytest.fixture
async def edge() -> AsyncIterator[httpx2.AsyncClient]:
    """The reverse proxy, which starts beside us."""
    async with httpx2.AsyncClient(base_url=os.environ["EDGE_URL"], timeout=10) as client:
        for _ in range(100):
            try:
                await client.get("/")
                break
            except httpx2.TransportError:
                await asyncio.sleep(0.2)
        yield client
