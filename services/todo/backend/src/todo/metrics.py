"""What this service counts, beside what every service does."""

from prometheus_client import Counter, Histogram

chats = Counter("todo_chat_requests_total", "Questions to the assistant.", ("outcome",))
chat_latency = Histogram(
    "todo_chat_upstream_duration_seconds",
    "Time the model takes for one round.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
tool_calls = Counter("todo_chat_tool_calls_total", "Tools that the assistant used.", ("tool", "outcome"))
