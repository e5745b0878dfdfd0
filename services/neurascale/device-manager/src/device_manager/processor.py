"""neural-processor, as device-manager sees it."""

from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx2
from neurascale_common.chunks import Chunk, moment

from .devices import Device, Wanted

PROBLEM: Final = "application/problem+json"
"""What every refusal of neural-processor is written in."""


class Unreachable(Exception):
    """Nothing was taken; it is worth another try."""


class Refused(Exception):
    """What was sent is wrong, and will be wrong at the next try too."""


class Gone(Refused):
    """The recording is not there, or was stopped."""


class Sink(Protocol):
    """Takes recordings and their chunks."""

    async def create(self, device: Device, wanted: Wanted, note: str) -> None: ...

    async def deliver(self, chunk: Chunk) -> None:
        """Returns when the chunk will not be lost any more.

        :raises Unreachable: when nothing is known of it
        :raises Refused: when it will never be taken
        """

    async def stop(self, recording: str) -> None: ...


class Processor:
    def __init__(self, address: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """`transport`: how requests travel, for tests; else over the network."""
        limits = httpx2.Limits(max_connections=50, keepalive_expiry=30)
        self._client = httpx2.AsyncClient(
            base_url=address, timeout=httpx2.Timeout(12, connect=3), limits=limits, transport=transport
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def create(self, device: Device, wanted: Wanted, note: str) -> None:
        body = {
            "device_id": device.id,
            "device_name": device.name,
            "simulated": device.simulated,
            "rate": device.rate,
            "channels": device.channels,
            "note": note,
            "started_at": moment(wanted.started_at),
        }
        await self._send("PUT", f"/internal/recordings/{wanted.recording_id}", json=body)

    async def deliver(self, chunk: Chunk) -> None:
        headers = {"Content-Type": "application/json"}
        await self._send("POST", "/internal/samples", content=chunk.encode(), headers=headers)

    async def stop(self, recording: str) -> None:
        await self._send("POST", f"/internal/recordings/{quote(recording)}/stop")

    async def _send(self, method: str, path: str, **options: Any) -> None:
        try:
            answer = await self._client.request(method, path, **options)
        except httpx2.HTTPError as error:
            raise Unreachable(f"neural-processor: {type(error).__name__}") from None
        # During its restart, another server may answer at its address: only its own problem documents end a recording.
        is_its_own = answer.headers.get("Content-Type", "").startswith(PROBLEM)
        if is_its_own and answer.status_code in (404, 409, 410):
            raise Gone(f"neural-processor: {detail(answer)}")
        if is_its_own and answer.status_code in (400, 413, 422):
            raise Refused(f"neural-processor: {detail(answer)}")
        if not answer.is_success:
            raise Unreachable(f"neural-processor: {detail(answer)}")


def detail(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code}"
