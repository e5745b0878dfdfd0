"""The services as their clients meet them."""

import asyncio
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from conftest import address

SERVICES = ("dataflow", "api", "mcp", "nexus")


@pytest.mark.parametrize("service", SERVICES)
async def test_is_ready_and_gives_metrics(http: httpx2.AsyncClient, service: str) -> None:
    assert (await http.get(f"{address(service)}/readyz")).status_code == 200
    assert 'service_build_info{service="nexus' in (await http.get(f"{address(service)}/metrics")).text


async def handle(http: httpx2.AsyncClient, name: str, session: str | None = None, **arguments: Any) -> Any:
    body = {"session": session, "arguments": arguments}
    answer = await http.post(f"{address('nexus')}/nexus/handlers/{name}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_a_model_writes_a_person_finds_and_the_graph_takes_in(
    http: httpx2.AsyncClient, word: str
) -> None:
    name = word.capitalize()
    body = f"{name} Lines owns {name} Terminal."
    async with Client(streamable_http_client(f"{address('mcp')}/mcp")) as client:
        made = await client.call_tool("document_create", {"title": word, "body": body})
        assert made.structured_content
    found = await handle(http, "search", text=word)
    assert found["result"]["items"][0]["id"] == made.structured_content["id"]
    for _ in range(100):
        near = await http.get(f"{address('api')}/api/graph/neighbours", params={"entity": f"{name} Lines"})
        if near.status_code == 200:
            break
        await asyncio.sleep(0.2)
    assert [one["name"] for one in near.json()["neighbours"]] == [f"{name} Terminal"]


async def test_a_session_goes_on_over_the_protocol(http: httpx2.AsyncClient, word: str) -> None:
    added = await handle(http, "add", title=word)
    found = await handle(http, "search", added["session"], text=word)
    async with Client(streamable_http_client(f"{address('nexus')}/nexus/mcp")) as client:
        opened = await client.call_tool("open", {"item": "1", "session": found["session"]})
    assert opened.structured_content
    assert opened.structured_content["session"] == added["session"]
    assert opened.structured_content["result"]["id"] == added["result"]["id"]


async def test_mistakes_are_explained(http: httpx2.AsyncClient) -> None:
    answer = await http.post(f"{address('api')}/api/documents", json={"titel": "x"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["path"] for error in answer.json()["errors"]} == {"titel", "title"}
