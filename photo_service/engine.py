"""Runs a profile's checks over the facts of a picture, or of several files together.

The only place that traps a check's bug.
"""

from __future__ import annotations

import logging
from typing import Protocol

from photo_service.check import MEMBERS, Outcome, Region, Status
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


class Openable(Protocol):
    """What the engine itself needs of `photo_service.collection.Collection`."""

    def open(self) -> None:
        """Judge the members."""


def run(profile: Profile, features: Facts) -> tuple[Finding, ...]:
    """One finding for each line of the profile, in its order."""
    features.prefetch(profile.needs)
    # What still computes beside us is asked for last, so that little waiting is left.
    lines = profile.picture_lines
    order = sorted(range(len(lines)), key=lambda n: not features.ready(lines[n].check.needs))
    findings = {number: _finding(lines[number], features, features) for number in order}
    return tuple(findings[number] for number in range(len(lines)))


def run_together(profile: Profile, collection: Openable) -> tuple[Finding, ...]:
    """Findings about several files together, in the profile's order.

    Checks that do not need the members guard their opening: they come first, one by one, and the
    first that rejects or fails ends it, so that nothing is read that an earlier line refuses. What
    goes wrong while members are opened and judged is the caller's to deal with.

    Args:
        profile: the rules.
        collection: the facts, a `photo_service.collection.Collection`.
    """
    lines = profile.together_lines
    findings: list[Finding] = []
    for line in lines:
        if MEMBERS in line.check.needs:
            continue
        findings.append(_finding(line, collection))
        if findings[-1].effect is Effect.REJECT or findings[-1].status is Status.ERROR:
            return tuple(findings)
    collection.open()
    findings += [_finding(line, collection) for line in lines if MEMBERS in line.check.needs]
    order = {line.check.id: number for number, line in enumerate(lines)}
    return tuple(sorted(findings, key=lambda finding: order[finding.check]))


def _finding(line: Line, facts: object, frame: Facts | None = None) -> Finding:
    try:
        outcome = line.check.run(facts, **line.limits)
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
        region=_full_size(outcome.region, frame),
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


def _full_size(region: Region | None, features: Facts | None) -> Region | None:
    """A region in full-size pixels, without what lies outside the picture."""
    if region is None or features is None:
        return None
    x, y, width, height = region
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, features.width), min(y + height, features.height)
    if right <= left or bottom <= top:
        return None
    scale = features.scale
    return left / scale, top / scale, (right - left) / scale, (bottom - top) / scale
