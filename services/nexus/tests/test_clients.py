from typing import Any

import httpx2
import pytest
from longshore_service.problems import Problem

from doubles import NOTE
from nexus.clients import Dataflow
from nexus.dataflow.generate import nodes


def dataflow(answer: Any) -> Dataflow:
    return Dataflow("http://dataflow:8000", httpx2.MockTransport(answer))


def problem(status: int, kind: str) -> httpx2.Response:
    body = {"type": f"urn:nexus:problem:{kind}", "detail": "why", "errors": [{"path": "a", "message": "b"}]}
    return httpx2.Response(status, json=body)


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        (problem(404, "no-such-row"), 404, "no-such-row"),
        (problem(422, "invalid"), 422, "invalid"),
        (problem(503, "database-unavailable"), 503, "database-unavailable"),
        (problem(500, "internal"), 502, "dataflow-failed"),
        (httpx2.Response(502, text="<html>"), 502, "dataflow-failed"),
    ],
)
async def test_refusals_are_handed_on_and_failures_are_ours(
    answer: httpx2.Response, status: int, kind: str
) -> None:
    with pytest.raises(Problem) as caught:
        await dataflow(lambda _: answer).run("note.read", {})
    assert (caught.value.status, caught.value.kind) == (status, kind)


async def test_what_cannot_be_connected_to_is_tried_again_what_may_have_been_done_is_not() -> None:
    asked: list[str] = []

    def refused_once(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if len(asked) == 1:
            raise httpx2.ConnectError("refused")
        return httpx2.Response(200, json={"fine": True})

    assert await dataflow(refused_once).run("note.create", {}) == {"fine": True}

    def cut(request: httpx2.Request) -> httpx2.Response:
        asked.append("cut")
        raise httpx2.RemoteProtocolError("cut")

    with pytest.raises(Problem, match="cannot be reached"):
        await dataflow(cut).run("note.create", {})
    assert asked.count("cut") == 1


async def test_nodes_are_transferred_only_when_they_changed() -> None:
    transfers = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal transfers
        if request.headers.get("if-none-match") == '"1"':
            return httpx2.Response(304)
        transfers += 1
        return httpx2.Response(
            200, json={"nodes": [one.as_json() for one in nodes([NOTE])]}, headers={"ETag": '"1"'}
        )

    client = dataflow(answer)
    assert await client.nodes() == await client.nodes() == nodes([NOTE])
    assert transfers == 1


async def test_reasons_cascade() -> None:
    assert await dataflow(lambda _: httpx2.Response(200)).ready() is None
    assert await dataflow(lambda _: problem(503, "not-ready")).ready() == "dataflow is not ready: why"

    def away(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away")

    assert await dataflow(away).ready() == "dataflow cannot be reached"
