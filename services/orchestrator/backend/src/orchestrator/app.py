"""Puts the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from longshore_service.api import Readiness, equip, running
from longshore_service.database import create_engine, handle_errors, readiness
from longshore_service.migrations import Schema
from longshore_service.settings import load

from .api import router
from .docs import page
from .repository import SqlWorkflows, Workflows
from .schemas import KINDS
from .settings import Settings

BODY_LIMIT = 256 * 1024
"""Bytes: more than a workflow of a hundred steps needs."""


def create_app(settings: Settings, workflows: Workflows, ready: Readiness) -> FastAPI:
    """The application over whatever keeps the workflows: PostgreSQL, or something simpler in a test."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("orchestrator", settings):
            yield

    app = FastAPI(
        title="Orchestrator",
        description="Workflows of steps that need each other, their runs, and what became of each step.",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.workflows = workflows
    app.include_router(router)
    equip(
        app,
        "orchestrator",
        settings,
        ready,
        body_limit=BODY_LIMIT,
        methods=("GET", "POST", "PUT", "DELETE"),
        tags=KINDS,
    )
    handle_errors(app, "orchestrator")

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(
            page(app.openapi()),
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    return app


def from_environment() -> FastAPI:
    """The application as it is deployed; uvicorn calls this in every worker."""
    settings = load(Settings)
    workflows = SqlWorkflows(create_engine(settings, "orchestrator-backend"))
    ready = readiness(settings, "orchestrator-probe", Schema("orchestrator").check)
    return create_app(settings, workflows, ready)
