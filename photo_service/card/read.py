"""What is printed on a card laid flat: which way it lies, which side it is, and its fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from models.text import Reader, Spelling, TextBox, corners_box
from photo_service.card import number as gb11643
from photo_service.card.forms import NEW_FORMS

WIDTH, HEIGHT = 1012, 638
"""Pixels of a card laid flat: 300 dots per inch."""
LOOK_SIDE = 512
"""The text detector sees a flat card of this long side."""

LABELS = ("姓名", "性别", "民族", "出生", "住址", "公民身份号码")
BACK_WORDS = ("中华人民共和国", "居民身份证", "签发机关", "有效期限")
# Stands on both sides of a temporary card. The portrait side of a permanent one bears no title.
TEMPORARY_WORD = "临时"
DIGITS = "0123456789X"
PEOPLES = frozenset(
    re.findall(
        r"\w+",
        "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 "
        "高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 "
        "普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 "
        "珞巴 基诺",
    )
)
"""What 民族 can say, GB/T 3304."""
# Characters that given names hardly hold, and the usual ones that print like them.
_USUAL = {"干": "千", "末": "未", "夭": "天", "曰": "日", "入": "人", "毫": "豪"}
# A second choice of the reader at least so likely may be the right one.
_SECOND_FROM = 0.1
# Words that drawn or defaced cards carry, and no real one.
_OVERPRINT = re.compile(r"(?:样本|樣本|SPECIMEN|仅限.*使用|复印无效|禁止复印|\W)+", re.IGNORECASE)
# What the reader takes a digit for, when letters are allowed.
_DIGIT_LIKE = str.maketrans("OoQDIl|!iZzSsBGgqxΧ×", "00001111122558699XXX")
_DIGITS_ONLY = re.compile(r"\D")

# A flat card's print, shares of its width and height: labels end left of, number row below.
_LABELS_END = 0.165
_NUMBER_FROM = 0.78
_NUMBER_LEFT = 0.30
_PORTRAIT_LEFT = 0.62
# Labels begin at most so far left of the name. A row has ended where nothing follows for so
# long, and what follows begins beyond here.
_LABEL_REACH = 0.16
_WIDE_GAP, _BEYOND = 0.18, 0.55
# Where the two words of the second row stand, with the second one's label.
_LONE_PLACES = {"sex": (0.15, 0.26), "people": (0.24, 0.56)}
# Fewest digits that make a line the number, and confidence from which a line counts as read.
_NUMBER_LIKE = 15
_READ_FROM = 0.85
_CERTAIN_FROM = 0.96
_NUMBER_READ_FROM = 0.85
_FEWEST_HAN = 5
# A digit at least so sure needs no second look.
_SURE = 0.75

ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Field:
    """One field as read. Holds personal data: never logged.

    Attributes:
        value: the characters, without the label.
        confidence: mean probability of its characters, 0–1.
        box: x, y, width, height on the flat card, pixels.
        seconds: the next likeliest character at each place.
    """

    value: str = field(repr=False)
    confidence: float
    box: tuple[float, float, float, float]
    seconds: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a flat card says.

    Attributes:
        turned: whether the card lay upside down.
        mirrored: True when it reads only when flipped left to right, None when nothing was
            legible either way.
        side: "front", "back" or "" when neither could be told.
        temporary: whether it calls itself a temporary card.
        fields: "name", "sex", "people", "birth", "address", "number"; those that were found.
        number_agreed: whether two looks at the number gave the same characters.
        mixed: whether it holds more than one card's print.
        left: where its print begins, pixels from the left.
        spellings: every line read, boxes on the flat card, upright and unmirrored.
    """

    turned: bool
    mirrored: bool | None
    side: str
    temporary: bool
    fields: Mapping[str, Field]
    number_agreed: bool
    mixed: bool = False
    left: float = 0.0
    spellings: tuple[Spelling, ...] = field(default=(), repr=False)


def read_card(flat: ByteImage, boxes: Sequence[TextBox], reader: Reader) -> Reading:
    """Read a card laid flat.

    Args:
        flat: (`HEIGHT`, `WIDTH`, 3); upright or upside down, mirrored or not.
        boxes: where text lies on it.
        reader: the reader.

    Returns:
        The reading; empty when nothing is legible.
    """
    posing = legible_way(flat, boxes, reader)
    if posing is None:
        return Reading(False, None, "", False, MappingProxyType({}), False)
    (turned, mirrored), probes = posing
    view = posed(flat, turned=turned, mirrored=mirrored)
    rest = [box for box in boxes if not any(box is probe for probe in _probes(boxes))]
    rest = _posed_boxes(rest, (turned, mirrored))
    spellings = (*probes, *reader.spell(view, _needed(rest, probes)))
    words = " ".join(spelling.text for spelling in spellings).translate(NEW_FORMS)
    side = _side(words, spellings)
    temporary = TEMPORARY_WORD in words or (side == "front" and BACK_WORDS[1] in words)
    mixed = not temporary and _is_mixed(words, spellings)
    fields: dict[str, Field] = {}
    agreed = False
    if side == "front":
        rows = _rows(spellings)
        found, agreed = _number(view, rows, reader)
        fields = _fields(rows)
        for name in _LONE_PLACES:
            if name not in fields and (lone := _lone(view, name, fields, reader)):
                fields[name] = lone
        if "people" in fields:
            fields["people"] = _known_people(fields["people"])
        if found is not None:
            fields["number"] = found
    left = _left(_posed_boxes(boxes, (turned, mirrored)), fields)
    return Reading(
        turned=turned,
        mirrored=mirrored,
        side=side,
        temporary=temporary,
        fields=MappingProxyType(fields),
        number_agreed=agreed,
        mixed=mixed,
        left=left,
        spellings=spellings,
    )


# --- which way round ---------------------------------------------------------------------------


def posed(flat: ByteImage, *, turned: bool, mirrored: bool) -> ByteImage:
    """The flat card turned by 180° and then flipped left to right, as asked."""
    view = flat[::-1, ::-1] if turned else flat
    view = view[:, ::-1] if mirrored else view
    return np.ascontiguousarray(view)


def _posed_boxes(boxes: Sequence[TextBox], pose: tuple[bool, bool]) -> list[TextBox]:
    turned, mirrored = pose
    placed = []
    for box in boxes:
        quad = box.quad
        if turned:
            quad = np.array([WIDTH, HEIGHT], np.float32) - quad[[2, 3, 0, 1]]
        if mirrored:
            quad = (quad * (-1, 1) + (WIDTH, 0))[[1, 0, 3, 2]]
        placed.append(TextBox(np.asarray(quad, np.float32), box.score))
    return placed


def _probes(boxes: Sequence[TextBox]) -> list[TextBox]:
    """The longest lines, which tell most."""
    return sorted(boxes, key=lambda box: -float(np.ptp(box.quad[:, 0])))[:2]


def _needed(boxes: Sequence[TextBox], probes: Sequence[Spelling]) -> list[TextBox]:
    """Without the labels of a front side: its number row has told what it is."""
    if not any(len(_digits(probe.text)) >= _NUMBER_LIKE for probe in probes):
        return list(boxes)
    needed = []
    for box in boxes:
        x, y, width, height = corners_box(box.quad)
        end = _LABELS_END if y + height / 2 < _NUMBER_FROM * HEIGHT else _NUMBER_LEFT
        if x + width > (end + 0.02) * WIDTH:
            needed.append(box)
    return needed


def legible_way(
    flat: ByteImage, boxes: Sequence[TextBox], reader: Reader
) -> tuple[tuple[bool, bool], tuple[Spelling, ...]] | None:
    """(turned, mirrored) of the way round in which the longest lines read, and these.

    The first way that reads beyond doubt, unmirrored ones before mirrored ones; else the best
    that reads at all; None when none does.
    """
    if not boxes:
        return None
    probes = _probes(boxes)
    ways = [(False, False), (True, False), (False, True), (True, True)]
    ways.sort(key=lambda way: (way[1], -_fit(_posed_boxes(boxes, way))))
    best, found = 0.0, None
    for turned, mirrored in ways:
        view = posed(flat, turned=turned, mirrored=mirrored)
        placed = _posed_boxes(probes, (turned, mirrored))
        spellings = reader.spell(view, placed)
        evidence = max(map(_evidence, spellings))
        if evidence > best:
            best, found = evidence, ((turned, mirrored), spellings)
        if evidence >= 1:
            break
    return found


def _fit(boxes: Sequence[TextBox]) -> float:
    """Share of print that lies where a front side has it."""
    total = fitting = 0.0
    for box in boxes:
        x, y, width, height = corners_box(box.quad)
        right, middle = (x + width) / WIDTH, (y + height / 2) / HEIGHT
        total += width
        if middle >= _NUMBER_FROM or (right <= _PORTRAIT_LEFT + 0.03 and middle > 0.08):
            fitting += width
    return fitting / max(total, 1.0)


def _evidence(spelling: Spelling) -> float:
    """How surely a line was read the right way round: 1 and more beyond doubt, 0 not at all."""
    text = spelling.text
    digits = "".join(character for character in text if character in DIGITS)
    if gb11643.is_valid(digits[-gb11643.LENGTH :]):
        return 2.0
    if any(word in text for word in (*BACK_WORDS, LABELS[-1])):
        return 1.5
    if len(digits) >= _NUMBER_LIKE and len(text) - len(digits) <= 1:
        return spelling.confidence if spelling.confidence > _NUMBER_READ_FROM else 0.0
    han = [
        p for c, p in zip(text, spelling.probabilities, strict=True) if "\u4e00" <= c <= "\u9fff"
    ]
    if len(han) < _FEWEST_HAN or len(han) < 0.6 * len(text):
        return 0.0
    mean = float(np.mean(han))
    if mean >= _CERTAIN_FROM:
        return 1.0
    return mean if mean >= _READ_FROM else 0.0


def _digits(text: str) -> str:
    return _DIGITS_ONLY.sub("", text)


def _side(words: str, spellings: Sequence[Spelling]) -> str:
    back = sum(word in words for word in BACK_WORDS)
    front = sum(word in words for word in LABELS)
    if any(len(_digits(s.text)) >= _NUMBER_LIKE and "." not in s.text for s in spellings):
        front += 2
    if back > front:
        return "back"
    return "front" if front else ""


def is_of_card(spellings: Sequence[Spelling]) -> bool:
    """Whether these lines hold a number, or the words of an emblem side."""
    words = " ".join(spelling.text for spelling in spellings).translate(NEW_FORMS)
    numbers = any(len(_digits(s.text)) >= _NUMBER_LIKE and "." not in s.text for s in spellings)
    return numbers or sum(word in words for word in BACK_WORDS) > 1


def _is_mixed(words: str, spellings: Sequence[Spelling]) -> bool:
    """Whether two numbers, or words of both sides, were read."""
    numbers = sum(len(_digits(s.text)) >= _NUMBER_LIKE and "." not in s.text for s in spellings)
    back = sum(word in words for word in BACK_WORDS)
    return numbers > 1 or (numbers > 0 and back > 1)


# --- rows and fields ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """Lines at one height, from left to right."""

    spellings: tuple[Spelling, ...]

    @property
    def text(self) -> str:
        return "".join(spelling.text for spelling in self.spellings).translate(NEW_FORMS)

    @property
    def middle(self) -> float:
        return float(np.mean([s.box.quad[:, 1].mean() for s in self.spellings])) / HEIGHT

    def part(self, start: int, end: int) -> Field:
        """The characters ``start`` to ``end`` of the row's text."""
        probabilities: list[float] = []
        seconds: list[str] = []
        boxes: list[FloatArray] = []
        at = 0
        for spelling in self.spellings:
            low, high = max(start - at, 0), min(end - at, len(spelling.text))
            if low < high:
                probabilities += spelling.probabilities[low:high]
                seconds += (second for second, _ in spelling.seconds[low:high])
                boxes.append(spelling_part(spelling, low, high))
            at += len(spelling.text)
        box = corners_box(np.concatenate(boxes)) if boxes else (0.0, 0.0, 0.0, 0.0)
        confidence = sum(probabilities) / max(len(probabilities), 1)
        return Field(self.text[start:end], confidence, box, tuple(seconds))

    def doubts(self, start: int, end: int) -> list[tuple[str, bool]]:
        """Second choices for the characters ``start`` to ``end``, and whether they are likely."""
        seconds = [pair for spelling in self.spellings for pair in spelling.seconds]
        return [(second, likely >= _SECOND_FROM) for second, likely in seconds[start:end]]


def spelling_part(spelling: Spelling, start: int, end: int) -> FloatArray:
    """The quad around the characters ``start`` to ``end``."""
    places, quad = spelling.places, spelling.box.quad
    left = 0.0 if start == 0 else (places[start - 1] + places[start]) / 2
    right = 1.0 if end >= len(places) else (places[end - 1] + places[end]) / 2
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    corners = [
        quad[0] + left * top,
        quad[0] + right * top,
        quad[3] + right * bottom,
        quad[3] + left * bottom,
    ]
    return np.array(corners, np.float32)


def _rows(spellings: Sequence[Spelling]) -> list[_Row]:
    """Lines gathered by height, from the top."""
    rows: list[list[Spelling]] = []
    for spelling in sorted(spellings, key=lambda s: float(s.box.quad[:, 1].mean())):
        if not spelling.text or _OVERPRINT.fullmatch(spelling.text):
            continue
        middle = float(spelling.box.quad[:, 1].mean())
        if rows and middle - float(rows[-1][0].box.quad[:, 1].mean()) < 0.045 * HEIGHT:
            rows[-1].append(spelling)
        else:
            rows.append([spelling])
    return [_Row(_together(row)) for row in rows]


def _together(row: Sequence[Spelling]) -> tuple[Spelling, ...]:
    """A row's lines from the left up to a wide gap: print beyond the portrait is not the card's."""
    ordered = sorted(row, key=lambda s: float(s.box.quad[:, 0].min()))
    kept = ordered[:1]
    for spelling in ordered[1:]:
        gap = float(spelling.box.quad[:, 0].min() - kept[-1].box.quad[:, 0].max())
        if gap > _WIDE_GAP * WIDTH and float(spelling.box.quad[:, 0].min()) > _BEYOND * WIDTH:
            break
        kept.append(spelling)
    return tuple(kept)


_NAME = re.compile(r"^(?:.*姓名|姓?名?)(?P<value>[\u4e00-\u9fff·•・.]{2,})")
# The same where the label, which begins the row, was misread.
_NAME_LABELLED = re.compile(r"^(?:.*姓名|.?名|姓.)(?P<value>[\u4e00-\u9fff·•・.]{2,})")
# The label's second character may be misread as one of the two.
_DOTS = re.compile(r"[•・.]")
_SEX = re.compile(r"(?:性.)?(?P<value>[男女])")
_PEOPLE = re.compile(r"(?:[民氏]?族|[民氏].)\W*(?P<value>[\u4e00-\u9fff]{1,4})")
_BIRTH = re.compile(r"(?P<value>\d{4}\D{1,2}\d{1,2}\D{1,2}\d{1,2}日?)")
_ADDRESS_LABEL = re.compile(r"^(?:住[址地]|[住佳往]?址|住)")


def _fields(rows: Sequence[_Row]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    upper = [row for row in rows if row.middle < _NUMBER_FROM and _starts_left(row)]
    rest = list(upper)
    for name, finds in (
        ("birth", _find_birth),
        ("sex", _finder(_SEX)),
        ("people", _finder(_PEOPLE)),
    ):
        for row in upper:
            found = finds(row)
            if found is not None:
                fields[name] = found
                if row in rest:
                    rest.remove(row)
                break
    edge = min((f.box[1] for f in fields.values()), default=0.3 * HEIGHT) / HEIGHT
    for row in upper:
        if row in rest and row.middle < max(edge, 0.1) and (found := _find_name(row)):
            fields["name"] = found
            rest.remove(row)
            break
    below = max((f.box[1] for f in fields.values()), default=0.4 * HEIGHT) / HEIGHT
    lines = [row for row in rest if row.middle > below]
    address = [part for n, row in enumerate(lines) if (part := _address_part(row, first=n == 0))]
    if address:
        fields["address"] = _joined(address)
    return fields


def _lone(view: ByteImage, name: str, fields: Mapping[str, Field], reader: Reader) -> Field | None:
    """Sex or people where it stands, when the detector has overlooked so short a word."""
    beside = fields.get("people" if name == "sex" else "sex")
    if beside is not None:
        middle = beside.box[1] + beside.box[3] / 2
    elif "name" in fields and "birth" in fields:
        upper, lower = fields["name"].box, fields["birth"].box
        middle = (upper[1] + upper[3] / 2 + lower[1] + lower[3] / 2) / 2
    else:
        return None
    left, right = (share * WIDTH for share in _LONE_PLACES[name])
    top, bottom = middle - 0.042 * HEIGHT, middle + 0.042 * HEIGHT
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return _finder(_SEX if name == "sex" else _PEOPLE)(
        _Row(reader.spell(view, [TextBox(quad, 1.0)]))
    )


def _known_people(people: Field) -> Field:
    """One of the 56 where a single character is off: 维吾示 is 维吾尔.

    Of several, such as 仫佬 and 仡佬, the one that the reader's second choices make.
    """
    if people.value in PEOPLES or len(people.value) < 2:
        return people
    near = {}
    for known in PEOPLES:
        if len(known) == len(people.value):
            off = [n for n, a in enumerate(known) if a != people.value[n]]
            if len(off) == 1:
                near[known] = known[off[0]] == people.seconds[off[0]]
    likely = [known for known, second in near.items() if second] or list(near)
    return replace(people, value=likely[0]) if len(likely) == 1 else people


def _left(boxes: Sequence[TextBox], fields: Mapping[str, Field]) -> float:
    """Where the labels begin, pixels from the left; what stands farther left is not the card's."""
    least = fields["name"].box[0] - _LABEL_REACH * WIDTH if "name" in fields else 0.0
    lefts = [float(box.quad[:, 0].min()) for box in boxes]
    return min((left for left in lefts if left >= least), default=min(lefts))


def _starts_left(row: _Row) -> bool:
    return float(row.spellings[0].box.quad[:, 0].min()) < _PORTRAIT_LEFT * WIDTH - 120


def _finder(pattern: re.Pattern[str]) -> Callable[[_Row], Field | None]:
    def find(row: _Row) -> Field | None:
        found = pattern.search(row.text)
        return row.part(*found.span("value")) if found else None

    return find


def _find_name(row: _Row) -> Field | None:
    labelled = float(row.spellings[0].box.quad[:, 0].min()) < _LABELS_END * WIDTH - 40
    found = (_NAME_LABELLED.search(row.text) if labelled else None) or _NAME.search(row.text)
    if found is None:
        return None
    start, end = found.span("value")
    name = row.part(start, end)
    name = replace(name, value=_DOTS.sub("·", name.value))
    doubts = row.doubts(start + 1, end)
    given = [
        second if likely and _USUAL.get(character) == second else character
        for character, (second, likely) in zip(name.value[1:], doubts, strict=True)
    ]
    return replace(name, value=name.value[:1] + "".join(given))


def _find_birth(row: _Row) -> Field | None:
    found = _BIRTH.search(row.text.translate(_DIGIT_LIKE))
    return row.part(*found.span("value")) if found else None


def _address_part(row: _Row, *, first: bool) -> Field | None:
    label = _ADDRESS_LABEL.match(row.text) if first else None
    start, end = label.end() if label else 0, len(row.text)
    return row.part(start, end) if start < end else None


def _joined(parts: Sequence[Field]) -> Field:
    boxes = np.array([part.box for part in parts])
    low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    length = sum(len(part.value) for part in parts)
    return Field(
        "".join(part.value for part in parts),
        sum(part.confidence * len(part.value) for part in parts) / length,
        (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
    )


def birth_date(value: str) -> date | None:
    """The date in a birth field such as 1990年1月2日; None when it is none."""
    numbers = re.findall(r"\d+", value.translate(_DIGIT_LIKE))
    try:
        year, month, day = map(int, numbers)
        return date(year, month, day)
    except ValueError:
        return None


# --- the number --------------------------------------------------------------------------------


def _number(view: ByteImage, rows: Sequence[_Row], reader: Reader) -> tuple[Field | None, bool]:
    """The number, and whether two looks at it agree."""
    quad, first = _number_quad(rows)
    if quad is None:
        return None, False
    if first is not None and _settled(first):
        return _number_field(first.text, first), True
    (first,) = reader.spell(view, [TextBox(quad, 1.0)], DIGITS)
    if _settled(first):
        return _number_field(first.text, first), True
    looks = [first]
    for grow in (1.12, 0.9, 1.25):
        (look,) = reader.spell(view, [TextBox(_grown(quad, grow), 1.0)], DIGITS)
        looks.append(look)
        agreeing = [other for other in looks[:-1] if other.text == look.text]
        if agreeing and len(look.text) == gb11643.LENGTH:
            return _number_field(look.text, look), True
    likeliest = max(
        looks, key=lambda s: (len(s.text) == gb11643.LENGTH, min(s.probabilities, default=0))
    )
    return _number_field(likeliest.text, likeliest), False


def _settled(spelling: Spelling) -> bool:
    return gb11643.is_valid(spelling.text) and min(spelling.probabilities) >= _SURE


def _number_field(text: str, spelling: Spelling) -> Field:
    return Field(text, min(spelling.probabilities, default=0.0), corners_box(spelling.box.quad))


def _number_quad(rows: Sequence[_Row]) -> tuple[FloatArray | None, Spelling | None]:
    """Around the digits of the row that holds most of them; and its reading when it is whole."""
    row = max(rows, key=lambda row: len(_digits(row.text)), default=None)
    if row is None or len(_digits(row.text)) < 8:
        return None, None
    whole = next((s for s in row.spellings if len(s.text) == gb11643.LENGTH), None)
    parts = []
    for spelling in row.spellings:
        text = spelling.text.translate(_DIGIT_LIKE)
        places = [n for n, c in enumerate(text) if c in DIGITS]
        if len(places) < 2 and not (places and len(text) == 1):
            continue
        # The label comes before the digits; what looks like a digit in it stands alone.
        han = [n for n, c in enumerate(text) if "\u4e00" <= c <= "\u9fff" and n < places[-1]]
        start = max(han, default=-1) + 1
        parts.append(spelling_part(spelling, start, len(text)))
    return (_around(parts) if parts else None), whole


def _around(quads: Sequence[FloatArray]) -> FloatArray:
    """One quad from the start of the first to the end of the last."""
    if len(quads) == 1:
        return quads[0]
    first, last = quads[0], quads[-1]
    return np.array([first[0], last[1], last[2], first[3]], np.float32)


def _grown(quad: FloatArray, factor: float) -> FloatArray:
    """A quad made higher, and longer by as many pixels."""
    centre = quad.mean(axis=0)
    height = float(np.hypot(*(quad[3] - quad[0])))
    length = max(float(np.hypot(*(quad[1] - quad[0]))), 1.0)
    scale = np.array([1 + (factor - 1) * height / length, factor], np.float32)
    return np.asarray(centre + (quad - centre) * scale, np.float32)


def flattened(rgb: ByteImage, corners: FloatArray) -> ByteImage:
    """The card laid flat, (`HEIGHT`, `WIDTH`, 3)."""
    target = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    width = float(np.hypot(*(corners[1] - corners[0])))
    if width > 1.8 * WIDTH:
        # Taking away detail first keeps the projection from making patterns of it.
        factor = WIDTH * 1.4 / width
        size = (max(round(rgb.shape[1] * factor), 1), max(round(rgb.shape[0] * factor), 1))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        corners = corners * np.float32(factor)
    transform = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    flat = cv2.warpPerspective(
        rgb, transform, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)
