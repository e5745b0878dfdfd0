"""Reading and writing todos."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from .model import TodoRow
from .schemas import Counts, Status, Todo, TodoCreate, TodoPage, TodoUpdate

RESTORABLE = timedelta(days=1)
"""How long a deleted todo can be brought back."""


class BadCursor(ValueError):
    """The cursor is none that we gave out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last todo of a page: the next page starts after it, also when todos came or went meanwhile."""

    created_at: datetime
    id: UUID

    def encode(self) -> str:
        return (
            base64.urlsafe_b64encode(f"{self.created_at.isoformat()} {self.id}".encode()).decode().rstrip("=")
        )

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        try:
            moment, identifier = (
                base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().rsplit(" ", 1)
            )
            created_at = datetime.fromisoformat(moment)
            if created_at.tzinfo is None:
                raise ValueError("a moment without its zone")
            return cls(created_at, UUID(identifier))
        except (ValueError, binascii.Error, UnicodeError) as error:
            raise BadCursor("expected the next_cursor of an earlier page") from error


class Todos(Protocol):
    """The todos, wherever they are kept. Methods that find nothing give None or False."""

    async def page(self, status: Status, search: str, limit: int, cursor: Cursor | None) -> TodoPage: ...
    async def get(self, identifier: UUID) -> Todo | None: ...
    async def create(self, new: TodoCreate) -> Todo: ...
    async def update(self, identifier: UUID, change: TodoUpdate) -> Todo | None: ...
    async def delete(self, identifier: UUID) -> Todo | None: ...
    async def restore(self, identifier: UUID) -> Todo | None: ...


class SqlTodos:
    """Todos in PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._session = async_sessionmaker(engine, expire_on_commit=False)

    async def page(self, status: Status, search: str, limit: int, cursor: Cursor | None) -> TodoPage:
        matching: list[ColumnElement[bool]] = [TodoRow.deleted_at.is_(None)]
        if search:
            pattern = f"%{escape_like(search)}%"
            matching.append(
                or_(
                    TodoRow.title.ilike(pattern, escape="\\"), TodoRow.description.ilike(pattern, escape="\\")
                )
            )
        wanted = (
            select(TodoRow)
            .where(*matching)
            .order_by(TodoRow.created_at.desc(), TodoRow.id.desc())
            .limit(limit + 1)
        )
        if status != "all":
            wanted = wanted.where(TodoRow.done.is_(status == "done"))
        if cursor:
            wanted = wanted.where(
                tuple_(TodoRow.created_at, TodoRow.id)
                < tuple_(literal(cursor.created_at), literal(cursor.id))
            )
        tally = select(
            func.count().filter(TodoRow.done.is_(False)), func.count().filter(TodoRow.done.is_(True))
        ).where(*matching)
        async with self._session() as session:
            rows = (await session.scalars(wanted)).all()
            still_open, done = (await session.execute(tally)).one()
        items = [Todo.model_validate(row) for row in rows[:limit]]
        more = Cursor(items[-1].created_at, items[-1].id).encode() if len(rows) > limit else None
        return TodoPage(items=items, next_cursor=more, counts=Counts(open=still_open, done=done))

    async def get(self, identifier: UUID) -> Todo | None:
        async with self._session() as session:
            row = await session.scalar(
                select(TodoRow).where(TodoRow.id == identifier, TodoRow.deleted_at.is_(None))
            )
        return Todo.model_validate(row) if row else None

    async def create(self, new: TodoCreate) -> Todo:
        row = TodoRow(id=uuid4(), **new.model_dump())
        async with self._session.begin() as session:
            session.add(row)
            await session.flush()
            await session.refresh(row)
        return Todo.model_validate(row)

    async def update(self, identifier: UUID, change: TodoUpdate) -> Todo | None:
        return await self._change(identifier, change.changes())

    async def delete(self, identifier: UUID) -> Todo | None:
        deleted = await self._change(identifier, {"deleted_at": func.now()}, touch=False)
        if deleted:
            # Nothing grows without end: what can no longer be brought back goes for good with the next deletion.
            async with self._session.begin() as session:
                await session.execute(delete(TodoRow).where(TodoRow.deleted_at < func.now() - RESTORABLE))
        return deleted

    async def restore(self, identifier: UUID) -> Todo | None:
        return await self._change(identifier, {"deleted_at": None}, deleted=True, touch=False)

    async def _change(
        self, identifier: UUID, values: dict[str, Any], *, deleted: bool = False, touch: bool = True
    ) -> Todo | None:
        present = TodoRow.deleted_at.is_not(None) if deleted else TodoRow.deleted_at.is_(None)
        if touch:
            values = {**values, "updated_at": func.now()}
        async with self._session.begin() as session:
            row = await session.scalar(
                update(TodoRow).where(TodoRow.id == identifier, present).values(values).returning(TodoRow)
            )
            return Todo.model_validate(row) if row else None


def escape_like(text: str) -> str:
    """Text that LIKE takes literally, with the backslash as the escape character."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
