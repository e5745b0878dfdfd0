"""What operators see: probes, metrics, logs, CORS, failures."""

import json
import logging
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from conftest import Ready
from memory import Memory
from orchestrator.logs import JsonFormatter
from orchestrator.settings import Settings


def test_liveness_depends_on_nothing_readiness_does(client: TestClient, ready: Ready) -> None:
    assert client.get("/readyz").status_code == 200
    ready.reason = "the database has not been migrated"
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database has not been migrated"


def test_metrics_count_by_route_template(client: TestClient) -> None:
    labels = {"method": "GET", "route": "/api/runs/{id}", "status": "404"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    client.get("/api/runs/9d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0")
    client.get("/api/runs/0d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0")
    client.request("BREW", "/pot")
    text = client.get("/metrics").text
    assert f'http_requests_total{{method="GET",route="/api/runs/{{id}}",status="404"}} {before + 2}' in text
    assert 'http_requests_total{method="OTHER",route="unmatched",status="404"} ' in text
    assert 'http_request_duration_seconds_bucket{le="0.005",method="GET",route="/api/runs/{id}"}' in text
    assert 'orchestrator_build_info{version="1.2.3"} 1.0' in text
    assert "9d5c9c5e" not in text


def test_request_ids_are_passed_on_when_fit(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert (
        client.get("/livez", headers={"X-Request-ID": 'x" onload="'}).headers["x-request-id"] != 'x" onload="'
    )
    assert len(client.get("/livez").headers["x-request-id"]) == 32


def test_a_request_is_one_log_line_and_probes_are_quiet(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "orchestrator"):
        client.get("/livez")
        client.get("/api/runs?limit=7", headers={"X-Request-ID": "r-1"})
    lines = [record for record in caplog.records if record.name == "orchestrator.requests"]
    assert [line.getMessage() for line in lines] == ["GET /api/runs 200"]
    assert (lines[0].status, lines[0].route) == (200, "/api/runs")  # type: ignore[attr-defined]


def test_logs_are_json_without_statement_parameters() -> None:
    title = "pri" + "vate"
    try:
        raise OperationalError("insert into step values (%s)", {"title": title}, Exception("server closed"))
    except OperationalError as error:
        record = logging.LogRecord("orchestrator", logging.ERROR, __file__, 1, "it %s", ("broke",), None)
        record.exc_info = (type(error), error, error.__traceback__)
        record.route = "/x"
        line = JsonFormatter().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert fields["message"] == "it broke"
    assert fields["level"] == "error"
    assert fields["route"] == "/x"
    assert fields["error"] == "OperationalError: server closed"
    assert "private" not in line


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (OperationalError("select", {}, Exception("connection refused")), 503, "database-unavailable"),
        (RuntimeError("secret detail"), 500, "internal"),
    ],
)
def test_failures_are_problems_without_inner_detail(
    client: TestClient,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    async def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(memory, "runs", fail)
    answer = client.get("/api/runs", headers={"X-Request-ID": "r-2"})
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:orchestrator:problem:{kind}"
    assert answer.json()["request_id"] == "r-2"
    assert "secret detail" not in answer.text and "refused" not in answer.text


def test_cors_lets_in_only_configured_origins(client: TestClient) -> None:
    ours = client.get("/api/runs", headers={"Origin": "https://flows.example.com"})
    assert ours.headers["access-control-allow-origin"] == "https://flows.example.com"
    theirs = client.get("/api/runs", headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in theirs.headers


async def test_the_worker_is_alive_while_it_looks_for_work(
    memory: Memory, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestrator import worker

    class Idle(worker.Worker):
        async def work(self) -> None:
            await self._stopping.wait()

    settings = Settings(version="1.2.3")
    idle = Idle(memory, None, settings, "w1")  # type: ignore[arg-type]
    with TestClient(worker.create_app(settings, idle, ready)) as client:
        assert client.get("/livez").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert "orchestrator_runs_in_hand" in client.get("/metrics").text
        monkeypatch.setattr(worker, "STALLED", 0.0)
        assert client.get("/livez").status_code == 503
