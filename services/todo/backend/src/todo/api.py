"""The routes under /api."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from longshore_service.problems import Problem
from pydantic import AfterValidator

from .repository import BadCursor, Cursor, Todos
from .schemas import (
    ChatReply,
    ChatRequest,
    ChatStatus,
    Search,
    Status,
    Todo,
    TodoCreate,
    TodoPage,
    TodoUpdate,
)

router = APIRouter(prefix="/api")


def todos_of(request: Request) -> Todos:
    return request.app.state.todos  # type: ignore[no-any-return]


Repository = Annotated[Todos, Depends(todos_of)]


def _cursor(text: str | None) -> Cursor | None:
    return Cursor.decode(text) if text else None


def _cursor_fits(text: str) -> str:
    try:
        Cursor.decode(text)
    except BadCursor as error:
        raise ValueError(str(error)) from error
    return text


def existing(todo: Todo | None) -> Todo:
    if todo is None:
        raise Problem(404, "no-such-todo", "There is no todo with this id. Perhaps it was deleted.")
    return todo


@router.get("/todos")
async def list_todos(
    todos: Repository,
    status: Status = "all",
    q: Annotated[Search, Query(description="Text in the title or description")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200), AfterValidator(lambda text: text and _cursor_fits(text))
    ] = None,
) -> TodoPage:
    return await todos.page(status, q, limit, _cursor(cursor))


@router.post("/todos", status_code=201)
async def create_todo(todos: Repository, new: TodoCreate, response: Response) -> Todo:
    todo = await todos.create(new)
    response.headers["Location"] = f"/api/todos/{todo.id}"
    return todo


@router.get("/todos/{id}")
async def read_todo(todos: Repository, id: UUID) -> Todo:
    return existing(await todos.get(id))


@router.patch("/todos/{id}")
async def update_todo(todos: Repository, id: UUID, change: TodoUpdate) -> Todo:
    return existing(await todos.update(id, change))


@router.delete("/todos/{id}", status_code=204)
async def delete_todo(todos: Repository, id: UUID) -> None:
    """Deletes the todo; for a day it can be brought back."""
    existing(await todos.delete(id))


@router.post("/todos/{id}/restore")
async def restore_todo(todos: Repository, id: UUID) -> Todo:
    """Brings back a deleted todo."""
    return existing(await todos.restore(id))


@router.get("/chat")
async def chat_status(request: Request) -> ChatStatus:
    return ChatStatus(enabled=request.app.state.assistant is not None)


@router.post("/chat")
async def chat(request: Request, asked: ChatRequest) -> ChatReply:
    assistant = request.app.state.assistant
    if assistant is None:
        raise Problem(
            503, "chat-not-configured", "chat is not configured: this installation has no OPENAI_API_KEY"
        )
    return await assistant.answer(asked.messages, asked.today)  # type: ignore[no-any-return]
