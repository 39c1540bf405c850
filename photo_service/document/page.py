"""`Page`: what a picture shows of a page of paper; the facts behind `Features.document`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from models.text import Reader, TextBox, union_box
from photo_service.document import look
from photo_service.document.kinds import Kind
from photo_service.document.lines import Line, Pose, lines_of, reading_angle
from photo_service.document.look import Print, Sheet
from photo_service.document.reading import Reading, confidence, read_page
from photo_service.errors import CannotAssess
from photo_service.raster import grain, raster

LOOK_SIDE = 832
"""The text detector sees the picture at this long side: 10-point print of a page of A4 is 10
pixels high there, the least it finds reliably."""
# A line comes so near to the border, times its height, to run into it.
_AT_BORDER = 0.35
# So much of its end on the border is ink then; what is dark all along is the ground beside a page.
_INK_AT_BORDER, _GROUND_AT_BORDER = 0.04, 0.85
# A screen's raster: looked for in the middle of the page, without this share at each side; fine
# patterns have at most this period, pixels; how much coarse ones count; and the grain, in grey
# levels, from which a picture is grainy, and how much at most that counts.
_MARGIN = 0.12
_FINE = 6.0
_COARSE_COUNTS = 0.6
_GRAINY, _MOST_GRAIN = 2.4, 2.0
# A page with so many lines is at most so many times as wide and high as all of them.
_PRINTED = 3
_PAGE_BY_PRINT = 1.6
# With fewer lines than this, all within so small a part of the picture that it shows this many
# times larger with the print in its middle half, the part is looked at alone.
_SOME, _CLOSER, _AROUND = 8, 1.5, 2.0
# Small print that the usual look misses shows at this long side.
FINE_SIDE = 1280
# With fewer lines than this a page is looked at twice.
_FEW = 4
# No letters are higher than this share of the picture's shorter side.
_LARGEST = 0.3
_WORD = re.compile(r"\w{2,}")
_NUMBER = re.compile(r"(?:编号|号码|证号|No\.?|NO\.?)\W*([A-Z0-9]{8,})")
# Detail is measured in a window of so many pixels a side.
_PART_SIDE = 640

Box = tuple[float, float, float, float]
ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Page:
    """What a picture shows of a page.

    Attributes:
        picture: (h, w, 3) the decoded picture.
        reading: what was read; without lines nothing.
        sheet: where the paper lies; None when nothing looks like paper.
    """

    picture: ByteImage = field(repr=False)
    reading: Reading = field(repr=False)
    sheet: Sheet | None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Where text is."""
        return self.reading.lines

    @property
    def pose(self) -> Pose | None:
        """How it lies; None when nothing was legible in any way."""
        return self.reading.pose

    @property
    def kind(self) -> Kind:
        """What it seems to be."""
        return self.reading.kind

    @property
    def tilt(self) -> float:
        """Degrees clockwise from the picture's rows or columns to its lines, -45 to 45."""
        return self.reading.tilt

    @cached_property
    def luma(self) -> ByteImage:
        """Luma of the picture, 0–255."""
        return np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def print(self) -> Print:
        """How its print shows; only with lines. Ornaments taken for lines are left out."""
        pose = self.pose or Pose(0, mirrored=False)
        lines = [line for line in self.lines if line.is_ordinary] or self.lines
        return Print(self.luma, lines, reading_angle(pose, self.tilt))

    @cached_property
    def text_box(self) -> Box:
        """Around all lines, pixels of the decoded picture; all zero without lines."""
        return self.around(self.lines) if self.lines else (0.0, 0.0, 0.0, 0.0)

    @cached_property
    def share(self) -> float:
        """How large the page is, percent of the largest of its shape that the picture could hold.

        A page across an upright picture fills it when it is as wide. Where the paper cannot be
        told from the table, print tells: it fills a good part of a page.
        """
        height, width = self.luma.shape

        def filled(box: Box, factor: float = 1.0) -> float:
            span = min(factor * max(box[2] / width, box[3] / height), 1.0)
            return float(100 * span * span)

        by_paper = 100.0 if self.sheet is None else filled(self.sheet.box)
        if len(self.lines) < _PRINTED:
            return by_paper
        return min(by_paper, filled(self.text_box, _PAGE_BY_PRINT))

    @property
    def box(self) -> Box:
        """Around the page, or else its print; pixels of the decoded picture."""
        return self.text_box if self.sheet is None else self.sheet.box

    @cached_property
    def finest(self) -> FloatArray:
        """Luma of the part with the most print, (h, w), at most `_PART_SIDE` pixels a side."""
        height, width = self.luma.shape
        x, y, across, down = self.text_box
        left = int(np.clip(x + across / 2 - _PART_SIDE / 2, 0, max(width - _PART_SIDE, 0)))
        top = int(np.clip(y + down / 2 - _PART_SIDE / 2, 0, max(height - _PART_SIDE, 0)))
        part = self.luma[top : top + _PART_SIDE, left : left + _PART_SIDE]
        return part.astype(np.float32)

    def around(self, lines: Sequence[Line]) -> Box:
        """Around some lines, at least one; pixels of the decoded picture."""
        return union_box([line.quad for line in lines])

    @cached_property
    def glare(self) -> tuple[float, Box | None]:
        """The largest blown-out patch on paper that is not blown out, percent of the page; where.

        A scanner's white paper is no patch: light is told by where it ends.
        """
        if self.sheet is None:
            return 0.0, None
        return look.glare(self.picture, self.sheet, self.lines)

    @cached_property
    def shade(self) -> float:
        """Bright over dark parts of the paper, on the lines or all over, whichever is more."""
        over_all = 1.0 if self.sheet is None else look.unevenness(self.picture, self.sheet)
        return max(over_all, self.print.shade)

    @cached_property
    def marks_at_border(self) -> int:
        """How many strokes of print, ornament or seal run over the picture's border."""
        if self.sheet is None or not self.lines:
            return 0
        contrast = self.print.paper - self.print.ink
        return look.marks_at_border(self.picture, self.sheet, self.text_box, contrast)

    @cached_property
    def traces(self) -> float:
        """How far the paper is from empty, grey levels; see `look.traces`."""
        return 0.0 if self.sheet is None else look.traces(self.picture, self.sheet)

    @cached_property
    def pattern(self) -> float:
        """How far a screen's raster or moiré stands out in the middle of the page.

        As `raster.raster`. Certificates have fine patterns of their own, which are coarser and
        paler than a screen's: fine ones count by how strong the picture's grain is, coarse ones
        little.
        """
        x, y, width, height = self.box
        left, top = max(int(x), 0), max(int(y), 0)
        right, foot = int(x + width), int(y + height)
        within_x, within_y = int(_MARGIN * (right - left)), int(_MARGIN * (foot - top))
        part = np.ascontiguousarray(
            self.picture[top + within_y : foot - within_y, left + within_x : right - within_x]
        )
        if part.size == 0:
            return 0.0
        try:
            coarse, fine = raster(part), raster(part, longest=_FINE)
        except CannotAssess:
            return 0.0
        return max(_COARSE_COUNTS * coarse, fine * min(grain(part) / _GRAINY, _MOST_GRAIN))

    @cached_property
    def words(self) -> frozenset[str]:
        """Runs of letters and characters that were read, two and more."""
        return frozenset(word for each in self.reading.read for word in _WORD.findall(each.text))

    @cached_property
    def number(self) -> str:
        """The longest run of digits and letters after 编号 or No.; ``""`` when none was read."""
        found = [
            match.group(1) for each in self.reading.read for match in _NUMBER.finditer(each.text)
        ]
        return max(found, key=len, default="")

    @cached_property
    def legibility(self) -> float:
        """Mean probability of the characters read, 0–1."""
        ordinary = [each for each in self.reading.read if each.line.is_ordinary]
        return confidence(ordinary or self.reading.read)

    @cached_property
    def lines_at_border(self) -> tuple[Line, ...]:
        """Lines whose letters run into the picture's border."""
        return tuple(line for line in self.lines if self._runs_out(line))

    def _runs_out(self, line: Line) -> bool:
        height, width = self.luma.shape
        near = _AT_BORDER * line.height
        low, high = line.quad.min(axis=0), line.quad.max(axis=0)
        rows = slice(max(int(low[1]), 0), int(high[1]) + 1)
        columns = slice(max(int(low[0]), 0), int(high[0]) + 1)
        # Two pixels deep: encoders soften the outermost one.
        edges = []
        if low[0] < near:
            edges.append(self.luma[rows, :2])
        if low[1] < near:
            edges.append(self.luma[:2, columns].T)
        if high[0] > width - near:
            edges.append(self.luma[rows, -2:])
        if high[1] > height - near:
            edges.append(self.luma[-2:, columns].T)
        if not edges:
            return False
        ink, paper = np.percentile(self.luma[rows, columns], (5, 90))
        shares = (float((edge.max(axis=1) < (ink + paper) / 2).mean()) for edge in edges)
        return any(_INK_AT_BORDER < share < _GROUND_AT_BORDER for share in shares)


def find(rgb: ByteImage, reader: Reader) -> Page:
    """Look at a picture as at a page.

    Where little is found, the paper alone is looked at again with its contrast raised: faint print
    and small pages show then.

    Args:
        rgb: (h, w, 3) the decoded picture.
        reader: what detects and reads text.
    """
    lines = text_lines(rgb, reader, LOOK_SIDE)
    sheet = look.find_sheet(rgb, lines if len(lines) >= _FEW else ())
    if len(lines) < _FEW and sheet is not None:
        closer, corner, factor = look.brought_out(rgb, sheet, LOOK_SIDE)
        boxes = [
            TextBox(box.quad * factor + corner, box.score)
            for box in reader.text_boxes(closer, LOOK_SIDE)
        ]
        again = _lines(boxes, rgb)
        if len(again) > len(lines):
            lines = again
            if len(lines) >= _FEW:
                sheet = look.find_sheet(rgb, lines)
    if 0 < len(lines) < _SOME:
        again = _closer(rgb, lines, reader)
        if len(again) > len(lines):
            lines = again
            sheet = look.find_sheet(rgb, lines)
    if not lines:
        return Page(rgb, Reading(None, 0.0, 0.0, (), (), Kind("", (), 0.0, "")), sheet)
    reading = read_page(rgb, lines, reader)
    if reading.kind.family and not reading.kind.key:
        # An exam whose level was not read: it may stand on a line that was not found.
        more = text_lines(rgb, reader, FINE_SIDE)
        if len(more) > len(lines):
            finer = read_page(rgb, more, reader)
            reading = finer if finer.kind.key else reading
    return Page(rgb, reading, sheet)


def _closer(rgb: ByteImage, lines: Sequence[Line], reader: Reader) -> tuple[Line, ...]:
    """Lines in the part of a picture where all its print is; none when that is most of it."""
    x, y, across, down = union_box([line.quad for line in lines])
    side = _AROUND * max(across, down)
    if _CLOSER * side > max(rgb.shape[:2]):
        return ()
    left, top = max(int(x + (across - side) / 2), 0), max(int(y + (down - side) / 2), 0)
    part = np.ascontiguousarray(rgb[top : top + int(side), left : left + int(side)])
    corner = np.array([left, top], np.float32)
    boxes = reader.text_boxes(part, LOOK_SIDE)
    return _lines([TextBox(box.quad + corner, box.score) for box in boxes], rgb)


def text_lines(rgb: ByteImage, reader: Reader, side: int) -> tuple[Line, ...]:
    """Lines of text in a picture that the detector sees at a long side of so many pixels."""
    return _lines(reader.text_boxes(rgb, side), rgb)


def _lines(boxes: Sequence[TextBox], rgb: ByteImage) -> tuple[Line, ...]:
    """The boxes as lines, without those too large for letters."""
    most = _LARGEST * min(rgb.shape[:2])
    return tuple(line for line in lines_of(boxes) if line.height <= most)
