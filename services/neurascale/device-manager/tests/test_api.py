from collections.abc import Iterator
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from device_manager.api import Desk
from device_manager.app import create_app
from device_manager.discovery import Discovery, Simulators
from device_manager.manager import Manager
from device_manager.settings import Settings
from memory import HEADSET, MemoryRegistry, MemorySink

BASE = "/api/devices"


@pytest.fixture
def client(registry: MemoryRegistry, sink: MemorySink) -> Iterator[TestClient]:
    manager = Manager(registry, Discovery([Simulators(1)]), sink, name="m", interval=60, lease=5)

    async def ready() -> str | None:
        return "Redis is away" if registry.away else None

    app = create_app(Settings(version="1.2.3"), Desk(registry, sink, manager, 60), ready)
    with TestClient(app, raise_server_exceptions=False) as client:
        while "simulator-1" not in registry.seen or not manager.discovery.scans:
            client.get("/livez")
        yield client


def test_devices_are_listed_with_what_was_looked_at(client: TestClient) -> None:
    answer = client.get(BASE).json()
    (item,) = answer["items"]
    assert (item["id"], item["simulated"], item["present"], item["status"]) == (
        "simulator-1",
        True,
        True,
        "idle",
    )
    assert (item["rate"], len(item["channels"]), item["recording_id"]) == (256, 8, None)
    assert [scan["detail"] for scan in answer["discovery"]] == ["1 simulated device found"]
    assert answer["interval"] == 60


def test_a_device_is_started_once_and_stopped(
    client: TestClient, sink: MemorySink, registry: MemoryRegistry
) -> None:
    body = {"note": "first", "signal": {"kind": "sine", "frequency": 10}}
    started = client.post(f"{BASE}/simulator-1/start", json=body)
    assert started.status_code == 201
    recording = started.json()["recording_id"]
    assert started.headers["location"] == f"/api/recordings/{recording}"
    assert started.json()["status"] in ("starting", "streaming")
    assert sink.created == [recording]
    assert registry.wants["simulator-1"].recording_id == UUID(recording)

    again = client.post(f"{BASE}/simulator-1/start")
    assert (again.status_code, again.json()["recording_id"]) == (409, recording)

    stopped = client.post(f"{BASE}/simulator-1/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "idle")
    assert sink.stopped == [recording]
    assert client.post(f"{BASE}/simulator-1/stop").status_code == 200


def test_what_cannot_be_started_says_why(
    client: TestClient, registry: MemoryRegistry, sink: MemorySink
) -> None:
    assert client.post(f"{BASE}/nobody/start").json()["detail"].startswith("There is no device")
    port = registry.seen["simulator-1"].model_copy(
        update={"device": HEADSET.model_copy(update={"id": "usb-1", "supported": False, "name": "A mouse"})}
    )
    registry.seen["usb-1"] = port
    assert client.post(f"{BASE}/usb-1/start").json()["detail"] == "There is no driver for A mouse."
    wrong = client.post(f"{BASE}/simulator-1/start", json={"signal": {"kind": "sine", "frequency": 1000}})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "signal.frequency")
    sink.away = True
    assert client.post(f"{BASE}/simulator-1/start").status_code == 503
    assert registry.wants == {}


def test_liveness_depends_on_nothing_readiness_on_redis(client: TestClient, registry: MemoryRegistry) -> None:
    registry.away = True
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.get(BASE)
    assert (answer.status_code, answer.json()["detail"]) == (503, "Redis cannot be reached at the moment.")


def test_metrics_tell_of_devices(client: TestClient) -> None:
    text = client.get("/metrics").text
    assert 'neurascale_devices{kind="simulator"} 1.0' in text
    assert 'service_build_info{service="device-manager",version="1.2.3"} 1.0' in text
