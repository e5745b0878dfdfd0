"""Puts the application together."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client.multiprocess import mark_process_dead

from . import metrics, problems
from .api import router
from .database import create_engine, readiness
from .docs import page
from .observe import Observe
from .repository import SqlWorkflows, Workflows
from .settings import Settings, load_settings

log = logging.getLogger("orchestrator.app")


class Readiness(Protocol):
    async def __call__(self) -> str | None:
        """None when requests can be served, else the reason why not."""


def create_app(settings: Settings, workflows: Workflows, ready: Readiness) -> FastAPI:
    """The application over whatever keeps the workflows: PostgreSQL, or something simpler in a test."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        forget_dead_workers()
        metrics.build.labels(settings.version).set(1)
        log.info("started", extra={"version": settings.version})
        yield
        log.info("stopped")

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
    problems.install(app)
    app.add_middleware(Observe)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Location", "Retry-After"],
        )

    @app.get("/livez", include_in_schema=False)
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    operations(app, ready)

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(
            page(app.openapi()),
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    return app


def operations(app: FastAPI, ready: Readiness) -> None:
    """Readiness and metrics, which the API and the worker have alike."""

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


def from_environment() -> FastAPI:
    """The application as it is deployed; uvicorn calls this in every worker."""
    settings = load_settings()
    workflows = SqlWorkflows(create_engine(settings))
    return create_app(settings, workflows, readiness(settings, "backend-probe"))


def forget_dead_workers() -> None:
    """Drops the gauges of workers that died and were replaced."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    for file in Path(folder).glob("gauge_live*_*.db") if folder else ():
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
