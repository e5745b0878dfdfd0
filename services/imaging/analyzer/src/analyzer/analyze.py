"""From a picture's bytes to what its negative space is, with pictures to show it."""

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from .mask import Mask, subject_of
from .picture import Picture, read
from .space import (
    LISTED_REGIONS,
    Circle,
    Rectangle,
    centre,
    largest_circle,
    largest_rectangle,
    outline,
    regions,
)

THUMBNAIL_SIDE = 320

# Colours of the overlay with their opacity, in the order of its palette.
_NOTHING, _SPACE, _SUBJECT, _RECTANGLE, _CIRCLE = range(5)
_PALETTE = ((0, 0, 0, 0), (0, 168, 150, 110), (255, 255, 255, 230), (255, 190, 11, 255), (214, 40, 120, 255))


@dataclass(frozen=True, slots=True)
class Analysis:
    figures: dict[str, Any]
    overlay: bytes
    """PNG, transparent but for what was found, in the proportions of the picture."""
    thumbnail: bytes
    """WebP."""


def analyze(data: bytes, max_pixels: int) -> Analysis:
    """
    :raises NotAPicture: see `picture.read`
    """
    picture = read(data, max_pixels)
    subject = subject_of(picture.colours(), picture.opacity())
    empty = ~subject
    rectangle, circle = largest_rectangle(empty), largest_circle(empty)
    return Analysis(
        figures(picture, subject, rectangle, circle),
        overlay(subject, rectangle, circle),
        thumbnail(picture),
    )


def figures(
    picture: Picture, subject: Mask, rectangle: Rectangle | None, circle: Circle | None
) -> dict[str, Any]:
    """Lengths in pixels of the upright original, areas as shares of it."""
    empty = ~subject
    (along_x, along_y), total = picture.scale, subject.size

    def x(value: float) -> float:
        return round(value * along_x, 1)

    def y(value: float) -> float:
        return round(value * along_y, 1)

    def box(one: Rectangle) -> dict[str, float]:
        return {
            "x": x(one.x),
            "y": y(one.y),
            "width": x(one.width),
            "height": y(one.height),
        }

    def share(pixels: float) -> float:
        return round(min(1.0, pixels / total), 5)

    parts = regions(empty)
    middle = centre(subject)
    rows, columns = subject.shape
    return {
        "width": picture.width,
        "height": picture.height,
        "negative_space": share(int(empty.sum())),
        "largest_rectangle": rectangle
        and {**box(rectangle), "area": share(rectangle.width * rectangle.height)},
        "largest_circle": circle
        and {
            "x": x(circle.x),
            "y": y(circle.y),
            "radius": min(x(circle.radius), y(circle.radius)),
            "area": share(math.pi * circle.radius**2),
        },
        # How far the subject is from the middle, as a share of half the diagonal.
        "subject": middle
        and {
            "x": x(middle[0]),
            "y": y(middle[1]),
            "offset": round(math.dist(middle, (columns / 2, rows / 2)) / (math.hypot(columns, rows) / 2), 4),
        },
        "regions": {
            "count": len(parts),
            "enclosed": sum(part.enclosed for part in parts),
            "largest": [
                {**box(part.box), "area": share(part.pixels), "enclosed": part.enclosed}
                for part in parts[:LISTED_REGIONS]
            ],
        },
    }


def overlay(subject: Mask, rectangle: Rectangle | None, circle: Circle | None) -> bytes:
    """What was found, to be laid over the picture."""
    line = max(2, round(max(subject.shape) / 400))
    indices = np.where(subject, _NOTHING, _SPACE).astype(np.uint8)
    indices[outline(subject, line)] = _SUBJECT
    image = Image.fromarray(indices)
    draw = ImageDraw.Draw(image)
    if rectangle:
        corners = (
            rectangle.x,
            rectangle.y,
            rectangle.x + rectangle.width - 1,
            rectangle.y + rectangle.height - 1,
        )
        draw.rectangle(corners, outline=_RECTANGLE, width=line)
    if circle:
        reach = (
            circle.x - circle.radius,
            circle.y - circle.radius,
            circle.x + circle.radius - 1,
            circle.y + circle.radius - 1,
        )
        if reach[2] >= reach[0] and reach[3] >= reach[1]:
            draw.ellipse(reach, outline=_CIRCLE, width=line)
    image.putpalette([part for colour in _PALETTE for part in colour[:3]])
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, transparency=bytes(colour[3] for colour in _PALETTE))
    return out.getvalue()


def thumbnail(picture: Picture) -> bytes:
    small = picture.image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=75)
    return out.getvalue()
