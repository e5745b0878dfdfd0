"""Probes and metrics of a plain worker: a small HTTP server in a thread of its own, from the standard library alone."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from . import metrics
from .settings import ServiceSettings

log = logging.getLogger("longshore_service.probes")

type Check = Callable[[], str | None]
"""Returns None when ready, else the reason. Runs in a thread and must not use an event loop."""


def answer(path: str, live: Check, ready: Check) -> tuple[int, str, bytes]:
    """Status, content type and body for one of our paths."""
    if path == "/metrics":
        body, media_type = metrics.expose()
        return 200, media_type, body
    check = {"/livez": live, "/readyz": ready}.get(path)
    if check is None:
        return 404, "application/json", b'{"status": "not found"}'
    try:
        reason = check()
    except Exception as error:
        log.exception("a probe failed", extra={"path": path})
        reason = f"the probe failed: {type(error).__name__}"
    if reason is None:
        return 200, "application/json", b'{"status": "ok"}'
    log.warning("not ready" if path == "/readyz" else "stalled", extra={"reason": reason})
    return 503, "application/json", json.dumps({"status": "unavailable", "detail": reason}).encode()


@contextmanager
def serving(
    service: str, settings: ServiceSettings, ready: Check, live: Check = lambda: None
) -> Iterator[int]:
    """Answers /livez, /readyz and /metrics for as long as the block runs. Gives the port that is listened on.

    :param live: whether the process is sound; looks at no dependency
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = service
        sys_version = ""

        def do_GET(self) -> None:
            status, media_type, body = answer(self.path.partition("?")[0], live, ready)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.debug(format, *args)

    server = ThreadingHTTPServer((settings.host, settings.port), Handler)
    server.daemon_threads = True
    metrics.build.labels(service, settings.version).set(1)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="probes", daemon=True)
    thread.start()
    log.info("started", extra={"service": service, "version": settings.version})
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        log.info("stopped", extra={"service": service})
