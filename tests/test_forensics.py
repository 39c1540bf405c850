"""Traces of saving, mirroring and editing are found where they are, and not where they are not."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks import carriers
from photo_service import forensics, profile
from photo_service.check import Outcome, Status
from photo_service.cli import main
from photo_service.context import Context
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.image import Photo, open_photo
from photo_service.messages import LANGUAGES, messages
from photo_service.render.evidence import draw_evidence
from photo_service.report import Effect, Report
from photo_service.service import examine, open_models, verify
from photo_service.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
Rgb = NDArray[np.uint8]
LINES = {line.check.id: line for line in profile.load("graduation").lines}


def picture(name: str = "whole-picture.jpg", size: tuple[int, int] = (467, 470)) -> Rgb:
    """A photograph without a grid of its own, and a width that 8 does not divide."""
    image = Image.open(SAMPLES / name).convert("RGB")
    return np.asarray(image.resize(size, Image.Resampling.BOX), np.uint8)


def saved(rgb: Rgb, quality: int, **options: Any) -> bytes:
    file, image = io.BytesIO(), Image.fromarray(np.ascontiguousarray(rgb))
    if quality:
        image.save(file, "JPEG", quality=quality, **options)
    else:
        image.save(file, "PNG", **options)
    return file.getvalue()


def again(rgb: Rgb, quality: int) -> Rgb:
    return np.asarray(Image.open(io.BytesIO(saved(rgb, quality))), np.uint8)


def photo(data: bytes) -> Photo:
    return open_photo(data, max_file_bytes=1 << 26, max_pixels=1 << 26)


class NoModels:
    """For checks that ask no model."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} asked")


def outcome(check: str, data: bytes, context: Context | None = None) -> Outcome:
    features = Features(photo(data), NoModels(), context)
    line = LINES[check]
    try:
        return line.check.run(features, **line.limits)
    except CannotAssess as reason:
        return Outcome(Status.SKIP, reason.code)


# --- the grid ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(70, 90), (85, 90), (85, 95), (80, 0), (95, 0)])
def test_mirrored_between_saves_is_found(first: int, second: int) -> None:
    mirrored = again(picture(), first)[:, ::-1]
    found = outcome("mirroring/grid_straight", saved(mirrored, second))
    assert (found.status, found.code, found.certain) == (Status.FAIL, "grid-mirrored", False)
    assert abs(int(found.facts["quality"]) - first) <= 1
    assert found.facts["columns"] == 467 % 8


@pytest.mark.parametrize("second", [80, 90, 95, 100, 0])
def test_honest_saves_and_crops_are_not_called_mirrored(second: int) -> None:
    rgb = picture()
    once = again(rgb, 85)
    for honest in (rgb, once, once[3:, 6:], once[5:], cv2.resize(once, (401, 404))):
        data = saved(np.asarray(honest, np.uint8), second)
        assert outcome("mirroring/grid_straight", data).status is Status.PASS


@pytest.mark.parametrize(("down", "left"), [(1, 0), (0, 3), (5, 7), (4, 4)])
def test_grid_is_found_where_a_crop_puts_it(down: int, left: int) -> None:
    found = forensics.grid(photo(saved(again(picture(), 80)[down:, left:], 95)))
    assert found.peak == (-down % 8, -left % 8)
    assert found.margin > 5
    assert found.quality[found.peak] == pytest.approx(80, abs=1)


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_grid_is_looked_for_as_stored(orientation: int) -> None:
    mirrored = saved(again(picture(), 80)[:, ::-1], 95)
    tagged = carriers.with_exif(mirrored, {carriers.ORIENTATION: orientation})
    found = forensics.grid(photo(tagged))
    assert (found.width, found.peak) == (467, (0, 467 % 8))


def test_where_the_grid_cannot_be_seen() -> None:
    mirrored = again(picture(), 80)[:, ::-1]
    assert outcome("mirroring/grid_straight", saved(mirrored[:, :464], 95)).code == "grid-blind"
    assert outcome("mirroring/grid_straight", saved(mirrored, 70)).code == "table-coarse"
    assert outcome("mirroring/grid_straight", saved(mirrored[:40, :43], 95)).code == "too-plain"
    large = np.asarray(cv2.resize(mirrored, (3001, 3000)), np.uint8)
    assert outcome("mirroring/grid_straight", saved(large, 90)).code == "decoded-reduced"
    ink = io.BytesIO()
    Image.fromarray(mirrored).convert("CMYK").save(ink, "JPEG", quality=95)
    assert outcome("mirroring/grid_straight", ink.getvalue()).code == "colours-converted"


@pytest.mark.parametrize("flat", [0, 128, 255])
def test_plain_pictures_have_no_trace(flat: int) -> None:
    rgb = np.full((300, 203, 3), flat, np.uint8)
    assert outcome("mirroring/grid_straight", saved(rgb, 0)).status is Status.PASS
    assert outcome("editing/not_cropped", saved(rgb, 95)).status is Status.PASS
    assert outcome("editing/no_local_change", saved(rgb, 95)).code == "no-earlier-save"


def test_saving_again_is_told() -> None:
    rgb = picture()
    assert outcome("editing/saved_once", saved(again(rgb, 80), 95)).code == "saved-again"
    assert outcome("editing/saved_once", saved(again(rgb, 80), 0)).code == "saved-again"
    assert outcome("editing/saved_once", saved(rgb, 95)).status is Status.PASS
    assert outcome("editing/saved_once", saved(rgb, 0)).status is Status.PASS


@pytest.mark.parametrize(("first", "second"), [(80, 95), (85, 0)])
def test_a_part_with_another_past_is_found(first: int, second: int) -> None:
    once = again(picture(), first)
    changed = once.copy()
    changed[200:290, 150:250] = np.roll(once, (3, 5), (0, 1))[200:290, 150:250]
    found = outcome("editing/no_local_change", saved(changed, second))
    assert found.code == "region-differs"
    assert found.region is not None
    x, y, width, height = found.region
    assert 130 < x < 180
    assert 180 < y < 230
    assert 60 < width < 130
    assert 60 < height < 130
    assert outcome("editing/no_local_change", saved(once, second)).status is Status.PASS


# --- the preview ---------------------------------------------------------------------------------


def with_preview(rgb: Rgb, preview: Rgb, **tags: int) -> bytes:
    small = carriers.small_jpeg(Image.fromarray(np.ascontiguousarray(preview)), (140, 140))
    wanted: dict[int, str | bytes | int] = {carriers.MAKE: "Camera"}
    if tags:
        wanted[carriers.ORIENTATION] = tags["orientation"]
    return carriers.with_exif(saved(rgb, 90), wanted, small)


def test_preview_tells_a_flip() -> None:
    rgb = picture()
    flipped = outcome("mirroring/thumbnail_straight", with_preview(rgb[:, ::-1], rgb))
    assert (flipped.code, flipped.certain) == ("thumbnail-mirrored", False)
    for honest in (rgb, np.rot90(rgb), np.rot90(rgb, 3)):
        done = outcome("mirroring/thumbnail_straight", with_preview(honest, rgb))
        assert done.status is Status.PASS


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
def test_preview_is_compared_as_stored(orientation: int) -> None:
    rgb = picture()
    honest = with_preview(rgb, rgb, orientation=orientation)
    assert outcome("mirroring/thumbnail_straight", honest).status is Status.PASS
    flipped = with_preview(rgb[:, ::-1], rgb, orientation=orientation)
    assert outcome("mirroring/thumbnail_straight", flipped).code == "thumbnail-mirrored"


def test_preview_with_black_bars() -> None:
    rgb = picture()
    sheet = np.zeros((620, 467, 3), np.uint8)
    sheet[75:545] = rgb
    assert outcome("mirroring/thumbnail_straight", with_preview(rgb, sheet)).status is Status.PASS
    done = outcome("mirroring/thumbnail_straight", with_preview(rgb[:, ::-1], sheet))
    assert done.code == "thumbnail-mirrored"


def test_preview_of_something_else_is_a_note() -> None:
    rgb = picture()
    other = with_preview(rgb, rgb[::-1][:200])
    assert outcome("mirroring/thumbnail_straight", other).status is Status.PASS
    assert outcome("editing/preview_agrees", other).code == "preview-differs"


@pytest.mark.parametrize("preview", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0" + bytes(500)])
def test_broken_preview_says_nothing(preview: bytes) -> None:
    data = carriers.with_exif(saved(picture(), 90), {carriers.MAKE: "x"}, preview)
    assert outcome("mirroring/thumbnail_straight", data).code == "no-thumbnail"


# --- tags and dates ------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_that_mirrors_is_certain(orientation: int) -> None:
    data = carriers.with_exif(saved(picture(), 90), {carriers.ORIENTATION: orientation})
    found = outcome("mirroring/orientation_plain", data)
    mirrors = orientation in (2, 4, 5, 7)
    assert found.status is (Status.FAIL if mirrors else Status.PASS)
    assert found.certain


@pytest.mark.parametrize(
    ("days", "code"), [(0, "ok"), (366, "ok"), (367, "taken-long-ago"), (-30, "date-in-future")]
)
def test_age_counts_from_the_application(days: int, code: str) -> None:
    today = date(2026, 3, 1)
    taken = (today - timedelta(days=days)).strftime("%Y:%m:%d 10:00:00")
    data = carriers.with_exif(saved(picture(), 90), {carriers.TAKEN: taken})
    assert outcome("provenance/recent", data, Context(today=today)).code == code


@pytest.mark.parametrize("taken", [None, "2000:01:01 00:00:13", "0000:00:00 00:00:00"])
def test_a_clock_that_was_never_set_is_no_age(taken: str | None) -> None:
    tags: dict[int, str | bytes | int] = {carriers.MAKE: "x"}
    if taken is not None:
        tags[carriers.TAKEN] = taken
    data = carriers.with_exif(saved(picture(), 90), tags)
    assert outcome("provenance/recent", data).code == "date-unstated"


# --- with the face -------------------------------------------------------------------------------


def portrait(change: str = "") -> Rgb:
    rgb = np.asarray(Image.open(SAMPLES / "accepted-grey.jpg").convert("RGB"), np.uint8)
    return np.ascontiguousarray(rgb[:, ::-1]) if change == "mirrored" else rgb


def effects(report: Report) -> dict[str, Effect]:
    return {f.code: f.effect for f in report.findings if f.status is Status.FAIL}


@pytest.mark.usefixtures("settings")
def test_photo_on_file_tells_a_flip() -> None:
    on_file = Image.fromarray(portrait()).rotate(4, Image.Resampling.BICUBIC, fillcolor="white")
    context = Context(reference=saved(np.asarray(on_file), 80))
    straight = verify(saved(portrait(), 90), context=context)
    assert "reference-mirrored" not in effects(straight)
    mirrored = examine(saved(portrait("mirrored"), 90), context=context)
    assert effects(mirrored.report)["reference-mirrored"] is Effect.REVIEW
    drawn = draw_evidence(mirrored, "zh")
    assert drawn is not None
    assert Image.open(io.BytesIO(drawn)).width == 960


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (None, "no-reference"),
        (b"no picture", "reference-unreadable"),
        (saved(np.full((300, 300, 3), 200, np.uint8), 90), "reference-without-face"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_no_photo_on_file_is_no_failure(reference: bytes | None, code: str) -> None:
    report = verify(saved(portrait(), 90), context=Context(reference=reference))
    (found,) = (f for f in report.findings if f.check == "mirroring/reference_straight")
    assert (found.status, found.code, found.effect) == (Status.SKIP, code, Effect.NONE)


def test_smoother_skin_never_scores_lower(settings: Settings) -> None:
    rgb = portrait()
    smooth = np.asarray(cv2.bilateralFilter(rgb, 0, 40, 4), np.uint8)
    scores = []
    with open_models(settings) as models:
        for share in (0.0, 0.5, 0.8, 1.0):
            mixed = (rgb * (1 - share) + smooth * share).round().astype(np.uint8)
            features = Features(photo(saved(mixed, 92)), models)
            scores.append(forensics.smoothing(features.skin_numbers))
    assert scores == sorted(scores)


# --- the evidence --------------------------------------------------------------------------------


def test_every_sign_has_its_worth_in_each_language() -> None:
    zh, en = (messages(language) for language in LANGUAGES)
    assert zh.keys("evidence") == en.keys("evidence")
    for code in zh.keys("evidence"):
        weights = {text.get("evidence", code, "weight") for text in (zh, en)}
        assert len(weights) == 1
        assert weights <= {"proof", "strong", "weak", "note"}
        assert all(text.get("evidence", code, "means") for text in (zh, en))


@pytest.mark.parametrize("topic", ["provenance", "mirroring", "editing"])
def test_every_code_of_a_topic_is_evidence(topic: str) -> None:
    known = messages("en").keys("evidence")
    for check_id, line in LINES.items():
        if check_id.startswith(f"{topic}/"):
            assert set(line.check.codes) <= known


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_statistical_sign_accuses(language: str) -> None:
    text = messages(language)
    accusing = ("you edited", "you have edited", "您修改了", "您编辑了", "您美颜了", "您翻转了")
    for code in text.keys("evidence"):
        for field in ("message", "advice"):
            sentence = text.outline("code", code, field).lower()
            assert not any(words in sentence for words in accusing)


@pytest.mark.usefixtures("settings")
def test_evidence_is_in_the_report_and_drawn() -> None:
    examination = examine((SAMPLES / "codes" / "region-differs.jpg").read_bytes())
    table = examination.report.to_dict("en")
    signs = {entry["sign"]: entry for entry in table["evidence"]}
    assert {"region-differs", "saved-again"} <= set(signs)
    entry = signs["region-differs"]
    assert set(entry) == {"sign", "shows", "means", "figures", "weight"}
    assert entry["weight"] == "weak"
    assert entry["figures"]["quality"] == 85
    for language in LANGUAGES:
        assert draw_evidence(examination, language) is not None


@pytest.mark.usefixtures("settings")
def test_nothing_to_show_draws_nothing() -> None:
    assert draw_evidence(examine((SAMPLES / "accepted-blue.jpg").read_bytes()), "en") is None
    assert draw_evidence(examine(b"no picture"), "en") is None


@pytest.mark.usefixtures("settings")
def test_the_command_writes_the_evidence_beside_the_overlay(tmp_path: Path) -> None:
    files = [str(SAMPLES / "codes" / "grid-mirrored.jpg"), str(SAMPLES / "accepted-blue.jpg")]
    main(["check", "--as", "graduation", "--overlay", str(tmp_path), "--json", *files])
    written = sorted(file.name for file in tmp_path.iterdir())
    assert written == [
        "accepted-blue.overlay.jpg",
        "grid-mirrored.evidence.jpg",
        "grid-mirrored.overlay.jpg",
    ]
