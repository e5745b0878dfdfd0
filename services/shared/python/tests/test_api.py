"""What operators see of a FastAPI service."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("fastapi", exc_type=ImportError)

from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel
from starlette.testclient import TestClient

from longshore_service.api import equip, running
from longshore_service.problems import Problem, path_of
from longshore_service.settings import ServerSettings

SETTINGS = ServerSettings(cors_origins=("https://www.example.com",), version="1.2.3")


class Item(BaseModel):
    name: str


class State:
    ready: str | None = None
    live: str | None = None


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def client(state: State) -> Iterator[TestClient]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("demo", SETTINGS):
            yield

    async def ready() -> str | None:
        return state.ready

    app = FastAPI(lifespan=lifespan)
    equip(app, "demo", SETTINGS, ready, live=lambda: state.live, body_limit=100)

    @app.get("/items/{id}")
    async def read(id: int) -> Item:
        if id == 0:
            raise RuntimeError("secret detail")
        if id == 1:
            raise Problem(409, "taken", "It is taken.", headers={"Retry-After": "2"}, by="somebody")
        return Item(name="x")

    @app.post("/items")
    async def create(item: Item) -> Item:
        return item

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_liveness_and_readiness_answer_apart(client: TestClient, state: State) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}
    state.ready = "the database has not been migrated"
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:demo:problem:not-ready"
    assert answer.json()["detail"] == "the database has not been migrated"
    state.live = "no look for work in 30 s"
    assert client.get("/livez").json()["type"] == "urn:demo:problem:stalled"


def test_metrics_count_by_route_template(client: TestClient) -> None:
    labels = {"method": "GET", "route": "/items/{id}", "status": "200"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    client.get("/items/4711")
    client.get("/items/4712")
    client.request("BREW", "/pot")
    text = client.get("/metrics").text
    assert f'http_requests_total{{method="GET",route="/items/{{id}}",status="200"}} {before + 2}' in text
    assert 'http_requests_total{method="OTHER",route="unmatched",status="404"} ' in text
    assert 'http_request_duration_seconds_bucket{le="0.005",method="GET",route="/items/{id}"}' in text
    assert 'service_build_info{service="demo",version="1.2.3"} 1.0' in text
    assert "/items/4711" not in text


def test_request_ids_are_passed_on_when_fit(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/livez", headers={"X-Request-ID": 'x" onload="'}).headers["x-request-id"].isalnum()
    assert len(client.get("/livez").headers["x-request-id"]) == 32


def test_a_request_is_one_log_line_and_probes_are_quiet(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "longshore_service"):
        client.get("/livez")
        client.get("/items/7?q=private", headers={"X-Request-ID": "r-1"})
    lines = [record for record in caplog.records if record.name == "longshore_service.requests"]
    assert [line.getMessage() for line in lines] == ["GET /items/7 200"]
    assert (lines[0].status, lines[0].route) == (200, "/items/{id}")  # type: ignore[attr-defined]


def test_failures_are_problems_without_inner_detail(client: TestClient) -> None:
    broken = client.get("/items/0", headers={"X-Request-ID": "r-2"})
    assert (broken.status_code, broken.json()["request_id"]) == (500, "r-2")
    assert "secret detail" not in broken.text
    taken = client.get("/items/1")
    assert taken.headers["retry-after"] == "2"
    assert taken.json()["type"] == "urn:demo:problem:taken" and taken.json()["by"] == "somebody"
    assert client.get("/nowhere").json()["type"] == "urn:demo:problem:not-found"
    invalid = client.post("/items", json={"name": 1}).json()
    assert invalid["errors"] == [{"path": "name", "in": "body", "message": "Input should be a valid string"}]


def test_bodies_beyond_the_limit_are_refused_announced_or_not(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b'{"name": "', b"x" * 200, b'"}')

    assert client.post("/items", content=b"x" * 101).status_code == 413
    assert client.post("/items", content=parts()).status_code == 413
    assert client.post("/items", json={"name": "x"}).status_code == 200


def test_cors_lets_in_only_configured_origins(client: TestClient) -> None:
    ours = client.get("/items/7", headers={"Origin": "https://www.example.com"})
    assert ours.headers["access-control-allow-origin"] == "https://www.example.com"
    theirs = client.get("/items/7", headers={"Origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in theirs.headers


def test_paths_leave_out_which_member_of_a_union_it_was() -> None:
    assert path_of(("steps", 0, "http", "url"), {"http"}) == "steps.0.url"
    assert path_of(("steps", 0, "http", "url")) == "steps.0.http.url"
    assert path_of(("http", "url"), {"http"}) == "http.url"
