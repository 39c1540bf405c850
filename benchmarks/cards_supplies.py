"""Faces, fonts, tables and inks for drawn cards, in two sets that share nothing.

The real faces come from a folder with INDEX.csv, as `benchmarks.labelled` reads it; fonts are those
of this machine.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import Rgb, read
from models.runtime import Models

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "samples"))

from cards import BLUE_INK, DROID, PALE, PILLOW, Colour, Font, has_font
from cards_scenes import Supplies
from subject import Person

_NOTO: Font = ("opentype/noto/NotoSansCJK-Regular.ttc", 2)
_FONTS: dict[str, tuple[tuple[Font, Font], ...]] = {
    "tune": (
        (DROID, PILLOW),
        (("truetype/wqy/wqy-microhei.ttc", 0), ("truetype/wqy/wqy-microhei.ttc", 0)),
        (("truetype/arphic/uming.ttc", 0), ("truetype/dejavu/DejaVuSansMono.ttf", 0)),
    ),
    "check": (
        (_NOTO, ("truetype/noto/NotoSansMono-Regular.ttf", 0)),
        (("opentype/noto/NotoSerifCJK-Bold.ttc", 2), ("opentype/noto/NotoSansCJK-Bold.ttc", 2)),
        (("truetype/arphic/ukai.ttc", 0), ("truetype/dejavu/DejaVuSansCondensed.ttf", 0)),
    ),
}  # fmt: skip
_TABLES = {
    "tune": ("light wood", "cloth", "white paper", "dark desk", "tiles", "brick", "coffee"),
    "check": (
        "brown wood", "marble", "grey desk", "checked", "striped", "cutting mat", "gravel", "grass",
    ),
}  # fmt: skip
_INKS: dict[str, tuple[Colour, ...]] = {
    "tune": (BLUE_INK, (40, 108, 168)),
    "check": ((82, 146, 190), (34, 92, 150), (84, 84, 120)),
}
_TINTS: dict[str, tuple[tuple[Colour, ...], ...]] = {
    "tune": (PALE, ((226, 232, 238), (222, 226, 236))),
    "check": (
        ((238, 232, 240), (218, 232, 240), (236, 238, 232)),
        ((236, 230, 214), (226, 234, 226)),
        ((205, 222, 236), (226, 214, 228), (205, 222, 236)),
    ),
}
_FACES = ("neutral_front", "smiling_front", "portrait_plain_bg")


def supplies(data: Path, split: str, models: Models, faces: int) -> Supplies:
    """One of the two sets.

    Args:
        data: folder with INDEX.csv.
        split: tune or check.
        models: find the faces and cut them out.
        faces: at most so many.
    """
    people = []
    for person in _people(data, split, models):
        people.append(person)
        if len(people) == faces:
            break
    fonts = tuple(pair for pair in _FONTS[split] if all(has_font(font) for font in pair))
    return Supplies(
        portraits=tuple(as_portrait(person) for person in people),
        fonts=fonts or ((DROID, PILLOW),),
        tables=_TABLES[split],
        inks=_INKS[split],
        tints=_TINTS[split],
        holders=tuple(person for person in people if person.alpha[:4].max() < 0.3),
    )


def _people(data: Path, split: str, models: Models) -> Iterator[Person]:
    with (data / "INDEX.csv").open(encoding="utf-8", newline="") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if row["split"] == split
            and (row["file"].startswith(_FACES) or row["category"] == "portrait_plain_bg")
        ]
    order = np.random.default_rng(5).permutation(len(rows))
    for row in (rows[int(index)] for index in order):
        rgb = read(data / row["file"])
        person = None if rgb is None else cut_out(rgb, models)
        if person is not None:
            yield person


def cut_out(rgb: Rgb, models: Models) -> Person | None:
    """A person without background; nothing unless there is exactly one face."""
    longest = max(rgb.shape[:2])
    if longest > 1000:
        size = (round(rgb.shape[1] * 1000 / longest), round(rgb.shape[0] * 1000 / longest))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    faces = models.landmarks(rgb)
    if len(faces) != 1:
        return None
    mask = models.submit_mask(rgb).result()
    size = (rgb.shape[1], rgb.shape[0])
    alpha = cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return Person(rgb, np.asarray(alpha, np.float32), faces[0].points.copy())


def as_portrait(person: Person, width: int = 400) -> NDArray[np.uint8]:
    """Head and shoulders, 4:5, (h, w, 4); what lies outside the source is transparent."""
    height = width * 5 // 4
    scale = 0.46 * width / person.face_width
    middle = (person.points[234, 0] + person.points[454, 0]) / 2
    move = np.array(
        [
            [scale, 0, 0.5 * width - scale * middle],
            [0, scale, 0.43 * height - scale * person.eyes[1]],
        ],
        np.float32,
    )
    rgb = cv2.warpAffine(person.rgb, move, (width, height), flags=cv2.INTER_AREA)
    alpha = cv2.warpAffine(person.alpha, move, (width, height), flags=cv2.INTER_LINEAR)
    cover = np.round(255 * np.clip((alpha - 0.1) / 0.8, 0, 1)).astype(np.uint8)
    return np.dstack([rgb.astype(np.uint8), cover])
