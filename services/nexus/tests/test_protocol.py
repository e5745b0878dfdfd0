import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import mcp_types as types
import pytest
import uvicorn
from fastapi import FastAPI
from longshore_service.problems import Problem
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from doubles import FakeApi, FakeDataflow
from nexus.mcp.app import create_app
from nexus.mcp.offer import PlatformOffer
from nexus.nodes import Json
from nexus.protocol.limits import Bounds, Full, Limits
from nexus.protocol.server import Protocol, ProtocolSettings, Server


class Slow:
    """One tool that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def tools(self) -> list[types.Tool]:
        return [types.Tool(name="wait", input_schema={"type": "object"})]

    async def call(self, name: str, arguments: Json) -> Json | None:
        if name == "break":
            raise RuntimeError("secret detail")
        if name != "wait":
            return None
        self.begun.set()
        await self.go.wait()
        return {"waited": True}

    async def resources(self) -> list[types.Resource]:
        return []

    def templates(self) -> list[types.ResourceTemplate]:
        return []

    async def read(self, uri: str) -> tuple[str, str] | None:
        return None


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[tuple[str, Server]]:
    """The application behind a real server, at a port of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_config=None, ws_per_message_deflate=False, timeout_graceful_shutdown=3
        )
        server = Server(config, app.state.protocol)
        task = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}", server
        finally:
            server.should_exit = True
            await task


def slow_app(offer: Any, **settings: Any) -> FastAPI:
    protocol = Protocol("/mcp", offer, ProtocolSettings(**settings), name="slow", instructions="")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with protocol.running():
            yield

    app = FastAPI(lifespan=lifespan)
    protocol.install(app)
    return app


@asynccontextmanager
async def websocket_client(address: str) -> AsyncIterator[tuple[Any, Any]]:
    to_client, incoming = anyio.create_memory_object_stream[Any](0)
    outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)
    async with connect(f"ws://{address}/mcp/ws", subprotocols=[Subprotocol("mcp")]) as ws:

        async def read() -> None:
            async with to_client:
                async for text in ws:
                    message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
                    await to_client.send(SessionMessage(message))

        async def write() -> None:
            async with from_client:
                async for one in from_client:
                    await ws.send(one.message.model_dump_json(by_alias=True, exclude_unset=True))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            tasks.start_soon(write)
            yield incoming, outgoing
            tasks.cancel_scope.cancel()


def request(number: int, tool: str = "wait") -> str:
    call = {"name": tool, "arguments": {}}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call})


INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
)
INITIALIZED = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})


@asynccontextmanager
async def raw(address: str, **options: Any) -> AsyncIterator[Any]:
    """A connection of an older client, frame by frame."""
    async with connect(f"ws://{address}/mcp/ws", subprotocols=[Subprotocol("mcp")], **options) as ws:
        await ws.send(INITIALIZE)
        assert json.loads(await ws.recv())["result"]["serverInfo"]["name"] == "slow"
        await ws.send(INITIALIZED)
        yield ws


@pytest.mark.parametrize("way", ["http", "websocket"])
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_official_client_works_over_both_ways_in_both_eras(way: str, mode: str) -> None:
    dataflow, api = FakeDataflow(), FakeApi()
    app = create_app(ProtocolSettings(version="1.2.3"), dataflow, api)  # type: ignore[arg-type]
    async with served(app) as (address, _):
        transport = (
            streamable_http_client(f"http://{address}/mcp") if way == "http" else websocket_client(address)
        )
        async with Client(transport, mode=mode) as client:
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert {"note_create", "note_search", "search", "graph_neighbours", "graph_path"} <= tools
            assert not any(name.startswith("entry") for name in tools), "the platform's own stay inside"
            found = await client.call_tool("search", {"text": "cranes"})
            assert found.structured_content and found.structured_content["items"][0]["id"] == "d1"
            refused = await client.call_tool("graph_path", {"source": "a", "target": "b"})
            assert refused.is_error and "not connected" in refused.content[0].text  # type: ignore[union-attr]
            with pytest.raises(MCPError, match="There is no tool"):
                await client.call_tool("entry_create", {})
            read = await client.read_resource("nexus://documents/d2")
            assert read.contents[0].text == "# Tides\n\n…\n"  # type: ignore[union-attr]
            with pytest.raises(MCPError, match="There is no resource"):
                await client.read_resource("nexus://nowhere")
            assert len((await client.list_resources()).resources) == 3


async def test_new_nodes_are_new_tools() -> None:
    dataflow = FakeDataflow()
    offer = PlatformOffer(dataflow, FakeApi())  # type: ignore[arg-type]
    before = {tool.name for tool in await offer.tools()}
    dataflow.offered = [one for one in dataflow.offered if one.operation != "update"]
    assert before - {tool.name for tool in await offer.tools()} == {"note_update"}


async def test_what_is_in_hand_is_answered_before_a_connection_ends() -> None:
    slow = Slow()
    async with served(slow_app(slow)) as (address, server), raw(address) as ws:
        await ws.send(request(1))
        await slow.begun.wait()
        server.should_exit = True
        while server._protocol._sockets._draining is False:
            await asyncio.sleep(0.01)
        await ws.send(request(2))
        await asyncio.sleep(0.1)
        slow.go.set()
        assert json.loads(await ws.recv())["id"] == 1
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012


async def test_failures_are_told_without_inner_detail() -> None:
    async with served(slow_app(Slow())) as (address, _), raw(address) as ws:
        await ws.send(request(1, "break"))
        answer = json.loads(await ws.recv())["result"]
        assert answer["isError"] and "secret detail" not in json.dumps(answer)


async def test_no_more_connections_than_allowed() -> None:
    async with served(slow_app(Slow(), max_connections=1)) as (address, _):
        async with raw(address):
            with pytest.raises(InvalidStatus):
                async with connect(f"ws://{address}/mcp/ws"):
                    pass
        async with raw(address):
            pass  # There is room again.


async def test_a_connection_with_enough_in_hand_is_not_read_further() -> None:
    slow = Slow()
    async with served(slow_app(slow)) as (address, server), raw(address) as ws:
        for number in range(1, 31):
            await ws.send(request(number))
        await slow.begun.wait()
        await asyncio.sleep(0.1)
        (connection,) = server._protocol._sockets._connections
        assert len(connection._in_hand) == Bounds().per_connection
        slow.go.set()
        answered = {json.loads(await ws.recv())["id"] for _ in range(30)}
        assert answered == set(range(1, 31))


@pytest.mark.parametrize(
    ("sent", "code"),
    [("x" * 2000, 1009), (b"bytes", 1003)],
)
async def test_messages_that_are_too_large_or_not_text_end_the_connection(sent: Any, code: int) -> None:
    async with served(slow_app(Slow(), max_message=1024)) as (address, _), raw(address) as ws:
        await ws.send(sent)
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == code


async def test_the_id_of_a_request_in_hand_is_not_used_again() -> None:
    slow = Slow()
    async with served(slow_app(slow)) as (address, _), raw(address) as ws:
        await ws.send(request(1))
        await ws.send(request(1))
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1002
        slow.go.set()


async def test_a_silent_connection_is_closed() -> None:
    async with served(slow_app(Slow(), idle=0.2)) as (address, _), raw(address) as ws:
        with pytest.raises(ConnectionClosed) as closed:
            await ws.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001


async def test_pages_of_other_sites_are_kept_out() -> None:
    app = slow_app(Slow(), allowed_origins=("https://ours.example.com",))
    async with served(app) as (address, _), httpx2.AsyncClient(base_url=f"http://{address}") as http:
        evil = await http.post("/mcp", json={}, headers={"Origin": "https://evil.example.com"})
        assert evil.status_code == 403
        ours = await http.post("/mcp", json={}, headers={"Origin": "https://ours.example.com"})
        assert ours.status_code != 403
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://{address}/mcp/ws", origin=Origin("https://evil.example.com")):
                pass


async def test_http_has_bounds_too() -> None:
    slow = Slow()
    app = slow_app(slow, max_exchanges=1, max_message=2048)
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}
    async with (
        served(app) as (address, _),
        httpx2.AsyncClient(base_url=f"http://{address}", headers=headers) as http,
    ):
        assert (await http.get("/mcp")).status_code == 405
        assert (await http.post("/mcp", content=b"x" * 3000)).status_code == 413
        first = asyncio.create_task(http.post("/mcp", json=json.loads(request(1))))
        await slow.begun.wait()
        busy = await http.post("/mcp", json=json.loads(request(2)))
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        slow.go.set()
        assert (await first).json()["result"]["structuredContent"] == {"waited": True}


async def test_calls_wait_their_turn_but_not_for_ever() -> None:
    limits = Limits(Bounds(calls=1, patience=0.05))
    async with limits.call():
        with pytest.raises(Problem, match="Too many calls at once"):
            async with limits.call():
                pass
    async with limits.call():
        pass


def test_what_is_over_makes_room() -> None:
    limits = Limits(Bounds(exchanges=1))
    with limits.exchange(), pytest.raises(Full), limits.exchange():
        pass
    with limits.exchange():
        pass
