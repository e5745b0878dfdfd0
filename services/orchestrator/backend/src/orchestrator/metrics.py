"""What this service counts, beside what every service does."""

from longshore_service.metrics import BUCKETS
from prometheus_client import Counter, Gauge, Histogram

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
