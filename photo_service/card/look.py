"""How a flat card looks: light on it, things on it, its colour, the raster of a screen or print."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

ByteImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]
BoolImage = NDArray[np.bool_]
Box = tuple[float, float, float, float]

# The flat card is looked at 253 × 160.
_FACTOR = 4
# Channel value from which a pixel is blown out.
_BLOWN = 250
# A ring around a blown-out patch, widths of what it is grown by; reflections on drawn cards end
# within it (rings 204 to 234, 12), long exposure does not (251, 1). A large patch is glare anyway.
_AROUND_GLARE = (13, 25)
_NEARLY_BLOWN = 240
_LARGE_GLARE = 8.0
# Channel value that the card's paper is brought to.
_PAPER = 210
# What lies on the card is farther from its paper's tint, or darker, than this, CIELAB; the rim of a
# dark thing is steeper, lightness a pixel, than a shadow's (drawn: at most 4.8).
_TINTED, _DARK = 13, 26
_SHARP_RIM = 6.0
# Around the card on a view 506 wide, pixels.
_MARGIN = 20
# How far along both sides a cut corner is looked for, pixels of that view: beyond any rounding.
_CUTS = np.arange(34, 100, 4, dtype=np.float32)
_STEEPEST = 1.6
# Either side of the cut, pixels; and the share of its length that must show it.
_BESIDE = 3.0
_SHOWING = 20
# By so much at most a copy may seem paler than its paper, lightness; drawn ones (15) are 0 to 15
# darker.
_PALER = 1.5
# What lies beside a corner is seen along its two sides up to here.
_BESIDE_CORNER = 120
# Share of width and height that the portrait takes, with room for where printers set it.
PORTRAIT = (0.60, 0.97, 0.09, 0.80)
# Where print stands on the flat card, rows and columns.
_PRINT = (slice(40, -40), slice(40, 600))
# Spread of the smoothing before edges are measured, and the length of what is compared, pixels.
_SMOOTHED = 2.0
_AROUND = 21
# Corners are rounded: this share of the card's width is left out along its rim.
_RIM = 0.025


class Surface:
    """Colours of a card laid flat.

    Args:
        flat: (638, 1012, 3) RGB, upright and unmirrored.
    """

    def __init__(self, flat: ByteImage) -> None:
        self._flat = flat
        size = (flat.shape[1] // _FACTOR, flat.shape[0] // _FACTOR)
        self.small: ByteImage = np.asarray(
            cv2.resize(flat, size, interpolation=cv2.INTER_AREA), np.uint8
        )

    @cached_property
    def paper(self) -> FloatImage:
        """The card without its print: small dark things closed over."""
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
        return np.asarray(cv2.morphologyEx(self.small, cv2.MORPH_CLOSE, kernel), np.float32)

    @cached_property
    def _inner(self) -> BoolImage:
        """Where the card surely is."""
        inner = np.zeros(self.small.shape[:2], np.bool_)
        rim = round(_RIM * self.small.shape[1])
        inner[rim:-rim, rim:-rim] = True
        return inner

    @cached_property
    def _portrait(self) -> BoolImage:
        height, width = self.small.shape[:2]
        left, right, top, bottom = PORTRAIT
        mask = np.zeros((height, width), np.bool_)
        mask[
            round(top * height) : round(bottom * height), round(left * width) : round(right * width)
        ] = True
        return mask

    @cached_property
    def glare(self) -> tuple[float, Box | None]:
        """Percent of the card that the largest blown-out patch covers, and its place on it.

        0 where what is around a small patch is nearly as bright: that is long exposure, which fades
        slowly and leaves the print, and no reflection.
        """
        blown = (self.small.min(axis=2) >= _BLOWN) & self._inner
        share, box = _largest(blown)
        if box is None or share > _LARGE_GLARE:
            return share, box
        x, y, width, height = (round(value / _FACTOR) for value in box)
        patch = np.zeros(blown.shape, np.uint8)
        patch[y : y + height, x : x + width] = blown[y : y + height, x : x + width]
        near, far = (cv2.dilate(patch, np.ones((side, side), np.uint8)) for side in _AROUND_GLARE)
        around = (far > near) & self._inner
        pale = around.any() and np.median(self.paper[around].mean(axis=1)) > _NEARLY_BLOWN
        return (0.0, None) if pale else (share, box)

    @cached_property
    def _field(self) -> BoolImage:
        """Where the card is, without the portrait's place."""
        return self._inner & ~self._portrait

    @cached_property
    def _against_paper(self) -> tuple[FloatImage, FloatImage]:
        """How far each place's tint is from the paper's, and how much darker it is, CIELAB."""
        paper = cv2.cvtColor(
            np.asarray(np.clip(self.paper, 0, 255), np.uint8).astype(np.float32) / 255,
            cv2.COLOR_RGB2LAB,
        )
        median = np.median(paper[self._field], axis=0)
        tint = np.hypot(paper[..., 1] - median[1], paper[..., 2] - median[2])
        return np.asarray(tint, np.float32), np.asarray(median[0] - paper[..., 0], np.float32)

    @cached_property
    def cover(self) -> tuple[float, Box | None]:
        """Percent of the card under the largest thing that is no print, and its place on it.

        The portrait's place is left out. Print is closed over; what remains coloured, or dark with
        a sharp rim, against the card's own colour is something lying on it. Shadows have soft rims.
        """
        tint, darker = self._against_paper
        tinted = _opened((tint > _TINTED) & self._field)
        dark = _opened((darker > _DARK) & (tint <= _TINTED) & self._field)
        around = np.ones((7, 7), np.uint8)
        rim = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_GRADIENT, around) > 0
        slope = np.hypot(
            cv2.Sobel(darker, cv2.CV_32F, 1, 0, scale=1 / 8),
            cv2.Sobel(darker, cv2.CV_32F, 0, 1, scale=1 / 8),
        )
        sharp = dark.any() and np.percentile(slope[rim & self._field], 75) > _SHARP_RIM
        return _largest(tinted | dark if sharp else tinted)

    @cached_property
    def colour(self) -> float:
        """How far colours spread from the paper's, 98th percentile of CIELAB chroma.

        The paper's own colour is taken for white first, so that the light's does not count, and a
        smoothing takes out the sensor's and JPEG's coloured grain in dark places.
        """
        unit = self.small.astype(np.float32)
        brightness = unit.mean(axis=2)
        paper = np.median(unit[brightness > np.percentile(brightness, 60)], axis=0)
        smooth = cv2.GaussianBlur(unit, (0, 0), _SMOOTHED)
        balanced = np.minimum(smooth * (_PAPER / 255 / np.maximum(paper, 1)), 1)
        inner = cv2.cvtColor(balanced.astype(np.float32), cv2.COLOR_RGB2LAB)[self._inner]
        tint = inner[:, 1:] - np.median(inner[:, 1:], axis=0)
        return float(np.percentile(np.hypot(tint[:, 0], tint[:, 1]), 98))

    @cached_property
    def unevenness(self) -> float:
        """Brightest over darkest part of the card's paper, 3 percent each left out, times."""
        luma = cv2.cvtColor(np.asarray(np.clip(self.paper, 0, 255), np.uint8), cv2.COLOR_RGB2GRAY)
        plain = self._field & (self._against_paper[0] <= _TINTED)
        low, high = np.percentile(luma[plain if plain.any() else self._field], (3, 97))
        return float(high) / max(float(low), 1.0)

    @cached_property
    def edge_width(self) -> float:
        """Width of the print's clearest edges, pixels of the flat card; after Marziliano 2002.

        Contrast over steepness of the tenth of places with most contrast, the median; the wider of
        edges across and edges down, for a movement widens only one. Smoothed first, so that a
        sensor's grain does not count: sharp print reads about 5.
        """
        grey = cv2.cvtColor(self._flat, cv2.COLOR_RGB2GRAY).astype(np.float32)[_PRINT]
        luma = cv2.GaussianBlur(grey, (0, 0), _SMOOTHED)
        widths = []
        for across, shape in ((1, (1, _AROUND)), (0, (_AROUND, 1))):
            steps = np.abs(cv2.Sobel(luma, cv2.CV_32F, across, 1 - across, scale=1 / 8))
            line = np.ones(shape, np.uint8)
            contrast = cv2.dilate(luma, line) - cv2.erode(luma, line)
            steepest = np.maximum(cv2.dilate(steps, line), 1e-3)
            clearest = contrast >= np.percentile(contrast, 90)
            widths.append(float(np.median(contrast[clearest] / steepest[clearest])))
        return max(widths)

    @cached_property
    def blur(self) -> float:
        """Blur of the print, 0 (sharp) to 1, the worse of two directions; after Crété 2007."""
        luma = cv2.cvtColor(self._flat, cv2.COLOR_RGB2GRAY).astype(np.float32)
        luma = luma[_PRINT]
        worst = 0.0
        for kernel, axis in ((np.full((1, 9), 1 / 9), 1), (np.full((9, 1), 1 / 9), 0)):
            before = np.abs(np.diff(luma, axis=axis))
            smooth = cv2.filter2D(luma, -1, kernel.astype(np.float32))
            after = np.abs(np.diff(smooth, axis=axis))
            strong = before > np.percentile(before, 90)
            lost = np.maximum(before - after, 0)[strong].sum()
            worst = max(worst, 1 - float(lost) / max(float(before[strong].sum()), 1e-6))
        return worst


class Edge:
    """The card's rim and what it lies on, side by side.

    Args:
        picture: (h, w, 3) RGB.
        corners: (4, 2) of the card, clockwise from the top left.
    """

    def __init__(self, picture: ByteImage, corners: FloatImage) -> None:
        left, top = _MARGIN, _MARGIN
        right, bottom = left + 506, top + 319
        target = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        width = float(np.hypot(*(corners[1] - corners[0])))
        if width > 1000:
            factor = 700 / width
            size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
            corners = corners * np.float32(factor)
        view = cv2.warpPerspective(
            picture,
            cv2.getPerspectiveTransform(corners.astype(np.float32), target),
            (right + _MARGIN, bottom + _MARGIN),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        self._view = view
        lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        along = slice(100, -100)
        strips = (
            lab[: 2 * _MARGIN, along],
            lab[::-1][: 2 * _MARGIN, along],
            lab.transpose(1, 0, 2)[: 2 * _MARGIN, along],
            lab.transpose(1, 0, 2)[::-1][: 2 * _MARGIN, along],
        )
        # From outside to inside, the card's edge in the middle.
        self._profiles = [np.median(strip, axis=1) for strip in strips]

    @property
    def dips(self) -> tuple[float, ...]:
        """For each side on pale uncoloured ground, how dark its line is: lightness.

        A card throws a shadow on what it lies on: there the picture is darker than the card and
        than its ground. One printed on the sheet does not. Sides on other ground do not count, nor
        those on darker ground: no print is paler than its paper.
        """
        dips = []
        for profile in self._profiles:
            outside = np.median(profile[: _MARGIN - 9], axis=0)
            inside = np.median(profile[_MARGIN + 8 :], axis=0)
            step = inside - outside
            alike = -16 < step[0] < _PALER and np.hypot(step[1], step[2]) < 16
            if alike and np.hypot(outside[1], outside[2]) < 6 and outside[0] > 45:
                line = profile[_MARGIN - 8 : _MARGIN + 6, 0].min()
                dips.append(float(min(outside[0], inside[0]) - line))
        return tuple(dips)

    @cached_property
    def cut_corner(self) -> tuple[float, int]:
        """The clearest straight edge across a corner, ΔE along four fifths of it, and which corner.

        0 is the first of the corners, then clockwise. A rounded corner's edge is nearer to the tip
        than any line looked at.
        """
        smooth = cv2.GaussianBlur(self._view, (0, 0), 0.8).astype(np.float32) / 255
        lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB), np.float32)
        turned = (lab, lab[:, ::-1], lab[::-1, ::-1], lab[::-1])
        strengths = [_line_across(each) for each in turned]
        corner = int(np.argmax(strengths))
        return strengths[corner], corner


def _line_across(lab: FloatImage) -> float:
    """The clearest straight edge across the top left corner of a view with margins, ΔE.

    Beyond a cut lies what the card lies on: an edge counts only where the colour beyond it is
    nearer to that beside the card than to the card's own.
    """
    across, down = (grid.ravel() for grid in np.meshgrid(_CUTS, _CUTS))
    even = (across < _STEEPEST * down) & (down < _STEEPEST * across)
    across, down = across[even, None], down[even, None]
    along = np.linspace(0.12, 0.88, 24, dtype=np.float32)
    x, y = _MARGIN + across * (1 - along), _MARGIN + down * along
    length = np.hypot(across, down) / _BESIDE
    right, below = down / length, across / length
    inside = lab[np.rint(y + below).astype(int), np.rint(x + right).astype(int)]
    outside = lab[np.rint(y - below).astype(int), np.rint(x - right).astype(int)]
    difference = inside - outside
    usual = np.median(difference, axis=1, keepdims=True)
    usual /= np.maximum(np.linalg.norm(usual, axis=2, keepdims=True), 1e-6)
    steps = (difference * usual).sum(axis=2)
    beyond = np.median(outside, axis=1)
    beside = (
        lab[: _MARGIN - 8, _MARGIN:_BESIDE_CORNER],
        lab[_MARGIN:_BESIDE_CORNER, : _MARGIN - 8],
    )
    grounds = [np.median(part.reshape(-1, 3), axis=0) for part in beside]
    to_ground = np.min([np.linalg.norm(beyond - ground, axis=1) for ground in grounds], axis=0)
    to_card = np.linalg.norm(beyond - np.median(inside, axis=1), axis=1)
    strength = np.percentile(steps, _SHOWING, axis=1)
    return max(float(np.where(to_ground < to_card, strength, 0.0).max()), 0.0)


def _opened(mask: BoolImage) -> BoolImage:
    """Without what is narrower than seven pixels."""
    kernel = np.ones((7, 7), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0)


def _largest(mask: BoolImage) -> tuple[float, Box | None]:
    """Percent of the mask under its largest patch, and its box in pixels of the flat card."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return 0.0, None
    x, y, width, height, area = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    box = tuple(float(value * _FACTOR) for value in (x, y, width, height))
    return 100 * float(area) / mask.size, (box[0], box[1], box[2], box[3])
