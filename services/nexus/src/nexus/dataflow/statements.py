"""SQL of the nodes. Names come from the database's own catalogue; values only ever travel as parameters.

All values go as one JSON document through `jsonb_populate_record`, so that PostgreSQL itself turns text into dates, numbers,
arrays and vectors by the table's own types.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from ..nodes import Json
from .schema import Table


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    values: Json

    def clause(self) -> TextClause:
        """To be executed. Documents are bound as text: the statement says what they are."""
        return text(self.sql).bindparams(*(bindparam(name, value) for name, value in self.values.items()))


class BadCursor(ValueError):
    """`after` is not the `next` of a page of this list."""


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def names(columns: Iterable[str], of: str = "") -> str:
    return ", ".join(f"{of}{quoted(column)}" for column in columns)


def record(table: Table, parameter: str) -> str:
    return f"jsonb_populate_record(null::{quoted(table.name)}, cast(:{parameter} as jsonb))"


def shown(table: Table) -> str:
    """The row as JSON, without its vectors."""
    hidden = [column.name for column in table.columns if column.base == "vector"]
    whole = f"to_jsonb({quoted(table.name)}.*)"
    for name in hidden:
        whole += f" - '{name}'"
    return whole


def by_key(table: Table, values: Json) -> tuple[str, Json]:
    given = f"(select r.{{}} from {record(table, 'key')} r)"
    conditions = [f"{quoted(table.name)}.{quoted(name)} = {given.format(quoted(name))}" for name in table.key]
    return " and ".join(conditions), {"key": dumps({name: values[name] for name in table.key})}


def create(table: Table, row: Json) -> Statement:
    if not row:
        return Statement(f"insert into {quoted(table.name)} default values returning {shown(table)}", {})
    sql = (
        f"insert into {quoted(table.name)} ({names(row)}) "
        f"select {names(row, of='r.')} from {record(table, 'row')} r returning {shown(table)}"
    )
    return Statement(sql, {"row": dumps(row)})


def read(table: Table, key: Json, *, columns: Sequence[str] = (), lock: bool = False) -> Statement:
    condition, values = by_key(table, key)
    wanted = names(columns) if columns else shown(table)
    sql = f"select {wanted} from {quoted(table.name)} where {condition}{' for update' if lock else ''}"
    return Statement(sql, values)


def update(table: Table, key: Json, changes: Json, version: int | None) -> Statement:
    condition, values = by_key(table, key)
    sets = [f"{quoted(name)} = r.{quoted(name)}" for name in changes]
    if table.version:
        sets.append(f'"version" = {quoted(table.name)}."version" + 1')
        condition += f' and {quoted(table.name)}."version" = :version'
        values["version"] = version
    updated = table.column("updated_at")
    if updated and updated.base == "timestamptz" and "updated_at" not in changes:
        sets.append('"updated_at" = now()')
    sql = (
        f"update {quoted(table.name)} set {', '.join(sets)} from {record(table, 'row')} r "
        f"where {condition} returning {shown(table)}"
    )
    return Statement(sql, {**values, "row": dumps(changes)})


def delete(table: Table, key: Json, version: int | None) -> Statement:
    condition, values = by_key(table, key)
    if version is not None:
        condition += f' and {quoted(table.name)}."version" = :version'
        values["version"] = version
    return Statement(f"delete from {quoted(table.name)} where {condition} returning true", values)


def listing(table: Table, where: Json, order: str | None, after: str | None, limit: int) -> Statement:
    """One row more than asked for, to see whether there is another page."""
    conditions, values = [], {}
    for name in where:
        conditions.append(f"{quoted(table.name)}.{quoted(name)} is not distinct from f.{quoted(name)}")
    source = quoted(table.name)
    if where:
        source += f", {record(table, 'where')} f"
        values["where"] = dumps(where)
    ordering = ""
    if order:
        backwards = order.startswith("-")
        columns = sort_columns(table, order)
        if after:
            source += f", {record(table, 'after')} a"
            values["after"] = dumps(decode_cursor(after, columns))
            place = ", ".join(f"{quoted(table.name)}.{quoted(name)}" for name in columns)
            conditions.append(f"({place}) {'<' if backwards else '>'} ({names(columns, of='a.')})")
        way = "desc" if backwards else "asc"
        ordering = " order by " + ", ".join(f"{quoted(table.name)}.{quoted(name)} {way}" for name in columns)
    condition = f" where {' and '.join(conditions)}" if conditions else ""
    sql = f"select {shown(table)} from {source}{condition}{ordering} limit :limit"
    return Statement(sql, {**values, "limit": limit + 1})


def search(table: Table, vector: str, limit: int) -> Statement:
    assert table.embedding
    column = f"{quoted(table.name)}.{quoted(table.embedding.name)}"
    sql = (
        f"select {shown(table)}, 1 - ({column} <=> cast(:vector as vector)) as score from {quoted(table.name)} "
        f"where {column} is not null order by {column} <=> cast(:vector as vector) limit :limit"
    )
    return Statement(sql, {"vector": vector, "limit": limit})


def sort_columns(table: Table, order: str) -> list[str]:
    """The column asked for, and the key, so that no two rows are at the same place."""
    first = order.removeprefix("-")
    return [first, *(name for name in table.key if name != first)]


def cursor(row: Json, columns: Sequence[str]) -> str:
    place = json.dumps([row[name] for name in columns])
    return base64.urlsafe_b64encode(place.encode()).decode()


def decode_cursor(after: str, columns: Sequence[str]) -> Json:
    try:
        place = json.loads(base64.urlsafe_b64decode(after.encode()))
    except ValueError:
        raise BadCursor("after: expected the `next` of a page before") from None
    if not isinstance(place, list) or len(place) != len(columns):
        raise BadCursor("after: expected the `next` of a page of the same list, in the same order")
    return dict(zip(columns, place, strict=True))


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
