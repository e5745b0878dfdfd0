"""What the API takes and gives."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
)

KINDS = frozenset({"http", "delay", "transform", "fail"})

NAME_LENGTH = 100
DESCRIPTION_LENGTH = 2000
DEPTH = 20
"""How deep JSON in a definition may be nested."""

RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
StepStatus = Literal["pending", "running", "succeeded", "failed", "skipped", "cancelled"]
Outcome = Literal["running", "succeeded", "failed", "lost", "handed-back", "cancelled"]


def storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and half a surrogate pair is no text."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain NUL or unpaired surrogates")
    return text


def texts(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Every text in a JSON value, the names of its members too.

    :raises ValueError: when it is nested too deeply
    """
    if depth > DEPTH:
        raise ValueError(f"must not be nested more than {DEPTH} levels deep")
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item, depth + 1)


def storable_json(value: JsonValue) -> JsonValue:
    for text in texts(value):
        storable(text)
    return value


Text = Annotated[str, AfterValidator(storable)]
Json = Annotated[JsonValue, AfterValidator(storable_json)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH),
    AfterValidator(storable),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=DESCRIPTION_LENGTH), AfterValidator(storable)
]
StepId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BaseStep(Strict):
    id: StepId = Field(description="Lower-case letters, digits, `-` and `_`; other steps name it in `needs`.")
    needs: list[StepId] = Field([], max_length=50, description="Steps that must have succeeded before.")
    retries: int = Field(0, ge=0, le=10, description="How often a failed attempt is repeated.")
    retry_delay: float = Field(
        1, ge=0, le=300, description="Seconds before the first repetition; doubles each time."
    )
    timeout: float = Field(30, ge=0.1, le=600, description="Seconds for one attempt; a delay has none.")


class HttpStep(BaseStep):
    """Asks an allowed address. Its output is `status` and `body`, parsed where it is JSON."""

    kind: Literal["http"]
    url: Annotated[Text, StringConstraints(min_length=1, max_length=2000)]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[Text, Text] = Field({}, max_length=20)
    body: Json = None
    expect: list[Annotated[int, Field(ge=100, le=599)]] = Field(
        [], max_length=20, description="Status codes that count as success. Default: 200 to 299."
    )


class DelayStep(BaseStep):
    """Waits. The time counts from the first start, across workers."""

    kind: Literal["delay"]
    seconds: float = Field(ge=0, le=3600)


class TransformStep(BaseStep):
    """Makes a JSON value out of others: `{{ steps.ID.… }}` and `{{ input.… }}` stand for what is found there."""

    kind: Literal["transform"]
    value: Json


class FailStep(BaseStep):
    """Fails, to try out retries and what comes after a failure."""

    kind: Literal["fail"]
    message: Annotated[Text, StringConstraints(max_length=500)] = "this step always fails"
    times: int | None = Field(None, ge=1, le=100, description="Fails so many times, then succeeds.")


Step = Annotated[HttpStep | DelayStep | TransformStep | FailStep, Field(discriminator="kind")]
Steps = Annotated[list[Step], Field(min_length=1, max_length=100)]
STEPS: TypeAdapter[list[Step]] = TypeAdapter(Steps)


class WorkflowCreate(Strict):
    name: Name
    description: Description = ""
    steps: Steps


class WorkflowUpdate(WorkflowCreate):
    version: int = Field(description="The version that was edited; another one in between is a conflict.")


class RunSummary(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    workflow_id: UUID
    workflow_name: str
    workflow_version: int
    status: RunStatus
    error: str | None
    takeovers: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Attempt(BaseModel):
    """One try at a step: by which worker, and how it ended."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    worker: str
    outcome: Outcome
    error: str | None
    started_at: datetime
    finished_at: datetime | None


class StepState(BaseModel):
    id: str
    kind: str
    needs: list[str]
    status: StepStatus
    output: Any
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None
    attempts: list[Attempt]


class Run(RunSummary):
    input: Any
    steps: list[StepState]


class RunStart(Strict):
    input: Json = Field(None, description="What steps see as `{{ input }}`.")


class WorkflowSummary(BaseModel):
    id: UUID
    name: str
    description: str
    version: int
    step_count: int
    updated_at: datetime
    last_run: RunSummary | None


class Workflow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    description: str
    version: int
    steps: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime


class Workflows(BaseModel):
    """The ones changed last come first."""

    items: list[WorkflowSummary]


class Runs(BaseModel):
    """The newest first."""

    items: list[RunSummary]


class Issue(BaseModel):
    """What is wrong with a definition, and where."""

    path: str
    message: str


class Valid(BaseModel):
    order: list[list[str]] = Field(description="Steps that can run at the same time, in order.")
