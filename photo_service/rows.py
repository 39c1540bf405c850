"""Rows of a batch's results, as the queue, the disk and the summary all hold them.

A row has ``report``, the JSON form of a report, or ``error`` for a picture that could not be looked
at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from photo_service.errors import PhotoServiceError
from photo_service.messages import messages

UNREADABLE = "unreadable"


def decision_of(row: Mapping[str, Any]) -> str:
    """Verdict of a row; ``unreadable`` when the picture could not be looked at."""
    return str(row["report"]["decision"]) if "report" in row else UNREADABLE


def stops_of(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What stopped a picture, gravest first: findings, or the error; each has code and message."""
    if "error" in row:
        return [row["error"]]
    findings = row["report"]["findings"]
    return [f for effect in ("reject", "review") for f in findings if f["effect"] == effect]


def codes_of(row: Mapping[str, Any]) -> list[str]:
    """Codes of what stopped a picture, gravest first."""
    return [str(stop["code"]) for stop in stops_of(row)]


def error_of(error: PhotoServiceError, language: str) -> dict[str, str]:
    """The ``error`` of a row: why a picture could not be looked at."""
    message, advice = messages(language).error(error)
    return {"code": error.code, "message": message, "advice": advice}
