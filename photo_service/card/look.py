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
# Channel value that the card's paper is brought to.
_PAPER = 210
# Around the card on a view 506 wide, pixels.
_MARGIN = 20
# How far along both sides a cut corner is looked for, pixels of that view: beyond any rounding.
_CUTS = np.arange(34, 100, 4, dtype=np.float32)
_STEEPEST = 1.6
# Either side of the cut, pixels; and the share of its length that must show it.
_BESIDE = 3.0
_SHOWING = 20
# Share of width and height that the portrait takes, with room for where printers set it.
PORTRAIT = (0.60, 0.97, 0.09, 0.80)
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
        """Percent of the card that the largest blown-out patch covers, and its place on it."""
        blown = self.small.min(axis=2) >= _BLOWN
        return _largest(blown & self._inner)

    @cached_property
    def cover(self) -> tuple[float, Box | None]:
        """Percent of the card under the largest thing that is no print, and its place on it.

        The portrait's place is left out. Print is closed over; what remains dark or coloured
        against the card's own colour is something lying on it.
        """
        paper = cv2.cvtColor(
            np.asarray(np.clip(self.paper, 0, 255), np.uint8).astype(np.float32) / 255,
            cv2.COLOR_RGB2LAB,
        )
        where = self._inner & ~self._portrait
        median = np.median(paper[where], axis=0)
        tint = np.hypot(paper[..., 1] - median[1], paper[..., 2] - median[2])
        darker = median[0] - paper[..., 0]
        strange = (tint > 13) | (darker > 26)
        opened = cv2.morphologyEx(
            (strange & where).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)
        )
        return _largest(opened > 0)

    @cached_property
    def colour(self) -> float:
        """How far colours spread from the paper's, 98th percentile of CIELAB chroma.

        The paper's own colour is taken for white first, so that the light's does not count.
        """
        unit = self.small.astype(np.float32)
        brightness = unit.mean(axis=2)
        paper = np.median(unit[brightness > np.percentile(brightness, 60)], axis=0)
        balanced = np.minimum(unit * (_PAPER / 255 / np.maximum(paper, 1)), 1)
        inner = cv2.cvtColor(balanced.astype(np.float32), cv2.COLOR_RGB2LAB)[self._inner]
        tint = inner[:, 1:] - np.median(inner[:, 1:], axis=0)
        return float(np.percentile(np.hypot(tint[:, 0], tint[:, 1]), 98))

    @cached_property
    def unevenness(self) -> float:
        """Brightest over darkest tenth of the card's paper, times."""
        luma = cv2.cvtColor(np.asarray(np.clip(self.paper, 0, 255), np.uint8), cv2.COLOR_RGB2GRAY)
        low, high = np.percentile(luma[self._inner & ~self._portrait], (7, 93))
        return float(high) / max(float(low), 1.0)

    @cached_property
    def blur(self) -> float:
        """Blur of the print, 0 (sharp) to 1, the worse of two directions; after Crété 2007."""
        luma = cv2.cvtColor(self._flat, cv2.COLOR_RGB2GRAY).astype(np.float32)
        luma = luma[40:-40, 40:600]
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

        A card throws a shadow on what it lies on; one printed on the sheet does not. Sides on
        other ground do not count.
        """
        dips = []
        for profile in self._profiles:
            outside = np.median(profile[: _MARGIN - 9], axis=0)
            inside = np.median(profile[_MARGIN + 8 :], axis=0)
            step = np.abs(inside - outside)
            alike = step[0] < 7 and np.hypot(step[1], step[2]) < 11
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
    """The clearest straight edge across the top left corner of a view with margins, ΔE."""
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
    return max(float(np.percentile(steps, _SHOWING, axis=1).max()), 0.0)


def _largest(mask: BoolImage) -> tuple[float, Box | None]:
    """Percent of the mask under its largest patch, and its box in pixels of the flat card."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return 0.0, None
    x, y, width, height, area = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    box = tuple(float(value * _FACTOR) for value in (x, y, width, height))
    return 100 * float(area) / mask.size, (box[0], box[1], box[2], box[3])
