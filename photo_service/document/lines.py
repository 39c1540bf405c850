"""Lines of text by their outlines: which way they run, how high they are, what belongs together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.text import TextBox

# A box this many times longer than high shows which way its line runs.
_LONG = 2.0
# A line this many times longer than high may be an ornament.
_VERY_LONG = 25.0
# Letters set far apart are found one by one: so near to each other and so alike they are one line.
_GAP = 2.5
_ALIKE = 1.4
_LEVEL = 0.4
_LONE = 1.8

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pose:
    """How a page lies in the picture.

    Attributes:
        turn: degrees clockwise by which the picture must be turned for the page to be upright:
            0, 90, 180 or 270.
        mirrored: whether it must be flipped left to right after that.
    """

    turn: int
    mirrored: bool


@dataclass(frozen=True)
class Line:
    """One line of text, not yet read.

    Attributes:
        quad: corners, (4, 2), pixels of the decoded picture; the first two along its long side.
        score: mean text probability inside, 0–1.
    """

    quad: FloatArray
    score: float

    @cached_property
    def length(self) -> float:
        """Of the long side, pixels."""
        return float(np.hypot(*(self.quad[1] - self.quad[0])))

    @cached_property
    def height(self) -> float:
        """Of the short side, pixels."""
        return max(float(np.hypot(*(self.quad[3] - self.quad[0]))), 1.0)

    @cached_property
    def angle(self) -> float:
        """Of the long side against the picture's rows, degrees clockwise, -90 to 90."""
        across, down = self.quad[1] - self.quad[0]
        return (math.degrees(math.atan2(down, across)) + 90) % 180 - 90

    @cached_property
    def middle(self) -> FloatArray:
        """Its middle, pixels."""
        return np.asarray(self.quad.mean(axis=0), np.float32)

    @property
    def weight(self) -> float:
        """What its length counts for, pixels: a very long line no more than a long one."""
        return min(self.length, _VERY_LONG * self.height)

    @property
    def is_ordinary(self) -> bool:
        """Whether it is no longer than lines of text mostly are; ornaments are longer."""
        return self.length <= _VERY_LONG * self.height

    @property
    def is_long(self) -> bool:
        """Whether its shape shows which way it runs."""
        return self.length >= _LONG * self.height


def lines_of(boxes: Sequence[TextBox]) -> tuple[Line, ...]:
    """The boxes as lines, each with its long side first."""
    found = []
    for box in boxes:
        quad = box.quad
        if np.hypot(*(quad[1] - quad[0])) < np.hypot(*(quad[3] - quad[0])):
            quad = quad[[1, 2, 3, 0]]
        found.append(Line(np.asarray(quad, np.float32), box.score))
    return tuple(found)


def along(lines: Sequence[Line], *, down: bool) -> list[Line]:
    """The lines that run along the picture's rows, or columns; short ones run both ways."""
    return [line for line in lines if not line.is_long or (abs(line.angle) > 45) == down]


def runs_down(lines: Sequence[Line]) -> bool:
    """Whether most of the text runs along the picture's columns."""
    return crossing(lines, down=False) > 0.5


def crossing(lines: Sequence[Line], *, down: bool) -> float:
    """Share of the text, by length, that runs across the picture's columns, or rows, 0–1.

    An ornament along a side, taken for a line, counts no more than a long line.
    """
    long = [line for line in lines if line.is_long]
    across = sum(line.weight for line in long if (abs(line.angle) > 45) != down)
    return across / max(sum(line.weight for line in long), 1.0)


def tilt_of(lines: Sequence[Line], *, down: bool) -> float:
    """Degrees clockwise from the picture's rows, or columns, to the lines; their median by length.

    Args:
        lines: at least one.
        down: whether the text runs along the columns.
    """
    used = [line for line in lines if line.is_long and (abs(line.angle) > 45) == down]
    if not used:
        return 0.0
    turns = np.array([_from_axis(line.angle, down=down) for line in used])
    lengths = np.array([line.weight for line in used])
    order = np.argsort(turns)
    reached = np.cumsum(lengths[order])
    return float(turns[order][np.searchsorted(reached, reached[-1] / 2)])


def _from_axis(angle: float, *, down: bool) -> float:
    if not down:
        return angle
    return angle - 90 if angle > 0 else angle + 90


def reading_angle(pose: Pose, tilt: float) -> float:
    """Direction in which the lines are read, degrees clockwise from the picture's rows."""
    return tilt - pose.turn


def oriented(quad: FloatArray, angle: float, *, mirrored: bool) -> FloatArray:
    """The corners from where the line begins when read along ``angle``, (4, 2).

    A mirrored line keeps its corners' places and is cut out flipped.
    """
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    axes = np.stack([along, (-along[1], along[0])], axis=1)
    places = (quad - quad.mean(axis=0)) @ axes
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    # Scaled, so that of a long line the ends count as much as its top and foot.
    places /= np.maximum(np.abs(places).max(axis=0), 1e-3)
    corners = quad[[int((places @ sign).argmax()) for sign in signs]]
    return np.asarray(corners[[1, 0, 3, 2]] if mirrored else corners, np.float32)


def beginning(quad: FloatArray, most: float) -> FloatArray:
    """The first part of an oriented line, at most ``most`` times as long as it is high."""
    length = float(np.hypot(*(quad[1] - quad[0])))
    height = max(float(np.hypot(*(quad[3] - quad[0]))), 1.0)
    share = min(most * height / max(length, 1.0), 1.0)
    if share == 1.0:
        return quad
    ends = quad[[0, 3]] + np.float32(share) * (quad[[1, 2]] - quad[[0, 3]])
    return np.array([quad[0], ends[0], ends[1], quad[3]], np.float32)


def joined(lines: Sequence[Line], angle: float) -> tuple[Line, ...]:
    """The lines with letters that stand far apart in one row made one line.

    Args:
        lines: those of one page.
        angle: direction in which they are read, degrees clockwise from the picture's rows.
    """
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    axes = np.stack([along, (-along[1], along[0])], axis=1)
    placed = []
    for line in lines:
        places = line.quad @ axes
        low, high = places.min(axis=0), places.max(axis=0)
        placed.append((line, (low[0], low[1], high[0], high[1])))
    lone = [item for item in placed if item[1][2] - item[1][0] < _LONE * (item[1][3] - item[1][1])]
    rest = [line for line, _ in placed if not any(line is other for other, _ in lone)]
    lone.sort(key=lambda item: item[1][0])
    rows: list[list[tuple[Line, tuple[float, float, float, float]]]] = []
    for item in lone:
        for row in rows:
            if _follows(row[-1][1], item[1]):
                row.append(item)
                break
        else:
            rows.append([item])
    for row in rows:
        if len(row) == 1:
            rest.append(row[0][0])
            continue
        boxes = np.array([box for _, box in row])
        (left, top), (right, foot) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        corners = np.array([[left, top], [right, top], [right, foot], [left, foot]]) @ axes.T
        rest.append(Line(np.asarray(corners, np.float32), min(line.score for line, _ in row)))
    return tuple(rest)


def _follows(
    before: tuple[float, float, float, float], after: tuple[float, float, float, float]
) -> bool:
    high, higher = sorted((before[3] - before[1], after[3] - after[1]))
    level = abs((before[1] + before[3]) - (after[1] + after[3])) / 2 < _LEVEL * high
    gap = after[0] - before[2]
    return level and higher < _ALIKE * high and -0.5 * high < gap < _GAP * high
