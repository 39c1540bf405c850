"""Labelled folders: pictures with what each must lead to, brought to the shape of a portrait.

Two layouts are read:

* ``labels.csv`` with columns file, label, split (tune or check) and, if known, groups (several
  are separated by semicolons);
* ``INDEX.csv`` as the project's development data has it: file, category, split, notes …

Square camera pictures are cropped to 3:4 around the face, never stretched, so that a wrong shape
does not hide what is to be measured.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.runtime import Models

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled picture."""

    file: Path
    label: str
    split: str
    groups: tuple[str, ...]


def items(folder: Path) -> Iterator[Item]:
    """All pictures of a folder, by its own table."""
    if (folder / "labels.csv").exists():
        for row in _rows(folder / "labels.csv"):
            groups = tuple(g.strip() for g in (row.get("groups") or "").split(";") if g.strip())
            yield Item(folder / row["file"], row["label"], row["split"], groups)
        return
    for row in _rows(folder / "INDEX.csv"):
        label = _label_of_index_row(row)
        if label:
            yield Item(folder / row["file"], label, row["split"], _groups(row))


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _label_of_index_row(row: dict[str, str]) -> str:
    if row["file"].startswith(("neutral_front/", "smiling_front/")):
        return "compliant"
    if row["category"] == "other":
        return "greyscale" if "grey" in row["notes"].lower() else ""
    return row["category"]


def _groups(row: dict[str, str]) -> tuple[str, ...]:
    """Gender, origin and age as the notes give them; nothing for pictures without."""
    known = dict(re.findall(r"\b(age|gender|eth)=(\w+)", row.get("notes", "")))
    groups = [known[key] for key in ("gender", "eth") if key in known]
    if known.get("age", "").isdigit():
        age = int(known["age"])
        groups.append("under 25" if age < 25 else "25 to 34" if age < 35 else "35 and over")
    return tuple(groups)


def as_portrait(rgb: Rgb, models: Models, seed: int) -> Rgb:
    """Crop 3:4 around the largest face and scale to 480 × 640; as it is when there is no face.

    ``seed`` varies the crop within what the rules accept.
    """
    height, width = rgb.shape[:2]
    if 0.70 <= width / height <= 0.80:
        return rgb
    faces = models.landmarks(rgb)
    rng = np.random.default_rng(seed)
    widest = min(float(width), height * 0.75)
    if faces:
        points = faces[0].points
        face_width = max(float(points[454, 0] - points[234, 0]), 1.0)
        eyes = points[[33, 133, 362, 263], :2].mean(axis=0)
        crop_width = min(face_width / rng.uniform(0.42, 0.54), widest)
        top = float(eyes[1]) - rng.uniform(0.40, 0.45) * crop_width * 4 / 3
        left = float(points[[234, 454], 0].mean()) - crop_width / 2
    else:
        crop_width, left, top = widest, 0.0, 0.0
    crop_height = crop_width * 4 / 3
    left = min(max(left, 0), width - crop_width)
    top = min(max(top, 0), height - crop_height)
    part = rgb[round(top) : round(top + crop_height), round(left) : round(left + crop_width)]
    shrinking = part.shape[1] > 480
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (480, 640), interpolation=interpolation), np.uint8)


def read(file: Path) -> Rgb | None:
    """The picture as RGB, or nothing when it cannot be read."""
    bgr = cv2.imread(str(file), cv2.IMREAD_COLOR)
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def encoded(rgb: Rgb, quality: int = 92) -> bytes:
    """JPEG bytes."""
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data)
