"""What Prometheus can know of samples and what becomes of them."""

from prometheus_client import Counter, Gauge, Histogram

FINE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

taken = Counter("neurascale_chunks_taken_total", "Chunks of samples that Kafka acknowledged.")
refused = Counter("neurascale_chunks_refused_total", "Chunks that were not taken.", ("reason",))
produced = Histogram("neurascale_produce_seconds", "Time until Kafka acknowledged a chunk.", buckets=FINE)
written = Counter(
    "neurascale_rows_written_total",
    "What was written to the database, again or for the first time.",
    ("what",),
)
writes = Histogram("neurascale_write_seconds", "Time to write a batch.", buckets=FINE)
unreadable = Counter("neurascale_messages_unreadable_total", "Messages that held nothing we know.")
unshown = Counter("neurascale_unshown_total", "Batches whose newest values did not get to Redis.")
delay = Histogram(
    "neurascale_window_delay_seconds",
    "From the end of a window's signal to its band power in the database.",
    buckets=(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
streams = Gauge("neurascale_live_streams", "Live streams that are being watched.")
