"""Certificates that exempt from a course, as drawn pages of people who do not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle

from cards import Colour
from scans_sheet import BLACK, BLUE, GREY, RED, Page, Print, Sheet, beside
from scans_words import COURSES, PROVINCES, counted, day, digits, in_letters, pick

# Colours that flow into one another below the print, by split.
_TINTS: Mapping[str, tuple[tuple[Colour, ...], ...]] = {
    "tune": (
        ((252, 252, 250), (252, 252, 250)),
        ((250, 232, 234), (246, 238, 232)),
        ((228, 238, 248), (240, 240, 246)),
        ((240, 246, 232), (250, 248, 236)),
    ),
    "check": (
        ((250, 250, 252), (250, 250, 252)),
        ((248, 226, 232), (236, 232, 244), (248, 226, 232)),
        ((218, 236, 240), (232, 244, 240)),
        ((246, 238, 216), (250, 244, 228)),
        ((240, 232, 240), (252, 246, 244)),
    ),
}
_FRAMES: tuple[Colour, ...] = (
    (196, 60, 62), (176, 128, 52), (46, 92, 156), (38, 112, 92), (120, 60, 110),
)  # fmt: skip
_BACKDROPS: tuple[Colour, ...] = ((64, 132, 214), (244, 244, 244), (206, 52, 54), (100, 197, 255))
BOARD = "高等教育自学考试委员会"


def _tints(by: Print) -> tuple[Colour, ...]:
    sets = _TINTS["check" if by.split == "check" else "tune"]
    return sets[int(by.rng.integers(len(sets)))]


def patterned(size: tuple[float, float], by: Print, *, plain: float = 0.2) -> Sheet:
    """Security paper: tints, waves, now and then a rosette or words all over, a frame."""
    rng = by.rng
    sheet = Sheet(size, by)
    if rng.random() < plain:
        return sheet
    sheet.waves(_tints(by), float(rng.choice([0, 6, 10, 16])))
    if rng.random() < 0.35:
        middle = (size[0] * float(rng.uniform(0.4, 0.6)), size[1] * float(rng.uniform(0.4, 0.6)))
        sheet.rosette(middle, 0.26 * min(size), (232, 214, 222))
    ink = _FRAMES[int(rng.integers(len(_FRAMES)))]
    sheet.frame(float(rng.uniform(5, 10)), ink, int(rng.integers(5)))
    return sheet


def _birth(by: Print) -> str:
    year, month, date = by.person.born
    if by.rng.random() < 0.5:
        return f"{in_letters(year)}年{counted(month)}月{counted(date)}日"
    return f"{year}年{month}月{date}日"


def _title(sheet: Sheet, at: tuple[float, float], words: str, size: float, ink: Colour) -> None:
    """A title, spread where there is room, never wider than the sheet."""
    rng = sheet.by.rng
    gap = float(rng.choice([0.0, 0.15, 0.5])) if len(words) <= 6 else float(rng.choice([0.0, 0.08]))
    room = 0.8 * 2 * min(at[0], sheet.size[0] - at[0])
    size *= min(1.0, room / sheet.width(words, size, font="title", gap=gap))
    bold = float(rng.choice([0.0, 0.015, 0.03]))
    sheet.write(at, words, size, font="title", ink=ink, align="m", gap=gap, bold=bold)


def _loud(by: Print) -> Colour:
    """Colour of a title."""
    return (BLACK, RED, (150, 30, 36), (24, 40, 96))[
        int(by.rng.choice(4, p=[0.45, 0.3, 0.15, 0.1]))
    ]


# --- 学历证书 ------------------------------------------------------------


def diploma(by: Print) -> Page:
    """毕业证书 of a school or of the self-study examinations."""
    draw = (_diploma_single, _diploma_book, _diploma_self_study)[int(by.rng.integers(3))]
    return draw(by)


def _studies(by: Print) -> list[tuple[str, bool]]:
    rng, person = by.rng, by.person
    end = int(rng.integers(1998, 2024))
    years = int(rng.choice([2, 3, 4]))
    level = "本科" if years == 4 else "专科"
    started = f"{in_letters(end - years)}年九月" if rng.random() < 0.5 else f"{end - years}年9月"
    ended = f"{in_letters(end)}年七月" if rng.random() < 0.5 else f"{end}年7月"
    return [
        ("学生 ", False), (person.name, True), (f" 性别{person.sex},", False), (_birth(by), True),
        ("生,于", False), (started, True), ("至", False), (ended, True), ("在本校 ", False),
        (person.major, True), (" 专业", False), (f"{counted(years)}年制{level}", True),
        ("学习,修完教学计划规定的全部课程,成绩合格,准予毕业。", False),
    ]  # fmt: skip


def _signed(sheet: Sheet, area: tuple[float, float, float], size: float) -> None:
    """School and its head with the seal, and the day, from a corner on."""
    by = sheet.by
    x, y, width = area
    sheet.write((x, y), f"校  名:{by.person.school}", size)
    end = sheet.write((x, y + 2.6 * size), "校(院)长:", size)
    sheet.signature((end + 1, y + 2.4 * size), by.person.name[::-1], 1.5 * size)
    year = int(by.rng.integers(1998, 2024))
    letters = bool(by.rng.random() < 0.6)
    sheet.write((x + width, y + 5.2 * size), day(by.rng, year, letters=letters), size, align="r")
    sheet.seal((x + 0.55 * width, y + 1.6 * size), 19, by.person.school)


def _number(by: Print) -> str:
    return digits(by.rng, 18 if by.rng.random() < 0.7 else 16)


def _diploma_single(by: Print) -> Page:
    rng = by.rng
    sheet = patterned((297, 210), by)
    kind = pick(rng, ("普通高等学校", "成人高等教育", "高等学校", "网络教育", "普通高等教育"))
    _title(sheet, (148, 32), kind, 10, _loud(by))
    _title(sheet, (148, 52), "毕业证书", float(rng.uniform(15, 22)), _loud(by))
    left = bool(rng.random() < 0.7)
    sheet.portrait((32 if left else 225, 78, 35, 49), _BACKDROPS[int(rng.integers(4))])
    body = float(rng.uniform(5.6, 7.2))
    area = (82.0 if left else 30.0, 82.0, 185.0, 0.0)
    end = sheet.paragraph(area, _studies(by), body, underline=by.filled)
    _signed(sheet, (area[0] + 60, max(end + 8, 142), 120), 5.2)
    if rng.random() < 0.2:
        sheet.write((148, 66), "CERTIFICATE OF GRADUATION", 4.2, align="m")
    sheet.write((30, 168), f"证书编号:{_number(by)}", 4.4)
    if rng.random() < 0.6:
        site = "中华人民共和国教育部学历证书查询网址:http://www.chsi.com.cn"
        sheet.write((30, 186), site, 3.8)
    sheet.specimen()
    return sheet.page("diploma")


def _diploma_book(by: Print) -> Page:
    rng = by.rng
    sheet = patterned((286, 198), by, plain=0.05)
    sheet.rule((143, 8), (143, 190), 0.2, (200, 190, 186))
    sheet.portrait((54, 40, 33, 46), _BACKDROPS[int(rng.integers(4))])
    sheet.write((70, 112), f"证书编号:{_number(by)}", 4.4, align="m")
    site = pick(rng, ("中华人民共和国教育部监制", "学历证书查询网址:www.chsi.com.cn"))
    sheet.write((70, 168), site, 4.0, align="m")
    title = pick(rng, ("毕业证书", "普通高等学校毕业证书", "毕 业 证 书"))
    _title(sheet, (214, 34), title, float(rng.uniform(12, 17)), _loud(by))
    end = sheet.paragraph(
        (156, 62, 116, 0), _studies(by), float(rng.uniform(5.2, 6.0)), leading=1.9,
        underline=by.filled,
    )  # fmt: skip
    _signed(sheet, (170, max(end + 5, 136), 96), 4.8)
    sheet.specimen((138, 190))
    return sheet.page("diploma")


def _diploma_self_study(by: Print) -> Page:
    rng, person = by.rng, by.person
    upright = bool(rng.random() < 0.6)
    width, height = (210, 297) if upright else (297, 210)
    sheet = patterned((width, height), by)
    middle = width / 2
    _title(sheet, (middle, 0.12 * height), "高等教育自学考试", 11, _loud(by))
    _title(sheet, (middle, 0.12 * height + 20), "毕业证书", float(rng.uniform(14, 20)), _loud(by))
    province, size = pick(rng, PROVINCES), 6.0 if upright else 5.6
    told: list[tuple[str, bool]] = [
        (person.name, True), (f",性别{person.sex},", False), (_birth(by), True),
        ("出生,参加", False), (person.major, True), (" 专业(专科)" if rng.random() < 0.5 else
        " 专业(本科)", False), ("高等教育自学考试,全部课程成绩合格,经审定,准予毕业。", False),
    ]  # fmt: skip
    top = 0.12 * height + 46
    sheet.portrait((26, top, 33, 46), _BACKDROPS[int(rng.integers(4))])
    end = sheet.paragraph((70, top + 4, width - 96, 0), told, size, underline=by.filled)
    y = max(end + 14, 0.62 * height)
    sheet.write((30, y), f"{province}{BOARD}", 4.8)
    sheet.write((width - 30, y), f"主考学校:{person.school}", 4.8, align="r")
    sheet.seal((62, y + 6), 20, f"{province}{BOARD}")
    sheet.seal((width - 60, y + 6), 19, person.school)
    end_year = int(rng.integers(1996, 2024))
    sheet.write((width - 30, y + 34), day(rng, end_year, letters=True), 4.8, align="r")
    sheet.write((30, y + 34), f"证书编号:{digits(rng, 14)}", 4.4)
    sheet.specimen()
    return sheet.page("diploma")


# --- 成绩单 ------------------------------------------------------------


def transcript(by: Print) -> Page:
    """成绩单 with the courses marked √ that are to be exempted."""
    if by.rng.random() < 0.25:
        return _transcript_self_study(by)
    upright = bool(by.rng.random() < 0.6)
    return _transcript_school(by, (210, 297) if upright else (297, 210))


def _courses(by: Print, count: int) -> list[str]:
    order = by.rng.permutation(len(COURSES))[:count]
    return [COURSES[int(number)] for number in order]


def _mark(by: Print) -> str:
    if by.rng.random() < 0.2:
        return pick(by.rng, ("优秀", "良好", "中等", "及格", "合格"))
    return str(int(by.rng.integers(60, 99)))


def dense_transcript(by: Print) -> Page:
    """A large sheet with very many courses in small print."""
    return _transcript_school(by, (420, 297), letters=2.6, rows=32, groups=4)


def _transcript_school(
    by: Print, size: tuple[float, float], *, letters: float = 0.0, rows: int = 0, groups: int = 0
) -> Page:
    rng, person = by.rng, by.person
    width, height = size
    sheet = Sheet(size, by) if rng.random() < 0.7 else patterned(size, by)
    title = pick(rng, (
        f"{person.school}学生成绩单", f"{person.school}学生学籍成绩表", "学生成绩登记表",
        f"{person.school}成绩单", "学生历年成绩总表", "毕业生成绩单", "历年学习成绩表",
    ))  # fmt: skip
    _title(sheet, (width / 2, 20), title, float(rng.uniform(6.5, 9)), BLACK)
    if rng.random() < 0.2:
        sheet.write((width / 2, 28), "ACADEMIC TRANSCRIPT", 3.6, align="m")
    letters = letters or float(rng.uniform(3.5, 4.1))
    x = 18.0
    for label, value in (
        ("姓名:", person.name), ("学号:", digits(rng, 10)), ("专业:", person.major[:9]),
        ("层次:", pick(rng, ("本科", "专科"))),
    ):  # fmt: skip
        x = sheet.entry((x, 36), label, value, letters) + 5
    groups = groups or (2 if width < height else 3)
    rows = rows or int(rng.integers(12, 21 if width < height else 15))
    across = width - 36
    shares = (0.58, 0.2, 0.22) if rng.random() < 0.6 else (0.5, 0.14, 0.16, 0.2)
    heads = (
        ("课程名称", "学分", "成绩") if len(shares) == 3 else ("课程名称", "学时", "学分", "成绩")
    )
    names = cycle(_courses(by, len(COURSES)))
    table = [list(heads) * groups]
    for _ in range(rows):
        row: list[str] = []
        for _ in range(groups):
            credit = str(int(rng.integers(1, 7)))
            extra = [] if len(shares) == 3 else [str(int(rng.integers(2, 9)) * 9)]
            row += [next(names), *extra, credit, _mark(by)]
        table.append(row)
    step = min(9.5, (height - 95) / (rows + 1))
    widths = [share * across / groups for share in shares] * groups
    columns = tuple(range(0, groups * len(shares), len(shares)))
    bottom = sheet.table((18, 44), widths, step, table, letters, left_columns=columns)
    ink = (RED, BLUE, BLACK)[int(rng.integers(3))]
    for _ in range(int(rng.integers(1, 6))):
        group, row_at = int(rng.integers(groups)), int(rng.integers(1, rows + 1))
        place = 18 + (group + 1) * across / groups - 0.1 * across / groups
        sheet.tick((place, 44 + (row_at + 0.5) * step), 4.5, ink)
    foot = pick(rng, ("教务处(盖章)", "成绩管理部门(公章)", f"{person.school}教务处"))
    y = min(bottom + 16, height - 24)
    sheet.write((width - 24, y), foot, 4.2, align="r")
    year = int(rng.integers(2000, 2024))
    sheet.write((width - 24, y + 8), day(rng, year, letters=False), 4.2, align="r")
    sheet.seal((width - 52, y), 19, person.school, "教务处")
    sheet.specimen((60, height - 6))
    return sheet.page("transcript")


def _transcript_self_study(by: Print) -> Page:
    rng, person = by.rng, by.person
    sheet = Sheet((210, 297), by)
    title = pick(rng, ("高等教育自学考试课程成绩单", "高等教育自学考试合格课程成绩单"))
    _title(sheet, (105, 24), title, 8, BLACK)
    x = sheet.entry((20, 42), "姓名:", person.name, 4) + 8
    x = sheet.entry((x, 42), "准考证号:", person.ticket[:12], 4) + 8
    sheet.entry((x, 42), "专业:", person.major, 4)
    rows = [["序号", "课程代码", "课程名称", "学分", "成绩", "合格时间"]]
    for number, name in enumerate(_courses(by, int(rng.integers(10, 20)))):
        when = f"{rng.integers(2008, 2024)}年{pick(rng, ('04', '10'))}月"
        credit = str(int(rng.integers(2, 9)))
        rows.append([str(number + 1), digits(rng, 5), name, credit, _mark(by), when])
    bottom = sheet.table((18, 52), (13, 26, 70, 16, 18, 31), 9, rows, 3.7, left_columns=(2,))
    for row in rng.integers(1, len(rows), 3):
        sheet.tick((128, 52 + (int(row) + 0.5) * 9), 4.5, (RED, BLUE, BLACK)[int(rng.integers(3))])
    province = pick(rng, PROVINCES)
    sheet.write((186, bottom + 18), f"{province}{BOARD}办公室", 4.4, align="r")
    sheet.write((186, bottom + 27), day(rng, 2023, letters=False), 4.4, align="r")
    sheet.seal((150, bottom + 20), 20, f"{province}{BOARD}")
    sheet.specimen((60, 291))
    return sheet.page("transcript")


# --- 大学英语、日语 ------------------------------------------------------------


def cet(by: Print) -> Page:
    """大学英语四、六级 or 大学日语四级: a report of scores or a certificate."""
    draw = (_cet_report, _cet_report, _cet_certificate, _japanese)[int(by.rng.integers(4))]
    return draw(by)


def _session(by: Print) -> str:
    return f"{by.rng.integers(1996, 2024)}年{pick(by.rng, ('6', '12'))}月"


def _cet_report(by: Print) -> Page:
    rng, person = by.rng, by.person
    upright = bool(rng.random() < 0.4)
    width, height = (210.0, 297.0) if upright else (210.0, 148.0)
    sheet = patterned((width, height), by)
    level, band = (("四", "4"), ("六", "6"))[int(rng.integers(2))]
    top = 42.0 if upright else 20.0
    if rng.random() < 0.5:
        _title(sheet, (105, top), f"全国大学英语{level}级考试(CET{band})", 7.2, _loud(by))
        _title(sheet, (105, top + 11), "成绩报告单", 8, _loud(by))
        english = f"COLLEGE ENGLISH TEST BAND {band} (CET{band}) SCORE REPORT"
    else:
        _title(sheet, (105, top), f"大学英语{level}级考试成绩报告单", 8, _loud(by))
        english = f"College English Test (CET-{band}) Report Card"
    sheet.write((105, top + 19), english, 3.6, align="m")
    size, y = (4.6, top + 38) if upright else (4.0, top + 30)
    step = 13.0 if upright else 8.6
    sheet.portrait((160, y - 2, 25, 35), _BACKDROPS[int(rng.integers(4))])
    bilingual = bool(rng.random() < 0.5)
    listening, reading, writing = (int(v) for v in rng.integers(120, 230, 3))
    for label, latin, value in (
        ("姓    名", "Name", person.name), ("学    校", "University", person.school),
        ("准考证号", "Admission No.", person.ticket), ("身份证号", "ID No.", person.number),
        ("考试时间", "Date", _session(by)),
    ):  # fmt: skip
        shown = f"{label} {latin}:" if bilingual else f"{label}:"
        sheet.entry((24, y), shown, value, size)
        y += step
    y += 3
    total = str(listening + reading + writing)
    table = [
        ["总分", "听力(35%)", "阅读(35%)", "写作和翻译(30%)"],
        [total, str(listening), str(reading), str(writing)],
    ]
    bottom = sheet.table((24, y), (30, 42, 42, 48), 1.9 * size, table, size)
    end = min(bottom + 9, height - 22) if not upright else bottom + 24
    sheet.entry((24, end), "成绩报告单编号:", digits(rng, 15), 3.8)
    office = pick(rng, ("教育部高等教育司", "教育部考试中心", "教育部教育考试院"))
    sheet.write((186, end), office, 4.4, align="r")
    sheet.write((186, end + 7), "全国大学英语四、六级考试委员会", 3.8, align="r")
    sheet.seal((158, end + 1), 17, "全国大学英语四六级考试委员会")
    sheet.specimen((70, height - 5))
    return sheet.page("cet")


def _cet_certificate(by: Print) -> Page:
    rng, person = by.rng, by.person
    size = ((260.0, 184.0), (184.0, 260.0))[int(rng.integers(2))]
    sheet = patterned(size, by, plain=0.05)
    level, band = (("四", "4"), ("六", "6"))[int(rng.integers(2))]
    middle = size[0] / 2
    _title(sheet, (middle, 28), f"大学英语{level}级证书", 11, _loud(by))
    latin = f"CERTIFICATE OF COLLEGE ENGLISH TEST BAND {band}"
    sheet.write((middle, 42), latin, 4.2, align="m")
    sheet.portrait((26, 60, 30, 42), _BACKDROPS[int(rng.integers(4))])
    told = [
        (person.name, True),
        (" 同学(", False),
        (person.school, True),
        (")于", False),
        (_session(by), True),
        (f"参加全国大学英语{level}级考试,成绩", False),
        (pick(rng, ("合格", "优秀")), True),
        (",特发此证。", False),
    ]
    end = sheet.paragraph((66, 68, size[0] - 90, 0), told, 5.4, leading=2.0, underline=by.filled)
    y = max(end + 12, 122)
    sheet.entry((26, y), "证书编号:", digits(rng, 15), 4.2)
    sheet.entry((26, y + 10), "身份证号:", person.number, 4.2)
    office = pick(rng, ("国家教育委员会高等教育司", "中华人民共和国教育部高等教育司"))
    sheet.write((size[0] - 24, y + 20), office, 4.6, align="r")
    sheet.write((size[0] - 24, y + 30), "大学英语四、六级考试委员会", 4.6, align="r")
    sheet.seal((size[0] - 60, y + 20), 19, "大学英语四六级考试委员会")
    sheet.specimen()
    return sheet.page("cet")


def _japanese(by: Print) -> Page:
    rng, person = by.rng, by.person
    sheet = patterned((260, 184), by)
    _title(sheet, (130, 26), "全国大学日语四级考试", 9, _loud(by))
    _title(sheet, (130, 42), pick(rng, ("合格证书", "成绩证书", "成绩报告单")), 10, _loud(by))
    sheet.write((130, 54), "College Japanese Test Band 4 (CJT-4)", 4, align="m")
    y = 74.0
    for label, value in (
        ("姓名:", person.name), ("学校:", person.school), ("准考证号:", person.ticket),
        ("考试时间:", _session(by)), ("成绩:", str(int(rng.integers(60, 96)))),
        ("证书编号:", digits(rng, 12)),
    ):  # fmt: skip
        sheet.entry((60, y), label, value, 4.8, room=80 if by.filled else 0)
        y += 11
    sheet.portrait((196, 70, 30, 42), _BACKDROPS[int(rng.integers(4))])
    sheet.write((236, 148), "大学日语教学指导委员会", 4.6, align="r")
    sheet.write((236, 158), "全国大学日语四、六级考试委员会", 4.2, align="r")
    sheet.seal((200, 150), 19, "全国大学日语考试委员会")
    sheet.specimen((70, 178))
    return sheet.page("cet")


# --- PETS、NCRE、NIT ------------------------------------------------------------


def pets(level: int) -> Callable[[Print], Page]:
    """全国英语等级考试 of a level: certificate or report of scores."""

    def draw(by: Print) -> Page:
        rng = by.rng
        size = ((210.0, 148.0), (260.0, 184.0), (210.0, 297.0))[int(rng.integers(3))]
        width, height = size
        sheet = patterned(size, by)
        name = pick(rng, ("全国英语等级考试", "全国公共英语等级考试"))
        rank = pick(rng, ("第{}级", "{}级")).format(counted(level))
        report = bool(rng.random() < 0.35)
        kind = pick(rng, ("成绩单", "成绩通知单", "成绩报告单")) if report else "合格证书"
        ink, middle, big = _loud(by), width / 2, 0.04 * width
        layout = rng.random()
        if layout < 0.4:
            _title(sheet, (middle, 20), f"{name}{rank}{kind}", big, ink)
            sheet.write((middle, 31), "Public English Test System (PETS)", 4, align="m")
            sheet.write((middle, 38), f"Level {level} Certificate", 4, align="m")
        elif layout < 0.6:
            # The level stands among the rest alone.
            _title(sheet, (middle, 20), kind, 1.3 * big, ink)
            sheet.write((middle, 34), f"{name}  PETS", 5, align="m")
        else:
            _title(sheet, (middle, 18), f"{name}(PETS)", big, ink)
            _title(sheet, (middle, 29), f"{rank}{kind}", big * 1.1, ink)
            sheet.write((middle, 39), "PUBLIC ENGLISH TEST SYSTEM", 3.8, align="m")
        small = 4.2 if width < 230 else 5.0
        draw_rest = _pets_scores if report else _pets_passed
        draw_rest(sheet, (name, rank), small)
        office = pick(rng, ("教育部考试中心", "教育部教育考试院", "国家教育部考试中心"))
        foot = height - (26 if height < 250 else 80)
        sheet.write((width - 24, foot), office, small, align="r")
        latin = "National Education Examinations Authority"
        sheet.write((width - 24, foot + 1.6 * small), latin, 0.75 * small, align="r")
        sheet.seal((width - 46, foot - 2), 16, office)
        sheet.entry((22, foot), "证书编号:", digits(rng, 15), small)
        when = day(rng, int(rng.integers(2000, 2023)), letters=False)
        sheet.write((22, foot + 1.7 * small), f"签发日期:{when}", 0.9 * small)
        sheet.specimen((70, height - 5))
        return sheet.page(f"pets{level}")

    return draw


def _pets_passed(sheet: Sheet, exam: tuple[str, str], size: float) -> None:
    by = sheet.by
    width = sheet.size[0]
    sheet.portrait((width - 56, 48, 28, 39), _BACKDROPS[int(by.rng.integers(4))])
    told = [
        (by.person.name, True),
        ("(身份证号:", False),
        (by.person.number, True),
        (")参加", False),
        (f"{by.rng.integers(1999, 2023)}年{pick(by.rng, ('3', '9'))}月", True),
        (f"{exam[0]}{exam[1]}考试,笔试、口试成绩合格,特发此证。", False),
    ]
    end = sheet.paragraph((22, 54, width - 86, 0), told, size, leading=1.9, underline=by.filled)
    if by.rng.random() < 0.6:
        latin = f"This is to certify that the holder has passed the PETS {exam[1]} examination."
        latin = latin.replace(exam[1], "written and oral")
        sheet.paragraph((22, end + 4, width - 86, 0), [(latin, False)], 0.85 * size, indent=0)


def _pets_scores(sheet: Sheet, exam: tuple[str, str], size: float) -> None:
    by = sheet.by
    y = 50.0
    for label, value in (
        ("姓名 Name:", by.person.name), ("证件号 ID No.:", by.person.number),
        ("准考证号:", by.person.ticket), ("级别:", exam[1]),
    ):  # fmt: skip
        sheet.entry((22, y), label, value, size)
        y += 1.9 * size
    listening, reading, writing = (int(v) for v in by.rng.integers(12, 29, 3))
    rows = [
        ["听力", "英语知识运用", "阅读理解", "写作", "笔试总分", "口试"],
        [str(listening), "17", str(reading), str(writing), str(listening + reading + writing), "4"],
    ]
    sheet.table((22, y), [(sheet.size[0] - 44) / 6] * 6, 2 * size, rows, 0.9 * size)


def ncre(level: int) -> Callable[[Print], Page]:
    """全国计算机等级考试 of a level."""
    subjects = {
        1: ("计算机基础及MS Office应用", "计算机基础及WPS Office应用", "网络安全素质教育", "一级B"),
        2: ("C语言程序设计", "MS Office高级应用", "Python语言程序设计", "Access数据库程序设计"),
    }[level]

    def draw(by: Print) -> Page:
        rng, person = by.rng, by.person
        size = ((260.0, 184.0), (210.0, 148.0), (184.0, 260.0))[int(rng.integers(3))]
        width, height = size
        sheet = patterned(size, by)
        if rng.random() < 0.2:
            sheet.watermark("NCRE", (238, 236, 240), 6, (34, 20))
        ink, middle, big = _loud(by), width / 2, 0.042 * width
        rank = counted(level) + "级"
        layout = rng.random()
        if layout < 0.6:
            # The level may stand among the rest alone.
            shown = rank if layout < 0.4 else ""
            _title(sheet, (middle, 20), "全国计算机等级考试", big, ink)
            _title(sheet, (middle, 33), f"{shown}合格证书", big * 1.15, ink)
        else:
            _title(sheet, (middle, 22), f"全国计算机等级考试{rank}合格证书", big, ink)
        latin = pick(rng, (
            "National Computer Rank Examination Certificate",
            "CERTIFICATE OF NATIONAL COMPUTER RANK EXAMINATION (NCRE)",
        ))  # fmt: skip
        sheet.write((middle, 44), latin, 0.018 * width, align="m")
        letters, top = 0.0215 * width, 62.0
        sheet.portrait((24, top - 6, 28, 39), _BACKDROPS[int(rng.integers(4))])
        when = f"{rng.integers(1998, 2024)}年{pick(rng, ('3', '4', '9'))}月"
        subject, grade = pick(rng, subjects), pick(rng, ("合格", "优秀", "良好"))
        told = [
            (person.name, True),
            (pick(rng, (" 同志", "")) + "参加", False),
            (when, True),
            (f"全国计算机等级考试{rank}", False),
            (subject, True),
            ("考试,成绩", False),
            (grade, True),
            (",特发此证。", False),
        ]
        end = sheet.paragraph(
            (62, top, width - 84, 0), told, letters, leading=1.9, underline=by.filled
        )
        y = max(end + 4, top + 38)
        sheet.entry((62, y), "证件号码:", person.number, 0.9 * letters)
        sheet.entry((62, y + 1.8 * letters), "证书编号:", digits(rng, 16), 0.9 * letters)
        if rng.random() < 0.6:
            english = f"has passed the NCRE Rank {level} examination"
            sheet.write((62, y + 3.6 * letters), english, 0.75 * letters)
        office = pick(rng, ("教育部考试中心", "国家教育委员会考试中心", "教育部教育考试院"))
        foot = height - 24
        sheet.write((width - 24, foot), office, letters, align="r")
        issued = day(rng, int(rng.integers(1998, 2024)), letters=bool(rng.random() < 0.4))
        sheet.write((width - 24, foot + 1.7 * letters), issued, 0.9 * letters, align="r")
        sheet.seal((width - 48, foot - 1), 17, office)
        sheet.specimen((60, height - 5))
        return sheet.page(f"ncre{level}")

    return draw


_MODULES = (
    "计算机应用基础", "文字处理", "电子表格", "桌面出版", "会计电算化", "数据库", "程序设计",
    "计算机绘图", "多媒体应用", "因特网", "局域网", "管理系统中信息技术的应用",
)  # fmt: skip


def nit(by: Print) -> Page:
    """全国计算机应用技术证书: one, or a pair of modules in one picture."""
    if by.rng.random() < 0.7:
        module = pick(by.rng, (_MODULES[0], _MODULES[-1], *_MODULES))
        size = ((210.0, 148.0), (148.0, 210.0), (260.0, 184.0))[int(by.rng.integers(3))]
        return _nit_one(by, size, module)
    first = _nit_one(by, (148, 210), _MODULES[0])
    second = _nit_one(by, (148, 210), pick(by.rng, _MODULES[1:-1]))
    return beside(first, second, 4, by.scale)


def _nit_one(by: Print, size: tuple[float, float], module: str) -> Page:
    rng, person = by.rng, by.person
    width, height = size
    sheet = patterned(size, by)
    ink, middle = _loud(by), width / 2
    heading = pick(rng, ("全国计算机应用技术证书考试", "全国计算机应用技术证书(NIT)"))
    _title(sheet, (middle, 20), heading, 8, ink)
    _title(sheet, (middle, 34), "合格证书", 10, ink)
    latin = "National Applied Information Technology Certificate"
    sheet.write((middle, 45), latin, 3.6, align="m")
    top, letters = 58.0, 4.3 if width < 160 else 4.8
    sheet.portrait((18, top, 25, 35), _BACKDROPS[int(rng.integers(4))])
    x, y = 50.0, top + 3
    for label, value in (("姓名:", person.name), ("性别:", person.sex), ("证件号:", person.number)):
        sheet.entry((x, y), label, value, letters)
        y += 1.9 * letters
    told = [
        ("该考生参加", False),
        (f"{rng.integers(1998, 2015)}年{pick(rng, ('5', '11'))}月", True),
        ("全国计算机应用技术证书考试", False),
        (f"《{module}》", True),
        ("模块考试,成绩合格,特发此证。", False),
    ]
    end = sheet.paragraph((x, y + 3, width - x - 16, 0), told, letters, underline=by.filled)
    foot = max(end + 8, height - 26)
    sheet.entry((18, foot), "证书编号:", digits(rng, 14), 0.9 * letters)
    sheet.write((width - 16, foot + 8), "教育部考试中心", letters, align="r")
    sheet.seal((width - 36, foot + 4), 15, "教育部考试中心")
    sheet.specimen((48, height - 4))
    return sheet.page("nit")


# --- 实践课考核卡 ------------------------------------------------------------


def course_card(by: Print) -> Page:
    """A card of a practical examination, filled in by the examiner."""
    rng, person = by.rng, by.person
    size = ((190.0, 130.0), (210.0, 148.0), (148.0, 105.0))[int(rng.integers(3))]
    width, height = size
    unit = width / 190
    sheet = Sheet(size, by)
    title = pick(rng, (
        "高等教育自学考试实践课考核卡", "高等教育自学考试实践性环节考核卡",
        "自学考试实践课程考核登记卡",
    ))  # fmt: skip
    _title(sheet, (width / 2, 14 * unit), title, 7 * unit, BLACK)
    code, course = digits(rng, 5), pick(rng, COURSES)
    when = day(rng, int(rng.integers(2014, 2024)), letters=False)
    rows = [
        ["姓名", person.name, "准考证号", person.ticket[:12]],
        ["专业", person.major, "主考学校", person.school],
        ["课程代码", code, "课程名称", course],
        ["考核成绩", _mark(by), "考核时间", when],
        ["考核教师", person.name[::-1], "审核", "合格"],
    ]
    across = width - 28 * unit
    columns = (0.15 * across, 0.29 * across, 0.17 * across, 0.39 * across)
    letters, step = 4.4 * unit, 14 * unit
    for number, row in enumerate(rows):
        place = (14 * unit, 24 * unit + number * step)
        sheet.table(place, columns, step, [["", "", "", ""]], letters)
        x = 14 * unit
        for column, words in enumerate(row):
            filled = column % 2 == 1
            face = "hand" if filled else "body"
            room = 0.92 * columns[column] / sheet.width(words, letters, font=face)
            at = (x + columns[column] / 2, place[1] + step / 2)
            ink = by.ink if filled else BLACK
            sheet.write(at, words, letters * min(1.0, room), font=face, ink=ink, align="m")
            x += columns[column]
    sheet.write((width - 20 * unit, height - 18 * unit), "主考学校(章)", 4.2 * unit, align="r")
    sheet.seal((width - 42 * unit, height - 22 * unit), 16 * unit, person.school)
    sheet.write((14 * unit, height - 12 * unit), "注:涂改无效。", 3.4 * unit, ink=GREY)
    sheet.specimen((width - 30 * unit, height - 4 * unit))
    return sheet.page("course-card")


KINDS: Mapping[str, Callable[[Print], Page]] = {
    "diploma": diploma,
    "transcript": transcript,
    "cet": cet,
    "pets2": pets(2),
    "pets3": pets(3),
    "ncre1": ncre(1),
    "ncre2": ncre(2),
    "nit": nit,
}
