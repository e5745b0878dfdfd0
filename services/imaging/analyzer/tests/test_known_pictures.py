import io
import math

import numpy as np
import pytest
from PIL import Image

from analyzer.analyze import analyze
from drawing import disc, encoded, plain, png

PIXELS = 25_000_000
INK = (30, 40, 60)


def near(value: float, expected: float, tolerance: float) -> bool:
    return abs(value - expected) <= tolerance


def test_a_rectangle_on_paper_leaves_exactly_the_rest() -> None:
    pixels = plain(800, 400)
    pixels[100:300, 600:700] = INK
    found = analyze(png(pixels), PIXELS).figures
    assert (found["width"], found["height"]) == (800, 400)
    assert near(found["negative_space"], 1 - 100 * 200 / (800 * 400), 0.005)
    rectangle = found["largest_rectangle"]
    assert rectangle["x"] == rectangle["y"] == 0 and rectangle["height"] == 400
    assert near(rectangle["width"], 600, 3)
    circle = found["largest_circle"]
    assert near(circle["radius"], 200, 2) and near(circle["y"], 200, 2)
    assert 198 <= circle["x"] <= 402
    assert near(found["subject"]["x"], 650, 1) and near(found["subject"]["y"], 200, 1)
    assert near(found["subject"]["offset"], 250 / math.hypot(400, 200), 0.01)
    assert found["regions"]["count"] == 1 and found["regions"]["enclosed"] == 0


def test_dark_on_light_and_light_on_dark_are_the_same() -> None:
    light, dark = plain(300, 300), plain(300, 300, (12, 14, 20))
    disc(light, 150, 150, 80, (12, 14, 20))
    disc(dark, 150, 150, 80, (240, 240, 235))
    shares = [analyze(png(pixels), PIXELS).figures["negative_space"] for pixels in (light, dark)]
    expected = 1 - math.pi * 80**2 / 300**2
    assert all(near(share, expected, 0.01) for share in shares), shares


def test_the_hole_of_a_ring_is_enclosed_space() -> None:
    pixels = plain(400, 400)
    disc(pixels, 200, 200, 150, INK)
    disc(pixels, 200, 200, 90, (240, 240, 235))
    found = analyze(png(pixels), PIXELS).figures
    assert found["regions"]["count"] == 2 and found["regions"]["enclosed"] == 1
    inner = next(region for region in found["regions"]["largest"] if region["enclosed"])
    assert near(inner["area"], math.pi * 90**2 / 400**2, 0.01)
    assert near(found["largest_circle"]["radius"], 90, 2)
    assert near(found["largest_circle"]["x"], 200, 2) and near(found["largest_circle"]["y"], 200, 2)


def test_a_bar_across_parts_the_space_in_two() -> None:
    pixels = plain(600, 300)
    pixels[:, 200:240] = INK
    found = analyze(png(pixels), PIXELS).figures
    assert [round(region["area"], 2) for region in found["regions"]["largest"]] == [0.6, 0.33]
    rectangle = found["largest_rectangle"]
    assert near(rectangle["x"], 240, 3) and near(rectangle["width"], 360, 3)


def test_a_wall_in_uneven_light_with_the_noise_of_a_camera_is_background() -> None:
    rows, columns = np.mgrid[0:1:400j, 0:1:600j]
    light = 200 - 90 * columns**2 - 40 * rows
    noise = np.random.default_rng(7).normal(0, 4, (400, 600))
    pixels = np.clip(light + noise, 0, 255)[:, :, None].repeat(3, axis=2).astype(np.uint8)
    disc(pixels, 320, 220, 90, (20, 90, 40))
    found = analyze(encoded(Image.fromarray(pixels), "JPEG", quality=80), PIXELS).figures
    assert near(found["negative_space"], 1 - math.pi * 90**2 / (400 * 600), 0.02)


def test_a_subject_that_stands_on_the_border_is_still_the_subject() -> None:
    pixels = plain(500, 500)
    pixels[250:, 150:350] = INK
    found = analyze(png(pixels), PIXELS).figures
    assert near(found["negative_space"], 0.8, 0.01)


def test_a_picture_of_nothing_is_all_space() -> None:
    found = analyze(png(plain(320, 200)), PIXELS).figures
    assert found["negative_space"] == 1 and found["subject"] is None
    assert found["largest_rectangle"] == {"x": 0, "y": 0, "width": 320, "height": 200, "area": 1}
    assert near(found["largest_circle"]["radius"], 100, 1)


def test_transparency_says_what_the_subject_is() -> None:
    pixels = plain(200, 100, (255, 255, 255, 0))
    pixels[20:80, 50:150] = (255, 255, 255, 255)
    assert near(analyze(png(pixels), PIXELS).figures["negative_space"], 0.7, 0.01)


def test_a_large_picture_is_told_in_its_own_pixels() -> None:
    pixels = plain(3000, 1500)
    pixels[:, 2000:] = INK
    found = analyze(png(pixels), PIXELS).figures
    assert near(found["negative_space"], 2 / 3, 0.005)
    assert near(found["largest_rectangle"]["width"], 2000, 12)


@pytest.mark.parametrize("size", [(1200, 800), (1001, 3000), (1025, 1)])
def test_no_length_reaches_over_the_edge_of_a_picture_that_was_made_smaller(size: tuple[int, int]) -> None:
    width, height = size
    found = analyze(png(plain(width, height)), PIXELS).figures
    assert found["largest_rectangle"] == {"x": 0, "y": 0, "width": width, "height": height, "area": 1}
    circle = found["largest_circle"]
    assert circle["radius"] <= min(circle["x"], circle["y"], width - circle["x"], height - circle["y"]) + 0.1


def test_a_photo_taken_sideways_is_turned_first() -> None:
    pixels = plain(400, 200)
    pixels[:, :100] = INK
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    found = analyze(encoded(Image.fromarray(pixels), "JPEG", exif=exif), PIXELS).figures
    assert (found["width"], found["height"]) == (200, 400)
    assert near(found["subject"]["y"], 50, 2)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_overlay_shows_what_was_found(form: str) -> None:
    pixels = plain(400, 200)
    pixels[50:150, 300:350] = INK
    found = analyze(encoded(Image.fromarray(pixels), form), PIXELS)
    overlay = Image.open(io.BytesIO(found.overlay)).convert("RGBA")
    assert overlay.size == (400, 200)
    colours = np.asarray(overlay)
    assert (colours[100, 325] == (0, 0, 0, 0)).all(), "the subject is seen through it"
    assert tuple(colours[100, 380]) == (0, 168, 150, 110), "space is tinted"
    assert tuple(colours[0, 150]) == (255, 190, 11, 255), "the rectangle's upper side"
    thumbnail = Image.open(io.BytesIO(found.thumbnail))
    assert thumbnail.format == "WEBP" and thumbnail.size == (320, 160)
