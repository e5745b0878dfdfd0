"""The routes under /api: documents, collections, search, entities and the graph."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from longshore_service.problems import Problem
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..clients import Dataflow
from ..nodes import Json
from .graph import DEPTH_LIMIT, Graph

router = APIRouter(prefix="/api")

EXCERPT = 240
"""Characters of a body that a search shows."""


def dataflow_of(request: Request) -> Dataflow:
    return request.app.state.dataflow  # type: ignore[no-any-return]


def graph_of(request: Request) -> Graph:
    return request.app.state.graph  # type: ignore[no-any-return]


Nodes = Annotated[Dataflow, Depends(dataflow_of)]
Known = Annotated[Graph, Depends(graph_of)]
Limit = Annotated[int, Query(ge=1, le=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Order = Literal["created_at", "-created_at", "updated_at", "-updated_at", "title", "-title"]


class DocumentCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Name
    body: str = Field("", max_length=100_000)
    source: str | None = Field(None, max_length=500)
    tags: list[Tag] = Field([], max_length=50)
    collection_id: UUID | None = None


class DocumentUpdate(BaseModel):
    """What is given is changed. `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    title: Name | None = None
    body: str | None = Field(None, max_length=100_000)
    source: str | None = Field(None, max_length=500)
    tags: list[Tag] | None = Field(None, max_length=50)
    collection_id: UUID | None = None


class CollectionCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    description: str = Field("", max_length=2000)


@router.get("/collections")
async def list_collections(nodes: Nodes, limit: Limit = 100, after: str | None = None) -> Json:
    return await page(nodes, "collection.list", limit=limit, order="name", after=after)


@router.post("/collections", status_code=201)
async def create_collection(nodes: Nodes, new: CollectionCreate) -> Json:
    return dict(await nodes.run("collection.create", new.model_dump(mode="json")))


@router.get("/documents")
async def list_documents(
    nodes: Nodes,
    collection: UUID | None = None,
    limit: Limit = 50,
    order: Order = "created_at",
    after: str | None = None,
) -> Json:
    where = {"collection_id": str(collection)} if collection else {}
    return await page(nodes, "document.list", limit=limit, order=order, after=after, where=where)


@router.post("/documents", status_code=201)
async def create_document(nodes: Nodes, new: DocumentCreate, response: Response) -> Json:
    """Keeps a document. Its names are in the graph a moment later."""
    made = await nodes.run("document.create", new.model_dump(mode="json"))
    response.headers["Location"] = f"/api/documents/{made['id']}"
    return dict(made)


@router.get("/documents/{id}")
async def read_document(nodes: Nodes, id: UUID) -> Json:
    return dict(await nodes.run("document.read", {"id": str(id)}))


@router.patch("/documents/{id}")
async def update_document(nodes: Nodes, id: UUID, change: DocumentUpdate) -> Json:
    given = change.model_dump(mode="json", exclude_unset=True)
    return dict(await nodes.run("document.update", {"id": str(id), **given}))


@router.delete("/documents/{id}", status_code=204)
async def delete_document(nodes: Nodes, id: UUID) -> None:
    await nodes.run("document.delete", {"id": str(id)})


@router.get("/documents/{id}/entities")
async def document_entities(nodes: Nodes, graph: Known, id: UUID) -> Json:
    await nodes.run("document.read", {"id": str(id)})
    return {"items": (await graph.mentioned([str(id)])).get(str(id), [])}


@router.get("/search")
async def search(
    nodes: Nodes,
    graph: Known,
    text: Annotated[str, Query(min_length=1, max_length=2000)],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Json:
    """Documents nearest to a text, each with the entities that it mentions; without the graph, without entities."""
    found = await nodes.run("document.search", {"text": text, "limit": limit})
    rows = [hit["row"] for hit in found["items"]]
    entities: dict[str, list[Json]] | None
    try:
        async with asyncio.timeout(2):
            entities = await graph.mentioned([row["id"] for row in rows])
    except (Problem, TimeoutError):
        entities = None
    items = [
        {
            "id": row["id"],
            "title": row["title"],
            "excerpt": row["body"][:EXCERPT],
            "score": hit["score"],
            "entities": None if entities is None else entities.get(row["id"], [])[:10],
        }
        for hit, row in zip(found["items"], rows, strict=True)
    ]
    return {"items": items, "model": found["model"]}


@router.get("/entities")
async def list_entities(graph: Known, prefix: str = "", limit: Limit = 50) -> Json:
    return {"items": await graph.entities(prefix, limit)}


@router.get("/entities/{name}/documents")
async def entity_documents(graph: Known, name: str, limit: Limit = 50) -> Json:
    return {"items": await graph.documents(name, limit)}


@router.get("/graph/neighbours")
async def neighbours(
    graph: Known,
    entity: Annotated[str, Query(min_length=1, max_length=200)],
    depth: Annotated[int, Query(ge=1, le=DEPTH_LIMIT)] = 1,
) -> Json:
    return await graph.neighbours(entity, depth)


@router.get("/graph/path")
async def path(
    graph: Known,
    source: Annotated[str, Query(min_length=1, max_length=200)],
    target: Annotated[str, Query(min_length=1, max_length=200)],
) -> Json:
    return await graph.path(source, target)


async def page(nodes: Dataflow, node: str, **arguments: Any) -> Json:
    return dict(
        await nodes.run(node, {name: value for name, value in arguments.items() if value is not None})
    )
