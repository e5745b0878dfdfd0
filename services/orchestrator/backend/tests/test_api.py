from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

WAIT = {"id": "wait", "kind": "delay", "seconds": 1}


def create(client: TestClient, *steps: dict[str, Any], name: str = "Report") -> dict[str, Any]:
    answer = client.post("/api/workflows", json={"name": name, "steps": steps or [WAIT]})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["path"]: error["message"] for error in answer.json()["errors"]}


def test_life_of_a_workflow(client: TestClient) -> None:
    made = create(client, name="  Nightly report ")
    assert (made["name"], made["version"]) == ("Nightly report", 1)
    assert made["steps"][0] == {
        "id": "wait", "kind": "delay", "seconds": 1, "needs": [], "retries": 0, "retry_delay": 1, "timeout": 30,
    }  # fmt: skip
    path = f"/api/workflows/{made['id']}"
    assert client.get(path).json() == made

    change = {
        "name": "Daily report",
        "steps": [WAIT, {**WAIT, "id": "more", "needs": ["wait"]}],
        "version": 1,
    }
    assert client.put(path, json=change).json()["version"] == 2
    stale = client.put(path, json=change)
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:orchestrator:problem:conflict")

    listed = client.get("/api/workflows").json()["items"]
    assert [(one["name"], one["step_count"], one["last_run"]) for one in listed] == [
        ("Daily report", 2, None)
    ]
    assert client.delete(path).status_code == 204
    for answer in (
        client.get(path),
        client.delete(path),
        client.put(path, json=change),
        client.post(f"{path}/runs"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (
            404,
            "urn:orchestrator:problem:no-such-workflow",
        )


def test_mistakes_in_a_step_are_told_with_their_place(client: TestClient) -> None:
    found = errors(
        client.post(
            "/api/workflows",
            json={
                "name": " ",
                "steps": [
                    {"id": "Not Fit", "kind": "delay", "seconds": -1},
                    {"id": "b", "kind": "http"},
                    {"id": "c", "kind": "shell", "command": "rm"},
                    {"id": "d", "kind": "delay", "seconds": 1, "command": "rm"},
                ],
            },
        )
    )
    assert set(found) == {
        "name",
        "steps.0.id",
        "steps.0.seconds",
        "steps.1.url",
        "steps.2",
        "steps.3.command",
    }


@pytest.mark.parametrize("method", ["create", "validate", "update"])
def test_graphs_that_cannot_run_are_refused(client: TestClient, method: str) -> None:
    made = create(client)
    body: dict[str, Any] = {
        "name": "x",
        "steps": [{**WAIT, "needs": ["wait"]}, {**WAIT, "id": "b", "needs": ["c"]}],
    }
    if method == "create":
        answer = client.post("/api/workflows", json=body)
    elif method == "validate":
        answer = client.post("/api/workflows/validate", json=body)
    else:
        answer = client.put(f"/api/workflows/{made['id']}", json={**body, "version": 1})
    assert set(errors(answer)) == {"steps.0.needs", "steps.1.needs.0"}
    assert client.get(f"/api/workflows/{made['id']}").json() == made


def test_validation_tells_the_order_and_keeps_nothing(client: TestClient) -> None:
    steps = [{**WAIT, "id": "b", "needs": ["a"]}, {**WAIT, "id": "a"}]
    assert client.post("/api/workflows/validate", json={"name": "x", "steps": steps}).json() == {
        "order": [["a"], ["b"]]
    }
    assert client.get("/api/workflows").json() == {"items": []}


@pytest.mark.parametrize(
    "value",
    ["\x00", {"\x00": 1}, ["\ud800"], eval("[" * 30 + "]" * 30)],  # noqa: S307
    ids=["NUL", "NUL in a name", "half a surrogate", "too deep"],
)
def test_what_cannot_be_kept_is_refused(client: TestClient, value: Any) -> None:
    import json

    body = json.dumps({"name": "x", "steps": [{"id": "a", "kind": "transform", "value": value}]})
    answer = client.post("/api/workflows", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


def test_a_run_is_queued_with_its_steps_and_can_be_cancelled_and_retried(client: TestClient) -> None:
    made = create(client, WAIT, {**WAIT, "id": "next", "needs": ["wait"]})
    answer = client.post(f"/api/workflows/{made['id']}/runs", json={"input": {"day": "monday"}})
    run = answer.json()
    assert answer.status_code == 201 and answer.headers["location"] == f"/api/runs/{run['id']}"
    assert (run["status"], run["input"], run["workflow_name"]) == ("queued", {"day": "monday"}, "Report")
    assert [(step["id"], step["status"], step["needs"]) for step in run["steps"]] == [
        ("wait", "pending", []),
        ("next", "pending", ["wait"]),
    ]
    path = f"/api/runs/{run['id']}"
    assert client.post(f"{path}/retry").status_code == 409
    assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert client.post(f"{path}/cancel").status_code == 409
    assert client.post(f"{path}/retry").json()["status"] == "queued"
    assert [one["id"] for one in client.get("/api/runs").json()["items"]] == [run["id"]]
    assert client.get(f"/api/runs?workflow={uuid4()}").json() == {"items": []}
    assert client.get("/api/workflows").json()["items"][0]["last_run"]["id"] == run["id"]
    assert client.post(f"/api/workflows/{made['id']}/runs").status_code == 201, "a run needs no input"


def test_unknown_runs_are_not_found(client: TestClient) -> None:
    for answer in (
        client.get(f"/api/runs/{uuid4()}"),
        client.post(f"/api/runs/{uuid4()}/retry"),
        client.post(f"/api/runs/{uuid4()}/cancel"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:orchestrator:problem:no-such-run")
    assert client.get("/api/runs/1").status_code == 422


def test_the_documentation_names_every_operation_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    api = client.get("/api/openapi.json").json()
    page = client.get("/api/docs")
    assert page.status_code == 200
    for path, methods in api["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in page.text
    assert "<script" not in page.text and "//" not in page.text.replace("<!doctype", "")
    for name in api["components"]["schemas"]:
        assert f'id="{name}"' in page.text
