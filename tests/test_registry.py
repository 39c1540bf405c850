"""Every check is documented, asked for, worded in each language and shown by a sample."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

import photo_service.checks  # noqa: F401 - fills the registry
from photo_service import profile
from photo_service.check import Check, Outcome, Status, check, registry
from photo_service.image import INPUT_CODES
from photo_service.messages import LANGUAGES, Messages, messages
from photo_service.report import Report
from tests.conftest import Expected, expected_samples

HEADINGS = ("Wants:", "Why:", "Measured:", "Blind spots:", "Source:")
CHECKS = tuple(registry().values())
CODES = tuple((c.id, code) for c in CHECKS for code in c.codes)
# No lids bent on our one face part the two signs of closed eyes; tests/test_checks.py shows this
# code to its check with made numbers. The others need a second photo (tests/test_forensics.py) or
# several files (tests/test_collection.py).
WITHOUT_PICTURE = {
    "eyes-half-closed",
    "reference-mirrored",
    "set-too-many",
    "certificate-twice",
}
PROFILES = tuple(profile.load(name) for name in profile.shipped())
PACKAGE = Path(profile.__file__).parent

every_check = pytest.mark.parametrize("entry", CHECKS, ids=lambda entry: entry.id)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_check
def test_docstring_has_all_headings(entry: Check) -> None:
    places = [entry.doc.find(f"\n{heading}") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)
    ends = [*places[1:], len(entry.doc)]
    for heading, start, end in zip(HEADINGS, places, ends, strict=True):
        assert len(entry.doc[start + 1 + len(heading) : end].strip()) >= 5, heading
    assert entry.doc.splitlines()[0].endswith(".")


@every_check
def test_every_profile_of_its_kind_asks_for_it(entry: Check) -> None:
    asking = {p.name for p in PROFILES if entry.id in {line.check.id for line in p.lines}}
    kinds = {p.kind for p in PROFILES if p.name in asking}
    assert asking
    assert asking == {p.name for p in PROFILES if p.kind in kinds}


@pytest.mark.parametrize("rules", PROFILES, ids=lambda rules: rules.name)
def test_clauses_of_a_profile_are_worded(rules: profile.Profile) -> None:
    for line in rules.lines:
        for language in LANGUAGES:
            text = messages(language)
            assert text.has("clause", line.clause, "cite"), line.clause
            assert text.has("clause", line.clause, "text"), line.clause


def test_codes_are_unique() -> None:
    codes = [code for _, code in CODES]
    assert len(codes) == len(set(codes))
    assert not set(codes) & set(INPUT_CODES)


def template(text: Messages, section: str, key: str, field: str) -> str:
    return str(text._table[section][key][field])


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@every_check
def test_check_is_worded(entry: Check) -> None:
    filled = []
    for language in LANGUAGES:
        text = messages(language)
        for field in ("title", "wanted", "pass"):
            assert template(text, "check", entry.id, field).strip()
        assert not placeholders(template(text, "check", entry.id, "title"))
        assert not placeholders(template(text, "check", entry.id, "wanted"))
        filled.append(placeholders(template(text, "check", entry.id, "pass")))
    assert filled[0] == filled[1]


@pytest.mark.parametrize(("check_id", "code"), CODES)
def test_code_is_worded(check_id: str, code: str) -> None:
    for field in ("message", "advice"):
        sentences = [template(messages(language), "code", code, field) for language in LANGUAGES]
        assert all(sentence.strip() for sentence in sentences)
        assert placeholders(sentences[0]) == placeholders(sentences[1]), field


@every_language
def test_no_sentence_without_a_check(language: str) -> None:
    text = messages(language)
    assert text.keys("check") == set(registry())
    assert text.keys("code") == {code for _, code in CODES}


@every_language
def test_refused_files_are_worded(language: str) -> None:
    for code in INPUT_CODES:
        assert messages(language).has("error", code, "message")
        assert messages(language).has("error", code, "advice")


@pytest.mark.parametrize(("check_id", "code"), CODES)
def test_a_sample_shows_the_code(
    check_id: str, code: str, reports: Mapping[Expected, Report]
) -> None:
    shown = {
        finding.check
        for sample, report in reports.items()
        for finding in report.findings
        if finding.code == code and code in sample.codes
    }
    assert shown == (set() if code in WITHOUT_PICTURE else {check_id})


def test_samples_expect_no_code_that_does_not_exist() -> None:
    known = {code for _, code in CODES}
    assert {code for sample in expected_samples() for code in sample.codes} <= known


@every_language
def test_every_sentence_of_a_real_finding_can_be_filled(
    language: str, reports: Mapping[Expected, Report]
) -> None:
    text = messages(language)
    for sample, report in reports.items():
        for finding in report.findings:
            for sentence in (finding.message(text), finding.advice(text)):
                assert not re.search(r"[{}]|None|nan|inf\b", sentence), (sample.file, sentence)
            assert finding.message(text)


@every_language
def test_colours_have_words(language: str) -> None:
    from photo_service.checks.background import _colour_name

    known = messages(language).keys("word")
    named = {
        _colour_name(float(lightness), float(chroma), float(hue))
        for lightness in range(0, 101, 4)
        for chroma in range(0, 130, 6)
        for hue in range(360)
    }
    assert named <= known


def reasons_given() -> Iterator[str]:
    """Codes in ``CannotAssess("…")`` and ``Outcome(Status.SKIP, "…")`` anywhere in the package."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called == "Outcome" and ast.unparse(node.args[0]) == "Status.SKIP":
                reason = node.args[1]
            elif called == "CannotAssess":
                reason = node.args[0]
            else:
                continue
            # The engine hands on what a fact has said; only the one who says it names it.
            if isinstance(reason, ast.Constant):
                yield str(reason.value)


def test_reasons_for_skipping_are_worded() -> None:
    given = set(reasons_given())
    assert {"no-face", "density-unstated"} <= given
    for language in LANGUAGES:
        assert messages(language).keys("reason") == given | {"service-error", "service-crashed"}


def test_registering_refuses_what_breaks_the_rules() -> None:
    def fine(features: object, *, limit: float) -> Outcome:
        return Outcome(Status.PASS)

    def lenient(features: object, *, limit: float = 1.0) -> Outcome:
        return Outcome(Status.PASS)

    taken = CHECKS[0].id
    some_code = CODES[0][1]
    with pytest.raises(ValueError, match="malformed check id"):
        check("nowhere/at_all", codes=())
    with pytest.raises(ValueError, match="malformed check id"):
        check("face/Not_This", codes=())
    with pytest.raises(ValueError, match="registered twice"):
        check(taken, codes=())(fine)
    with pytest.raises(ValueError, match="taken"):
        check("face/another", codes=(some_code,))(fine)
    with pytest.raises(ValueError, match="malformed"):
        check("face/another", codes=("Not A Code",))(fine)
    with pytest.raises(ValueError, match="default"):
        check("face/another", codes=())(lenient)
    assert "face/another" not in registry()
