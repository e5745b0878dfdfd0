"""Tools and resources of the service `mcp`: dataflow's nodes as they are now, search, and the graph."""

import json

import mcp_types as types
from longshore_service.problems import Problem

from ..clients import Api, Dataflow
from ..nodes import Json, Node
from ..protocol.tools import Call, own_path

_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 200}
_READING = {"read", "list", "search"}
NEWEST = 20
"""Documents that are listed as resources; the others are found by searching."""

INSTRUCTIONS = (
    "A knowledge base. `search` finds documents by their words and names what they mention; `graph_neighbours` and "
    "`graph_path` follow relations between the entities. The tools named TABLE_OPERATION read and write single tables."
)


class PlatformOffer:
    def __init__(self, dataflow: Dataflow, api: Api) -> None:
        self._dataflow = dataflow
        self._api = api
        self._own: dict[str, tuple[types.Tool, Call]] = {
            tool.name: (tool, call)
            for tool, call in (
                (SEARCH, lambda given: api.search(given["text"], given.get("limit", 10))),
                (NEIGHBOURS, lambda given: api.neighbours(given["entity"], given.get("depth", 1))),
                (PATH, lambda given: api.path(given["source"], given["target"])),
            )
        }

    async def tools(self) -> list[types.Tool]:
        nodes = [tool_of(node) for node in await self._dataflow.nodes() if not node.internal]
        return [*nodes, *(tool for tool, _ in self._own.values())]

    async def call(self, name: str, arguments: Json) -> Json | None:
        if name in self._own:
            tool, call = self._own[name]
            missing = [key for key in tool.input_schema["required"] if key not in arguments]
            if missing:
                raise Problem(422, "invalid", f"{name}: {', '.join(missing)} missing.")
            return dict(await call(arguments))
        node = next((node for node in await self._dataflow.nodes() if node.tool == name), None)
        if node is None or node.internal:
            return None
        return dict(await self._dataflow.run(node.name, arguments))

    async def resources(self) -> list[types.Resource]:
        newest = (await self._api.documents(NEWEST))["items"]
        listed = [
            types.Resource(uri=f"nexus://documents/{one['id']}", name=one["title"], mime_type="text/markdown")
            for one in newest
        ]
        nodes = types.Resource(
            uri="nexus://nodes",
            name="nodes",
            description="What can be done with each table, with the schemas of input and output.",
            mime_type="application/json",
        )
        return [nodes, *listed]

    def templates(self) -> list[types.ResourceTemplate]:
        return [
            types.ResourceTemplate(
                uri_template="nexus://documents/{id}", name="document", mime_type="text/markdown"
            )
        ]

    async def read(self, uri: str) -> tuple[str, str] | None:
        match own_path(uri):
            case ["nodes"]:
                nodes = [node.as_json() for node in await self._dataflow.nodes() if not node.internal]
                return "application/json", json.dumps(nodes)
            case ["documents", identifier]:
                document = await self._api.document(identifier)
                return "text/markdown", f"# {document['title']}\n\n{document['body']}\n"
        return None


def tool_of(node: Node) -> types.Tool:
    return types.Tool(
        name=node.tool,
        description=node.description,
        input_schema=node.input,
        output_schema=node.output,
        annotations=types.ToolAnnotations(
            read_only_hint=node.operation in _READING, destructive_hint=node.operation in {"update", "delete"}
        ),
    )


def own(name: str, description: str, properties: Json, required: list[str]) -> types.Tool:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return types.Tool(
        name=name,
        description=description,
        input_schema=schema,
        annotations=types.ToolAnnotations(read_only_hint=True),
    )


SEARCH = own(
    "search",
    "Documents nearest to a text, best first, each with an excerpt and the entities that it mentions.",
    {
        "text": {**_TEXT, "maxLength": 2000},
        "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
    },
    ["text"],
)
NEIGHBOURS = own(
    "graph_neighbours",
    "Entities that are related to one, up to `depth` relations away.",
    {"entity": _TEXT, "depth": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}},
    ["entity"],
)
PATH = own(
    "graph_path",
    "A shortest way from one entity to another, with the document behind each relation.",
    {"source": _TEXT, "target": _TEXT},
    ["source", "target"],
)
