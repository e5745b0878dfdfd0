"""Bounds on what clients can make one process hold: connections, exchanges, calls, and the size of a message.

Memory at its worst is about `(connections * per_connection + exchanges) * message` beside the process itself.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from longshore_service.problems import Problem
from prometheus_client import Gauge

from . import metrics


@dataclass(frozen=True, slots=True)
class Bounds:
    connections: int = 50
    """WebSocket connections that are open at the same time."""
    per_connection: int = 8
    """Requests of one connection in hand; while there are so many, no more are read."""
    exchanges: int = 64
    """Exchanges over HTTP at the same time."""
    calls: int = 16
    """Tools that work at the same time; others wait their turn."""
    patience: float = 5.0
    """Seconds that a call waits for its turn."""
    message: int = 256 * 1024
    """Bytes of one message."""
    idle: float = 900.0
    """Seconds after which a WebSocket without a message is closed."""


class Full(Exception):
    """There are as many as there may be."""


class Limits:
    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._calls = asyncio.Semaphore(bounds.calls)
        self._open = {"connection": 0, "exchange": 0}

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """:raises Problem: 503 when there was no turn in time"""
        try:
            await asyncio.wait_for(self._calls.acquire(), self.bounds.patience)
        except TimeoutError:
            metrics.turned_away.labels("call").inc()
            raise Problem(503, "busy", "Too many calls at once. Try again in a moment.") from None
        try:
            yield
        finally:
            self._calls.release()

    def connection(self) -> AbstractContextManager[None]:
        """:raises Full: when there are as many as there may be"""
        return self._counted("connection", self.bounds.connections, metrics.connections)

    def exchange(self) -> AbstractContextManager[None]:
        """:raises Full: when there are as many as there may be"""
        return self._counted("exchange", self.bounds.exchanges, metrics.exchanges)

    @contextmanager
    def _counted(self, what: str, most: int, gauge: Gauge) -> Iterator[None]:
        if self._open[what] >= most:
            metrics.turned_away.labels(what).inc()
            raise Full(f"There are {most} {what}s open, which is as many as there may be.")
        self._open[what] += 1
        gauge.inc()
        try:
            yield
        finally:
            self._open[what] -= 1
            gauge.dec()
