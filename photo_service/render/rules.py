"""A profile's rules as data, for a portal to show before an upload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from photo_service.check import Band, Range
from photo_service.messages import LANGUAGES, messages
from photo_service.profile import Line, Profile


def summary(profile: Profile) -> dict[str, Any]:
    """What identifies a profile."""
    return {
        "kind": profile.kind,
        "name": profile.name,
        "version": profile.version,
        "sha256": profile.sha256,
        "title": dict(profile.title),
    }


def rules(profile: Profile, languages: Sequence[str] = LANGUAGES) -> dict[str, Any]:
    """All rules of a profile: what is wanted and why, within which limits, each defect's remedy.

    Args:
        profile: the rules.
        languages: of the sentences, each under its language.
    """
    return {**summary(profile), "rules": [_rule(line, languages) for line in profile.lines]}


def _rule(line: Line, languages: Sequence[str]) -> dict[str, Any]:
    entry = line.check

    def each(section: str, key: str, field: str) -> dict[str, str]:
        return {name: messages(name).outline(section, key, field) for name in languages}

    return {
        "check": entry.id,
        "on_fail": line.on_fail,
        "on_skip": line.on_skip,
        "limits": {name: _plain(value) for name, value in line.limits.items()},
        "title": each("check", entry.id, "title"),
        "wanted": each("check", entry.id, "wanted"),
        "clause": {
            "cite": each("clause", line.clause, "cite"),
            "text": each("clause", line.clause, "text"),
        },
        "codes": [
            {
                "code": code,
                "message": each("code", code, "message"),
                "advice": each("code", code, "advice"),
            }
            for code in entry.codes
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Range):
        return {"min": value.min, "max": value.max}
    if isinstance(value, Band):
        return {name: _plain(getattr(value, name)) for name in ("accept", "warn", "review")}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return list(value) if isinstance(value, tuple) else value
