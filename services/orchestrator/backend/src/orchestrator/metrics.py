"""Prometheus metrics that are right with several workers too."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

requests = Counter("http_requests_total", "Requests answered.", ("method", "route", "status"))
latency = Histogram(
    "http_request_duration_seconds", "Time to answer a request.", ("method", "route"), buckets=BUCKETS
)
in_flight = Gauge("http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")
runs = Counter("orchestrator_runs_total", "Runs that a worker had in hand, by how that ended.", ("outcome",))
takeovers = Counter(
    "orchestrator_takeovers_total", "Runs taken over from a worker that gave no sign of life."
)
attempts = Counter("orchestrator_step_attempts_total", "Attempts at steps.", ("kind", "outcome"))
step_time = Histogram(
    "orchestrator_step_duration_seconds",
    "Time of one attempt at a step.",
    ("kind",),
    buckets=(*BUCKETS, 120.0, 600.0),
)
in_hand = Gauge("orchestrator_runs_in_hand", "Runs being executed here.", multiprocess_mode="livesum")
build = Gauge("orchestrator_build_info", "The running version.", ("version",), multiprocess_mode="livemax")


def expose() -> tuple[bytes, str]:
    """All metrics of this service in Prometheus' text format, and its content type."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
