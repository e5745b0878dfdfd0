"""The handlers as tools. Each takes a session beside its own parameters, and gives one back."""

import mcp_types as types
from longshore_service.problems import Problem

from ..nodes import Json
from .handlers import HANDLERS
from .perform import Performer

SESSION: Json = {
    "type": "string",
    "maxLength": 64,
    "description": "The session to go on with, from an earlier result. Without it a new one is opened.",
}
INSTRUCTIONS = (
    "A knowledge base with sessions: what one tool finds, another can go on with, also when the session was begun "
    "somewhere else. Every result names its session: hand it to the next call."
)


class HandlerOffer:
    def __init__(self, performer: Performer) -> None:
        self._performer = performer

    async def tools(self) -> list[types.Tool]:
        return [
            types.Tool(
                name=handler.name,
                description=handler.description,
                input_schema=with_session(handler.schema()),
            )
            for handler in HANDLERS.values()
        ]

    async def call(self, name: str, arguments: Json) -> Json | None:
        if name not in HANDLERS:
            return None
        session = arguments.get("session")
        if session is not None and not isinstance(session, str):
            raise Problem(422, "invalid", "session: expected text.")
        given = {key: value for key, value in arguments.items() if key != "session"}
        return await self._performer.perform("mcp", name, session, given)

    async def resources(self) -> list[types.Resource]:
        return []

    def templates(self) -> list[types.ResourceTemplate]:
        return []

    async def read(self, uri: str) -> tuple[str, str] | None:
        return None


def with_session(schema: Json) -> Json:
    return {**schema, "properties": {**schema.get("properties", {}), "session": SESSION}}
