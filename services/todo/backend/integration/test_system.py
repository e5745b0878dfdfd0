"""The services as their users meet them."""

import httpx2


def test_services_are_ready(backend: httpx2.Client, frontend: httpx2.Client) -> None:
    assert backend.get("/readyz").status_code == 200
    assert frontend.get("/api/ready").status_code == 200


def test_what_is_written_through_the_frontend_is_in_the_backend(
    backend: httpx2.Client, frontend: httpx2.Client, word: str
) -> None:
    made = frontend.post("/api/todos", json={"title": word})
    assert made.status_code == 201, made.text
    assert backend.get(f"/api/todos/{made.json()['id']}").json()["title"] == word
    assert frontend.delete(f"/api/todos/{made.json()['id']}").status_code == 204
    assert backend.get(f"/api/todos/{made.json()['id']}").status_code == 404


def test_mistakes_are_explained(backend: httpx2.Client) -> None:
    answer = backend.post("/api/todos", json={"titel": "x"})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {error["path"] for error in answer.json()["errors"]} >= {"titel"}


def test_the_page_is_served(frontend: httpx2.Client) -> None:
    answer = frontend.get("/")
    assert answer.status_code == 200
    assert "A todo list with an assistant" in answer.text


def test_both_give_metrics(backend: httpx2.Client, frontend: httpx2.Client) -> None:
    for client in (backend, frontend):
        assert "# TYPE" in client.get("/metrics").text
