"""Band power: how much of a signal's power lies in each of the five bands of an EEG."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

from .chunks import Samples

BANDS: Final = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, 45.0),
}
"""Hertz; the upper end belongs to the next band. Ends below the 50 Hz of the mains."""


def band_powers(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Microvolts squared, one row per channel, one column per band in the order of `BANDS`.

    By Welch's method with Hann windows of one second that overlap by half: a resolution of one hertz.
    """
    frequencies, density = welch(
        samples.astype(np.float64), rate, "hann", nperseg=rate, noverlap=rate // 2, detrend="constant"
    )
    width = frequencies[1] - frequencies[0]
    columns = [
        density[:, (low <= frequencies) & (frequencies < high)].sum(axis=1) * width
        for low, high in BANDS.values()
    ]
    return np.stack(columns, axis=1)


def dominant(mean: NDArray[np.float64]) -> str:
    """The band with the most power."""
    return list(BANDS)[int(np.argmax(mean))]
