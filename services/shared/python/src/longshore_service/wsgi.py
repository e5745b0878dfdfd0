"""What surrounds every request of a WSGI application (Flask and others), and its probes and metrics."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from . import metrics, probes, requests
from .logs import request_id
from .probes import Check
from .settings import ServiceSettings
from .shared_metrics import forget_dead_workers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("longshore_service.requests")


def route_of(environ: "WSGIEnvironment") -> str:
    """The template of the route, where the framework leaves it behind as Flask does."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return str(getattr(rule, "rule", "unmatched"))


class Observe:
    """Answers /livez, /readyz and /metrics, and gives every other request its id, log line and metrics."""

    def __init__(self, app: "WSGIApplication", service: str, settings: ServiceSettings, ready: Check) -> None:
        self._app = app
        self._ready = ready
        forget_dead_workers()
        metrics.build.labels(service, settings.version).set(1)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        identifier = requests.identify(environ.get("HTTP_X_REQUEST_ID", ""))
        token = request_id.set(identifier)
        started = time.perf_counter()
        status, route = 0, path if path in requests.QUIET else "unmatched"

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status, route
            status = int(line.split(" ", 1)[0])
            if path not in requests.QUIET:
                route = route_of(environ)  # Flask forgets it when the request is over
            present = {name.lower() for name, _ in headers}
            added = [("X-Request-ID", identifier), ("X-Content-Type-Options", "nosniff")]
            if "cache-control" not in present:
                added.append(("Cache-Control", "no-store"))
            return start_response(line, [*headers, *added], exc_info)

        def plain(code: int, media_type: str, body: bytes) -> list[bytes]:
            head = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
            start(f"{code} {HTTPStatus(code).phrase}", head)
            return [body]

        def finish() -> None:
            metrics.in_flight.dec()
            requests.record(
                environ["REQUEST_METHOD"], path, route, status or 499, time.perf_counter() - started
            )
            request_id.reset(token)

        metrics.in_flight.inc()
        try:
            if path in requests.QUIET:
                answer: Iterable[bytes] = plain(*probes.answer(path, lambda: None, self._ready))
            else:
                answer = self._app(environ, start)
        except Exception:
            log.exception("a request failed", extra={"method": environ["REQUEST_METHOD"]})
            answer = plain(
                500, "application/problem+json", b'{"status": 500, "title": "Internal Server Error"}'
            )
        return _Body(answer, finish)


class _Body:
    """The answer's parts, with `finish` called once when the server has closed it."""

    def __init__(self, parts: Iterable[bytes], finish: Callable[[], None]) -> None:
        self._parts = parts
        self._finish = finish

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            self._finish()
