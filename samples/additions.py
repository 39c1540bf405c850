"""Things added to the finished picture: frames, lettering, stickers; and a photo of a screen."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from subject import Rgb

Colour = tuple[int, int, int]


def bars(rgb: Rgb, share: float, colour: Colour = (0, 0, 0)) -> Rgb:
    """Bars of one colour over the top and the bottom."""
    out, thick = rgb.copy(), round(share * rgb.shape[0])
    out[:thick] = out[-thick:] = colour
    return out


def margin(rgb: Rgb, share: float, colour: Colour) -> Rgb:
    """The picture shrunk and set on a sheet of one colour."""
    height, width = rgb.shape[:2]
    x, y = round(share * width), round(share * height)
    inner = cv2.resize(rgb, (width - 2 * x, height - 2 * y), interpolation=cv2.INTER_AREA)
    out = np.empty_like(rgb)
    out[:] = colour
    out[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    return out


def lettering(
    rgb: Rgb,
    text: str,
    at: tuple[float, float],
    size: float,
    colour: Colour,
    *,
    opacity: float = 1.0,
    lean: float = 0.0,
) -> Rgb:
    """Text with its middle ``at`` shares of the size, ``size`` of the height tall."""
    height, width = rgb.shape[:2]
    font = ImageFont.load_default(size * height)
    layer = Image.new("L", (width, height))
    draw = ImageDraw.Draw(layer)
    place = (at[0] * width, at[1] * height)
    draw.text(place, text, fill=round(255 * opacity), font=font, anchor="mm")
    if lean:
        layer = layer.rotate(lean, Image.Resampling.BICUBIC, center=place)
    cover = np.asarray(layer, np.float32)[..., None] / 255.0
    return np.asarray(np.round(rgb * (1 - cover) + np.array(colour) * cover), np.uint8)


def sticker(rgb: Rgb, width: float, at: tuple[float, float]) -> Rgb:
    """A small square code, such as programs put on pictures to be shared."""
    side = round(width * rgb.shape[1]) // 21 * 21
    cells = np.random.default_rng(7).integers(0, 2, (21, 21), np.uint8) * 255
    for y, x in ((0, 0), (0, 14), (14, 0)):
        cells[y : y + 7, x : x + 7] = 0
        cells[y + 1 : y + 6, x + 1 : x + 6] = 255
        cells[y + 2 : y + 5, x + 2 : x + 5] = 0
    code = cv2.resize(cells, (side, side), interpolation=cv2.INTER_NEAREST)
    code = cv2.copyMakeBorder(np.asarray(code), 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=(255,))
    out, x, y = rgb.copy(), round(at[0] * rgb.shape[1]), round(at[1] * rgb.shape[0])
    out[y : y + side + 8, x : x + side + 8] = np.asarray(code)[..., None]
    return out


def screen(rgb: Rgb, period: float = 3.3, depth: float = 0.14) -> Rgb:
    """The raster of a display as a camera sees it."""
    ys, xs = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    phase = np.array([0.0, 2.1, 4.2])
    columns = np.cos(2 * np.pi * xs[..., None] / period + phase)
    rows = np.cos(2 * np.pi * ys / (1.31 * period))[..., None]
    lit = rgb * (1 + depth * (0.6 * columns + 0.4 * rows))
    return np.asarray(np.clip(np.round(lit), 0, 255), np.uint8)
