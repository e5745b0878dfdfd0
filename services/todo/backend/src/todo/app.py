"""Puts the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from longshore_service.api import Readiness, equip, running
from longshore_service.database import create_engine, handle_errors, readiness
from longshore_service.migrations import Schema
from longshore_service.settings import load

from .api import router
from .repository import SqlTodos, Todos
from .settings import Settings

if TYPE_CHECKING:
    from .assistant import Assistant


def create_app(
    settings: Settings, todos: Todos, ready: Readiness, assistant: "Assistant | None" = None
) -> FastAPI:
    """The application over whatever keeps the todos: PostgreSQL, or something simpler in a test."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("todo", settings, chat=assistant is not None):
            yield
            if assistant is not None:
                await assistant.close()

    app = FastAPI(
        title="AI todo",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.todos = todos
    app.state.assistant = assistant
    app.include_router(router)
    equip(app, "todo", settings, ready, methods=("GET", "POST", "PATCH", "DELETE"))
    handle_errors(app, "todo")
    return app


def from_environment() -> FastAPI:
    """The application as it is deployed; uvicorn calls this in every worker."""
    settings = load(Settings)
    todos = SqlTodos(create_engine(settings, "todo-backend"))
    assistant = None
    if settings.openai_api_key:
        from .assistant import create_assistant  # takes a second to import, so only where it is used

        assistant = create_assistant(settings, todos)
    return create_app(settings, todos, readiness(settings, "todo-probe", Schema("todo").check), assistant)
