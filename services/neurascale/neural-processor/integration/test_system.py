"""The system as its users meet it: through the reverse proxy and the gateway."""

from typing import Any

import httpx2

from conftest import until

DEVICE = "simulator-1"


async def test_nobody_gets_in_without_the_password(edge: httpx2.AsyncClient) -> None:
    assert (await edge.get("/api/devices")).status_code == 401
    wrong = await edge.post("/api/login", json={"username": "operator", "password": "guess"})
    assert wrong.status_code == 401
    assert wrong.headers["content-type"].startswith("application/problem+json")
    forged = {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcGVyYXRvciJ9."}
    assert (await edge.get("/api/devices", headers=forged)).status_code == 401


async def test_the_pages_are_served_and_the_insides_are_not(edge: httpx2.AsyncClient) -> None:
    page = await edge.get("/")
    assert "<title>NeuraScale" in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "# TYPE" not in (await edge.get("/metrics")).text
    assert "/internal" not in (await edge.get("/internal/samples")).text


async def test_a_device_streams_and_everybody_does_their_part(operator: httpx2.AsyncClient) -> None:
    async def listed() -> list[dict[str, Any]]:
        return list((await operator.get("/api/devices")).json()["items"])

    (found,) = await until(listed, lambda items: [one["id"] for one in items] == [DEVICE])
    assert found["simulated"]
    signal = {"kind": "sine", "frequency": 20, "amplitude": 50}
    started = await operator.post(f"/api/devices/{DEVICE}/start", json={"signal": signal})
    assert started.status_code == 201, started.text
    recording = started.json()["recording_id"]

    async def items(of: str) -> list[dict[str, Any]]:
        return list((await operator.get(f"/api/{of}", params={"recording": recording})).json()["items"])

    windows = await until(lambda: items("bands"), lambda found: len(found) >= 4)
    assert {one["dominant"] for one in windows} == {"beta"}
    await until(lambda: items("predictions"), lambda found: len(found) >= 2)
    latest = (await operator.get(f"/api/latest/{DEVICE}")).json()
    assert latest["window"]["recording_id"] == recording
    twice = await operator.post(f"/api/devices/{DEVICE}/start", json={})
    assert twice.status_code == 409
    stopped = await operator.post(f"/api/devices/{DEVICE}/stop")
    assert stopped.status_code == 200, stopped.text
    export = await operator.get(f"/api/recordings/{recording}/export")
    assert export.headers["content-type"] == "application/x-hdf5"
    assert export.content[1:4] == b"HDF"


async def test_mistakes_are_explained(operator: httpx2.AsyncClient) -> None:
    answer = await operator.get("/api/bands")
    assert answer.status_code == 422
    assert "Name a device or a recording" in answer.json()["detail"]
    assert (await operator.get("/api/devices/nobody")).status_code == 404
