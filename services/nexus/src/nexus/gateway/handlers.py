"""What can be done in a session. Written once; the channels make routes, commands and tools of it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from longshore_service.problems import Problem
from pydantic import BaseModel, ConfigDict, Field

from ..nodes import Json, Node
from .sessions import Session


class Platform(Protocol):
    """The other services, as far as handlers ask them."""

    async def search(self, text: str, limit: int = 10) -> Any: ...
    async def document(self, identifier: str) -> Any: ...
    async def create(self, document: Json) -> Any: ...
    async def neighbours(self, entity: str, depth: int = 1) -> Any: ...
    async def path(self, source: str, target: str) -> Any: ...


class Nodes(Protocol):
    async def nodes(self) -> list[Node]: ...
    async def run(self, node: str, arguments: Json) -> Any: ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a handler gives, what it changes in the session, and how the session's history tells of it."""

    result: Json
    summary: str
    changes: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    session: Session
    platform: Platform
    nodes: Nodes


@dataclass(frozen=True, slots=True)
class Handler:
    name: str
    description: str
    parameters: type[BaseModel]
    perform: Callable[[Context, Any], Awaitable[Done]]

    def schema(self) -> Json:
        schema = self.parameters.model_json_schema()
        return {**schema, "title": self.name, "description": self.description}


HANDLERS: dict[str, Handler] = {}


def handler[P: BaseModel](
    parameters: type[P],
) -> Callable[[Callable[[Context, P], Awaitable[Done]]], Callable[[Context, P], Awaitable[Done]]]:
    """Registers a function as a handler, under its name and with its docstring."""

    def register(perform: Callable[[Context, P], Awaitable[Done]]) -> Callable[[Context, P], Awaitable[Done]]:
        name = perform.__name__.removesuffix("_")
        HANDLERS[name] = Handler(name, " ".join((perform.__doc__ or "").split()), parameters, perform)
        return perform

    return register


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Search(Parameters):
    text: str = Field(min_length=1, max_length=2000)
    limit: int = Field(10, ge=1, le=50)


@handler(Search)
async def search(context: Context, given: Search) -> Done:
    """Finds documents by their words. The session remembers them: `open` takes their numbers."""
    found = await context.platform.search(given.text, given.limit)
    results = [{"id": item["id"], "title": item["title"]} for item in found["items"]]
    numbered = [{"number": number, **item} for number, item in enumerate(found["items"], 1)]
    summary = f"searched for {given.text[:60]!r}: {len(results)} found"
    return Done({"items": numbered, "model": found["model"]}, summary, {"results": results})


class Open(Parameters):
    item: str = Field(
        description="Number in the last search, or a document's id.", min_length=1, max_length=64
    )


@handler(Open)
async def open_(context: Context, given: Open) -> Done:
    """Reads a document, and makes it the session's current one."""
    document = await context.platform.document(chosen(context.session, given.item))
    current = {"id": document["id"], "title": document["title"]}
    return Done(document, f"opened {document['title'][:60]!r}", {"current": current})


class Add(Parameters):
    title: str = Field(min_length=1, max_length=200)
    body: str = Field("", max_length=100_000)
    tags: list[str] = Field([], max_length=50)


@handler(Add)
async def add(context: Context, given: Add) -> Done:
    """Keeps a new document, and makes it the session's current one."""
    document = await context.platform.create(given.model_dump())
    current = {"id": document["id"], "title": document["title"]}
    return Done(document, f"added {document['title'][:60]!r}", {"current": current})


class Related(Parameters):
    entity: str = Field(min_length=1, max_length=200)
    depth: int = Field(1, ge=1, le=4)


@handler(Related)
async def related(context: Context, given: Related) -> Done:
    """Entities that are related to one, up to `depth` relations away."""
    found = await context.platform.neighbours(given.entity, given.depth)
    return Done(found, f"looked around {given.entity[:60]!r}: {len(found['neighbours'])} found")


class Path(Parameters):
    source: str = Field(min_length=1, max_length=200)
    target: str = Field(min_length=1, max_length=200)


@handler(Path)
async def path(context: Context, given: Path) -> Done:
    """A shortest way from one entity to another."""
    found = await context.platform.path(given.source, given.target)
    return Done(found, f"found a way from {given.source[:60]!r} to {given.target[:60]!r}")


class ListNodes(Parameters):
    table: str | None = Field(None, max_length=64, description="Only nodes of this table.")


@handler(ListNodes)
async def nodes(context: Context, given: ListNodes) -> Done:
    """What can be done with single tables, with the schemas of input and output."""
    found = [
        node
        for node in await context.nodes.nodes()
        if not node.internal and given.table in (None, node.table)
    ]
    return Done({"items": [node.as_json() for node in found]}, f"listed {len(found)} nodes")


class Run(Parameters):
    node: str = Field(min_length=1, max_length=128, description="Such as document.list.")
    arguments: dict[str, Any] = {}


@handler(Run)
async def run(context: Context, given: Run) -> Done:
    """Runs one node of one table."""
    if any(node.name == given.node and node.internal for node in await context.nodes.nodes()):
        raise Problem(403, "forbidden", f"{given.node} is the platform's own.")
    return Done(dict(await context.nodes.run(given.node, given.arguments)), f"ran {given.node}")


class Show(Parameters):
    pass


@handler(Show)
async def show(context: Context, _: Show) -> Done:
    """The session itself: what was found, what is open, and what was done on which channel."""
    return Done(asdict(context.session), "looked at the session")


def chosen(session: Session, item: str) -> str:
    """The document's id behind a number of the last search; an id stands for itself."""
    if not (item.isascii() and item.isdigit() and len(item) < 4):
        return item
    number = int(item)
    if not 1 <= number <= len(session.results):
        raise Problem(
            422,
            "invalid",
            f"item: the last search of this session found {len(session.results)} documents; there is no number {number}.",
        )
    return str(session.results[number - 1]["id"])
