"""Reports as text: numbers that do not mislead, lines that fit, reasons in order."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_service.check import Allowed, Fact, Range, Status
from photo_service.messages import LANGUAGES, messages
from photo_service.render.text import PLAIN_WIDTH, PlainConsole, print_report, print_summary
from photo_service.render.values import file_size, measured, permitted, quantity
from photo_service.render.wrapping import cells, printable, wrap
from photo_service.report import Decision, Effect, Finding, ImageFacts, Report


def finding(
    check: str = "framing/face_width",
    code: str = "ok",
    status: Status = Status.PASS,
    effect: Effect = Effect.NONE,
    value: Fact | None = 45.0,
    unit: str = "%",
    allowed: Allowed = Range(37.5, 62.5),  # noqa: B008 - frozen
    **facts: Fact,
) -> Finding:
    return Finding(
        check=check,
        status=status,
        code=code,
        effect=effect,
        clause="seed-format",
        value=value,
        unit=unit,
        allowed=allowed,
        facts=facts,
    )


SMALL = finding(code="face-small", status=Status.FAIL, effect=Effect.REVIEW, value=25.0, zoom=200.0)
HIGH = finding(
    "framing/eyes_to_top", "eyes-high", Status.WARN, Effect.NONE, 21.5, "%", Range(31.3, 46.9),
    pixels=84,
)  # fmt: skip
NARROW = finding(
    "encoding/pixel_width", "width-few", Status.FAIL, Effect.REJECT, 200, "px", Range(295)
)
UNSEEN = [
    finding(check, "no-face", Status.SKIP, Effect.REVIEW, None, "", None)
    for check in ("face/upright", "face/eyes_open", "face/not_turned")
]


def report(*findings: Finding, name: str = "a.jpg") -> Report:
    image = ImageFacts(name, "0" * 64, 43_000, "jpeg", 480, 640)
    return Report("graduation", "graduation", "0" * 64, "0.1.0", {}, image, findings)


def shown(what: Report, language: str = "en", *, every: bool = True) -> str:
    console = PlainConsole()
    console.file = io.StringIO()
    print_report(console, what, messages(language), every=every)
    return console.file.getvalue()


# --- numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (12.345, "%", "12.3 %"),
        (0.384, "deg", "0.4°"),
        (-0.001, "deg", "0°"),
        (480, "px", "480 px"),
        (0.0384, "", "0.038"),
        (1234.5, "", "1234"),
        (1.7, "x", "1.7×"),
        (512, "bytes", "512 bytes"),
        (43_623, "bytes", "42.6 KB"),
        (2 * 1024 * 1024, "bytes", "2 MB"),
        ("white", "", "white"),
        (None, "px", ""),
    ],
)
def test_quantity(value: Fact | None, unit: str, wanted: str) -> None:
    assert quantity(value, unit, messages("en")) == wanted


@pytest.mark.parametrize(
    ("allowed", "unit", "wanted"),
    [
        (Range(37.5, 62.5), "%", "37.5–62.5 %"),
        (Range(None, 2 * 1024 * 1024), "bytes", "≤ 2 MB"),
        (Range(295, None), "px", "≥ 295 px"),
        (Range(-5, 5), "deg", "±5°"),
        (Range(-5, 8), "deg", "-5 … 8°"),
        (Range(8, 8), "", "8"),
        (Range(), "%", ""),
        (("jpeg", "png"), "", "JPEG, PNG"),
        (None, "", ""),
    ],
)
def test_permitted(allowed: Allowed, unit: str, wanted: str) -> None:
    assert permitted(allowed, unit, messages("en")) == wanted


def test_words_are_translated_and_not_repeated() -> None:
    assert permitted(("white", "light_blue", "white"), "", messages("zh")) == "白色、浅蓝色"
    assert quantity("white", "", messages("zh")) == "白色"


def test_file_size_in_the_unit_a_person_would_use() -> None:
    assert file_size(67 * 1024, messages("en")) == "67 KB"


def test_value_and_limit_in_their_own_units() -> None:
    small = finding(value=43_623, unit="bytes", allowed=Range(None, 2097151))
    assert measured(small, messages("en")) == ("42.6 KB", "≤ 2 MB")


@pytest.mark.parametrize(
    ("value", "allowed", "wanted"),
    [
        (62.52, Range(37.5, 62.5), ("62.52 %", "37.5–62.5 %")),
        (7.805, Range(7.8125, 17.2), ("7.8 %", "7.81–17.2 %")),
        (17.2, Range(7.8, 17.2), ("17.2 %", "7.8–17.2 %")),
    ],
)
def test_a_value_outside_never_looks_inside(
    value: float, allowed: Range, wanted: tuple[str, str]
) -> None:
    assert measured(finding(value=value, allowed=allowed), messages("en")) == wanted


@given(
    low=st.floats(-1000, 1000),
    width=st.floats(0, 1000),
    off=st.floats(-1, 1),
    unit=st.sampled_from(["%", "", "deg"]),
)
def test_shown_numbers_agree_with_the_measurement(
    low: float, width: float, off: float, unit: str
) -> None:
    allowed = Range(None, low + width)
    assert allowed.max is not None
    value = allowed.max + off
    if math.isclose(value, allowed.max, rel_tol=0, abs_tol=1e-4):
        return
    number, limit = measured(finding(value=value, unit=unit, allowed=allowed), messages("en"))
    strip = "≤ %°"
    assert (float(number.strip(strip)) <= float(limit.strip(strip))) == (value in allowed)


# --- lines -----------------------------------------------------------------------------------

MIXED = st.text("头顶留白的 abc12.5%，。（）,.()\u00e9", max_size=80)


@given(MIXED, st.integers(10, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line) <= width for line in lines)


def test_chinese_is_broken_between_characters_and_never_before_a_comma() -> None:
    lines = wrap("请在没有物品的纯色背景前，重新拍摄。", 24)
    assert lines == ["请在没有物品的纯色背景", "前，重新拍摄。"]


def test_words_and_units_stay_together() -> None:
    assert wrap("the eyes are 21.5 % from the top", 18) == [
        "the eyes are",
        "21.5 % from the",
        "top",
    ]


def test_a_word_wider_than_the_line_is_cut() -> None:
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_a_name_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in printable("\x1b[31mred\r\n.jpg")
    assert "\x1b" not in shown(report(name="\x1b]0;x\x07.jpg"))


# --- reports ---------------------------------------------------------------------------------


def test_reasons_come_gravest_first_with_all_that_is_needed() -> None:
    lines = shown(report(HIGH, SMALL, NARROW), every=False).splitlines()
    reasons = [line for line in lines if line[4:6] in ("1.", "2.", "3.")]
    assert lines[0].startswith("✘ Rejected  a.jpg")
    assert [line[2] for line in reasons] == ["✘", "?", "!"]
    text = "\n".join(lines)
    for part in ("25 %", "37.5–62.5 %", "≥ 295 px", "To mend it", "Rule: "):
        assert part in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_holds_every_finding(language: str) -> None:
    findings = (finding(), SMALL, HIGH, NARROW, *UNSEEN)
    text = shown(report(*findings), language)
    table = text[text.index(messages(language).ui("column_status")) :]
    for each in findings:
        assert messages(language).get("check", each.check, "title") in table


def test_no_table_unless_asked_for() -> None:
    assert messages("en").ui("column_status") not in shown(report(SMALL), every=False)


def test_an_accepted_picture_has_a_verdict_and_no_reasons() -> None:
    assert shown(report(finding()), every=False).splitlines()[0].startswith("✔ Accepted")
    assert len(shown(report(finding()), every=False).splitlines()) == 2


def test_checks_skipped_for_one_reason_make_one_reason() -> None:
    text = shown(report(*UNSEEN), every=False)
    assert " 1. " in text
    assert " 2. " not in text
    for each in UNSEEN:
        assert messages("en").get("check", each.check, "title") in text


def test_a_page_for_a_file_is_the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    what = report(SMALL, HIGH, NARROW)
    first = shown(what, "zh")
    monkeypatch.setenv("COLUMNS", "40")
    assert shown(what, "zh") == first
    assert "\x1b" not in first
    assert max(cells(line) for line in first.splitlines()) <= PLAIN_WIDTH


def test_the_columns_of_chinese_tables_line_up() -> None:
    lines = shown(report(finding(), NARROW, HIGH), "zh").splitlines()
    head, _, *rows = lines[next(n for n, line in enumerate(lines) if "检查项" in line) :]
    column = cells(head[: head.index("允许")])
    starts = ("37.5–62.5", "≥ 295", "31.3–46.9")
    for row, start in zip(rows, starts, strict=False):
        assert cells(row[: row.index(start)]) == column


def test_the_summary_counts_verdicts() -> None:
    console = PlainConsole()
    console.file = io.StringIO()
    decisions = [Decision.ACCEPTED, Decision.REJECTED, Decision.ACCEPTED]
    print_summary(console, decisions, messages("en"))
    line = console.file.getvalue()
    assert "3" in line
    assert "Accepted 2" in line
    assert "Rejected 1" in line
    assert "review" not in line
