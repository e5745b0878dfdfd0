"""What is counted of the protocol. A tool that does not exist counts as `unknown`: callers make up no time series."""

from prometheus_client import Counter, Gauge, Histogram

connections = Gauge("mcp_websocket_connections", "WebSocket connections that are open.")
exchanges = Gauge("mcp_http_exchanges", "Exchanges over HTTP that are being answered.")
turned_away = Counter(
    "mcp_turned_away_total", "Connections, exchanges and calls beyond the limits.", ("what",)
)
calls = Counter("mcp_tool_calls_total", "Calls of tools, by how they ended.", ("tool", "outcome"))
call_time = Histogram(
    "mcp_tool_call_duration_seconds",
    "Time of one call, waiting for its turn included.",
    ("tool",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
