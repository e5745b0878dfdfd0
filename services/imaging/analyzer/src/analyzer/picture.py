"""Reads pictures that may be anything: bounded in format, in pixels, and in what is decoded."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
WORKING_SIDE = 1024
"""Pixels of the longer side that everything is computed at."""

# Ours is checked before a picture is decoded; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None


class NotAPicture(Exception):
    """The bytes are no picture that can be analyzed; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    """Pixels of the upright original."""
    height: int
    image: Image.Image
    """Upright, RGBA, at most WORKING_SIDE on its longer side."""

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the original for each of the image, along x and y: made smaller, sides are rounded."""
        return self.width / self.image.width, self.height / self.image.height

    def colours(self) -> NDArray[np.float64]:
        """Height × width × 3, linear light would be 0 to 1; these are the stored values, 0 to 255."""
        return np.asarray(self.image.convert("RGB"), dtype=np.float64)

    def opacity(self) -> NDArray[np.uint8]:
        return np.asarray(self.image.getchannel("A"))


def read(data: bytes, max_pixels: int) -> Picture:
    """
    :param max_pixels: what is larger is refused before it is decoded
    :raises NotAPicture: when it is none, of another format, broken, or too large
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > max_pixels:
                raise NotAPicture(f"expected at most {max_pixels} pixels, got {width} × {height}")
            # JPEG can be decoded at half, a quarter or an eighth of its size.
            opened.draft("RGB", (WORKING_SIDE, WORKING_SIDE))
            if opened.mode in ("RGB", "RGBA", "L", "LA"):
                # Made small before anything else: every copy of a large picture counts.
                opened.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
            small = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise NotAPicture(
            f"expected a whole PNG, JPEG or WebP picture; it cannot be decoded: {type(error).__name__}"
        ) from error
    if (small.width > small.height) != (width > height) and width != height:
        width, height = height, width
    small.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return Picture(width, height, small)
