"""The ID card: number arithmetic, masks and comparisons, and relations on drawn cards."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.text import Spelling, TextBox
from photo_service.card import compare, find, look, read, screen
from photo_service.card import number as gb11643
from photo_service.card.forms import NEW_FORMS
from photo_service.card.read import Field
from photo_service.check import Status
from photo_service.checks import card as checks
from photo_service.context import Context, Fields
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.report import Decision, Finding, Report
from photo_service.service import verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES

Rgb = NDArray[np.uint8]
GOOD = "11010519491231002X"  # the example that GB 11643 itself prints
CARD = SAMPLES / "documents" / "id-card.jpg"
See = Callable[..., Report]


def picture(path: Path) -> Rgb:
    bgr = cv2.imread(str(path))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def jpeg(rgb: Rgb, quality: int = 92) -> bytes:
    done, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert done
    return bytes(data)


@pytest.fixture(scope="module")
def card() -> Rgb:
    return picture(CARD)


@pytest.fixture(scope="module")
def see(settings: Settings) -> See:
    def seen(rgb: Rgb, **context: object) -> Report:
        given = Context(today=date(2026, 1, 1), **context)  # type: ignore[arg-type]
        return verify(jpeg(rgb), "id_card", context=given, settings=settings)

    return seen


def finding(report: Report, check: str) -> Finding:
    return next(found for found in report.findings if found.check == check)


def failing(report: Report) -> set[str]:
    return {f.code for f in report.findings if f.status is Status.FAIL}


# --- the number --------------------------------------------------------------------------------


def test_the_standards_own_example_is_valid() -> None:
    assert gb11643.is_valid(GOOD)
    assert gb11643.birth_of(GOOD) == date(1949, 12, 31)
    assert gb11643.sex_of(GOOD) == "女"
    assert gb11643.masked(GOOD) == "110105********002X"


@pytest.mark.parametrize("place", range(18))
def test_every_single_wrong_character_is_noticed(place: int) -> None:
    for other in "0123456789X":
        changed = GOOD[:place] + other + GOOD[place + 1 :]
        assert gb11643.is_valid(changed) == (changed == GOOD)


@pytest.mark.parametrize(
    "number",
    ["", "1", GOOD[:-1], GOOD + "0", GOOD.lower(), "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "X" * 18, "0" * 18],
)
def test_what_is_no_number_is_not_valid(number: str) -> None:
    assert not gb11643.is_valid(number)


def test_a_number_without_a_real_date_is_not_valid() -> None:
    body = "11010519490231002"
    assert not gb11643.is_valid(body + gb11643.check_digit(body))


def test_age_counts_birthdays() -> None:
    born = date(2000, 2, 29)
    assert gb11643.age_on(born, date(2026, 2, 28)) == 25
    assert gb11643.age_on(born, date(2026, 3, 1)) == 26
    assert gb11643.age_on(born, date(1999, 12, 31)) < 0


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("1990年1月2日", date(1990, 1, 2)),
        ("199O年l月2", date(1990, 1, 2)),
        ("1990年13月2日", None),
        ("年月日", None),
    ],
)
def test_birth_dates_are_read_with_look_alikes(printed: str, meant: date | None) -> None:
    assert read.birth_date(printed) == meant


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("1949年12月31日", (Status.PASS, True)),
        # One digit may be misread by whoever is confident; two may not.
        ("1949年12月30日", (Status.FAIL, False)),
        ("1949年11月30日", (Status.FAIL, True)),
        ("1985年6月7日", (Status.FAIL, True)),
        # Nobody was born then.
        ("9949年12月31日", None),
        ("0049年12月31日", None),
    ],
)
def test_a_birth_date_that_may_be_misread_is_no_certain_difference(
    printed: str, expected: tuple[Status, bool] | None
) -> None:
    fields = {name: Field(value, 0.99, (0, 0, 0, 0)) for name, value in
              (("birth", printed), ("number", GOOD))}  # fmt: skip
    seen = SimpleNamespace(side="portrait", fields=fields, mirrored=False, number_agreed=True)
    features = cast("Features", SimpleNamespace(card=SimpleNamespace(reading=seen)))
    if expected is None:
        with pytest.raises(CannotAssess):
            checks.birth_agrees(features)
    else:
        outcome = checks.birth_agrees(features)
        assert (outcome.status, outcome.certain) == expected


# --- comparisons and masks ---------------------------------------------------------------------


def test_names_are_compared_with_room_for_look_alikes() -> None:
    def differences(value: str, expected: str, seconds: tuple[str, ...] = ()) -> int:
        return compare.name_differences(Field(value, 0.9, (0, 0, 0, 0), seconds), expected)

    assert differences("张伟", "张伟") == 0
    assert differences("张伟", " 张 伟 ") == 0
    assert differences("阿依·古丽", "阿依•古丽") == 0
    assert differences("未来", "末来") == 0
    assert differences("张韦", "张伟", ("长", "伟")) == 0
    assert differences("张韦", "张伟", ("长", "围")) == 1
    assert differences("张伟", "李娜") == 2
    assert differences("张伟", "张伟明") == -1


def test_masks_hide_what_tells_the_person() -> None:
    assert compare.masked_name("张三丰") == "张**"
    assert compare.masked_field("birth", "1990年12月31日") == "1990年**月**日"
    assert compare.masked_field("address", "北京市望江市虚构区") == "北京市望江市***"
    assert compare.masked_field("number", GOOD) == "110105********002X"
    assert compare.masked_field("sex", "男") == "男"
    assert "9" not in gb11643.masked("99999")


def test_numbers_are_compared_in_ascii() -> None:
    assert compare.plain_number(" 110105 19491231 002x ") == GOOD
    assert compare.plain_number("１１０１０５１９４９１２３１００２Ｘ") == GOOD
    assert compare.places_that_differ(GOOD, GOOD) == []
    assert compare.places_that_differ("123", "1x34") == [2, 4]


# --- geometry ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [(0, 0), (25, 0), (0, 25), (-20, 15)])
def test_the_true_ratio_of_a_tilted_card_is_recovered(tilt: tuple[float, float]) -> None:
    a, b = np.radians(tilt)
    flat = np.array([[-1, -1 / find.ASPECT], [1, -1 / find.ASPECT]])
    flat = np.concatenate([flat, -flat])
    points = np.column_stack([flat, np.zeros(4)])
    around_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    around_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    seen = points @ (around_x @ around_y).T
    seen = 0.85 * 1600 * seen[:, :2] / (seen[:, 2:] + 4.5) + (800, 600)
    ratio = find.true_ratio(seen.astype(np.float32), (1600, 1200))
    assert ratio == pytest.approx(find.ASPECT, rel=0.03)


# --- looks ---------------------------------------------------------------------------------------

OUTLINE = np.array([[60, 60], [566, 60], [566, 379], [60, 379]], np.float32)


def a_card_on_a_table(*, radius: int, cut: int = 0) -> Rgb:
    """A pale card with rounded corners on grained wood; of one corner ``cut`` pixels missing."""
    grain = np.random.default_rng(1).normal(0, 4, (440, 626, 1))
    (left, top), (right, bottom) = OUTLINE[0].astype(int), OUTLINE[2].astype(int)
    shape = np.zeros(grain.shape[:2], np.uint8)
    inner = (left + radius, top + radius), (right - radius, bottom - radius)
    cv2.rectangle(shape, inner[0], inner[1], 1, -1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    shape = np.asarray(cv2.dilate(shape, disc), np.uint8)
    clipped = np.array([[right, top], [right - cut, top], [right, top + cut]], np.int32)
    if cut:
        cv2.fillPoly(shape, [clipped], 0)
    colours = np.where(shape[..., None], (222, 230, 236), (150, 118, 84))
    return np.asarray(np.clip(colours + grain, 0, 255), np.uint8)


@pytest.mark.parametrize("radius", [1, 18, 30])
def test_a_rounded_corner_is_no_missing_one(radius: int) -> None:
    whole, _ = look.Edge(a_card_on_a_table(radius=radius), OUTLINE).cut_corner
    clipped, corner = look.Edge(a_card_on_a_table(radius=radius, cut=60), OUTLINE).cut_corner
    assert whole < 3.2
    assert clipped > 15
    assert corner == 1


def test_there_are_fifty_six_peoples() -> None:
    assert len(read.PEOPLES) == 56


# --- screens -------------------------------------------------------------------------------------

MESHED = np.array([[160, 160], [640, 160], [640, 480], [160, 480]], np.float32)


def a_card_with_a_mesh(*, on_card: float, on_table: float) -> Rgb:
    """Grain, and in it two lattices of different periods of these strengths, grey levels."""
    grey = np.random.default_rng(3).normal(128, 3, (640, 800))
    y, x = np.mgrid[:640, :800]
    inside = (x >= 160) & (x < 640) & (y >= 160) & (y < 480)
    # As on a display seen from the side, the period drifts.
    phase = 2 * np.pi * x * (0.21 + 0.00002 * x)
    other = phase if on_card == on_table else 2 * np.pi * y * 0.17
    grey += np.where(inside, on_card * np.sin(phase), on_table * np.sin(other))
    return np.repeat(np.clip(np.round(grey), 0, 255)[..., None], 3, axis=2).astype(np.uint8)


def test_only_a_mesh_that_runs_on_over_the_rim_is_a_displays() -> None:
    display = screen.on_card(a_card_with_a_mesh(on_card=6, on_table=6), MESHED)
    print_ = screen.on_card(a_card_with_a_mesh(on_card=6, on_table=0), MESHED)
    cloth = screen.on_card(a_card_with_a_mesh(on_card=0, on_table=6), MESHED)
    assert display > 0.6
    assert max(print_, cloth) < 0.2


def test_a_mesh_over_a_face_is_a_displays() -> None:
    face = (160.0, 160.0, 480.0, 320.0)
    assert screen.on_face(a_card_with_a_mesh(on_card=6, on_table=0), face) > 0.6
    assert screen.on_face(a_card_with_a_mesh(on_card=0, on_table=6), face) < 0.2


def test_a_picture_too_small_for_squares_has_no_mesh() -> None:
    tiny = np.zeros((40, 60, 3), np.uint8)
    assert screen.on_card(tiny, MESHED / np.float32(20)) == 0
    assert screen.on_face(tiny, (0.0, 0.0, 30.0, 30.0)) == 0


# --- light and ink -------------------------------------------------------------------------------


def test_long_exposure_is_no_reflection() -> None:
    y, x = np.mgrid[:638, :1012]
    away = np.hypot(x - 300, y - 300)
    slow = np.clip(262 - 0.06 * away, 0, 255)
    sharp = np.where(away < 120, 255, 205)
    shares = [
        look.Surface(np.repeat(light[..., None], 3, axis=2).astype(np.uint8)).glare[0]
        for light in (np.where(away < 120, 255, np.minimum(slow, 248)), sharp)
    ]
    assert shares[0] == 0
    assert shares[1] > 4


def test_coloured_grain_in_dark_places_is_no_colour() -> None:
    grain = np.random.default_rng(5).normal(0, 25, (638, 1012, 3))
    flat = np.repeat(np.linspace(200, 220, 1012)[None, :, None], 3, axis=2).repeat(638, axis=0)
    flat[100:500, 650:950] = 60 + grain[100:500, 650:950]
    grey = look.Surface(np.clip(flat, 0, 255).astype(np.uint8)).colour
    flat[100:500, 650:950] = (150, 100, 80)
    coloured = look.Surface(flat.astype(np.uint8)).colour
    assert grey < 3.5
    assert coloured > 9


@pytest.mark.parametrize(("ground", "sides"), [(235, 4), (190, 0)])
def test_no_copy_is_paler_than_its_paper(ground: int, sides: int) -> None:
    view = np.full((440, 626, 3), ground, np.uint8)
    view[60:379, 60:566] = 218
    dips = look.Edge(view, OUTLINE).dips
    assert len(dips) == sides
    assert all(abs(dip) < 1 for dip in dips)


# --- names and peoples ---------------------------------------------------------------------------


def test_old_forms_become_what_cards_print() -> None:
    assert "蔣霞靜".translate(NEW_FORMS) == "蒋霞静"
    assert "昇喆堃".translate(NEW_FORMS) == "昇喆堃"
    for old, new in NEW_FORMS.items():
        assert new not in NEW_FORMS
        assert chr(old).encode("gbk") != chr(new).encode("gb2312")


LINES = {
    "name": (170, 105, 400),
    "sex": (170, 175, 200),
    "people": (295, 175, 520),
    "birth": (170, 247, 530),
    "address": (170, 326, 565),
    "beyond": (790, 105, 1000),
    "number": (350, 556, 954),
}


class Clerk:
    """Reads what it is told, at the places of `LINES`."""

    def __init__(self, **texts: str) -> None:
        self.boxes = {
            name: TextBox(
                np.array([[x, y - 20], [end, y - 20], [end, y + 20], [x, y + 20]], np.float32), 1.0
            )
            for name, (x, y, end) in LINES.items()
            if name in texts
        }
        self._texts = texts

    def text_boxes(self, rgb: Rgb, long_side: int) -> tuple[TextBox, ...]:
        return tuple(self.boxes.values())

    def spell(self, rgb: Rgb, boxes: Sequence[TextBox], alphabet: str = "") -> tuple[Spelling, ...]:
        return tuple(self._line(box) for box in boxes)

    def _line(self, box: TextBox) -> Spelling:
        middle = box.quad.mean(axis=0)
        near = {
            name: float(np.abs(b.quad.mean(axis=0) - middle).sum())
            for name, b in self.boxes.items()
        }
        text = self._texts[min(near, key=lambda name: near[name])]
        count = len(text)
        places = tuple((n + 0.5) / count for n in range(count))
        seconds = tuple(("千", 0.3) if c == "干" else ("", 0.0) for c in text)
        return Spelling(text, (0.99,) * count, places, seconds, box)

    def read(self) -> dict[str, str]:
        flat = np.zeros((read.HEIGHT, read.WIDTH, 3), np.uint8)
        fields = read.read_card(flat, self.text_boxes(flat, 0), self).fields
        return {name: field.value for name, field in fields.items()}


TOLD = {
    "sex": "男",
    "people": "民族汉",
    "birth": "1949年12月31日",
    "address": "北京市朝阳区建设路12号",
    "number": GOOD,
}


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("杜干涵", "杜千涵"),
        ("干明", "干明"),
        ("古丽娜尔・艾山", "古丽娜尔·艾山"),
        ("蔣霞靜", "蒋霞静"),
    ],
)
def test_names_are_given_as_cards_print_them(printed: str, meant: str) -> None:
    assert Clerk(name=printed, **TOLD).read()["name"] == meant


def test_print_beyond_the_portrait_joins_no_field() -> None:
    fields = Clerk(name="宋春平", beyond="珍慧东霞琳", **TOLD).read()
    assert fields["name"] == "宋春平"
    assert fields["number"] == GOOD


@pytest.mark.parametrize(
    ("printed", "meant"),
    [("民族维吾示", "维吾尔"), ("民放土家", "土家"), ("民族仏佬", "仏佬"), ("民族汉", "汉")],
)
def test_a_people_is_one_of_the_closed_list_where_one_is_near(printed: str, meant: str) -> None:
    fields = Clerk(name="王明", **{**TOLD, "people": printed}).read()
    assert fields["people"] == meant


# --- whole pictures ----------------------------------------------------------------------------


def test_a_good_card_is_accepted(see: See, card: Rgb) -> None:
    report = see(card)
    assert report.decision is Decision.ACCEPTED, failing(report)
    assert report.fields is None


def test_a_mirrored_card_is_called_mirrored(see: See, card: Rgb) -> None:
    report = see(np.ascontiguousarray(card[:, ::-1]))
    assert report.decision is Decision.REJECTED
    assert finding(report, "card/not_mirrored").code == "card-mirrored"
    assert finding(report, "card/number_valid").status is Status.PASS


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_card_is_read_and_told(see: See, card: Rgb, quarters: int) -> None:
    report = see(np.ascontiguousarray(np.rot90(card, quarters)))
    assert failing(report) <= {"grid-mirrored"}  # saved, turned and saved again
    assert finding(report, "card/upright").code == "card-turned"
    assert finding(report, "card/not_mirrored").status is Status.PASS
    assert finding(report, "card/number_valid").status is Status.PASS


def test_a_picture_without_colour_is_not_accepted(see: See, card: Rgb) -> None:
    grey = np.repeat(card.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    report = see(grey)
    assert report.decision is not Decision.ACCEPTED
    assert "card-grey" in failing(report)


def test_a_page_of_an_app_around_the_picture_is_told(see: See, card: Rgb) -> None:
    page = np.full((round(2.1 * card.shape[1]), card.shape[1], 3), 255, np.uint8)
    page[400 : 400 + card.shape[0]] = card
    report = see(page)
    assert report.decision is Decision.REVIEW
    assert "card-screenshot" in failing(report)


def test_a_smaller_card_has_smaller_print(see: See, card: Rgb) -> None:
    half = np.asarray(cv2.resize(card, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    large, small = (
        finding(see(rgb), "card/print_size").value for rgb in (card, half.astype(np.uint8))
    )
    assert isinstance(large, float)
    assert isinstance(small, float)
    assert small == pytest.approx(large / 2, rel=0.1)


def test_more_blur_never_scores_sharper(see: See, card: Rgb) -> None:
    values = []
    for spread in (0.5, 1.5, 2.5):
        blurred = np.asarray(cv2.GaussianBlur(card, (0, 0), spread), np.uint8)
        value = finding(see(blurred), "card/in_focus").value
        assert isinstance(value, float)
        values.append(value)
    assert values == sorted(values)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1)])
def test_a_movement_either_way_widens_edges(see: See, card: Rgb, shape: tuple[int, int]) -> None:
    moved = np.asarray(cv2.blur(card, shape), np.uint8)
    sharp, soft = (finding(see(rgb), "card/in_focus").value for rgb in (card, moved))
    assert isinstance(sharp, float)
    assert isinstance(soft, float)
    assert soft > 1.3 * sharp


def test_a_number_is_called_invalid_only_where_it_is_clear(see: See) -> None:
    wrong = picture(SAMPLES / "codes" / "number-invalid.jpg")
    soft = np.asarray(cv2.GaussianBlur(wrong, (0, 0), 3), np.uint8)
    report = see(soft)
    assert report.decision is not Decision.ACCEPTED
    assert "number-invalid" not in failing(report)


def test_a_card_far_away_is_too_small_and_not_missing(see: See, card: Rgb) -> None:
    small = cv2.resize(card, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA)
    table = np.full((900, 1200, 3), np.median(card[:20].reshape(-1, 3), axis=0), np.uint8)
    table[500 : 500 + small.shape[0], 700 : 700 + small.shape[1]] = small
    report = see(table)
    assert report.decision is not Decision.ACCEPTED
    assert "print-small" in failing(report)
    assert "card-none" not in failing(report)


def test_both_sides_in_one_picture_are_two_cards(see: See, card: Rgb) -> None:
    back = picture(SAMPLES / "codes" / "card-back.jpg")
    factor = card.shape[1] / back.shape[1]
    other = np.asarray(cv2.resize(back, None, fx=factor, fy=factor), np.uint8)
    report = see(np.ascontiguousarray(np.vstack([card, other[:, : card.shape[1]]])))
    assert report.decision is Decision.REVIEW
    assert "card-several" in failing(report)


def test_a_soft_shadow_is_called_a_shadow_and_no_cover(see: See, card: Rgb) -> None:
    across = np.linspace(-6, 6, card.shape[1], dtype=np.float32)
    light = 0.3 + 0.7 / (1 + np.exp(across + 1))
    report = see(np.asarray(np.round(card * light[None, :, None]), np.uint8))
    assert "card-shadow" in failing(report)
    assert "card-covered" not in failing(report)


def test_a_thumb_on_the_portrait_is_noticed(see: See, card: Rgb) -> None:
    covered = card.copy()
    height, width = card.shape[:2]
    middle = round(0.68 * width), round(0.47 * height)
    cv2.ellipse(covered, middle, (width // 9, height // 4), 0, 0, 360, (214, 168, 138), -1)
    report = see(covered)
    assert report.decision is Decision.REVIEW
    assert "card-portrait-hidden" in failing(report)


def test_a_line_in_the_print_near_a_corner_is_no_cut() -> None:
    view = np.full((700, 1052, 3), 60, np.uint8)
    view[31:669, 20:1032] = (214, 229, 240)
    corners = np.array([[20, 31], [1032, 31], [1032, 669], [20, 669]], np.float32)
    cv2.line(view, (20, 161), (150, 31), (150, 180, 200), 6)
    printed, _ = look.Edge(view, corners).cut_corner
    cv2.fillPoly(view, [np.array([[20, 31], [150, 31], [20, 161]])], (60, 60, 60))
    cut, corner = look.Edge(view, corners).cut_corner
    assert printed < 3.2 < cut
    assert corner == 0


def test_fields_are_shown_only_when_asked_and_masked_by_default(see: See, card: Rgb) -> None:
    full = see(card, fields=Fields.FULL)
    masked = see(card, fields=Fields.MASKED)
    assert full.fields is not None
    assert masked.fields is not None
    number, name = full.fields["number"].value, full.fields["name"].value
    assert gb11643.is_valid(number)
    assert masked.fields["number"].value == gb11643.masked(number)
    assert masked.fields["name"].value == compare.masked_name(name)
    for report in (see(card), masked):
        text = report.to_json("zh")
        assert number not in text
        assert name not in text
    assert "fields" not in json.loads(see(card).to_json())
    assert json.loads(full.to_json())["fields"]["number"]["value"] == number


def test_what_was_entered_is_compared_and_shown_masked(see: See, card: Rgb) -> None:
    fields = see(card, fields=Fields.FULL).fields
    assert fields is not None
    number, name = fields["number"].value, fields["name"].value
    same = see(card, expect_name=name, expect_number=number.lower())
    assert finding(same, "card/expected_name").status is Status.PASS
    assert finding(same, "card/expected_number").status is Status.PASS
    other = see(card, expect_name="诸葛孔明", expect_number=GOOD)
    assert failing(other) == {"name-differs", "number-differs"}
    assert other.decision is Decision.REJECTED
    text = other.to_json("zh")
    assert GOOD not in text
    assert number not in text
    assert "110105********002X" in text
    nothing = see(card)
    assert finding(nothing, "card/expected_name").status is Status.SKIP
    assert finding(nothing, "card/expected_number").status is Status.SKIP


def test_an_invalid_number_is_never_accepted(see: See) -> None:
    report = see(picture(SAMPLES / "codes" / "number-invalid.jpg"))
    assert report.decision is Decision.REJECTED
    assert "number-invalid" in failing(report)


@pytest.mark.parametrize("shape", [(40, 60), (8, 1200), (1200, 8), (600, 600)])
def test_pictures_without_a_card_are_told_so(see: See, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    for rgb in (noise, np.full_like(noise, 255), np.zeros_like(noise)):
        report = see(rgb)
        assert report.decision is not Decision.ACCEPTED
        assert all(found.status is not Status.ERROR for found in report.findings)
