"""The reasons of a report as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from photo_service.check import Status
from photo_service.messages import Messages
from photo_service.report import Finding, Report, reasons_among


@dataclass(frozen=True, slots=True)
class Reason:
    """One numbered reason.

    Attributes:
        finding: what was found; of several checks that could not be assessed for the same reason,
            the first.
        message: what is wrong.
        note: which checks the message speaks of, where it does not say so itself, or ``""``.
        advice: how to mend it, or ``""``.
        clause: the rule it rests on; ``""`` for several checks together.
    """

    finding: Finding
    message: str
    note: str
    advice: str
    clause: str


def reasons_of(report: Report, text: Messages) -> tuple[Reason, ...]:
    """The reasons, gravest first; checks skipped for the same reason make one together."""
    return tuple(_reason(findings, text) for findings in together(report.findings))


def together(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that make one reason each, gravest first; see `reasons_of`."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(reasons_among(findings)):
        alike = finding.code if finding.status is Status.SKIP else number
        groups.setdefault(alike, []).append(finding)
    return list(groups.values())


def _reason(findings: list[Finding], text: Messages) -> Reason:
    first = findings[0]
    note = ""
    if first.status in (Status.SKIP, Status.ERROR):
        titles = [text.get("check", finding.check, "title") for finding in findings]
        note = text.ui("not_assessed", checks=text.ui("list_separator").join(titles))
    return Reason(
        finding=first,
        message=first.message(text),
        note=note,
        advice=first.advice(text),
        clause=text.get("clause", first.clause, "cite") if len(findings) == 1 else "",
    )
