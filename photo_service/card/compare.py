"""What the candidate entered against what the card says, with room for look-alikes; masks."""

from __future__ import annotations

from collections.abc import Sequence

from photo_service.card import number as gb11643
from photo_service.card.read import Field

_FORMS = str.maketrans("０１２３４５６７８９Ｘｘx", "0123456789XXX")
_NOT_IN_NAMES = str.maketrans("", "", " \t\u3000·•・.．")
# Characters that print alike; one of a group is taken for another.
_ALIKE = (
    "己已巳", "未末", "土士", "日曰", "戊戌戍", "天夭", "王玉", "人入", "干千于", "晴睛", "祎袆",
    "婧靖", "辰晨", "钰珏", "杨扬", "肖萧", "冶治", "淇琪", "折拆", "刺剌", "赢羸", "毫亳", "候侯",
)  # fmt: skip


def plain_name(name: str) -> str:
    """A name without blanks and dots."""
    return name.translate(_NOT_IN_NAMES)


def plain_number(number: str) -> str:
    """A number in ASCII, without blanks, its X large."""
    return "".join(number.split()).translate(_FORMS)


def name_differences(read: Field, expected: str) -> int:
    """How many characters differ and are no look-alikes; -1 when the lengths differ."""
    value, wanted = plain_name(read.value), plain_name(expected)
    if len(value) != len(wanted):
        return -1
    seconds = read.seconds if len(read.seconds) == len(value) else ("",) * len(value)
    pairs = zip(value, wanted, seconds, strict=True)
    return sum(a != b and b != second and not alike(a, b) for a, b, second in pairs)


def alike(a: str, b: str) -> bool:
    """Whether two characters print alike."""
    return any(a in group and b in group for group in _ALIKE)


def places_that_differ(a: str, b: str) -> Sequence[int]:
    """Places, from 1, at which two texts differ; those beyond the shorter one's end too."""
    longer = max(len(a), len(b))
    return [n + 1 for n in range(longer) if a[n : n + 1] != b[n : n + 1]]


def masked_name(name: str) -> str:
    """The first character and an asterisk for each other: 张**."""
    return name[:1] + "*" * (len(name) - 1)


def masked_field(name: str, value: str) -> str:
    """A field of the card with what tells most of the person hidden."""
    if name == "name":
        return masked_name(value)
    if name == "number":
        return gb11643.masked(value)
    if name == "birth":
        return value[:4] + "".join("*" if c.isdigit() else c for c in value[4:])
    return masked_address(value) if name == "address" else value


def masked_address(address: str) -> str:
    """The first six characters and an asterisk for each other."""
    return address[:6] + "*" * max(len(address) - 6, 0)
