"""What a check is and what it answers. Knows nothing about images.

A check is one function registered with `check`. It takes the facts of a picture and its limits
(keyword-only, no defaults: limits live in the profile) and returns an `Outcome`.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

TOPICS = (
    "encoding",
    "face",
    "attire",
    "frame_content",
    "framing",
    "background",
    "lighting",
    "sharpness",
    "document",
    "card",
    "handheld",
    "mirroring",
    "editing",
    "provenance",
    "archive",
    "set",
)
# Topics of checks that look at several files together rather than at one picture.
TOGETHER = ("archive", "set")
# What those of them need that look at the judged files; the others guard the files' opening.
MEMBERS = "members"

_ID = re.compile(r"^[a-z_]+/[a-z0-9_]+$")
_CODE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


class Status(StrEnum):
    """What one check found."""

    PASS = "pass"  # noqa: S105 - a status, not a password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval; ``None`` is an open end."""

    min: float | None = None
    max: float | None = None

    def __contains__(self, value: float) -> bool:
        if math.isnan(value):
            return False
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def covers(self, other: Range) -> bool:
        """Whether every value of ``other`` lies in this range."""
        low = self.min is None or (other.min is not None and other.min >= self.min)
        high = self.max is None or (other.max is not None and other.max <= self.max)
        return low and high


@dataclass(frozen=True, slots=True)
class Band:
    """Nested ranges for one measured quantity: accepted ⊆ warned ⊆ doubtful.

    Inside ``accept`` the check passes; outside it but inside ``warn`` it warns; outside that but
    inside ``review`` it fails in doubt (a person decides); outside all it fails for certain, and
    the profile line says what a certain failure does.
    """

    accept: Range
    warn: Range
    review: Range

    def grade(self, value: float) -> tuple[Status, bool]:
        """Status of ``value`` and whether a failure is certain."""
        if value in self.accept:
            return Status.PASS, False
        if value in self.warn:
            return Status.WARN, False
        return Status.FAIL, value not in self.review


Allowed = Range | tuple[str, ...] | None
Region = tuple[float, float, float, float]
Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check's answer.

    Attributes:
        status: what was found.
        code: name of the defect, or of the reason for a SKIP; ``"ok"`` on PASS.
        value: the measured quantity, in ``unit``; ``None`` when nothing was measured.
        unit: unit of ``value``: ``"%"``, ``"deg"``, ``"px"`` …; ``""`` for pure numbers.
        allowed: the range that passes, or the values that do.
        region: x, y, width, height in pixels of the decoded picture, where one exists.
        certain: whether a FAIL is beyond doubt; a doubtful one never rejects.
        facts: further values that the message needs.
    """

    status: Status
    code: str = "ok"
    value: Fact | None = None
    unit: str = ""
    allowed: Allowed = None
    region: Region | None = None
    certain: bool = True
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))


def graded(
    value: float,
    band: Band,
    *,
    unit: str,
    low: str | None = None,
    high: str | None = None,
    region: Region | None = None,
    facts: Mapping[str, Fact] | None = None,
) -> Outcome:
    """Grade one number: ``low`` names the defect below the band, ``high`` the one above."""
    status, certain = band.grade(value)
    code: str | None = "ok"
    if status is not Status.PASS:
        below = band.accept.min is not None and not value >= band.accept.min
        code = low if below else high
        if code is None:
            raise ValueError("the band has an end for which the check has no code")
    return Outcome(
        status,
        code or "ok",
        value=value,
        unit=unit,
        allowed=band.accept,
        region=region if status is not Status.PASS else None,
        certain=certain,
        facts=facts or MappingProxyType({}),
    )


def worst(*outcomes: Outcome) -> Outcome:
    """The gravest of several outcomes of one check; the first one wins a tie."""

    def gravity(outcome: Outcome) -> int:
        if outcome.status is Status.FAIL:
            return 3 if outcome.certain else 2
        return 1 if outcome.status is Status.WARN else 0

    return max(outcomes, key=gravity)


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check: its id, the defects it can name, the costly facts it needs."""

    id: str
    codes: tuple[str, ...]
    needs: tuple[str, ...]
    run: Callable[..., Outcome]

    @property
    def topic(self) -> str:
        """First half of the id."""
        return self.id.partition("/")[0]

    @property
    def limits(self) -> Mapping[str, Any]:
        """Name and annotation of each limit the profile must give."""
        annotations = inspect.get_annotations(self.run, eval_str=True)
        parameters = inspect.signature(self.run).parameters.values()
        return {
            p.name: annotations[p.name]
            for p in parameters
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }

    @property
    def doc(self) -> str:
        """The cleaned docstring, which is the check's documentation."""
        return inspect.getdoc(self.run) or ""


_registry: dict[str, Check] = {}


def check(
    check_id: str, *, codes: tuple[str, ...], needs: tuple[str, ...] = ()
) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Register a check under ``topic/wanted_state``.

    Args:
        check_id: describes the wanted state; never reused for another meaning.
        codes: every defect the check can name; each needs a message in every language.
        needs: costly facts to compute ahead, side by side (names of `Features` attributes); of a
            check of several files together `MEMBERS`, if it looks at the judged files.

    Raises:
        ValueError: the id or a code is malformed or taken, or a limit has a default.
    """
    if not _ID.match(check_id) or check_id.partition("/")[0] not in TOPICS:
        raise ValueError(f"malformed check id: {check_id}")

    def register(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
        taken = {code for other in _registry.values() for code in other.codes}
        for code in codes:
            if not _CODE.match(code) or code in taken:
                raise ValueError(f"code malformed or taken: {code}")
        if check_id in _registry:
            raise ValueError(f"check registered twice: {check_id}")
        for parameter in inspect.signature(function).parameters.values():
            if parameter.default is not inspect.Parameter.empty:
                raise ValueError(f"{check_id}: limit {parameter.name} must not have a default")
        _registry[check_id] = Check(check_id, codes, needs, function)
        return function

    return register


def registry() -> Mapping[str, Check]:
    """All checks by id. Import `photo_service.checks` first to fill it."""
    return MappingProxyType(_registry)
