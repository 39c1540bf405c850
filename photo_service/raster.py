"""Screen patterns: a periodic raster or moiré common to the whole picture."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photo_service.errors import CannotAssess

ByteImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

LONGEST = 12.5
"""Period of the coarsest patterns counted, pixels."""
# Side of the squares compared, how many, and the quartile that is "everywhere".
_SQUARE = 96
_MOST_SQUARES = 16
_LEAST_SQUARES = 6
_EVERYWHERE = 0.25
# A square with less fine texture (mean absolute, grey levels) holds only JPEG's own pattern.
_LEAST_TEXTURE = 0.35
# Side of the blocks in which a picture's grain is measured.
_BLOCK = 16


def raster(rgb: ByteImage, *, longest: float = LONGEST) -> float:
    """How far the strongest periodic pattern common to the whole picture stands out.

    Args:
        rgb: (h, w, 3) picture.
        longest: patterns of a longer period than this are not counted, pixels.

    Returns:
        Units of the spectrum's usual unevenness; ordinary pictures read below 5.

    Raises:
        CannotAssess: ``too-plain``, too little texture.
    """
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 2.5)
    squares = _squares(np.asarray(fine, np.float32))
    if len(squares) < _LEAST_SQUARES:
        raise CannotAssess("too-plain")
    window = np.hanning(_SQUARE).astype(np.float32)
    squares *= np.outer(window, window) / np.abs(squares).mean(axis=(1, 2), keepdims=True)
    spectra = np.log(np.abs(np.fft.rfft2(squares)) + 0.3)
    rank = int(_EVERYWHERE * len(spectra))
    common = np.fft.fftshift(np.partition(spectra, rank, axis=0)[rank], axes=0).astype(np.float32)
    difference = common - cv2.medianBlur(common, 5)
    counted = counted_frequencies(_SQUARE, longest)
    spread = max(1.48 * float(np.median(np.abs(difference[counted]))), 0.14)
    return float(difference[counted].max()) / spread


def grain(rgb: ByteImage) -> float:
    """How strong the fine texture is in the plainest parts of a picture.

    Args:
        rgb: (h, w, 3) picture.

    Returns:
        Mean absolute difference to the picture slightly blurred, grey levels; the lower tenth of
        blocks of 16 px, which fit between the print of dense tables. Scans and photos of paper
        read up to 2.2, screens whose raster shows from 6.7.
    """
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = cv2.absdiff(luma, cv2.GaussianBlur(luma, (0, 0), 1.5))
    blocks = (max(fine.shape[1] // _BLOCK, 1), max(fine.shape[0] // _BLOCK, 1))
    return float(np.percentile(cv2.resize(fine, blocks, interpolation=cv2.INTER_AREA), 10))


def _squares(fine: FloatImage) -> FloatImage:
    """(n, 96, 96) squares with some texture, evenly taken from the picture."""
    height, width = fine.shape
    corners = [
        (y, x)
        for y in range(0, height - _SQUARE + 1, _SQUARE)
        for x in range(0, width - _SQUARE + 1, _SQUARE)
    ]
    some = corners[:: max(1, math.ceil(len(corners) / _MOST_SQUARES))]
    if not some:
        return np.empty((0, _SQUARE, _SQUARE), np.float32)
    squares = np.stack([fine[y : y + _SQUARE, x : x + _SQUARE] for y, x in some])
    textured = np.abs(squares).mean(axis=(1, 2)) > _LEAST_TEXTURE
    return np.asarray(squares[textured], np.float32)


@cache
def counted_frequencies(side: int, longest: float) -> NDArray[np.bool_]:
    """Neither the large shapes nor the frequencies of JPEG's blocks.

    Args:
        side: of the squares whose spectra are looked at, pixels.
        longest: patterns of a longer period than this are not counted, pixels.

    Returns:
        (side, side // 2 + 1), for `numpy.fft.rfft2` with the first axis shifted.
    """
    down = np.abs(np.fft.fftshift(np.fft.fftfreq(side)))[:, None]
    across = np.fft.rfftfreq(side)[None]

    def of_blocks(frequency: NDArray[Any]) -> NDArray[np.bool_]:
        off = np.abs(frequency * 8 - np.round(frequency * 8)) / 8
        return np.asarray(off < 1.6 / side, np.bool_)

    large = (np.hypot(down, across) <= 1 / longest) | (across <= 1.5 / side)
    return np.asarray(~large & ~(of_blocks(down) & of_blocks(across)), np.bool_)
