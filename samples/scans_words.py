"""What drawn certificates say: people, schools and courses that do not exist or name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator

# Splits that share no name take every second entry.
_PARTS = {"tune": slice(0, None, 2), "check": slice(1, None, 2), "shipped": slice(None)}

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏"
    "薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武"
)
_LONG_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "令狐", "慕容")
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞辉宇浩凯健俊帆雪琳晨阳梅琴云兰洁"
    "鑫波斌慧巧美燕彬春菊林国庆建文志海山仁新民永清泽楠婷佳嘉琪欣怡梓涵子轩思远博雅诗雨"
)
_TOWNS = (
    "云山", "青禾", "临川", "松河", "白石", "东屏", "望江", "南湖", "石泉", "柳溪",
    "桃源", "北岭", "清源", "双桥", "梅岭", "长滩",
)  # fmt: skip
_SCHOOLS = (
    "大学", "师范学院", "理工大学", "工业大学", "财经学院", "职业技术学院", "医学院", "农业大学",
    "师范大学", "广播电视大学", "科技学院", "交通大学",
)  # fmt: skip
_MAJORS = (
    "汉语言文学", "会计学", "计算机科学与技术", "法学", "护理学", "机械设计制造及其自动化",
    "行政管理", "英语", "工商管理", "电子商务", "土木工程", "学前教育", "金融学", "市场营销",
    "电气工程及其自动化", "人力资源管理",
)  # fmt: skip
COURSES = (
    "马克思主义基本原理概论", "毛泽东思想和中国特色社会主义理论体系概论", "思想道德修养与法律基础",
    "中国近现代史纲要", "大学英语(一)", "大学英语(二)", "高等数学(上)", "高等数学(下)",
    "线性代数", "概率论与数理统计", "大学物理", "大学物理实验", "体育(一)", "体育(二)", "军事理论",
    "大学语文", "计算机应用基础", "管理系统中计算机应用", "数据结构", "操作系统", "计算机组成原理",
    "数据库原理及应用", "C语言程序设计", "软件工程", "计算机网络", "微观经济学", "宏观经济学",
    "基础会计", "财务管理", "审计学", "成本会计", "统计学原理", "市场营销学", "管理学原理",
    "法理学", "宪法学", "民法学", "刑法学", "民事诉讼法学", "中国法制史", "经济法概论",
    "现代汉语", "古代汉语", "文学概论", "中国古代文学史", "外国文学史", "写作", "教育学", "心理学",
    "工程制图", "电路分析", "模拟电子技术", "数字电子技术", "理论力学", "材料力学", "毕业论文",
    "形势与政策", "就业指导", "生产实习", "社会实践",
)  # fmt: skip
PROVINCES = ("山西省", "河北省", "江苏省", "四川省", "辽宁省", "陕西省", "浙江省", "广东省")
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose certificate it is.

    Attributes:
        name: 2 to 4 characters.
        sex: 男 or 女.
        born: year, month, day.
        number: 18 characters in the form of an ID number, of a district that does not exist.
        ticket: admission number, 15 digits.
        school: full name.
        major: of studies.
    """

    name: str
    sex: str
    born: tuple[int, int, int]
    number: str
    ticket: str
    school: str
    major: str


def pick(rng: Rng, items: Sequence[str]) -> str:
    """One of them."""
    return items[int(rng.integers(len(items)))]


def digits(rng: Rng, count: int) -> str:
    """So many."""
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def someone(rng: Rng, split: str) -> Person:
    """One person; people of different splits share no name and no school."""
    part = _PARTS[split]
    long = rng.random() < 0.04
    surname = pick(rng, _LONG_SURNAMES[part] if long else _SURNAMES[part])
    given = "".join(pick(rng, _GIVEN[part]) for _ in range(int(rng.choice([1, 2, 2]))))
    born = (int(rng.integers(1972, 2004)), int(rng.integers(1, 13)), int(rng.integers(1, 29)))
    middle = f"{rng.integers(1, 99):02d}{born[0]}{born[1]:02d}{born[2]:02d}"
    return Person(
        name=surname + given,
        sex=pick(rng, "男女"),
        born=born,
        number=f"1499{middle}{digits(rng, 3)}{pick(rng, '0123456789X')}",
        ticket=digits(rng, 15),
        school=pick(rng, _TOWNS[part]) + pick(rng, _SCHOOLS),
        major=pick(rng, _MAJORS),
    )


def in_letters(year: int) -> str:
    """2016 → 二〇一六."""
    return "".join(_DIGITS[int(digit)] for digit in str(year))


def counted(number: int) -> str:
    """1–31 as one says it: 21 → 二十一."""
    tens, ones = divmod(number, 10)
    head = ("", "十", "二十", "三十")[tens]
    return head + (_DIGITS[ones] if ones else "")


def day(rng: Rng, year: int, *, letters: bool) -> str:
    """A day of a year, in digits or in Chinese numerals."""
    month, date = int(rng.integers(1, 13)), int(rng.integers(1, 29))
    if letters:
        return f"{in_letters(year)}年{counted(month)}月{counted(date)}日"
    return f"{year}年{month}月{date}日"
