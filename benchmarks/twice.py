"""How far one picture sent twice stands apart from two pages of one form: drawn pages.

python benchmarks/twice.py [--split tune|check] [--count 6]

Prints, in percent, how much of the fingerprints of two files differs, and how much of the words
that were read on two certificates agrees; see `photo_service.collection`.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "samples")]

from scans import draw  # noqa: E402 - found by the line above

from photo_service.collection import (  # noqa: E402
    Look,
    Member,
    difference,
    fingerprints,
    look_of,
    words_in_common,
)
from photo_service.profile import load  # noqa: E402
from photo_service.report import ImageFacts, Report  # noqa: E402
from photo_service.service import examine  # noqa: E402

Rgb = NDArray[np.uint8]
FORMS = ("course-card", "ncre1", "transcript", "cet")
TAKES = ("clean scan", "phone photo", "white desk")
CERTIFICATES = ("diploma", "transcript", "cet", "pets2", "pets3", "ncre1", "ncre2", "nit")
SIZE = (1000, 720)


def saved(rgb: Rgb, quality: int) -> Rgb:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def scaled(rgb: Rgb, factor: float) -> Rgb:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=way), np.uint8)


def grey(rgb: Rgb) -> Rgb:
    return np.asarray(np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, 2), np.uint8)


def brightened(rgb: Rgb) -> Rgb:
    return np.asarray(np.clip(rgb * 1.15 + 10, 0, 255), np.uint8)


AGAIN: Mapping[str, Callable[[Rgb], Rgb]] = {
    "saved at quality 40": lambda rgb: saved(rgb, 40),
    "half the size": lambda rgb: saved(scaled(rgb, 0.5), 80),
    "1.7 times the size": lambda rgb: saved(scaled(rgb, 1.7), 85),
    "in grey": grey,
    "brightened": brightened,
    "turned": lambda rgb: np.ascontiguousarray(np.rot90(rgb)),
}


def photographed_again(rgb: Rgb) -> Rgb:
    """The same page turned a little, smaller and darker."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.7, 0.97)
    moved = cv2.warpAffine(rgb, turn, (width, height), borderValue=(120, 110, 100))
    smaller = scaled(np.asarray(moved, np.uint8), 0.85)
    return saved(np.asarray(np.clip(smaller * 0.9, 0, 255), np.uint8), 70)


def drawn(type_: str, take: str, seed: int, split: str) -> Rgb:
    return np.ascontiguousarray(draw(take, seed, split, type=type_, size=SIZE).rgb)


def member(number: int, look: Look) -> Member:
    image = ImageFacts("", str(number), 0, "jpeg", 0, 0)
    return Member(number, Report("", "", "", "", {}, image, ()), look)


def shown(name: str, figures: list[float]) -> None:
    low, middle, high = np.percentile(figures, (0, 50, 100))
    print(f"{name:28} n={len(figures):5}  least {low:5.1f}  median {middle:5.1f}  most {high:5.1f}")


def pages_again(split: str, count: int) -> None:
    """Of pages and of the same pages again."""
    pages: list[tuple[str, str, Member]] = []
    again: dict[str, list[float]] = {name: [] for name in AGAIN}
    blank = np.zeros((1, 1, 3), np.uint8)
    for form in FORMS:
        for take in TAKES:
            for seed in range(count):
                rgb = drawn(form, take, seed, split)
                page = member(len(pages), Look(blank, fingerprints(rgb)))
                pages.append((form, take, page))
                for name, change in AGAIN.items():
                    other = member(-1, Look(blank, fingerprints(change(rgb))))
                    again[name].append(difference(page, other))
    for name, figures in again.items():
        shown(name, figures)
    same = [difference(a, b) for (f, _, a), (g, _, b) in combinations(pages, 2) if f == g]
    shown("another page of the form", same)


def words(split: str, count: int) -> None:
    """Of certificates, photographed again and of other people."""
    rules = load("certificate")
    limit = next(
        line.limits["shared"] for line in rules.lines if line.check.id == "set/certificates_differ"
    )
    pages = list(_read(split, count, rules.name))
    same = [words_in_common(a, b) for t, s, a, b in pages]
    other = [
        words_in_common(a, b)
        for (t, s, a, _), (u, z, b, _) in combinations(pages, 2)
        if t == u and s != z
    ]
    for name, figures in (("photographed again", same), ("one kind, other people", other)):
        shown(name, figures)
        print(f"{'':28} above the limit: {sum(f not in limit.accept for f in figures)}")


def _read(split: str, count: int, kind: str) -> Iterator[tuple[str, int, Member, Member]]:
    for type_ in CERTIFICATES:
        for seed in range(count):
            rgb = drawn(type_, "clean scan", seed, split)
            both = []
            for number, picture in enumerate((rgb, photographed_again(rgb))):
                file = io.BytesIO()
                Image.fromarray(picture).save(file, "PNG")
                features = examine(file.getvalue(), kind).features
                assert features is not None
                both.append(member(number, look_of(features)))
            yield type_, seed, both[0], both[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("tune", "check"), default="tune")
    parser.add_argument("--count", type=int, default=6, help="pages of each form and take")
    arguments = parser.parse_args()
    pages_again(arguments.split, arguments.count)
    words(arguments.split, max(arguments.count // 2, 2))


if __name__ == "__main__":
    main()
