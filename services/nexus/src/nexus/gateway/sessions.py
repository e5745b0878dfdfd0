"""Sessions in Redis: what a person or a model has found and opened, whatever channel it came through."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from longshore_service.problems import Problem
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ..nodes import Json

Channel = Literal["api", "cli", "mcp"]
CHANNELS: tuple[Channel, ...] = ("api", "cli", "mcp")

ID_LIMIT = 64
HISTORY = 50
"""Steps that a session remembers."""

# In one go, so that of two channels at once neither loses its step. A session whose time is up does not come back.
_KEEP = """
if redis.call('exists', KEYS[1]) == 0 then return 0 end
local lifetime, limit, step = ARGV[1], ARGV[2], ARGV[3]
for place = 4, #ARGV, 2 do redis.call('hset', KEYS[1], ARGV[place], ARGV[place + 1]) end
redis.call('rpush', KEYS[2], step)
redis.call('ltrim', KEYS[2], -limit, -1)
redis.call('expire', KEYS[1], lifetime)
redis.call('expire', KEYS[2], lifetime)
return 1
"""


@dataclass(frozen=True, slots=True)
class Step:
    at: str
    channel: Channel
    handler: str
    summary: str


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    created_at: str
    results: list[Json] = field(default_factory=list)
    """What the last search found, as `{id, title}`, to be opened by number."""
    current: Json | None = None
    """The document that was opened last, as `{id, title}`."""
    history: list[Step] = field(default_factory=list)


class Sessions:
    def __init__(self, redis: Redis, lifetime: int) -> None:
        """:param lifetime: seconds that a session is kept after its last step"""
        self._redis = redis
        self._keep = redis.register_script(_KEEP)
        self._lifetime = lifetime

    async def open(self) -> Session:
        session = Session(id=secrets.token_urlsafe(16), created_at=now())
        fields, _ = keys(session.id)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(fields, mapping=packed({"created_at": session.created_at}))
        pipe.expire(fields, self._lifetime)
        await self._asked(pipe.execute())
        return session

    async def get(self, identifier: str) -> Session:
        """:raises Problem: 404 when it has never been, or its time is up"""
        if len(identifier) > ID_LIMIT:
            raise no_session()
        fields, history = keys(identifier)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hgetall(fields)
        pipe.lrange(history, 0, -1)
        found, steps = await self._asked(pipe.execute())
        if not found:
            raise no_session()
        values = {name: json.loads(value) for name, value in found.items()}
        return Session(id=identifier, history=[Step(**json.loads(step)) for step in steps], **values)

    async def keep(self, identifier: str, step: Step, changes: Json) -> None:
        """Adds a step to the session as it is by now, with what the step changes.

        :raises Problem: 404 when its time was up meanwhile
        """
        flat = [part for pair in packed(changes).items() for part in pair]
        given: list[Any] = [self._lifetime, HISTORY, json.dumps(asdict(step), ensure_ascii=False), *flat]
        if not await self._asked(self._keep(keys=keys(identifier), args=given)):
            raise no_session()

    async def reachable(self) -> str | None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            return f"the store of sessions cannot be reached ({type(error).__name__})"
        return None

    async def close(self) -> None:
        await self._redis.aclose()

    async def _asked(self, work: Any) -> Any:
        try:
            return await work
        except (RedisError, OSError):
            raise unavailable() from None


def no_session() -> Problem:
    return Problem(
        404, "no-such-session", "There is no such session. It may have been too long since its last step."
    )


def unavailable() -> Problem:
    return Problem(
        503, "sessions-unavailable", "Sessions cannot be reached at the moment.", headers={"Retry-After": "2"}
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def keys(identifier: str) -> tuple[str, str]:
    """Of the session's fields and of its history. The braces keep them together where Redis is spread over machines."""
    return f"nexus:session:{{{identifier}}}", f"nexus:session:{{{identifier}}}:history"


def packed(values: Json) -> dict[Any, Any]:
    """Redis keeps text."""
    return {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}
