"""People who do not exist, with ID numbers in the form of GB 11643.

The first two digits name a province, the next two are 99: no city has that number, so no number
made here can belong to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"

_PROVINCES = {
    "11": "北京市", "13": "河北省", "14": "山西省", "21": "辽宁省", "32": "江苏省",
    "33": "浙江省", "37": "山东省", "41": "河南省", "44": "广东省", "51": "四川省",
    "61": "陕西省", "65": "新疆维吾尔自治区",
}  # fmt: skip
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏"
    "薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武"
    "乔贺赖龚文"
)
_LONG_SURNAMES = ("欧阳", "司马", "上官", "诸葛")
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞辉宇浩凯健俊帆雪琳晨阳梅琴云兰洁"
    "鑫波斌慧巧美燕彬春菊林国庆建文志海山仁新民永清泽楠婷佳嘉琪欣怡梓涵子轩思远博雅诗雨"
)
_NATIONS = ("汉",) * 7 + ("回", "满", "蒙古", "藏", "维吾尔", "土家", "苗", "壮", "朝鲜", "彝")
_CITIES = ("云山市", "青禾市", "临川市", "松河市", "白石市", "东屏市", "望江市")
_DISTRICTS = ("样本区", "示例县", "虚构区", "南湖区", "城东区", "新桥镇", "石泉县")
_ROADS = ("样张路", "建设路", "人民街", "柳巷", "文化路", "解放大道", "和平里", "桃园村", "学府街")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a card says of its holder.

    Attributes:
        name: 2 to 4 characters.
        sex: 男 or 女.
        nation: ethnic group without 族.
        birth: day of birth.
        address: one line; the card breaks it.
        number: 18 characters.
    """

    name: str
    sex: str
    nation: str
    birth: date
    address: str
    number: str


def check_digit(digits: str) -> str:
    """The 18th character for the first 17 digits."""
    return _CHECK_DIGITS[sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=True)) % 11]


def number(province: str, birth: date, order: int, rng: np.random.Generator) -> str:
    """A number with the right check digit; an odd ``order`` (0–999) is a man's."""
    digits = f"{province}99{rng.integers(1, 99):02d}{birth:%Y%m%d}{order:03d}"
    return digits + check_digit(digits)


def someone(rng: np.random.Generator, sex: str = "") -> Fields:
    """One person of 18 to 60 years."""
    sex = sex or str(rng.choice(["男", "女"]))
    birth = date(1966, 1, 1) + timedelta(days=int(rng.integers(0, 41 * 365)))
    order = 2 * int(rng.integers(0, 500)) + (sex == "男")
    province = str(rng.choice(list(_PROVINCES)))
    return Fields(
        name=_name(rng),
        sex=sex,
        nation=str(rng.choice(_NATIONS)),
        birth=birth,
        address=_address(province, rng),
        number=number(province, birth, order, rng),
    )


def _name(rng: np.random.Generator) -> str:
    given = "".join(rng.choice(list(_GIVEN), int(rng.choice([1, 2, 2]))))
    if rng.random() < 0.05:
        return str(rng.choice(_LONG_SURNAMES)) + given
    return str(rng.choice(list(_SURNAMES))) + given


def _address(province: str, rng: np.random.Generator) -> str:
    city, district, road = (str(rng.choice(some)) for some in (_CITIES, _DISTRICTS, _ROADS))
    number = int(rng.integers(1, 300))
    if rng.random() < 0.4:
        return f"{_PROVINCES[province]}{city}{district}{road}{number}号"
    block, door, flat = (int(rng.integers(1, top)) for top in (20, 6, 9))
    house = f"{block}号楼{door}单元{flat}0{door}室"
    return f"{_PROVINCES[province]}{city}{district}{road}{number}号{house}"


def wrong_check_digit(number: str, rng: np.random.Generator) -> str:
    """The same number with another last character."""
    others = [c for c in _CHECK_DIGITS if c != number[17]]
    return number[:17] + str(rng.choice(others))


def other_birth(number: str, rng: np.random.Generator) -> str:
    """A valid number of the same person born on another day."""
    birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    moved = birth + timedelta(days=int(rng.choice([-1, 1]) * rng.integers(28, 3000)))
    digits = number[:6] + f"{moved:%Y%m%d}" + number[14:17]
    return digits + check_digit(digits)


def other_sex(number: str) -> str:
    """A valid number whose 17th digit says the other sex."""
    digits = number[:16] + str((int(number[16]) + 1) % 10)
    return digits + check_digit(digits)
