"""The drawn certificates: they say what their truth says, and what is judged of them follows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from photo_service.context import Context
from photo_service.document.page import Page
from photo_service.report import Effect, Report
from photo_service.service import examine, verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))

import scans  # isort: skip
import scans_pages  # isort: skip
import scans_papers  # isort: skip
import scans_sheet  # isort: skip
import scans_words  # isort: skip
from scans import Scan  # isort: skip

SIZE = (1000, 720)
SPLITS = ("tune", "check")
SOMEONE = scans_words.someone(np.random.default_rng(3), "shipped")


@cache
def drawn(condition: str = "rendered", seed: int = 1, page: str = "ncre2") -> Scan:
    return scans.draw(condition, seed, "shipped", type=page, size=SIZE)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings if finding.effect is not Effect.NONE}


@pytest.fixture
def judged(settings: Settings) -> Callable[..., Report]:
    def judged(scan: Scan, expect_type: str = "", expect_name: str = "") -> Report:
        context = Context(expect_type=expect_type, expect_name=expect_name)
        return verify(scan.encoded(), "certificate", context=context, settings=settings)

    return judged


@pytest.fixture
def look(settings: Settings) -> Callable[[NDArray[np.uint8]], Page]:
    def look(rgb: NDArray[np.uint8]) -> Page:
        data = Scan(rgb, "", quality=92).encoded()
        features = examine(data, "certificate", settings=settings).features
        assert features is not None
        return features.document

    return look


# --- the pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["rendered", "clean scan", "cut off", "no page"])
def test_a_seed_always_gives_the_same_picture(condition: str) -> None:
    again = scans.draw(condition, 1, "shipped", type="ncre2", size=SIZE)
    assert np.array_equal(drawn(condition).rgb, again.rgb)
    assert not np.array_equal(drawn(condition).rgb, drawn(condition, 2).rgb)


def test_splits_share_no_font_and_no_name() -> None:
    fonts = [
        {font for press in scans_sheet.PRESSES[split] for font in
         (press.title, press.body, press.hand, press.latin)} for split in SPLITS
    ]  # fmt: skip
    assert not fonts[0] & fonts[1]
    names = [
        {scans_words.someone(np.random.default_rng(seed), split).name for seed in range(300)}
        for split in SPLITS
    ]
    assert not names[0] & names[1]


Draw = Callable[[scans_sheet.Print], scans_sheet.Page]


def printed(draw: Draw, seed: int = 3) -> scans_sheet.Page:
    """A coarse print, for what it says."""
    rng = np.random.default_rng(seed)
    by = scans_sheet.Print(rng, scans_sheet.Press(), SOMEONE, "shipped", scale=1.0)
    return draw(by)


@pytest.mark.parametrize("draw", [*scans_pages.KINDS.values(), scans_pages.course_card])
def test_every_certificate_says_specimen_and_whose_it_is(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = scans_sheet.Sheet.write

    def spy(
        sheet: scans_sheet.Sheet, at: scans_sheet.Point, words: str, *rest: Any, **how: Any
    ) -> Any:
        written.append(words)
        return write(sheet, at, words, *rest, **how)

    monkeypatch.setattr(scans_sheet.Sheet, "write", spy)
    for seed in range(2):
        written.clear()
        page = printed(draw, seed)
        assert any("SPECIMEN" in words for words in written)
        assert any(SOMEONE.name in line for line in page.lines)


@pytest.mark.parametrize(("condition", "above"), [("clean scan", True), ("below 800x600", False)])
def test_good_scans_are_larger_than_the_portal_asks_for(condition: str, above: bool) -> None:
    scan = scans.draw(condition, 1, "shipped", type="pets2")
    short, long = sorted(scan.rgb.shape[:2])
    assert (long > 800 and short > 600) is above


# --- what is judged ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["diploma", "cet", "ncre1"])
def test_a_good_page_of_each_kind_is_known(page: str, judged: Callable[..., Report]) -> None:
    found = {finding.check: finding for finding in judged(drawn(page=page)).findings}
    assert found["document/type"].value == page


def test_the_right_name_is_found_and_another_is_not(judged: Callable[..., Report]) -> None:
    scan = drawn()
    assert "page-name-mismatch" not in codes(judged(scan, expect_name=scan.name))
    assert "page-name-mismatch" in codes(judged(scan, expect_name="欧阳慕容"))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_is_named_with_its_turn(quarters: int, judged: Callable[..., Report]) -> None:
    scan = drawn(f"turned {90 * quarters}")
    report = judged(scan)
    assert "page-turned" in codes(report)
    turned = next(f for f in report.findings if f.code == "page-turned")
    assert turned.value == scan.turn


def test_only_a_mirrored_page_is_called_mirrored(judged: Callable[..., Report]) -> None:
    assert "page-mirrored" in codes(judged(drawn("mirrored")))
    assert "page-mirrored" not in codes(judged(drawn("turned 180")))


def test_another_certificate_than_the_chosen_one_is_named(judged: Callable[..., Report]) -> None:
    assert "type-mismatch" in codes(judged(drawn(), expect_type="cet"))
    assert "type-mismatch" not in codes(judged(drawn(), expect_type="ncre1"))


def test_tilt_follows_the_page(look: Callable[[NDArray[np.uint8]], Page]) -> None:
    rgb = drawn().rgb
    height, width = rgb.shape[:2]
    tilts = []
    for degrees in (-6, 6, 14):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 0.8)
        leaning = cv2.warpAffine(rgb, turn, (width, height), borderValue=(250, 250, 250))
        tilts.append(look(np.asarray(leaning, np.uint8)).tilt)
    assert tilts == pytest.approx([-6, 6, 14], abs=1)


def test_more_blur_measures_as_more_blur(look: Callable[[NDArray[np.uint8]], Page]) -> None:
    blurs = []
    for spread in (0.5, 1.5, 3.0):
        blurred = cv2.GaussianBlur(drawn().rgb, (0, 0), spread)
        blurs.append(look(np.asarray(blurred, np.uint8)).print.blur)
    assert blurs == sorted(blurs)
    assert blurs[2] > 1.5 * blurs[0]


def test_less_ink_measures_as_less_contrast(look: Callable[[NDArray[np.uint8]], Page]) -> None:
    contrasts = []
    for ink in (1.0, 0.5, 0.2):
        faint = np.round(255 - ink * (255.0 - drawn().rgb)).astype(np.uint8)
        contrasts.append(look(faint).print.contrast)
    assert contrasts == sorted(contrasts, reverse=True)


def test_every_other_paper_can_be_drawn() -> None:
    for draw in scans_papers.PAPERS:
        page = printed(draw)
        assert page.type == "other"
        assert not page.name
        assert len(page.lines) > 3
