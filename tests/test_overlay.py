"""The overlay: relations between what was measured and what is drawn."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from photo_service.errors import UsageError
from photo_service.messages import LANGUAGES
from photo_service.render import fonts, overlay
from photo_service.render.overlay import draw_overlay
from photo_service.report import Decision
from photo_service.service import Examination, examine
from photo_service.settings import Settings

Picture = NDArray[np.uint8]


def jpeg(picture: Picture) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def judged(picture: Picture) -> Examination:
    return examine(jpeg(picture), settings=Settings.from_env())


def drawn(examination: Examination, language: str = "en") -> Picture:
    with Image.open(io.BytesIO(draw_overlay(examination, language))) as image:
        assert image.format == "JPEG"
        return np.asarray(image.convert("RGB"))


def share_of(picture: Picture, colour: str) -> float:
    """Share of the pixels that are about ``#rrggbb``."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return float((np.abs(picture.astype(int) - wanted).max(axis=2) < 24).mean())


@pytest.fixture(scope="module")
def astronaut() -> Picture:
    """Eileen Collins (NASA, public domain), cropped to 3:4 as a portrait."""
    whole = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    return whole[0:300, 110:335]


@pytest.fixture(scope="module")
def examined(astronaut: Picture) -> Examination:
    return judged(astronaut)


@pytest.fixture(scope="module")
def refused() -> Examination:
    return examine(b"GIF89a" + bytes(64), settings=Settings.from_env())


@pytest.fixture
def no_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    only_pillow = fonts.Typeface((fonts.Face(None),))
    monkeypatch.setattr(overlay, "typeface", lambda _: only_pillow)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_larger_than_the_picture_and_of_a_comfortable_height(
    examined: Examination, astronaut: Picture, language: str
) -> None:
    height, width = drawn(examined, language).shape[:2]
    assert height > astronaut.shape[0]
    assert width > astronaut.shape[1] + 400
    assert height >= 480


def test_the_same_examination_gives_the_same_bytes(examined: Examination) -> None:
    assert draw_overlay(examined, "en") == draw_overlay(examined, "en")


def test_languages_differ(examined: Examination) -> None:
    if fonts.typeface().chinese is None:
        pytest.skip("no Chinese font on this machine")
    assert draw_overlay(examined, "en") != draw_overlay(examined, "zh")


@pytest.mark.usefixtures("no_chinese_font")
def test_without_a_chinese_font_it_is_in_english(examined: Examination) -> None:
    assert draw_overlay(examined, "zh") == draw_overlay(examined, "en")


@pytest.mark.usefixtures("no_chinese_font")
def test_characters_that_no_font_has_are_replaced() -> None:
    plain = fonts.Typeface((fonts.Face(None),))
    assert plain.length("7.8–17.2 ≥ 3×", 16) == plain.length("7.8-17.2 >= 3x", 16)
    assert plain.length("照", 16) == plain.length("?", 16)


def test_the_operators_font_comes_first(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with pytest.raises(UsageError, match="font-unreadable"):
        fonts.typeface(broken)
    with pytest.raises(UsageError, match="font-unreadable"):
        fonts.typeface(tmp_path / "missing.ttf")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_file_gives_a_card_without_a_picture(
    refused: Examination, examined: Examination, language: str
) -> None:
    card, sheet = drawn(refused, language), drawn(examined, language)
    assert card.shape[1] < sheet.shape[1]
    assert share_of(card, overlay._DECISIONS[Decision.REJECTED]) > 0.1
    # The rims of green letters are about as light as a ruler's green.
    assert share_of(card, overlay._ALLOWED) < 0.005


def test_the_card_is_coloured_by_the_verdict(examined: Examination) -> None:
    accepted = replace(examined, report=replace(examined.report, findings=()))
    green, red = (overlay._DECISIONS[d] for d in (Decision.ACCEPTED, Decision.REJECTED))
    assert share_of(drawn(accepted), green) > share_of(drawn(examined), green)
    assert share_of(drawn(examined), red) > share_of(drawn(accepted), red)


def test_allowed_ranges_and_the_picture_itself_are_there(
    examined: Examination, astronaut: Picture
) -> None:
    sheet = drawn(examined)
    without = replace(
        examined,
        report=replace(
            examined.report,
            findings=tuple(f for f in examined.report.findings if "framing" not in f.check),
        ),
    )
    assert share_of(sheet, overlay._ALLOWED) > share_of(drawn(without), overlay._ALLOWED)
    # The face is nowhere covered: it is found again where it is shown.
    mouth = astronaut[105:140, 90:140]
    zoom = 480 / astronaut.shape[0]
    best = max(
        float(
            cv2.matchTemplate(
                sheet[:, : sheet.shape[1] - 440],
                cv2.resize(mouth, None, fx=zoom * k, fy=zoom * k),
                cv2.TM_CCOEFF_NORMED,
            ).max()
        )
        for k in np.linspace(1.0, 1.9, 19)
    )
    assert best > 0.9


def test_a_lower_crown_is_marked_lower(examined: Examination) -> None:
    def crown_at(value: float) -> float:
        findings = tuple(
            replace(f, value=value)
            for f in examined.report.findings
            if f.check == "framing/crown_to_top"
        )
        sheet = drawn(replace(examined, report=replace(examined.report, findings=findings)))
        colour = overlay._colour(findings[0])
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        ruler = sheet[:480, 100 : sheet.shape[1] - 440].astype(int)
        rows = (np.abs(ruler - wanted).max(axis=2) < 40).sum(axis=1)
        return float(rows.argmax())

    assert crown_at(10) < crown_at(20) < crown_at(60)


@pytest.mark.parametrize("size", [(40, 30), (500, 1600), (1600, 300)])
def test_pictures_of_any_shape_stay_on_the_sheet(size: tuple[int, int]) -> None:
    grey = np.full((*size, 3), 240, np.uint8)
    height, width = drawn(judged(grey)).shape[:2]
    assert width <= 16 + 900 + 16 + 440 + 200
    assert height >= 400


def test_dark_and_light_pictures_are_drawn_alike(astronaut: Picture) -> None:
    sheets = [drawn(judged((astronaut * k).astype(np.uint8))) for k in (0.2, 1.0)]
    assert all(sheet.shape[0] >= 480 for sheet in sheets)


# --- placing ---------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 500), min_size=1, max_size=4).map(sorted))
def test_labels_never_overlap(wanted: list[float]) -> None:
    placed = overlay._apart(wanted, 46, 500)
    assert all(b - a >= 46 - 1e-6 for a, b in pairwise(placed))
    assert placed[0] >= 0
    assert placed[-1] <= 500


@given(st.lists(st.tuples(st.integers(-50, 400), st.integers(-50, 500)), max_size=40))
def test_tags_never_overlap_and_stay_inside(corners: list[tuple[int, int]]) -> None:
    taken: list[overlay.Box] = []
    for corner in corners:
        taken.append(overlay._free_spot(corner, taken, (360, 480)))
    for i, spot in enumerate(taken):
        assert 0 <= spot[0] <= 360 - spot[2]
        assert not any(overlay._touch(spot, other) for other in taken[:i])
