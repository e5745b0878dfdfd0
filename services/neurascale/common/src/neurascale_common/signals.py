"""A synthetic EEG. It stands in for a head where there is none: the simulated device plays it, and the model of
ml-pipeline is trained on it. It has what the five bands are about, and no claim to be more than that."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .chunks import Samples

type Floats = NDArray[np.float64]

CHANNELS = ("Fp1", "Fp2", "C3", "C4", "P3", "P4", "O1", "O2")
"""Places on the head by the 10-20 system, from the forehead to the back."""

OCCIPITAL = np.array([0.15, 0.15, 0.4, 0.4, 0.75, 0.75, 1.0, 1.0])
"""How strongly the alpha rhythm of closed eyes is seen in each place."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a simulated device plays."""

    kind: Literal["eyes-open", "eyes-closed", "alternating", "sine"] = "alternating"
    seconds: float = 10.0
    """alternating: how long the eyes stay open, and then closed."""
    frequency: float = 10.0
    """sine: hertz."""
    amplitude: float = 50.0
    """sine: microvolts."""

    def closed(self, times: Floats) -> Floats:
        """How far the eyes are closed, 0 to 1; they take a moment."""
        if self.kind == "alternating":
            phase = np.mod(times, 2 * self.seconds)
            return np.clip((phase - self.seconds) / 0.2, 0, 1) * np.clip(
                (2 * self.seconds - phase) / 0.2, 0, 1
            )
        return np.full_like(times, 1.0 if self.kind == "eyes-closed" else 0.0)


class Head:
    """Someone's EEG as a function of time, the same for the same seed. Noise alone differs from sample to sample."""

    def __init__(self, seed: int, rate: int = 256) -> None:
        self.rate = rate
        draw = np.random.default_rng(seed)
        places = len(CHANNELS)
        # The background falls with frequency; many waves that do not fit into each other look like noise.
        self._frequencies = np.arange(0.6, 45, 0.47) + draw.uniform(-0.2, 0.2, 95)
        self._phases = draw.uniform(0, 2 * np.pi, (places, self._frequencies.size))
        level = draw.uniform(7, 13)
        self._strengths = level / self._frequencies ** draw.uniform(0.7, 1.1)
        self._alpha = draw.uniform(8.8, 11.4)
        self._alpha_phases = draw.uniform(0, 2 * np.pi, places) * 0.2
        self._alpha_closed = draw.uniform(8, 26)
        self._alpha_open = self._alpha_closed * draw.uniform(0.1, 0.4)
        self._waxing = draw.uniform(0.08, 0.3)
        self._noise = draw.uniform(0.8, 2.5)
        self._mains = draw.uniform(0.2, 2)
        self._noises = np.random.default_rng(seed + 1)

    def samples(self, first: int, count: int, signal: Signal) -> Samples:
        """`count` samples from number `first` on, in microvolts."""
        times = (first + np.arange(count)) / self.rate
        shape = (len(CHANNELS), count)
        noise = self._noises.normal(0, 1, shape)
        if signal.kind == "sine":
            wave = signal.amplitude * np.sin(2 * np.pi * signal.frequency * times)
            return (wave + noise).astype(np.float32)
        angles = 2 * np.pi * self._frequencies[:, None] * times
        # sin(a + p) = sin a cos p + cos a sin p: two small products instead of a sine for every place and wave.
        background = (np.cos(self._phases) * self._strengths) @ np.sin(angles)
        background += (np.sin(self._phases) * self._strengths) @ np.cos(angles)
        closed = signal.closed(times)
        waxing = 0.75 + 0.25 * np.sin(2 * np.pi * self._waxing * times)
        gain = (self._alpha_open + (self._alpha_closed - self._alpha_open) * closed) * waxing
        alpha = np.sin(2 * np.pi * self._alpha * times + self._alpha_phases[:, None]) * gain
        mains = self._mains * np.sin(2 * np.pi * 50 * times)
        return (background + OCCIPITAL[:, None] * alpha + mains + self._noise * noise).astype(np.float32)
