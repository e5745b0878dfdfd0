"""The analyzer's HTTP interface: `POST /v1/analyze` with the bytes of a picture."""

import base64
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock, Timer
from typing import Any

from flask import Flask, Response, json, request
from longshore_service.logs import request_id
from longshore_service.settings import load
from longshore_service.wsgi import Observe
from prometheus_client import Counter, Histogram
from werkzeug.exceptions import HTTPException

from .analyze import analyze
from .picture import NotAPicture
from .settings import Settings

log = logging.getLogger("analyzer")

analyses = Counter("analyzer_analyses_total", "Analyses, by how they ended.", ("outcome",))
duration = Histogram(
    "analyzer_analysis_duration_seconds",
    "Time of one analysis.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

TIMED_OUT = 70
"""What a worker ends with when an analysis takes too long."""


def create(settings: Settings | None = None) -> Flask:
    """The application of one worker."""
    chosen = load(Settings) if settings is None else settings
    app = Flask("analyzer", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = chosen.max_bytes
    one_at_a_time = Lock()

    @app.post("/v1/analyze")
    def _analyze() -> Response:
        data = request.get_data(cache=False)
        # A core can do one at a time; threads beside it answer probes.
        if not one_at_a_time.acquire(timeout=chosen.busy_wait):
            analyses.labels("busy").inc()
            return problem(503, "This worker is busy with another picture.", {"Retry-After": "1"})
        try:
            with at_most(chosen.analysis_timeout):
                started = time.perf_counter()
                found = analyze(data, chosen.max_pixels)
        except NotAPicture as error:
            analyses.labels("refused").inc()
            return problem(422, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        finally:
            one_at_a_time.release()
        elapsed = time.perf_counter() - started
        analyses.labels("done").inc()
        duration.observe(elapsed)
        log.info("analyzed", extra={"bytes": len(data), "ms": round(elapsed * 1000, 1)})
        return Response(
            json.dumps(
                {
                    "figures": found.figures,
                    "overlay": base64.b64encode(found.overlay).decode(),
                    "thumbnail": base64.b64encode(found.thumbnail).decode(),
                }
            ),
            mimetype="application/json",
        )

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        return problem(error.code or 500, error.description or "")

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        analyses.labels("failed").inc()
        log.exception("an analysis failed", exc_info=error)
        return problem(500, "Something went wrong on our side. The request id helps to find out what.")

    app.wsgi_app = Observe(app.wsgi_app, "analyzer", chosen, ready=lambda: None)  # type: ignore[method-assign]
    return app


@contextmanager
def at_most(seconds: float, end: Callable[[int], Any] = os._exit) -> Iterator[None]:
    """Ends the worker when the block takes longer; the server starts another, and the client tries again."""

    def late() -> None:
        log.critical("an analysis took longer than %g s; this worker ends", seconds)
        logging.shutdown()
        end(TIMED_OUT)

    timer = Timer(seconds, late)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """RFC 9457."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id.get(),
    }
    return Response(json.dumps(body), status, headers, mimetype="application/problem+json")
