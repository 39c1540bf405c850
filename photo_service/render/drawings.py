"""Drawings that go with a report: the overlay, its geometry as numbers, views of the evidence.

The geometry is in pixels of the full-size upright picture, as the ``region`` of a finding, so that
a page can draw it over the picture it has itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.messages import messages
from photo_service.render.evidence import views_of
from photo_service.render.fonts import typeface
from photo_service.render.overlay import draw_measured, draw_members
from photo_service.render.rulers import Ruler, page_outline, rulers_of
from photo_service.report import Report
from photo_service.service import Examination

# The checks that speak of what is outlined.
FACE, CARD, PAGE = "face/one_face", "card/found", "document/page_found"


def drawings_of(
    examination: Examination, language: str, *, font: Path | None = None
) -> dict[str, Any]:
    """All drawings of one report in JSON form; they show the picture itself.

    Args:
        examination: a report and the facts it rests on.
        language: ``zh`` or ``en``, of what is written in them.
        font: a font file to prefer (`Settings.font`).

    Returns:
        ``overlay``, the picture with its rulers and the numbers of its reasons (a JPEG as a
        ``data:`` address; of several files together all of them, small; ``""`` for a file that
        could not be opened); ``rulers``, what the overlay shows of the framing; ``outlines``,
        polygons with the check they belong to; ``evidence``, for each sign that has something to
        look at its pictures, each with a caption.

    Raises:
        UsageError: ``font`` cannot be read.
    """
    report, features = examination.report, examination.features
    if features is None:
        members = draw_members(examination, language, font=font) if examination.members else b""
        overlay = _as_address(members) if members else ""
        return {"overlay": overlay, "rulers": [], "outlines": [], "evidence": []}
    face, text = typeface(font), messages(language)
    evidence = []
    for finding in report.evidence(text):
        views = [
            {"caption": caption, "image": _address(image)}
            for caption, image in views_of(finding, features, face, text)
        ]
        if views:
            evidence.append({"sign": finding.code, "views": views})
    return {
        "overlay": _as_address(draw_measured(examination, language, font=font)),
        "rulers": [_ruler(ruler) for ruler in rulers_of(report, features)],
        "outlines": [
            {"check": check, "points": points} for check, points in _outlines(report, features)
        ],
        "evidence": evidence,
    }


def _ruler(ruler: Ruler) -> dict[str, Any]:
    return {
        "check": ruler.finding.check,
        "axis": ruler.axis,
        "marks": [round(mark, 1) for mark in ruler.marks],
        "bands": [[round(low, 1), round(high, 1)] for low, high in ruler.bands],
    }


def _outlines(report: Report, features: Features) -> Iterator[tuple[str, list[list[float]]]]:
    """What was found in the picture, each with the check that speaks of it."""
    checks = {finding.check for finding in report.findings}
    if FACE in checks:
        with suppress(CannotAssess):
            x, y, width, height = features.geometry.box
            right, bottom = x + width, y + height
            corners = ((x, y), (right, y), (right, bottom), (x, bottom))
            yield FACE, _full_size(corners, features)
    card = features.card_if_sought
    if card is not None:
        yield CARD, _full_size(card.corners.tolist(), features)
    if page := page_outline(features):
        yield PAGE, _full_size(page, features)


def _full_size(corners: Iterable[Iterable[float]], features: Features) -> list[list[float]]:
    return [[round(place / features.scale, 1) for place in corner] for corner in corners]


def _address(image: Image.Image) -> str:
    encoded = BytesIO()
    image.save(encoded, "JPEG", quality=85)
    return _as_address(encoded.getvalue())


def _as_address(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
