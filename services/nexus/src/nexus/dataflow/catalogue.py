"""The nodes that are offered now: generated when the schema changes, kept in Redis, there again after a restart."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Protocol

from longshore_service.logs import describe
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from ..nodes import Node
from . import metrics
from .generate import GENERATOR, nodes
from .schema import Table, fingerprint, from_json

log = logging.getLogger("nexus.dataflow.catalogue")

KEY = "dataflow:nodes:"
CURRENT = "dataflow:current"
KEPT = 30 * 24 * 3600
"""Seconds that nodes of a schema are kept after they were last used: a release that is rolled back finds its own."""


class Cache(Protocol):
    """The part of a Redis client that is used here."""

    def get(self, name: str, /) -> Awaitable[Any]: ...
    def set(self, name: str, value: str, /, ex: int | None = None) -> Awaitable[Any]: ...


class Catalogue:
    """Tables and nodes of one state of the schema at a time."""

    def __init__(self, read: Callable[[], Awaitable[list[Table]]], cache: Cache) -> None:
        self._read = read
        self._cache = cache
        self._changing = asyncio.Lock()
        self._stored = False
        self._failing = False
        self.fingerprint = ""
        """Names the state of the schema; empty until there is one."""
        self.tables: dict[str, Table] = {}
        self.nodes: dict[str, Node] = {}

    async def restore(self) -> None:
        """Takes what was offered last, so that nodes can be told of before the database answers."""
        with suppress(RedisError, ValueError, TypeError, KeyError):
            current = await self._cache.get(CURRENT)
            kept = await self._cache.get(f"{KEY}{current}") if current else None
            if kept:
                self._take(*unpack(kept), current)
                log.info("nodes restored", extra={"nodes": len(self.nodes), "fingerprint": self.fingerprint})

    async def refresh(self) -> bool:
        """Looks at the schema; True when other nodes are offered from now on.

        :raises sqlalchemy.exc.SQLAlchemyError: when the database cannot be reached
        """
        async with self._changing:
            tables = await self._read()
            found = fingerprint(tables, GENERATOR)
            if found == self.fingerprint:
                if not self._stored:
                    self._stored = await self._keep(
                        list(self.tables.values()), list(self.nodes.values()), found
                    )
                return False
            kept = await self._kept(found)
            made = nodes(tables) if kept is None else kept
            metrics.generations.labels("cached" if kept is not None else "generated").inc()
            self._take(tables, made, found)
            self._stored = await self._keep(tables, made, found)
            log.info(
                "nodes changed",
                extra={
                    "nodes": len(made),
                    "tables": len(tables),
                    "fingerprint": found,
                    "cached": kept is not None,
                },
            )
            return True

    async def watch(self, pause: float) -> None:
        """Refreshes until cancelled."""
        while True:
            try:
                await self.refresh()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.debug("the schema cannot be read", extra={"error": describe(error)})
            await asyncio.sleep(pause)

    def _take(self, tables: list[Table], made: list[Node], found: str) -> None:
        self.tables = {table.name: table for table in tables}
        self.nodes = {node.name: node for node in made}
        self.fingerprint = found
        metrics.nodes.set(len(made))

    async def _kept(self, found: str) -> list[Node] | None:
        try:
            kept = await self._cache.get(f"{KEY}{found}")
            return unpack(kept)[1] if kept else None
        except (RedisError, OSError, ValueError, TypeError, KeyError) as error:
            log.warning("nodes are not taken from the cache", extra={"error": describe(error)})
            return None

    async def _keep(self, tables: list[Table], made: list[Node], found: str) -> bool:
        """Without the cache everything works, only a restart without a database would find nothing."""
        try:
            await self._cache.set(f"{KEY}{found}", pack(tables, made), ex=KEPT)
            await self._cache.set(CURRENT, found)
        except (RedisError, OSError) as error:
            # Tried again with every look at the schema: told once.
            level = logging.DEBUG if self._failing else logging.WARNING
            log.log(level, "nodes are not kept", extra={"error": describe(error)})
            self._failing = True
            return False
        self._failing = False
        return True


def pack(tables: list[Table], made: list[Node]) -> str:
    return json.dumps({"tables": [asdict(one) for one in tables], "nodes": [one.as_json() for one in made]})


def unpack(kept: str | bytes) -> tuple[list[Table], list[Node]]:
    document = json.loads(kept)
    return [from_json(one) for one in document["tables"]], [Node(**one) for one in document["nodes"]]
