"""Runs a node: validates the arguments, executes the statement, and reports failures in the caller's terms."""

import logging
import time
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from longshore_service.problems import Problem
from psycopg import errors
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..nodes import Json, Node
from . import metrics, statements
from .catalogue import Catalogue
from .embedding import MODEL, embed, literal
from .generate import LIST_DEFAULT, SEARCH_DEFAULT
from .schema import Table

log = logging.getLogger("nexus.dataflow.run")

_FORMATS = FormatChecker(("uuid", "date"))
_TOLD = 10
"""Mistakes that are told at once."""


class Runner:
    def __init__(self, engine: AsyncEngine, catalogue: Catalogue) -> None:
        self._engine = engine
        self._catalogue = catalogue

    async def run(self, name: str, arguments: Json) -> Json:
        """:raises Problem: 404 no such node or row, 409 conflict, 422 wrong arguments"""
        node = self._catalogue.nodes.get(name)
        if node is None:
            raise Problem(404, "no-such-node", f"There is no node {name!r:.100}.")
        check(node, arguments)
        table = self._catalogue.tables[node.table]
        outcome = "failed"
        started = time.perf_counter()
        try:
            async with self._engine.begin() as connection:
                result = await getattr(Operations(connection, table), node.operation)(arguments)
            outcome = "succeeded"
            return dict(result)
        except Problem:
            outcome = "refused"
            raise
        except DBAPIError as error:
            problem = refusal(error)
            if problem is None:
                raise
            outcome = "refused"
            if problem.kind == "schema-changed":
                await self._catalogue.refresh()
            raise problem from None
        finally:
            metrics.runs.labels(node.table, node.operation, outcome).inc()
            metrics.run_time.labels(node.table, node.operation).observe(time.perf_counter() - started)


class Operations:
    """What each kind of node does, in one transaction."""

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection = connection
        self._table = table

    async def create(self, given: Json) -> Json:
        embedded = self._embedded(given) if self._table.embedding else {}
        return await self._one(statements.create(self._table, {**given, **embedded})) or {}

    async def read(self, given: Json) -> Json:
        row = await self._one(statements.read(self._table, given))
        return row if row is not None else self._missing(given)

    async def update(self, given: Json) -> Json:
        table = self._table
        changes = {name: value for name, value in given.items() if name not in (*table.key, "version")}
        if not changes:
            raise Problem(422, "invalid", f"{table.name}: nothing to change was given.")
        embedding = table.embedding
        if embedding and not changes.keys().isdisjoint(embedding.sources):
            lookup = statements.read(table, given, columns=embedding.sources, lock=True)
            before = (await self._connection.execute(lookup.clause())).mappings().first()
            changes |= self._embedded({**(before or {}), **changes})
        row = await self._one(statements.update(table, given, changes, given.get("version")))
        return row if row is not None else await self._conflict(given)

    async def delete(self, given: Json) -> Json:
        statement = statements.delete(self._table, given, given.get("version"))
        if (await self._connection.execute(statement.clause())).first() is None:
            await self._conflict(given)
        return {"deleted": True}

    async def list(self, given: Json) -> Json:
        limit = given.get("limit", LIST_DEFAULT)
        order = given.get("order") or (self._table.key[0] if self._table.key else None)
        try:
            statement = statements.listing(
                self._table, given.get("where", {}), order, given.get("after"), limit
            )
        except statements.BadCursor as error:
            raise Problem(422, "invalid", str(error)) from None
        rows = [row[0] for row in await self._connection.execute(statement.clause())]
        page, more = rows[:limit], len(rows) > limit
        columns = statements.sort_columns(self._table, order) if order else []
        return {"items": page, "next": statements.cursor(page[-1], columns) if more and columns else None}

    async def search(self, given: Json) -> Json:
        vector = embed(given["text"])
        if not any(vector):
            raise Problem(422, "invalid", "text: expected a word that can be searched for.")
        statement = statements.search(self._table, literal(vector), given.get("limit", SEARCH_DEFAULT))
        least = given.get("least", -1)
        rows = await self._connection.execute(statement.clause())
        items = [{"row": row, "score": round(score, 4)} for row, score in rows if score >= least]
        return {"items": items, "model": MODEL}

    async def _one(self, statement: statements.Statement) -> Json | None:
        row = (await self._connection.execute(statement.clause())).first()
        return None if row is None else dict(row[0])

    def _embedded(self, row: Any) -> Json:
        assert self._table.embedding
        vector = embed("\n".join(str(row.get(name) or "") for name in self._table.embedding.sources))
        # A vector of zeros has no direction: nothing is near it.
        return {self._table.embedding.name: literal(vector) if any(vector) else None}

    async def _conflict(self, given: Json) -> Json:
        """Why nothing was written: the row is gone, or another version of it is there."""
        now = await self._one(statements.read(self._table, given))
        if now is None:
            self._missing(given)
        raise Problem(
            409,
            "conflict",
            f"The row of {self._table.name} is at version {(now or {}).get('version')} by now, "
            f"and version {given.get('version')} was given. Read it again.",
        )

    def _missing(self, given: Json) -> Json:
        key = ", ".join(f"{name} {given[name]}" for name in self._table.key)
        raise Problem(404, "no-such-row", f"There is no row of {self._table.name} with {key}.")


def check(node: Node, arguments: Json) -> None:
    """:raises Problem: with everything that the node's schema does not allow"""
    validator = Draft202012Validator(node.input, format_checker=_FORMATS)
    found = [
        {"path": ".".join(str(part) for part in error.absolute_path), "message": error.message[:300]}
        for error in validator.iter_errors(arguments)
    ]
    if found:
        raise Problem(
            422, "invalid", f"{node.name}: the arguments do not fit.", errors=sorted(found[:_TOLD], key=str)
        )


def refusal(error: DBAPIError) -> Problem | None:
    """What the database refused, as the caller's mistake; None when it is not."""
    original = error.orig
    diagnosis = getattr(original, "diag", None)
    message = f"{getattr(diagnosis, 'message_primary', None) or 'the database refused it'}."
    match original:
        case errors.UniqueViolation() | errors.ForeignKeyViolation() | errors.ExclusionViolation():
            # Names the key. Of other refusals the detail is the whole row.
            return Problem(
                409, "conflict", f"{message} {getattr(diagnosis, 'message_detail', None) or ''}".strip()
            )
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return Problem(409, "schema-changed", "The table has changed. Read the nodes again.")
        case errors.InsufficientPrivilege():
            return Problem(403, "forbidden", message)
        case errors.NumericValueOutOfRange() | errors.DataError():
            return Problem(422, "invalid", message)
        case _ if isinstance(error, IntegrityError):
            return Problem(422, "invalid", message)
    return None
