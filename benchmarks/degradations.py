"""Made defects of known strength, for calibration, tests and the response curves.

Every function takes an (H, W, 3) uint8 RGB picture and returns a new one of the same kind; the
strength grows with the defect. Faces and masks are given by the caller so that nothing here
depends on a model.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
Mask = NDArray[np.float32]


def _rgb(picture: Any) -> Rgb:
    """What OpenCV returns, with its type."""
    return np.asarray(picture, np.uint8)


def _bytes(values: NDArray[np.floating]) -> Rgb:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def blur(rgb: Rgb, sigma: float) -> Rgb:
    """Defocus: Gaussian of ``sigma`` pixels."""
    return _rgb(cv2.GaussianBlur(rgb, (0, 0), sigma)) if sigma > 0 else rgb.copy()


def motion_blur(rgb: Rgb, length: float, angle: float = 20.0) -> Rgb:
    """Camera shake along ``angle`` degrees over ``length`` pixels."""
    if length <= 0:
        return rgb.copy()
    size = int(np.ceil(length)) | 1
    line = np.zeros((size, size), np.float32)
    line[size // 2] = 1
    turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, 1)
    kernel = np.asarray(cv2.warpAffine(line, turn, (size, size)), np.float32)
    kernel /= kernel.sum()
    return _rgb(cv2.filter2D(rgb, -1, kernel, borderType=cv2.BORDER_REPLICATE))


def noise(rgb: Rgb, sigma: float, seed: int = 0) -> Rgb:
    """Sensor noise of standard deviation ``sigma`` grey levels, mostly luminance."""
    rng = np.random.default_rng(seed)
    luma = rng.normal(0, sigma, (*rgb.shape[:2], 1))
    chroma = rng.normal(0, sigma / 2, rgb.shape)
    return _bytes(rgb + luma + chroma)


def exposure(rgb: Rgb, stops: float) -> Rgb:
    """Exposure changed by ``stops`` (negative: darker) in linear light."""
    linear = (rgb / 255.0) ** 2.2
    return _bytes(255 * np.clip(linear * 2.0**stops, 0, 1) ** (1 / 2.2))


def contrast(rgb: Rgb, share: float) -> Rgb:
    """Tones drawn towards mid grey: 1 keeps them, 0 leaves one grey."""
    return _bytes(128 + (rgb - 128.0) * share)


def cast(rgb: Rgb, red: float, blue: float) -> Rgb:
    """White balance error: gains of the red and blue channel."""
    return _bytes(rgb * np.array([red, 1.0, blue]))


def greyscale(rgb: Rgb) -> Rgb:
    """No colour at all."""
    return _rgb(cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def sepia(rgb: Rgb) -> Rgb:
    """Brown-toned monochrome."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None] / 255.0
    return _bytes(255 * grey ** np.array([0.75, 1.0, 1.35]))


def jpeg(rgb: Rgb, quality: int) -> Rgb:
    """One lossy save at ``quality``."""
    saved = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return _rgb(cv2.imdecode(saved, cv2.IMREAD_COLOR))[..., ::-1].copy()


def upscaled(rgb: Rgb, factor: float, interpolation: int = cv2.INTER_CUBIC) -> Rgb:
    """A picture ``factor`` times smaller blown up to this size."""
    height, width = rgb.shape[:2]
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    less = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return _rgb(cv2.resize(less, (width, height), interpolation=interpolation))


def stretched(rgb: Rgb, factor: float) -> Rgb:
    """Widened ``factor`` times (below 1: narrowed) and cut or padded back to the old size."""
    height, width = rgb.shape[:2]
    size = (round(width * factor), height)
    wide = _rgb(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    extra = wide.shape[1] - width
    if extra >= 0:
        return np.ascontiguousarray(wide[:, extra // 2 : extra // 2 + width])
    left = -extra // 2
    return _rgb(cv2.copyMakeBorder(wide, 0, 0, left, -extra - left, cv2.BORDER_REPLICATE))


def rotated(rgb: Rgb, degrees: float) -> Rgb:
    """Turned about the middle, clockwise for positive angles, edges replicated."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    turned = cv2.warpAffine(
        rgb, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _rgb(turned)


def reframed(rgb: Rgb, zoom: float = 1.0, dx: float = 0.0, dy: float = 0.0) -> Rgb:
    """Zoomed about the middle and shifted by shares of the size; edges replicated."""
    height, width = rgb.shape[:2]
    move = np.array(
        [
            [zoom, 0, width * (0.5 - zoom / 2 + dx)],
            [0, zoom, height * (0.5 - zoom / 2 + dy)],
        ],
        np.float32,
    )
    flags = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    size = (width, height)
    return _rgb(cv2.warpAffine(rgb, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def side_light(rgb: Rgb, stops: float) -> Rgb:
    """Light falling off by ``stops`` from the left to the right edge."""
    fall = np.linspace(0, -stops, rgb.shape[1])[None, :, None]
    return _bytes(255 * np.clip((rgb / 255.0) ** 2.2 * 2.0**fall, 0, 1) ** (1 / 2.2))


def half_light(rgb: Rgb, stops: float, middle: float, width: float) -> Rgb:
    """A lamp at the left: ``stops`` darker right of column ``middle``, over ``width`` pixels."""
    columns = np.arange(rgb.shape[1], dtype=np.float64)
    fall = -stops / (1 + np.exp(-4 * (columns - middle) / max(width, 1e-6)))
    gain = 2.0 ** fall[None, :, None]
    return _bytes(255 * np.clip((rgb / 255.0) ** 2.2 * gain, 0, 1) ** (1 / 2.2))


def hot_spot(rgb: Rgb, centre: tuple[float, float], radius: float) -> Rgb:
    """A blown-out round highlight."""
    ys, xs = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    distance = np.hypot(xs - centre[0], ys - centre[1]) / max(radius, 1e-6)
    glow = np.clip(1.6 - distance, 0, 1)[..., None]
    return _bytes(rgb + (255 - rgb) * glow)


def on_background(rgb: Rgb, person: Mask, backdrop: Rgb) -> Rgb:
    """The person cut out by a soft mask (0–1, same size) and put before another backdrop."""
    alpha = np.clip((person - 0.1) / 0.8, 0, 1)[..., None]
    return _bytes(rgb * alpha + backdrop * (1 - alpha))


def plain_backdrop(shape: tuple[int, ...], colour: tuple[int, int, int]) -> Rgb:
    """One colour with a trace of sensor noise."""
    flat = np.broadcast_to(np.array(colour, np.float64), (*shape[:2], 3))
    return noise(_bytes(flat), 1.0)


def gradient_backdrop(shape: tuple[int, ...], colour: tuple[int, int, int], fall: float) -> Rgb:
    """From ``colour`` at the top down to ``fall`` grey levels darker at the bottom."""
    ramp = np.linspace(0, -fall, shape[0])[:, None, None]
    return noise(_bytes(np.array(colour, np.float64) + ramp + np.zeros((*shape[:2], 1))), 1.0)


def patterned_backdrop(shape: tuple[int, ...], colour: tuple[int, int, int], depth: float) -> Rgb:
    """Stripes and blobs ``depth`` grey levels deep."""
    ys, xs = np.mgrid[: shape[0], : shape[1]] / max(shape[:2])
    waves = np.sin(34 * xs + 4 * np.sin(9 * ys)) + np.sin(27 * ys + 2)
    return noise(_bytes(np.array(colour, np.float64) + depth / 2 * waves[..., None]), 1.0)


def cast_shadow(backdrop: Rgb, person: Mask, depth: float, shift: float = 0.06) -> Rgb:
    """The person's soft shadow, ``depth`` grey levels deep, thrown to the right and down."""
    height, width = person.shape
    move = np.array([[1, 0, shift * width], [0, 1, 0.3 * shift * width]], np.float32)
    shade = cv2.warpAffine(person, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
    shade = cv2.GaussianBlur(shade, (0, 0), 0.012 * width)
    return _bytes(backdrop - depth * shade[..., None])


def with_object(rgb: Rgb, person: Mask, size: float, colour: tuple[int, int, int]) -> Rgb:
    """A block of ``size`` (share of the width) standing in the background at the right."""
    height, width = rgb.shape[:2]
    scene = rgb.copy()
    side = round(size * width)
    top = round(0.25 * height)
    scene[top : top + side, width - side :] = colour
    alpha = np.clip((person - 0.1) / 0.8, 0, 1)[..., None]
    return _bytes(rgb * alpha + scene * (1 - alpha))


def second_face(rgb: Rgb, face: Rgb, width: float, at: tuple[float, float]) -> Rgb:
    """Another picture pasted, ``width`` wide (share), its corner ``at`` shares of the size."""
    out = rgb.copy()
    side = max(8, round(width * rgb.shape[1]))
    small = cv2.resize(
        face, (side, round(side * face.shape[0] / face.shape[1])), interpolation=cv2.INTER_AREA
    )
    x, y = round(at[0] * rgb.shape[1]), round(at[1] * rgb.shape[0])
    part = out[y : y + small.shape[0], x : x + small.shape[1]]
    part[:] = small[: part.shape[0], : part.shape[1]]
    return out


def framed(rgb: Rgb, thickness: float, colour: tuple[int, int, int]) -> Rgb:
    """A border ``thickness`` (share of the width) wide drawn inside the edges."""
    side = max(1, round(thickness * rgb.shape[1]))
    inner = rgb[side:-side, side:-side]
    bordered = cv2.copyMakeBorder(
        inner, side, side, side, side, cv2.BORDER_CONSTANT, value=tuple(colour)
    )
    return _rgb(bordered)
