from collections.abc import Iterator
from typing import Any

import pytest
from neo4j.exceptions import ServiceUnavailable
from starlette.testclient import TestClient

from doubles import FakeDataflow, FakeGraph
from nexus.api.app import Settings, create_app
from nexus.api.indexer import Indexer


@pytest.fixture
def dataflow() -> FakeDataflow:
    return FakeDataflow()


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def client(dataflow: Any, graph: Any) -> Iterator[TestClient]:
    settings = Settings(graph_poll=3600, version="1.2.3")
    app = create_app(settings, dataflow, graph, Indexer(dataflow, graph, "a"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


async def test_the_graph_takes_in_what_changed_and_forgets_what_is_gone(
    dataflow: FakeDataflow, graph: FakeGraph
) -> None:
    indexer = Indexer(dataflow, graph, "a")
    dataflow.write("d1", title="Report", body="Hansa Lines owns Terminal Burchard.")
    dataflow.write("d1", title="Report", body="Hansa Lines owns Terminal Two.")
    assert not await indexer.once()
    assert dataflow.changes == []
    assert "terminal two" in {entity.key for entity in graph.known["d1"].entities}
    dataflow.drop("d1")
    await indexer.once()
    assert graph.known == {} and dataflow.changes == []


async def test_nothing_is_taken_off_the_list_while_the_graph_is_away(
    dataflow: FakeDataflow, graph: FakeGraph
) -> None:
    indexer = Indexer(dataflow, graph, "a")
    dataflow.write("d1", title="Report")
    graph.error = ServiceUnavailable("away")
    with pytest.raises(ServiceUnavailable):
        await indexer.once()
    assert len(dataflow.changes) == 1
    graph.error = None
    await indexer.once()
    assert "d1" in graph.known and dataflow.changes == []


async def test_only_who_holds_the_lease_writes(dataflow: FakeDataflow, graph: FakeGraph) -> None:
    dataflow.write("d1", title="Report")
    graph.holder = "another"
    await Indexer(dataflow, graph, "a").once()
    assert graph.known == {} and len(dataflow.changes) == 1


async def test_a_full_batch_means_more(dataflow: FakeDataflow, graph: FakeGraph) -> None:
    for number in range(60):
        dataflow.write(f"d{number}")
    indexer = Indexer(dataflow, graph, "a")
    assert await indexer.once()
    assert not await indexer.once()
    assert len(graph.known) == 60


def test_search_shows_entities_and_does_without_them_when_the_graph_is_away(
    client: TestClient, dataflow: FakeDataflow, graph: FakeGraph
) -> None:
    dataflow.write("d1", title="Report", body="x" * 1000)
    answer = client.get("/api/search", params={"text": "report"}).json()
    assert answer["items"][0] == {
        "id": "d1",
        "title": "Report",
        "excerpt": "x" * 240,
        "score": 0.5,
        "entities": [],
    }
    graph.error = ServiceUnavailable("away")
    assert client.get("/api/search", params={"text": "report"}).json()["items"][0]["entities"] is None


def test_routes_run_nodes_and_hand_on_only_what_was_given(client: TestClient, dataflow: FakeDataflow) -> None:
    identifier = "0d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0"
    client.patch(f"/api/documents/{identifier}", json={"version": 2, "source": None})
    assert dataflow.ran[-1] == ("document.update", {"id": identifier, "version": 2, "source": None})
    assert client.get("/api/documents/nonsense").status_code == 422
    assert client.post("/api/documents", json={"title": " "}).json()["errors"][0]["path"] == "title"


def test_readiness_cascades_and_tells_all_reasons(
    client: TestClient, dataflow: FakeDataflow, graph: FakeGraph
) -> None:
    assert client.get("/readyz").status_code == 200
    dataflow.reason = "dataflow is not ready: the database cannot be reached"
    graph.reason = "the graph cannot be reached"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == f"{dataflow.reason}; {graph.reason}"
    assert client.get("/livez").status_code == 200
