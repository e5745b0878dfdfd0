"""The model is trained, checked and used; every window gets one prediction."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from neurascale_common.reader import Batch
from neurascale_common.signals import Head, Signal
from neurascale_common.windows import Window

from ml_pipeline import train as training
from ml_pipeline.classify import BadModel, Classifier
from ml_pipeline.features import NAMES, features
from ml_pipeline.pipeline import Pipeline
from ml_pipeline.train import train

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of few heads: quick, and good enough to tell clear signals apart."""
    made = tmp_path_factory.mktemp("model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "LEARNT", range(0, 24))
        patch.setattr(training, "UNHEARD", range(1000, 1012))
        patch.setattr(training, "ENOUGH", 0.8)
        train(made)
    return made


def window(kind: Signal, index: int, seed: int = 5000) -> Window:
    samples = Head(seed).samples(index * 256, 512, kind)
    return Window(UUID(int=1), "d", index, START, 256, samples)


def test_features_do_not_depend_on_gain_and_order_of_channels() -> None:
    samples = Head(1).samples(0, 512, Signal("eyes-closed"))
    one = features(samples, 256)
    assert one.shape == (len(NAMES),)
    assert features(samples[::-1] * 3, 256) == pytest.approx(one, abs=1e-3)
    assert np.isfinite(features(np.zeros((3, 512), np.float32), 256)).all()


def test_a_model_that_is_not_good_enough_ends_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LEARNT", range(0, 2))
    monkeypatch.setattr(training, "UNHEARD", range(1000, 1003))
    monkeypatch.setattr(training, "ENOUGH", 1.01)
    with pytest.raises(SystemExit, match="expected at least"):
        train(tmp_path)
    assert not (tmp_path / "model.joblib").exists()


def test_training_again_gives_the_same_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "LEARNT", range(0, 24))
    monkeypatch.setattr(training, "UNHEARD", range(1000, 1012))
    monkeypatch.setattr(training, "ENOUGH", 0.8)
    about = train(tmp_path)
    assert about == {**Classifier(folder).about, "labels": about["labels"], "features": about["features"]}
    assert (tmp_path / "model.joblib").read_bytes() == (folder / "model.joblib").read_bytes()


def test_heads_that_were_never_heard_are_told_apart(folder: Path) -> None:
    classifier = Classifier(folder)
    closed = classifier.classify([window(Signal("eyes-closed"), n) for n in range(0, 40, 2)])
    opened = classifier.classify([window(Signal("eyes-open"), n) for n in range(0, 40, 2)])
    right = [one.label == "eyes-closed" for one in closed] + [one.label == "eyes-open" for one in opened]
    assert sum(right) >= 32
    assert all(0.5 <= one.probability <= 1 for one in [*closed, *opened])
    assert classifier.classify([]) == []


def test_a_model_of_another_library_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes((folder / "model.joblib").read_bytes())
    about = json.loads((folder / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "scikit_learn": "0.1"}))
    with pytest.raises(BadModel, match=r"made for scikit-learn 0\.1"):
        Classifier(tmp_path)
    with pytest.raises(BadModel):
        Classifier(tmp_path / "nowhere")


class Sender:
    def __init__(self) -> None:
        self.sent: list[tuple[bytes, bytes]] = []

    async def send(self, messages: list[tuple[bytes, bytes]]) -> None:
        self.sent += messages


async def test_every_window_gets_a_prediction_the_same_again_when_it_comes_again(folder: Path) -> None:
    sender = Sender()
    pipeline = Pipeline(Classifier(folder), sender)
    batch = Batch(windows=[window(Signal("eyes-closed"), 0), window(Signal("eyes-open"), 7)])
    await pipeline(batch)
    await pipeline(batch)
    await pipeline(Batch())
    assert len(sender.sent) == 4
    assert sender.sent[:2] == sender.sent[2:]
    key, value = sender.sent[1]
    told = json.loads(value)
    assert key == UUID(int=1).bytes
    assert (told["recording_id"], told["device_id"], told["index"]) == (str(UUID(int=1)), "d", 7)
    assert told["time"] == "2026-01-01T00:00:00.000000Z"
    assert (told["label"], told["model"]) == ("eyes-open", Classifier(folder).version)
