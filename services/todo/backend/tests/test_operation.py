"""What operators see of this service; what all services have alike is tested with longshore_service."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from conftest import Ready
from memory import MemoryTodos


def test_liveness_depends_on_nothing_readiness_does(client: TestClient, ready: Ready) -> None:
    assert client.get("/readyz").status_code == 200
    ready.reason = "the database has not been migrated"
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the database has not been migrated"


def test_metrics_tell_the_route_and_the_version(client: TestClient) -> None:
    client.get("/api/todos/9d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0")
    text = client.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/api/todos/{id}",status="404"} ' in text
    assert 'service_build_info{service="todo",version="1.2.3"} 1.0' in text


def test_a_database_that_is_away_is_a_problem_without_inner_detail(
    client: TestClient, todos: MemoryTodos, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise OperationalError("select", {}, Exception("connection refused"))

    monkeypatch.setattr(todos, "page", fail)
    answer = client.get("/api/todos", headers={"X-Request-ID": "r-2"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:todo:problem:database-unavailable"
    assert answer.json()["request_id"] == "r-2"
    assert "refused" not in answer.text


def test_cors_lets_in_only_configured_origins(client: TestClient) -> None:
    ours = client.get("/api/todos", headers={"Origin": "https://todo.example.com"})
    assert ours.headers["access-control-allow-origin"] == "https://todo.example.com"
    theirs = client.get("/api/todos", headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in theirs.headers
