"""Nodes from tables. Pure: the same tables give the same nodes, and nothing is asked."""

import logging
from collections.abc import Iterable, Iterator

from ..nodes import Json, Node
from .embedding import DIMENSIONS, MODEL
from .schema import Column, Table

log = logging.getLogger("nexus.dataflow.generate")

GENERATOR = f"1/{MODEL}"
"""Part of the fingerprint: nodes that another generator made are not taken from the cache."""

LIST_DEFAULT, LIST_LIMIT = 50, 200
SEARCH_DEFAULT, SEARCH_LIMIT = 10, 50
TEXT_LIMIT = 100_000
"""Characters of a text column without a limit of its own."""

_KEPT = frozenset({"version", "created_at", "updated_at"})
"""Columns that are kept for the writer, where they have a default."""

_SCALARS: dict[str, Json] = {
    "bool": {"type": "boolean"},
    "int2": {"type": "integer", "minimum": -(2**15), "maximum": 2**15 - 1},
    "int4": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "int8": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float4": {"type": "number"},
    "float8": {"type": "number"},
    "numeric": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "timestamptz": {"type": "string", "format": "date-time"},
    "json": {},
    "jsonb": {},
}
_SORTABLE = frozenset(
    {"int2", "int4", "int8", "numeric", "text", "varchar", "uuid", "date", "timestamp", "timestamptz"}
)


def nodes(tables: Iterable[Table]) -> list[Node]:
    return [node for table in tables for node in nodes_of(table)]


def nodes_of(table: Table) -> Iterator[Node]:
    """What our login may do with the table, and nothing else."""
    if "insert" in table.rights:
        yield create(table)
    if table.key:
        yield read(table)
        if "update" in table.rights and patchable(table):
            yield update(table)
        if "delete" in table.rights:
            yield delete(table)
    yield listing(table)
    if searchable(table):
        yield search(table)


def create(table: Table) -> Node:
    columns = writable(table)
    needed = [column.name for column in columns if column.required and not column.default]
    return make(
        table,
        "create",
        f"Adds a row to {table.name} and gives it back.",
        closed({column.name: schema_of(column) for column in columns}, needed),
        row(table),
    )


def read(table: Table) -> Node:
    return make(
        table,
        "read",
        f"The row of {table.name} with this key.",
        closed(key(table), list(table.key)),
        row(table),
    )


def update(table: Table) -> Node:
    changes = {column.name: schema_of(column) for column in patchable(table)}
    needed = list(table.key)
    how = "Changes the given columns of a row and gives it back."
    if table.version:
        needed.append("version")
        how += " `version` is the one that was read: when the row has changed since, nothing is written."
    return make(table, "update", how, closed({**key(table), **version(table), **changes}, needed), row(table))


def delete(table: Table) -> Node:
    how = "Deletes a row, for good."
    if table.version:
        how += " With `version`, only when the row has not changed since."
    output = closed({"deleted": {"type": "boolean"}}, ["deleted"])
    return make(table, "delete", how, closed({**key(table), **version(table)}, list(table.key)), output)


def listing(table: Table) -> Node:
    filters = {column.name: schema_of(column) for column in visible(table) if sortable(column)}
    properties: Json = {
        "where": {**closed(filters), "description": "Only rows with these values."},
        "limit": bounded(LIST_DEFAULT, LIST_LIMIT),
    }
    if table.key:
        orders = [name for column in ordering(table) for name in (column.name, f"-{column.name}")]
        properties["order"] = {"enum": orders, "default": orders[0], "description": "Minus: from the end."}
        properties["after"] = {"type": "string", "description": "`next` of the page before."}
    output = closed(
        {"items": {"type": "array", "items": row(table)}, "next": nullable({"type": "string"})}, ["items"]
    )
    return make(table, "list", f"Rows of {table.name}, page by page.", closed(properties), output)


def search(table: Table) -> Node:
    sources = " and ".join(table.embedding.sources) if table.embedding else ""
    hit = closed({"row": row(table), "score": {"type": "number"}}, ["row", "score"])
    return make(
        table,
        "search",
        f"Rows of {table.name} whose {sources} come nearest to a text, best first; score 1 is the same. "
        f"Vectors: {MODEL}, a stand-in for an embedding model: it sees words and their forms, not meaning.",
        closed(
            {
                "text": {"type": "string", "minLength": 1, "maxLength": 2000},
                "limit": bounded(SEARCH_DEFAULT, SEARCH_LIMIT),
                "least": {
                    "type": "number",
                    "minimum": -1,
                    "maximum": 1,
                    "description": "Least score. Default: any.",
                },
            },
            ["text"],
        ),
        closed({"items": {"type": "array", "items": hit}, "model": {"type": "string"}}, ["items", "model"]),
    )


def make(table: Table, operation: str, description: str, given: Json, result: Json) -> Node:
    about = table.comment.removeprefix("internal:").strip()
    return Node(
        name=f"{table.name}.{operation}",
        table=table.name,
        operation=operation,
        description=f"{description} {about}".strip(),
        input=given,
        output=result,
        internal=table.internal,
    )


# Which columns


def visible(table: Table) -> list[Column]:
    """The columns that results show: all but vectors, which are too large."""
    return [column for column in table.columns if column.base != "vector"]


def writable(table: Table) -> list[Column]:
    return [
        column
        for column in visible(table)
        if not column.generated and not (column.name in _KEPT and column.default)
    ]


def patchable(table: Table) -> list[Column]:
    return [column for column in writable(table) if column.name not in table.key]


def sortable(column: Column) -> bool:
    return column.base in _SORTABLE and not column.array


def ordering(table: Table) -> list[Column]:
    """A page ends at a value: nulls have no place in an order."""
    first = [column for name in table.key if (column := table.column(name))]
    return first + [
        column
        for column in visible(table)
        if sortable(column) and column.required and column.name not in table.key
    ]


def searchable(table: Table) -> bool:
    column = table.embedding
    if not column or not table.key:
        return False
    fits = column.size == DIMENSIONS and all(
        (source := table.column(name)) and source.base in ("text", "varchar") for name in column.sources
    )
    if not fits:
        log.warning(
            "a table cannot be searched: its embedding does not fit",
            extra={
                "table": table.name,
                "expected": f"vector({DIMENSIONS}) of text columns",
                "got": column.type,
            },
        )
    return fits


# Schemas


def schema_of(column: Column) -> Json:
    schema: Json
    if column.labels:
        schema = {"enum": list(column.labels)}
    else:
        length = {"maxLength": column.size or TEXT_LIMIT} if column.base != "vector" else {}
        schema = dict(_SCALARS.get(column.base, {"type": "string", **length}))
    if column.array:
        schema = {"type": "array", "items": schema, "maxItems": 1000}
    if column.comment:
        schema["description"] = column.comment
    return schema if column.required else nullable(schema)


def nullable(schema: Json) -> Json:
    if "type" not in schema and "enum" not in schema:
        return schema
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def closed(properties: Json, required: list[str] | None = None) -> Json:
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def bounded(default: int, limit: int) -> Json:
    return {"type": "integer", "minimum": 1, "maximum": limit, "default": default}


def key(table: Table) -> Json:
    return {name: schema_of(column) for name in table.key if (column := table.column(name))}


def version(table: Table) -> Json:
    return {"version": schema_of(table.version)} if table.version else {}


def row(table: Table) -> Json:
    properties = {column.name: output_of(column) for column in visible(table)}
    return closed(properties, list(properties))


def output_of(column: Column) -> Json:
    """Limits bind who writes. What is in the table is in the table."""
    schema = schema_of(column)
    return {
        name: value
        for name, value in schema.items()
        if name not in ("maxLength", "maxItems", "minimum", "maximum")
    }
