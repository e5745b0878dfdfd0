"""What the four services have alike beyond `longshore_service`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from longshore_service.api import Readiness
from longshore_service.settings import ServerSettings, http_url, setting

SYSTEM = "nexus"
"""In the type of every problem, and the package whose loggers get the level."""


@dataclass(frozen=True, kw_only=True)
class DataflowClientSettings(ServerSettings):
    dataflow_url: str = setting("http://dataflow:8000", http_url)


@dataclass(frozen=True, kw_only=True)
class PlatformSettings(DataflowClientSettings):
    """Settings of clients of both services."""

    api_url: str = setting("http://api:8000", http_url)


def all_ready(*checks: Readiness) -> Readiness:
    """Asks all at once, and tells everything that is missing."""

    async def ready() -> str | None:
        reasons = await asyncio.gather(*(check() for check in checks))
        return "; ".join(reason for reason in reasons if reason) or None

    return ready


@asynccontextmanager
async def working(*works: Awaitable[Any]) -> AsyncIterator[None]:
    """Work that goes on beside the requests, until the application stops."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
