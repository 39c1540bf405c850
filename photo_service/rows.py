"""Rows of a batch's results, as the queue, the disk and the summary all hold them.

A row has ``report``, the JSON form of a report, or ``error`` for a picture that could not be looked
at. ``overrule`` is what a person decided instead: decision, reason, by whom and when. The machine's
own verdict stays beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from photo_service.errors import PhotoServiceError
from photo_service.messages import messages

UNREADABLE = "unreadable"
# Of a person's word.
OVERRULE = ("decision", "reason", "by", "at")
# Of ``results.csv``.
COLUMNS = (
    "path", "id", "kind", "decision", "codes", "reasons",
    "overruled", "overruled_by", "overruled_at", "overrule_reason",
)  # fmt: skip
# A mark that tells spreadsheets that the table is UTF-8.
BYTE_ORDER_MARK = "\ufeff"


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


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """A row's line in a table with `COLUMNS`."""
    overrule = row.get("overrule", {})
    values = (
        row["path"], row.get("id", ""), row.get("kind", ""), decision_of(row),
        " ".join(codes_of(row)), " ".join(str(stop["message"]) for stop in stops_of(row)),
        *(overrule.get(name, "") for name in ("decision", "by", "at", "reason")),
    )  # fmt: skip
    return [_cell(str(value)) for value in values]


def _cell(value: str) -> str:
    # A spreadsheet takes these for the start of a formula.
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
