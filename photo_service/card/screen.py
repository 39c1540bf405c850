"""A display's raster: a fine regular pattern that runs on from square to square of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from photo_service.raster import counted_frequencies

ByteImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]
Box = tuple[float, float, float, float]

# Side of the squares compared, and about how many are looked at.
_SQUARE = 64
_MOST_SQUARES = 260
# A square with less fine texture (mean absolute, grey levels) holds only JPEG's own pattern.
_LEAST_TEXTURE = 0.25
# A pattern stands out from its surroundings in the spectrum by this, natural logarithm, and goes on
# in the next square if its frequency changes by no more than this, cycles a square.
_LEAST_PEAK = 1.0
_LIKE = 2.2
# Patterns of a longer period than this are print, cloth or light, pixels.
_LONGEST = 12
# Fewer neighbours tell nothing.
_FEWEST_PAIRS = 8


def on_card(picture: ByteImage, corners: FloatImage) -> float:
    """How much of a card a fine pattern covers that also runs on over its rim.

    Args:
        picture: (h, w, 3) RGB, its pixels as the camera made them.
        corners: (4, 2) of the card.

    Returns:
        The lesser of two shares of neighbouring squares in which the same period stands out, 0–1:
        among squares on the card, and among those on either side of its rim. A card's own fine
        lines end at its rim, and what it lies on ends there too.
    """
    height, width = picture.shape[:2]
    left, top = np.maximum(corners.min(axis=0) - 1.5 * _SQUARE, 0).astype(int)
    right, bottom = np.minimum(corners.max(axis=0) + 1.5 * _SQUARE, (width, height)).astype(int)
    squares = _Squares(picture[top:bottom, left:right])
    outline = (corners - (left, top)).astype(np.float32).reshape(-1, 1, 2)
    distances = [cv2.pointPolygonTest(outline, middle, False) for middle in squares.middles]
    inside = np.array(distances).reshape(squares.shape) >= 0
    return min(squares.share(inside, across=False), squares.share(inside, across=True))


def on_face(picture: ByteImage, face: Box) -> float:
    """How much of a face a fine pattern covers; skin and hair have none.

    Args:
        picture: (h, w, 3) RGB, its pixels as the camera made them.
        face: x, y, width and height.

    Returns:
        Share of neighbouring squares in which the same period stands out, 0–1.
    """
    x, y, width, height = (round(value) for value in face)
    squares = _Squares(picture[max(y, 0) : y + height, max(x, 0) : x + width])
    return squares.share(np.ones(squares.shape, np.bool_), across=False)


class _Squares:
    """What stands out most in each square's spectrum; rows of squares in twos.

    Args:
        part: (h, w, 3) RGB.
    """

    def __init__(self, part: ByteImage) -> None:
        rows, columns = (side // _SQUARE for side in part.shape[:2])
        # Of a large picture every so many two rows are enough.
        step = max(1, round(rows * columns / _MOST_SQUARES))
        self._rows = [row for row in range(rows) if row // 2 % step == 0]
        self.shape = len(self._rows), columns
        self.middles = [
            ((column + 0.5) * _SQUARE, (row + 0.5) * _SQUARE)
            for row in self._rows
            for column in range(columns)
        ]
        found = [_strongest(part[row * _SQUARE : (row + 1) * _SQUARE]) for row in self._rows]
        self._peaks = np.array(found, np.float32).reshape(*self.shape, 3)

    def share(self, inside: BoolImage, *, across: bool) -> float:
        """Of neighbours both inside, or of those of which one is, how many show one pattern."""
        alike = asked = 0
        for down, right in ((0, 1), (1, 0)):
            ends = (
                np.s_[: self.shape[0] - down, : self.shape[1] - right],
                np.s_[down:, right:],
            )
            one, other = (self._peaks[end] for end in ends)
            here, there = (inside[end] for end in ends)
            wanted = here != there if across else here & there
            if down:
                wanted &= (np.diff(self._rows) == 1)[:, None]
            clear = np.minimum(one[..., 2], other[..., 2])
            wanted &= clear >= 0
            clear = clear > _LEAST_PEAK
            near = np.hypot(*(one[..., :2] - other[..., :2]).transpose(2, 0, 1)) < _LIKE
            alike += int((wanted & clear & near).sum())
            asked += int(wanted.sum())
        return alike / asked if asked >= _FEWEST_PAIRS else 0.0


def _strongest(row: ByteImage) -> list[tuple[float, float, float]]:
    """Of each square of a row the frequency that stands out most, cycles a square, and how much.

    -1 where there is too little texture.
    """
    luma = cv2.cvtColor(np.ascontiguousarray(row), cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 2.5)
    count = fine.shape[1] // _SQUARE
    squares = fine[:, : count * _SQUARE].reshape(_SQUARE, count, _SQUARE).transpose(1, 0, 2)
    texture = np.abs(squares).mean(axis=(1, 2))
    window = np.hanning(_SQUARE).astype(np.float32)
    spectra = np.abs(np.fft.rfft2(squares * np.outer(window, window)))
    floor = 0.1 * _SQUARE * texture[:, None, None] + 1e-3
    levels = np.fft.fftshift(np.log(spectra + floor), axes=1).astype(np.float32)
    counted = counted_frequencies(_SQUARE, _LONGEST)
    found = []
    for level, much in zip(levels, texture, strict=True):
        above = np.where(counted, level - cv2.medianBlur(level, 5), -np.inf)
        down, along = divmod(int(above.argmax()), above.shape[1])
        clear = max(float(above[down, along]), 0.0) if much > _LEAST_TEXTURE else -1.0
        found.append((float(down - _SQUARE // 2), float(along), clear))
    return found
