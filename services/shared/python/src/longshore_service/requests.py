"""What is alike for every kind of server: the request's id, its log line and its metrics."""

import logging
import re
from uuid import uuid4

from . import metrics

log = logging.getLogger("longshore_service.requests")

QUIET = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail, or at level debug."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_FIT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def identify(given: str) -> str:
    """The id that came with the request when it is fit for logs and headers, else a new one."""
    return given if _FIT_ID.fullmatch(given) else uuid4().hex


def record(method: str, path: str, route: str, status: int, elapsed: float) -> None:
    """
    :param route: the template of the route, so that ids in paths do not become ever more time series
    :param elapsed: seconds
    """
    known = method if method in METHODS else "OTHER"
    metrics.requests.labels(known, route, str(status)).inc()
    metrics.latency.labels(known, route).observe(elapsed)
    if status >= 500:
        level = logging.ERROR
    else:
        level = logging.DEBUG if path in QUIET else logging.INFO
    log.log(
        level,
        "%s %s %d",
        method,
        path,
        status,
        extra={
            "method": known,
            "route": route,
            "path": path,
            "status": status,
            "ms": round(elapsed * 1000, 1),
        },
    )
