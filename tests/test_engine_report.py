"""What findings do to the verdict, and the form a report takes; no picture is opened here."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photo_service import engine
from photo_service.check import Band, Check, Outcome, Range, Status, graded
from photo_service.errors import CannotAssess
from photo_service.messages import LANGUAGES
from photo_service.profile import FailEffect, Line, Profile, SkipEffect
from photo_service.report import Decision, Effect, Finding, ImageFacts, Report, decide
from tests.conftest import Judge, expected_samples


class Facts:
    """The engine needs no more of a picture than this."""

    scale = 0.5
    width = 50
    height = 60

    def __init__(self) -> None:
        self.prefetched: frozenset[str] = frozenset()

    def prefetch(self, needs: frozenset[str]) -> None:
        self.prefetched = needs

    def ready(self, needs: tuple[str, ...]) -> bool:
        return not needs


def line(
    run: Callable[..., Outcome],
    on_fail: FailEffect = "reject",
    on_skip: SkipEffect = "review",
    **limits: Any,
) -> Line:
    check = Check("encoding/made", ("mode-unusual",), ("person",), run)
    return Line(check, "seed-format", on_fail, on_skip, MappingProxyType(limits))


def profile(*lines: Line) -> Profile:
    return Profile("made", "made", "1", {}, "0" * 64, "", lines)


def found(entry: Line) -> Finding:
    (finding,) = engine.run(profile(entry), Facts())
    return finding


def answering(outcome: Outcome) -> Callable[..., Outcome]:
    return lambda features: outcome


# --- decide --------------------------------------------------------------------------------------

NONE, REVIEW, REJECT = Effect.NONE, Effect.REVIEW, Effect.REJECT


@pytest.mark.parametrize(
    ("effects", "decision"),
    [
        ([], Decision.ACCEPTED),
        ([NONE], Decision.ACCEPTED),
        ([NONE, REVIEW], Decision.REVIEW),
        ([REVIEW, REVIEW], Decision.REVIEW),
        ([REJECT], Decision.REJECTED),
        ([REVIEW, REJECT, NONE], Decision.REJECTED),
    ],
)
def test_decide(effects: list[Effect], decision: Decision) -> None:
    findings = [Finding("a/b", Status.FAIL, "c", effect, "") for effect in effects]
    assert decide(findings) is decision
    assert decide(reversed(findings)) is decision


@given(st.lists(st.sampled_from(Effect)), st.sampled_from(Effect))
def test_one_more_finding_never_improves_the_verdict(effects: list[Effect], more: Effect) -> None:
    order = [Decision.ACCEPTED, Decision.REVIEW, Decision.REJECTED]
    findings = [Finding("a/b", Status.FAIL, "c", effect, "") for effect in (*effects, more)]
    assert order.index(decide(findings)) >= order.index(decide(findings[:-1]))


# --- what a status does --------------------------------------------------------------------------

FAIL, WARN, PASS, SKIP, ERROR = Status.FAIL, Status.WARN, Status.PASS, Status.SKIP, Status.ERROR


@pytest.mark.parametrize(
    ("status", "certain", "on_fail", "on_skip", "effect"),
    [
        (FAIL, True, "reject", "review", REJECT),
        (FAIL, False, "reject", "review", REVIEW),
        (FAIL, True, "review", "review", REVIEW),
        (FAIL, True, "note", "review", NONE),
        (FAIL, False, "note", "review", NONE),
        (WARN, True, "reject", "review", NONE),
        (PASS, True, "reject", "review", NONE),
        (SKIP, True, "reject", "review", REVIEW),
        (SKIP, True, "reject", "note", NONE),
        (SKIP, True, "note", "review", REVIEW),
        (ERROR, True, "reject", "note", REVIEW),
        (ERROR, True, "review", "note", REVIEW),
        (ERROR, True, "note", "note", NONE),
    ],
)
def test_effect(
    status: Status, certain: bool, on_fail: FailEffect, on_skip: SkipEffect, effect: Effect
) -> None:
    outcome = Outcome(status, "mode-unusual", certain=certain)
    entry = line(answering(outcome), on_fail, on_skip)
    assert engine.effect_of(outcome, entry) is effect
    assert found(entry).effect is effect


@given(st.sampled_from(("reject", "review", "note")), st.sampled_from(("review", "note")))
def test_doubt_never_rejects(on_fail: FailEffect, on_skip: SkipEffect) -> None:
    doubt = Outcome(FAIL, "mode-unusual", certain=False)
    assert found(line(answering(doubt), on_fail, on_skip)).effect is not REJECT


@pytest.mark.parametrize("on_fail", ["reject", "review"])
def test_our_bug_goes_to_review_and_is_logged(
    on_fail: FailEffect, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(features: object) -> Outcome:
        raise ZeroDivisionError("ours")

    with caplog.at_level(logging.ERROR):
        finding = found(line(broken, on_fail))
    assert (finding.status, finding.code) == (ERROR, "service-error")
    assert decide([finding]) is Decision.REVIEW
    (record,) = caplog.records
    assert "encoding/made" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_one_bug_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    def broken(features: object) -> Outcome:
        raise KeyError("ours")

    rejecting = line(answering(Outcome(FAIL, "mode-unusual")))
    findings = engine.run(profile(line(broken), rejecting, line(broken)), Facts())
    assert [f.status for f in findings] == [ERROR, FAIL, ERROR]
    assert decide(findings) is Decision.REJECTED
    assert len(caplog.records) == 2


def test_fact_that_cannot_be_had_is_a_skip(caplog: pytest.LogCaptureFixture) -> None:
    def faceless(features: object) -> Outcome:
        raise CannotAssess("no-face")

    finding = found(line(faceless))
    assert (finding.status, finding.code, finding.effect) == (SKIP, "no-face", REVIEW)
    assert not caplog.records


def test_interrupt_is_not_swallowed() -> None:
    def interrupted(features: object) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found(line(interrupted))


def test_limits_reach_the_check_and_facts_are_asked_for() -> None:
    seen = {}

    def limited(features: object, *, size: int) -> Outcome:
        seen["size"] = size
        return Outcome(PASS)

    facts = Facts()
    engine.run(profile(line(limited, size=3)), facts)
    assert seen == {"size": 3}
    assert facts.prefetched == {"person"}


def test_regions_come_back_in_full_size_pixels() -> None:
    outcome = Outcome(FAIL, "mode-unusual", region=(1, 2, 3, 4))
    assert found(line(answering(outcome))).region == (2, 4, 6, 8)


def test_regions_end_at_the_edges_of_the_picture() -> None:
    outcome = Outcome(FAIL, "mode-unusual", region=(-10, 50, 100, 100))
    assert found(line(answering(outcome))).region == (0, 100, 100, 20)
    beyond = Outcome(FAIL, "mode-unusual", region=(60, 10, 5, 5))
    assert found(line(answering(beyond))).region is None


def test_band_without_a_code_for_one_end_is_our_bug() -> None:
    band = Band(Range(0, 1), Range(0, 1), Range(0, 1))
    with pytest.raises(ValueError, match="no code"):
        graded(2, band, unit="", low="width-few")


# --- the JSON contract ---------------------------------------------------------------------------

REPORT_KEYS = {
    "schema",
    "service",
    "kind",
    "profile",
    "models",
    "image",
    "decision",
    "findings",
    "evidence",
    "timings_ms",
}
FINDING_KEYS = {
    "check",
    "status",
    "code",
    "effect",
    "value",
    "unit",
    "allowed",
    "region",
    "clause",
    "message",
    "advice",
}


def refused(token: str) -> float:
    raise ValueError(token)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sample", expected_samples(), ids=lambda sample: sample.file)
def test_json_of_a_sample(sample: Any, language: str, judge: Judge) -> None:
    report = judge(sample)
    text = report.to_json(language)
    assert "\n" not in text
    table = json.loads(text, parse_constant=refused)
    assert set(table) - {"members"} == REPORT_KEYS
    assert ("members" in table) == (report.members is not None)
    assert table["schema"] == "photo-report/1"
    assert set(table["service"]) == {"name", "version"}
    assert set(table["profile"]) == {"name", "version", "sha256", "title"}
    assert set(table["image"]) == {"name", "sha256", "bytes", "format", "width", "height"}
    assert table["decision"] in {"accepted", "rejected", "review"}
    assert len(table["findings"]) == len(report.findings)
    for finding in table["findings"]:
        check_finding(finding, table["image"])


def check_finding(finding: dict[str, Any], image: dict[str, Any]) -> None:
    assert set(finding) == FINDING_KEYS
    assert finding["status"] in {"pass", "warn", "fail", "skip", "error"}
    assert finding["effect"] in {"none", "review", "reject"}
    assert isinstance(finding["value"], str | int | float | None)
    assert finding["message"]
    assert finding["clause"]
    if finding["status"] in ("warn", "fail"):
        assert finding["advice"]
    if finding["allowed"] is not None:
        assert set(finding["allowed"]) <= {"min", "max", "one_of"}
    if finding["region"] is not None:
        x, y, width, height = finding["region"]
        assert all(isinstance(value, int) for value in finding["region"])
        assert 0 <= x <= x + width <= image["width"], finding
        assert 0 <= y <= y + height <= image["height"], finding


def report(*findings: Finding) -> Report:
    return Report("made", "made", "0" * 64, "0", {}, ImageFacts("", "", 0, "", 0, 0), findings)


def test_numbers_that_json_lacks_are_refused() -> None:
    finding = Finding("encoding/aspect", PASS, "ok", NONE, "nat-pixels", value=float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        report(finding).to_json()


def test_reasons_come_gravest_first() -> None:
    base = Finding("encoding/aspect", FAIL, "aspect-wide", NONE, "nat-pixels")
    noted = replace(base, code="noted")
    warned = replace(base, status=WARN, code="warned")
    review = replace(base, effect=REVIEW, code="review")
    reject = replace(base, effect=REJECT, code="reject")
    shown = report(noted, warned, review, reject).reasons()
    assert [finding.code for finding in shown] == ["reject", "review", "warned"]
