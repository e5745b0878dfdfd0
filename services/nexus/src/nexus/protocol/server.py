"""The protocol as a part of an application, its settings, and a server that ends its connections in order."""

from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from longshore_service.logs import log_config
from longshore_service.settings import origins, seconds, setting, whole
from starlette.routing import Route, WebSocketRoute

from ..service import SYSTEM, PlatformSettings
from .limits import Bounds, Limits
from .tools import Offer, create_server
from .transports import Http, WebSockets

_DEFAULT = Bounds()


@dataclass(frozen=True, kw_only=True)
class ProtocolSettings(PlatformSettings):
    """The bounds are per replica; see `Bounds`."""

    allowed_origins: tuple[str, ...] = setting((), origins)
    """Sites whose pages may use the protocol; without any, browsers may not."""
    max_connections: int = setting(_DEFAULT.connections, whole(0, 10_000))
    max_exchanges: int = setting(_DEFAULT.exchanges, whole(1, 10_000))
    max_calls: int = setting(_DEFAULT.calls, whole(1, 1000))
    max_message: int = setting(_DEFAULT.message, whole(1024, 16 * 1024 * 1024))
    idle: float = setting(_DEFAULT.idle, seconds(1, 24 * 3600))


class Protocol:
    """Streamable HTTP at `path`, WebSocket at `path/ws`, for what `offer` has."""

    def __init__(
        self, path: str, offer: Offer, settings: ProtocolSettings, *, name: str, instructions: str
    ) -> None:
        bounds = Bounds(
            connections=settings.max_connections,
            exchanges=settings.max_exchanges,
            calls=settings.max_calls,
            message=settings.max_message,
            idle=settings.idle,
        )
        limits, allowed = Limits(bounds), frozenset(settings.allowed_origins)
        server = create_server(offer, limits, name=name, version=settings.version, instructions=instructions)
        self._patience = settings.shutdown_timeout / 2
        self._http = Http(path, server, limits, allowed)
        self._sockets = WebSockets(server, limits, allowed)

    def running(self) -> Any:
        return self._http.running()

    def install(self, app: FastAPI) -> None:
        app.router.routes.append(Route(self._http.path, self._http))
        app.router.routes.append(WebSocketRoute(f"{self._http.path}/ws", self._sockets))
        app.state.protocol = self

    async def drain(self) -> None:
        """Takes no more connections, and ends those there are once they have been answered."""
        await self._sockets.drain(self._patience)


class Server(uvicorn.Server):
    """Lets connections be ended in order; left alone, they are cut in the middle of an answer."""

    def __init__(self, config: uvicorn.Config, protocol: Protocol) -> None:
        super().__init__(config)
        self._protocol = protocol

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._protocol.drain()
        await super().shutdown(sockets)


def serve(app: FastAPI, settings: ProtocolSettings) -> None:
    """Serves until SIGTERM, in one process: more of them are more containers."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=log_config(SYSTEM, settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Longer than a proxy keeps its idle connections, so that we are never the one who closes under a request.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        ws_max_size=settings.max_message,
        ws_max_queue=4,
        # Would keep a quarter of a megabyte for every connection.
        ws_per_message_deflate=False,
    )
    Server(config, app.state.protocol).run()
