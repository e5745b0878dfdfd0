"""How the services ask each other: with the request's id, with time-outs, and with the other's refusal handed on as it is."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx2
from longshore_service.logs import request_id
from longshore_service.problems import Problem

from .nodes import Json, Node

CONNECT_TIMEOUT = 2.0
TIMEOUT = 10.0
"""Seconds for an answer."""
READY_TIMEOUT = 2.0
"""Seconds for an answer about readiness: the asker is asked itself, and waits no longer than 3 s."""

_HANDED_ON = frozenset({400, 403, 404, 409, 413, 422, 429})
"""The caller's own mistakes: it has to learn of them as if it had asked itself."""


class Upstream:
    """One service that is asked over HTTP."""

    def __init__(self, name: str, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.name = name
        self._client = httpx2.AsyncClient(
            base_url=url,
            transport=transport,
            timeout=httpx2.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT),
            limits=httpx2.Limits(max_connections=50, max_keepalive_connections=10, keepalive_expiry=30),
            follow_redirects=False,
            # A proxy from the environment has no business between two of our own.
            trust_env=False,
            headers={"User-Agent": "nexus"},
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """:raises Problem: with the other's refusal, or 503 when it cannot be asked"""
        sent = dict(headers or {})
        if identifier := request_id.get():
            sent["X-Request-ID"] = identifier
        given = {name: value for name, value in (query or {}).items() if value is not None}
        for attempt in (1, 2):
            try:
                answer = await self._client.request(
                    method, path, params=given, headers=sent, **({} if body is None else {"json": body})
                )
                break
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.RemoteProtocolError) as error:
                # Nothing was answered: a connection that was kept too long, or a replica that has just gone. What has been
                # sent may have been done, unless it could not even be connected to.
                if attempt == 2 or not (method == "GET" or isinstance(error, httpx2.ConnectError)):
                    raise self.unavailable() from None
                await asyncio.sleep(0.05)
            except httpx2.TransportError:
                raise self.unavailable() from None
        if answer.is_success or answer.status_code == 304:
            return answer
        raise self.refusal(answer)

    def unavailable(self) -> Problem:
        return Problem(
            503,
            f"{self.name}-unavailable",
            f"{self.name} cannot be reached at the moment.",
            headers={"Retry-After": "2"},
        )

    def refusal(self, answer: httpx2.Response) -> Problem:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        kind = str(told.get("type", "")).rpartition(":")[2] or "refused"
        detail = str(told.get("detail", "")) or f"{self.name} answered {answer.status_code}."
        if answer.status_code in _HANDED_ON:
            more = {"errors": told["errors"]} if "errors" in told else {}
            return Problem(answer.status_code, kind, detail, **more)
        if answer.status_code == 503:
            return Problem(503, kind, detail, headers={"Retry-After": "2"})
        return Problem(502, f"{self.name}-failed", f"{self.name} failed; its log has the request's id.")

    async def ready(self) -> str | None:
        """None when the other service is ready, else its reason, with its name before it: reasons cascade."""
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                answer = await self._client.get("/readyz")
        except (TimeoutError, httpx2.TransportError):
            return f"{self.name} cannot be reached"
        if answer.status_code == 200:
            return None
        try:
            reason = str(answer.json().get("detail", ""))
        except ValueError:
            reason = ""
        return f"{self.name} is not ready" + (f": {reason}" if reason else "")


class Dataflow(Upstream):
    """Nodes, and running them."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        super().__init__("dataflow", url, transport)
        self._nodes: list[Node] = []
        self._state = ""

    async def nodes(self) -> list[Node]:
        """What is offered now. Asked each time; transferred only when it has changed."""
        headers = {"If-None-Match": self._state} if self._state else {}
        answer = await self.ask("GET", "/v1/nodes", headers=headers)
        if answer.status_code != 304:
            self._nodes = [Node(**node) for node in answer.json()["nodes"]]
            self._state = answer.headers.get("etag", "")
        return self._nodes

    async def run(self, node: str, arguments: Json) -> Any:
        return (await self.ask("POST", f"/v1/nodes/{quote(node, safe='.')}/run", body=arguments)).json()


class Api(Upstream):
    """The domain: search with entities, and the graph."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        super().__init__("api", url, transport)

    async def search(self, text: str, limit: int = 10) -> Any:
        return (await self.ask("GET", "/api/search", query={"text": text, "limit": limit})).json()

    async def create(self, document: Json) -> Any:
        return (await self.ask("POST", "/api/documents", body=document)).json()

    async def document(self, identifier: str) -> Any:
        return (await self.ask("GET", f"/api/documents/{quote(identifier, safe='')}")).json()

    async def documents(self, limit: int) -> Any:
        return (
            await self.ask("GET", "/api/documents", query={"limit": limit, "order": "-created_at"})
        ).json()

    async def neighbours(self, entity: str, depth: int = 1) -> Any:
        return (
            await self.ask("GET", "/api/graph/neighbours", query={"entity": entity, "depth": depth})
        ).json()

    async def path(self, source: str, target: str) -> Any:
        return (await self.ask("GET", "/api/graph/path", query={"source": source, "target": target})).json()
