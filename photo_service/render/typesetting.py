"""How large a printed report is set: as large as leaves it on one sheet of A4.

Browsers differ in fonts and have no style for "as large as fits", and the page runs no script; so
heights are reckoned here, from the number of characters, with room to spare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from photo_service.render.wrapping import cells

# Millimetres within the margins of A4; see ``templates/printed.css``.
WIDTH, HEIGHT = 186.0, 271.0
# What stands on every page: the heading, the clerk's lines, hashes.
_FIXED = 17 + 31 + 11
# Columns of the table of findings by their place, in sizes of the type and within their padding;
# the second has the rest.
_NUMBER, _MEASURED, _ALLOWED, _CLAUSE = 6.0, 4.9, 6.2, 10.2
_COLUMNS = {1: _NUMBER, 3: _MEASURED, 4: _ALLOWED, 5: _CLAUSE}
_CELL_PADDING = 1.3
_RULE, _MARK = 0.25, 1.3
# Beside the picture.
_GAP, _LABELS = 5, 24
_FACT_GAP, _PARAGRAPH_GAP, _FRAME = 1, 2, 6
# Size of the type of clauses and of what passed, relative to the rest; as in the style sheet.
_SMALL = 0.85

_POINT = 0.3528
# Width of a Latin character or half a Chinese one, relative to the type.
_CELL = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of findings: its texts."""

    what: Sequence[str]
    measured: str
    allowed: str
    clause: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a page has to hold.

    Attributes:
        has_picture: whether there is a picture at the left.
        facts: what is told of the picture, beside it.
        paragraphs: further text beside it, smaller, each under a heading.
        rows: of the table.
    """

    has_picture: bool
    facts: Sequence[str]
    paragraphs: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to set a page.

    Attributes:
        points: size of the type.
        picture: longest side of the picture, millimetres.
        leading: height of a line, relative to the type.
        padding: above and below a row, millimetres.
        run_in: whether a row's texts follow one another on one line.
    """

    points: float
    picture: int
    leading: float
    padding: float
    run_in: bool

    @property
    def name(self) -> str:
        """Its class in the page."""
        return f"set-{self.points * 10:.0f}"

    @property
    def style(self) -> str:
        """Its rule in the style."""
        what = ".what p { display: inline; }"
        return (
            f".{self.name} {{ --size: {self.points}pt; --picture: {self.picture}mm; "
            f"--leading: {self.leading}; --padding: {self.padding}mm; }}\n"
            + (f".{self.name} {what}\n" if self.run_in else "")
        )

    def height(self, page: Page) -> float:
        """About how high a page becomes, millimetres."""
        table = sum(self._row(row) for row in page.rows)
        head = self._line + 2 * self.padding + 4 * _RULE
        return _FIXED + self._beside(page) + head + table

    @property
    def _line(self) -> float:
        return self.points * _POINT * self.leading

    def _row(self, row: Row) -> float:
        what = [" ".join(row.what)] if self.run_in else row.what
        size = self.points * _POINT
        others = sum(_COLUMNS.values()) * size + 2 * (len(_COLUMNS) + 1) * _CELL_PADDING
        lines = (
            sum(self._lines(part, WIDTH - others) for part in what),
            self._lines(row.measured, _MEASURED * size),
            self._lines(row.allowed, _ALLOWED * size),
            self._lines(row.clause, _CLAUSE * size, _SMALL) * _SMALL,
        )
        # The frame around a row's weight is higher than one line.
        return max(max(lines) * self._line, size + _MARK) + 2 * self.padding + _RULE

    def _beside(self, page: Page) -> float:
        """The picture and what stands at its right."""
        picture = self.picture + _GAP if page.has_picture else 0
        room = WIDTH - picture
        facts = sum(
            self._lines(fact, room - _LABELS) * self._line + _FACT_GAP for fact in page.facts
        )
        small = sum(
            (1 + self._lines(paragraph, room, _SMALL)) * self._line * _SMALL + _PARAGRAPH_GAP
            for paragraph in page.paragraphs
        )
        return max(picture, facts + small + _FRAME + self._line) + _GAP

    def _lines(self, text: str, width: float, size: float = 1.0) -> int:
        return math.ceil(cells(text) * self.points * _POINT * size * _CELL / width)


SETTINGS = (
    Setting(9.0, 92, 1.4, 0.9, run_in=False),
    Setting(8.2, 74, 1.4, 0.7, run_in=False),
    Setting(7.4, 62, 1.35, 0.5, run_in=False),
    Setting(6.8, 54, 1.3, 0.4, run_in=True),
    Setting(6.1, 46, 1.26, 0.3, run_in=True),
    Setting(5.6, 42, 1.22, 0.25, run_in=True),
    Setting(5.2, 38, 1.2, 0.2, run_in=True),
)


def fitting(page: Page) -> Setting:
    """The largest setting that leaves a page on one sheet; else the smallest."""
    return next((each for each in SETTINGS if each.height(page) <= HEIGHT), SETTINGS[-1])


def style() -> str:
    """The rules of all settings."""
    padding = 2 * _CELL_PADDING
    columns = "".join(
        f".findings th:nth-child({place}) {{ width: calc({size} * var(--size) + {padding}mm); }}\n"
        for place, size in _COLUMNS.items()
    )
    return columns + "".join(each.style for each in SETTINGS)
