"""What surrounds every request: its id, its log line, its metrics, its size limit, and an answer whatever happens."""

import logging
import re
import time
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import metrics, problems
from .logs import request_id

log = logging.getLogger("orchestrator.requests")

QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail, or at level debug."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODY_LIMIT = 256 * 1024
"""Bytes: more than a workflow of a hundred steps needs."""

_FIT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def route_of(scope: Scope) -> str:
    """The template of the route, so that ids in paths do not become ever more time series."""
    return getattr(scope.get("route"), "path", "unmatched")


class Observe:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        identifier = given if _FIT_ID.fullmatch(given) else uuid4().hex
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
            await self._app(scope, limited(headers, receive), answer)
        except Exception:
            log.exception("a request failed", extra={"method": scope["method"], "route": route_of(scope)})
            if status == 0:
                await problems.unexpected().response()(scope, receive, answer)
        finally:
            metrics.in_flight.dec()
            self._record(scope, status or 499, time.perf_counter() - started)
            request_id.reset(token)

    @staticmethod
    def _record(scope: Scope, status: int, elapsed: float) -> None:
        route, path = route_of(scope), scope["path"]
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        metrics.requests.labels(method, route, str(status)).inc()
        metrics.latency.labels(method, route).observe(elapsed)
        if status >= 500:
            level = logging.ERROR
        else:
            level = logging.DEBUG if path in QUIET else logging.INFO
        log.log(
            level,
            "%s %s %d",
            scope["method"],
            path,
            status,
            extra={
                "method": method,
                "route": route,
                "path": path,
                "status": status,
                "ms": round(elapsed * 1000, 1),
            },
        )


def limited(headers: Headers, receive: Receive) -> Receive:
    """Refuses a body that is too large, whether it says so in advance or just keeps coming."""
    announced = headers.get("content-length", "")
    seen = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else 0

    async def receive_limited() -> Message:
        nonlocal seen
        if seen > BODY_LIMIT:
            raise HTTPException(413, f"The request's body is larger than {BODY_LIMIT} bytes.")
        message = await receive()
        if message["type"] == "http.request" and not announced:
            seen += len(message.get("body", b""))
            if seen > BODY_LIMIT:
                raise HTTPException(413, f"The request's body is larger than {BODY_LIMIT} bytes.")
        return message

    return receive_limited
