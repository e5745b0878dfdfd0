"""The model at work."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from neurascale_common.windows import Window

from .features import NAMES, features


class BadModel(Exception):
    """Why the model in the image cannot be used."""


@dataclass(frozen=True, slots=True)
class Guess:
    label: str
    probability: float


class Classifier:
    def __init__(self, folder: Path) -> None:
        """Loads what `train` saved.

        :raises BadModel: when it is missing, or was made by other code or another library
        """
        try:
            self.about: dict[str, Any] = json.loads((folder / "model.json").read_text())
            # Unpickling runs code: the file is part of the image, where only the build could write.
            self._model = joblib.load(folder / "model.joblib")
        except (OSError, ValueError) as error:
            raise BadModel(f"{folder}: {error}") from None
        if self.about["scikit_learn"] != sklearn.__version__ or tuple(self.about["features"]) != NAMES:
            raise BadModel(
                f"{folder}: made for scikit-learn {self.about['scikit_learn']} and {self.about['features']}"
            )

    @property
    def version(self) -> str:
        return str(self.about["version"])

    def classify(self, windows: list[Window]) -> list[Guess]:
        if not windows:
            return []
        rows = np.array([features(window.samples, window.rate) for window in windows])
        chances = self._model.predict_proba(rows)
        best = chances.argmax(axis=1)
        return [Guess(str(self._model.classes_[at]), float(chances[row, at])) for row, at in enumerate(best)]
