"""Sessions in Redis: what a person or a model has found and opened, whatever channel it came through."""

import json
import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from longshore_service.problems import Problem
from redis.asyncio import Redis
from redis.exceptions import RedisError, WatchError

from ..nodes import Json

Channel = Literal["api", "cli", "mcp"]
CHANNELS: tuple[Channel, ...] = ("api", "cli", "mcp")

KEY = "nexus:session:"
HISTORY = 50
"""Steps that a session remembers."""
ATTEMPTS = 5
"""At keeping a step while another channel keeps one too."""


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
        self._lifetime = lifetime

    async def open(self) -> Session:
        session = Session(id=secrets.token_urlsafe(16), created_at=now())
        await self._kept(self._redis.set(KEY + session.id, pack(session), ex=self._lifetime))
        return session

    async def get(self, identifier: str) -> Session:
        """:raises Problem: 404 when it has never been, or its time is up"""
        kept = await self._kept(self._redis.get(KEY + identifier)) if len(identifier) <= 64 else None
        if kept is None:
            raise no_session()
        return unpack(kept)

    async def keep(self, identifier: str, step: Step, changes: Json) -> Session:
        """Adds a step to the session as it is by now: of two channels at once neither loses its step."""
        key = KEY + identifier
        try:
            for _ in range(ATTEMPTS):
                async with self._redis.pipeline(transaction=True) as pipe:
                    try:
                        await pipe.watch(key)
                        kept = await pipe.get(key)
                        if kept is None:
                            raise no_session()
                        before = unpack(kept)
                        after = replace(before, **changes, history=[*before.history, step][-HISTORY:])
                        pipe.multi()  # type: ignore[no-untyped-call]
                        pipe.set(key, pack(after), ex=self._lifetime)
                        await pipe.execute()
                        return after
                    except WatchError:
                        continue
        except (RedisError, OSError):
            raise unavailable() from None
        raise Problem(409, "conflict", "The session is used by too many at once.")

    async def reachable(self) -> str | None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            return f"the store of sessions cannot be reached ({type(error).__name__})"
        return None

    async def close(self) -> None:
        await self._redis.aclose()

    async def _kept(self, work: Any) -> Any:
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


def pack(session: Session) -> str:
    return json.dumps(asdict(session), ensure_ascii=False)


def unpack(kept: str | bytes) -> Session:
    document = json.loads(kept)
    return Session(**{**document, "history": [Step(**step) for step in document["history"]]})
