"""Puts the service `mcp` together: `/mcp` over HTTP, `/mcp/ws` over WebSocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from longshore_service.api import equip, running
from longshore_service.settings import load, load_or_exit

from ..clients import Api, Dataflow
from ..protocol.server import Protocol, ProtocolSettings, serve
from ..service import SYSTEM, all_ready
from .offer import INSTRUCTIONS, PlatformOffer


def create_app(settings: ProtocolSettings, dataflow: Dataflow, api: Api) -> FastAPI:
    protocol = Protocol(
        "/mcp", PlatformOffer(dataflow, api), settings, name="nexus-mcp", instructions=INSTRUCTIONS
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("nexus-mcp", settings), protocol.running():
            yield
            await dataflow.close()
            await api.close()

    app = FastAPI(title="Nexus MCP", version=settings.version, lifespan=lifespan, openapi_url=None)
    equip(app, SYSTEM, settings, all_ready(dataflow.ready, api.ready))
    protocol.install(app)
    return app


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(ProtocolSettings)
    return create_app(settings, Dataflow(settings.dataflow_url), Api(settings.api_url))


def main() -> None:
    settings = load_or_exit(ProtocolSettings)
    serve(from_environment(), settings)
