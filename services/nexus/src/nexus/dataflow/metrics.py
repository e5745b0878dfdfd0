"""What dataflow counts, beside what every service counts."""

from prometheus_client import Counter, Gauge, Histogram

nodes = Gauge("dataflow_nodes", "Nodes that are offered.", multiprocess_mode="livemax")
generations = Counter(
    "dataflow_node_sets_total", "Times that other nodes were offered, by where they came from.", ("source",)
)
runs = Counter(
    "dataflow_node_runs_total", "Nodes that were run, by how that ended.", ("table", "operation", "outcome")
)
run_time = Histogram(
    "dataflow_node_run_duration_seconds",
    "Time of one run of a node.",
    ("table", "operation"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
