"""What must hold for every picture, against slow and obvious ways to find the same."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyzer.analyze import analyze
from analyzer.mask import Mask, otsu, without_specks
from analyzer.space import largest_circle, largest_rectangle, regions
from drawing import png

masks = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def slow_rectangle(empty: Mask) -> int:
    rows, columns = empty.shape
    return max(
        (
            (bottom - top) * (right - left)
            for top, left in itertools.product(range(rows), range(columns))
            for bottom, right in itertools.product(range(top + 1, rows + 1), range(left + 1, columns + 1))
            if empty[top:bottom, left:right].all()
        ),
        default=0,
    )


@given(masks)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_rectangle_is_empty_and_none_is_larger(empty: Mask) -> None:
    found = largest_rectangle(empty)
    if found is None:
        assert not empty.any()
        return
    assert empty[found.y : found.y + found.height, found.x : found.x + found.width].all()
    assert found.width * found.height == slow_rectangle(empty)


@given(masks)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_circle_is_empty_and_inside(empty: Mask) -> None:
    found = largest_circle(empty)
    if found is None:
        assert not empty.any()
        return
    height, width = empty.shape
    assert 0 < found.radius <= min(found.x, found.y, width - found.x, height - found.y) + 1e-9
    y, x = np.nonzero(~empty)
    distances = np.hypot(x + 0.5 - found.x, y + 0.5 - found.y)
    assert distances.min(initial=np.inf) >= found.radius


@given(masks)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_regions_are_all_of_the_space_once(empty: Mask) -> None:
    found = regions(empty)
    assert sum(region.pixels for region in found) == empty.sum()
    assert [region.pixels for region in found] == sorted((r.pixels for r in found), reverse=True)
    height, width = empty.shape
    for region in found:
        box = region.box
        touches = box.x == 0 or box.y == 0 or box.x + box.width == width or box.y + box.height == height
        assert region.enclosed == (not touches)


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_picture_has_figures_that_fit_together(pixels: np.ndarray) -> None:
    found = analyze(png(pixels), 1_000_000).figures
    space = found["negative_space"]
    assert 0 <= space <= 1
    rectangle, circle = found["largest_rectangle"], found["largest_circle"]
    assert (rectangle is None) == (circle is None) == (found["regions"]["count"] == 0) == (space == 0)
    if rectangle:
        assert rectangle["area"] <= space + 1e-4
        assert rectangle["x"] + rectangle["width"] <= found["width"] + 0.1
        assert rectangle["y"] + rectangle["height"] <= found["height"] + 0.1


def test_otsu_parts_two_groups_in_the_middle() -> None:
    values = np.array([1.0] * 70 + [2.0] * 30 + [90.0] * 40 + [100.0] * 60)
    assert 2 < otsu(values) < 90


def test_specks_and_pinholes_are_noise() -> None:
    mask = np.zeros((200, 200), dtype=bool)
    mask[50:150, 50:150] = True
    expected = mask.copy()
    mask[10, 10] = True
    mask[100, 100] = False
    assert (without_specks(mask) == expected).all()
