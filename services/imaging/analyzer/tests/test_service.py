import base64
import json
import struct
import time
import zlib
from threading import Event, Thread

import pytest
from flask.testing import FlaskClient

from analyzer import app as module
from analyzer.analyze import Analysis
from analyzer.app import at_most, create
from analyzer.settings import Settings
from drawing import plain, png


@pytest.fixture
def client() -> FlaskClient:
    return create(Settings(max_bytes=100_000, max_pixels=1_000_000, busy_wait=0.05)).test_client()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


def test_a_picture_is_answered_with_figures_and_pictures(client: FlaskClient) -> None:
    pixels = plain(200, 100)
    pixels[20:80, 100:150] = (0, 0, 0)
    answer = client.post("/v1/analyze", data=png(pixels))
    assert answer.status_code == 200
    body = json.loads(answer.data)
    assert body["figures"]["negative_space"] == pytest.approx(0.85, abs=0.01)
    assert base64.b64decode(body["overlay"]).startswith(b"\x89PNG")
    assert base64.b64decode(body["thumbnail"])[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("data", "status", "detail"),
    [
        (b"", 422, "cannot be decoded"),
        (b"<svg/>", 422, "PNG, JPEG or WebP"),
        (png(plain(50, 50))[:80], 422, "cannot be decoded"),
        (bomb(40_000, 40_000), 422, "Expected at most 1000000 pixels, got 40000 × 40000"),
        (bytes(100_001), 413, "exceeds the capacity limit"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(
    client: FlaskClient, data: bytes, status: int, detail: str
) -> None:
    answer = client.post("/v1/analyze", data=data)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert detail in json.loads(answer.data)["detail"]


def test_a_worker_does_one_at_a_time_and_says_that_it_is_busy(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()

    def slow(data: bytes, max_pixels: int) -> Analysis:
        begun.set()
        assert go_on.wait(10)
        return Analysis({}, b"", b"")

    monkeypatch.setattr(module, "analyze", slow)
    thread = Thread(target=lambda: client.post("/v1/analyze", data=b"x"))
    thread.start()
    assert begun.wait(10)
    answer = client.post("/v1/analyze", data=b"y")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert client.get("/livez").status_code == 200
    go_on.set()
    thread.join()
    assert client.post("/v1/analyze", data=b"z").status_code == 200


def test_an_analysis_that_takes_too_long_ends_the_worker() -> None:
    ended: list[int] = []
    with at_most(0.01, ended.append):
        time.sleep(0.2)
    with at_most(5, ended.append):
        pass
    assert ended == [70]


def test_what_goes_wrong_inside_is_not_told_outside(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(data: bytes, max_pixels: int) -> Analysis:
        raise RuntimeError("details of ours")

    monkeypatch.setattr(module, "analyze", broken)
    answer = client.post("/v1/analyze", data=b"x")
    assert answer.status_code == 500 and b"details of ours" not in answer.data
    monkeypatch.undo()
    assert client.post("/v1/analyze", data=png(plain(10, 10))).status_code == 200


def test_probes_metrics_and_unknown_paths(client: FlaskClient) -> None:
    assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
    client.post("/v1/analyze", data=png(plain(10, 10))).close()
    assert (
        b'http_requests_total{method="POST",route="/v1/analyze",status="200"}' in client.get("/metrics").data
    )
    assert client.get("/v2/analyze").status_code == 404
    assert client.get("/v1/analyze").status_code == 405
