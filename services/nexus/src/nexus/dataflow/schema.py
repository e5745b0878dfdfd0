"""What the database's catalogue says of its tables: the source that nodes are generated from."""

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger("nexus.dataflow.schema")

_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,47}")
"""Names that need no quotes. Others get no nodes: a tool's name has at most 64 characters, and no surprises."""

_SOURCES = re.compile(r"embedding of ([a-z0-9_]+(?:, *[a-z0-9_]+)*)")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    """As PostgreSQL writes it: `character varying(200)`, `text[]`, `vector(1024)`."""
    base: str
    """Its name in the catalogue, of an array the elements', of a domain the type below: `varchar`, `text`, `vector`."""
    array: bool = False
    required: bool = False
    """May not be null."""
    default: bool = False
    """Has a value of its own when none is given."""
    generated: bool = False
    """Computed by the database; never written."""
    labels: tuple[str, ...] = ()
    """Of an enumeration."""
    comment: str = ""

    @property
    def size(self) -> int | None:
        """Characters of `varchar(n)`, dimensions of `vector(n)`."""
        match = re.search(r"\((\d+)\)", self.type)
        return int(match[1]) if match else None

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns whose text this vector stands for: its comment says `embedding of title, body`."""
        match = _SOURCES.fullmatch(self.comment.strip()) if self.base == "vector" else None
        return tuple(name.strip() for name in match[1].split(",")) if match else ()


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    """Columns of the primary key, in its order."""
    rights: tuple[str, ...] = ("select", "insert", "update", "delete")
    """What our own login may do."""
    comment: str = ""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def internal(self) -> bool:
        return self.comment.startswith("internal:")

    @property
    def version(self) -> Column | None:
        """The column that tells one state of a row from the next, where there is one."""
        column = self.column("version")
        return column if column and column.base in ("int4", "int8") and column.required else None

    @property
    def embedding(self) -> Column | None:
        return next((column for column in self.columns if column.sources), None)


# One row per column. Partitions belong to their table; views and system tables are not ours to offer.
_COLUMNS = text("""
select c.relname as table_name,
       coalesce(obj_description(c.oid, 'pg_class'), '') as table_comment,
       array_remove(array[
         case when has_table_privilege(c.oid, 'select') then 'select' end,
         case when has_table_privilege(c.oid, 'insert') then 'insert' end,
         case when has_table_privilege(c.oid, 'update') then 'update' end,
         case when has_table_privilege(c.oid, 'delete') then 'delete' end], null) as rights,
       coalesce((select array_agg(k.attname::text order by keys.place)
                 from pg_index i
                 cross join unnest(i.indkey) with ordinality as keys(number, place)
                 join pg_attribute k on k.attrelid = c.oid and k.attnum = keys.number
                 where i.indrelid = c.oid and i.indisprimary), '{}') as key,
       a.attname as name,
       format_type(a.atttypid, a.atttypmod) as type,
       coalesce(domain.typname, element.typname, t.typname) as base,
       t.typcategory = 'A' as is_array,
       a.attnotnull as required,
       a.atthasdef or a.attidentity <> '' as has_default,
       a.attgenerated <> '' or a.attidentity = 'a' as generated,
       coalesce((select array_agg(e.enumlabel::text order by e.enumsortorder)
                 from pg_enum e where e.enumtypid = coalesce(element.oid, t.oid)), '{}') as labels,
       coalesce(col_description(c.oid, a.attnum), '') as comment
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_type element on element.oid = t.typelem and t.typcategory = 'A'
left join pg_type domain on domain.oid = t.typbasetype and t.typtype = 'd'
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
  and c.relname <> 'alembic_version'
order by c.relname, a.attnum
""")


async def read_tables(engine: AsyncEngine) -> list[Table]:
    """The tables of the schema `public` as our login sees them.

    :raises sqlalchemy.exc.DBAPIError: when the database cannot be reached
    """
    async with engine.connect() as connection:
        rows = (await connection.execute(_COLUMNS)).mappings().all()
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row["table_name"], []).append(row)
    return list(usable(as_table(name, columns) for name, columns in found.items()))


def as_table(name: str, rows: list[Any]) -> Table:
    return Table(
        name=name,
        columns=tuple(
            Column(
                name=row["name"],
                type=row["type"],
                base=row["base"],
                array=row["is_array"],
                required=row["required"],
                default=row["has_default"],
                generated=row["generated"],
                labels=tuple(row["labels"]),
                comment=row["comment"],
            )
            for row in rows
        ),
        key=tuple(rows[0]["key"]),
        rights=tuple(rows[0]["rights"]),
        comment=rows[0]["table_comment"],
    )


def usable(tables: Iterable[Table]) -> Iterable[Table]:
    for table in tables:
        odd = [name for name in (table.name, *(c.name for c in table.columns)) if not _PLAIN.fullmatch(name)]
        if odd:
            log.warning("a table gets no nodes: its names need quotes", extra={"names": odd[:5]})
        elif "select" in table.rights:
            yield table


def fingerprint(tables: Iterable[Table], generator: str) -> str:
    """Changes with the schema, and with how nodes are made from it; not with the rows."""
    document = json.dumps([generator, *(asdict(table) for table in tables)], sort_keys=True)
    return sha256(document.encode()).hexdigest()[:24]


def from_json(document: dict[str, Any]) -> Table:
    columns = tuple(Column(**{**one, "labels": tuple(one["labels"])}) for one in document["columns"])
    return Table(
        **{**document, "columns": columns, "key": tuple(document["key"]), "rights": tuple(document["rights"])}
    )
