"""Pages of paper: kinds by their words, ways round, light and print as relations, expectations."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.text import Spelling, TextBox
from photo_service import profile
from photo_service.check import Outcome, Status, registry
from photo_service.context import Context
from photo_service.document import kinds, look, names
from photo_service.document.kinds import Words, kind_of, wanted
from photo_service.document.lines import Line, Pose, joined, lines_of, oriented, tilt_of
from photo_service.document.look import Print
from photo_service.document.page import Page
from photo_service.document.reading import Reading, ReadLine, read_page
from photo_service.errors import UsageError
from photo_service.features import Features
from photo_service.report import Decision, Report
from photo_service.service import verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES

Rgb = NDArray[np.uint8]
DIPLOMA = SAMPLES / "documents" / "diploma.jpg"
RULES = {line.check.id: line for line in profile.load("certificate").lines}
# The names on the procedure's form.
ON_THE_FORM = {
    "学历证书": "transcript",
    "全国大学英(日)语等级考试四级及以上证书或成绩单": "cet",
    "全国公共英语等级考试PETS二级及以上证书": "pets2",
    "全国公共英语等级考试PETS三级及以上证书": "pets3",
    "全国计算机等级考试(NCRE)NCRE一级及以上合格证书": "ncre1",
    "全国计算机等级考试(NCRE)NCRE二级及以上合格证书": "ncre2",
    "全国计算机应用技术证书(NIT)合格证书": "nit",
}


def outcome(check_id: str, **facts: object) -> Outcome:
    """What a check says of made facts under the shipped limits."""
    features = cast("Features", SimpleNamespace(**facts))
    return registry()[check_id].run(features, **RULES[check_id].limits)


# --- the file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "passes"),
    [
        (801, 601, True), (601, 801, True), (3000, 4000, True),
        (800, 600, False), (600, 800, False), (801, 600, False), (800, 601, False),
        (5000, 600, False), (600, 5000, False), (640, 480, False),
    ],
)  # fmt: skip
def test_both_sides_must_be_above_the_limit(width: int, height: int, passes: bool) -> None:
    found = outcome("document/resolution", photo=SimpleNamespace(width=width, height=height))
    assert (found.status is Status.PASS) == passes
    assert (found.facts["width"], found.facts["height"]) == (width, height)


@pytest.mark.parametrize(("size", "passes"), [(3 * 1024**2 - 1, True), (3 * 1024**2, False)])
def test_three_mebibytes_are_too_many(size: int, passes: bool) -> None:
    found = outcome("encoding/file_size", photo=SimpleNamespace(byte_size=size))
    assert (found.status is Status.PASS) == passes
    assert found.facts["limit"] == 3


# --- kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        (("普通高等学校", "毕 业 证 书"), "diploma"),
        (("山西样本大学学生成绩单", "课程名称 学分 成绩", "高等数学 4 85"), "transcript"),
        (("全国大学英语四级考试", "成绩报告单"), "cet"),
        (("College English Test Band 6", "CET-6"), "cet"),
        (("全国大学日语四级考试", "成绩单"), "cet"),
        (("全国英语等级考试第二级合格证书",), "pets2"),
        (("Public English Test System", "PETS-3"), "pets3"),
        (("全国计算机等级考试", "一级合格证书"), "ncre1"),
        (("全国计算机等级考试合格证书", "参加考试二级C语言程序设计"), "ncre2"),
        (("National Computer Rank Examination", "has passed the NCRE Rank 2 examination"), "ncre2"),
        (("全国计算机应用技术证书考试", "合格证书"), "nit"),
        (("全国计算机应用", "技术证书考试"), "nit"),
        (("全园计算机等级考试", "二级"), "ncre2"),
        (("全国英语等级考试第一级合格证书",), ""),
        (("全国计算机等级考试",), ""),
        (("学士学位证书",), ""),
        (("全国大学英语四级考试", "成绩报告单", "准考证号：140010192203"), "cet"),
        (("全国大学英语四级考试", "准考证"), ""),
        (("关于全国大学英语四、六级考试报名缴费的通知",), ""),
        (("全国计算机等级考试二级培训班招生",), ""),
        (("山西省高等学校计算机等级考试", "二级合格证书"), ""),
        (("山西省招生考试管理中心", "全国计算机等级考试", "二级合格证书"), "ncre2"),
        (("普通高级中学", "毕业证书"), ""),
        (("增值税普通发票",), ""),
        (("UNIT 3", "A MONITOR"), ""),
        ((), ""),
    ],
)
def test_words_tell_the_kind(lines: Sequence[str], key: str) -> None:
    assert kind_of([Words(line, 1.2) for line in lines]).key == key


def test_only_titles_speak_against_a_kind() -> None:
    title = Words("全国英语等级考试第二级合格证书", 2.0)
    assert kind_of([title, Words("凭准考证", 1.0)]).key == "pets2"
    assert kind_of([title, Words("准考证", 1.5)]).key == ""


def test_large_print_counts_more() -> None:
    small, large = (kind_of([Words("毕业证书", size)]).weight for size in (1.0, 2.0))
    assert large > small


def test_the_form_s_names_are_known() -> None:
    for name, key in ON_THE_FORM.items():
        assert key in wanted(name)
        assert wanted(name) == wanted(key)
    assert set().union(*(wanted(key) for key in kinds.TYPES)) == set(kinds.TYPES)
    assert wanted("") == frozenset()


def test_higher_levels_satisfy_and_lower_ones_do_not() -> None:
    for lower, higher in (("pets2", "pets3"), ("ncre1", "ncre2")):
        assert higher in wanted(lower)
        assert lower not in wanted(higher)


def test_an_unknown_expectation_is_the_callers_mistake(settings: Settings) -> None:
    with pytest.raises(UsageError) as refused:
        verify(
            DIPLOMA.read_bytes(),
            "certificate",
            context=Context(expect_type="驾驶证"),
            settings=settings,
        )
    assert refused.value.code == "type-not-known"
    assert "ncre2" in str(refused.value.facts["known"])


# --- lines -----------------------------------------------------------------------------------


def strip(x: float, y: float, length: float, height: float, angle: float = 0.0) -> TextBox:
    """A box as the detector gives it, turned around (400, 400)."""
    corners = np.array([[x, y], [x + length, y], [x + length, y + height], [x, y + height]])
    turn = np.radians(angle)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return TextBox(((corners - 400) @ spin.T + 400).astype(np.float32), 0.9)


@pytest.mark.parametrize("angle", [-30, -3, 0, 8, 40])
def test_tilt_is_what_the_lines_were_turned_by(angle: float) -> None:
    lines = lines_of([strip(100, y, 600, 30, angle) for y in (100, 300, 500)])
    assert tilt_of(lines, down=False) == pytest.approx(angle, abs=0.1)


def test_a_line_is_cut_out_from_where_it_begins() -> None:
    quad = strip(100, 100, 600, 30).quad
    assert oriented(quad, 0, mirrored=False) == pytest.approx(quad)
    assert oriented(quad, 180, mirrored=False) == pytest.approx(quad[[2, 3, 0, 1]])
    assert oriented(quad, 0, mirrored=True) == pytest.approx(quad[[1, 0, 3, 2]])


def test_letters_far_apart_in_one_row_are_one_line() -> None:
    title = [strip(x, 100, 80, 84) for x in (100, 240, 380, 520)]
    lines = joined(lines_of([*title, strip(100, 300, 600, 30)]), 0.0)
    assert sorted(round(line.length) for line in lines) == [500, 600]


# --- which way round -------------------------------------------------------------------------


class FakeReader:
    """Reads well only what runs one way, and otherwise as the real one does: badly."""

    def __init__(self, way: Pose, text: str = "成绩合格准予毕业特发此证") -> None:
        self.angle = math.radians(-way.turn)
        self.mirrored = way.mirrored
        self.text = text

    def text_boxes(self, rgb: Rgb, long_side: int) -> tuple[TextBox, ...]:
        raise AssertionError("not needed")

    def spell(self, rgb: Rgb, boxes: Sequence[TextBox], alphabet: str = "") -> tuple[Spelling, ...]:
        return tuple(self._spell(box) for box in boxes)

    def _spell(self, box: TextBox) -> Spelling:
        along, down = box.quad[1] - box.quad[0], box.quad[3] - box.quad[0]
        flipped = along[0] * down[1] - along[1] * down[0] < 0
        if flipped:
            along = -along
        ahead = float(along @ (math.cos(self.angle), math.sin(self.angle))) > 0
        sure = 0.99 if ahead and flipped == self.mirrored else 0.7
        size = len(self.text)
        return Spelling(self.text, (sure,) * size, (0.5,) * size, (("", 0.0),) * size, box)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_way_in_which_it_reads_is_told(turn: int, mirrored: bool) -> None:
    lines = lines_of([strip(100, y, 600, 30, -turn) for y in (100, 300, 500)])
    way = Pose(turn, mirrored)
    assert read_page(np.zeros((800, 800, 3), np.uint8), lines, FakeReader(way)).pose == way


def test_digits_never_prove_a_page_turned() -> None:
    lines = lines_of([strip(100, y, 600, 30) for y in (100, 300, 500)])
    reader = FakeReader(Pose(180, mirrored=False), "690816906918")
    assert read_page(np.zeros((800, 800, 3), np.uint8), lines, reader).pose is None


# --- print and light -------------------------------------------------------------------------

TOP, STEP, LEFT = 60, 70, 80


def page(ink: int = 30, paper: int = 235, lines: int = 8) -> Rgb:
    """Lines of print on paper."""
    canvas = np.full((700, 900, 3), paper, np.uint8)
    for number in range(lines):
        place = (LEFT, TOP + number * STEP)
        cv2.putText(canvas, "Hamburgefonstiv 0123456789", place, 0, 1.3, (ink,) * 3, 3, 16)
    return canvas


def lines_on_page(count: int = 8) -> tuple[Line, ...]:
    return lines_of([strip(LEFT, TOP - 32 + n * STEP, 640, 44) for n in range(count)])


def printed(rgb: Rgb) -> Print:
    return Print(np.asarray(rgb[..., 1]), lines_on_page(), 0.0)


def blurred(rgb: Rgb, sigma: float) -> Rgb:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def test_the_blurrier_the_higher() -> None:
    values = [printed(blurred(page(), sigma)).blur for sigma in (0.5, 1.5, 3.0, 5.0)]
    assert values == sorted(values)
    assert values[0] < RULES["document/text_sharp"].limits["blur"].accept.max < values[-1]


def test_size_alone_is_no_blur() -> None:
    small = cv2.resize(page(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    lines = [Line(line.quad / np.float32(2), line.score) for line in lines_on_page()]
    assert Print(np.asarray(small[..., 1], np.uint8), lines, 0.0).blur == pytest.approx(
        printed(page()).blur, abs=0.06
    )


def test_the_fainter_the_lower() -> None:
    values = [printed(page(ink=ink)).contrast for ink in (30, 120, 190, 225)]
    assert values == sorted(values, reverse=True)


def test_letters_are_measured_by_their_ink() -> None:
    heights = []
    for factor in (1.0, 0.6):
        rgb = cv2.resize(page(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        lines = [Line(line.quad * np.float32(factor), line.score) for line in lines_on_page()]
        heights.append(Print(np.asarray(rgb[..., 1], np.uint8), lines, 0.0).small_height)
    assert heights[1] == pytest.approx(0.6 * heights[0], abs=2.5)


def test_a_table_s_rules_are_no_letters() -> None:
    ruled = page()
    for number in range(8):
        foot = TOP + number * STEP + 9
        cv2.line(ruled, (LEFT, foot), (LEFT + 640, foot), (30, 30, 30), 2)
    assert printed(ruled).small_height == pytest.approx(printed(page()).small_height, abs=6)


def test_what_is_bleached_are_large_letters_on_white() -> None:
    burnt = page(paper=255)
    burnt[3 * STEP :] = np.maximum(burnt[3 * STEP :], 215)
    assert printed(burnt).bleached > 40
    assert printed(page(paper=255)).bleached == printed(page(ink=215)).bleached == 0


def test_shadow_over_some_lines_is_seen_on_them() -> None:
    rgb = page()
    rgb[420:] = (rgb[420:] * 0.35).astype(np.uint8)
    assert printed(page()).shade < 1.1 < 2 < printed(rgb).shade
    sheet = look.find_sheet(rgb, lines_on_page())
    assert sheet is not None
    assert look.unevenness(rgb, sheet) > 2


def test_a_patch_of_light_is_glare_and_white_paper_is_not() -> None:
    lit = page()
    cv2.circle(lit, (300, 260), 90, (255, 255, 255), -1)
    for rgb, expected in ((lit, True), (page(), False), (page(paper=255), False)):
        sheet = look.find_sheet(rgb, lines_on_page())
        assert sheet is not None
        assert (look.glare(rgb, sheet, ())[0] > 1) == expected
    assert printed(lit).washed > printed(page()).washed == 0


def capped(rgb: Rgb, soft: bool) -> Rgb:
    """A patch lighter than the paper, below white, with a soft edge or a hard one."""
    spot = np.zeros(rgb.shape[:2], np.uint8)
    cv2.circle(spot, (450, 290), 130, 160, -1)
    light = cv2.GaussianBlur(spot, (0, 0), 20) if soft else spot
    weight = np.minimum(light / 100, 1)[..., None]
    return np.asarray(rgb * (1 - weight) + 240 * weight, np.uint8)


def test_light_cut_off_below_white_fades_out_and_a_lighter_ground_ends() -> None:
    paper = np.full((700, 900, 3), 205, np.uint8)
    lines = lines_on_page(1)
    found = []
    for soft in (True, False):
        lit = capped(paper, soft)
        sheet = look.find_sheet(paper, ())
        assert sheet is not None
        found.append(look.glare(lit, sheet, lines)[0])
    assert found[0] > 1 > found[1]


def test_a_pattern_much_paler_than_print_is_not_cut_off() -> None:
    patterned = page(lines=7)
    for x in range(20, 900, 45):
        for y in (0, 690):
            cv2.circle(patterned, (x, y), 12, (185, 195, 215), 3)
    sheet = look.find_sheet(patterned, lines_on_page(7))
    assert sheet is not None
    box = (80.0, 30.0, 640.0, 480.0)
    strong, weak = (look.marks_at_border(patterned, sheet, box, ink) for ink in (200.0, 10.0))
    assert strong == 0 < weak


def test_a_wall_behind_somebody_is_no_page() -> None:
    portrait = np.full((700, 900, 3), 215, np.uint8)
    cv2.ellipse(portrait, (450, 280), (150, 200), 0, 0, 360, (70, 90, 140), -1)
    cv2.ellipse(portrait, (450, 760), (380, 280), 0, 0, 360, (40, 40, 60), -1)
    assert look.find_sheet(portrait, ()) is None
    assert look.find_sheet(np.full((700, 900, 3), 215, np.uint8), ()) is not None


def pictured(width: int, height: int) -> Page:
    """A page of paper across a dark picture, 800 px wide and half as high."""
    picture = np.full((height, width, 3), 40, np.uint8)
    left, top = (width - 800) // 2, (height - 400) // 2
    picture[top : top + 400, left : left + 800] = 235
    lines = lines_of([strip(left + 80, top + 60 * n, 600, 30) for n in range(1, 6)])
    reading = Reading(Pose(0, mirrored=False), 1.0, 0.0, lines, (), kind_of(()))
    return Page(picture, reading, look.find_sheet(picture, lines))


def test_a_page_is_near_that_goes_from_side_to_side() -> None:
    limit = RULES["document/near"].limits["share"]
    upright, level, far = pictured(840, 1500), pictured(840, 500), pictured(2000, 2000)
    assert upright.share == pytest.approx(level.share, abs=8)
    assert upright.share in limit.accept
    assert far.share not in limit.review


def test_only_what_runs_over_the_border_is_cut_off() -> None:
    whole = page(lines=7)
    cut = whole.copy()
    for x in range(120, 800, 60):
        cv2.line(cut, (x, 640), (x + 20, 699), (180, 30, 30), 6)
    box = (80.0, 30.0, 640.0, 480.0)
    for rgb, expected in ((whole, False), (cut, True)):
        sheet = look.find_sheet(rgb, lines_on_page(7))
        assert sheet is not None
        limit = RULES["document/whole"].limits["marks"]
        assert (look.marks_at_border(rgb, sheet, box, 180.0) not in limit.accept) == expected


def test_paper_is_told_from_the_table() -> None:
    table = np.full((1000, 1300, 3), (96, 66, 40), np.uint8)
    table[150:850, 200:1100] = page()
    lines = [
        Line(line.quad + np.array([200, 150], np.float32), line.score) for line in lines_on_page()
    ]
    sheet = look.find_sheet(table, lines)
    assert sheet is not None
    assert sheet.share == pytest.approx(100 * 900 * 700 / (1300 * 1000), abs=3)


def test_blurred_print_leaves_traces_and_empty_paper_none() -> None:
    empty = np.full((700, 900, 3), 235, np.uint8)
    limit = RULES["document/written"].limits["traces"]
    for rgb, expected in ((empty, True), (blurred(page(), 8), False)):
        sheet = look.find_sheet(rgb, ())
        assert sheet is not None
        assert (look.traces(rgb, sheet) in limit) == expected


# --- names -----------------------------------------------------------------------------------


def read(text: str, seconds: str = "") -> ReadLine:
    box = strip(0, 0, 400, 30)
    others = seconds or " " * len(text)
    spelling = Spelling(
        text,
        (0.9,) * len(text),
        (0.5,) * len(text),
        tuple((second.strip(), 0.1) for second in others),
        box,
    )
    return ReadLine(lines_of([box])[0], spelling)


@pytest.mark.parametrize(
    ("text", "seconds", "name", "found"),
    [
        ("学生张晓明性别男", "", "张晓明", True),
        ("姓名:欧阳·建国", "", "欧阳建国", True),
        ("学生王晓明性别男", "", "张晓明", False),
        ("学生张晓朋性别男", "    明   ", "张晓明", True),
        ("姓名王己", "", "王已", True),
        ("ZhangXiaoming", "", "zhang xiaoming", True),
        ("张晓", "", "张晓明", False),
    ],
)
def test_names_are_found_with_room_for_look_alikes(
    text: str, seconds: str, name: str, found: bool
) -> None:
    wanted_name = name.replace(" ", "").upper()
    assert names.holds(names.characters_of(read(text, seconds)), wanted_name) == found


def test_a_name_set_apart_is_one_name() -> None:
    def piece(text: str, x: float, y: float) -> ReadLine:
        line = lines_of([strip(x, y, 31 * len(text), 30)])[0]
        return dataclasses.replace(read(text), line=line)

    apart = [piece("丽", 260, 101), piece("姓名:王", 60, 100), piece("张", 260, 160)]
    assert [names.holds(row, "王丽") for row in names._rows(apart, 0.0)] == [True, False]
    far = [piece("姓名:王", 60, 100), piece("丽", 700, 100)]
    assert not any(names.holds(row, "王丽") for row in names._rows(far, 0.0))


# --- end to end ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def diploma() -> Rgb:
    bgr = cv2.imread(str(DIPLOMA))
    assert bgr is not None
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


@pytest.fixture
def judged(settings: Settings) -> Callable[..., Report]:
    def judged(rgb: Rgb, expect_type: str = "", expect_name: str = "") -> Report:
        done, data = cv2.imencode(".png", np.ascontiguousarray(rgb[..., ::-1]))
        assert done
        context = Context(expect_type=expect_type, expect_name=expect_name)
        return verify(bytes(data), "certificate", context=context, settings=settings)

    return judged


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.reasons()}


def test_a_good_scan_is_accepted_and_named(diploma: Rgb, judged: Callable[..., Report]) -> None:
    report = judged(diploma, expect_type="学历证书")
    assert report.decision is Decision.ACCEPTED
    findings = {finding.check: finding for finding in report.findings}
    assert findings["document/type"].value == "diploma"
    assert "毕业证书" in str(findings["document/type"].facts["words"])


@pytest.mark.parametrize(
    ("quarters", "direction"), [(1, "turn_right"), (2, "turn_round"), (3, "turn_left")]
)
def test_a_turned_page_is_told_which_way_to_turn(
    diploma: Rgb, judged: Callable[..., Report], quarters: int, direction: str
) -> None:
    report = judged(np.rot90(diploma, quarters))
    assert report.decision is Decision.REJECTED
    turned = next(finding for finding in report.findings if finding.code == "page-turned")
    assert turned.facts["direction"] == direction


def test_a_mirrored_page_is_rejected_as_that(diploma: Rgb, judged: Callable[..., Report]) -> None:
    report = judged(diploma[:, ::-1])
    assert report.decision is Decision.REJECTED
    assert codes(report) == {"page-mirrored"}


def test_another_certificate_than_the_one_chosen_stops(
    diploma: Rgb, judged: Callable[..., Report]
) -> None:
    report = judged(diploma, expect_type="ncre1", expect_name="欧阳建国")
    assert report.decision is Decision.REVIEW
    assert codes(report) == {"type-mismatch", "page-name-mismatch"}


def test_words_and_names_never_reach_the_report_but_the_tables_own(
    diploma: Rgb, judged: Callable[..., Report]
) -> None:
    text = judged(diploma, expect_name="欧阳建国").to_json()
    assert "欧阳建国" not in text
