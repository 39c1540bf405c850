"""What cards lie on: surfaces made of noise, and textures that come with scikit-image."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import skimage.data
from cards import Colour, Rgb
from numpy.typing import NDArray

Field = NDArray[np.float32]
Rng = np.random.Generator

# Surfaces are made at most this large and enlarged: a lens sees no finer grain on a desk.
_LONGEST = 1600


def table(name: str, size: tuple[int, int], rng: Rng) -> Rgb:
    """A surface from above.

    Args:
        name: one of `TABLES`.
        size: width and height, pixels.
        rng: where its chances come from.
    """
    shrink = min(1.0, _LONGEST / max(size))
    small = (max(8, round(size[0] * shrink)), max(8, round(size[1] * shrink)))
    made = np.clip(TABLES[name](small, rng), 0, 255).astype(np.uint8)
    if made.shape[1::-1] == size:
        return made
    return np.asarray(cv2.resize(made, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def clouds(size: tuple[int, int], rng: Rng, cells: float, octaves: int = 4) -> Field:
    """Smooth noise of mean 0 and spread 1; ``cells`` across the width in the coarsest layer."""
    width, height = size
    total: Field = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        across = max(2, round(cells * 2**octave))
        down = max(2, round(across * height / width))
        grid = rng.standard_normal((down, across)).astype(np.float32)
        total += cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC) / 2**octave
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-6), np.float32)


def _axes(size: tuple[int, int]) -> tuple[Field, Field]:
    ys, xs = np.mgrid[: size[1], : size[0]].astype(np.float32) / max(size)
    return xs, ys


def _coloured(colour: Colour, change: Field) -> Field:
    return np.array(colour, np.float32) * (1 + change[..., None])


def _grain(size: tuple[int, int], rng: Rng, spread: float) -> Field:
    return rng.normal(0, spread, (size[1], size[0])).astype(np.float32)


def _wood(size: tuple[int, int], rng: Rng, colour: Colour) -> Field:
    xs, ys = _axes(size)
    if rng.random() < 0.5:
        xs, ys = ys, xs
    rings = np.sin(2 * np.pi * (ys * rng.uniform(10, 26) + 0.5 * clouds(size, rng, 3)))
    fibres = cv2.blur(_grain(size, rng, 1.0), (61, 1) if ys[0, 0] == ys[0, -1] else (1, 61))
    plank = np.floor(ys * rng.integers(3, 6)) % 2
    return _coloured(colour, 0.07 * rings + 0.35 * fibres + 0.05 * plank)


def _light_wood(size: tuple[int, int], rng: Rng) -> Field:
    return _wood(size, rng, (206, 172, 128))


def _brown_wood(size: tuple[int, int], rng: Rng) -> Field:
    return _wood(size, rng, (132, 88, 56))


def _cloth(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    threads = rng.uniform(120, 240)
    weave = np.sin(2 * np.pi * threads * xs) + np.sin(2 * np.pi * threads * ys)
    folds = clouds(size, rng, 2, 2)
    hue = tuple(int(v) for v in rng.uniform(60, 200, 3))
    return _coloured((hue[0], hue[1], hue[2]), 0.05 * weave + 0.07 * folds)


def _marble(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    veins = np.abs(np.sin(2 * np.pi * (2 * xs + 3 * ys + 0.7 * clouds(size, rng, 3, 5))))
    tone = -0.28 * np.exp(-veins / 0.08) + 0.02 * clouds(size, rng, 5)
    return _coloured((226, 224, 220), tone)


def _white_paper(size: tuple[int, int], rng: Rng) -> Field:
    grey = int(rng.uniform(222, 240))
    return _coloured(
        (grey, grey, grey - 3), 0.008 * clouds(size, rng, 3) + _grain(size, rng, 0.004)
    )


def _dark_desk(size: tuple[int, int], rng: Rng) -> Field:
    base = int(rng.uniform(22, 55))
    return _coloured((base, base, base + 4), 0.05 * clouds(size, rng, 8) + _grain(size, rng, 0.05))


def _grey_desk(size: tuple[int, int], rng: Rng) -> Field:
    base = int(rng.uniform(110, 180))
    return _coloured((base, base, base), 0.03 * clouds(size, rng, 4) + _grain(size, rng, 0.02))


def _checked(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    count = rng.uniform(9, 18)
    squares = (np.floor(xs * count) % 2) + (np.floor(ys * count) % 2)
    hue = rng.uniform(90, 210, 3)
    return _coloured((int(hue[0]), int(hue[1]), int(hue[2])), 0.16 * (squares - 1))


def _tiles(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    count = rng.uniform(4, 8)
    joints = (xs * count % 1 < 0.035) | (ys * count % 1 < 0.035)
    return _coloured((198, 190, 176), -0.3 * joints + 0.03 * clouds(size, rng, 6))


def _striped(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    turn = rng.uniform(0, np.pi)
    stripes = np.sign(
        np.sin(2 * np.pi * rng.uniform(8, 16) * (xs * np.cos(turn) + ys * np.sin(turn)))
    )
    hue = rng.uniform(70, 200, 3)
    return _coloured((int(hue[0]), int(hue[1]), int(hue[2])), 0.15 * stripes)


def _green_mat(size: tuple[int, int], rng: Rng) -> Field:
    xs, ys = _axes(size)
    lines = (xs * 22 % 1 < 0.04) | (ys * 22 % 1 < 0.04)
    return _coloured((44, 104, 82), 0.35 * lines + 0.03 * clouds(size, rng, 6))


def _photo(name: str) -> Callable[[tuple[int, int], Rng], Field]:
    def made(size: tuple[int, int], rng: Rng) -> Field:
        source = np.asarray(getattr(skimage.data, name)(), np.uint8)
        if source.ndim == 2:
            source = np.repeat(source[..., None], 3, axis=2)
        scale = max(size[0] / source.shape[1], size[1] / source.shape[0])
        scale *= rng.uniform(1.0, 1.3)
        wide = (
            max(size[0], round(source.shape[1] * scale)),
            max(size[1], round(source.shape[0] * scale)),
        )
        large = cv2.resize(source, wide, interpolation=cv2.INTER_CUBIC)
        x, y = rng.integers(0, wide[0] - size[0] + 1), rng.integers(0, wide[1] - size[1] + 1)
        tint = np.array(rng.uniform(0.75, 1.05, 3), np.float32)
        return large[y : y + size[1], x : x + size[0], :3].astype(np.float32) * tint

    return made


TABLES: dict[str, Callable[[tuple[int, int], Rng], Field]] = {
    "light wood": _light_wood,
    "brown wood": _brown_wood,
    "cloth": _cloth,
    "marble": _marble,
    "white paper": _white_paper,
    "dark desk": _dark_desk,
    "grey desk": _grey_desk,
    "checked": _checked,
    "tiles": _tiles,
    "striped": _striped,
    "cutting mat": _green_mat,
    "brick": _photo("brick"),
    "gravel": _photo("gravel"),
    "grass": _photo("grass"),
    "coffee": _photo("coffee"),
}
