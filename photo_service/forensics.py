"""Traces that saving, mirroring and editing leave in the pixels. Measurements only, no judgement.

**JPEG's grid.** A JPEG save rounds the cosine coefficients of each 8 × 8 block to multiples of a
table's steps. Saved or shifted since, the multiples still show when the picture is cut into blocks
at the old offset: each offset of 64 is tried on the most textured places, with the standard tables
of all qualities and with free steps. Mirroring moves the grid to (0, width mod 8), a crop to any.

Arrays are (height, width); offsets and places are (row, column) of the picture as stored.

Sources: T.81 annex A; the periodicity test is that of Fan & de Queiroz 2003
(doi:10.1109/TIP.2002.807361) and Bianchi & Piva 2012 (doi:10.1109/TIFS.2012.2187516), reduced to
one search over tables; the figures are our own (docs/authenticity.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from photo_service.errors import CannotAssess, InputError
from photo_service.image import ICC_SRGB, ICC_UNREADABLE, Photo, open_photo
from photo_service.metadata import standard_tables

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

# A coarser table of the file itself has rounded older traces away.
LEAST_QUALITY = 80
# Below it the steps are so large that few coefficients are left; above, they are all 1.
_QUALITIES = slice(29, 98)
_WINDOWS = 300
# Where mirroring cannot be seen only notes rest on the grid, and fewer places will do.
_WINDOWS_FOR_NOTES = 150
_LEAST_WINDOWS = 30
_WINDOW = 16
# Low frequencies (down, across): large enough to be left after a save, not the mean.
_FREQUENCIES = tuple((v, u) for v in range(5) for u in range(5) if 1 <= v + u <= 5)
# Coefficients are counted without sign in bins of half a grey level up to this amount.
_LARGEST, _PER_LEVEL = 128, 2
_BINS = _LARGEST * _PER_LEVEL + 1
_LARGEST_STEP = 56

_THUMBNAIL_SIDE = 64
_THUMBNAIL_BYTES = 256 * 1024
_THUMBNAIL_PIXELS = 1_000_000
_BAR_LUMA = 24


# ---------------------------------------------------------------- JPEG's grid


@dataclass(frozen=True, slots=True)
class Grid:
    """Traces of earlier JPEG saves.

    Attributes:
        contrast: (8, 8) how far the best fitting table stands out at each offset over the median
            offset, in standard deviations of a picture without a trace. In a JPEG only tables
            coarser than its own are tried, and the offset (0, 0) also shows its own save.
        quality: (8, 8) that table's quality, 1–100.
        own: the file's own quality; None for a PNG.
        width: pixels of the picture as stored.
    """

    contrast: FloatArray
    quality: NDArray[np.int64]
    own: int | None
    width: int

    @property
    def peak(self) -> tuple[int, int]:
        """The offset, other than (0, 0), with the strongest trace."""
        row, column = divmod(int(self.contrast.ravel()[1:].argmax()) + 1, 8)
        return row, column

    @property
    def margin(self) -> float:
        """By how much the peak exceeds every other offset but (0, 0)."""
        second, first = np.sort(self.contrast.ravel()[1:])[-2:]
        return float(first - second)

    @property
    def mirrored_offset(self) -> tuple[int, int]:
        """Where mirroring left and right puts the grid; (0, 0) when that cannot be told."""
        return 0, self.width % 8


def stored_luma(photo: Photo) -> ByteArray:
    """Luma of the pixels as the file stores them, up to turns by a half.

    Raises:
        CannotAssess: ``decoded-reduced``; ``colours-converted`` where conversion blurred the steps.
    """
    if photo.scale < 1:
        raise CannotAssess("decoded-reduced")
    if photo.mode == "cmyk" or photo.icc not in (None, ICC_SRGB, ICC_UNREADABLE):
        raise CannotAssess("colours-converted")
    luma = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
    return _as_stored(np.asarray(luma, np.uint8), photo.metadata.orientation)


def _as_stored(upright: ByteArray, orientation: int) -> ByteArray:
    """Undo the turning for EXIF orientation."""
    stored = cv2.transpose(upright) if orientation >= 5 else upright
    undone = {2: 1, 3: -1, 4: 0, 6: 0, 7: -1, 8: 1}.get(orientation)
    return np.asarray(stored if undone is None else cv2.flip(stored, undone), np.uint8)


def grid(photo: Photo) -> Grid:
    """Look for the grid of earlier JPEG saves.

    Raises:
        CannotAssess: ``table-coarse`` when the file's own save left nothing to see; ``too-plain``;
            what `stored_luma` raises.
    """
    jpeg = photo.metadata.jpeg
    own = None if jpeg is None else jpeg.quality
    if own is not None and own < LEAST_QUALITY:
        raise CannotAssess("table-coarse")
    luma = stored_luma(photo)
    places = _WINDOWS if luma.shape[1] % 8 else _WINDOWS_FOR_NOTES
    fits, numbers = _fits(_histograms(_textured(luma, places)))
    standard = _standard_fit(fits, numbers)
    coarser = slice(_QUALITIES.start, _QUALITIES.stop if own is None else min(own - 2, 98))
    contrast = standard[:, coarser] - np.median(standard[1:, coarser], axis=0)
    strongest = contrast.max(axis=1)
    # The own save is measured by standard tables alone: a free choice of steps always finds it.
    free = _free_fit(fits, numbers, jpeg.tables[0] if jpeg is not None and jpeg.tables else None)
    strongest[1:] = np.maximum(strongest[1:], free[1:])
    return Grid(
        contrast=strongest.reshape(8, 8),
        quality=(contrast.argmax(axis=1) + coarser.start + 1).reshape(8, 8),
        own=own,
        width=int(luma.shape[1]),
    )


def _textured(luma: ByteArray, places: int) -> FloatArray:
    """(n, 16, 16) the ``places`` most textured squares, grey levels about 0."""
    rows, columns = luma.shape[0] // _WINDOW, luma.shape[1] // _WINDOW
    whole = np.ascontiguousarray(luma[: rows * _WINDOW, : columns * _WINDOW])
    if rows * columns < _LEAST_WINDOWS:
        raise CannotAssess("too-plain")
    detail = cv2.convertScaleAbs(cv2.Laplacian(whole, cv2.CV_16S))
    busy = cv2.resize(detail, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    some = np.argsort(busy, kind="stable")[-places:]
    squares = whole.reshape(rows, _WINDOW, columns, _WINDOW).transpose(0, 2, 1, 3)
    return squares.reshape(-1, _WINDOW, _WINDOW)[some].astype(np.float32) - np.float32(128)


@cache
def _cosines() -> FloatArray:
    """(5, 8) rows of the orthonormal cosine transform for the frequencies 0 to 4."""
    n = np.arange(8)
    rows = 0.5 * np.cos((2 * n[None] + 1) * n[:5, None] * np.pi / 16)
    rows[0] /= np.sqrt(2)
    return rows.astype(np.float32)


@cache
def _shifted_cosines() -> FloatArray:
    """(16, 40) the transform of a line of 16 at 8 offsets × 5 frequencies."""
    shifted = np.zeros((8, 5, _WINDOW), np.float32)
    for offset in range(8):
        shifted[offset, :, offset : offset + 8] = _cosines()
    return np.ascontiguousarray(shifted.reshape(40, _WINDOW).T)


@cache
def _wanted() -> NDArray[np.int64]:
    """For 64 offsets × frequencies the row of the transformed squares."""
    return np.array(
        [
            (dy * 5 + v) * 40 + dx * 5 + u
            for dy in range(8)
            for dx in range(8)
            for v, u in _FREQUENCIES
        ]
    )


def _histograms(squares: FloatArray) -> FloatArray:
    """(64, frequencies, bins) how often each amount of each frequency occurs at each offset."""
    # Square by square: products this small stay on one thread; on two they wait for each other.
    both = _shifted_cosines().T @ (squares @ _shifted_cosines())
    amounts = both.reshape(len(squares), 1600).T[_wanted()]
    bins = np.rint(np.abs(amounts) * np.float32(_PER_LEVEL)).astype(np.int64)
    np.minimum(bins, _BINS - 1, out=bins)
    bins += (np.arange(len(bins)) * _BINS)[:, None]
    counts = np.bincount(bins.ravel(), minlength=len(bins) * _BINS)
    counts = counts.reshape(64, len(_FREQUENCIES), _BINS).astype(np.float32)
    counts[..., -1] = 0  # what was too large to be counted
    return np.asarray(counts, np.float32)


@cache
def _periods() -> FloatArray:
    """(bins, steps) the cosine of an amount's phase under each step from 1.

    0 for amounts below half a step, which are all rounded to zero and fit every step.
    """
    amounts = np.arange(_BINS)[:, None] / _PER_LEVEL
    steps = np.arange(1, _LARGEST_STEP + 1)[None]
    phase = np.cos(2 * np.pi * amounts / steps) * (amounts > steps / 2)
    return phase.astype(np.float32)


def _table_steps() -> NDArray[np.int64]:
    """(100, frequencies) column of each quality's step in `_periods`."""
    places = [8 * v + u for v, u in _FREQUENCIES]
    return np.minimum(standard_tables()[:, places], _LARGEST_STEP).astype(np.int64) - 1


def _fits(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How well the amounts are multiples of each step: (64, frequencies, steps), twice.

    Returns:
        The sum of the phases' cosines, and over how many amounts.
    """
    # Of bins in halves, bin n and those below it are at most n / 2: half the step n.
    below = counts.cumsum(axis=2)
    numbers = below[..., -1:] - below[..., 1 : _LARGEST_STEP + 1]
    return np.asarray(counts @ _periods(), np.float32), np.asarray(numbers, np.float32)


def _standard_fit(fits: FloatArray, numbers: FloatArray) -> FloatArray:
    """(64, 100) the mean cosine of all frequencies for each quality's table.

    In standard deviations of the mean for amounts of random phase.
    """
    frequencies = np.arange(len(_FREQUENCIES))[None]
    steps = _table_steps()
    total = fits[:, frequencies, steps].sum(axis=2)
    number = numbers[:, frequencies, steps].sum(axis=2)
    return np.asarray(total / np.sqrt(number / 2 + 1), np.float32)


def _free_fit(fits: FloatArray, numbers: FloatArray, own: tuple[int, ...] | None) -> FloatArray:
    """(64,) the same with the best step of each frequency, whatever the table; less the median.

    Cameras and Photoshop use tables of their own. Only steps coarser than ``own`` count.
    """
    each = fits / np.sqrt(numbers / 2 + 4)
    each -= np.median(each[1:], axis=0)
    steps = np.arange(1, _LARGEST_STEP + 1)[None]
    finest = np.array([[1 if own is None else own[8 * v + u]] for v, u in _FREQUENCIES])
    best = np.where(steps > finest, each, np.float32(0)).max(axis=2)
    total = best.sum(axis=1) / np.sqrt(len(_FREQUENCIES))
    return np.asarray(total - np.median(total[1:]), np.float32)


# ---------------------------------------------------------------- where the first save's trace ends

# From so many standard deviations on an earlier save of the whole picture counts as seen; the own
# save alone reads at most 15 at quality 90 and 6 at 95.
_SEEN = 20.0
_LEAST_GHOST_QUALITY = 90
_LEAST_COEFFICIENTS = 12
_DIFFERS = 0.75
# The usual block's misfit must be this small for another to stand out: on the tune split 0.1-0.35
# after a much finer save, 0.4-0.75 after one little finer, where honest parts look changed too.
_FITS = 0.35


@dataclass(frozen=True, slots=True)
class Ghost:
    """Where the trace of an earlier save of the whole picture is missing.

    Attributes:
        quality: that save's quality.
        differs: one value for each whole block of 8 × 8 as stored: the share of phases that do not
            fit, about 0 fits, 1 random; averaged over 5 × 5 blocks; NaN where nothing can be said.
        patch: the largest connected part that does not fit.
        share: that part, percent of the blocks that can be judged.
    """

    quality: int
    differs: FloatArray
    patch: BoolArray
    share: float


def ghost(photo: Photo, traces: Grid) -> Ghost:
    """Look for a part that lacks the trace of an earlier save.

    Raises:
        CannotAssess: ``no-earlier-save``; what `stored_luma` raises.
    """
    own = 100 if traces.own is None else traces.own
    if own < _LEAST_GHOST_QUALITY or traces.contrast[0, 0] < _SEEN:
        raise CannotAssess("no-earlier-save")
    quality = int(traces.quality[0, 0])
    differs = _misfit(stored_luma(photo), _clipped(photo), quality)
    judged = ~np.isnan(differs)
    if not judged.any() or float(np.median(differs[judged])) > _FITS:
        raise CannotAssess("no-earlier-save")
    off = (np.nan_to_num(differs, nan=0.0) > _DIFFERS).astype(np.uint8)
    off = np.asarray(cv2.morphologyEx(off, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(off)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    if sizes.size == 0:
        return Ghost(quality, differs, np.zeros(differs.shape, np.bool_), 0.0)
    patch = np.asarray(labels == 1 + int(sizes.argmax()), np.bool_)
    return Ghost(quality, differs, patch, 100 * float(sizes.max()) / float(judged.sum()))


def _clipped(photo: Photo) -> ByteArray:
    """255 where a colour reached its end, as stored: cut off, it is no sum of whole steps."""
    between = cv2.inRange(photo.pixels, (1, 1, 1), (254, 254, 254))
    return _as_stored(np.asarray(cv2.bitwise_not(between), np.uint8), photo.metadata.orientation)


def _misfit(luma: ByteArray, clipped: ByteArray, quality: int) -> FloatArray:
    """See `Ghost.differs`."""
    rows, columns = luma.shape[0] // 8, luma.shape[1] // 8
    blocks = luma[: rows * 8, : columns * 8].astype(np.float32) - np.float32(128)
    tiles = blocks.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
    amounts = _cosines() @ tiles @ _cosines().T
    whole = clipped[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8).max(axis=(1, 3)) == 0
    phase = np.zeros((rows, columns), np.float32)
    number = np.zeros((rows, columns), np.float32)
    table = standard_tables()[quality - 1]
    for v, u in _FREQUENCIES:
        step = float(table[8 * v + u])
        amount = amounts[..., v, u]
        counted = (np.abs(amount) > step / 2) & whole
        phase += np.cos(2 * np.pi / step * amount) * counted
        number += counted
    phase, number = (
        np.asarray(cv2.boxFilter(a, -1, (5, 5), normalize=False), np.float32)
        for a in (phase, number)
    )
    misfit = 1 - phase / np.maximum(number, 1)
    misfit[number < _LEAST_COEFFICIENTS] = np.nan
    return np.asarray(misfit, np.float32)


# ---------------------------------------------------------------- thumbnail


@dataclass(frozen=True, slots=True)
class ThumbnailMatch:
    """How the file's small preview agrees with the picture.

    Attributes:
        preview: (h, w, 3) the preview, turned as it fits best without mirroring it.
        straight: correlation with the picture, best of four turns, -1 to 1.
        mirrored: the same for the preview's mirror image.
    """

    preview: ByteArray
    straight: float
    mirrored: float


def thumbnail_match(photo: Photo) -> ThumbnailMatch:
    """Compare the EXIF preview with the picture as shown.

    Cameras put black bars around a preview of another shape; they are left out.

    Raises:
        CannotAssess: ``no-thumbnail`` when there is none that can be read.
    """
    data = photo.metadata.thumbnail
    if data is None:
        raise CannotAssess("no-thumbnail")
    try:
        preview = open_photo(
            data, max_file_bytes=_THUMBNAIL_BYTES, max_pixels=_THUMBNAIL_PIXELS
        ).pixels
    except InputError:
        raise CannotAssess("no-thumbnail") from None
    preview = _without_bars(np.asarray(preview))
    picture = _compared(photo.pixels)
    # A tag that mirrors the picture for showing does not mirror the preview beside it.
    flipped = photo.metadata.orientation in (2, 4, 5, 7)
    turns = [np.ascontiguousarray(np.rot90(preview, turn)) for turn in range(4)]
    plain = [_agreement(picture, _compared(turned)) for turned in turns]
    mirror = [_agreement(picture, _compared(turned[:, ::-1])) for turned in turns]
    straight, mirrored = (mirror, plain) if flipped else (plain, mirror)
    shown = turns[int(np.argmax(np.maximum(plain, mirror)))]
    return ThumbnailMatch(np.asarray(shown, np.uint8), max(straight), max(mirrored))


def _without_bars(preview: ByteArray) -> ByteArray:
    for _ in range(2):
        bright = preview.max(axis=2) >= _BAR_LUMA
        lines = np.flatnonzero(bright.mean(axis=1) > 0.1)
        if lines.size >= preview.shape[0] // 2:
            preview = preview[lines[0] : lines[-1] + 1]
        preview = preview.transpose(1, 0, 2)
    return preview


def _compared(rgb: NDArray[np.uint8]) -> FloatArray:
    """(64, 64) luma, its mean and scale taken out."""
    luma = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    side = (_THUMBNAIL_SIDE, _THUMBNAIL_SIDE)
    small = cv2.resize(luma, side, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    return np.asarray(small / max(float(np.sqrt((small**2).sum())), 1e-3), np.float32)


def _agreement(a: FloatArray, b: FloatArray) -> float:
    return float((a * b).sum())


# ---------------------------------------------------------------- another photo of the person

_FACE_SIZE = (200, 160)
# Where eyes (left, right), nose tip and mouth come to lie: symmetric about the middle column.
_FACE_POINTS = np.array([[52.5, 85], [106.5, 85], [79.5, 118], [79.5, 142]], np.float32)
_NORMALISED_OVER = 5.0  # pixels of the aligned face


@dataclass(frozen=True, slots=True)
class ReferenceMatch:
    """How the face agrees with that of a photo on file.

    Attributes:
        face: (200, 160) luma of the aligned face in the picture.
        reference: the same of the photo on file.
        straight: correlation of their local contrast, -1 to 1.
        mirrored: the same with the picture's face mirrored.
    """

    face: ByteArray
    reference: ByteArray
    straight: float
    mirrored: float


def reference_match(
    rgb: ByteArray, points: FloatArray, reference: ByteArray, reference_points: FloatArray
) -> ReferenceMatch:
    """Compare a face with one of the same person, straight and mirrored.

    Args:
        rgb: (h, w, 3) the picture.
        points: (478, 3) its face landmarks.
        reference: (h, w, 3) the photo on file.
        reference_points: its face landmarks.

    Returns:
        The match. Light from one side is taken out by comparing local contrast only.
    """
    face, other = _aligned(rgb, points), _aligned(reference, reference_points)
    oval = _face_oval()
    straight, mirrored, wanted = (
        _local_contrast(luma)[oval] for luma in (face, np.fliplr(face), other)
    )
    return ReferenceMatch(
        face, other, _correlation(straight, wanted), _correlation(mirrored, wanted)
    )


def _aligned(rgb: ByteArray, points: FloatArray) -> ByteArray:
    """Luma of the face, turned and scaled to `_FACE_POINTS` (least squares)."""
    parts = ((33, 133), (362, 263), (1,), (13, 14))
    source = np.array([points[list(part), :2].mean(axis=0) for part in parts], np.float64)
    centre, aim = source.mean(axis=0), _FACE_POINTS.mean(axis=0)
    a = (source - centre) @ np.array([1, 1j])
    b = (_FACE_POINTS - aim) @ np.array([1, 1j])
    turn = complex((np.conj(a) * b).sum() / max(float((np.abs(a) ** 2).sum()), 1e-6))
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    affine = np.column_stack([matrix, aim - matrix @ centre])
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if abs(turn) < 0.5:
        luma = cv2.GaussianBlur(luma, (0, 0), 0.35 / max(abs(turn), 0.02))
    warped = cv2.warpAffine(luma, affine, _FACE_SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _local_contrast(luma: ByteArray) -> FloatArray:
    values = luma.astype(np.float32)
    difference = values - cv2.GaussianBlur(values, (0, 0), _NORMALISED_OVER)
    spread = np.sqrt(cv2.GaussianBlur(difference**2, (0, 0), _NORMALISED_OVER)) + 4
    return np.asarray(difference / spread, np.float32)


@cache
def _face_oval() -> BoolArray:
    rows, columns = np.mgrid[: _FACE_SIZE[0], : _FACE_SIZE[1]]
    return np.asarray(((columns - 79.5) / 62) ** 2 + ((rows - 100) / 95) ** 2 < 1, np.bool_)


def _correlation(a: FloatArray, b: FloatArray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(float(np.sqrt((a**2).sum() * (b**2).sum())), 1e-6))


# ---------------------------------------------------------------- skin

# Bands of detail: the difference of blurs by these sigmas, in pixels of the face crop.
_BLURS = (0.7, 1.4, 2.8, 5.6)
_LEAST_SKIN, _LEAST_EYES = 400, 40
# Strongest tenth of skin detail left out: creases, nostrils, moles.
_USUAL = 0.9
_OFFSET = 0.02


def skin_texture(
    luma: FloatArray, skin: BoolArray, eyes: BoolArray, table: tuple[int, ...] | None
) -> FloatArray:
    """Numbers that tell filtered skin from skin.

    Args:
        luma: (h, w) the face, inter-eye distance at most 96 pixels.
        skin: (h, w) bare facial skin.
        eyes: (h, w) the eyes with their surroundings: detail that smoothing filters keep.
        table: the file's luminance quantisation table; None for a PNG.

    Returns:
        (11,): the finer skin bands against the coarser ones, skin against eyes, how spotty each
        band is, and the table's step; logarithms.

    Raises:
        CannotAssess: ``face-too-small``.
    """
    if skin.sum() < _LEAST_SKIN or eyes.sum() < _LEAST_EYES:
        raise CannotAssess("face-too-small")
    levels = [luma, *(cv2.GaussianBlur(luma, (0, 0), sigma) for sigma in _BLURS)]
    texture, edges, spots = [], [], []
    for finer, coarser in pairwise(levels):
        detail = cv2.absdiff(finer, coarser)
        on_skin = np.sort(detail[skin])
        usual = on_skin[: int(_USUAL * on_skin.size)]
        middle, high = on_skin[on_skin.size // 2], on_skin[int(0.98 * on_skin.size)]
        around = np.sort(detail[eyes])
        texture.append(float(usual.mean()) + _OFFSET)
        edges.append(float(around[-max(10, around.size // 5) :].mean()) + _OFFSET)
        spots.append(float(high) / (float(middle) + 0.05))
    b, e, k = np.log(texture), np.log(edges), np.log(spots)
    low = (1, 2, 8, 9, 10, 16, 17)
    step = 0.0 if table is None else float(np.log(np.mean([table[i] for i in low])))
    ratios = (b[0] - b[2], b[1] - b[2], b[2] - b[3], b[0] - e[0], b[1] - e[1], e[0] - e[2])
    return np.array([*ratios, *k, step], np.float32)


def smoothing(texture: FloatArray) -> float:
    """Log-odds that skin was filtered strongly, from `skin_texture`."""
    return float((texture - _TEXTURE_MEAN) / _TEXTURE_SPREAD @ _TEXTURE_WEIGHTS + _TEXTURE_BIAS)


# Logistic regression on the tune split; benchmarks/forensics.py makes it again.
_TEXTURE_MEAN = np.array(
    [-0.782, -0.618, -0.750, -2.757, -2.857, -0.609, 2.032, 2.191, 2.111, 1.727, 1.091],
    np.float32,
)
_TEXTURE_SPREAD = np.array(
    [0.355, 0.226, 0.186, 0.605, 0.624, 0.282, 0.498, 0.459, 0.302, 0.193, 0.585],
    np.float32,
)
_TEXTURE_WEIGHTS = np.array(
    [0.567, -3.267, -0.981, 0.287, -1.120, 0.837, 0.192, 1.593, -0.610, 0.201, 0.161],
    np.float32,
)
_TEXTURE_BIAS = -1.325


# ---------------------------------------------------------------- background

_BLOCK = 8
_FLAT_RANGE = 2  # grey levels between the darkest and the brightest pixel of a flat block


def flat_share(luma: ByteArray, where: BoolArray) -> float:
    """Percent of the 8 × 8 blocks wholly inside ``where`` that have one brightness.

    Args:
        luma: (h, w) the picture.
        where: (h, w) the part looked at.

    Raises:
        CannotAssess: ``background-too-small`` with fewer than 60 such blocks.
    """
    rows, columns = luma.shape[0] // _BLOCK, luma.shape[1] // _BLOCK

    def blocks(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        part = values[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
        return part.transpose(0, 2, 1, 3).reshape(rows * columns, -1)

    inside = blocks(where.view(np.uint8)).min(axis=1) > 0
    if inside.sum() < 60:
        raise CannotAssess("background-too-small")
    own = blocks(luma)[inside]
    spread = own.max(axis=1).astype(np.int16) - own.min(axis=1)
    return 100 * float((spread <= _FLAT_RANGE).mean())
