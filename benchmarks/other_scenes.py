"""ID cards, tables, hands, screens and a camera, drawn apart from ``samples/``.

Nothing here is taken from the pictures that the service was calibrated on: layout, inks, fonts,
surfaces and camera are a second opinion of what a photographed ID card looks like. Every card bears
样本 SPECIMEN in pale print; names and numbers are made up.

Lengths on the card are in millimetres from its upper left corner (x to the right, y down); a *view*
is a 3×3 homography from there to pixels. Scenes are linear light, float32 HxWx3 in 0–1; pictures
are sRGB uint8 HxWx3.

Fonts (Debian): fonts-noto-cjk, fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback,
fonts-arphic-gbsn00lp, fonts-ocr-b, fonts-liberation, fonts-dejavu-core.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]
Rng = np.random.Generator
Ink = tuple[int, ...]  # red, green, blue, 0-255

CARD_W, CARD_H = 85.6, 54.0
MM = 24  # pixels a millimetre of the drawn card
FONTS = Path("/usr/share/fonts")
PLAIN_FACES = (
    "truetype/wqy/wqy-microhei.ttc",
    "truetype/wqy/wqy-zenhei.ttc",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "truetype/droid/DroidSansFallbackFull.ttf",
)
SERIF_FACES = ("truetype/arphic-gbsn00lp/gbsn00lp.ttf", "opentype/noto/NotoSerifCJK-Regular.ttc")
NUMBER_FACES = (
    "opentype/ocr-b/OCRB.otf",
    "opentype/ocr-b/OCRB.otf",
    "truetype/liberation/LiberationMono-Bold.ttf",
    "truetype/dejavu/DejaVuSansMono.ttf",
)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕"
)
GIVEN = (
    "伟芳娜敏静秀丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红建国文辉鹏婷雪梅琳浩宇晨欣怡思雨子涵"
    "嘉豪俊志宏海燕春兰凤云飞龙少卿佩瑶晓东立新永康世昌淑珍慧敬一丁乃千土凡"
)
NATIONS = ("汉",) * 14 + ("回", "满", "壮", "苗", "土家", "蒙古", "维吾尔", "藏", "彝", "朝鲜")
PLACES = (
    ("110105", "北京市朝阳区"),
    ("320106", "南京市鼓楼区"),
    ("330783", "浙江省东阳市"),
    ("370205", "山东省青岛市四方区"),
    ("410102", "郑州市中原区"),
    ("430903", "湖南省益阳市赫山区"),
    ("510802", "四川省广元市市中区"),
    ("610302", "陕西省宝鸡市渭滨区"),
    ("140702", "山西省晋中市榆次区"),
    ("230102", "黑龙江省哈尔滨市道里区"),
)
STREETS = (
    "建设路",
    "人民南路",
    "东风街",
    "文化巷",
    "解放大道",
    "柳林镇石桥村",
    "白塔乡新民村",
    "学府路",
)
TAILS = ("12号", "58号院3号楼2单元501室", "6组27号", "199号1栋1单元10号", "幸福小区4号楼1302")


@dataclass(frozen=True, slots=True)
class Person:
    """What a card says of its holder."""

    name: str
    sex: str
    nation: str
    birth: dt.date
    address: str
    number: str


def pick(rng: Rng, things: Sequence[Any]) -> Any:
    return things[int(rng.integers(len(things)))]


def between(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def with_check_digit(first: str) -> str:
    """Seventeen digits and the character that ISO 7064 MOD 11-2 asks for."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True))
    return first + "10X98765432"[total % 11]


def draw_person(rng: Rng) -> Person:
    """A made-up person of 18 to 55."""
    code, place = pick(rng, PLACES)
    birth = dt.date(1971, 1, 1) + dt.timedelta(days=int(rng.integers(0, 365 * 36)))
    sex = pick(rng, "男女")
    serial = 2 * int(rng.integers(5, 499)) + (sex == "男")
    letters = int(rng.choice([1, 2, 2, 2, 3]))
    name = pick(rng, SURNAMES) + "".join(pick(rng, GIVEN) for _ in range(letters))
    return Person(
        name,
        sex,
        pick(rng, NATIONS),
        birth,
        place + pick(rng, STREETS) + pick(rng, TAILS),
        with_check_digit(f"{code}{birth:%Y%m%d}{serial:03d}"),
    )


# --- light ---------------------------------------------------------------------------------------

_TO_LINEAR = ((np.arange(256) / 255) ** 2.2).astype(np.float32)
_TO_PRINT = np.round(255 * (np.arange(4096) / 4095) ** (1 / 2.2)).astype(np.uint8)


def linear(picture: Picture) -> Floats:
    return _TO_LINEAR[picture]


def encoded(scene: Floats) -> Picture:
    return np.asarray(_TO_PRINT[np.clip(scene * 4095 + 0.5, 0, 4095).astype(np.uint16)])


def resized(image: Any, width: int, height: int) -> Any:
    """Without aliasing when it shrinks, smooth when it grows."""
    shrinks = width < image.shape[1]
    return cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )


def blurred(image: Any, sigma: float) -> Any:
    """A Gaussian blur; a wide one is made on a smaller picture, which looks the same."""
    if sigma < 6:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    part = 3 / sigma
    size = (max(8, round(width * part)), max(8, round(height * part)))
    small = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), 3)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def cloudy(rng: Rng, height: int, width: int, cells: float) -> Floats:
    """Smooth noise about 0 with a spread of 1, ``cells`` blobs across the longer side."""
    step = max(height, width) / cells
    rough = rng.standard_normal((max(2, round(height / step)) + 2, max(2, round(width / step)) + 2))
    return np.asarray(
        cv2.resize(rough.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    )


# --- the printed card ----------------------------------------------------------------------------


@lru_cache(maxsize=256)
def font(path: str, pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / path), pixels)


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes on a drawing in millimetres."""

    draw: ImageDraw.ImageDraw

    def write(
        self,
        at: tuple[float, float],
        text: str,
        face: str,
        height: float,
        ink: Ink,
        pitch: float = 0.0,
    ) -> None:
        """Text whose em is ``height`` mm, its middle line at ``at``; ``pitch`` mm a character."""
        letters = font(face, round(height * MM))
        x, y = at
        for part in text if pitch else [text]:
            self.draw.text((x * MM, y * MM), part, font=letters, fill=ink, anchor="lm")
            x += pitch


@lru_cache(maxsize=6)
def guilloche(variant: int) -> Floats:
    """Security lines on pale ground, cyan at the left to rose in the middle: HxWx3 in 0–1."""
    rng = np.random.default_rng(900 + variant)
    height, width = round(CARD_H * MM), round(CARD_W * MM)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    blend = np.clip(np.abs(x - between(rng, 0.45, 0.6)) * 2.2, 0, 1)[..., None]
    rose = np.array([0.95, 0.895, 0.885], np.float32) + 0.02 * rng.standard_normal(3)
    cyan = np.array([0.845, 0.915, 0.94], np.float32) + 0.02 * rng.standard_normal(3)
    ground = rose * (1 - blend) + cyan * blend
    for ink, freq in (((0.16, 0.07, 0.04), 46), ((0.03, 0.09, 0.08), 58), ((0.10, 0.03, 0.07), 37)):
        a, b, c, d = rng.uniform(0.6, 1.6, 4)
        wave = 0.10 * np.sin(9 * a * x + 3 * y) + 0.05 * np.sin(17 * b * x - 5 * c * y)
        lines = np.abs(np.sin(np.pi * freq * (y + wave + 0.12 * d * x * x)))
        ground = ground - (lines < 0.22)[..., None] * np.array(ink, np.float32)
    middle = (between(rng, 0.2, 0.45), between(rng, 0.4, 0.6))
    radius = np.hypot((x - middle[0]) * CARD_W / CARD_H, y - middle[1])
    angle = np.arctan2(y - middle[1], x - middle[0])
    petals = np.abs(np.sin(np.pi * (34 * radius + 1.3 * np.sin(12 * angle))))
    rosette = ((petals < 0.2) & (radius < 0.42))[..., None]
    ground = ground - rosette * np.array([0.09, 0.06, 0.03], np.float32)
    return np.asarray(cv2.GaussianBlur(np.clip(ground, 0, 1).astype(np.float32), (0, 0), 1.0))


def _address_lines(address: str, per_line: int) -> list[str]:
    return [address[i : i + per_line] for i in range(0, len(address), per_line)]


def print_front(person: Person, portrait: Picture, rng: Rng, *, temporary: bool = False) -> Picture:
    """The side with the portrait."""
    ground = guilloche(int(rng.integers(6)))
    if temporary:
        ground = ground[:, ::-1] * np.array([1.03, 0.99, 0.86], np.float32)
    image = Image.fromarray(np.clip(255 * ground, 0, 255).astype(np.uint8))
    pen = Pen(ImageDraw.Draw(image))
    face = pick(rng, SERIF_FACES if rng.random() < 0.15 else PLAIN_FACES)
    digits = pick(rng, NUMBER_FACES)
    blue = tuple(int(v) for v in rng.integers((45, 105, 150), (95, 150, 205)))
    black = tuple(int(v) for v in rng.integers((18, 18, 20), (50, 46, 50)))
    dx, dy = between(rng, -0.5, 0.5), between(rng, -0.5, 0.5)
    down = 3.0 if temporary else 0.0
    squeeze = 0.9 if temporary else 1.0

    def label(x: float, y: float, text: str) -> None:
        pen.write((x + dx, y * squeeze + dy + down), text, face, 2.75, blue, 3.2)

    def value(x: float, y: float, text: str, size: float = 3.45) -> None:
        pen.write((x + dx, y * squeeze + dy + down), text, face, size, black, size * 1.03)

    pen.write((31, 3.2), "样本 SPECIMEN", face, 2.0, (196, 208, 214))
    label(5.0, 8.4, "姓名")
    value(14.8, 8.3, person.name, 4.0)
    label(5.0, 15.2, "性别")
    value(14.8, 15.2, person.sex)
    label(23.8, 15.2, "民族")
    value(32.4, 15.2, person.nation)
    label(5.0, 21.9, "出生")
    for x, part, mark in ((14.8, person.birth.year, "年"), (28.0, person.birth.month, "月")):
        pen.write(
            (x + dx, 21.9 * squeeze + dy + down), str(part), face_for_digits(face), 3.5, black
        )
        label(x + (9.4 if mark == "年" else 5.2), 21.9, mark)
    pen.write(
        (37.4 + dx, 21.9 * squeeze + dy + down),
        str(person.birth.day),
        face_for_digits(face),
        3.5,
        black,
    )
    label(42.8, 21.9, "日")
    label(5.0, 28.6, "住址")
    for row, line in enumerate(_address_lines(person.address, 11)):
        _write_mixed(pen, (14.8 + dx, (28.6 + 4.6 * row) * squeeze + dy + down), line, face, black)
    if temporary:
        pen.write((24, 3.6), "临时居民身份证", face, 3.8, (150, 30, 40), 5.0)
        label(5.0, 45.2, "有效期限")
        value(20.5, 45.2, "2024.05.11-2024.08.11", 2.6)
    number_y = 49.6 if temporary else 46.4
    pen.write((5.0 + dx, number_y + dy), "公民身份号码", face, 2.75, blue, 3.1)
    pitch = between(rng, 2.65, 2.85)
    height = 3.9 if "OCRB" in digits else 4.1
    pen.write((29.2 + dx, number_y + dy), person.number, digits, height, black, pitch)
    left, top = round((54.8 + dx) * MM), round((6.6 + dy) * MM)
    size = (round(25.5 * MM), round(31.5 * MM))
    pixels = np.array(image)
    paper = pixels[top : top + size[1], left : left + size[0]]
    photo = resized(portrait, *size).astype(np.float32) / 255
    paper[:] = np.clip(paper * photo, 0, 255).astype(np.uint8)
    return _printed(pixels, rng)


def face_for_digits(face: str) -> str:
    """The fallback face has no Latin digits."""
    return PLAIN_FACES[0] if "Droid" in face else face


def _write_mixed(pen: Pen, at: tuple[float, float], line: str, face: str, ink: Ink) -> None:
    x, y = at
    for letter in line:
        narrow = letter.isascii()
        pen.write((x, y), letter, face_for_digits(face) if narrow else face, 3.3, ink)
        x += 1.9 if narrow else 3.45


def print_back(rng: Rng, *, temporary: bool = False) -> Picture:
    """The side with the emblem: a plain roundel stands for it."""
    ground = guilloche(int(rng.integers(6)))[::-1]
    image = Image.fromarray(np.clip(255 * ground, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    pen = Pen(draw)
    face = pick(rng, PLAIN_FACES)
    title = SERIF_FACES[1] if rng.random() < 0.7 else face
    red, gold = (186, 38, 44), (222, 176, 84)
    x, y, r = 14.5 * MM, 14.0 * MM, 8.2 * MM
    draw.ellipse((x - r, y - r, x + r, y + r), fill=gold)
    draw.ellipse((x - 0.84 * r, y - 0.84 * r, x + 0.84 * r, y + 0.84 * r), fill=red)
    for turn in range(5):
        a = np.pi * (1.05 + 0.225 * turn)
        sx, sy = x + 0.55 * r * np.cos(a), y + 0.55 * r * np.sin(a)
        draw.regular_polygon((sx, sy, 0.13 * r), 5, fill=gold)
    draw.rectangle((x - 0.5 * r, y + 0.2 * r, x + 0.5 * r, y + 0.45 * r), fill=gold)
    black = (30, 28, 32)
    pen.write((29.0, 11.0), "中华人民共和国", title, 5.2, black, 6.6)
    words = "临时居民身份证" if temporary else "居民身份证"
    pen.write((28.0, 20.5), words, title, 7.0, black, 7.4 if temporary else 10.2)
    pen.write((31, 28.0), "样本 SPECIMEN", face, 2.0, (196, 208, 214))
    place = pick(rng, ("朝阳分局", "公安局", "鼓楼分局"))
    digits = face_for_digits(face)
    start = int(rng.integers(2009, 2024))
    period = f"{start}.03.12-" + (f"{start}.06.11" if temporary else f"{start + 20}.03.12")
    pen.write((20.0, 40.0), "签发机关", face, 2.8, black, 3.2)
    pen.write((35.5, 40.0), "东阳市" + place, face, 3.2, black, 3.4)
    pen.write((20.0, 46.5), "有效期限", face, 2.8, black, 3.2)
    pen.write((35.5, 46.5), period, digits, 3.2, black)
    return _printed(np.array(image), rng)


def _printed(pixels: Picture, rng: Rng) -> Picture:
    """Ink spreads a little and is never quite even."""
    soft = blurred(pixels, between(rng, 0.8, 1.5)).astype(np.float32)
    grain = rng.standard_normal((pixels.shape[0] // 2, pixels.shape[1] // 2, 1)).astype(np.float32)
    soft += 2.0 * resized(grain, pixels.shape[1], pixels.shape[0])[..., None]
    return np.asarray(np.clip(soft, 0, 255), np.uint8)


def card_shape(clipped: float = 0.0, corner: int = 0) -> Floats:
    """Opacity of the card, rounded by 3.18 mm; one corner may be cut off ``clipped`` mm."""
    height, width = round(CARD_H * MM), round(CARD_W * MM)
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), radius=round(3.18 * MM), fill=255)
    if clipped:
        x, y = (0, width)[corner % 2], (0, height)[corner // 2]
        cut = clipped * MM
        draw.polygon(
            [(x, y), (x + (cut if x == 0 else -cut), y), (x, y + (cut if y == 0 else -cut))], fill=0
        )
    return (np.array(image) / np.float32(255)).astype(np.float32)


# --- where the camera stands ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class View:
    """A picture's size and the way from millimetres on the card to its pixels."""

    width: int
    height: int
    to_pixels: Matrix

    @property
    def scale(self) -> float:
        """Pixels a millimetre at the card's middle."""
        left, right = self.points([(CARD_W / 2 - 5, CARD_H / 2), (CARD_W / 2 + 5, CARD_H / 2)])
        return float(np.hypot(*(right - left)) / 10)

    def points(self, places: Sequence[tuple[float, float]]) -> Matrix:
        """Pixels of places on the card, Nx2."""
        flat = np.array([[*place, 1.0] for place in places]) @ self.to_pixels.T
        return np.asarray(flat[:, :2] / flat[:, 2:])

    def corners(self) -> Matrix:
        return self.points([(0, 0), (CARD_W, 0), (CARD_W, CARD_H), (0, CARD_H)])

    def moved(self, x: float, y: float, turn: float = 0.0) -> View:
        """The same camera, for something that lies ``x``, ``y`` mm away, turned by degrees."""
        c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        shift = np.array([[c, -s, x], [s, c, y], [0, 0, 1.0]])
        return View(self.width, self.height, self.to_pixels @ shift)


def aim(
    rng: Rng,
    width: int,
    height: int,
    *,
    share: float,
    tilt: float,
    roll: float = 0.0,
    middle: tuple[float, float] | None = None,
) -> View:
    """A pinhole camera looking at the card.

    Args:
        rng: draws the side to which the camera leans.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        share: the card's width as a part of the picture's width.
        tilt: degrees between the line of sight and the card's normal.
        roll: degrees by which the card is turned in the picture.
        middle: where the card's middle falls, as parts of width and height; the centre by default.
    """
    focal = between(rng, 0.8, 1.15) * max(width, height)
    distance = focal * CARD_W / (share * width)
    side, lean, turn = between(rng, 0, 2 * np.pi), np.radians(tilt), np.radians(roll)
    axis = np.array([np.cos(side), np.sin(side), 0]) * lean
    rotation = cv2.Rodrigues(axis)[0] @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    x, y = middle or (0.5, 0.5)
    lens = np.array([[focal, 0, x * width], [0, focal, y * height], [0, 0, 1]])
    place = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    centred = np.array([[1, 0, -CARD_W / 2], [0, 1, -CARD_H / 2], [0, 0, 1.0]])
    return View(width, height, np.asarray(lens @ place @ centred, np.float64))


def framed(rng: Rng, width: int, height: int, *, share: float, tilt: float, roll: float) -> View:
    """Like `aim`, off centre at random, and backed off until the card is wholly inside."""
    spot = (between(rng, 0.4, 0.6), between(rng, 0.42, 0.58))
    for _ in range(40):
        view = aim(rng, width, height, share=share, tilt=tilt, roll=roll, middle=spot)
        corners = view.corners()
        room = np.minimum(corners, np.array([width, height]) - corners) / min(width, height)
        if float(room.min()) > 0.025:
            return view
        share *= 0.95
    return view


def warped(view: View, image: Any, pixels_per_mm: float, origin: tuple[float, float]) -> Any:
    """An image that lies on the card's plane, as the camera sees it; black outside."""
    back = np.array(
        [[1 / pixels_per_mm, 0, origin[0]], [0, 1 / pixels_per_mm, origin[1]], [0, 0, 1.0]]
    )
    return cv2.warpPerspective(
        image, view.to_pixels @ back, (view.width, view.height), flags=cv2.INTER_LINEAR
    )


# --- surfaces under the card ---------------------------------------------------------------------

SURFACES = ("wood", "cloth", "white desk", "dark desk", "clutter", "granite", "sheet", "palm")


def _texture(surface: str, rng: Rng, height: int, width: int, scale: float) -> Floats:
    """sRGB 0–1 of a surface, ``scale`` pixels a millimetre."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / scale, y / scale
    fine = rng.standard_normal((height, width), dtype=np.float32)
    if surface == "wood":
        coarse = rng.standard_normal((round(height / scale / 0.5), round(width / scale / 25)))
        streak = cv2.resize(
            coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        rings = np.sin(y * between(rng, 0.25, 0.6) + 3 * cloudy(rng, height, width, 4))
        tone = 1 + 0.07 * streak + 0.05 * rings - 0.35 * (np.mod(y + 20, 95) < 0.6)
        base = pick(rng, ((0.68, 0.50, 0.33), (0.47, 0.31, 0.20), (0.80, 0.66, 0.48)))
    elif surface == "cloth":
        pitch = between(rng, 0.9, 1.6)
        weave = np.sin(2 * np.pi * x / pitch) * np.sin(2 * np.pi * y / pitch)
        folds = cloudy(rng, height, width, 3)
        check = (np.mod(x, 28) < 9) * 0.10 + (np.mod(y, 28) < 9) * 0.10
        tone = 1 + 0.06 * weave + 0.09 * folds + 0.03 * fine - check * (rng.random() < 0.5)
        base = tuple(rng.uniform(0.2, 0.75, 3))
    elif surface == "white desk":
        tone = 1 + 0.012 * cloudy(rng, height, width, 60) + 0.012 * fine
        base = (0.88, 0.88, 0.865)
    elif surface == "dark desk":
        tone = 1 + 0.10 * cloudy(rng, height, width, 90) + 0.08 * fine
        base = pick(rng, ((0.13, 0.12, 0.12), (0.20, 0.16, 0.14), (0.10, 0.12, 0.16)))
    elif surface == "granite":
        specks = cloudy(rng, height, width, width / scale / 1.2)
        tone = 1 + 0.22 * np.clip(specks, -1.5, 1.5) + 0.10 * cloudy(rng, height, width, 40)
        base = pick(rng, ((0.55, 0.53, 0.52), (0.36, 0.35, 0.37)))
    else:  # a printed bed sheet
        tone = 1 + 0.05 * cloudy(rng, height, width, 5) + 0.02 * fine
        base = pick(rng, ((0.82, 0.74, 0.76), (0.66, 0.76, 0.84), (0.85, 0.83, 0.72)))
    image = np.array(base, np.float32) * tone.astype(np.float32)[..., None]
    if surface == "sheet":
        for _ in range(140):
            spot = (int(rng.integers(width)), int(rng.integers(height)))
            colour = tuple(float(v) for v in rng.uniform(0.35, 0.95, 3))
            cv2.circle(
                image, spot, max(2, round(between(rng, 2, 7) * scale)), colour, -1, cv2.LINE_AA
            )
    return np.asarray(np.clip(image, 0, 1), np.float32)


def table(view: View, rng: Rng, surface: str) -> Floats:
    """The scene without a card."""
    scale = view.scale
    reach = 2.2 * max(view.width, view.height) / scale
    drawn = min(scale, 1600 / reach)
    side = round(reach * drawn)
    ground = pick(rng, ("wood", "white desk")) if surface == "clutter" else surface
    ground = pick(rng, ("wood", "dark desk", "granite")) if surface == "palm" else ground
    texture = _texture(ground, rng, side, side, drawn)
    if surface == "clutter":
        texture = _clutter(texture, rng, drawn)
    if surface == "palm":
        texture = blurred(texture, 3 * drawn)
    start = (CARD_W / 2 - reach / 2, CARD_H / 2 - reach / 2)
    back = np.array([[1 / drawn, 0, start[0]], [0, 1 / drawn, start[1]], [0, 0, 1.0]])
    scene = cv2.warpPerspective(
        np.asarray(texture, np.float32),
        view.to_pixels @ back,
        (view.width, view.height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.clip(scene, 0, 1) ** np.float32(2.2)


def _clutter(texture: Floats, rng: Rng, scale: float) -> Floats:
    """A keyboard above, a printed page at a side, a pen."""
    side = texture.shape[0]
    image = Image.fromarray((255 * texture).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    middle = side / 2

    def box(x: float, y: float, w: float, h: float, fill: Ink, r: float) -> None:
        at = (middle + x * scale, middle + y * scale)
        draw.rounded_rectangle((*at, at[0] + w * scale, at[1] + h * scale), r * scale, fill=fill)

    page_x = between(rng, 36, 60) * (1 if rng.random() < 0.5 else -1)
    x0 = page_x if page_x > 0 else page_x - 150
    box(x0, -70, 150, 210, (244, 243, 238), 0)
    small = font(PLAIN_FACES[2], max(4, round(3.6 * scale)))
    for row in range(26):
        words = "".join(pick(rng, GIVEN) for _ in range(34))
        spot = (middle + (x0 + 10) * scale, middle + (-60 + 7 * row) * scale)
        draw.text(spot, words, font=small, fill=(60, 60, 66))
    top = -between(rng, 62, 70) - 60
    box(-130, top, 260, 84, (52, 53, 57), 4)
    for row in range(4):
        for key in range(13):
            box(-124 + 19.2 * key + 4 * row, top + 5 + 19 * row, 16.5, 16, (28, 29, 32), 2)
    a, b = rng.uniform(-100, -50, 2), rng.uniform(35, 90, 2)
    line = [
        (middle + a[0] * scale, middle + b[0] * scale),
        (middle + (a[0] + 90) * scale, middle + b[1] * scale),
    ]
    draw.line(line, fill=(30, 50, 130), width=max(2, round(8 * scale)))
    return np.asarray(np.array(image) / np.float32(255), np.float32)


# --- hands ---------------------------------------------------------------------------------------

HAND_REACH = (-110.0, -60.0, 305.0, 320.0)  # x, y, width, height of the drawn region, mm


@dataclass(frozen=True, slots=True)
class Finger:
    """A tapering capsule from ``root`` to ``tip``."""

    root: tuple[float, float]
    tip: tuple[float, float]
    thick: float
    nail: bool = False


def draw_fingers(
    fingers: Sequence[Finger], skin: Sequence[float], rng: Rng, scale: float
) -> tuple[Floats, Floats]:
    """Colour (linear, HxWx3) and opacity (HxW) of fingers over `HAND_REACH`."""
    x0, y0, wide, high = HAND_REACH
    height, width = round(high * scale), round(wide * scale)
    colour = np.zeros((height, width, 3), np.float32)
    opacity = np.zeros((height, width), np.float32)
    mottle = 1 + 0.05 * cloudy(rng, height, width, 60)
    for finger in fingers:
        ends = np.array([finger.root, finger.tip])
        low = np.floor((ends.min(0) - finger.thick - (x0, y0)) * scale).astype(int).clip(0)
        high_ = np.ceil((ends.max(0) + finger.thick - (x0, y0)) * scale).astype(int).clip(1)
        part = np.s_[low[1] : min(high_[1], height), low[0] : min(high_[0], width)]
        rows, columns = opacity[part].shape
        if not rows or not columns:
            continue
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        places = ((x + low[0]) / scale + x0, (y + low[1]) / scale + y0)
        paint, cover = _finger(finger, np.array(skin, np.float32), places, scale)
        paint = paint * mottle[part][..., None]
        colour[part] = colour[part] * (1 - cover[..., None]) + paint * cover[..., None]
        opacity[part] = np.maximum(opacity[part], cover)
    return colour, opacity


def _finger(
    finger: Finger, tone: Floats, places: tuple[Floats, Floats], scale: float
) -> tuple[Floats, Floats]:
    """One finger's colour and opacity at places given in mm."""
    x, y = places[0] - finger.root[0], places[1] - finger.root[1]
    dx, dy = finger.tip[0] - finger.root[0], finger.tip[1] - finger.root[1]
    length = float(np.hypot(dx, dy))
    t = np.clip((x * dx + y * dy) / length**2, 0, 1)
    radius = finger.thick / 2 * (1.12 - 0.26 * t)
    q = np.hypot(x - t * dx, y - t * dy) / radius
    shade = 0.42 + 0.58 * np.sqrt(np.clip(1 - 0.92 * q * q, 0, 1))
    for joint in (0.35, 0.68):
        shade = shade - 0.07 * np.exp(-(((t - joint) * length) ** 2) / 0.8)
    paint = tone * shade[..., None]
    paint[..., 0] *= 1 + 0.10 * t**3
    if finger.nail:
        along = ((x - 0.97 * dx) * dx + (y - 0.97 * dy) * dy) / length
        across = (y * dx - x * dy) / length
        nail = (along / (0.36 * finger.thick)) ** 2 + (across / (0.30 * finger.thick)) ** 2
        lit = np.clip((1.05 - nail) * 6, 0, 1)[..., None]
        paint = paint * (1 - lit) + lit * (tone * np.float32(1.12) + 0.05) * shade[..., None]
    cover = np.clip((1 - q) * radius * scale, 0, 1)
    return np.asarray(paint, np.float32), np.asarray(cover, np.float32)


def lay_fingers(
    scene: Floats, view: View, fingers: Sequence[Finger], skin: Sequence[float], rng: Rng
) -> Floats:
    """Fingers in front of everything, with their soft shadow."""
    scale = min(view.scale, 6.0)
    colour, opacity = draw_fingers(fingers, skin, rng, scale)
    origin = HAND_REACH[:2]
    cover = warped(view, opacity, scale, origin)
    paint = warped(view, colour, scale, origin)
    shadow = warped(view.moved(0.8, 1.2), opacity, scale, origin)
    shadow = blurred(shadow, max(1.0, 1.4 * view.scale))
    scene = scene * (1 - 0.35 * shadow[..., None])
    return np.asarray(scene * (1 - cover[..., None]) + paint * _ratio(cover), np.float32)


def _ratio(cover: Floats) -> Floats:
    """Painted colour is already zero outside; keep soft rims from turning dark twice."""
    return np.asarray(cover > 0, np.float32)[..., None]


def palm_under(rng: Rng) -> list[Finger]:
    """An open hand below the card, coming from the lower edge of the picture."""
    lean = between(rng, -10, 10)
    fingers = [
        Finger((62 + 3 * i + lean, 46), (74 + 9 * i + lean, -2 - 5 * i), 17) for i in range(3)
    ]
    palm = [Finger((40 + 6 * i + lean, 140), (36 + 11 * i + lean, 36), 46) for i in range(3)]
    return [*fingers, *palm]


# --- card on the scene ---------------------------------------------------------------------------


def lay_card(
    scene: Floats,
    view: View,
    card: Picture,
    rng: Rng,
    *,
    shape: Floats | None = None,
    depth: float = 0.8,
    blur: float = 0.0,
) -> Floats:
    """The card with its edge and its shadow.

    Args:
        scene: what is there already.
        view: the camera, and where the card lies.
        card: the print, as large as `print_front` makes it.
        rng: draws the light's side.
        shape: opacity of the card; see `card_shape`.
        depth: mm of thickness and shadow; 0 for print on the same sheet.
        blur: pixels of defocus of the card alone.
    """
    shape = card_shape() if shape is None else shape
    scale = min(float(MM), 1.2 * view.scale)
    height, width = round(CARD_H * scale), round(CARD_W * scale)
    paper = resized(linear(card), width, height)
    outline = resized(shape, width, height)
    cover = warped(view, np.pad(outline, 2), scale, (-2 / scale, -2 / scale))
    # Pixels that straddle the rim mix with what lies beside the print; give them its own colour.
    print_ = warped(
        view,
        cv2.copyMakeBorder(paper, 2, 2, 2, 2, cv2.BORDER_REPLICATE),
        scale,
        (-2 / scale, -2 / scale),
    )
    if depth:
        side = between(rng, 0, 2 * np.pi)
        far = depth * between(rng, 0.8, 2.6)
        shadow = warped(view.moved(far * np.cos(side), far * np.sin(side)), outline, scale, (0, 0))
        soft = max(0.8, depth * between(rng, 0.6, 1.6) * view.scale)
        shadow = blurred(shadow, soft)
        scene = scene * (1 - between(rng, 0.25, 0.55) * shadow[..., None])
        lean = between(rng, 0.15, 0.5) * depth
        edge = warped(
            view.moved(lean * np.cos(side + 1), lean * np.sin(side + 1)), outline, scale, (0, 0)
        )
        rim = np.float32(between(rng, 0.25, 0.7))
        scene = scene * (1 - edge[..., None]) + rim * edge[..., None]
    if blur:
        cover = blurred(cover, blur)
        print_ = blurred(print_, blur)
    cover = np.clip(cover, 0, 1)[..., None]
    return np.asarray(scene * (1 - cover) + np.clip(print_, 0, 1) * cover, np.float32)


def soft_spot(
    view: View, at: tuple[float, float], size: tuple[float, float], turn: float
) -> Floats:
    """A blob on the card's plane, 1 in its middle: for glare and shadow. ``size`` mm."""
    scale, reach = 2.0, 200.0
    side = round(reach * scale)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / scale
    x, y = x - reach / 2, y - reach / 2
    c, s = np.cos(turn), np.sin(turn)
    far = np.hypot((c * x + s * y) / size[0], (c * y - s * x) / size[1])
    blob = np.exp(-(far**4))
    origin = (at[0] - reach / 2, at[1] - reach / 2)
    return np.asarray(warped(view, blob.astype(np.float32), scale, origin), np.float32)


def uneven_light(rng: Rng, height: int, width: int, strength: float) -> Floats:
    """A slow slope over the picture, HxWx1."""
    side = between(rng, 0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    slope = x * np.cos(side) + y * np.sin(side)
    return np.asarray((1 + strength * slope - 0.06 * (x * x + y * y))[..., None], np.float32)


# --- camera --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Camera:
    """One exposure: softness in pixels, noise as a part of full scale, brightness."""

    softness: float
    noise: float
    exposure: float
    tint: tuple[float, float, float]
    sharpening: float


def draw_camera(rng: Rng, *, noise: tuple[float, float] = (0.004, 0.02)) -> Camera:
    warm = between(rng, -0.05, 0.05)
    return Camera(
        softness=between(rng, 0.35, 0.7),
        noise=between(rng, *noise),
        exposure=between(rng, 0.8, 1.05),
        tint=(1 + warm, 1.0, 1 - warm),
        sharpening=between(rng, 0.2, 0.7),
    )


def photograph(scene: Floats, camera: Camera, rng: Rng) -> Picture:
    """Lens, colour mosaic, shot noise, demosaicing, noise reduction, tone curve."""
    seen = cv2.GaussianBlur(np.asarray(scene, np.float32), (0, 0), camera.softness)
    scene = seen * (np.array(camera.tint, np.float32) * np.float32(camera.exposure))
    height, width = scene.shape[:2]
    mosaic = np.empty((height, width), np.float32)
    for row, column, channel in ((0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        mosaic[row::2, column::2] = scene[row::2, column::2, channel]
    grain = rng.standard_normal((height, width), dtype=np.float32)
    mosaic += camera.noise * np.sqrt(np.clip(mosaic, 0, 1) * 0.6 + 0.02) * grain
    counts = np.clip(mosaic * 40000 + 800, 0, 65535).astype(np.uint16)
    # OpenCV names patterns by their second row: this is blue first.
    rebuilt = cv2.cvtColor(counts, cv2.COLOR_BayerRG2RGB)
    light = (rebuilt.astype(np.float32) - 800) / 40000
    colour = cv2.cvtColor(encoded(np.clip(light, 0, 1)), cv2.COLOR_RGB2YCrCb)
    colour[..., 1:] = cv2.GaussianBlur(colour[..., 1:], (0, 0), 1.6)
    luma = colour[..., 0].astype(np.float32)
    luma += camera.sharpening * (luma - blurred(luma, 1.3))
    colour[..., 0] = np.clip(luma, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_YCrCb2RGB), np.uint8)


def motion(scene: Floats, rng: Rng, length: float) -> Floats:
    """Hand shake of ``length`` pixels."""
    size = max(3, round(length) | 1)
    kernel = np.zeros((size, size), np.float32)
    a = between(rng, 0, np.pi)
    middle, dx, dy = size / 2 - 0.5, np.cos(a) * length / 2, np.sin(a) * length / 2
    ends = [(round(middle + k * dx), round(middle + k * dy)) for k in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), np.float32)


def defocus(scene: Floats, radius: float) -> Floats:
    """Out of focus: a disc of ``radius`` pixels."""
    size = 2 * int(np.ceil(radius)) + 1
    y, x = np.mgrid[0:size, 0:size] - size // 2
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(scene, -1, disc / disc.sum()), np.float32)


# --- copies and screens --------------------------------------------------------------------------


def photocopied(card: Picture, rng: Rng, *, grey: bool) -> Picture:
    """What a copier or printer makes of the card, on white paper."""
    image = card.astype(np.float32) / 255
    if grey:
        image = np.repeat(image @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2)
        image = np.clip((image - 0.06) * between(rng, 1.05, 1.3), 0, 1)
    else:
        mean = image.mean(2, keepdims=True)
        image = mean + (image - mean) * between(rng, 0.75, 1.25)
        image = np.clip(image * rng.uniform(0.93, 1.03, 3) * between(rng, 1.0, 1.06), 0, 1)
    image = blurred(image, between(rng, 1.5, 3.0))
    height, width = image.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pitch, a = MM / between(rng, 4.5, 7.0), np.radians(between(rng, 15, 75))
    dots = np.cos(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / pitch) * np.cos(
        2 * np.pi * (y * np.cos(a) - x * np.sin(a)) / pitch
    )
    image = image + (0.06 * dots + 0.02 * rng.standard_normal((height, width)))[
        ..., None
    ] * np.clip(1.2 - image, 0.1, 1)
    return np.asarray(np.clip(255 * image, 0, 255), np.uint8)


def on_screen(
    shown: Picture, rng: Rng, width: int, height: int, *, fill: float, cells: float
) -> Floats:
    """A screen seen by the camera: linear scene with its stripes of red, green and blue.

    Args:
        shown: what the screen displays, in its own pixels.
        rng: draws the camera's place.
        width: of the camera's picture.
        height: of the camera's picture.
        fill: the screen's width as a part of the picture's; above 1 no rim of it is seen.
        cells: share of a screen pixel that shines, across; the rest is black.
    """
    rows, columns = shown.shape[:2]
    tilt = between(rng, 0, 14)
    screen = aim(
        rng, width, height, share=fill, tilt=tilt, roll=between(rng, -4, 4),
        middle=(between(rng, 0.47, 0.53), between(rng, 0.47, 0.53)),
    )  # fmt: skip
    stretch = np.array(
        [
            [CARD_W / columns, 0, 0],
            [0, CARD_W / columns, CARD_H / 2 - CARD_W * rows / columns / 2],
            [0, 0, 1.0],
        ]
    )
    back = np.linalg.inv(screen.to_pixels @ stretch)
    light = linear(shown)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
    u = ((back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth).astype(np.float32)
    v = ((back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth).astype(np.float32)
    seen = cv2.remap(light, u - 0.5, v - 0.5, cv2.INTER_LINEAR)
    across, down = np.abs(np.gradient(u, axis=1)), np.abs(np.gradient(v, axis=0))
    rows_lit = _lit_share(v, down, 0.07, 0.86)
    scene = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        stripe = _lit_share(u, across, (channel + 0.5 - cells / 2) / 3, cells / 3)
        scene[..., channel] = seen[..., channel] * stripe * rows_lit
    glow = between(rng, 0.004, 0.015)
    return np.asarray(scene * (3 / cells / 0.86) + glow, np.float32)


def _lit_share(at: Floats, reach: Floats, start: float, wide: float) -> Floats:
    """How much of a camera pixel ``reach`` wide at ``at`` sees the lit part of screen pixels.

    Every screen pixel is 1 wide and lit from ``start`` for ``wide``.
    """

    low, high = at - reach / 2, at + reach / 2
    whole = (np.floor(high) - np.floor(low)) * wide
    parts = [np.clip(place - np.floor(place) - start, 0, wide) for place in (high, low)]
    return np.asarray((whole + parts[0] - parts[1]) / reach, np.float32)
