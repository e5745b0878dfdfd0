"""From samples over HTTP to what the API answers, with stand-ins for the stores."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import h5py
import numpy as np
import pytest
from neurascale_common.chunks import decode, moment
from neurascale_common.reader import Batch
from neurascale_common.windows import Cutter
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from memory import ID, START, Memory, MemoryKafka, MemoryLive, chunk
from neural_processor import ingest
from neural_processor.live import thinned
from neural_processor.process import Process

RECORDING = {
    "device_id": "simulator-1",
    "device_name": "Simulated EEG headset 1",
    "simulated": True,
    "rate": 256,
    "channels": ["C3", "C4"],
    "note": "first",
    "started_at": moment(START),
}
PREDICTION = {
    "recording_id": str(ID),
    "device_id": "simulator-1",
    "index": 0,
    "time": moment(START),
    "label": "eyes-closed",
    "probability": 0.9,
    "model": "eyes-1-abc",
}


@pytest.fixture
def recording(client: TestClient) -> str:
    answer = client.put(f"/internal/recordings/{ID}", json=RECORDING)
    assert answer.status_code == 200, answer.text
    return str(ID)


def batch(*sequences: int, predictions: tuple[bytes, ...] = (), frequency: float = 10) -> Batch:
    made, cutter = Batch(), Cutter()
    for sequence in sequences:
        one = chunk(sequence, frequency=frequency)
        made.chunks.append(one)
        if window := cutter.add(one, sequence, 0):
            made.windows.append(window)
    made.others = cast(Any, [SimpleNamespace(value=text) for text in predictions])
    return made


def test_samples_are_taken_as_they_come_once_kafka_has_them(
    client: TestClient, recording: str, kafka: MemoryKafka
) -> None:
    answer = client.post("/internal/samples", content=chunk(3).encode())
    assert answer.json() == {"sequence": 3, "partition": 0, "offset": 0}
    (key, value), *rest = kafka.taken
    assert (key, rest) == (ID.bytes, [])
    assert np.array_equal(decode(value).samples, chunk(3).samples)


def test_what_kafka_does_not_acknowledge_is_not_acknowledged(
    client: TestClient, recording: str, kafka: MemoryKafka
) -> None:
    kafka.away = True
    answer = client.post("/internal/samples", content=chunk(0).encode())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"recording_id": str(ID).replace("1", "2")}, 404, "There is no recording with this id."),
        ({"device_id": "other"}, 422, "Expected device, rate and number of channels ('simulator-1', 256, 2)"),
        ({"channels": 1, "rate": 128}, 422, "got ('simulator-1', 128, 1)"),
        ({"samples": "!"}, 422, "samples: expected base64"),
    ],
)
def test_what_does_not_fit_is_refused(
    client: TestClient, recording: str, kafka: MemoryKafka, change: dict[str, Any], status: int, detail: str
) -> None:
    answer = client.post("/internal/samples", content=json.dumps({**json.loads(chunk(0).encode()), **change}))
    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert kafka.taken == []


def test_after_the_stop_only_what_was_sampled_before_it_is_taken(client: TestClient, recording: str) -> None:
    assert client.post(f"/internal/recordings/{ID}/stop").json()["stopped_at"]
    assert client.post("/internal/samples", content=chunk(399).encode()).status_code == 200
    late = client.post("/internal/samples", content=chunk(400).encode())
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "The recording was stopped before these samples.",
    )


def test_samples_of_a_known_recording_do_not_wait_for_the_database(
    client: TestClient, recording: str, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "REMEMBERED", 0.0)
    assert client.post("/internal/samples", content=chunk(0).encode()).status_code == 200
    memory.away = True
    assert client.post("/internal/samples", content=chunk(1).encode()).status_code == 200
    assert client.put(f"/internal/recordings/{ID}", json=RECORDING).status_code == 503
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503


async def test_a_batch_becomes_windows_with_band_power_once(memory: Memory, live: MemoryLive) -> None:
    process = Process(memory, live)
    await process(batch(*range(12)))
    await process(batch(*range(4, 16)))
    assert [window.index for _, window in sorted(memory.windows_by_key.items())] == [0, 1, 2]
    window = memory.windows_by_key[ID, 1]
    assert (window.dominant, window.seconds, window.time) == ("alpha", 2, START + timedelta(seconds=1))
    assert window.mean["alpha"] == pytest.approx(50**2 / 2, rel=0.05)
    assert len(window.powers["alpha"]) == 2
    assert len(memory.chunks_by_key) == 16


async def test_predictions_of_the_other_topic_are_kept_and_nonsense_is_not(
    memory: Memory, live: MemoryLive
) -> None:
    good = json.dumps(PREDICTION).encode()
    wrong = json.dumps({**PREDICTION, "probability": 2}).encode()
    await Process(memory, live)(batch(predictions=(good, wrong, b"\xff", good)))
    assert [one.label for one in memory.predictions_by_key.values()] == ["eyes-closed"]
    latest = await live.latest("simulator-1")
    assert latest.prediction and latest.prediction.model == "eyes-1-abc"


async def test_a_batch_that_could_not_be_written_is_not_shown(memory: Memory, live: MemoryLive) -> None:
    memory.away = True
    with pytest.raises(OperationalError):
        await Process(memory, live)(batch(*range(8)))
    assert live.shown == []


async def test_the_live_stream_has_samples_windows_and_predictions(
    client: TestClient, recording: str, memory: Memory, live: MemoryLive
) -> None:
    await Process(memory, live)(batch(*range(8), predictions=(json.dumps(PREDICTION).encode(),)))
    answer = client.get("/api/stream/simulator-1")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    names = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event")]
    assert names == ["samples"] * 8 + ["window", "prediction"]
    first = json.loads(answer.text.splitlines()[1].removeprefix("data: "))
    assert (first["rate"], len(first["values"]), len(first["values"][0])) == (64, 2, 16)


def test_thinning_keeps_the_shape_and_not_what_is_too_fast() -> None:
    slow, fast = json.loads(thinned(chunk(0, frequency=5))), json.loads(thinned(chunk(0, frequency=64)))
    assert max(map(abs, slow["values"][0])) == pytest.approx(50, rel=0.1)
    assert max(map(abs, fast["values"][0])) < 1


async def test_the_api_answers_what_was_written(
    client: TestClient, recording: str, memory: Memory, live: MemoryLive
) -> None:
    await Process(memory, live)(batch(*range(12), predictions=(json.dumps(PREDICTION).encode(),)))
    (listed,) = client.get("/api/recordings?device=simulator-1").json()["items"]
    assert (listed["id"], listed["note"]) == (recording, "first")
    bands = client.get(f"/api/bands?recording={recording}").json()["items"]
    assert [(one["index"], one["dominant"]) for one in bands] == [(0, "alpha"), (1, "alpha")]
    (predicted,) = client.get(f"/api/predictions?recording={recording}").json()["items"]
    assert predicted["label"] == "eyes-closed"
    latest = client.get("/api/latest/simulator-1").json()
    assert (latest["window"]["index"], latest["prediction"]["index"]) == (1, 0)
    live.away = True
    assert client.get("/api/latest/simulator-1").status_code == 503


def test_what_is_asked_for_has_to_be_named(client: TestClient) -> None:
    assert client.get("/api/bands").json()["detail"].startswith("Name a device or a recording")
    assert client.get("/api/bands?device=d&since=yesterday").status_code == 422
    assert client.get(f"/api/recordings/{ID}").status_code == 404


async def test_a_recording_is_exported_as_hdf5_with_its_gaps(
    client: TestClient, recording: str, memory: Memory, live: MemoryLive, tmp_path: Path
) -> None:
    await Process(memory, live)(batch(*range(8), predictions=(json.dumps(PREDICTION).encode(),)))
    memory.chunks_by_key[ID, 9] = chunk(9)
    answer = client.get(f"/api/recordings/{recording}/export")
    assert answer.headers["content-type"] == "application/x-hdf5"
    assert 'filename="simulator-1-20260101T000000Z.h5"' in answer.headers["content-disposition"]
    (tmp_path / "it.h5").write_bytes(answer.content)
    with h5py.File(tmp_path / "it.h5") as file:
        assert (file.attrs["rate"], list(file.attrs["channels"])) == (256, ["C3", "C4"])
        samples = file["samples"][:]
        assert samples.shape == (2, 640)
        assert np.array_equal(samples[:, 64:128], chunk(1).samples)
        assert np.isnan(samples[:, 512:576]).all()
        assert not np.isnan(samples[:, 576:]).any()
        assert file["bands/alpha"].shape == (1, 2)
        assert [text.decode() for text in file["predictions/label"]] == ["eyes-closed"]


def test_metrics_and_logs(client: TestClient, recording: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "longshore_service"):
        client.post("/internal/samples", content=chunk(0).encode())
        client.get("/livez")
    text = client.get("/metrics").text
    assert "neurascale_chunks_taken_total" in text
    assert 'service_build_info{service="neural-processor",version="1.2.3"} 1.0' in text
    lines = [record.getMessage() for record in caplog.records if record.name == "longshore_service.requests"]
    assert lines == ["POST /internal/samples 200"]
