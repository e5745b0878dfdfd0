"""The routes under /api."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, StreamingResponse
from longshore_service.problems import Problem
from pydantic import AwareDatetime
from starlette.background import BackgroundTask

from . import export, metrics
from .ingest import absent
from .live import UNREACHABLE, Live
from .schemas import Latest, Predictions, Recording, Recordings, Windows
from .store import Span, Store

router = APIRouter(prefix="/api")

RECENT: Final = timedelta(minutes=5)
STREAMS: Final = 200
"""Most live streams of one replica."""


class Desk:
    """What the routes work with."""

    def __init__(self, store: Store, live: Live, ended: Callable[[], bool]) -> None:
        self.store = store
        self.live = live
        self.ended = ended
        self.streams = 0
        self.exports = asyncio.Semaphore(2)
        """Files are put together in memory: not many at once."""


def desk_of(request: Request) -> Desk:
    return request.app.state.desk  # type: ignore[no-any-return]


At = Annotated[Desk, Depends(desk_of)]
DeviceId = Annotated[str, Query(min_length=1, max_length=100)]


def span(
    device: DeviceId | None = None,
    recording: UUID | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 300,
) -> Span:
    """:raises Problem: when neither a device nor a recording is named"""
    if device is None and recording is None:
        raise Problem(422, "invalid", "Name a device or a recording: ?device=… or ?recording=…")
    if since is None and recording is None:
        since = datetime.now(UTC) - RECENT
    return Span(device, recording, since, until, limit)


Asked = Annotated[Span, Depends(span)]


@router.get("/recordings")
async def list_recordings(
    desk: At, device: DeviceId | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Recordings:
    return Recordings(items=await desk.store.recordings(device, limit))


@router.get("/recordings/{id}")
async def read_recording(desk: At, id: UUID) -> Recording:
    found = await desk.store.recording(id)
    if found is None:
        raise absent()
    return found


@router.get("/recordings/{id}/export")
async def export_recording(desk: At, id: UUID) -> FileResponse:
    """The recording as HDF5: samples, band power, predictions."""
    recording = await read_recording(desk, id)
    if recording.seconds > export.LONGEST:
        raise Problem(
            413, "too-long", f"At most {export.LONGEST} s can be exported; this has {recording.seconds:g} s."
        )
    everything = Span(None, id, None, None, export.LONGEST)
    async with desk.exports:
        path = await export.write(
            export.Contents(
                recording,
                desk.store.chunks(id),
                await desk.store.windows(everything),
                await desk.store.predictions(everything),
            )
        )
    name = f"{recording.device_id}-{recording.started_at:%Y%m%dT%H%M%SZ}.h5"
    return FileResponse(
        path,
        media_type="application/x-hdf5",
        filename=name,
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.get("/bands")
async def list_windows(desk: At, asked: Asked) -> Windows:
    return Windows(items=await desk.store.windows(asked))


@router.get("/predictions")
async def list_predictions(desk: At, asked: Asked) -> Predictions:
    return Predictions(items=await desk.store.predictions(asked))


@router.get("/latest/{device}")
async def read_latest(desk: At, device: str) -> Latest:
    try:
        return await desk.live.latest(device)
    except UNREACHABLE:
        raise Problem(
            503, "redis-unavailable", "The newest values cannot be reached at the moment."
        ) from None


@router.get("/stream/{device}")
async def stream(desk: At, device: str) -> StreamingResponse:
    """Server-sent events of a device, until the client has enough."""
    if desk.streams >= STREAMS:
        raise Problem(503, "busy", "Too many live streams at once.", headers={"Retry-After": "5"})
    return StreamingResponse(
        counted(desk, device),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def counted(desk: Desk, device: str) -> AsyncIterator[str]:
    desk.streams += 1
    metrics.streams.inc()
    try:
        async for text in desk.live.follow(device, desk.ended):
            yield text
    finally:
        desk.streams -= 1
        metrics.streams.dec()
