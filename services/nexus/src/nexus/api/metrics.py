"""What the api counts, beside what every service counts."""

from prometheus_client import Counter, Gauge

waiting = Gauge(
    "nexus_graph_waiting",
    "Changed documents that the graph has yet to take in, up to one batch.",
    multiprocess_mode="livemax",
)
indexed = Counter("nexus_graph_documents_total", "Documents that the graph took in.", ("outcome",))
