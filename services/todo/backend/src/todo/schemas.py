"""What the API takes and gives."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .model import DESCRIPTION_LENGTH, TITLE_LENGTH

Status = Literal["all", "open", "done"]


def storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and half a surrogate pair is no text."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain NUL or unpaired surrogates")
    return text


# Checked before stripping and measuring: pydantic's string functions refuse unpaired surrogates in another way.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH),
    AfterValidator(storable),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=DESCRIPTION_LENGTH), AfterValidator(storable)
]
Search = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=TITLE_LENGTH), AfterValidator(storable)
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TodoCreate(Strict):
    title: Title
    description: Description = ""
    due_date: date | None = None
    done: bool = False


class TodoUpdate(Strict):
    """A change: what is left out stays; `due_date: null` removes the date."""

    title: Title = ""
    description: Description = ""
    due_date: date | None = None
    done: bool = False

    @model_validator(mode="after")
    def _something(self) -> "TodoUpdate":
        if not self.model_fields_set:
            raise ValueError("must change at least one of title, description, due_date, done")
        return self

    def changes(self) -> dict[str, Any]:
        return self.model_dump(include=self.model_fields_set)


class Todo(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    done: bool
    due_date: date | None
    created_at: datetime
    updated_at: datetime


class Counts(BaseModel):
    """How many todos match the search, whatever the status filter."""

    open: int
    done: int


class TodoPage(BaseModel):
    """The newest first. `next_cursor` asks for the page after this one; null on the last page."""

    items: list[Todo]
    next_cursor: str | None
    counts: Counts


class ChatMessage(Strict):
    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(min_length=1, max_length=8000), AfterValidator(storable)]


class ChatRequest(Strict):
    """The conversation so far, oldest first; the last message is the user's."""

    messages: list[ChatMessage] = Field(min_length=1, max_length=50)
    today: date | None = Field(
        None, description="The user's date, for words such as tomorrow. Default: today in UTC."
    )

    @model_validator(mode="after")
    def _ends_with_the_user(self) -> "ChatRequest":
        if self.messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        return self


class Change(BaseModel):
    """What the assistant did to a todo."""

    action: Literal["added", "completed", "deleted"]
    todo: Todo


class ChatReply(BaseModel):
    reply: str
    changes: list[Change]


class ChatStatus(BaseModel):
    """Whether an assistant is there to talk to."""

    enabled: bool
