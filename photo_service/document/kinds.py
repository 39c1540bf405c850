"""Which of the exemption procedure's certificates a page is, by the words on it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from photo_service.errors import UsageError

TYPES = ("diploma", "transcript", "cet", "pets2", "pets3", "ncre1", "ncre2", "nit")
"""Keys of the certificates that can be told apart; "pets3" and "ncre2" stand for higher levels too.
"""

# A misread character is forgiven in words so long.
_LONG_WORD = 6
# Names of exams in so few letters must stand alone.
_SHORT_NAME = 4
_NEW_FORMS = str.maketrans(
    "畢業證書學歷專國語級計術應習終課單績績長準與總報個電腦會無號數臺繫試驗選",
    "毕业证书学历专国语级计术应习终课单绩绩长准与总报个电脑会无号数台系试验选",
)
_OTHER_FORMS = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_NUMERALS = "一二三四五六"
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}
_ORDINALS = {"FIRST": 1, "SECOND": 2, "THIRD": 3, "FOURTH": 4, "FIFTH": 5, "SIXTH": 6}
_LEVEL_IN = re.compile(
    r"(?P<han>[一二三四五六1-6])级|(?:PETS|CET|CJT|LEVEL|GRADE|BAND|RANK)(?P<mark>[1-6](?!\d)|(?:IV|VI|V|I{1,3})(?![A-Z0-9]))"
    r"|(?P<word>FIRST|SECOND|THIRD|FOURTH|FIFTH|SIXTH)(?:LEVEL|GRADE|RANK)"
)


@dataclass(frozen=True, slots=True)
class Words:
    """One line as read, for finding words in it.

    Attributes:
        text: its characters.
        prominence: its height over that of the page's usual line, 1 to 2.
    """

    text: str
    prominence: float


@dataclass(frozen=True, slots=True)
class Family:
    """Certificates of one exam, or of one sort.

    Attributes:
        key: of its only type; of the family where `levels` tells its types apart; ``""`` for other
            papers.
        words: what it says → how much that tells.
        levels: key of a type → the levels that belong to it.
    """

    key: str
    words: Mapping[str, float]
    levels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """What kinds.toml says.

    Attributes:
        least: weight of a family that counts.
        lead: how many times the next one's.
        title: how prominent a title is at least.
        against: what titles of other papers hold.
        families: of certificates.
        expected: plain name → types that satisfy it.
    """

    least: float
    lead: float
    title: float
    against: re.Pattern[str]
    families: tuple[Family, ...]
    expected: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a page seems to be.

    Attributes:
        key: one of `TYPES`, ``""`` when it could not be told.
        words: the words that say so, in the table's form.
        weight: of these.
        family: key of the family, also where the level was not read.
    """

    key: str
    words: tuple[str, ...]
    weight: float
    family: str


@cache
def table() -> Table:
    """The words of each family, from kinds.toml."""
    raw = tomllib.loads(
        (resources.files("photo_service.document") / "kinds.toml").read_text(encoding="utf-8")
    )
    families = tuple(
        Family(
            key=entry["key"],
            words=MappingProxyType(entry["words"]),
            levels=MappingProxyType(
                {key: tuple(levels) for key, levels in entry.get("levels", {}).items()}
            ),
        )
        for entry in raw["family"]
    )
    expected = {
        plain_text(name): frozenset(entry["types"])
        for entry in raw["expected"]
        for name in entry["names"]
    }
    return Table(
        least=raw["least"],
        lead=raw["lead"],
        title=raw["title"],
        against=re.compile("|".join(raw["against"])),
        families=families,
        expected=MappingProxyType(expected),
    )


def wanted(expected: str) -> frozenset[str]:
    """Types of page that satisfy what a candidate chose, by key or by the form's name for it.

    Args:
        expected: ``""`` when nothing was chosen; then the answer is empty.

    Raises:
        UsageError: ``type-not-known``.
    """
    plain = plain_text(expected)
    if not plain:
        return frozenset()
    if plain not in table().expected:
        raise UsageError("type-not-known", known=", ".join(TYPES))
    return table().expected[plain]


def kind_of(lines: Sequence[Words]) -> Kind:
    """What the lines of a page say it is."""
    plain = [(plain_text(line.text), line.prominence) for line in lines]
    known = table()
    if any(size >= known.title and known.against.search(text) for text, size in plain):
        return Kind("", (), 0.0, "")
    ranked = []
    for family in known.families:
        found = _words_in(plain, family.words)
        weight = sum(family.words[word] * prominence for word, prominence in found.items())
        ranked.append((weight, family, tuple(found)))
    ranked.sort(key=lambda entry: -entry[0])
    (weight, family, words), (next_weight, *_) = ranked[0], ranked[1]
    if weight < known.least or weight < known.lead * next_weight:
        return Kind("", words, weight, "")
    if not family.levels:
        return Kind(family.key, words, weight, family.key)
    level = _level(plain)
    fitting = [key for key, levels in family.levels.items() if level in levels]
    # An exam of one type is told by its name; a level outside the table denies it.
    key = fitting[0] if fitting else family.key if not level and family.key in TYPES else ""
    return Kind(key, (*words, f"{level}级") if level else words, weight, family.key)


def plain_text(text: str) -> str:
    """Capital letters, digits and simplified characters alone."""
    simple = text.upper().translate(_NEW_FORMS).translate(_OTHER_FORMS)
    return "".join(character for character in simple if character.isalnum())


def _words_in(lines: Sequence[tuple[str, float]], words: Iterable[str]) -> dict[str, float]:
    """The words that the lines hold and how prominently; each place counts for one word."""
    texts = ["".join(text for text, _ in lines), *(text for text, _ in lines)]
    prominences = [1.0, *(prominence for _, prominence in lines)]
    found: dict[str, float] = {}
    for misread in (0, 1):
        for word in sorted(words, key=len, reverse=True):
            if misread and len(word) < _LONG_WORD:
                continue
            for number, text in enumerate(texts):
                at = _find(text, word, misread)
                if at < 0:
                    continue
                found[word] = max(found.get(word, 0.0), prominences[number])
                texts[number] = text[:at] + "□" * len(word) + text[at + len(word) :]
    return found


def _find(text: str, word: str, misread: int) -> int:
    """Where a word stands, at most so many of its characters misread; -1 nowhere."""
    size = len(word)
    if not misread:
        at = text.find(word)
        # Short names of exams are parts of other words.
        alone = size > _SHORT_NAME or not word.isascii() or not _in_letters(text, at, size)
        return at if alone else -1
    for start in range(len(text) - size + 1):
        part = text[start : start + size]
        if "□" not in part and sum(a != b for a, b in zip(part, word, strict=True)) <= misread:
            return start
    return -1


def _in_letters(text: str, at: int, size: int) -> bool:
    around = text[max(at - 1, 0) : at] + text[at + size : at + size + 1]
    return any(side.isascii() and side.isalpha() for side in around)


def _level(lines: Sequence[tuple[str, float]]) -> str:
    """The level that stands in the largest print, as a Chinese numeral; ``""`` when none does."""
    found = [
        (prominence, _numeral(match))
        for text, prominence in lines
        for match in _LEVEL_IN.finditer(text)
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else ""


def _numeral(match: re.Match[str]) -> str:
    said = match["han"] or match["mark"] or match["word"]
    if said in _NUMERALS:
        return said
    number = _ROMAN.get(said) or _ORDINALS.get(said) or int(said)
    return _NUMERALS[number - 1]
