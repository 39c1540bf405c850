"""Somebody holding a card: relations on the drawn sample."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from photo_service.check import Status
from photo_service.report import Decision, Report
from photo_service.service import verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from tests.test_card import failing, finding, jpeg, picture

Rgb = NDArray[np.uint8]
HELD = SAMPLES / "documents" / "handheld.jpg"


@pytest.fixture(scope="module")
def held() -> Rgb:
    return picture(HELD)


def see(rgb: Rgb, settings: Settings) -> Report:
    return verify(jpeg(rgb), "handheld_id", settings=settings)


def test_a_good_picture_is_accepted(held: Rgb, settings: Settings) -> None:
    report = see(held, settings)
    assert report.decision is Decision.ACCEPTED, failing(report)


def test_a_mirrored_picture_is_called_mirrored(held: Rgb, settings: Settings) -> None:
    report = see(np.ascontiguousarray(held[:, ::-1]), settings)
    assert report.decision is Decision.REJECTED
    assert finding(report, "card/not_mirrored").code == "card-mirrored"


def test_the_card_must_be_there(held: Rgb, settings: Settings) -> None:
    _, _, _, height = box = _card_box(held, settings)
    assert height > 0
    without = held.copy()
    x, y, width, height = box
    without[y - 20 : y + height + 20, x - 20 : x + width + 20] = 128
    report = see(without, settings)
    assert report.decision is not Decision.ACCEPTED
    assert failing(report) & {"card-none", "card-portrait-hidden"}


def test_the_holder_must_be_there(held: Rgb, settings: Settings) -> None:
    x, y, width, height = _card_box(held, settings)
    alone = np.full_like(held, 150)
    part = (slice(y - 10, y + height + 10), slice(x - 10, x + width + 10))
    alone[part] = held[part]
    report = see(alone, settings)
    assert report.decision is not Decision.ACCEPTED
    assert "holder-none" in failing(report)


def test_a_second_card_in_the_picture_is_noticed(held: Rgb, settings: Settings) -> None:
    back = picture(SAMPLES / "codes" / "card-back.jpg")
    width = round(0.36 * held.shape[1])
    size = (width, round(width * back.shape[0] / back.shape[1]))
    beside = held.copy()
    beside[10 : 10 + size[1], -10 - width : -10] = cv2.resize(
        back, size, interpolation=cv2.INTER_AREA
    )
    report = see(beside, settings)
    assert report.decision is Decision.REVIEW
    assert "card-several" in failing(report)
    assert finding(report, "card/number_valid").status is Status.PASS


def test_blur_of_everything_is_noticed(held: Rgb, settings: Settings) -> None:
    blurred = np.asarray(cv2.GaussianBlur(held, (0, 0), 6), np.uint8)
    assert see(blurred, settings).decision is not Decision.ACCEPTED


@pytest.mark.parametrize("shape", [(60, 40), (1200, 8), (900, 600)])
def test_pictures_of_nothing_are_not_accepted(shape: tuple[int, int], settings: Settings) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for rgb in (noise, np.full_like(noise, 255)):
        report = see(rgb, settings)
        assert report.decision is not Decision.ACCEPTED
        assert all(found.status is not Status.ERROR for found in report.findings)


def _card_box(held: Rgb, settings: Settings) -> tuple[int, int, int, int]:
    """Where the card is, by the region of a finding about it."""
    report = see(np.ascontiguousarray(held[:, ::-1]), settings)
    region = finding(report, "card/not_mirrored").region
    assert region is not None
    x, y, width, height = (round(value) for value in region)
    return held.shape[1] - x - width, y, width, height
