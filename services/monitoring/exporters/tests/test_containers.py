"""The containers' exporter against an engine that answers on a socket as the real one does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Thread
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from exporters.containers import Containers, state, use
from exporters.engine import Engine, EngineError

OWN = "0123456789ab"


def inspected(**changes: Any) -> dict[str, Any]:
    now = {
        "Running": True,
        "Status": "running",
        "ExitCode": 0,
        "OOMKilled": False,
        "StartedAt": "2026-01-02T03:04:05.678901234Z",
    }
    return {
        "State": {**now, "Health": {"Status": "healthy"}, **changes},
        "RestartCount": 2,
        "HostConfig": {"NanoCpus": 500_000_000, "Memory": 1024},
        "Config": {
            "Labels": {"longshore.system": "monitoring", "com.docker.compose.project": "monitoring-local-a1"}
        },
    }


STATS = {
    "cpu_stats": {
        "cpu_usage": {"total_usage": 1_500_000_000},
        "throttling_data": {"periods": 10, "throttled_periods": 4},
    },
    "memory_stats": {"usage": 900, "stats": {"total_inactive_file": 300}},
    "pids_stats": {"current": 7},
    "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}, "eth1": {"rx_bytes": 50, "tx_bytes": 60}},
}


def listed(identifier: str, system: str, workload: str, project: str) -> dict[str, Any]:
    labels = {
        "longshore.system": system,
        "longshore.workload": workload,
        "longshore.kind": "service",
        "com.docker.compose.project": project,
    }
    return {"Id": identifier, "Names": [f"/{project}-{workload}-1"], "Labels": labels}


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def engine(path: Path, answers: dict[str, tuple[int, Any]]) -> Iterator[Engine]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path.partition("?")[0], (404, {"message": "no such container"}))
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def address_string(self) -> str:
            return "test"

        def log_message(self, format: str, *args: object) -> None:
            pass

    with Server(str(path), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Engine(str(path), timeout=2)
        server.shutdown()


def metrics(containers: Containers) -> str:
    registry = CollectorRegistry()
    registry.register(containers)
    return generate_latest(registry).decode()


def test_says_state_limits_and_use_of_the_containers_of_this_stack_only(tmp_path: Path) -> None:
    answers = {
        "/containers/json": (
            200,
            [
                listed("a", "todo", "backend", "todo-local-a1"),
                listed("b", "todo", "db", "todo-local-a1"),
                listed("c", "todo", "backend", "todo-local"),
                listed("d", "todo", "gone", "todo-local-a1"),
            ],
        ),
        f"/containers/{OWN}/json": (200, inspected()),
        "/containers/a/json": (200, inspected()),
        "/containers/a/stats": (200, STATS),
        "/containers/b/json": (200, inspected(Running=False, Status="exited", ExitCode=137, OOMKilled=True)),
    }
    with engine(tmp_path / "engine.sock", answers) as client:
        text = metrics(Containers(client, OWN))
    a = '{container="todo-local-a1-backend-1",kind="service",service="backend",system="todo"}'
    b = '{container="todo-local-a1-db-1",kind="service",service="db",system="todo"}'
    lines = text.splitlines()
    for line in (
        f"container_running{a} 1.0",
        f"container_healthy{a} 1.0",
        f"container_restarts_total{a} 2.0",
        f"container_start_time_seconds{a} 1.767323045e+09",
        f"container_spec_cpu_cores{a} 0.5",
        f"container_spec_memory_limit_bytes{a} 1024.0",
        f"container_cpu_usage_seconds_total{a} 1.5",
        f"container_cpu_cfs_throttled_periods_total{a} 4.0",
        f"container_memory_working_set_bytes{a} 600.0",
        f"container_network_receive_bytes_total{a} 55.0",
        f"container_running{b} 0.0",
        f"container_exit_code{b} 137.0",
        f"container_oom_killed{b} 1.0",
    ):
        assert line in lines, line
    assert f"container_exit_code{a}" not in text
    assert f"container_healthy{b}" not in text
    assert f"container_memory_working_set_bytes{b}" not in text
    assert 'container="todo-local-backend-1"' not in text, "another stack on the same engine"


@pytest.mark.parametrize(
    ("health", "value"), [("healthy", 1.0), ("unhealthy", 0.0), ("starting", 0.0), ("none", None)]
)
def test_is_healthy_only_when_the_check_says_so(health: str, value: float | None) -> None:
    assert state(inspected(Health={"Status": health}))["container_healthy"] == value


def test_a_container_that_was_never_started_has_no_exit_code_and_no_start() -> None:
    created = state(inspected(Running=False, Status="created", StartedAt="0001-01-01T00:00:00Z"))
    assert created["container_exit_code"] is None
    assert created["container_start_time_seconds"] is None


def test_reads_both_versions_of_control_groups() -> None:
    version2 = {**STATS, "memory_stats": {"usage": 900, "stats": {"inactive_file": 200}}}
    assert use(version2)["container_memory_working_set_bytes"] == 700.0
    assert use({"memory_stats": {}}) == {}


def test_a_scrape_fails_when_the_engine_does_not_answer(tmp_path: Path) -> None:
    containers = Containers(Engine(str(tmp_path / "nobody.sock"), timeout=1), OWN)
    assert "no answer from the engine" in (containers.check() or "")
    with pytest.raises(EngineError):
        metrics(containers)


def test_an_error_of_the_engine_names_what_was_asked(tmp_path: Path) -> None:
    answers = {"/containers/json": (500, {"message": "broken"})}
    with (
        engine(tmp_path / "engine.sock", answers) as client,
        pytest.raises(EngineError, match="500 to /containers/json"),
    ):
        client.containers()
