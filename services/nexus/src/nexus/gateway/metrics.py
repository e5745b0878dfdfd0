"""What is counted per channel, beside what every service counts."""

from prometheus_client import Counter, Histogram

calls = Counter(
    "nexus_calls_total", "Calls of handlers, by how they ended.", ("channel", "handler", "outcome")
)
call_time = Histogram(
    "nexus_call_duration_seconds",
    "Time of one call of a handler.",
    ("channel", "handler"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
sessions = Counter("nexus_sessions_opened_total", "Sessions that were opened.", ("channel",))
