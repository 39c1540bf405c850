"""What was measured of the framing and what is allowed, as places in the picture.

The places of rulers are pixels of the full-size upright picture, as the ``region`` of a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from photo_service.check import Range
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.report import Finding, Report

# Paper lies free when it is farther than this from every border, relative to the picture.
_MARGIN = 0.01
_HEIGHTS = ("framing/crown_to_top", "framing/eyes_to_top")

Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ruler:
    """One measured quantity.

    Attributes:
        finding: with a number for its value and a range for what is allowed.
        axis: along which the places below lie.
        marks: where it was found.
        bands: within which each mark may lie; may reach beyond the picture.
    """

    finding: Finding
    axis: Literal["x", "y"]
    marks: tuple[float, ...]
    bands: tuple[Stretch, ...]


def rulers_of(report: Report, features: Features) -> tuple[Ruler, ...]:
    """The rulers of a report, those along y first; none where the framing was not measured."""
    measured = {f.check: f for f in report.findings if _is_measured(f)}
    heights = (measured[check] for check in _HEIGHTS if check in measured)
    return (*(_height(finding, features) for finding in heights), *_across(measured, features))


def page_outline(features: Features) -> list[tuple[float, float]]:
    """Corners of a page of paper, pixels of the decoded picture, when a check has looked for one.

    Empty unless the paper lies free in the picture: where it meets a border, or the desk is as pale
    as it is, what is known of its place is too little to draw.
    """
    page = features.document_if_sought
    if page is None or page.sheet is None:
        return []
    corners = [(float(x), float(y)) for x, y in page.sheet.corners]
    width, height = features.width, features.height
    is_free = all(
        _MARGIN * width < x < (1 - _MARGIN) * width
        and _MARGIN * height < y < (1 - _MARGIN) * height
        for x, y in corners
    )
    return corners if is_free else []


def _height(finding: Finding, features: Features) -> Ruler:
    per_cent = features.photo.height / 100
    band = _stretch(finding, per_cent, 0, features.photo.height)
    return Ruler(finding, "y", (_number(finding) * per_cent,), (band,))


def _across(measured: dict[str, Finding], features: Features) -> Iterator[Ruler]:
    width, scale = features.photo.width, features.scale
    if not measured.keys() & {"framing/face_width", "framing/centred"}:
        return
    try:
        face = features.geometry
    except CannotAssess:
        return
    if finding := measured.get("framing/face_width"):
        centre = face.centre_x / scale
        # The face may lie anywhere: its width is shown around its own middle.
        near, far = _stretch(finding, width / 200, 0, width)
        bands = (centre - far, centre - near), (centre + near, centre + far)
        yield Ruler(finding, "x", (face.left / scale, face.right / scale), bands)
    if finding := measured.get("framing/centred"):
        middle = width / 2
        low, high = _stretch(finding, width / 100, -middle, middle)
        mark = middle + _number(finding) * width / 100
        yield Ruler(finding, "x", (mark,), ((middle + low, middle + high),))


def _is_measured(finding: Finding) -> bool:
    return isinstance(finding.allowed, Range) and isinstance(finding.value, int | float)


def _number(finding: Finding) -> float:
    assert isinstance(finding.value, int | float)
    return float(finding.value)


def _stretch(finding: Finding, unit: float, low: float, high: float) -> Stretch:
    """The allowed range in pixels; open ends reach to ``low`` and ``high``."""
    allowed = finding.allowed
    assert isinstance(allowed, Range)
    return (
        low if allowed.min is None else allowed.min * unit,
        high if allowed.max is None else allowed.max * unit,
    )
