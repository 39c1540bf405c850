"""Reading as little of a page as tells which way it lies, what it is and how well it reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from models.text import Reader, Spelling, TextBox
from photo_service.document.kinds import Kind, Words, kind_of
from photo_service.document.lines import (
    Line,
    Pose,
    along,
    beginning,
    crossing,
    joined,
    oriented,
    reading_angle,
    runs_down,
    tilt_of,
)

PROBES = 3
"""Lines that are read to tell which way the page lies: together some thirty characters."""
TITLES = 4
"""The largest lines, which say what it is; and so many more while they do not."""
SAMPLE = 4
"""Lines of ordinary print from all over the page, for how well it reads."""
LEVEL_LINES = 14
"""Lines read whole at most, when the exam is known and its level is not."""

# Of a line so much is read at most, times its height: twelve characters tell enough.
_PART = 12.0
# A title may be longer than that.
_WHOLE = 19.0
# Five characters make a title; two large ones are a cell of a table.
_TITLE = 5.0
# The right way round reads with this mean probability: on real documents it reads 0.92 and more,
# any wrong one at most 0.91.
_SURE = 0.94
# Else the best way must read at least so well and be so far ahead of the others: the picture's own,
# which blames nobody, and a turned or mirrored one.
_PLAIN = 0.78, 0.04
_CLAIM = {False: (0.85, 0.08), True: (0.85, 0.1)}
# Share of the print across the way a page seems to lie, from which both ways are tried.
_CROSSING = 0.1
# So few characters tell nothing; more are needed to say that a page lies the wrong way.
_FEW, _MANY = 8, 16

ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line as read. Holds personal data: never logged.

    Attributes:
        line: where it is.
        spelling: what it says.
    """

    line: Line
    spelling: Spelling = field(repr=False)

    @property
    def text(self) -> str:
        """Its characters."""
        return self.spelling.text


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a page.

    Attributes:
        pose: how the page lies; None when nothing was legible in any way.
        sure: mean probability of the characters that told it, 0–1.
        tilt: degrees clockwise from the picture's rows (or columns) to the lines, -45 to 45.
        lines: all lines of the page, letters far apart joined.
        read: those that were read, in the order of reading.
        kind: what the page seems to be.
    """

    pose: Pose | None
    sure: float
    tilt: float
    lines: tuple[Line, ...]
    read: tuple[ReadLine, ...]
    kind: Kind


def read_page(rgb: ByteImage, lines: Sequence[Line], reader: Reader) -> Reading:
    """Read a page as far as needed.

    Args:
        rgb: (h, w, 3) picture.
        lines: where text is; at least one.
        reader: the reader.
    """
    down = runs_down(lines)
    pose, sure, probes = _legible_way(rgb, lines, reader, down=down)
    upright = pose is not None and pose.turn == 0
    if not upright and crossing(lines, down=down) > _CROSSING:
        # A page with print both ways lies as it should if any of it reads so.
        other = _legible_way(rgb, lines, reader, down=not down)
        if other[0] is not None and (pose is None or other[0].turn == 0):
            pose, sure, probes = other
    if pose is None:
        tilt = tilt_of(lines, down=down)
        return Reading(None, 0.0, tilt, tuple(lines), probes, Kind("", (), 0.0, ""))
    tilt = tilt_of(lines, down=pose.turn in (90, 270))
    page = _Page(rgb, reader, pose, tilt, joined(lines, reading_angle(pose, tilt)), list(probes))
    kind = page.read_titles()
    page.read_sample()
    return Reading(pose, sure, tilt, page.lines, tuple(page.read), kind)


def lines_on(
    rgb: ByteImage, reading: Reading, lines: Sequence[Line], reader: Reader
) -> Iterator[ReadLine]:
    """Lines of a page whose way round is known, read whole one after the other.

    Args:
        rgb: (h, w, 3) the picture.
        reading: what was read so far, with a pose.
        lines: the lines wanted.
        reader: the reader.
    """
    pose = reading.pose or Pose(0, mirrored=False)
    angle = reading_angle(pose, reading.tilt)
    for line in lines:
        yield from _read(rgb, [line], reader, angle, pose.mirrored, _WHOLE)


def _legible_way(
    rgb: ByteImage, lines: Sequence[Line], reader: Reader, *, down: bool
) -> tuple[Pose | None, float, tuple[ReadLine, ...]]:
    """The way in which the longest lines along one axis read, how surely, and these lines as read.

    Ways that keep left and right come first; the first that reads beyond doubt ends the search.
    Else the best one that is clearly ahead of the others. Where the longest lines do not read in
    any way, as ornaments do not, the next ones are tried.
    """
    telling = sorted(along(lines, down=down), key=_tells)
    tilt = tilt_of(lines, down=down)
    turns = (90, 270) if down else (0, 180)
    ways = [Pose(turn, mirrored) for mirrored in (False, True) for turn in turns]
    best: tuple[Pose | None, float, tuple[ReadLine, ...]] = None, 0.0, ()
    for probes in (telling[:PROBES], telling[PROBES : 2 * PROBES]):
        if probes:
            best = _best_way(rgb, probes, reader, ways, tilt)
        if best[0] is not None:
            break
    return best


def _best_way(
    rgb: ByteImage, probes: Sequence[Line], reader: Reader, ways: Sequence[Pose], tilt: float
) -> tuple[Pose | None, float, tuple[ReadLine, ...]]:
    """`_legible_way` by some of the lines."""
    found: list[tuple[float, Pose, tuple[ReadLine, ...]]] = []
    for pose in ways:
        read = _read(rgb, probes, reader, reading_angle(pose, tilt), pose.mirrored, _PART)
        sure, enough = confidence(read), _enough(pose, read)
        found.append((sure, pose, read))
        if sure >= _SURE and enough:
            break
    found.sort(key=lambda entry: -entry[0])
    sure, pose, read = found[0]
    second = found[1][0] if len(found) > 1 else 0.0
    least, ahead = _CLAIM[pose.mirrored] if pose.turn or pose.mirrored else _PLAIN
    certain = sure >= _SURE or (sure >= least and sure >= second + ahead)
    return (pose if certain and _enough(pose, read) else None), sure, read


def _enough(pose: Pose, read: Sequence[ReadLine]) -> bool:
    """Whether enough letters were read to say that a page lies so; digits have no way up."""
    letters = sum(character.isalpha() for each in read for character in each.text)
    return letters >= (_MANY if pose.turn or pose.mirrored else _FEW)


def _tells(line: Line) -> float:
    """Small for lines that tell much: long ones, the larger the better; ornaments last."""
    return (
        0.0
        if not line.is_ordinary
        else -min(line.length / line.height, _PART) * math.sqrt(line.height)
    )


def _looms(line: Line) -> float:
    """Small for what looks like a title: large print, of more than a word."""
    return -line.height * min(line.length / line.height, _TITLE)


def confidence(read: Sequence[ReadLine]) -> float:
    """Mean probability of the letters and digits, 0–1; 0 when there are none."""
    sure = [
        probability
        for each in read
        for character, probability in zip(each.text, each.spelling.probabilities, strict=True)
        if character.isalnum()
    ]
    return float(np.mean(sure)) if sure else 0.0


def _read(
    rgb: ByteImage,
    lines: Sequence[Line],
    reader: Reader,
    angle: float,
    mirrored: bool,
    most: float,
) -> tuple[ReadLine, ...]:
    quads = [beginning(oriented(line.quad, angle, mirrored=mirrored), most) for line in lines]
    boxes = [TextBox(quad, line.score) for quad, line in zip(quads, lines, strict=True)]
    spellings = reader.spell(rgb, boxes)
    return tuple(
        ReadLine(line, _without_cut(spelling, line, most))
        for line, spelling in zip(lines, spellings, strict=True)
    )


def _without_cut(spelling: Spelling, line: Line, most: float) -> Spelling:
    """Without the last character of a line that was not read to its end: it may be cut through."""
    if line.length <= most * line.height or not spelling.text:
        return spelling
    return replace(
        spelling,
        text=spelling.text[:-1],
        probabilities=spelling.probabilities[:-1],
        places=spelling.places[:-1],
        seconds=spelling.seconds[:-1],
    )


class _Page:
    """A page whose way round is known, being read."""

    def __init__(
        self,
        rgb: ByteImage,
        reader: Reader,
        pose: Pose,
        tilt: float,
        lines: tuple[Line, ...],
        read: list[ReadLine],
    ) -> None:
        self.rgb = rgb
        self.reader = reader
        self.pose = pose
        self.angle = reading_angle(pose, tilt)
        # Downwards on the page.
        turned = math.radians(self.angle + 90)
        self.down = np.array([math.cos(turned), math.sin(turned)], np.float32)
        self.lines = lines
        self.read = read
        heights = [line.height for line in lines if line.is_long] or [lines[0].height]
        self.usual = float(np.median(heights))

    def read_titles(self) -> Kind:
        """Read the largest lines, and some more while they do not tell what the page is."""
        kind = self._kind()
        large = sorted((each for each in self._unread(whole=True) if each.is_ordinary), key=_looms)
        for batch in (large[:TITLES], large[TITLES : 2 * TITLES]):
            self.read_lines(batch, _WHOLE)
            kind = self._kind()
            if kind.key:
                return kind
        return self._read_level(kind)

    def _read_level(self, kind: Kind) -> Kind:
        """Of an exam whose level is not in its title: read long lines to their end, then others."""
        if not kind.family or kind.key:
            return kind
        unread = self._unread(whole=True)
        unread.sort(key=lambda line: float(line.middle @ self.down))
        unread.sort(key=lambda line: line.length <= _PART * line.height)
        for line in unread[:LEVEL_LINES]:
            self.read_lines([line], _WHOLE)
            kind = self._kind()
            if kind.key:
                break
        return kind

    def read_sample(self) -> None:
        """Read lines of ordinary print evenly from the top to the foot of the page."""
        usual = [line for line in self._unread() if line.is_long and line.height < 1.5 * self.usual]
        usual.sort(key=lambda line: float(line.middle @ self.down))
        places = np.linspace(0, len(usual) - 1, min(SAMPLE, len(usual))).round().astype(int)
        self.read_lines([usual[place] for place in places], _PART)

    def read_lines(self, lines: Sequence[Line], most: float) -> None:
        """Read lines, those again of which only a part was read."""
        self.read = [each for each in self.read if not any(each.line is line for line in lines)]
        self.read += _read(self.rgb, lines, self.reader, self.angle, self.pose.mirrored, most)

    def _unread(self, *, whole: bool = False) -> list[Line]:
        """Lines that were not read, or, when they are wanted ``whole``, only in part."""
        read = {
            id(each.line)
            for each in self.read
            if not whole or each.line.length <= _PART * each.line.height
        }
        # A joined line is another one than its parts.
        return [line for line in self.lines if id(line) not in read]

    def _kind(self) -> Kind:
        return kind_of(
            [
                Words(each.text, float(np.clip(each.line.height / self.usual, 1, 2)))
                for each in self.read
            ]
        )
