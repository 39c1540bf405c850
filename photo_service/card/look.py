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
# Luma that the paper of a dark card is brought to.
_PAPER = 210
# Around the card on a view 506 wide, pixels.
_MARGIN = 20
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
    def lab(self) -> FloatImage:
        """CIELAB of the small card, as if its paper were well lit."""
        luma = cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY)
        gain = min(max(_PAPER / max(float(np.percentile(luma, 75)), 1.0), 1.0), 4.0)
        unit = np.minimum(self.small.astype(np.float32) * np.float32(gain / 255), 1)
        return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32)

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
    def corner_unlike(self) -> tuple[float, int]:
        """ΔE of the least card-like corner's tip from the card beside it, and which: 0 top left.

        The tip lies inside a whole card's rounded corner, outside a clipped one.
        """
        height, width = self.small.shape[:2]
        differences = []
        for right, bottom in ((False, False), (True, False), (True, True), (False, True)):
            turned = self.lab[::-1] if bottom else self.lab
            turned = turned[:, ::-1] if right else turned
            tip = turned[8:14, 8:14].reshape(-1, 3)
            beside = np.concatenate(
                [
                    turned[8:14, 60 : width // 3].reshape(-1, 3),
                    turned[60 : height - 60, 8:14].reshape(-1, 3),
                ]
            )
            difference = np.median(tip, axis=0) - np.median(beside, axis=0)
            differences.append(float(np.sqrt((difference**2).sum())))
        worst = int(np.argmax(differences))
        return differences[worst], worst

    @cached_property
    def colour(self) -> float:
        """How far colours spread from the card's mean tint, 95th percentile of CIELAB chroma."""
        inner = self.lab[self._inner]
        tint = inner[:, 1:] - np.median(inner[:, 1:], axis=0)
        return float(np.percentile(np.hypot(tint[:, 0], tint[:, 1]), 95))

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
        )
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


def _largest(mask: BoolImage) -> tuple[float, Box | None]:
    """Percent of the mask under its largest patch, and its box in pixels of the flat card."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return 0.0, None
    x, y, width, height, area = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())]
    box = tuple(float(value * _FACTOR) for value in (x, y, width, height))
    return 100 * float(area) / mask.size, (box[0], box[1], box[2], box[3])
