import numpy as np
import pytest

from neurascale_common.bands import BANDS, band_powers, dominant
from neurascale_common.signals import CHANNELS, Head, Signal

RATE = 256


def mean(kind: Signal, seed: int = 1, first: int = 0) -> dict[str, float]:
    powers = band_powers(Head(seed).samples(first, 2 * RATE, kind), RATE)
    return dict(zip(BANDS, powers.mean(axis=0), strict=True))


@pytest.mark.parametrize(
    ("frequency", "band"), [(2, "delta"), (6, "theta"), (10, "alpha"), (20, "beta"), (38, "gamma")]
)
def test_a_sine_is_found_in_its_band_with_its_power(frequency: float, band: str) -> None:
    powers = mean(Signal("sine", frequency=frequency, amplitude=50))
    assert dominant(np.array(list(powers.values()))) == band
    # A sine of amplitude A has the power A²/2.
    assert powers[band] == pytest.approx(50**2 / 2, rel=0.05)
    assert sum(powers.values()) - powers[band] < 0.05 * powers[band]


def test_white_noise_is_spread_evenly_over_frequencies() -> None:
    noise = np.random.default_rng(4).normal(0, 10, (64, 20 * RATE)).astype(np.float32)
    powers = band_powers(noise, RATE).mean(axis=0)
    per_hertz = powers[3] / (30 - 13)
    assert per_hertz == pytest.approx(100 / (RATE / 2), rel=0.03)


def test_a_constant_voltage_has_no_power() -> None:
    assert band_powers(np.full((2, 512), 300, np.float32), RATE).max() < 1e-9


def test_a_head_is_the_same_for_the_same_seed_in_whatever_portions() -> None:
    whole = Head(5).samples(0, 512, Signal("eyes-closed"))
    head = Head(5)
    parts = np.concatenate([head.samples(n, 64, Signal("eyes-closed")) for n in range(0, 512, 64)], axis=1)
    assert whole.shape == (len(CHANNELS), 512)
    # The waves continue from portion to portion; the sensor's noise is random.
    assert np.abs(whole - parts).max() < 20
    assert not np.allclose(Head(6).samples(0, 512, Signal("eyes-closed")), whole, atol=20)


def test_closed_eyes_bring_alpha_at_the_back() -> None:
    opened, closed = mean(Signal("eyes-open")), mean(Signal("eyes-closed"))
    assert closed["alpha"] > 3 * opened["alpha"]


def test_alternating_eyes_close_and_open() -> None:
    closed = Signal("alternating", seconds=10).closed(np.array([0, 9.9, 15.0, 19.95, 20.5]))
    assert closed.tolist() == pytest.approx([0, 0, 1, 0.25, 0])
