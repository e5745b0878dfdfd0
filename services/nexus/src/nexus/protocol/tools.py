"""What a service offers over the protocol, and the SDK's server for it."""

import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import mcp_types as types
from longshore_service.problems import Problem, unexpected
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from ..nodes import Json
from . import metrics
from .limits import Limits

log = logging.getLogger("nexus.protocol")

Call = Callable[[Json], Awaitable[Json]]


class Offer(Protocol):
    """Tools and resources, as they are now."""

    async def tools(self) -> list[types.Tool]: ...

    async def call(self, name: str, arguments: Json) -> Json | None:
        """The result, or None when there is no such tool.

        :raises Problem: the failure, as shown to the caller
        """
        ...

    async def resources(self) -> list[types.Resource]: ...

    def templates(self) -> list[types.ResourceTemplate]: ...

    async def read(self, uri: str) -> tuple[str, str] | None:
        """Media type and text, or None when there is no such resource."""
        ...


def create_server(offer: Offer, limits: Limits, *, name: str, version: str, instructions: str) -> Server[Any]:
    """The SDK's server: every connection and every exchange is served by this one."""
    Context = ServerRequestContext[Any, Any]

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=await told(offer.tools()))

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool, started, outcome = params.name, time.perf_counter(), "failed"
        try:
            async with limits.call():
                result = await offer.call(tool, params.arguments or {})
            if result is None:
                tool = "unknown"
                raise MCPError(code=types.INVALID_PARAMS, message=f"There is no tool {params.name!r:.100}.")
            outcome = "succeeded"
            return types.CallToolResult(content=[as_text(result)], structured_content=result)
        except Problem as problem:
            # The model reads it, and can do better.
            outcome = "refused" if problem.status < 500 else "failed"
            return failure(problem)
        except MCPError:
            outcome = "refused"
            raise
        except Exception:
            log.exception("a tool failed", extra={"tool": tool})
            return failure(unexpected())
        finally:
            metrics.calls.labels(tool, outcome).inc()
            metrics.call_time.labels(tool).observe(time.perf_counter() - started)

    async def list_resources(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=await told(offer.resources()))

    async def list_templates(
        _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=offer.templates())

    async def read_resource(_: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        async with limits.call():
            found = await told(offer.read(uri))
        if found is None:
            raise MCPError(code=types.INVALID_PARAMS, message=f"There is no resource {uri!r:.200}.")
        media_type, text = found
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, mime_type=media_type, text=text)]
        )

    return Server(
        name,
        version=version,
        instructions=instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )


async def told[T](work: Awaitable[T]) -> T:
    """Outside a tool's result a problem is an error of the protocol."""
    try:
        return await work
    except Problem as problem:
        code = types.INVALID_PARAMS if problem.status < 500 else types.INTERNAL_ERROR
        raise MCPError(code=code, message=problem.detail) from None


def as_text(result: Json) -> types.TextContent:
    return types.TextContent(text=json.dumps(result, ensure_ascii=False))


def failure(problem: Problem) -> types.CallToolResult:
    told = {"status": problem.status, "problem": problem.kind, "detail": problem.detail, **problem.extensions}
    return types.CallToolResult(content=[as_text(told)], is_error=True)


def own_path(uri: str, scheme: str = "nexus") -> list[str]:
    """`nexus://documents/ID` is `["documents", "ID"]`; of other schemes it is empty."""
    parts = urlsplit(uri)
    return [parts.netloc, *filter(None, parts.path.split("/"))] if parts.scheme == scheme else []
