"""The newest values and the live stream, through Redis: whichever replica computes them, each replica can show them.

Nothing here is the only copy. When Redis is unreachable, the live view stops and no data is lost.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Protocol

from neurascale_common.chunks import Chunk, moment
from redis.asyncio import Redis
from redis.exceptions import RedisError

from . import metrics
from .schemas import Latest, Prediction, Window
from .store import Writing

log = logging.getLogger("neural_processor.live")

PREFIX: Final = "neurascale:"
TTL: Final = 60
"""Seconds that the newest values are kept."""
SHOWN: Final = 16
"""Fewest values per channel and chunk in the live stream."""
SILENCE: Final = 15.0
"""Seconds without an event after which a comment shows that the line is alive."""
UNREACHABLE: Final = (RedisError, OSError)

type Event = tuple[str, str, str]
"""Device, name of the event, data as JSON."""


class Live(Protocol):
    async def show(self, writing: Writing) -> None:
        """Tells of what was written. Never fails: it is a picture, not the data."""

    async def latest(self, device: str) -> Latest: ...

    def follow(self, device: str, ended: Callable[[], bool]) -> AsyncIterator[str]:
        """Server-sent events, until `ended`."""


class RedisLive:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def show(self, writing: Writing) -> None:
        try:
            async with self._redis.pipeline(transaction=False) as steps:
                for name, one in newest(writing):
                    steps.set(f"{PREFIX}latest:{one.device_id}:{name}", one.model_dump_json(), ex=TTL)
                for device, name, data in events(writing):
                    steps.publish(f"{PREFIX}live:{device}", f"{name}\n{data}")
                await steps.execute()
        except UNREACHABLE as error:
            metrics.unshown.inc()
            log.warning("the newest values could not be shown", extra={"error": repr(error)})

    async def latest(self, device: str) -> Latest:
        keys = [f"{PREFIX}latest:{device}:{name}" for name in ("window", "prediction")]
        window, prediction = await self._redis.mget(keys)
        return Latest(
            device_id=device,
            window=Window.model_validate_json(window) if window else None,
            prediction=Prediction.model_validate_json(prediction) if prediction else None,
        )

    async def follow(self, device: str, ended: Callable[[], bool]) -> AsyncIterator[str]:
        yield event("hello", json.dumps({"device_id": device}))
        while not ended():
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(f"{PREFIX}live:{device}")
                    async for text in messages(channel, ended):
                        yield text
            except UNREACHABLE as error:
                log.warning("the live stream waits for Redis", extra={"error": repr(error)})
                yield ": waiting\n\n"
                await asyncio.sleep(1)


async def messages(channel: Any, ended: Callable[[], bool]) -> AsyncIterator[str]:
    silent = 0.0
    while not ended():
        message = await channel.get_message(timeout=1.0)
        if message is None:
            silent += 1.0
            if silent >= SILENCE:
                silent = 0.0
                yield ": alive\n\n"
            continue
        silent = 0.0
        name, _, data = message["data"].partition("\n")
        yield event(name, data)


def event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def newest(writing: Writing) -> list[tuple[str, Window | Prediction]]:
    """The last window and prediction of each device."""
    found: dict[tuple[str, str], Window | Prediction] = {}
    for window in sorted(writing.windows, key=lambda each: each.time):
        found["window", window.device_id] = window
    for prediction in sorted(writing.predictions, key=lambda each: each.time):
        found["prediction", prediction.device_id] = prediction
    return [(name, one) for (name, _), one in found.items()]


def events(writing: Writing) -> list[Event]:
    """Samples first, as they happened; what follows from them after them."""
    listed: list[Event] = [(one.device, "samples", thinned(one)) for one in writing.chunks]
    listed += [(one.device_id, "window", one.model_dump_json()) for one in writing.windows]
    listed += [(one.device_id, "prediction", one.model_dump_json()) for one in writing.predictions]
    return listed


def thinned(chunk: Chunk) -> str:
    """Means of neighbours: few enough to be drawn, and what they leave out is not folded into what they show."""
    factor = max(n for n in range(1, max(1, chunk.size // SHOWN) + 1) if chunk.size % n == 0)
    values = chunk.samples.reshape(len(chunk.samples), -1, factor).mean(axis=2)
    return json.dumps(
        {
            "recording_id": str(chunk.recording),
            "device_id": chunk.device,
            "sequence": chunk.sequence,
            "time": moment(chunk.time),
            "rate": chunk.rate / factor if chunk.rate % factor else chunk.rate // factor,
            "values": [[round(float(one), 2) for one in row] for row in values],
        },
        separators=(",", ":"),
    )
