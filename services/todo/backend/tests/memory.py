"""Todos in memory: a stand-in for PostgreSQL, so that the API can be tested while the image is built."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from todo.repository import Cursor
from todo.schemas import Counts, Status, Todo, TodoCreate, TodoPage, TodoUpdate


class MemoryTodos:
    def __init__(self) -> None:
        self.kept: dict[UUID, Todo] = {}
        self.deleted: dict[UUID, Todo] = {}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    async def page(self, status: Status, search: str, limit: int, cursor: Cursor | None) -> TodoPage:
        matching = [
            todo
            for todo in self.kept.values()
            if search.lower() in f"{todo.title}\n{todo.description}".lower()
        ]
        wanted = [todo for todo in matching if status == "all" or todo.done == (status == "done")]
        wanted.sort(key=lambda todo: (todo.created_at, todo.id), reverse=True)
        if cursor:
            wanted = [todo for todo in wanted if (todo.created_at, todo.id) < (cursor.created_at, cursor.id)]
        items = wanted[:limit]
        return TodoPage(
            items=items,
            next_cursor=Cursor(items[-1].created_at, items[-1].id).encode() if len(wanted) > limit else None,
            counts=Counts(
                open=sum(not todo.done for todo in matching),
                done=sum(todo.done for todo in matching),
            ),
        )

    async def get(self, identifier: UUID) -> Todo | None:
        return self.kept.get(identifier)

    async def create(self, new: TodoCreate) -> Todo:
        moment = self._tick()
        todo = Todo(id=uuid4(), created_at=moment, updated_at=moment, **new.model_dump())
        self.kept[todo.id] = todo
        return todo

    async def update(self, identifier: UUID, change: TodoUpdate) -> Todo | None:
        if todo := self.kept.get(identifier):
            self.kept[identifier] = todo.model_copy(update={**change.changes(), "updated_at": self._tick()})
        return self.kept.get(identifier)

    async def delete(self, identifier: UUID) -> Todo | None:
        if todo := self.kept.pop(identifier, None):
            self.deleted[identifier] = todo
        return todo

    async def restore(self, identifier: UUID) -> Todo | None:
        if todo := self.deleted.pop(identifier, None):
            self.kept[identifier] = todo
        return todo
