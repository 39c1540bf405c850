"""Other papers: what is no certificate of the kinds asked for, some of them close to one."""

from __future__ import annotations

from collections.abc import Callable

from scans_pages import patterned
from scans_sheet import BLACK, BLUE, GREY, RED, Page, Print, Sheet
from scans_words import COURSES, day, digits, in_letters, pick

_PROSE = (
    "根据工作安排,现将本年度有关事项通知如下,请各部门认真组织落实,按时完成各项任务。",
    "会议要求,要切实提高思想认识,加强统筹协调,确保各项措施落到实处、取得实效。",
    "近日,本市气温持续下降,市民出行请注意保暖,有关部门已做好防寒防冻准备工作。",
    "为方便居民办理业务,服务大厅自下月起调整办公时间,周六上午照常受理申请材料。",
    "记者从现场了解到,该工程全长十二公里,预计明年六月建成通车,沿线设站八座。",
    "租赁期间,乙方应当按时缴纳水费、电费、燃气费等费用,不得擅自改变房屋结构。",
    "今年的丰收来之不易,村里的老人们说,这是近十年来雨水最合适的一年。",
    "读书使人充实,讨论使人机智,笔记使人准确,因此不常作笔记者须记忆力特强。",
)
_ENGLISH = (
    "Thank you for your letter of the third. We are pleased to confirm the delivery of the goods.",
    "The committee met on Tuesday and agreed that the new bridge should be opened in the spring.",
    "Please find enclosed the minutes of the last meeting together with the accounts for the year.",
    "Visitors are kindly asked to leave umbrellas at the entrance and to speak in a low voice.",
    "In the north the harvest was late, and the roads were closed by snow before autumn ended.",
)
_GOODS = ("办公用品", "打印纸", "图书", "硒鼓", "餐饮服务", "住宿费", "运输服务", "文件柜", "台灯")
_NEARBY = (
    ("普通话水平测试等级证书", "PUTONGHUA SHUIPING CESHI DENGJI ZHENGSHU", "普通话水平测试"),
    ("荣誉证书", "HONORARY CREDENTIAL", "表现突出,被评为年度先进个人"),
    ("教师资格证书", "TEACHER CERTIFICATION", "符合教师资格条件,认定其具有教师资格"),
    ("结业证书", "", "参加岗位培训班学习,期满结业"),
    ("驾驶人安全教育学习证明", "", "完成安全教育学习"),
    ("会计从业资格证书", "", "经考核,具备会计从业资格"),
)


def invoice(by: Print) -> Page:
    """增值税普通发票."""
    rng = by.rng
    sheet = Sheet((240, 140), by)
    brown = (140, 80, 40)
    sheet.write((120, 16), "增值税普通发票", 8, font="title", ink=brown, align="m")
    sheet.write((170, 12), f"发票代码:{digits(rng, 12)}", 3.6)
    sheet.write((170, 19), f"发票号码:{digits(rng, 8)}", 3.6)
    sheet.write((170, 26), f"开票日期:{day(rng, 2022, letters=False)}", 3.6)
    for number, (label, value) in enumerate(
        (("购买方名称:", by.person.school), ("纳税人识别号:", digits(rng, 18)))
    ):
        sheet.entry((16, 34 + 8 * number), label, value, 3.6, ink=brown)
    rows = [["货物或应税劳务、服务名称", "数量", "单价", "金额", "税率", "税额"]]
    for _ in range(4):
        price = int(rng.integers(20, 900))
        row = [pick(rng, _GOODS), "1", f"{price}.00", f"{price}.00", "3%", f"{0.03 * price:.2f}"]
        rows.append(row)
    bottom = sheet.table((14, 50), (74, 20, 30, 34, 20, 34), 9, rows, 3.6)
    sheet.write((16, bottom + 8), "价税合计(大写):壹仟贰佰叁拾肆圆整", 4, ink=brown)
    sheet.write((16, bottom + 24), "销售方:" + by.person.school + "服务部", 3.8, ink=brown)
    sheet.seal((196, bottom + 14), 16, "样本服务部发票专用章")
    sheet.specimen((80, 135))
    return sheet.page(named=False)


def letter(by: Print) -> Page:
    """A letter in Chinese, by hand or printed."""
    rng = by.rng
    sheet = Sheet((210, 297), by)
    written = bool(rng.random() < 0.5)
    y = 40.0
    size = float(rng.uniform(4.2, 5.4))
    sheet.write((26, y), f"{by.person.name}同志:", size, font="hand" if written else "body")
    y += 2.2 * size
    for _ in range(int(rng.integers(3, 7))):
        told = [(pick(rng, _PROSE) + pick(rng, _PROSE), written)]
        y = sheet.paragraph((26, y, 160, 0), told, size, leading=1.9)
    sheet.write((180, y + 10), "此致 敬礼", size, align="r")
    sheet.write((180, y + 22), day(rng, 2021, letters=True), size, align="r")
    sheet.specimen()
    return sheet.page(named=False)


def notice(by: Print) -> Page:
    """A notice under a red head; some speak of the examinations themselves."""
    rng = by.rng
    sheet = Sheet((210, 297), by)
    sheet.write((105, 34), f"{by.person.school}文件", 13, font="title", ink=RED, align="m")
    sheet.write(
        (105, 52), f"校发〔{rng.integers(2010, 2024)}〕{rng.integers(1, 99)}号", 4.6, align="m"
    )
    sheet.rule((22, 58), (188, 58), 0.7, RED)
    about = pick(rng, (
        "关于做好冬季安全检查工作的通知", "关于组织报名参加全国计算机等级考试的通知",
        "关于开展办公用品清查的通知", "关于大学英语四级考试考场安排的通知",
    ))  # fmt: skip
    sheet.write((105, 74), about, 6.4, font="title", align="m")
    y = 92.0
    for _ in range(int(rng.integers(3, 6))):
        y = sheet.paragraph((26, y, 160, 0), [(pick(rng, _PROSE), False)], 4.9, leading=1.9)
    sheet.write((182, y + 22), by.person.school, 4.9, align="r")
    sheet.write((182, y + 32), day(rng, 2022, letters=False), 4.9, align="r")
    sheet.seal((156, y + 26), 20, by.person.school)
    sheet.specimen()
    return sheet.page(named=False)


def newspaper(by: Print) -> Page:
    """Columns, a masthead, a grey picture."""
    rng = by.rng
    sheet = Sheet((260, 370), by, paper=(238, 234, 222))
    sheet.write(
        (20, 24), pick(rng, ("云山日报", "临川晚报", "青禾周刊")), 18, font="title", ink=RED
    )
    sheet.write((240, 24), day(rng, 2019, letters=True), 4.6, align="r")
    sheet.rule((16, 38), (244, 38), 0.6)
    headline = pick(rng, ("新桥通车 两岸相连", "秋粮丰收 颗粒归仓", "市民广场改造完工"))
    sheet.write((130, 52), headline, 12, font="title", align="m")
    for column in range(4):
        x, y = 16.0 + 58 * column, 68.0
        if column == 1:
            sheet.portrait((x, y, 52, 40), (150, 160, 170))
            y += 46
        while y < 340:
            y = sheet.paragraph((x, y, 53, 0), [(pick(rng, _PROSE), False)], 3.7, leading=1.5)
    sheet.specimen()
    return sheet.page(named=False)


def english_page(by: Print) -> Page:
    """A page of an English letter or book."""
    rng = by.rng
    sheet = Sheet((210, 297), by)
    heading = pick(rng, ("Annual Report", "Minutes of the Meeting", "Dear Sir or Madam"))
    sheet.write((105, 36), heading, 7, align="m")
    y = 56.0
    for _ in range(int(rng.integers(4, 8))):
        prose = " ".join(pick(rng, _ENGLISH) for _ in range(3))
        y = sheet.paragraph((26, y, 158, 0), [(prose, False)], 4.2, leading=1.6, indent=0) + 4
    sheet.specimen()
    return sheet.page(named=False)


def form(by: Print) -> Page:
    """A form to apply for something."""
    rng, person = by.rng, by.person
    sheet = Sheet((210, 297), by)
    title = pick(rng, ("职工休假申请表", "物品领用登记表", "车辆使用申请表", "个人简历"))
    sheet.write((105, 26), title, 8, font="title", align="m")
    rows = [
        ["姓名", person.name, "性别", person.sex],
        [
            "出生年月",
            f"{person.born[0]}.{person.born[1]:02d}",
            "部门",
            pick(rng, ("后勤处", "财务科")),
        ],
        ["联系电话", "0350-" + digits(rng, 7), "职务", pick(rng, ("科员", "主任", "司机"))],
        ["事由", "办理个人事务", "天数", str(int(rng.integers(1, 15)))],
    ]
    bottom = sheet.table((20, 40), (32, 60, 28, 50), 14, rows, 4.4, filled_from=0)
    for label in ("部门意见", "领导意见", "备注"):
        sheet.box((20, bottom, 170, 44), 0.2)
        sheet.write((24, bottom + 8), label, 4.4)
        sheet.write((186, bottom + 38), "签字:        年   月   日", 4, align="r")
        bottom += 44
    sheet.specimen()
    return sheet.page(named=False)


def nearby(by: Print) -> Page:
    """A certificate of another kind."""
    rng, person = by.rng, by.person
    size = ((260.0, 184.0), (210.0, 148.0))[int(rng.integers(2))]
    sheet = patterned(size, by)
    title, latin, told = _NEARBY[int(rng.integers(len(_NEARBY)))]
    sheet.write((size[0] / 2, 28), title, 10, font="title", ink=RED, align="m")
    sheet.write((size[0] / 2, 42), latin, 3.8, align="m")
    words = [(person.name, True), (f" 同志于{in_letters(2017)}年", False), (told + "。", False)]
    end = sheet.paragraph((30, 66, size[0] - 60, 0), words, 6, leading=2.0)
    sheet.entry((30, end + 10), "编号:", digits(rng, 12), 4.4)
    sheet.write((size[0] - 28, size[1] - 30), person.school, 5, align="r")
    sheet.write((size[0] - 28, size[1] - 20), day(rng, 2017, letters=True), 4.6, align="r")
    sheet.seal((size[0] - 56, size[1] - 28), 18, person.school)
    sheet.specimen((80, size[1] - 5))
    return sheet.page(named=False)


def timetable(by: Print) -> Page:
    """Lessons of a week: a table of courses without marks."""
    rng = by.rng
    sheet = Sheet((297, 210), by)
    sheet.write((148, 20), "课程表", 10, font="title", align="m")
    rows = [["节次", "星期一", "星期二", "星期三", "星期四", "星期五"]]
    rows += [[f"第{n}节"] + [pick(rng, COURSES[20:56]) for _ in range(5)] for n in range(1, 9)]
    sheet.table((20, 34), (27, 46, 46, 46, 46, 46), 17, rows, 4.2)
    sheet.write((20, 196), "注:实验课以实验室通知为准。", 4, ink=GREY)
    sheet.specimen()
    return sheet.page(named=False)


def blank_line(by: Print) -> Page:
    """Paper with one line on it."""
    sheet = Sheet((210, 297), by)
    words = pick(by.rng, ("见背面", "1", "第2页 共2页", "附件:", by.person.name, "OK"))
    place = (float(by.rng.uniform(50, 160)), float(by.rng.uniform(40, 260)))
    sheet.write(place, words, float(by.rng.uniform(4, 7)), ink=(BLACK, BLUE)[by.rng.integers(2)])
    return sheet.page(named=False)


def empty(by: Print) -> Page:
    """Paper with nothing on it, ruled or tinted now and then."""
    rng = by.rng
    grey = int(rng.integers(225, 254))
    sheet = Sheet((210, 297), by, paper=(grey, grey, grey - int(rng.integers(0, 10))))
    if rng.random() < 0.3:
        for y in range(30, 280, 9):
            sheet.rule((20, y), (190, y), 0.2, (170, 180, 200))
    return sheet.page(named=False)


PAPERS: tuple[Callable[[Print], Page], ...] = (
    invoice, letter, notice, newspaper, english_page, form, nearby, timetable,
)  # fmt: skip
