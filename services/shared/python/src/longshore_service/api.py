"""What every FastAPI application has: probes, metrics, problem documents, CORS, and lines in the log when it begins and ends."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

from . import metrics, problems
from .observe import BODY_LIMIT, Observe
from .settings import ServerSettings, ServiceSettings
from .shared_metrics import forget_dead_workers

log = logging.getLogger("longshore_service.api")

type Readiness = Callable[[], Awaitable[str | None]]
"""Gives None when requests can be served, else the reason why not."""


@asynccontextmanager
async def running(service: str, settings: ServiceSettings, **extra: object) -> AsyncIterator[None]:
    """Surrounds an application's life, for its `lifespan`.

    :param extra: what else the log says at the start
    """
    forget_dead_workers()
    metrics.build.labels(service, settings.version).set(1)
    log.info("started", extra={"service": service, "version": settings.version, **extra})
    yield
    log.info("stopped", extra={"service": service})


def equip(
    app: FastAPI,
    service: str,
    settings: ServiceSettings,
    ready: Readiness,
    *,
    live: Callable[[], str | None] = lambda: None,
    body_limit: int = BODY_LIMIT,
    methods: Sequence[str] = ("GET", "POST", "PUT", "PATCH", "DELETE"),
    tags: AbstractSet[str] = frozenset(),
) -> None:
    """Adds /livez, /readyz, /metrics and what surrounds every request.

    :param live: None while the process is sound, else the reason why it has to be restarted; looks at no dependency
    :param body_limit: bytes that a request's body may have
    :param methods: what pages of other origins may use
    :param tags: see `problems.install`
    """
    problems.install(app, service, tags=tags)
    app.add_middleware(Observe, service=service, body_limit=body_limit)
    if isinstance(settings, ServerSettings) and settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=list(methods),
            allow_headers=["Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Location", "Retry-After"],
        )

    def answer(kind: str, reason: str | None) -> Response:
        if reason is None:
            return JSONResponse({"status": "ok"})
        log.warning(kind, extra={"reason": reason})
        return problems.Problem(503, kind, reason).response(service)

    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return answer("stalled", live())

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        return answer("not-ready", await ready())

    @app.get("/metrics", include_in_schema=False)
    def expose_metrics() -> Response:
        body, media_type = metrics.expose()
        return Response(body, media_type=media_type)
