"""A name looked for on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from models.text import Reader
from photo_service.card.compare import alike, plain_name
from photo_service.document.lines import Line, Pose, reading_angle
from photo_service.document.page import FINE_SIDE, ByteImage, Page, text_lines
from photo_service.document.reading import ReadLine, lines_on

# Lines read at most; those of the upper part first, where names stand.
_MOST_LINES = 120
_UPPER = 0.45
# Where the name is not found, that part of the page is looked at again, level, with this much more
# around it, times its size.
_AROUND = 0.08
# Names of two characters are set apart: pieces of one row belong together across so much, times
# their height, and where they share so much of it.
_APART = 4.0
_SHARED = 0.5

Characters = Sequence[tuple[str, str]]


def name_on(page: Page, name: str, reader: Reader) -> bool:
    """Whether a name stands on a page, with room for look-alikes.

    A character counts as found when it is the reader's second choice there or prints alike.

    Args:
        page: the page; one of which nothing is legible has no name.
        name: the name; blanks and dots do not count.
        reader: what detects and reads text.
    """
    reading, wanted = page.reading, plain_name(name).upper()
    if reading.pose is None or not wanted:
        return False
    if any(holds(characters_of(each), wanted) for each in reading.read):
        return True
    angle = reading_angle(reading.pose, reading.tilt)
    lines = _names_first(page.lines)
    if _stands_on(lines_on(page.picture, reading, lines, reader), wanted, angle):
        return True
    level = _upper_part(page, reading.pose, angle)
    fine = replace(reading, pose=Pose(0, mirrored=False), tilt=0.0)
    finer = text_lines(level, reader, FINE_SIDE)[:_MOST_LINES]
    return _stands_on(lines_on(level, fine, finer, reader), wanted, 0.0)


def _stands_on(read: Iterable[ReadLine], wanted: str, angle: float) -> bool:
    """Whether lines, read one by one until one does, or those of one row hold a name."""
    known = []
    for each in read:
        if holds(characters_of(each), wanted):
            return True
        known.append(each)
    return any(holds(row, wanted) for row in _rows(known, angle))


def _rows(read: Sequence[ReadLine], angle: float) -> list[list[tuple[str, str]]]:
    """Characters of lines that follow each other in one row, in order."""
    along = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    axes = np.stack([along, (-along[1], along[0])], axis=1)
    places = [(each.line.quad @ axes, each) for each in read]
    places.sort(key=lambda place: float(place[0][:, 0].min()))
    rows: list[tuple[list[tuple[str, str]], float, float, float]] = []
    for corners, each in places:
        (start, top), (end, foot) = corners.min(axis=0), corners.max(axis=0)
        characters = characters_of(each)
        for number, (row, reached, row_top, row_foot) in enumerate(rows):
            shared = min(foot, row_foot) - max(top, row_top)
            height = max(foot - top, row_foot - row_top)
            if shared > _SHARED * height and start - reached < _APART * height:
                rows[number] = ([*row, *characters], float(end), float(top), float(foot))
                break
        else:
            rows.append((characters, float(end), float(top), float(foot)))
    return [row for row, *_ in rows]


def _upper_part(page: Page, pose: Pose, angle: float) -> ByteImage:
    """The upper part of the print, turned upright and level, RGB."""
    turn = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)
    corners = np.concatenate([line.quad for line in page.lines]) @ turn[:, :2].T
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = _AROUND * (high - low).max()
    low, high = low - margin, high + margin
    turn[:, 2] = -low
    size = (int(high[0] - low[0]), max(int(_UPPER * (high[1] - low[1])), 1))
    level = cv2.warpAffine(page.picture, turn, size, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(level[:, ::-1] if pose.mirrored else level)


def characters_of(read: ReadLine) -> list[tuple[str, str]]:
    """What stands on a line, likeliest and second choice, in capitals without blanks and dots."""
    return [
        (character.upper(), second.upper())
        for character, (second, _) in zip(read.text, read.spelling.seconds, strict=True)
        if plain_name(character)
    ]


def holds(characters: Characters, wanted: str) -> bool:
    """Whether characters hold a name, given in capitals without blanks and dots."""
    return any(
        all(
            want in (likeliest, second) or alike(likeliest, want)
            for (likeliest, second), want in zip(characters[start:], wanted, strict=False)
        )
        for start in range(len(characters) - len(wanted) + 1)
    )


def _names_first(lines: Sequence[Line]) -> list[Line]:
    """Lines of the upper part of the text, then the others, each from the top."""
    if not lines:
        return []
    heights = [float(line.middle[1]) for line in lines]
    limit = min(heights) + _UPPER * (max(heights) - min(heights))
    ordered = sorted(lines, key=lambda line: (line.middle[1] > limit, line.middle[1]))
    return ordered[:_MOST_LINES]
