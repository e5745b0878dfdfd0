"""The system as its users meet it: through the reverse proxy."""

import asyncio
from typing import Any

import httpx2


async def executed(edge: httpx2.AsyncClient, *steps: dict[str, Any], given: Any = None) -> Any:
    made = await edge.post("/api/workflows", json={"name": "through the edge", "steps": steps})
    assert made.status_code == 201, made.text
    started = await edge.post(f"/api/workflows/{made.json()['id']}/runs", json={"input": given})
    assert started.status_code == 201, started.text
    for _ in range(150):
        run = (await edge.get(started.headers["location"])).json()
        if run["status"] not in ("queued", "running"):
            return run
        await asyncio.sleep(0.2)
    raise AssertionError(f"still {run['status']} after 30 seconds")


async def test_the_pages_are_served(edge: httpx2.AsyncClient) -> None:
    page = await edge.get("/")
    assert page.status_code == 200
    assert "<title>Orchestrator" in page.text
    assert (await edge.get("/config.json")).json() == {"apiOrigin": ""}
    assert (await edge.get("/workflows/some-deep-link")).text == page.text


async def test_the_documentation_lists_what_there_is(edge: httpx2.AsyncClient) -> None:
    paths = (await edge.get("/api/openapi.json")).json()["paths"]
    assert {"/api/workflows", "/api/runs/{id}/retry"} <= paths.keys()
    assert "/api/workflows" in (await edge.get("/api/docs")).text


async def test_a_workflow_runs_and_asks_what_it_may(edge: httpx2.AsyncClient) -> None:
    run = await executed(
        edge,
        {"id": "ask", "kind": "http", "url": "http://backend:8000/api/workflows?limit=1"},
        {
            "id": "report",
            "kind": "transform",
            "needs": ["ask"],
            "value": ["{{ input.who }}", "{{ steps.ask.status }}"],
        },
        given={"who": "tests"},
    )
    assert run["status"] == "succeeded", run
    assert run["steps"][1]["output"] == ["tests", 200]


async def test_nothing_else_can_be_asked_through_a_workflow(edge: httpx2.AsyncClient) -> None:
    run = await executed(edge, {"id": "ask", "kind": "http", "url": "http://db:5432/", "retries": 3})
    assert run["status"] == "failed"
    assert "db:5432 is not allowed" in run["steps"][0]["error"]
    assert len(run["steps"][0]["attempts"]) == 1, "trying again cannot help"


async def test_mistakes_are_explained(edge: httpx2.AsyncClient) -> None:
    steps = [{"id": "a", "kind": "delay", "seconds": 1, "needs": ["b"]}]
    answer = await edge.post("/api/workflows", json={"name": "x", "steps": steps})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"], answer.text
    missing = await edge.get("/api/runs/00000000-0000-0000-0000-000000000000")
    assert missing.status_code == 404


async def test_metrics_and_probes_stay_inside(edge: httpx2.AsyncClient) -> None:
    for path in ("/metrics", "/readyz", "/livez"):
        answer = await edge.get(path)
        assert answer.headers["content-type"].startswith("text/html"), f"{path} is a page like any other"
