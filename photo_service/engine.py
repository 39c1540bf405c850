"""Runs a profile's checks over one picture's facts; the only place that traps a check's bug."""

from __future__ import annotations

import logging
from typing import Protocol

from photo_service.check import Outcome, Region, Status
from photo_service.errors import CannotAssess
from photo_service.profile import Line, Profile
from photo_service.report import Effect, Finding

log = logging.getLogger(__name__)


class Facts(Protocol):
    """What the engine itself needs of `photo_service.features.Features`."""

    @property
    def scale(self) -> float:
        """Decoded pixels per full-size pixel."""

    @property
    def width(self) -> int:
        """Decoded width, pixels."""

    @property
    def height(self) -> int:
        """Decoded height, pixels."""

    def prefetch(self, needs: frozenset[str]) -> None:
        """Start computing costly facts side by side."""

    def ready(self, needs: tuple[str, ...]) -> bool:
        """Whether these costly facts can be had without waiting."""


def run(profile: Profile, features: Facts) -> tuple[Finding, ...]:
    """One finding for each line of the profile, in its order."""
    features.prefetch(profile.needs)
    # What still computes beside us is asked for last, so that little waiting is left.
    lines = profile.lines
    order = sorted(range(len(lines)), key=lambda n: not features.ready(lines[n].check.needs))
    findings = {number: _finding(lines[number], features) for number in order}
    return tuple(findings[number] for number in range(len(lines)))


def _finding(line: Line, features: Facts) -> Finding:
    try:
        outcome = line.check.run(features, **line.limits)
    except CannotAssess as reason:
        outcome = Outcome(Status.SKIP, reason.code)
    except Exception:
        log.exception("check %s failed", line.check.id)
        outcome = Outcome(Status.ERROR, "service-error")
    return Finding(
        check=line.check.id,
        status=outcome.status,
        code=outcome.code,
        effect=effect_of(outcome, line),
        clause=line.clause,
        value=outcome.value,
        unit=outcome.unit,
        allowed=outcome.allowed,
        region=_full_size(outcome.region, features),
        facts=dict(outcome.facts),
    )


def effect_of(outcome: Outcome, line: Line) -> Effect:
    """What an outcome does to the verdict under a profile line.

    Only a certain failure can reject, and only where the line says so. Our own error sends a
    picture to review if its check could have stopped it: it neither accepts nor blames.
    """
    if outcome.status is Status.FAIL and line.on_fail == "reject" and outcome.certain:
        return Effect.REJECT
    stops = {
        Status.FAIL: line.on_fail != "note",
        Status.ERROR: line.on_fail != "note",
        Status.SKIP: line.on_skip == "review",
    }
    return Effect.REVIEW if stops.get(outcome.status, False) else Effect.NONE


def _full_size(region: Region | None, features: Facts) -> Region | None:
    """A region in full-size pixels, without what lies outside the picture."""
    if region is None:
        return None
    x, y, width, height = region
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, features.width), min(y + height, features.height)
    if right <= left or bottom <= top:
        return None
    scale = features.scale
    return left / scale, top / scale, (right - left) / scale, (bottom - top) / scale
