"""Breaking text into lines where Chinese and Latin mix."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# A line neither begins with these nor ends with those; the wide forms are written as escapes
# because most editors show them like the narrow ones.
_NOT_FIRST = frozenset(",.;:?!)]}%°。、》】”’…·\uff0c\uff1a\uff1b\uff1f\uff01\uff09")
_NOT_LAST = frozenset("([{《【“‘\uff08")
# What stays together: a number and its unit; a space; a run of narrow characters; a wide one.
_PIECES = re.compile(
    r"\d[\d.–]* (?:%|px|KB|MB)|\s+|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|.", re.DOTALL
)


def cells(text: str) -> int:
    """Columns a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def wrap(text: str, width: float, measure: Callable[[str], float] = cells) -> list[str]:
    """Lines of at most ``width``, by words in Latin text and by characters in Chinese.

    A word that is wider than a line is cut; each line feed begins a line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _glued(_PIECES.findall(paragraph)):
            if measure((line + piece).rstrip()) <= width:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            line = piece.lstrip()
            while measure(line) > width and len(line) > 1:
                cut = max(n for n in range(1, len(line)) if n == 1 or measure(line[:n]) <= width)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    return lines


def _glued(pieces: list[str]) -> list[str]:
    """Tie punctuation to what it belongs to."""
    glued: list[str] = []
    for piece in pieces:
        if glued and (piece[0] in _NOT_FIRST or glued[-1][-1] in _NOT_LAST):
            glued[-1] += piece
        else:
            glued.append(piece)
    return glued


def printable(text: str) -> str:
    """A text from outside without what would steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
