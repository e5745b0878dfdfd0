"""Measures the space around and between: shares, regions, the largest empty rectangle and circle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .mask import Mask

LISTED_REGIONS = 10


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Region:
    box: Rectangle
    pixels: int
    enclosed: bool
    """Whether the subject is all around it, as around the hole of an O."""


def largest_rectangle(empty: Mask) -> Rectangle | None:
    """The largest upright rectangle without any subject; of several that are as large, the topmost, then leftmost.

    For each row the free height above every column, and in that histogram the largest rectangle, with a stack:
    the time grows with the number of pixels only.
    """
    rows, columns = empty.shape
    best: tuple[int, Rectangle | None] = (0, None)
    heights = np.zeros(columns, dtype=np.int64)
    for row in range(rows):
        heights = np.where(empty[row], heights + 1, 0)
        # No rectangle that ends here can be larger than this: most rows are done with it.
        if int(heights.max(initial=0)) * columns <= best[0]:
            continue
        stack: list[tuple[int, int]] = []
        for column, height in enumerate([*heights.tolist(), 0]):
            start = column
            while stack and stack[-1][1] >= height:
                start, above = stack.pop()
                area = above * (column - start)
                if area > best[0]:
                    best = (area, Rectangle(start, row - above + 1, column - start, above))
            stack.append((start, height))
    return best[1]


def largest_circle(empty: Mask) -> Circle | None:
    """The largest circle that has no subject in it and does not reach over the picture's edge."""
    if not empty.any():
        return None
    distance = ndimage.distance_transform_edt(np.pad(empty, 1))
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    # From the middle of a pixel to the middle of the next one that is taken; half of that one is not ours.
    return Circle(float(column) - 0.5, float(row) - 0.5, float(distance[row, column]) - 0.5)


def regions(empty: Mask) -> list[Region]:
    """Connected parts of the space (over sides, not corners), the largest first."""
    labels, count = ndimage.label(empty)
    if count == 0:
        return []
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    outer = set(np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])).tolist())
    found = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            rows, columns = box
            size = (columns.stop - columns.start, rows.stop - rows.start)
            found.append(
                Region(Rectangle(columns.start, rows.start, *size), int(sizes[label]), label not in outer)
            )
    return sorted(found, key=lambda region: (-region.pixels, region.box.y, region.box.x))


def centre(mask: Mask) -> tuple[float, float] | None:
    """The middle of what is true, as x and y."""
    if not mask.any():
        return None
    y, x = ndimage.center_of_mass(mask)
    return float(x) + 0.5, float(y) + 0.5


def outline(mask: Mask, width: int) -> NDArray[np.bool_]:
    """A line along the inside of what is true."""
    inner: NDArray[np.bool_] = mask & ~ndimage.binary_erosion(mask, iterations=width, border_value=1)
    return inner
