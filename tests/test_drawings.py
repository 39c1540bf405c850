"""Drawings in a report: their geometry agrees with the findings, and they come only when asked."""

from __future__ import annotations

import io
from base64 import b64decode
from collections.abc import Mapping
from itertools import chain, pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from photo_service.check import Range, Status
from photo_service.context import Context
from photo_service.features import Features
from photo_service.messages import LANGUAGES
from photo_service.render.drawings import drawings_of
from photo_service.render.rulers import page_outline
from photo_service.service import Examination, examine, examine_set
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from tests.service import Service, as_problem, fresh, post
from workers import broker
from workers.desk import BRIEF_TTL_S

ADDRESS = "data:image/jpeg;base64,"
# What a page may hold of each view.
MOST_BYTES = 60_000
PORTRAITS = (
    "accepted-blue.jpg",
    "codes/crown-close.jpg",
    "codes/eyes-low.jpg",
    "codes/face-large.jpg",
    "codes/face-small.jpg",
    "codes/head-left.jpg",
    "codes/head-right.jpg",
)
SIGNS = (
    "codes/thumbnail-mirrored.jpg",
    "codes/grid-mirrored.jpg",
    "codes/region-differs.jpg",
    "codes/skin-smoothed.jpg",
)


def examined(file: str, kind: str = "graduation") -> Examination:
    return examine((SAMPLES / file).read_bytes(), kind, settings=Settings.from_env())


def picture(address: str) -> Image.Image:
    assert address.startswith(ADDRESS)
    image = Image.open(io.BytesIO(b64decode(address[len(ADDRESS) :], validate=True)))
    image.load()
    return image


def rulers(drawings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {ruler["check"]: ruler for ruler in drawings["rulers"]}


@pytest.fixture(scope="module")
def portraits(settings: Settings) -> list[tuple[Examination, dict[str, Any]]]:
    """Portraits and their drawings."""
    each = [examined(file) for file in PORTRAITS]
    return [(examination, drawings_of(examination, "en")) for examination in each]


def test_a_mark_lies_in_its_band_when_the_check_passes_and_only_then(
    portraits: list[tuple[Examination, dict[str, Any]]],
) -> None:
    seen = set()
    for examination, drawings in portraits:
        findings = {finding.check: finding for finding in examination.report.findings}
        for check, ruler in rulers(drawings).items():
            inside = all(
                low <= mark <= high
                for mark, (low, high) in zip(ruler["marks"], ruler["bands"], strict=True)
            )
            assert inside == (findings[check].status is Status.PASS), check
            seen.add((check, inside))
    assert len({check for check, _ in seen}) == 4
    assert {(check, False) for check, _ in seen} <= seen


def test_marks_are_the_measured_values_in_pixels_of_the_full_picture(
    portraits: list[tuple[Examination, dict[str, Any]]],
) -> None:
    for examination, drawings in portraits:
        image = examination.report.image
        ruled = rulers(drawings)
        for finding in examination.report.findings:
            ruler = ruled.get(finding.check)
            if ruler is None:
                continue
            assert isinstance(finding.value, float)
            assert isinstance(finding.allowed, Range)
            side = image.height if ruler["axis"] == "y" else image.width
            first, last = ruler["marks"][0], ruler["marks"][-1]
            measured = {
                "framing/face_width": last - first,
                "framing/centred": first - side / 2,
            }.get(finding.check, first)
            assert measured == pytest.approx(side * finding.value / 100, abs=0.2)


def test_numbers_do_not_depend_on_how_large_the_picture_is(settings: Settings) -> None:
    """A large picture is decoded smaller; its coordinates are those of the whole."""
    with Image.open(SAMPLES / "accepted-blue.jpg") as small:
        large = io.BytesIO()
        small.resize((small.width * 8, small.height * 8)).save(large, "JPEG")
    examination = examine(large.getvalue(), settings=settings)
    assert examination.features is not None
    assert examination.features.scale < 1
    ones, eights = (
        drawings_of(each, "en") for each in (examined("accepted-blue.jpg"), examination)
    )
    for one, eight in zip(ones["rulers"], eights["rulers"], strict=True):
        places = [*one["marks"], *chain(*one["bands"])]
        larger = [*eight["marks"], *chain(*eight["bands"])]
        assert larger == pytest.approx([8 * place for place in places], abs=8 * 6)
    assert ones["outlines"][0]["points"][0][1] * 8 == pytest.approx(
        eights["outlines"][0]["points"][0][1], abs=8 * 6
    )


def test_the_outline_of_a_face_holds_its_marks(
    portraits: list[tuple[Examination, dict[str, Any]]],
) -> None:
    for _, drawings in portraits:
        (outline,) = drawings["outlines"]
        assert outline["check"] == "face/one_face"
        columns = [x for x, _ in outline["points"]]
        left, right = rulers(drawings)["framing/face_width"]["marks"]
        assert min(columns) - 1 <= left < right <= max(columns) + 1
        rows = [y for _, y in outline["points"]]
        assert min(rows) < rulers(drawings)["framing/eyes_to_top"]["marks"][0] < max(rows)


def test_the_outline_of_a_card_goes_clockwise_from_its_top_left(settings: Settings) -> None:
    examination = examined("documents/id-card.jpg", "id_card")
    drawings = drawings_of(examination, "en")
    assert drawings["rulers"] == []
    (outline,) = drawings["outlines"]
    assert outline["check"] == "card/found"
    (left, top), (right, _), (_, bottom), _ = outline["points"]
    assert left < right
    assert top < bottom
    corners = [*outline["points"], outline["points"][0]]
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(corners)) / 2
    image = examination.report.image
    assert 0.3 < area / (image.width * image.height) < 1


def test_a_page_is_outlined_where_it_lies_free() -> None:
    def seen(*corners: tuple[float, float]) -> Features:
        sheet = SimpleNamespace(corners=np.array(corners)) if corners else None
        page = SimpleNamespace(sheet=sheet)
        return cast("Features", SimpleNamespace(width=200, height=100, document_if_sought=page))

    free = (10.0, 10.0), (190.0, 12.0), (188.0, 90.0), (8.0, 88.0)
    assert page_outline(seen(*free)) == list(free)
    for corner in range(4):
        for edge in ((0.0, 50.0), (200.0, 50.0), (50.0, 0.5), (50.0, 99.5)):
            moved = [*free[:corner], edge, *free[corner + 1 :]]
            assert page_outline(seen(*moved)) == []
    assert page_outline(seen()) == []


@pytest.mark.parametrize("file", SIGNS)
def test_signs_come_with_something_to_look_at(settings: Settings, file: str) -> None:
    examination = examined(file)
    drawings = drawings_of(examination, "en")
    signs = [sign["sign"] for sign in examination.report.to_dict("en")["evidence"]]
    assert drawings["evidence"]
    for sign in drawings["evidence"]:
        assert sign["sign"] in signs
        for view in sign["views"]:
            assert view["caption"]
            assert len(view["image"]) <= MOST_BYTES
            assert picture(view["image"]).width > 50


def test_an_unaltered_picture_has_no_evidence(
    portraits: list[tuple[Examination, dict[str, Any]]],
) -> None:
    examination, drawings = portraits[0]
    assert examination.report.to_dict("en")["evidence"] == []
    assert drawings["evidence"] == []


def test_the_overlay_has_no_words_but_labels(settings: Settings) -> None:
    """The page it stands on has its own words."""
    examination = examined("codes/head-left.jpg")
    overlay = picture(drawings_of(examination, "en")["overlay"])
    shape = examination.report.image.height / examination.report.image.width
    assert overlay.height <= 640 + 200
    # The picture with rulers beside it and below, and no panel.
    assert overlay.width < overlay.height / shape + 250


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_could_not_be_opened_has_nothing_to_draw(language: str) -> None:
    refused = examine(b"GIF89a" + bytes(64), settings=Settings.from_env())
    nothing = {"overlay": "", "rulers": [], "outlines": [], "evidence": []}
    assert drawings_of(refused, language) == nothing


def test_several_files_are_drawn_small_side_by_side() -> None:
    files = [(f"{number}.jpg", b"no picture" + bytes(number)) for number in range(3)]
    whole = drawings_of(examine_set(files, "certificate"), "en")
    assert picture(whole.pop("overlay")).width > 100
    assert whole == {"rulers": [], "outlines": [], "evidence": []}


def test_whoever_wants_drawings_asks_for_another_report() -> None:
    assert Context(drawings=True).digest != Context().digest
    report = examine(
        (SAMPLES / "accepted-blue.jpg").read_bytes(), context=Context(drawings=True)
    ).report
    assert "drawings" not in report.to_dict("en")


# --- over HTTP ----------------------------------------------------------------------------------


def test_over_http_they_come_only_when_asked(service: Service) -> None:
    data = fresh()
    plain, drawn = (post(service.client, data, **asked) for asked in ({}, {"drawings": "true"}))
    assert plain.status_code == drawn.status_code == 200
    assert "drawings" not in plain.json()
    report = drawn.json()
    assert picture(report["drawings"].pop("overlay")).width > 300
    assert {ruler["check"] for ruler in report["drawings"]["rulers"]} > {"framing/eyes_to_top"}
    del report["drawings"]
    assert {**report, "timings_ms": 0} == {**plain.json(), "timings_ms": 0}
    as_problem(post(service.client, data, drawings="perhaps"), 422, "fields-invalid")


def test_a_report_with_pictures_is_kept_for_a_minute(service: Service) -> None:
    connection = broker.connect(service.redis_url)
    data = fresh()
    kept = {}
    for drawings in ("true", "false"):
        answer = post(service.client, data, drawings=drawings)
        upload_id = answer.headers["content-location"].rpartition("/")[2]
        kept[drawings] = connection.ttl(f"photo:report:{upload_id}")
        assert not connection.exists(f"photo:upload:{upload_id}")
    connection.close()
    assert 0 < kept["true"] <= BRIEF_TTL_S < kept["false"]
