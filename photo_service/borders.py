"""What lies along the four sides of a picture: straight lines and strips of one colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Long side of the picture in which borders are looked for, pixels.
LONG_SIDE = 400
# A border is looked for within this share of the height from top and bottom, of the width from
# left and right.
REACH = 0.25
# Scanners and croppers leave an odd outermost row or two; a border is thicker, in pixels at
# LONG_SIDE.
THINNEST = 3
# The ends of each side are left out: rounded corners, crossing bars.
CORNER = 0.08
# Largest difference of the three channels: within one colour; across an edge.
SAME_COLOUR = 16
STEP = 10
# An odd outermost row rings through the first blocks of a JPEG: there, as many rows deep, only
# steps stronger than this count.
RINGING_DEPTH = 7
RINGING_STEP = 24
# Share of the outermost rows that may differ from their colour; share of the side along which a
# strip may end too early.
FOREIGN = 0.03
EARLIER = 0.02

ByteImage = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """What is seen going inwards from one side.

    Attributes:
        line: share of the side's length along which the colour steps at one same depth; of all
            depths the one with the longest line.
        line_depth: that depth, share of the height or width.
        strip: share of the side's length along which a strip of one colour, from the edge
            inwards, ends at one same depth; 0 if there is no such strip.
        strip_depth: that depth, share of the height or width.
        colour: of the outermost rows, if they have one.
    """

    line: float
    line_depth: float
    strip: float
    strip_depth: float
    colour: NDArray[np.float64] | None


def sides(rgb: ByteImage) -> Mapping[str, Side]:
    """The ``top``, ``bottom``, ``left`` and ``right`` of a (H, W, 3) picture; about 1 ms."""
    height, width = rgb.shape[:2]
    factor = min(1.0, LONG_SIDE / max(height, width))
    size = (max(round(width * factor), 16), max(round(height * factor), 16))
    # Above a half, bilinear reads every pixel too and takes a tenth of the time.
    way = cv2.INTER_LINEAR if factor > 0.5 else cv2.INTER_AREA
    scaled = np.asarray(cv2.resize(rgb, size, interpolation=way), np.uint8)
    turned = np.asarray(cv2.transpose(scaled), np.uint8)
    return {
        "top": _side(scaled),
        "bottom": _side(scaled[::-1]),
        "left": _side(turned),
        "right": _side(turned[::-1]),
    }


def one_colour(found: Mapping[str, Side]) -> bool:
    """Whether the outermost rows of all sides have one and the same colour."""
    colours = [side.colour for side in found.values() if side.colour is not None]
    return len(colours) == len(found) and bool(np.ptp(colours, axis=0).max() <= SAME_COLOUR)


def _side(inwards: ByteImage) -> Side:
    """Look from the first row inwards."""
    total, length = inwards.shape[:2]
    depth = max(8, int(total * REACH))
    corner = int(CORNER * length)
    part = np.ascontiguousarray(inwards[:depth, corner : length - corner])

    rows = np.arange(depth)[:, None]
    steps = _strongest(cv2.absdiff(part[2:], part[:-2]))
    lengths = (steps > np.where(rows < RINGING_DEPTH, RINGING_STEP, STEP)[:-2]).mean(axis=1)
    lengths[: THINNEST - 1] = 0
    best = int(lengths.argmax())

    # Rows nearer to the edge are left to the scanner.
    colour = np.median(part[THINNEST - 1], axis=0)
    foreign = _strongest(cv2.absdiff(part, np.full_like(part, colour.astype(np.uint8))))
    foreign_from = np.where(rows < RINGING_DEPTH, RINGING_STEP, SAME_COLOUR)
    strip, end, plain = _strip(foreign > foreign_from)
    return Side(
        line=float(lengths[best]),
        line_depth=(best + 1.5) / total,
        strip=strip,
        strip_depth=end / total,
        colour=colour if plain else None,
    )


def _strip(foreign: NDArray[np.bool_]) -> tuple[float, int, bool]:
    """Share of the columns that turn foreign at one depth, that depth, and whether plain before."""
    depth, columns = foreign.shape
    plain = bool(foreign[THINNEST - 1].mean() <= FOREIGN)
    foreign[: THINNEST - 1] = False
    ends = np.where(foreign.any(axis=0), foreign.argmax(axis=0), depth)
    counts = np.bincount(ends, minlength=depth + 1)[:depth]
    # Chroma subsampling and scaling blur the end over two pixels each way.
    inner = np.where(np.arange(depth) < THINNEST, 0, counts)
    near = np.convolve(inner, np.ones(5, int), "same")
    end = int(near.argmax())
    earlier = counts[: max(end - 2, THINNEST)].sum() / columns
    return (float(near[end]) / columns if plain and earlier < EARLIER else 0.0), end, plain


def _strongest(difference: NDArray[Any]) -> ByteImage:
    red, green, blue = cv2.split(difference)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)
