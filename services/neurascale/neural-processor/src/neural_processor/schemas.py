"""What travels over the API and through the topic of predictions."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from neurascale_common.chunks import CHANNELS, RATES
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

type Name = Annotated[str, Field(min_length=1, max_length=100)]
type Powers = dict[str, list[float]]
"""Microvolts squared, per band and channel."""


class RecordingCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    device_id: Name
    device_name: Name
    simulated: bool
    rate: Annotated[int, Field(ge=RATES[0], le=RATES[1])]
    channels: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=20)]], Field(min_length=1, max_length=CHANNELS)
    ]
    note: Annotated[str, Field(max_length=200)] = ""
    started_at: AwareDatetime

    @model_validator(mode="after")
    def channels_differ(self) -> Self:
        if len(set(self.channels)) < len(self.channels):
            raise ValueError("two channels have the same name")
        return self


class Recording(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    device_id: str
    device_name: str
    simulated: bool
    rate: int
    channels: list[str]
    note: str
    started_at: datetime
    stopped_at: datetime | None
    seconds: float
    """From the start to the newest sample that is stored."""


class Recordings(BaseModel):
    items: list[Recording]


class Window(BaseModel):
    """Band power of two seconds of signal."""

    recording_id: UUID
    device_id: str
    index: int
    time: datetime
    seconds: float
    powers: Powers
    mean: dict[str, float]
    """Over all channels."""
    dominant: str


class Windows(BaseModel):
    items: list[Window]


class Prediction(BaseModel):
    """What ml-pipeline made of a window."""

    recording_id: UUID
    device_id: Name
    index: Annotated[int, Field(ge=0)]
    time: AwareDatetime
    label: Name
    probability: Annotated[float, Field(ge=0, le=1)]
    model: Name


class Predictions(BaseModel):
    items: list[Prediction]


class Latest(BaseModel):
    device_id: str
    window: Window | None
    prediction: Prediction | None


class Taken(BaseModel):
    """That a chunk will not be lost any more: Kafka has it."""

    sequence: int
    partition: int
    offset: int
