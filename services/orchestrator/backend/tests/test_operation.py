"""What operators see of this service; what all services have alike is tested with longshore_service."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from conftest import Ready
from memory import Memory
from orchestrator.settings import Settings


def test_liveness_depends_on_nothing_readiness_does(client: TestClient, ready: Ready) -> None:
    assert client.get("/readyz").status_code == 200
    ready.reason = "the database has not been migrated"
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database has not been migrated"


def test_metrics_tell_the_route_and_the_version(client: TestClient) -> None:
    client.get("/api/runs/9d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0")
    text = client.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/api/runs/{id}",status="404"} ' in text
    assert 'service_build_info{service="orchestrator",version="1.2.3"} 1.0' in text


def test_a_database_that_is_away_is_a_problem_without_inner_detail(
    client: TestClient, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise OperationalError("select", {}, Exception("connection refused"))

    monkeypatch.setattr(memory, "runs", fail)
    answer = client.get("/api/runs", headers={"X-Request-ID": "r-2"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:orchestrator:problem:database-unavailable"
    assert answer.json()["request_id"] == "r-2"
    assert "refused" not in answer.text


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
