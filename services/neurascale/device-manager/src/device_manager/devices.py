"""What a device is, and what someone wants of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from neurascale_common.signals import Signal
from pydantic import BaseModel, ConfigDict, Field

type Kind = Literal["simulator", "serial", "usb", "bluetooth"]
type Status = Literal["idle", "starting", "streaming", "failed"]


class Device(BaseModel):
    """A device as discovery describes it."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    name: str
    kind: Kind
    simulated: bool = False
    supported: bool = False
    """Whether there is a driver for it."""
    address: str
    """Where it is: a port, a bus and number, a Bluetooth address."""
    rate: int | None = None
    """Hertz; known where there is a driver."""
    channels: tuple[str, ...] = ()


class Scan(BaseModel):
    """What looking for one kind of device came to."""

    kind: Kind
    available: bool
    """Whether it was possible to look at all."""
    detail: str
    scanned_at: datetime


class SignalChoice(BaseModel):
    """What a simulated device is to play."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["eyes-open", "eyes-closed", "alternating", "sine"]
    seconds: Annotated[float, Field(ge=1, le=600)] = 10
    frequency: Annotated[float, Field(ge=0.5, le=100)] = 10
    amplitude: Annotated[float, Field(ge=0, le=1000)] = 50

    def signal(self) -> Signal:
        return Signal(self.kind, self.seconds, self.frequency, self.amplitude)


class Start(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=200)] = ""
    signal: SignalChoice | None = None
    """For simulators only."""


class Wanted(BaseModel):
    """A device that should stream: since when, and into which recording. Persists until it is stopped, across managers."""

    model_config = ConfigDict(frozen=True)

    recording_id: UUID
    started_at: datetime
    signal: SignalChoice | None = None


class State(BaseModel):
    """How a stream goes, said by the manager that holds the device."""

    model_config = ConfigDict(frozen=True)

    recording_id: UUID
    status: Status
    manager: str
    error: str | None = None


class Shown(Device):
    """A device as the API shows it."""

    present: bool
    """Whether it was there at the last look."""
    seen_at: datetime
    status: Status
    recording_id: UUID | None
    manager: str | None
    error: str | None


class Devices(BaseModel):
    items: list[Shown]
    discovery: list[Scan]
    """What the manager that answers found it could look at."""
    interval: float
    """Seconds between two looks."""
