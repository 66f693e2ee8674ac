"""Drawing on pictures: boxes with words, coloured areas, headings."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from unblur.images.arrays import Pixels
from unblur.metrics.detection import Detections
from unblur.metrics.segmentation import LabelMap

_BAR_PX = 26
_OPACITY = 0.5


def colour_of(name: str) -> tuple[int, int, int]:
    """A bright colour that is always the same for `name`."""
    hue = zlib.crc32(name.encode()) % 360 / 360
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.65, 1.0))
    return red, green, blue


def draw_boxes(pixels: Pixels, found: Detections, *, has_scores: bool = True) -> Pixels:
    """The picture with a frame round every box, and its label above it."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    width_px = max(2, max(pixels.shape[:2]) // 400)
    font = _font(max(12, max(pixels.shape[:2]) // 60))
    for box, score, label in zip(found.boxes, found.scores, found.labels, strict=True):
        left, top, right, bottom = (float(side) for side in box)
        colour = colour_of(label if has_scores else "text")
        draw.rectangle((left, top, max(left, right), max(top, bottom)), None, colour, width_px)
        words = f"{label} {score:.2f}" if has_scores else label
        place = (left, max(0, top - font.size - 4))
        draw.rectangle(draw.textbbox(place, words, font=font), fill=(0, 0, 0))
        draw.text(place, words, colour, font=font)
    return np.asarray(image)


def draw_classes(pixels: Pixels, labels: LabelMap, names: Sequence[str]) -> Pixels:
    """The picture with every class but the first (background) in its colour, and a legend."""
    image = Image.fromarray(labels.astype(np.uint8)).resize(
        (pixels.shape[1], pixels.shape[0]), Image.Resampling.NEAREST
    )
    classes = np.asarray(image)
    drawn = pixels.copy()
    present = [int(index) for index in np.unique(classes) if index]
    for index in present:
        area = classes == index
        mixed = (1 - _OPACITY) * drawn[area] + _OPACITY * np.array(colour_of(_name(names, index)))
        drawn[area] = mixed.astype(np.uint8)
    legend = Image.fromarray(drawn)
    draw, font, y = ImageDraw.Draw(legend), _font(18), 6
    for index in present:
        name = _name(names, index)
        draw.rectangle(draw.textbbox((8, y), name, font=font), fill=(0, 0, 0))
        draw.text((8, y), name, colour_of(name), font=font)
        y += 24
    return np.asarray(legend)


def side_by_side(panels: Sequence[tuple[str, Pixels]]) -> Pixels:
    """Pictures of one size in a row, each under its heading."""
    columns: list[Pixels] = []
    for heading, pixels in panels:
        bar = Image.new("RGB", (pixels.shape[1], _BAR_PX), (0, 0, 0))
        ImageDraw.Draw(bar).text((8, 4), heading, (255, 255, 255), font=_font(16))
        columns.append(np.vstack([np.asarray(bar), pixels]))
    return np.hstack(columns)


def _name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else f"class {index}"


def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font; raises nothing: Pillow 13 always has it."""
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font
