"""Keeps the graph consistent with the documents, for changes by every client and channel.

A trigger in the database writes each changed document's id into the table `change`. One replica at a time (by a lease in the
graph) reads it, takes in the documents as they are now, and deletes the entries. An entry goes only after the graph
has what it stands for, so that nothing is lost when either store is away; doing one twice does no harm.
"""

import asyncio
import logging
from typing import Any, Protocol

from longshore_service.logs import describe
from longshore_service.problems import Problem

from ..nodes import Json
from . import metrics
from .extract import Extracted, extract
from .graph import UNAVAILABLE

log = logging.getLogger("nexus.api.indexer")

BATCH = 50
LEASE = 15.0
"""Seconds that a replica writes alone; when it dies, another takes over after so long."""


class Nodes(Protocol):
    async def run(self, node: str, arguments: Json) -> Any: ...


class Writable(Protocol):
    async def prepare(self) -> None: ...
    async def lease(self, holder: str, seconds: float) -> bool: ...
    async def learn(self, document: Json, found: Extracted, holder: str, seconds: float) -> bool: ...
    async def forget(self, document: str, holder: str, seconds: float) -> bool: ...


class Indexer:
    def __init__(self, nodes: Nodes, graph: Writable, holder: str) -> None:
        self._nodes = nodes
        self._graph = graph
        self._holder = holder

    async def watch(self, pause: float) -> None:
        """Runs until cancelled; retries while a datastore is unavailable."""
        failing = False
        while True:
            more = False
            try:
                more = await self.once()
                failing = False
            except (*UNAVAILABLE, Problem, TimeoutError) as error:
                # Once per outage: the probes tell of it all the time.
                log.log(
                    logging.DEBUG if failing else logging.WARNING,
                    "the graph does not follow the documents at the moment",
                    extra={"error": describe(error)},
                )
                failing = True
            except Exception:
                log.exception("the graph does not follow the documents")
            if not more:
                await asyncio.sleep(pause)

    async def once(self) -> bool:
        """Takes in what has changed; True when there may be more."""
        await self._graph.prepare()
        page = await self._nodes.run("change.list", {"limit": BATCH})
        metrics.waiting.set(len(page["items"]))
        if not page["items"]:
            return False
        if not await self._graph.lease(self._holder, LEASE):
            return False
        entries: dict[str, list[int]] = {}
        for entry in page["items"]:
            entries.setdefault(entry["document_id"], []).append(entry["id"])
        for document, numbers in entries.items():
            if not await self._take_in(document):
                return False
            for number in numbers:
                await self._done(number)
        return page["next"] is not None

    async def _take_in(self, identifier: str) -> bool:
        try:
            document = await self._nodes.run("document.read", {"id": identifier})
        except Problem as problem:
            if problem.status != 404:
                raise
            metrics.indexed.labels("forgotten").inc()
            return await self._graph.forget(identifier, self._holder, LEASE)
        # A long text takes a while: meanwhile requests are answered.
        found = await asyncio.to_thread(extract, f"{document['title']}.\n{document['body']}")
        metrics.indexed.labels("learnt").inc()
        return await self._graph.learn(document, found, self._holder, LEASE)

    async def _done(self, number: int) -> None:
        try:
            await self._nodes.run("change.delete", {"id": number})
        except Problem as problem:
            if problem.status != 404:
                raise
