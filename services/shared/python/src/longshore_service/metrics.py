"""Prometheus metrics that are right with several workers too."""

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

from .shared_metrics import folder

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

requests = Counter("http_requests_total", "Requests answered.", ("method", "route", "status"))
latency = Histogram(
    "http_request_duration_seconds", "Time to answer a request.", ("method", "route"), buckets=BUCKETS
)
in_flight = Gauge("http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum")
build = Gauge(
    "service_build_info", "The running version.", ("service", "version"), multiprocess_mode="livemax"
)


def expose() -> tuple[bytes, str]:
    """All metrics of this service in Prometheus' text format, and its content type."""
    registry = REGISTRY
    if folder():
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
