"""``summary.html``: a batch on one page, without a network or scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from photo_service.changes import Change
from photo_service.messages import Messages
from photo_service.render.pages import template
from photo_service.rows import UNREADABLE, codes_of, decision_of, stops_of
from photo_service.version import __version__

MOST_ROWS = 2000
MOST_REASONS = 20
# Gravest first.
DECISIONS = ("rejected", "review", UNREADABLE, "accepted")
# Where a code's sentence is, in the order of looking.
_SECTIONS = ("code", "error", "reason")


@dataclass(frozen=True, slots=True)
class Totals:
    """What all rows of a batch come to.

    Attributes:
        counts: verdict → pictures.
        codes: code → pictures it stopped.
        overruled: how many a person decided otherwise.
    """

    counts: Mapping[str, int]
    codes: Mapping[str, int]
    overruled: int

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Totals:
        """Count rows."""
        return cls(
            counts=Counter(decision_of(row) for row in rows),
            codes=Counter(code for row in rows for code in set(codes_of(row))),
            overruled=sum("overrule" in row for row in rows),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as the page shows it; ``overlay`` is the address of its annotated picture."""

    row: Mapping[str, Any]
    overlay: str = ""

    @property
    def path(self) -> str:
        """What the results call it."""
        return str(self.row["path"])

    @property
    def decision(self) -> str:
        """The machine's verdict."""
        return decision_of(self.row)

    @property
    def overrule(self) -> Mapping[str, str] | None:
        """What a person decided instead."""
        return self.row.get("overrule")

    @property
    def reasons(self) -> list[Mapping[str, Any]]:
        """What stopped it."""
        return stops_of(self.row)


def worst_first(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the page's order."""
    order = {decision: n for n, decision in enumerate(DECISIONS)}
    return sorted(rows, key=lambda row: (order[decision_of(row)], str(row["path"])))


def summary_page(
    shown: Sequence[Shown], totals: Totals, text: Messages, change: Change | None = None
) -> str:
    """The page.

    Args:
        shown: the worst pictures, at most `MOST_ROWS`.
        totals: of all.
        text: the language.
        change: how verdicts moved, for a second run over the same pictures.
    """
    total = sum(totals.counts.values())
    codes = Counter(totals.codes).most_common(MOST_REASONS)
    return template("summary.html").render(
        ui=text.ui,
        language=text.language,
        total=total,
        counts=[(d, totals.counts[d]) for d in DECISIONS if totals.counts.get(d)],
        overruled=totals.overruled,
        codes=[(code, code_title(code, text), n) for code, n in codes],
        most=max(totals.codes.values(), default=1),
        shown=shown,
        left_out=total - len(shown),
        change=change,
        decisions=DECISIONS,
        version=__version__,
        profiles=sorted(
            {(s.row["report"]["profile"]["name"], s.row["report"]["profile"]["sha256"][:12])
             for s in shown if "report" in s.row}
        ),
    )  # fmt: skip


def code_title(code: str, text: Messages) -> str:
    """What a code says of any picture; the code itself when nothing is known of it."""
    for section in _SECTIONS:
        if text.has(section, code):
            return text.outline(section, code, "message")
    return code


def code_titles(text: Messages) -> dict[str, str]:
    """`code_title` of every code that can stop a picture."""
    known = sorted({code for section in _SECTIONS for code in text.keys(section)})
    return {code: code_title(code, text) for code in known}
