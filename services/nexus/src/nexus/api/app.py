"""Puts the api together."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import urlsplit

from fastapi import FastAPI
from longshore_service.api import equip, running
from longshore_service.server import serve
from longshore_service.settings import load, load_or_exit, seconds, secret, setting
from neo4j import AsyncGraphDatabase

from ..clients import Dataflow
from ..service import SYSTEM, DataflowClientSettings, all_ready, working
from .graph import Graph
from .indexer import Indexer
from .routes import router


def bolt_url(text: str) -> str:
    parts = urlsplit(text)
    if (
        parts.scheme not in ("bolt", "bolt+s", "neo4j", "neo4j+s")
        or not parts.hostname
        or "@" in parts.netloc
    ):
        raise ValueError("an address such as bolt://graph:7687, without a login")
    return text


@dataclass(frozen=True, kw_only=True)
class Settings(DataflowClientSettings):
    neo4j_url: str = setting("bolt://graph:7687", bolt_url)
    neo4j_username: str = setting("neo4j", str)
    neo4j_password: str | None = secret(str, required=True)
    graph_poll: float = setting(2.0, seconds(0.1, 3600))
    """Seconds between two looks for documents that the graph has yet to take in."""


def create_app(settings: Settings, dataflow: Dataflow, graph: Graph, indexer: Indexer) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("nexus-api", settings):
            async with working(indexer.watch(settings.graph_poll)):
                yield
            await dataflow.close()
            await graph.close()

    app = FastAPI(
        title="Nexus",
        description="Documents, search, and a graph of what documents mention.",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    equip(app, SYSTEM, settings, all_ready(dataflow.ready, graph.reachable))
    app.state.dataflow = dataflow
    app.state.graph = graph
    app.include_router(router)
    return app


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(Settings)
    driver = AsyncGraphDatabase.driver(
        settings.neo4j_url,
        auth=(settings.neo4j_username, settings.neo4j_password or ""),
        max_connection_pool_size=20,
        connection_timeout=2,
        connection_acquisition_timeout=2,
        max_transaction_retry_time=2,
        # A connection that outlived a restart of the server is noticed before it is used.
        liveness_check_timeout=0,
        telemetry_disabled=True,
        user_agent="nexus-api",
    )
    dataflow, graph = Dataflow(settings.dataflow_url), Graph(driver)
    holder = f"{socket.gethostname()}-{token_hex(3)}"
    return create_app(settings, dataflow, graph, Indexer(dataflow, graph, holder))


def main() -> None:
    serve(SYSTEM, "nexus.api.app:from_environment", load_or_exit(Settings))
