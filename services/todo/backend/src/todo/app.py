"""Puts the application together."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_client.multiprocess import mark_process_dead
from sqlalchemy.exc import SQLAlchemyError

from . import metrics, problems
from .api import router
from .database import Schema, create_engine
from .logs import describe
from .observe import Observe
from .repository import SqlTodos, Todos
from .settings import Settings, load_settings

if TYPE_CHECKING:
    from .assistant import Assistant

log = logging.getLogger("todo.app")

READY_TIMEOUT = 2.0
"""Seconds that a readiness probe waits for the database."""


class Readiness(Protocol):
    async def __call__(self) -> str | None:
        """None when requests can be served, else the reason why not."""


def create_app(
    settings: Settings, todos: Todos, ready: Readiness, assistant: "Assistant | None" = None
) -> FastAPI:
    """The application over whatever keeps the todos: PostgreSQL, or something simpler in a test."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        forget_dead_workers()
        metrics.build.labels(settings.version).set(1)
        log.info("started", extra={"version": settings.version, "chat": assistant is not None})
        yield
        if assistant is not None:
            await assistant.close()
        log.info("stopped")

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
    problems.install(app)
    app.add_middleware(Observe)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Location", "Retry-After"],
        )

    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        reason = await ready()
        if reason is None:
            return JSONResponse({"status": "ok"})
        log.warning("not ready", extra={"reason": reason})
        return problems.Problem(503, "not-ready", reason).response()

    @app.get("/metrics", include_in_schema=False)
    def expose_metrics() -> Response:
        body, media_type = metrics.expose()
        return Response(body, media_type=media_type)

    return app


def from_environment() -> FastAPI:
    """The application as it is deployed; uvicorn calls this in every worker."""
    settings = load_settings()
    engine = create_engine(settings)
    # Its own connection: a busy pool is no reason to take a replica out of service.
    probe = create_engine(settings, size=1)
    schema = Schema()

    async def ready() -> str | None:
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                return await schema.check(probe)
        except TimeoutError:
            return f"the database did not answer within {READY_TIMEOUT:g} s"
        except (SQLAlchemyError, OSError) as error:
            log.warning("the database cannot be reached", extra={"error": describe(error)})
            return "the database cannot be reached"

    todos = SqlTodos(engine)
    assistant = None
    if settings.openai_api_key:
        from .assistant import create_assistant  # takes a second to import, so only where it is used

        assistant = create_assistant(settings, todos)
    return create_app(settings, todos, ready, assistant)


def forget_dead_workers() -> None:
    """Drops the gauges of workers that died and were replaced."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
