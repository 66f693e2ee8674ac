"""Drawn scenes: pages, signs and screens, because text must stay text.

Photos hold too little text for a network to learn what letters look like. The letters
are Pillow's own font (Aileron); the words mean nothing.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_FINE = 2
"""Scenes are drawn this much larger and averaged down, for edges as a lens draws them."""
_LETTERS = np.array(list("eeeeettttaaaoooiiinnnsssrrrhhlldducmmfwygpbvkxqjz"))
_CAPITALS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_DIGITS = np.array(list("00112233445566778899.,:-%/"))

Colour = tuple[int, int, int]


def draw_document(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A page, a sign or a screen, (height, width, 3) uint8 RGB, `size` being (height, width).

    Slightly turned and unevenly lit, as if photographed. The same `rng` draws the same.
    """
    height, width = (_FINE * side for side in size)
    margin = int(0.15 * max(height, width))
    paper, inks = _draw_colours(rng)
    image = Image.new("RGB", (width + 2 * margin, height + 2 * margin), paper)
    draw = ImageDraw.Draw(image)
    layout = rng.choice(["page", "sign", "screen"], p=[0.5, 0.25, 0.25])
    if layout == "page":
        _fill_with_text(draw, rng, inks, image.size, _FINE * int(rng.integers(9, 22)))
    elif layout == "sign":
        _draw_boxes(draw, rng, [*inks, paper], image.size)
        _fill_with_text(draw, rng, inks, image.size, _FINE * int(rng.integers(24, 72)))
    else:
        _fill_with_text(draw, rng, inks, image.size, _FINE * int(rng.integers(10, 18)))
        _draw_boxes(draw, rng, inks, image.size)
        _draw_rules(draw, rng, inks, image.size)
    return _photograph(np.asarray(image), rng, size)


def _draw_colours(rng: np.random.Generator) -> tuple[Colour, list[Colour]]:
    """Colours of the paper and of three inks that stand out from it; half are grey."""
    is_dark = rng.random() < 0.35
    paper_range, ink_range = ((0, 90), (150, 256)) if is_dark else ((170, 256), (0, 110))

    def pick(low: int, high: int) -> Colour:
        grey = int(rng.integers(low, high))
        if rng.random() < 0.5:
            return grey, grey, grey
        red, green, blue = (int(rng.integers(low, high)) for _ in range(3))
        return red, green, blue

    return pick(*paper_range), [pick(*ink_range) for _ in range(3)]


def _fill_with_text(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    inks: list[Colour],
    canvas: tuple[int, int],
    letter_px: int,
) -> None:
    """Lines of text from top to bottom, with headings, gaps and indents."""
    width, height = canvas
    top = int(rng.integers(letter_px))
    while top < height:
        is_heading = rng.random() < 0.1
        line_px = int(letter_px * rng.uniform(1.3, 2.0)) if is_heading else letter_px
        if rng.random() < 0.9:
            left = int(rng.integers(0, max(1, width // 6)))
            letter_count = int(rng.integers(4, max(5, 2 * width // line_px)))
            ink = inks[int(rng.integers(len(inks)))] if is_heading else inks[0]
            draw.text((left, top), _words(rng, letter_count), fill=ink, font=_font(line_px))
        top += int(line_px * rng.uniform(1.15, 1.7))


def _words(rng: np.random.Generator, letter_count: int) -> str:
    """About `letter_count` letters as words, numbers and capitals."""
    words: list[str] = []
    while sum(map(len, words)) < letter_count:
        length = int(rng.integers(1, 11))
        letters = [_LETTERS, _LETTERS, _LETTERS, _CAPITALS, _DIGITS][int(rng.integers(5))]
        word = "".join(rng.choice(letters, length))
        words.append(word.capitalize() if rng.random() < 0.2 else word)
    return " ".join(words)


def _draw_boxes(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    colours: list[Colour],
    canvas: tuple[int, int],
) -> None:
    """A few rectangles, rounded or not, and discs, filled or as outlines."""
    for _ in range(int(rng.integers(2, 8))):
        left, right = sorted(int(x) for x in rng.integers(0, canvas[0], 2))
        top, bottom = sorted(int(y) for y in rng.integers(0, canvas[1], 2))
        colour = colours[int(rng.integers(len(colours)))]
        is_filled = rng.random() < 0.4
        fill, outline = (colour, None) if is_filled else (None, colour)
        box = (left, top, right + 1, bottom + 1)
        line_px = int(rng.integers(1, 8))
        if rng.random() < 0.25:
            draw.ellipse(box, fill, outline, line_px)
        else:
            draw.rounded_rectangle(box, int(rng.integers(0, 20)), fill, outline, line_px)


def _draw_rules(
    draw: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    colours: list[Colour],
    canvas: tuple[int, int],
) -> None:
    """Straight lines: the rules of a table, or strokes across."""
    for _ in range(int(rng.integers(3, 12))):
        x, y = (int(rng.integers(0, side)) for side in canvas)
        end = [(x, canvas[1]), (canvas[0], y)][int(rng.integers(2))]
        if rng.random() < 0.2:
            end = (int(rng.integers(0, canvas[0])), int(rng.integers(0, canvas[1])))
        draw.line([(x, y), end], colours[int(rng.integers(len(colours)))], int(rng.integers(1, 7)))


@cache
def _font(letter_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's font with letters of `letter_px` pixels."""
    return ImageFont.load_default(letter_px)


def _photograph(canvas: np.ndarray, rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """The middle of `canvas`, slightly turned and unevenly lit, averaged down to `size`."""
    height, width = size
    turned = cv2.getRotationMatrix2D(
        ((canvas.shape[1] - 1) / 2, (canvas.shape[0] - 1) / 2), float(rng.normal(0, 4)), 1.0
    )
    turned[:, 2] -= [(canvas.shape[1] - _FINE * width) / 2, (canvas.shape[0] - _FINE * height) / 2]
    shown = cv2.warpAffine(
        canvas,
        turned,
        (_FINE * width, _FINE * height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    shown = cv2.resize(shown, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    across = np.linspace(0, float(rng.uniform(-0.3, 0.3)), width, dtype=np.float32)[None, :, None]
    down = np.linspace(0, float(rng.uniform(-0.3, 0.3)), height, dtype=np.float32)[:, None, None]
    light = np.minimum(1, 1 - np.maximum(across + down, -0.2) * 0.8)
    return np.clip(shown * light, 0, 255).astype(np.uint8)
