"""Puts dataflow together: `GET /v1/nodes`, `GET /v1/nodes/{name}`, `POST /v1/nodes/{name}/run`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from longshore_service.api import Readiness, equip, running
from longshore_service.database import create_engine, handle_errors, readiness
from longshore_service.migrations import Schema
from longshore_service.problems import Problem
from longshore_service.redis_connection import connect
from longshore_service.server import serve
from longshore_service.settings import load, load_or_exit

from ..nodes import Json
from ..service import SYSTEM, all_ready, working
from .catalogue import Catalogue
from .run import Runner
from .schema import read_tables
from .settings import PACKAGE, Settings


class Quiet(logging.Filter):
    """Keeps the indexer's looks for work out of the log, unless they fail: they come every other second."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or getattr(record, "path", "") != "/v1/nodes/change.list/run"


def create_app(settings: Settings, catalogue: Catalogue, runner: Runner, database: Readiness) -> FastAPI:
    async def has_nodes() -> str | None:
        return None if catalogue.nodes else "the database's schema has not been read yet"

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("nexus-dataflow", settings):
            await catalogue.restore()
            async with working(catalogue.watch(settings.schema_poll)):
                yield

    app = FastAPI(
        title="Nexus dataflow",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    equip(app, SYSTEM, settings, all_ready(database, has_nodes))
    handle_errors(app, SYSTEM)
    logging.getLogger("longshore_service.requests").addFilter(Quiet())

    @app.get("/v1/nodes")
    async def list_nodes(request: Request) -> Response:
        """All nodes. The ETag names the state of the schema that they were made from."""
        if not catalogue.fingerprint:
            raise Problem(503, "no-nodes", "The schema has not been read yet.", headers={"Retry-After": "1"})
        headers = {"ETag": f'"{catalogue.fingerprint}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        listed = [node.as_json() for node in catalogue.nodes.values()]
        return JSONResponse({"fingerprint": catalogue.fingerprint, "nodes": listed}, headers=headers)

    @app.get("/v1/nodes/{name}")
    async def describe_node(name: str) -> Json:
        node = catalogue.nodes.get(name)
        if node is None:
            raise Problem(404, "no-such-node", f"There is no node {name!r:.100}.")
        return node.as_json()

    @app.post("/v1/nodes/{name}/run")
    async def run_node(name: str, arguments: dict[str, Any]) -> Json:
        return await runner.run(name, arguments)

    return app


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(Settings)
    engine = create_engine(settings, "nexus-dataflow")
    catalogue = Catalogue(partial(read_tables, engine), connect(settings))
    ready = readiness(settings, "nexus-dataflow-probe", Schema(PACKAGE).check)
    return create_app(settings, catalogue, Runner(engine, catalogue), ready)


def main() -> None:
    serve(SYSTEM, f"{PACKAGE}.app:from_environment", load_or_exit(Settings))
