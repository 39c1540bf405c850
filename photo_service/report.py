"""`Report` and `decide`; the versioned JSON form, schema ``photo-report/1``.

A report holds codes and numbers; sentences are filled in when it is shown, in the language asked
for. Text and HTML forms and the overlay picture live in `photo_service.render`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from photo_service.check import Allowed, Fact, Range, Region, Status
from photo_service.messages import Messages, messages

SCHEMA = "photo-report/1"


class Decision(StrEnum):
    """The verdict on one picture."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVIEW = "review"


class Effect(StrEnum):
    """What one finding does to the verdict."""

    NONE = "none"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome under one profile line. ``region`` is in full-size upright pixels."""

    check: str
    status: Status
    code: str
    effect: Effect
    clause: str
    value: Fact | None = None
    unit: str = ""
    allowed: Allowed = None
    region: Region | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def message(self, text: Messages) -> str:
        """What was found, as a sentence."""
        return text.get(*self._sentence(text), **self._placeholders())

    def advice(self, text: Messages) -> str:
        """How to mend it; ``""`` when there is nothing to mend."""
        section, key, _ = self._sentence(text)
        return text.get(section, key, "advice", **self._placeholders())

    def _sentence(self, text: Messages) -> tuple[str, str, str]:
        if self.status is Status.PASS:
            return "check", self.check, "pass"
        if self.status is Status.SKIP:
            return "reason", self.code, "message"
        if self.status is Status.ERROR:
            return "reason", self.code, "message"
        # A refused file's sentence is the error's own.
        return ("code" if text.has("code", self.code) else "error"), self.code, "message"

    def _placeholders(self) -> dict[str, object]:
        filled: dict[str, object] = dict(self.facts)
        filled.setdefault("value", self.value)
        if isinstance(self.allowed, Range):
            filled.setdefault("min", self.allowed.min)
            filled.setdefault("max", self.allowed.max)
        return filled


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What identifies the picture; sizes are upright and full-size, 0 when never decoded."""

    name: str
    sha256: str
    bytes: int
    format: str
    width: int
    height: int


def decide(findings: Iterable[Finding]) -> Decision:
    """Any finding that rejects → rejected; else any for review → review; else accepted.

    Pure: what a failure, a skip or our own bug does was fixed by the profile line when the finding
    was made (see `photo_service.engine.effect_of`).
    """
    effects = {finding.effect for finding in findings}
    if Effect.REJECT in effects:
        return Decision.REJECTED
    return Decision.REVIEW if Effect.REVIEW in effects else Decision.ACCEPTED


def reasons_among(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What a person should read, gravest first: rejections, reviews, then warnings."""
    order = {Effect.REJECT: 0, Effect.REVIEW: 1, Effect.NONE: 2}
    shown = [f for f in findings if f.effect is not Effect.NONE or f.status is Status.WARN]
    return tuple(sorted(shown, key=lambda f: order[f.effect]))


@dataclass(frozen=True, slots=True)
class FieldRead:
    """One field as read on a document; ``value`` is masked unless the caller asked for all."""

    value: str = field(repr=False)
    confidence: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one verdict, traceable to rules, models and program version.

    ``fields`` holds what was read on a document, only when the caller asked for it. ``members``
    are the reports of several files judged together, in their order; ``None`` for one picture.
    """

    kind: str
    profile_name: str
    profile_sha256: str
    service_version: str
    models: Mapping[str, str]
    image: ImageFacts
    findings: tuple[Finding, ...]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    fields: Mapping[str, FieldRead] | None = None
    profile_version: str = ""
    profile_title: Mapping[str, str] = field(default_factory=dict)
    members: tuple[Report, ...] | None = None

    @property
    def decision(self) -> Decision:
        """See `decide`."""
        return decide(self.findings)

    def reasons(self) -> tuple[Finding, ...]:
        """See `reasons_among`."""
        return reasons_among(self.findings)

    def evidence(self, text: Messages) -> tuple[Finding, ...]:
        """Signs of editing for the person who reviews, also those that stop nothing."""
        seen = (Status.WARN, Status.FAIL)
        return tuple(f for f in self.findings if f.status in seen and text.has("evidence", f.code))

    def to_dict(self, language: str = "zh") -> dict[str, Any]:
        """The JSON form, with sentences in one language."""
        text = messages(language)
        fields = {} if self.fields is None else {"fields": _fields_dict(self.fields)}
        members = {} if self.members is None else {"members": _members(self.members, language)}
        return {
            "schema": SCHEMA,
            "service": {"name": "photo-service", "version": self.service_version},
            "kind": self.kind,
            "profile": {
                "name": self.profile_name,
                "version": self.profile_version,
                "sha256": self.profile_sha256,
                "title": self.profile_title.get(language, self.profile_name),
            },
            "models": dict(self.models),
            "image": {
                "name": self.image.name,
                "sha256": self.image.sha256,
                "bytes": self.image.bytes,
                "format": self.image.format,
                "width": self.image.width,
                "height": self.image.height,
            },
            "decision": str(self.decision),
            "findings": [_finding_dict(finding, text) for finding in self.findings],
            "evidence": [_evidence_dict(finding, text) for finding in self.evidence(text)],
            "timings_ms": {name: round(ms, 2) for name, ms in self.timings_ms.items()},
            **fields,
            **members,
        }

    def to_json(self, language: str = "zh") -> str:
        """One line of JSON, UTF-8."""
        return json.dumps(self.to_dict(language), ensure_ascii=False, allow_nan=False)


def _members(members: Iterable[Report], language: str) -> list[dict[str, Any]]:
    return [member.to_dict(language) for member in members]


def _fields_dict(fields: Mapping[str, FieldRead]) -> dict[str, Any]:
    return {
        name: {"value": read.value, "confidence": round(read.confidence, 4)}
        for name, read in fields.items()
    }


def _finding_dict(finding: Finding, text: Messages) -> dict[str, Any]:
    return {
        "check": finding.check,
        "status": str(finding.status),
        "code": finding.code,
        "effect": str(finding.effect),
        "value": _rounded(finding.value),
        "unit": finding.unit,
        "allowed": _allowed_dict(finding.allowed),
        "region": None if finding.region is None else [round(v) for v in finding.region],
        "clause": text.get("clause", finding.clause, "cite"),
        "message": finding.message(text),
        "advice": finding.advice(text),
    }


def _evidence_dict(finding: Finding, text: Messages) -> dict[str, Any]:
    """One sign: what was seen, its figures, what it can and cannot mean, how much it weighs."""
    figures: dict[str, Fact | None] = dict(finding.facts)
    if finding.value is not None:
        figures["value"] = finding.value
    return {
        "sign": finding.code,
        "shows": finding.message(text),
        "means": text.get("evidence", finding.code, "means"),
        "figures": {name: _rounded(figure) for name, figure in figures.items()},
        "weight": text.get("evidence", finding.code, "weight"),
    }


def _rounded(value: Fact | None) -> Fact | None:
    return round(value, 4) if isinstance(value, float) else value


def _allowed_dict(allowed: Allowed) -> dict[str, Any] | None:
    if allowed is None:
        return None
    if isinstance(allowed, Range):
        ends = {"min": allowed.min, "max": allowed.max}
        return {end: value for end, value in ends.items() if value is not None}
    return {"one_of": list(allowed)}
