"""What surrounds every request of an ASGI application: its id, log line, metrics and size limit, and an answer whatever happens."""

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import metrics, problems, requests
from .logs import request_id

log = logging.getLogger("longshore_service.requests")

BODY_LIMIT = 1024 * 1024
"""Bytes."""


def route_of(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "unmatched")


class Observe:
    def __init__(self, app: ASGIApp, service: str, body_limit: int = BODY_LIMIT) -> None:
        """:param body_limit: bytes that a request's body may have"""
        self._app = app
        self._service = service
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        identifier = requests.identify(headers.get("x-request-id", ""))
        token = request_id.set(identifier)
        started = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                outgoing = MutableHeaders(scope=message)
                outgoing["X-Request-ID"] = identifier
                outgoing["X-Content-Type-Options"] = "nosniff"
                outgoing.setdefault("Cache-Control", "no-store")
            await send(message)

        metrics.in_flight.inc()
        try:
            await self._app(scope, limited(headers, receive, self._body_limit), answer)
        except Exception:
            log.exception("a request failed", extra={"method": scope["method"], "route": route_of(scope)})
            if status == 0:
                await problems.unexpected().response(self._service)(scope, receive, answer)
        finally:
            metrics.in_flight.dec()
            requests.record(
                scope["method"], scope["path"], route_of(scope), status or 499, time.perf_counter() - started
            )
            request_id.reset(token)


def limited(headers: Headers, receive: Receive, limit: int) -> Receive:
    """Refuses a body that is too large, whether it says so in advance or just keeps coming."""
    announced = headers.get("content-length", "")
    seen = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else 0

    async def receive_limited() -> Message:
        nonlocal seen
        if seen > limit:
            raise HTTPException(413, f"The request's body is larger than {limit} bytes.")
        message = await receive()
        if message["type"] == "http.request" and not announced:
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, f"The request's body is larger than {limit} bytes.")
        return message

    return receive_limited
