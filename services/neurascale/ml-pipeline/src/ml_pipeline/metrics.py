"""What Prometheus can know of the classification."""

from prometheus_client import Counter, Gauge, Histogram

classified = Counter(
    "neurascale_windows_classified_total", "Windows, again or for the first time.", ("label",)
)
seconds = Histogram(
    "neurascale_classify_seconds",
    "Time to classify a batch of windows.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5),
)
unreadable = Counter("neurascale_messages_unreadable_total", "Messages that held no chunk.")
model = Gauge(
    "neurascale_model_info", "The model at work, and its share of right answers in the check.", ("model",)
)
