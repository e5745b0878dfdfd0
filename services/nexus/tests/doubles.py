"""Stand-ins for what the services ask, so that they can be tested while the images are built."""

from dataclasses import replace
from typing import Any

from longshore_service.problems import Problem

from nexus.api.extract import Extracted
from nexus.dataflow.generate import nodes
from nexus.dataflow.schema import Column, Table
from nexus.gateway.sessions import Session, Step, no_session, now
from nexus.nodes import Json, Node

NOTE = Table(
    name="note",
    columns=(
        Column("id", "uuid", "uuid", required=True, default=True),
        Column("title", "character varying(20)", "varchar", required=True),
        Column("body", "text", "text"),
        Column("tags", "text[]", "text", array=True, required=True, default=True),
        Column("mood", "mood", "mood", labels=("calm", "wild")),
        Column("about", "jsonb", "jsonb"),
        Column("version", "integer", "int4", required=True, default=True),
        Column("created_at", "timestamp with time zone", "timestamptz", required=True, default=True),
        Column("updated_at", "timestamp with time zone", "timestamptz", required=True, default=True),
        Column("embedding", "vector(1024)", "vector", comment="embedding of title, body"),
    ),
    key=("id",),
    comment="A note is a thought.",
)
ENTRY = Table(
    name="entry",
    columns=(
        Column("id", "bigint", "int8", required=True, default=True, generated=True),
        Column("note_id", "uuid", "uuid", required=True),
    ),
    key=("id",),
    comment="internal: work to do.",
)


class Cache:
    """Redis, as far as the catalogue uses it."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.error: Exception | None = None

    async def get(self, name: str, /) -> str | None:
        if self.error:
            raise self.error
        return self.kept.get(name)

    async def set(self, name: str, value: str, /, ex: int | None = None) -> None:
        if self.error:
            raise self.error
        self.kept[name] = value


class FakeDataflow:
    """Documents and changes in memory, behind the names of their nodes."""

    def __init__(self) -> None:
        self.offered: list[Node] = nodes([NOTE, ENTRY])
        self.documents: dict[str, Json] = {}
        self.changes: list[Json] = []
        self.reason: str | None = None
        self.ran: list[tuple[str, Json]] = []

    async def nodes(self) -> list[Node]:
        return self.offered

    async def ready(self) -> str | None:
        return self.reason

    async def close(self) -> None:
        pass

    def write(self, identifier: str, **values: Any) -> None:
        self.documents[identifier] = {"id": identifier, "version": 1, "title": "", "body": "", **values}
        self._changed(identifier)

    def drop(self, identifier: str) -> None:
        del self.documents[identifier]
        self._changed(identifier)

    def _changed(self, identifier: str) -> None:
        number = 1 + max((one["id"] for one in self.changes), default=0)
        self.changes.append({"id": number, "document_id": identifier})

    async def run(self, node: str, arguments: Json) -> Any:
        self.ran.append((node, arguments))
        match node:
            case "change.list":
                limit = arguments["limit"]
                return {"items": self.changes[:limit], "next": "more" if len(self.changes) > limit else None}
            case "change.delete":
                self.changes = [one for one in self.changes if one["id"] != arguments["id"]]
                return {"deleted": True}
            case "document.read":
                if arguments["id"] not in self.documents:
                    raise Problem(404, "no-such-row", "There is no row.")
                return self.documents[arguments["id"]]
            case "document.search":
                items = [{"row": row, "score": 0.5} for row in self.documents.values()]
                return {"items": items, "model": "none"}
        return {"ran": node}


class FakeGraph:
    def __init__(self) -> None:
        self.known: dict[str, Extracted] = {}
        self.holder: str | None = None
        self.error: Exception | None = None
        self.reason: str | None = None

    async def prepare(self) -> None:
        if self.error:
            raise self.error

    async def lease(self, holder: str, seconds: float) -> bool:
        self.holder = self.holder or holder
        return self.holder == holder

    async def learn(self, document: Json, found: Extracted, holder: str, seconds: float) -> bool:
        self.known[document["id"]] = found
        return True

    async def forget(self, document: str, holder: str, seconds: float) -> bool:
        self.known.pop(document, None)
        return True

    async def mentioned(self, documents: list[str]) -> dict[str, list[Json]]:
        if self.error:
            raise Problem(503, "graph-unavailable", "away")
        known = {one: self.known[one] for one in documents if one in self.known}
        return {one: [{"key": entity.key} for entity in found.entities] for one, found in known.items()}

    async def reachable(self) -> str | None:
        return self.reason

    async def close(self) -> None:
        pass


class FakeApi:
    """The domain, with two documents."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.titles = {"d1": "Cranes", "d2": "Tides"}

    async def ready(self) -> str | None:
        return self.reason

    async def close(self) -> None:
        pass

    async def search(self, text: str, limit: int = 10) -> Any:
        items = [{"id": one, "title": title, "score": 0.5} for one, title in self.titles.items()]
        return {"items": items[:limit], "model": "none"}

    async def documents(self, limit: int) -> Any:
        return {"items": [{"id": one, "title": title} for one, title in self.titles.items()]}

    async def document(self, identifier: str) -> Any:
        if identifier not in self.titles:
            raise Problem(404, "no-such-row", "There is no row of document with this id.")
        return {"id": identifier, "title": self.titles[identifier], "body": "…"}

    async def create(self, document: Json) -> Any:
        return {"id": "d3", **document}

    async def neighbours(self, entity: str, depth: int = 1) -> Any:
        return {"entity": {"key": entity}, "neighbours": []}

    async def path(self, source: str, target: str) -> Any:
        raise Problem(404, "no-path", "They are not connected.")


class FakeSessions:
    """Sessions as replicas see them: what is kept, and not what one of them remembers."""

    def __init__(self, kept: dict[str, Session] | None = None) -> None:
        self.kept = {} if kept is None else kept
        self.reason: str | None = None

    async def open(self) -> Session:
        session = Session(id=f"s{len(self.kept) + 1}", created_at=now())
        self.kept[session.id] = session
        return session

    async def get(self, identifier: str) -> Session:
        if identifier not in self.kept:
            raise no_session()
        return self.kept[identifier]

    async def keep(self, identifier: str, step: Step, changes: Json) -> None:
        before = await self.get(identifier)
        self.kept[identifier] = replace(before, **changes, history=[*before.history, step])

    async def reachable(self) -> str | None:
        return self.reason

    async def close(self) -> None:
        pass
