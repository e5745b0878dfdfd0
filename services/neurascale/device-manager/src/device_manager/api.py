"""The routes under /api/devices."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from longshore_service.problems import Problem

from .devices import Devices, Shown, Start, State, Wanted
from .manager import Manager
from .processor import Gone, Refused, Sink, Unreachable
from .registry import Registry, Seen

router = APIRouter(prefix="/api/devices")


class Desk:
    """What the routes work with."""

    def __init__(self, registry: Registry, sink: Sink, manager: Manager, interval: float) -> None:
        self.registry = registry
        self.sink = sink
        self.manager = manager
        self.interval = interval

    async def shown(self, id: str) -> Shown:
        seen = (await self.registry.devices()).get(id)
        if seen is None:
            raise Problem(
                404, "no-such-device", "There is no device with this id. Perhaps it was not seen for a day."
            )
        return self._show(
            seen, (await self.registry.wanted()).get(id), (await self.registry.states()).get(id)
        )

    async def all(self) -> list[Shown]:
        wanted, states = await self.registry.wanted(), await self.registry.states()
        listed = await self.registry.devices()
        return [self._show(listed[id], wanted.get(id), states.get(id)) for id in sorted(listed)]

    def _show(self, seen: Seen, wanted: Wanted | None, state: State | None) -> Shown:
        ours = state if wanted and state and state.recording_id == wanted.recording_id else None
        # Three looks without it: a busy host may miss one.
        present = datetime.now(UTC) - seen.seen_at < timedelta(seconds=3 * self.interval + 10)
        return Shown(
            **seen.device.model_dump(),
            present=present,
            seen_at=seen.seen_at,
            status=ours.status if ours else "starting" if wanted else "idle",
            recording_id=wanted.recording_id if wanted else None,
            manager=ours.manager if ours else None,
            error=ours.error if ours else None,
        )


def desk_of(request: Request) -> Desk:
    return request.app.state.desk  # type: ignore[no-any-return]


At = Annotated[Desk, Depends(desk_of)]


@router.get("")
async def list_devices(desk: At) -> Devices:
    return Devices(items=await desk.all(), discovery=desk.manager.discovery.scans, interval=desk.interval)


@router.get("/{id}")
async def read_device(desk: At, id: str) -> Shown:
    return await desk.shown(id)


@router.post("/{id}/start", status_code=201)
async def start_device(desk: At, id: str, response: Response, start: Start | None = None) -> Shown:
    """Has the device stream into a new recording."""
    start = start or Start()
    device = await desk.shown(id)
    if device.recording_id:
        raise Problem(409, "streaming", "The device is streaming already.", recording_id=device.recording_id)
    if not device.supported:
        raise Problem(409, "not-supported", f"There is no driver for {device.name}.")
    if not device.present:
        raise Problem(409, "not-present", f"{device.name} was last seen at {device.seen_at:%H:%M:%S} UTC.")
    if start.signal and not device.simulated:
        raise Problem(409, "not-simulated", "Only a simulated device can be told what to play.")
    wanted = Wanted(recording_id=uuid4(), started_at=datetime.now(UTC), signal=start.signal)
    try:
        await desk.sink.create(device, wanted, start.note)
    except (Unreachable, Refused) as error:
        raise Problem(503, "no-recording", f"The recording could not be created: {error}.") from None
    if not await desk.registry.want(id, wanted):
        await end_recording(desk, wanted)
        raise Problem(409, "streaming", "Someone else has just started the device.")
    desk.manager.wake()
    response.headers["Location"] = f"/api/recordings/{wanted.recording_id}"
    return await desk.shown(id)


@router.post("/{id}/stop")
async def stop_device(desk: At, id: str) -> Shown:
    """Ends the recording. What the device sent before is still taken."""
    await desk.shown(id)
    wanted = (await desk.registry.wanted()).get(id)
    if wanted:
        await end_recording(desk, wanted)
        await desk.registry.unwant(id, wanted)
        desk.manager.wake()
    return await desk.shown(id)


async def end_recording(desk: Desk, wanted: Wanted) -> None:
    try:
        await desk.sink.stop(str(wanted.recording_id))
    except Gone:
        pass
    except (Unreachable, Refused) as error:
        raise Problem(503, "no-recording", f"The recording could not be stopped: {error}.") from None
