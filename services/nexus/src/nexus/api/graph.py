"""The knowledge graph in Neo4j: which documents mention which entities, and how entities relate.

`(:Document)-[:MENTIONS {count}]->(:Entity)`, `(:Entity)-[:RELATED {kind, document}]->(:Entity)`: a relation names the document
that says so, and goes with it.
"""

import asyncio
import logging
from dataclasses import asdict
from typing import Any, LiteralString

from longshore_service.logs import describe
from longshore_service.problems import Problem
from neo4j import AsyncDriver, AsyncManagedTransaction, Query, RoutingControl
from neo4j.exceptions import DriverError, Neo4jError

from ..nodes import Json
from .extract import Extracted, key_of

log = logging.getLogger("nexus.api.graph")

UNAVAILABLE = (DriverError, Neo4jError, OSError)
DEPTH_LIMIT = 4
PATH_LIMIT = 8
NEIGHBOURS_LIMIT = 100
TIMEOUT = 8.0
"""Seconds for one query, on the server."""

READY_TIMEOUT = 1.5
"""Seconds that a readiness probe waits for the graph."""

_CONSTRAINTS: tuple[LiteralString, ...] = (
    "create constraint entity_key if not exists for (e:Entity) require e.key is unique",
    "create constraint document_id if not exists for (d:Document) require d.id is unique",
    "create constraint lease_name if not exists for (l:Lease) require l.name is unique",
)

# The lease is taken and used in one transaction, under the lock on its node: who lost it cannot write late.
_LEASE: LiteralString = """
merge (l:Lease {name: 'indexer'})
set l.asked = timestamp()
with l where l.holder is null or l.holder = $holder or l.until < timestamp()
set l.holder = $holder, l.until = timestamp() + $milliseconds
return l.holder as holder
"""

_FORGET: LiteralString = """
optional match (d:Document {id: $id})-[:MENTIONS]->(e:Entity)
with collect(e) as mentioned
optional match (:Entity)-[r:RELATED {document: $id}]->(:Entity)
delete r
with distinct mentioned
optional match (d:Document {id: $id})
detach delete d
with distinct mentioned
unwind mentioned as e
with distinct e where not exists { (:Document)-[:MENTIONS]->(e) }
detach delete e
"""

_LEARN: LiteralString = """
create (d:Document {id: $id, title: $title, version: $version})
with d
unwind $entities as one
merge (e:Entity {key: one.key})
on create set e.name = one.name, e.kind = one.kind
create (d)-[:MENTIONS {count: one.mentions}]->(e)
"""

_RELATE: LiteralString = """
unwind $relations as one
match (a:Entity {key: one.source}), (b:Entity {key: one.target})
create (a)-[:RELATED {kind: one.kind, document: $id}]->(b)
"""

_ENTITY: LiteralString = "{key: e.key, name: e.name, kind: e.kind}"

_FIND: LiteralString = """
match (e:Entity) where e.key starts with $prefix
return e.key as key, e.name as name, e.kind as kind, count { (:Document)-[:MENTIONS]->(e) } as documents
order by documents desc, key limit $limit
"""

_MENTIONED: LiteralString = """
match (d:Document)-[m:MENTIONS]->(e:Entity) where d.id in $ids
with d, e, m order by m.count desc, e.key
return d.id as id, collect({key: e.key, name: e.name, kind: e.kind, mentions: m.count}) as entities
"""

_DOCUMENTS: LiteralString = """
match (d:Document)-[m:MENTIONS]->(e:Entity {key: $key})
return d.id as id, d.title as title, m.count as mentions order by mentions desc, title limit $limit
"""

_NEIGHBOURS: tuple[LiteralString, ...] = tuple(
    f"""
match path = shortestPath((start:Entity {{key: $key}})-[:RELATED*1..{depth}]-(e:Entity)) where e.key <> $key
with e, length(path) as distance, [r in relationships(path) | r.kind] as kinds
return e.key as key, e.name as name, e.kind as kind, distance, kinds
order by distance, key limit $limit
"""
    for depth in range(1, DEPTH_LIMIT + 1)
)

_PATH: LiteralString = f"""
match path = shortestPath((a:Entity {{key: $source}})-[:RELATED*..{PATH_LIMIT}]-(b:Entity {{key: $target}}))
return [e in nodes(path) | {_ENTITY}] as entities,
       [r in relationships(path) | {{source: startNode(r).key, kind: r.kind, target: endNode(r).key, document: r.document}}]
           as relations
"""


class Graph:
    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver
        self._prepared = False

    async def prepare(self) -> None:
        """Keys are unique. Safe to do again, and at once; needed before the first write."""
        if not self._prepared:
            for constraint in _CONSTRAINTS:
                await self._driver.execute_query(constraint)
            self._prepared = True

    async def reachable(self) -> str | None:
        try:
            # Without the driver's retries: a probe needs the current state.
            async with asyncio.timeout(READY_TIMEOUT), self._driver.session() as session:
                await (await session.run("return 1")).consume()
        except (*UNAVAILABLE, TimeoutError) as error:
            log.warning("the graph cannot be reached", extra={"error": describe(error)})
            return "the graph cannot be reached"
        return None

    async def close(self) -> None:
        await self._driver.close()

    # Writing, by the indexer alone

    async def lease(self, holder: str, seconds: float) -> bool:
        """Whether `holder` is the one that may write for so long."""
        async with self._driver.session() as session:
            return await session.execute_write(_held, holder, seconds)

    async def learn(self, document: Json, found: Extracted, holder: str, seconds: float) -> bool:
        """Puts a document in the place of what was known of it; False when the lease is another's."""
        async with self._driver.session() as session:
            return await session.execute_write(_learn, document, found, holder, seconds)

    async def forget(self, document: str, holder: str, seconds: float) -> bool:
        """Takes a document away, and entities that no other document mentions."""
        async with self._driver.session() as session:
            return await session.execute_write(_forget, document, holder, seconds)

    # Asking

    async def entities(self, prefix: str, limit: int) -> list[Json]:
        return await self._ask(_FIND, prefix=key_of(prefix), limit=limit)

    async def mentioned(self, documents: list[str]) -> dict[str, list[Json]]:
        """Entities of each document, the ones mentioned most first."""
        return {row["id"]: row["entities"] for row in await self._ask(_MENTIONED, ids=documents)}

    async def documents(self, entity: str, limit: int) -> list[Json]:
        return await self._ask(_DOCUMENTS, key=key_of(entity), limit=limit)

    async def neighbours(self, entity: str, depth: int) -> Json:
        """Entities that are at most `depth` relations away.

        :raises Problem: 404 when there is no such entity
        """
        start = await self._existing(entity)
        found = await self._ask(_NEIGHBOURS[depth - 1], key=start["key"], limit=NEIGHBOURS_LIMIT)
        return {"entity": start, "neighbours": found}

    async def path(self, source: str, target: str) -> Json:
        """A shortest way from one entity to another, along relations in either direction.

        :raises Problem: 404 when there is no such entity, or no way
        """
        start, end = await self._existing(source), await self._existing(target)
        if start["key"] == end["key"]:
            return {"entities": [start], "relations": []}
        found = await self._ask(_PATH, source=start["key"], target=end["key"])
        if not found:
            raise Problem(
                404,
                "no-path",
                f"{start['name']} and {end['name']} are not connected within {PATH_LIMIT} relations.",
            )
        return found[0]

    async def _existing(self, name: str) -> Json:
        key = key_of(name)
        query: LiteralString = f"match (e:Entity {{key: $key}}) return {_ENTITY} as entity"
        found = await self._ask(query, key=key)
        if not found:
            raise Problem(404, "no-such-entity", f"No document mentions {name!r:.120}.")
        return dict(found[0]["entity"])

    async def _ask(self, query: LiteralString, **parameters: Any) -> list[Json]:
        try:
            records, _, _ = await self._driver.execute_query(
                Query(query, timeout=TIMEOUT), parameters, routing_=RoutingControl.READ
            )
        except UNAVAILABLE as error:
            log.error("a query of the graph failed", extra={"error": describe(error)})
            raise unavailable() from None
        return [record.data() for record in records]


def unavailable() -> Problem:
    return Problem(
        503, "graph-unavailable", "The graph cannot be reached at the moment.", headers={"Retry-After": "2"}
    )


async def _held(transaction: AsyncManagedTransaction, holder: str, seconds: float) -> bool:
    result = await transaction.run(_LEASE, holder=holder, milliseconds=round(seconds * 1000))
    return await result.single() is not None


async def _forget(transaction: AsyncManagedTransaction, document: str, holder: str, seconds: float) -> bool:
    if not await _held(transaction, holder, seconds):
        return False
    await transaction.run(_FORGET, id=document)
    return True


async def _learn(
    transaction: AsyncManagedTransaction, document: Json, found: Extracted, holder: str, seconds: float
) -> bool:
    if not await _forget(transaction, document["id"], holder, seconds):
        return False
    await transaction.run(
        _LEARN,
        id=document["id"],
        title=document["title"],
        version=document["version"],
        entities=[asdict(entity) for entity in found.entities],
    )
    await transaction.run(
        _RELATE, id=document["id"], relations=[asdict(relation) for relation in found.relations]
    )
    return True
