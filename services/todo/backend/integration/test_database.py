"""The application over PostgreSQL: what the unit tests' memory cannot show."""

from concurrent.futures import ThreadPoolExecutor

from starlette.testclient import TestClient


def create(client: TestClient, title: str, **fields: object) -> str:
    answer = client.post("/api/todos", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_is_ready_with_the_schema_of_this_release(own: TestClient) -> None:
    assert own.get("/readyz").status_code == 200


def test_pages_through_all_that_match_and_repeats_nothing(own: TestClient, word: str) -> None:
    ids = [create(own, f"{word} {number}") for number in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"q": word, "limit": 3, **({"cursor": cursor} if cursor else {})}
        page = own.get("/api/todos", params=asked).json()
        seen += [todo["id"] for todo in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_keeps_what_could_be_misread(own: TestClient, word: str) -> None:
    title = f"{word} 100%_ \\ 'quoted' \"twice\"; drop table todos -- Grüße 🚢"
    id = create(own, title, due_date="2026-02-28")
    todo = own.get(f"/api/todos/{id}").json()
    assert (todo["title"], todo["due_date"]) == (title, "2026-02-28")
    found = own.get("/api/todos", params={"q": f"{word} 100%_"}).json()["items"]
    assert [one["id"] for one in found] == [id]
    assert own.get("/api/todos", params={"q": f"{word} 100_%"}).json()["items"] == []


def test_counts_open_and_done(own: TestClient, word: str) -> None:
    done, _ = create(own, f"{word} a"), create(own, f"{word} b")
    assert own.patch(f"/api/todos/{done}", json={"done": True}).status_code == 200
    counts = own.get("/api/todos", params={"q": word}).json()["counts"]
    assert counts == {"open": 1, "done": 1}


def test_brings_back_what_was_deleted(own: TestClient, word: str) -> None:
    id = create(own, word)
    assert own.delete(f"/api/todos/{id}").status_code == 204
    assert own.get(f"/api/todos/{id}").status_code == 404
    assert own.post(f"/api/todos/{id}/restore").json()["title"] == word
    assert own.get(f"/api/todos/{id}").status_code == 200


def test_many_changes_at_once_all_arrive(own: TestClient, word: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: create(own, f"{word} {number}"), range(40)))
    assert len(set(ids)) == 40
    counts = own.get("/api/todos", params={"q": word}).json()["counts"]
    assert counts == {"open": 40, "done": 0}
