"""The printed report: what a registration point files, one A4 page a picture.

HTML that needs nothing else: pictures are ``data:`` addresses, the style is inline, there is no
script. A browser makes the pages; what was found, measured and allowed stands on them in words and
signs, so that they can be read in black and white.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from markupsafe import Markup

from photo_service.card.compare import masked_field
from photo_service.check import Allowed, Range, Status
from photo_service.context import Context
from photo_service.messages import Messages, messages
from photo_service.render import typesetting
from photo_service.render.pages import template
from photo_service.render.reasons import together
from photo_service.render.typesetting import Page, Row
from photo_service.render.values import file_size, measured
from photo_service.render.wrapping import printable
from photo_service.report import Effect, Finding, Report, reasons_among

# Characters of a sha256 that tell models and members apart.
_SHORT = 12
# In which order the fields of a document are listed; others follow.
_FIELDS = ("name", "sex", "people", "birth", "address", "number")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed of one report.

    Attributes:
        report: its JSON form.
        drawings: see `photo_service.render.drawings`; None when there are none.
        expected: what the candidate entered; shown masked.
    """

    report: Mapping[str, Any]
    drawings: Mapping[str, Any] | None = None
    expected: Context | None = None


@dataclass(frozen=True, slots=True)
class _Reason:
    """A row of the table of findings; ``effect`` is ``reject``, ``review`` or ``none``."""

    effect: str
    message: str
    note: str
    advice: str
    measured: str
    allowed: str
    clause: str


def printed(
    report: Report | Mapping[str, Any],
    drawings: Mapping[str, Any] | None,
    language: str,
    *,
    expected: Context | None = None,
    at: datetime | None = None,
) -> str:
    """One report as an HTML page; see `printed_sheets`.

    Args:
        report: the report or its JSON form, whose sentences are in a language already.
        drawings: what `photo_service.render.drawings.drawings_of` made of it, if at hand.
        language: ``zh`` or ``en``.
        expected: what the candidate entered; shown masked.
        at: the time to print; now by default.
    """
    found = report.to_dict(language) if isinstance(report, Report) else report
    return printed_sheets([Sheet(found, drawings, expected)], language, at=at)


def printed_sheets(sheets: Iterable[Sheet], language: str, *, at: datetime | None = None) -> str:
    """Several reports as one HTML page, each from a new sheet of paper on.

    ID numbers and names are shown in part only, also where the reports hold them in full.
    """
    text = messages(language)
    now = (at or datetime.now(UTC)).astimezone()
    return template(
        "printed.html"
    ).render(
        ui=text.ui,
        language=language,
        style=Markup(_style()),  # noqa: S704 - our own file
        at=f"{now:%Y-%m-%d %H:%M} (UTC{now.isoformat()[-6:]})",
        sheets=[_content(sheet, text) for sheet in sheets],
    )


def style_source() -> str:
    """What a content security policy lists as ``style-src`` for these pages: ``'sha256-…'``."""
    return f"'sha256-{b64encode(sha256(_style().encode()).digest()).decode()}'"


@cache
def _style() -> str:
    file = resources.files("photo_service.render") / "templates/printed.css"
    return file.read_text("utf-8") + typesetting.style()


def _content(sheet: Sheet, text: Messages) -> dict[str, Any]:
    """All that the template shows of one report."""
    report, drawings = sheet.report, sheet.drawings or {}
    findings = [_finding(each) for each in report["findings"]]
    reasons = _reasons(report["findings"], findings, text)
    evidence = _evidence(report, drawings, text)
    content: dict[str, Any] = {
        "decision": report["decision"],
        "title": report["profile"].get("title", report["kind"]),
        "facts": [(text.ui(f"printed_{key}"), value) for key, value in _facts(sheet, text)],
        "hashes": (report["image"]["sha256"], report["profile"]["sha256"]),
        "overlay": drawings.get("overlay", ""),
        "key": list(_key(report, drawings, bool(reasons), text)),
        "reasons": reasons,
        "short": [*_short(report["findings"], findings, text), *_signs_in_words(evidence, text)],
        "evidence": [sign for sign in evidence if sign["views"]],
        "members": [_member(each, text) for each in report.get("members") or ()],
        "version": report["service"]["version"],
        "models": [(name, digest[:_SHORT]) for name, digest in report["models"].items()],
    }
    return {**content, "setting": typesetting.fitting(_page(content, text)).name}


def _page(content: Mapping[str, Any], text: Messages) -> Page:
    """What the first page holds, for `typesetting`."""
    return Page(
        has_picture=bool(content["overlay"]),
        facts=[value for _, value in content["facts"]] + [content["title"], *content["key"]],
        paragraphs=[" · ".join(entries) for _, entries in content["short"]],
        rows=[
            Row(
                (f"{each.message} {each.note}", text.ui("fix", advice=each.advice)),
                each.measured, each.allowed, each.clause,
            )
            for each in content["reasons"]
        ],
    )  # fmt: skip


def _key(
    report: Mapping[str, Any], drawings: Mapping[str, Any], has_reasons: bool, text: Messages
) -> Iterable[str]:
    """How to read the overlay."""
    if not drawings.get("overlay"):
        return
    if report.get("members"):
        yield text.ui("printed_key_members")
    elif has_reasons:
        yield text.ui("printed_key_numbers")
    if drawings.get("rulers"):
        yield text.ui("printed_key_rulers")


# --- what the picture is ------------------------------------------------------------------------


def _facts(sheet: Sheet, text: Messages) -> Iterable[tuple[str, str]]:
    image, profile = sheet.report["image"], sheet.report["profile"]
    members = sheet.report.get("members") or ()
    count = text.ui("printed_members", count=len(members)) if members else ""
    yield "file", printable(image["name"]) or count or "–"
    yield "image", _about(image, text)
    version = profile.get("version", "")
    yield "rules", profile["name"] + (text.ui("printed_version", value=version) if version else "")
    if entered := " · ".join(_entered(sheet.expected, text)):
        yield "entered", entered
    if fields := sheet.report.get("fields"):
        order = [name for name in _FIELDS if name in fields]
        order += [name for name in fields if name not in _FIELDS]
        read = (
            f"{text.word(f'field_{name}')} {printable(masked_field(name, fields[name]['value']))}"
            for name in order
        )
        yield "fields", " · ".join(read)


def _about(image: Mapping[str, Any], text: Messages) -> str:
    size = f"{image['width']} × {image['height']} px" if image["width"] else ""
    parts = (size, text.word(image["format"]), file_size(image["bytes"], text))
    return " · ".join(part for part in parts if part)


def _entered(expected: Context | None, text: Messages) -> Iterable[str]:
    if expected is None:
        return
    if expected.expect_name:
        yield f"{text.word('field_name')} {printable(masked_field('name', expected.expect_name))}"
    if expected.expect_number:
        number = printable(masked_field("number", expected.expect_number))
        yield f"{text.word('field_number')} {number}"
    if expected.expect_type:
        yield f"{text.ui('printed_type')} {printable(text.word(expected.expect_type))}"


# --- what was found -----------------------------------------------------------------------------


def _finding(found: Mapping[str, Any]) -> Finding:
    """A finding out of its JSON form, without its sentences."""
    return Finding(
        check=found["check"],
        status=Status(found["status"]),
        code=found["code"],
        effect=Effect(found["effect"]),
        clause="",
        value=found["value"],
        unit=found["unit"],
        allowed=_allowed(found["allowed"]),
    )


def _allowed(found: Mapping[str, Any] | None) -> Allowed:
    if found is None:
        return None
    return (
        tuple(found["one_of"]) if "one_of" in found else Range(found.get("min"), found.get("max"))
    )


def _reasons(
    found: Sequence[Mapping[str, Any]], findings: Sequence[Finding], text: Messages
) -> list[_Reason]:
    """As `photo_service.render.reasons.reasons_of` lists them, whose numbers the overlay shows."""
    sentences = {id(finding): each for finding, each in zip(findings, found, strict=True)}
    return [_reason(alike, sentences[id(alike[0])], text) for alike in together(findings)]


def _reason(alike: Sequence[Finding], found: Mapping[str, Any], text: Messages) -> _Reason:
    finding, note = alike[0], ""
    # What is no check of ours (the service's own failure) has no title.
    titles = [_title(each.check, text) for each in alike if text.has("check", each.check)]
    if finding.status in (Status.SKIP, Status.ERROR) and titles:
        note = text.ui("not_assessed", checks=text.ui("list_separator").join(titles))
    value, allowed = measured(finding, text)
    return _Reason(
        effect=str(finding.effect),
        message=found["message"],
        note=note,
        advice=found["advice"],
        measured=value,
        allowed=allowed,
        clause=found["clause"] if len(alike) == 1 else "",
    )


def _short(
    found: Sequence[Mapping[str, Any]], findings: Sequence[Finding], text: Messages
) -> list[tuple[str, list[str]]]:
    """What is no reason, in a few words: headings, and under each one entry a check."""
    passed, unseen, noted = [], [], []
    reasons = {id(finding) for finding in reasons_among(findings)}
    for each, finding in zip(found, findings, strict=True):
        title = _title(finding.check, text)
        if id(finding) in reasons:
            continue
        if finding.status is Status.PASS:
            passed.append(f"{title} {measured(finding, text)[0]}".strip())
        elif finding.status is Status.SKIP:
            unseen.append(title)
        else:
            noted.append(each["message"])
    lists = {"passed": passed, "unseen": unseen, "noted": noted}
    return [
        (text.ui(f"printed_{name}", count=len(entries)), entries)
        for name, entries in lists.items()
        if entries
    ]


def _title(check: str, text: Messages) -> str:
    return text.get("check", check, "title") if text.has("check", check) else check


# --- what follows on further pages --------------------------------------------------------------


def _evidence(
    report: Mapping[str, Any], drawings: Mapping[str, Any], text: Messages
) -> list[dict[str, Any]]:
    checks = {found["code"]: found["check"] for found in report["findings"]}
    views = {each["sign"]: each["views"] for each in drawings.get("evidence", ())}
    return [
        {
            "title": _title(checks.get(sign["sign"], sign["sign"]), text),
            "weight": text.word(sign["weight"]),
            "shows": sign["shows"],
            "means": sign["means"],
            "views": views.get(sign["sign"], ()),
        }
        for sign in report.get("evidence", ())
    ]


def _signs_in_words(
    evidence: Sequence[Mapping[str, Any]], text: Messages
) -> Iterable[tuple[str, list[str]]]:
    """Signs that have nothing to look at."""
    entries = [text.ui("printed_sign", **sign) for sign in evidence if not sign["views"]]
    if entries:
        yield text.ui("printed_evidence"), entries


def _member(report: Mapping[str, Any], text: Messages) -> dict[str, Any]:
    findings = [_finding(each) for each in report["findings"]]
    return {
        "name": printable(report["image"]["name"]),
        "about": _about(report["image"], text),
        "sha256": report["image"]["sha256"][:_SHORT],
        "decision": report["decision"],
        "reasons": _reasons(report["findings"], findings, text),
    }
