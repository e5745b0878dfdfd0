"""What all managers know together: devices, what is wanted of them, and who holds which. Kept in Redis."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from .devices import Device, State, Wanted

PREFIX = "neurascale:"
DEVICES = f"{PREFIX}devices"
WANTED = f"{PREFIX}wanted"
STATES = f"{PREFIX}states"
LEASE = f"{PREFIX}lease:"

FORGOTTEN = timedelta(days=1)
"""A device that was not seen for so long is dropped from the list."""


class Seen(BaseModel):
    model_config = ConfigDict(frozen=True)

    device: Device
    seen_at: datetime


class Registry(Protocol):
    async def see(self, devices: list[Device]) -> None: ...

    async def devices(self) -> dict[str, Seen]: ...

    async def want(self, device: str, wanted: Wanted) -> bool:
        """False when it is wanted already."""

    async def unwant(self, device: str, wanted: Wanted) -> None:
        """Takes it back, unless something else is wanted by now."""

    async def wanted(self) -> dict[str, Wanted]: ...

    async def say(self, device: str, state: State) -> None: ...

    async def states(self) -> dict[str, State]: ...

    async def hold(self, device: str, manager: str, seconds: float) -> bool:
        """Takes or keeps the lease of a device: whether it is ours."""

    async def release(self, device: str, manager: str) -> None: ...


class RedisRegistry:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._hold = redis.register_script(HOLD)
        self._release = redis.register_script(RELEASE)
        self._unwant = redis.register_script(UNWANT)

    async def see(self, devices: list[Device]) -> None:
        now = datetime.now(UTC)
        fields: Any = {one.id: Seen(device=one, seen_at=now).model_dump_json() for one in devices}
        if fields:
            await self._redis.hset(DEVICES, mapping=fields)
        old = [id for id, seen in (await self.devices()).items() if now - seen.seen_at > FORGOTTEN]
        if old:
            await self._redis.hdel(DEVICES, *old)

    async def devices(self) -> dict[str, Seen]:
        return {id: Seen.model_validate_json(text) for id, text in (await self._all(DEVICES)).items()}

    async def want(self, device: str, wanted: Wanted) -> bool:
        return bool(await self._redis.hsetnx(WANTED, device, wanted.model_dump_json()))

    async def unwant(self, device: str, wanted: Wanted) -> None:
        await self._unwant(keys=[WANTED], args=[device, wanted.model_dump_json()])

    async def wanted(self) -> dict[str, Wanted]:
        return {id: Wanted.model_validate_json(text) for id, text in (await self._all(WANTED)).items()}

    async def say(self, device: str, state: State) -> None:
        await self._redis.hset(STATES, device, state.model_dump_json())

    async def states(self) -> dict[str, State]:
        return {id: State.model_validate_json(text) for id, text in (await self._all(STATES)).items()}

    async def _all(self, key: str) -> dict[str, str]:
        fields: Any = await self._redis.hgetall(key)
        return dict(fields)

    async def hold(self, device: str, manager: str, seconds: float) -> bool:
        return bool(await self._hold(keys=[LEASE + device], args=[manager, round(seconds * 1000)]))

    async def release(self, device: str, manager: str) -> None:
        await self._release(keys=[LEASE + device], args=[manager])


HOLD = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1
"""

RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""

UNWANT = """
if redis.call('hget', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('hdel', KEYS[1], ARGV[1]) end
return 0
"""
