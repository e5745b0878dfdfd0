"""`python -m ml_pipeline.train FOLDER`: trains the model on synthetic signals, checks it, and puts it into FOLDER.

Runs in the image build. The accuracy on unseen synthetic heads describes the generator of
`neurascale_common.signals`, not people: a real product trains on recordings of people.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Final

import joblib
import neurascale_common.bands
import neurascale_common.signals
import numpy as np
import sklearn
from neurascale_common.signals import Head, Signal
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from . import features as features_module
from .features import NAMES, features

LABELS: Final = ("eyes-closed", "eyes-open")
GENERATION: Final = 1
"""Counts up when labels or features change their meaning."""
RATE: Final = 256
SEED: Final = 20261121
LEARNT: Final = range(0, 120)
"""Heads that the model is trained on."""
UNHEARD: Final = range(1000, 1060)
"""Heads that it is checked on."""
WINDOWS: Final = 12
"""Of each head and label."""
ENOUGH: Final = 0.9
"""Share of the unheard heads' windows that must be right, or there is no image."""


def data(heads: range) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    draw = np.random.default_rng([SEED, heads.start])
    rows, labels = [], []
    for seed in heads:
        head = Head(seed, RATE)
        for label in LABELS:
            for first in draw.integers(0, 600 * RATE, WINDOWS):
                signal = Signal("eyes-closed" if label == "eyes-closed" else "eyes-open")
                rows.append(features(head.samples(int(first), 2 * RATE, signal), RATE))
                labels.append(label)
    return np.array(rows), np.array(labels)


def version() -> str:
    """Names what the model was made by: the code that makes the data, and the library that learns."""
    sources = (
        __file__,
        features_module.__file__,
        neurascale_common.bands.__file__,
        neurascale_common.signals.__file__,
    )
    digest = hashlib.sha256(f"{sklearn.__version__} {np.__version__}".encode())
    for source in sources:
        digest.update(Path(source).read_bytes())
    return f"eyes-{GENERATION}-{digest.hexdigest()[:8]}"


def train(folder: Path) -> dict[str, object]:
    """Trains, checks and saves.

    :raises SystemExit: when the model is not good enough
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=SEED))
    model.fit(*data(LEARNT))
    rows, labels = data(UNHEARD)
    guessed = model.predict(rows)
    accuracy = float(accuracy_score(labels, guessed))
    if accuracy < ENOUGH:
        sys.exit(
            f"train: expected at least {ENOUGH:.0%} of {len(labels)} windows to be right, got {accuracy:.1%}"
        )
    about = {
        "version": version(),
        "labels": LABELS,
        "features": NAMES,
        "trained_on": f"synthetic signals of {len(LEARNT)} heads, seed {SEED}",
        "accuracy": round(accuracy, 4),
        "checked_on": len(labels),
        "confusion": confusion_matrix(labels, guessed, labels=LABELS).tolist(),
        "scikit_learn": sklearn.__version__,
    }
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n")
    return about


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the model on synthetic signals.")
    parser.add_argument("folder", type=Path)
    about = train(parser.parse_args().folder)
    print(json.dumps(about))


if __name__ == "__main__":
    main()
