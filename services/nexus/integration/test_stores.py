"""Nodes over PostgreSQL, sessions over Redis, the graph over Neo4j: what the unit tests' stand-ins cannot show."""

import asyncio
from typing import Any

import pytest
from longshore_service.problems import Problem

from conftest import Dataflow
from nexus.api.extract import extract
from nexus.api.graph import Graph
from nexus.gateway.sessions import Sessions, Step, now


async def test_every_table_has_its_nodes(dataflow: Dataflow) -> None:
    names = dataflow.catalogue.nodes.keys()
    assert {"document.create", "document.search", "collection.list", "change.delete"} <= names
    assert dataflow.catalogue.nodes["change.list"].internal


async def test_life_of_a_row(dataflow: Dataflow, word: str) -> None:
    run = dataflow.runner.run
    made = await run("document.create", {"title": word, "tags": ["a", "ü"], "source": None})
    assert (made["version"], made["tags"]) == (1, ["a", "ü"])
    changed = await run("document.update", {"id": made["id"], "version": 1, "body": "x"})
    assert (changed["version"], changed["body"], changed["title"]) == (2, "x", word)
    with pytest.raises(Problem, match="at version 2 by now"):
        await run("document.update", {"id": made["id"], "version": 1, "body": "y"})
    with pytest.raises(Problem, match="at version 2 by now"):
        await run("document.delete", {"id": made["id"], "version": 1})
    assert await run("document.delete", {"id": made["id"], "version": 2}) == {"deleted": True}
    for name, more in (("read", {}), ("update", {"version": 2, "body": "z"}), ("delete", {})):
        with pytest.raises(Problem, match="There is no row of document"):
            await run(f"document.{name}", {"id": made["id"], **more})


async def test_of_changes_at_once_one_wins(dataflow: Dataflow, word: str) -> None:
    made = await dataflow.runner.run("document.create", {"title": word})

    async def change(number: int) -> bool:
        try:
            given = {"id": made["id"], "version": 1, "body": str(number)}
            await dataflow.runner.run("document.update", given)
        except Problem as problem:
            assert problem.status == 409
            return False
        return True

    assert sum(await asyncio.gather(*(change(number) for number in range(8)))) == 1


async def test_keeps_what_could_be_misread(dataflow: Dataflow, word: str) -> None:
    text = f"{word} 100%_ \\ 'quoted' \"twice\" :name ::cast {{}} $1; drop table document -- Grüße 🚢"
    made = await dataflow.runner.run("document.create", {"title": word, "body": text})
    assert (await dataflow.runner.run("document.read", {"id": made["id"]}))["body"] == text
    found = await dataflow.runner.run("document.list", {"where": {"body": text}})
    assert [row["id"] for row in found["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("node", "arguments", "status"),
    [
        ("document.create", {"title": ""}, 422),
        ("document.create", {"title": "x\0y"}, 422),
        ("document.create", {"title": "x", "collection_id": "0d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0"}, 409),
        ("document.list", {"after": "e30="}, 422),
    ],
)
async def test_refusals_of_the_database_are_explained(
    dataflow: Dataflow, node: str, arguments: dict[str, Any], status: int
) -> None:
    with pytest.raises(Problem) as caught:
        await dataflow.runner.run(node, arguments)
    assert caught.value.status == status


@pytest.mark.parametrize("order", ["title", "-title", "created_at", "-created_at", "id"])
async def test_pages_through_all_that_match_and_repeats_nothing(
    dataflow: Dataflow, word: str, order: str
) -> None:
    run = dataflow.runner.run
    for number in (3, 1, 2, 5, 4, 2, 2):
        await run("document.create", {"title": f"{word} {number}", "source": word})
    seen: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = await run("document.list", {"where": {"source": word}, "order": order, "limit": 3, **after})
        seen += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len({row["id"] for row in seen}) == 7
    column = order.removeprefix("-")
    values = [row[column] for row in seen]
    assert values == sorted(values, reverse=order.startswith("-"))


async def test_search_follows_what_is_written(dataflow: Dataflow, word: str) -> None:
    run = dataflow.runner.run
    made = await run("document.create", {"title": word, "body": "nothing yet"})
    other = f"other{word}"
    await run("document.update", {"id": made["id"], "version": 1, "title": f"{word} renamed", "body": other})
    (first, *_) = (await run("document.search", {"text": other, "limit": 3}))["items"]
    assert first["row"]["id"] == made["id"]
    assert (await run("document.search", {"text": other, "least": 0.99}))["items"] == []


async def test_two_steps_at_once_are_both_kept(sessions: Sessions) -> None:
    session = await sessions.open()
    steps = [Step(now(), "api", "show", str(number)) for number in range(20)]
    await asyncio.gather(*(sessions.keep(session.id, step, {}) for step in steps))
    assert {step.summary for step in (await sessions.get(session.id)).history} == {str(n) for n in range(20)}


async def test_sessions_remember_what_was_found_and_the_last_steps(sessions: Sessions) -> None:
    session = await sessions.open()
    found = {"id": "d1", "title": "Grüße {} [] null"}
    for number in range(60):
        changes = {"results": [], "current": found} if number == 3 else {}
        await sessions.keep(session.id, Step(now(), "cli", "show", str(number)), changes)
    kept = await sessions.get(session.id)
    assert (kept.created_at, kept.results, kept.current) == (session.created_at, [], found)
    assert [step.summary for step in kept.history] == [str(number) for number in range(10, 60)]


async def test_a_session_that_is_over_does_not_come_back(sessions: Sessions) -> None:
    with pytest.raises(Problem, match="no such session"):
        await sessions.get("nothing")
    with pytest.raises(Problem, match="no such session"):
        await sessions.keep("nothing", Step(now(), "cli", "show", ""), {})
    with pytest.raises(Problem, match="no such session"):
        await sessions.get("nothing")


async def test_the_graph_learns_and_forgets(graph: Graph, word: str) -> None:
    holder, name = f"test-{word}", word.capitalize()
    while not await graph.lease(holder, 20):
        await asyncio.sleep(0.5)
    try:
        assert not await graph.lease("another", 1)
        first: dict[str, Any] = {"id": f"{word}-1", "title": "one", "version": 1}
        text = f"{name} Lines owns {name} Terminal. {name} Terminal is located in {name} City."
        assert await graph.learn(first, extract(text), holder, 20)
        assert not await graph.learn(first, extract(""), "another", 1), "only who holds the lease writes"
        path = await graph.path(f"{name} Lines", f"{name} City")
        assert [one["kind"] for one in path["relations"]] == ["owns", "located-in"]
        near = await graph.neighbours(f"{name} City", 1)
        assert [one["name"] for one in near["neighbours"]] == [f"{name} Terminal"]

        second: dict[str, Any] = {"id": f"{word}-2", "title": "two", "version": 1}
        assert await graph.learn(second, extract(f"{name} City uses {name} Power."), holder, 20)
        assert await graph.learn(first, extract(f"We saw {name} City."), holder, 20)
        with pytest.raises(Problem, match="No document mentions"):
            await graph.neighbours(f"{name} Lines", 1)
        assert {one["id"] for one in await graph.documents(f"{name} City", 10)} == {first["id"], second["id"]}
        for document in (first, second):
            assert await graph.forget(document["id"], holder, 20)
        assert await graph.entities(name, 10) == []
    finally:
        await graph.lease(holder, 0)
