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

    def prefetch(self, needs: frozenset[str]) -> None:
        """Start computing costly facts side by side."""


def run(profile: Profile, features: Facts) -> tuple[Finding, ...]:
    """One finding for each line of the profile, in its order."""
    features.prefetch(profile.needs)
    return tuple(_finding(line, features) for line in profile.lines)


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
        region=_full_size(outcome.region, features.scale),
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


def _full_size(region: Region | None, scale: float) -> Region | None:
    if region is None:
        return None
    x, y, width, height = (value / scale for value in region)
    return x, y, width, height
