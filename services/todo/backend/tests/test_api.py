from uuid import uuid4

import pytest
from starlette.testclient import TestClient


def add(client: TestClient, title: str, **fields: object) -> dict[str, object]:
    answer = client.post("/api/todos", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def titles(client: TestClient, query: str = "") -> list[str]:
    return [todo["title"] for todo in client.get(f"/api/todos{query}").json()["items"]]


def test_life_of_a_todo(client: TestClient) -> None:
    created = add(client, "  Buy milk ", description="oat", due_date="2026-02-28")
    assert created["title"] == "Buy milk"
    assert created["done"] is False
    path = f"/api/todos/{created['id']}"
    assert client.get(path).json() == created

    changed = client.patch(path, json={"done": True, "due_date": None}).json()
    assert (changed["done"], changed["due_date"], changed["description"]) == (True, None, "oat")
    assert changed["updated_at"] > changed["created_at"]

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404

    assert client.post(f"{path}/restore").json() == changed
    assert client.get(path).json() == changed
    assert client.post(f"{path}/restore").status_code == 404


def test_creation_tells_where(client: TestClient) -> None:
    answer = client.post("/api/todos", json={"title": "x"})
    assert answer.headers["location"] == f"/api/todos/{answer.json()['id']}"


def test_filter_search_and_counts(client: TestClient) -> None:
    add(client, "Buy milk")
    add(client, "Sell car", description="the MILKY one", done=True)
    add(client, "Walk", done=True)
    assert titles(client) == ["Walk", "Sell car", "Buy milk"]
    assert titles(client, "?status=open") == ["Buy milk"]
    assert titles(client, "?status=done") == ["Walk", "Sell car"]
    assert titles(client, "?q=milk") == ["Sell car", "Buy milk"]
    assert client.get("/api/todos?q=milk&status=open").json()["counts"] == {"open": 1, "done": 1}


def test_pages_join_without_gap_or_repetition_while_todos_are_added(client: TestClient) -> None:
    for number in range(7):
        add(client, str(number))
    page = client.get("/api/todos?limit=3").json()
    seen = [todo["title"] for todo in page["items"]]
    while page["next_cursor"]:
        add(client, "new")
        page = client.get("/api/todos", params={"limit": 3, "cursor": page["next_cursor"]}).json()
        seen += [todo["title"] for todo in page["items"]]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "x", "description": "d" * 4001}, "description"),
        ({"title": "x", "due_date": "tomorrow"}, "due_date"),
        ({"title": "x", "colour": "red"}, "colour"),
    ],
)
def test_invalid_todos_are_refused_with_the_field(
    client: TestClient, body: dict[str, str], path: str
) -> None:
    answer = client.post("/api/todos", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:todo:problem:invalid"
    assert [error["path"] for error in problem["errors"]] == [path]
    assert titles(client) == []


def test_text_that_cannot_be_stored_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/api/todos", content=rb'{"title":"\ud800"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert client.get("/api/todos?q=%00").status_code == 422


def test_broken_json_and_empty_changes(client: TestClient) -> None:
    assert (
        client.post("/api/todos", content=b"{", headers={"content-type": "application/json"}).status_code
        == 422
    )
    path = f"/api/todos/{add(client, 'x')['id']}"
    assert client.patch(path, json={}).status_code == 422
    assert client.patch(path, json={"title": None}).status_code == 422


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "status=gone", "cursor=nonsense", "cursor=MQ", "q=" + "x" * 201]
)
def test_invalid_queries(client: TestClient, query: str) -> None:
    assert client.get(f"/api/todos?{query}").status_code == 422


def test_what_is_not_there(client: TestClient) -> None:
    for answer in (client.get(f"/api/todos/{uuid4()}"), client.get("/api/nothing"), client.get("/nothing")):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.put("/api/todos", json={}).status_code == 405
    assert client.get("/api/todos/7").status_code == 422


def test_too_large_a_body(client: TestClient) -> None:
    answer = client.post("/api/todos", content=b" " * 1_100_000, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    pieces = (b" " * 100_000 for _ in range(11))
    assert client.post("/api/todos", content=pieces).status_code == 413


def test_chat_without_a_key_says_so(client: TestClient) -> None:
    assert client.get("/api/chat").json() == {"enabled": False}
    answer = client.post("/api/chat", json={"messages": [{"role": "user", "content": "hi"}]})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:todo:problem:chat-not-configured"
    assert "chat is not configured" in answer.json()["detail"]
