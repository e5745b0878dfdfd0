"""Several managers and one device: always one of them streams, and what is wanted survives any of them."""

import asyncio
from uuid import UUID

from device_manager.devices import Device, Wanted
from device_manager.discovery import Discovery, Simulators
from device_manager.manager import Manager
from device_manager.sources import Source, SourceFailed
from memory import HEADSET, MemoryRegistry, MemorySink, Steps
from test_stream import WANTED, numbers, until


class Managers:
    def __init__(self, registry: MemoryRegistry, sink: MemorySink) -> None:
        self.registry, self.sink = registry, sink
        self.sources: dict[str, Steps] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.managers: dict[str, Manager] = {}
        self.broken = False

    def start(self, name: str) -> None:
        def open_source(_device: Device, _wanted: Wanted) -> Source:
            if self.broken:
                raise SourceFailed("no such port")
            self.sources[name] = Steps()
            return self.sources[name]

        manager = Manager(
            self.registry,
            Discovery([Simulators(1)]),
            self.sink,
            name=name,
            interval=60,
            lease=5,
            open_source=open_source,
        )
        self.managers[name] = manager
        self.tasks[name] = asyncio.create_task(manager.run())

    async def end(self) -> None:
        for manager in self.managers.values():
            manager.stop()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_one_of_two_managers_streams_and_the_other_takes_over(
    registry: MemoryRegistry, sink: MemorySink
) -> None:
    managers = Managers(registry, sink)
    managers.start("a")
    await until(lambda: "simulator-1" in registry.seen)
    registry.wants["simulator-1"] = WANTED
    await until(lambda: "a" in managers.sources)
    managers.start("b")
    managers.sources["a"].give(0, 1)
    await until(lambda: len(sink.chunks) == 2)
    await until(lambda: registry.said["simulator-1"].status == "streaming")
    assert "b" not in managers.sources
    assert registry.said["simulator-1"].manager == "a"

    # A manager that is told to end hands over at once.
    managers.managers["a"].stop()
    await until(lambda: "b" in managers.sources)
    managers.sources["b"].give(4)
    await until(lambda: numbers(sink) == [0, 1, 4])
    await until(lambda: registry.said["simulator-1"].manager == "b")
    await managers.end()


async def test_a_stream_ends_when_it_is_not_wanted_any_more(
    registry: MemoryRegistry, sink: MemorySink
) -> None:
    managers = Managers(registry, sink)
    registry.wants["simulator-1"] = WANTED
    managers.start("a")
    await until(lambda: "a" in managers.sources)
    first = managers.sources["a"]
    other = WANTED.model_copy(update={"recording_id": UUID(int=2)})
    registry.wants["simulator-1"] = other
    await until(lambda: managers.sources["a"] is not first)
    managers.sources["a"].give(0)
    await until(lambda: [chunk.recording for chunk in sink.chunks] == [UUID(int=2)])
    del registry.wants["simulator-1"]
    await until(lambda: not registry.leases)
    await managers.end()


async def test_streams_go_on_while_redis_is_away_and_end_when_the_lease_went_to_another(
    registry: MemoryRegistry, sink: MemorySink
) -> None:
    managers = Managers(registry, sink)
    registry.wants["simulator-1"] = WANTED
    managers.start("a")
    await until(lambda: "a" in managers.sources)
    registry.away = True
    managers.sources["a"].give(0, 1, 2)
    await until(lambda: numbers(sink) == [0, 1, 2])
    registry.leases["simulator-1"] = "b"
    registry.away = False
    await asyncio.sleep(0.1)
    managers.sources["a"].give(3)
    await asyncio.sleep(0.05)
    assert numbers(sink) == [0, 1, 2]
    assert registry.leases == {"simulator-1": "b"}
    await managers.end()


async def test_a_device_that_cannot_be_read_is_said_to_have_failed(
    registry: MemoryRegistry, sink: MemorySink
) -> None:
    managers = Managers(registry, sink)
    managers.broken = True
    registry.wants["simulator-1"] = WANTED
    managers.start("a")
    await until(lambda: "simulator-1" in registry.said and registry.said["simulator-1"].status == "failed")
    assert registry.said["simulator-1"].error == "no such port"
    await until(lambda: not registry.leases)
    assert HEADSET.id in registry.wants, "it is tried again until someone stops it"
    await managers.end()
