"""What the model sees of a window. Training and use share it, so that they cannot drift apart."""

import numpy as np
from neurascale_common.bands import BANDS, band_powers
from neurascale_common.chunks import Samples
from numpy.typing import NDArray

NAMES = tuple(f"{what}-{band}" for what in ("mean", "most") for band in BANDS)

FLOOR = 1e-6
"""Microvolts squared: a channel that is not connected has no power at all."""


def features(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Each band's share of the power, as a logarithm: its mean over the channels, and the largest of them.

    It does not depend on the number and order of channels, nor on the amplifier's gain.
    """
    powers = band_powers(samples, rate) + FLOOR
    shares = np.log10(powers / powers.sum(axis=1, keepdims=True))
    return np.concatenate([shares.mean(axis=0), shares.max(axis=0)])
