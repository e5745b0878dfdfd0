"""What Prometheus can know of the devices and their streams."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

devices = Gauge("neurascale_devices", "Devices seen at the last look.", ("kind",))
streams = Gauge("neurascale_device_streams", "Devices that this manager streams.")
chunks = Counter("neurascale_device_chunks_total", "Chunks of samples.", ("outcome",))
lost = Counter("neurascale_device_chunks_lost_total", "Chunks that were never delivered.", ("reason",))
failures = Counter("neurascale_device_stream_failures_total", "Streams that ended by themselves.")
delivery = Histogram(
    "neurascale_device_delivery_seconds",
    "Time until a chunk was acknowledged.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)


def count_devices(kinds: Iterable[str]) -> None:
    listed = list(kinds)
    devices.clear()
    for kind in set(listed):
        devices.labels(kind).set(listed.count(kind))
