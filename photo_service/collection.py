"""`Collection`: several files judged as one, the facts that their checks see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from photo_service.archive import Archive
from photo_service.features import ByteImage, Features
from photo_service.report import Decision, Report

# A fingerprint is made of a picture of this size, and of so many of its frequencies each way: the
# pages of one printed form differ only in their finer ones.
FINGERPRINT_SIDE = 128
FINGERPRINT_FREQUENCIES = 32
# Pages on which less was read are not compared: so many pairs of letters.
LEAST_PAIRS = 20
_NUMBER = re.compile(r"\d{6,}")
# How many files a sentence names.
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept of a member's picture once it has been judged.

    Attributes:
        small: the picture with a long side of about 240 px, RGB.
        fingerprint: `fingerprints` of the picture, (4, n).
        words: what was read on it, of a page of text.
        kind: what the page seems to be, ``""`` when that is not known.
    """

    small: ByteImage
    fingerprint: NDArray[np.bool_]
    words: frozenset[str] = frozenset()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of several, judged; ``look`` is ``None`` when it is no picture."""

    position: int
    report: Report
    look: Look | None

    @property
    def title(self) -> str:
        """Position and name, as sentences call it."""
        return f"[{self.position}] {self.report.image.name}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members and a figure that compares them."""

    first: Member
    second: Member
    figure: float

    @property
    def title(self) -> str:
        """Both, as sentences call them."""
        return f"{self.first.title} = {self.second.title}"


class Collection:
    """The facts of several files. Not to be shared between threads.

    Args:
        count: how many files there are; of an archive, how many it claims.
        judge: judges the members one by one.
        archive: what the files came in, if anything.

    Attributes:
        count: as given.
        members: all files, judged, in their order; none before `open`.
    """

    def __init__(
        self, count: int, judge: Callable[[], Iterable[Member]], archive: Archive | None = None
    ) -> None:
        self.count = count
        self._judge = judge
        self._archive = archive
        self.members: tuple[Member, ...] = ()

    @property
    def archive(self) -> Archive:
        """What the files came in."""
        assert self._archive is not None
        return self._archive

    def open(self) -> None:
        """Judge all files, in their order."""
        self.members = tuple(self._judge())

    def decided(self, decision: Decision) -> tuple[Member, ...]:
        """The members of one verdict."""
        return tuple(m for m in self.members if m.report.decision is decision)

    @cached_property
    def differences(self) -> tuple[Pair, ...]:
        """All pairs of pictures, the most alike first; the figure is `difference`."""
        pairs = (Pair(a, b, difference(a, b)) for a, b in self._pairs())
        return tuple(sorted(pairs, key=lambda pair: pair.figure))

    @cached_property
    def most_in_common(self) -> Pair | None:
        """The two members whose words agree most; the figure is `words_in_common`."""
        pairs = (Pair(a, b, words_in_common(a, b)) for a, b in self._pairs())
        return max(pairs, key=lambda pair: pair.figure, default=None)

    def _pairs(self) -> Iterator[tuple[Member, Member]]:
        return combinations([member for member in self.members if member.look is not None], 2)


def look_of(features: Features) -> Look:
    """What to keep of a picture."""
    page = features.document_if_sought
    return Look(
        small=features.small,
        fingerprint=fingerprints(features.photo.pixels),
        words=frozenset() if page is None else page.words,
        kind="" if page is None else page.kind.key,
    )


def fingerprint(rgb: ByteImage) -> NDArray[np.bool_]:
    """A perceptual hash: signs of the lowest frequencies of the luma, without its mean.

    Saving anew, scaling and slight changes of light leave nearly all of them as they are; another
    page has half of them otherwise.

    Args:
        rgb: (h, w, 3).

    Returns:
        `FINGERPRINT_FREQUENCIES` squared, less one.

    Source: the DCT hash of Zauner, "Implementation and benchmarking of perceptual image hash
        functions" (2010), with more frequencies.
    """
    luma = cv2.cvtColor(
        cv2.resize(rgb, (FINGERPRINT_SIDE, FINGERPRINT_SIDE), interpolation=cv2.INTER_AREA),
        cv2.COLOR_RGB2GRAY,
    )
    waves = cv2.dct(luma.astype(np.float32))[:FINGERPRINT_FREQUENCIES, :FINGERPRINT_FREQUENCIES]
    return np.asarray(waves.ravel()[1:] > 0)


def fingerprints(rgb: ByteImage) -> NDArray[np.bool_]:
    """Of a picture and of the same turned by one, two and three quarters, (4, n)."""
    side = (FINGERPRINT_SIDE, FINGERPRINT_SIDE)
    small = np.asarray(cv2.resize(rgb, side, interpolation=cv2.INTER_AREA), np.uint8)
    return np.stack(
        [fingerprint(np.ascontiguousarray(np.rot90(small, quarters))) for quarters in range(4)]
    )


def difference(first: Member, second: Member) -> float:
    """How much of two pictures' fingerprints differs, percent, whichever way they lie.

    0 for equal files.
    """
    assert first.look is not None
    assert second.look is not None
    if first.report.image.sha256 == second.report.image.sha256:
        return 0.0
    differing = first.look.fingerprint[0] != second.look.fingerprint
    return 100 * float(differing.mean(axis=1).min())


def words_in_common(first: Member, second: Member) -> float:
    """How much of what was read on one page stands on the other too, percent.

    Compared are pairs of neighbouring letters, which outlive a misread one; counted are those of
    the page with fewer. Pages of different kinds have nothing in common here, nor have two of which
    each shows a long number that the other does not.
    """
    assert first.look is not None
    assert second.look is not None
    one, other = first.look, second.look
    if one.kind and other.kind and one.kind != other.kind:
        return 0.0
    numbers = [{n for word in look.words for n in _NUMBER.findall(word)} for look in (one, other)]
    if numbers[0] - numbers[1] and numbers[1] - numbers[0]:
        return 0.0
    pairs = [{a + b for word in look.words for a, b in pairwise(word)} for look in (one, other)]
    fewer = min(map(len, pairs))
    if fewer < LEAST_PAIRS:
        return 0.0
    return 100 * len(pairs[0] & pairs[1]) / fewer


def named(titles: Iterable[str]) -> str:
    """The first few names in one row."""
    all_titles = list(titles)
    more = " …" if len(all_titles) > MOST_NAMED else ""
    return ", ".join(all_titles[:MOST_NAMED]) + more
