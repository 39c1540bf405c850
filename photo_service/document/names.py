"""A name looked for on a page."""

from __future__ import annotations

from collections.abc import Sequence

from models.text import Reader
from photo_service.card.compare import alike, plain_name
from photo_service.document.lines import Line
from photo_service.document.page import Page, text_lines
from photo_service.document.reading import ReadLine, lines_on

# Lines read at most; those of the upper part first, where names stand.
_MOST_LINES = 120
_UPPER = 0.45
# Where the name is not found, small print is looked for at this long side.
_FINE_SIDE = 1280


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
    if any(holds(each, wanted) for each in reading.read):
        return True
    lines = _names_first(page.lines)
    if any(holds(each, wanted) for each in lines_on(page.picture, reading, lines, reader)):
        return True
    finer = [
        line
        for line in text_lines(page.picture, reader, _FINE_SIDE)
        if not any(_inside(line, known) for known in page.lines)
    ]
    found = lines_on(page.picture, reading, _names_first(finer), reader)
    return any(holds(each, wanted) for each in found)


def holds(read: ReadLine, wanted: str) -> bool:
    """Whether a line holds a name, given in capitals without blanks and dots."""
    characters = [
        (character.upper(), second.upper())
        for character, (second, _) in zip(read.text, read.spelling.seconds, strict=True)
        if plain_name(character)
    ]
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


def _inside(line: Line, other: Line) -> bool:
    low, high = other.quad.min(axis=0), other.quad.max(axis=0)
    return bool((line.middle >= low).all() and (line.middle <= high).all())
