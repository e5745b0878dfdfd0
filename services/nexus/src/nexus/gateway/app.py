"""Puts the service `nexus` together: three channels over one performer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any

from fastapi import FastAPI, Request
from longshore_service.api import equip, running
from longshore_service.problems import Problem
from longshore_service.redis_connection import RedisSettings, connect
from longshore_service.settings import load, load_or_exit, setting, whole
from pydantic import BaseModel, ConfigDict, Field

from ..clients import Api, Dataflow
from ..nodes import Json
from ..protocol.server import Protocol, ProtocolSettings, serve
from ..service import SYSTEM, all_ready
from .handlers import HANDLERS
from .offer import INSTRUCTIONS, HandlerOffer
from .perform import Performer
from .sessions import Sessions

PREFIX = "/nexus"


@dataclass(frozen=True, kw_only=True)
class Settings(ProtocolSettings, RedisSettings):
    session_lifetime: int = setting(7 * 24 * 3600, whole(60, 365 * 24 * 3600))
    """Seconds that a session is kept after its last step."""


class CallBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    session: str | None = Field(None, max_length=64)
    """The session to go on with. Without it a new one is opened."""
    arguments: dict[str, Any] = {}


def create_app(settings: Settings, dataflow: Dataflow, api: Api, sessions: Sessions) -> FastAPI:
    performer = Performer(sessions, api, dataflow)
    protocol = Protocol(
        f"{PREFIX}/mcp", HandlerOffer(performer), settings, name="nexus", instructions=INSTRUCTIONS
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("nexus", settings), protocol.running():
            yield
            await dataflow.close()
            await api.close()
            await sessions.close()

    app = FastAPI(
        title="Nexus, in sessions",
        version=settings.version,
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    equip(app, SYSTEM, settings, all_ready(api.ready, sessions.reachable))

    @app.get(f"{PREFIX}/handlers")
    async def list_handlers() -> Json:
        """What can be done, the same on every channel."""
        return {
            "items": [
                {"name": one.name, "description": one.description, "parameters": one.schema()}
                for one in HANDLERS.values()
            ]
        }

    @app.post(f"{PREFIX}/handlers/{{name}}")
    async def call_handler(name: str, body: CallBody) -> Json:
        return await performer.perform("api", name, body.session, body.arguments)

    @app.get(f"{PREFIX}/sessions/{{id}}")
    async def read_session(id: str) -> Json:
        return asdict(await sessions.get(id))

    @app.post("/cli/{name}", include_in_schema=False)
    async def call_from_command_line(request: Request, name: str, body: CallBody) -> Json:
        """Endpoint of `nexus-cli` in this container: no route leads here, and other clients are rejected."""
        if request.client is None or not local(request.client.host):
            raise Problem(403, "forbidden", "Only from inside the container.")
        return await performer.perform("cli", name, body.session, body.arguments)

    protocol.install(app)
    return app


def local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(Settings)
    sessions = Sessions(connect(settings, max_connections=50), settings.session_lifetime)
    return create_app(settings, Dataflow(settings.dataflow_url), Api(settings.api_url), sessions)


def main() -> None:
    settings = load_or_exit(Settings)
    serve(from_environment(), settings)
