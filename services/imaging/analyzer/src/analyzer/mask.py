"""Tells the subject of a picture from what is around it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

type Mask = NDArray[np.bool_]

LEAST_CONTRAST = 12.0
"""Distance in colour, of 441, below which a picture shows nothing but background."""
SPECK = 0.0002
"""Share of the picture below which a spot, or a hole in the subject, counts as noise."""
_BINS = 256


def subject_of(colours: NDArray[np.float64], opacity: NDArray[np.uint8]) -> Mask:
    """True where the subject is.

    A picture with transparent parts says itself what its subject is. Else the background is taken to be what the
    border shows: a smooth surface of colour, so that a lit wall or a vignette is one; what differs from it more
    than Otsu's threshold is the subject.
    """
    if (opacity < 128).mean() > SPECK:
        return without_specks(opacity >= 128)
    distance = np.linalg.norm(colours - background(colours), axis=2)
    # Noise of a camera, and of a lossy format, is smaller than a pixel or two.
    distance = ndimage.gaussian_filter(distance, 1.0, mode="nearest")
    threshold = max(otsu(distance), LEAST_CONTRAST)
    return without_specks(distance > threshold)


def background(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """A surface of second degree for each channel, through the picture's border but for what stands out there."""
    height, width, _ = colours.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=2)
    edge = max(1, round(min(height, width) * 0.02))
    border = np.ones((height, width), dtype=bool)
    border[edge:-edge, edge:-edge] = False
    samples, values = terms[border], colours[border]
    # Where a subject touches the border it is not background: the common colour of the border decides.
    keep = np.linalg.norm(values - np.median(values, axis=0), axis=1)
    kept = keep <= max(np.quantile(keep, 0.6), 3 * LEAST_CONTRAST)
    for _ in range(2):
        surface, *_ = np.linalg.lstsq(samples[kept], values[kept], rcond=None)
        off = np.linalg.norm(values - samples @ surface, axis=1)
        kept = off <= max(2.5 * np.median(off[kept]), LEAST_CONTRAST)
    fitted: NDArray[np.float64] = terms @ surface
    return np.clip(fitted, 0, 255)


def otsu(values: NDArray[np.float64]) -> float:
    """The threshold that parts values into two groups, each as alike in itself as can be."""
    counts, edges = np.histogram(values, bins=_BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sums / below - (sums[-1] - sums) / above
        between = np.where((below > 0) & (above > 0), below * above * means**2, -1.0)
    # Between two clear groups every threshold is as good: the middle one.
    best = np.flatnonzero(between >= between.max() - 1e-9 * abs(between.max()))
    return float(edges[best[len(best) // 2] + 1])


def without_specks(mask: Mask) -> Mask:
    """Neither spots of subject nor holes in it that are smaller than SPECK."""
    least = max(2, round(mask.size * SPECK))
    return ~_without_small(~_without_small(mask, least), least)


def _without_small(mask: Mask, least: int) -> Mask:
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: Mask = (sizes >= least)[labels]
    return kept
