"""Pictures whose negative space is known."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

type Pixels = NDArray[np.uint8]


def plain(width: int, height: int, colour: tuple[int, ...] = (240, 240, 235)) -> Pixels:
    return np.full((height, width, len(colour)), colour, dtype=np.uint8)


def png(pixels: Pixels) -> bytes:
    return encoded(Image.fromarray(pixels), "PNG")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def disc(pixels: Pixels, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    rows, columns = np.ogrid[: pixels.shape[0], : pixels.shape[1]]
    pixels[(columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= radius**2] = colour
