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
chats = Counter("todo_chat_requests_total", "Questions to the assistant.", ("outcome",))
chat_latency = Histogram(
    "todo_chat_upstream_duration_seconds",
    "Time the model takes for one round.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
tool_calls = Counter("todo_chat_tool_calls_total", "Tools that the assistant used.", ("tool", "outcome"))
build = Gauge("todo_build_info", "The running version.", ("version",), multiprocess_mode="livemax")


def expose() -> tuple[bytes, str]:
    """All metrics of this service in Prometheus' text format, and its content type."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
