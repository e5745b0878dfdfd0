"""The two ways in: streamable HTTP, as the protocol defines it, and WebSocket.

HTTP is served without sessions: every exchange is whole in itself, so any replica can answer it. The protocol does not define
WebSocket, and the SDK no longer has it since version 2; here it is one JSON-RPC message per text frame under the subprotocol
`mcp`, which is what the SDKs' first versions speak, carried by the SDK's own server loop.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import anyio
import mcp_types as types
from longshore_service.logs import describe
from longshore_service.problems import Problem
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.message import SessionMessage
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..service import SYSTEM
from .limits import Full, Limits

log = logging.getLogger("nexus.protocol")

SUBPROTOCOL = "mcp"
GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, TOO_BIG, RESTART = 1001, 1002, 1003, 1009, 1012
"""Codes that a connection is closed with (RFC 6455, section 7.4.1, and the registry that it opens)."""


def foreign(headers: Headers, allowed: frozenset[str]) -> bool:
    """Whether a page of another site asks: browsers say so, and such a page has no business here unless it is allowed."""
    origin = headers.get("origin")
    return origin is not None and origin not in allowed


class Http:
    """The endpoint for streamable HTTP, as an ASGI application."""

    def __init__(self, path: str, server: Server[Any], limits: Limits, origins: frozenset[str]) -> None:
        self.path = path
        self._limits = limits
        self._origins = origins
        # Our own check of the origin replaces the SDK's: it knows the hosts in front of us no better than we do.
        self._manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=limits.bounds.message
        )

    def running(self) -> Any:
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Metrics and logs name requests by their route.
        scope["route"] = self
        problem: Problem | None = None
        if foreign(Headers(scope=scope), self._origins):
            problem = Problem(
                403,
                "foreign-origin",
                "Pages of this site may not call. ALLOWED_ORIGINS names those that may.",
            )
        elif scope["method"] != "POST":
            # Without sessions there is nothing to listen to and nothing to end.
            problem = Problem(
                405, "method-not-allowed", "This endpoint takes POST.", headers={"Allow": "POST"}
            )
        if problem:
            await problem.response(SYSTEM)(scope, receive, send)
            return
        try:
            with self._limits.exchange():
                await self._manager.handle_request(scope, receive, send)
        except Full as full:
            await Problem(503, "busy", str(full), headers={"Retry-After": "1"}).response(SYSTEM)(
                scope, receive, send
            )


class WebSockets:
    """The endpoint for WebSocket. Knows its connections, so that they can end in order."""

    def __init__(self, server: Server[Any], limits: Limits, origins: frozenset[str]) -> None:
        self._server = server
        self._limits = limits
        self._origins = origins
        self._connections: set[Connection] = set()
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        try:
            if foreign(socket.headers, self._origins):
                raise Full("Pages of this site may not connect.")
            if self._draining:
                raise Full("This replica is about to stop.")
            with self._limits.connection():
                await self._serve(socket)
        except Full as full:
            log.info("a connection was turned away", extra={"reason": str(full)})
            await socket.close(RESTART)

    async def _serve(self, socket: WebSocket) -> None:
        offered = SUBPROTOCOL in socket.scope.get("subprotocols", ())
        await socket.accept(subprotocol=SUBPROTOCOL if offered else None)
        connection = Connection(socket, self._limits)
        self._connections.add(connection)
        try:
            await connection.serve(self._server)
        finally:
            self._connections.discard(connection)

    async def drain(self, patience: float) -> None:
        """Takes no more connections, and finishes those there are."""
        self._draining = True
        if self._connections:
            log.info("closing connections", extra={"connections": len(self._connections)})
            await asyncio.gather(*(one.finish(patience) for one in list(self._connections)))


class Connection:
    """One WebSocket between a client and the SDK's server loop."""

    def __init__(self, socket: WebSocket, limits: Limits) -> None:
        self._socket = socket
        self._bounds = limits.bounds
        self._in_hand: set[Any] = set()
        self._room = asyncio.Condition()
        self._ending = False
        self._over = asyncio.Event()

    async def serve(self, server: Server[Any]) -> None:
        to_server, from_client = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        to_client, from_server = anyio.create_memory_object_stream[SessionMessage](0)

        async def read() -> None:
            async with to_server:
                while not self._over.is_set():
                    message = await self._next()
                    if message is None:
                        return
                    await to_server.send(message)

        async def write() -> None:
            async with from_server:
                async for answer in from_server:
                    await self._socket.send_text(
                        answer.message.model_dump_json(by_alias=True, exclude_unset=True)
                    )
                    if isinstance(answer.message, types.JSONRPCResponse | types.JSONRPCError):
                        await self._done(answer.message.id)

        async def run() -> None:
            async with from_client, to_client:
                await server.run(from_client, to_client, server.create_initialization_options())

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(write)
                tasks.start_soon(run)
                await read()
                # The server's loop ends with what it reads.
                tasks.cancel_scope.cancel()
        except* (WebSocketDisconnect, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        except* Exception as group:
            log.error("a connection broke", extra={"error": describe(group.exceptions[0])})
        finally:
            self._over.set()

    async def _next(self) -> SessionMessage | Exception | None:
        """The next message, or None when the connection is over. Reads no faster than is answered."""
        async with self._room:
            await self._room.wait_for(lambda: len(self._in_hand) < self._bounds.per_connection)
        try:
            async with asyncio.timeout(self._bounds.idle):
                text = await self._socket.receive_text()
        except WebSocketDisconnect:
            return None
        except TimeoutError:
            if self._in_hand:
                return await self._next()
            await self.close(GOING_AWAY, "nothing was said for too long")
            return None
        except KeyError:
            await self.close(UNSUPPORTED, "text frames only")
            return None
        if self._ending:
            # Not begun, so that the client can ask another replica.
            await self._over.wait()
            return None
        if len(text) > self._bounds.message:
            await self.close(TOO_BIG, f"a message has at most {self._bounds.message} bytes")
            return None
        try:
            message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
        except ValidationError as error:
            return error
        match message:
            case types.JSONRPCRequest() if message.id in self._in_hand:
                await self.close(PROTOCOL_ERROR, "the id of a request in hand was used again")
                return None
            case types.JSONRPCRequest():
                self._in_hand.add(message.id)
            case types.JSONRPCNotification(method="notifications/cancelled"):
                # What is cancelled is not answered.
                await self._done((message.params or {}).get("requestId"))
        return SessionMessage(message)

    async def _done(self, identifier: Any) -> None:
        async with self._room:
            self._in_hand.discard(identifier)
            self._room.notify_all()

    async def finish(self, patience: float) -> None:
        """Begins nothing more, and closes when what is in hand has been answered, or the patience is over."""
        self._ending = True
        try:
            async with asyncio.timeout(patience), self._room:
                await self._room.wait_for(lambda: not self._in_hand)
        except TimeoutError:
            log.warning(
                "a connection is closed with requests in hand", extra={"requests": len(self._in_hand)}
            )
        await self.close(RESTART, "this replica stops; connect again")

    async def close(self, code: int, reason: str) -> None:
        self._over.set()
        with suppress(RuntimeError):  # The other side was faster.
            await self._socket.close(code, reason)
