"""Speaks to an MCP server with the official SDK's client, as the test asks it to.

python - URL STEPS: URL begins with http (streamable HTTP) or ws (WebSocket); STEPS is a JSON list of {"tools": true},
{"call": NAME, "arguments": {…}}, {"resources": true} and {"read": URI}. Prints a JSON list with one result for each.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol


@asynccontextmanager
async def websocket_client(url: str) -> AsyncIterator[tuple[Any, Any]]:
    """A transport for the SDK's client: one message per text frame."""
    to_client, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)
    async with connect(url, subprotocols=[Subprotocol("mcp")]) as socket:
        assert socket.subprotocol == "mcp", socket.subprotocol

        async def read() -> None:
            async with to_client:
                async for text in socket:
                    await to_client.send(SessionMessage(jsonrpc_message_adapter.validate_json(text, by_name=False)))

        async def write() -> None:
            async with from_client:
                async for message in from_client:
                    await socket.send(message.message.model_dump_json(by_alias=True, exclude_unset=True))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            tasks.start_soon(write)
            yield incoming, outgoing
            tasks.cancel_scope.cancel()


async def perform(client: Client, step: dict[str, Any]) -> Any:
    if "tools" in step:
        return [tool.name for tool in (await client.list_tools()).tools]
    if "resources" in step:
        return [str(resource.uri) for resource in (await client.list_resources()).resources]
    if "read" in step:
        return (await client.read_resource(step["read"])).contents[0].text
    result = await client.call_tool(step["call"], step.get("arguments", {}))
    if result.is_error:
        return {"error": json.loads(result.content[0].text)}
    return result.structured_content


async def main(url: str, steps: list[dict[str, Any]]) -> None:
    transport: AbstractAsyncContextManager[Any] = (
        websocket_client(url) if url.startswith("ws") else streamable_http_client(url)
    )
    async with Client(transport) as client:
        print(json.dumps([await perform(client, step) for step in steps]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
