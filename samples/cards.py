"""Drawn resident ID cards of people who do not exist; each says SPECIMEN 样本.

Proportions follow published pictures of the second-generation card (ISO/IEC 7810 ID-1,
85.6 × 54 mm, here 1012 × 638 = 300 dpi). Nothing is traced from a real card: the background is
made of waves, the emblem is a placeholder, and the portrait is whoever is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from cards_people import Fields
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Rgb = NDArray[np.uint8]
Mask = NDArray[np.float32]
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
Font = tuple[str, int] | None

WIDTH, HEIGHT = 1012, 638
FONT_FOLDER = Path("/usr/share/fonts")
DROID: Font = ("truetype/droid/DroidSansFallbackFull.ttf", 0)
PILLOW: Font = None  # the font inside Pillow: digits and Latin letters
# What is looked for where Droid's letters are not installed.
_INSTEAD = (
    ("truetype/wqy/wqy-microhei.ttc", 0),
    ("truetype/wqy/wqy-zenhei.ttc", 0),
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("truetype/arphic/uming.ttc", 0),
)

BLUE_INK = (66, 128, 178)
BLACK_INK = (28, 28, 32)
PALE = ((214, 229, 240), (233, 222, 236), (222, 235, 228), (240, 236, 226))


@dataclass(frozen=True, slots=True)
class Style:
    """How one issuer prints.

    Attributes:
        text: font of the Chinese letters, file below the font folder and index in it.
        digits: font of the number and the date.
        labels: colour of the labels.
        ink: colour of the values.
        tints: colours of the background, from the left to the right.
        waves: strength of the line pattern, grey levels.
        radius: of the corners, pixels at 1012 wide.
        size: letters larger or smaller than usual, times.
        shift: whole layout moved, pixels at 1012 wide.
        spread: extra distance between the number's digits, share of the letter size.
        rows: middle of the first line, distance of the lines, middle of the number, pixels at 638.
        columns: where labels, values and the number begin, pixels at 1012 wide.
        portrait: x, y, width, height, pixels at 1012 wide.
        seed: of the pattern.
    """

    text: Font = DROID
    digits: Font = PILLOW
    labels: Colour = BLUE_INK
    ink: Colour = BLACK_INK
    tints: tuple[Colour, ...] = PALE
    waves: float = 9.0
    radius: float = 37.0
    size: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    spread: float = 0.12
    rows: tuple[float, float, float] = (128.0, 75.0, 545.0)
    columns: tuple[float, float, float] = (84.0, 190.0, 345.0)
    portrait: Box = (668.0, 112.0, 272.0, 344.0)
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One side of a card, seen straight from above.

    Attributes:
        rgb: (h, w, 3), a multiple of 638 × 1012.
        alpha: (h, w), 0–1: 0 outside the round corners.
        places: field → x, y, width, height in pixels at 1012 wide.
        digit_height: of the number, pixels at 1012 wide; 0 on the emblem's side.
    """

    rgb: Rgb
    alpha: Mask
    places: Mapping[str, Box] = field(default_factory=lambda: MappingProxyType({}))
    digit_height: float = 0.0

    @property
    def scale(self) -> float:
        """Pixels for one pixel at 1012 wide."""
        return float(self.rgb.shape[1] / WIDTH)


class _Page:
    """A picture to write on in pixels at 1012 wide, with what was written where."""

    def __init__(self, style: Style, scale: float) -> None:
        self.style, self.scale = style, scale
        self.rgb = _background(style, scale)
        self.image = Image.fromarray(self.rgb)
        self.draw = ImageDraw.Draw(self.image)
        self.places: dict[str, Box] = {}

    def write(
        self,
        at: tuple[float, float],
        text: str,
        size: float,
        colour: Colour,
        *,
        digits: bool = False,
        gap: float = 0.0,
        name: str = "",
    ) -> float:
        """Write from the left with the middle of the letters at ``at``; where it ended."""
        size *= self.style.size
        x = at[0] + self.style.shift[0]
        y = at[1] + self.style.shift[1]
        start = x
        for character in text:
            latin = digits or character.isascii()
            font = _font(self.style.digits if latin else self.style.text, size * self.scale)
            place = (x * self.scale, y * self.scale)
            self.draw.text(place, character, fill=colour, font=font, anchor="lm")
            x += font.getlength(character) / self.scale + gap * size
        if name:
            box = (start, y - 0.6 * size, x - start, 1.2 * size)
            self.places[name] = _united(self.places[name], box) if name in self.places else box
        return float(x - self.style.shift[0])

    def card(self, digit_height: float = 0.0) -> Card:
        rgb = np.asarray(self.image, np.uint8)
        rng = np.random.default_rng(self.style.seed + 1)
        # Ink spreads a little and paper has a grain.
        soft = cv2.GaussianBlur(rgb, (0, 0), 0.45 * self.scale).astype(np.float32)
        grain = rng.normal(0, 1.6, rgb.shape[:2]).astype(np.float32)[..., None]
        printed = np.clip(np.round(soft + grain), 0, 255).astype(np.uint8)
        alpha = _rounded(rgb.shape[1], rgb.shape[0], self.style.radius * self.scale)
        return Card(printed, alpha, MappingProxyType(self.places), digit_height)


def portrait_side(
    fields: Fields, portrait: NDArray[np.uint8], style: Style, scale: float = 1.0
) -> Card:
    """The side with the person.

    Args:
        fields: what it says.
        portrait: (h, w, 4) head and shoulders cut out, about 4:5.
        style: how it is printed.
        scale: 2 draws twice as large.
    """
    page = _Page(style, scale)
    _specimen(page)
    _place_portrait(page, portrait, style.portrait)
    return _with_fields(page, fields)


def temporary_side(
    fields: Fields, portrait: NDArray[np.uint8], style: Style, scale: float = 1.0
) -> Card:
    """A temporary card: its name above, who issued it and how long it is valid below."""
    page = _Page(style, scale)
    page.write((290, 52), "临时居民身份证", 46, style.ink, gap=0.2, name="title")
    _specimen(page, corner_only=True)
    _place_portrait(page, portrait, (690.0, 112.0, 240.0, 300.0))
    page.style = replace(style, rows=(124.0, 62.0, 468.0))
    card = _with_fields(page, fields)
    page.write((80, 532), "签发机关", 25, style.labels)
    page.write((220, 532), "云山市公安局样本分局", 28, style.ink)
    page.write((80, 586), "有效期限", 25, style.labels)
    page.write((220, 586), "2026.09.01-2026.11.30", 28, style.ink, digits=True)
    return page.card(card.digit_height)


def emblem_side(style: Style, scale: float = 1.0) -> Card:
    """The other side: names of state and document, issuer, validity; a placeholder as emblem."""
    page = _Page(style, scale)
    _specimen(page, corner_only=True)
    _emblem(page)
    page.write((350, 128), "中华人民共和国", 60, style.ink, gap=0.16, name="state")
    page.write((312, 246), "居民身份证", 88, style.ink, gap=0.22, name="title")
    page.write((250, 480), "签发机关", 27, style.ink)
    page.write((410, 480), "云山市公安局样本分局", 31, style.ink, name="issuer")
    page.write((250, 548), "有效期限", 27, style.ink)
    page.write((410, 548), "2019.05.06-2039.05.06", 31, style.ink, digits=True, name="validity")
    return page.card()


def in_grey(card: Card) -> Card:
    """The same without colour."""
    grey = cv2.cvtColor(card.rgb, cv2.COLOR_RGB2GRAY)
    return replace(card, rgb=np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8))


def clipped(card: Card, share: float, corner: int) -> Card:
    """A corner cut off with scissors, ``share`` of the height; corners count clockwise."""
    height, width = card.alpha.shape
    cut = share * height
    points = np.array([[0, 0], [cut, 0], [0, cut]], np.float32)
    if corner in (1, 2):
        points[:, 0] = width - points[:, 0]
    if corner in (2, 3):
        points[:, 1] = height - points[:, 1]
    alpha = card.alpha.copy()
    cv2.fillPoly(alpha, [np.round(points).astype(np.int32)], 0.0, cv2.LINE_AA)
    return replace(card, alpha=alpha)


def _with_fields(page: _Page, fields: Fields) -> Card:
    style = page.style
    top, step, number_at = style.rows
    left, values, number_from = style.columns
    small, large = 27.0, 33.0

    def label(at: tuple[float, float], text: str) -> float:
        return page.write(at, text, small, style.labels, gap=0.55 if len(text) == 2 else 0.02)

    label((left, top), "姓名")
    page.write((values, top), fields.name, 1.1 * large, style.ink, gap=0.12, name="name")
    y = top + step
    label((left, y), "性别")
    page.write((values, y), fields.sex, large, style.ink, name="sex")
    end = label((values + 110, y), "民族")
    page.write((end + 12, y), fields.nation, large, style.ink, name="nation")
    y += step
    label((left, y), "出生")
    end = values
    for value, unit in (
        (fields.birth.year, "年"),
        (fields.birth.month, "月"),
        (fields.birth.day, "日"),
    ):
        end = page.write((end + 8, y), str(value), large, style.ink, digits=True, name="birth")
        end = page.write((end + 12, y), unit, small, style.labels) + 8
    y += step
    label((left, y), "住址")
    for line, part in enumerate(_broken(fields.address, 11)):
        page.write((values, y + 43 * line), part, 0.93 * large, style.ink, name="address")
    page.write((left, number_at), "公民身份号码", small, style.labels, gap=0.04)
    size = 1.27 * large
    page.write(
        (number_from, number_at), fields.number, size, style.ink,
        digits=True, gap=style.spread, name="number",
    )  # fmt: skip
    box = _font(style.digits, 100).getbbox("0123456789X")
    return page.card((box[3] - box[1]) / 100 * size * style.size)


def _broken(text: str, width: float) -> list[str]:
    """Lines at most ``width`` Chinese letters long; digits are half as wide."""
    lines, room = [""], width
    for character in text:
        need = 0.55 if character.isascii() else 1.0
        if need > room:
            lines.append("")
            room = width
        lines[-1] += character
        room -= need
    return lines


def _specimen(page: _Page, *, corner_only: bool = False) -> None:
    """SPECIMEN 样本: plain in a corner, pale and large in the pattern."""
    middle = tuple(int(v) for v in np.mean(page.style.tints, axis=0))
    plain = tuple(max(0, v - 72) for v in middle)
    page.draw.text(
        (page.scale * 930, page.scale * 606), "SPECIMEN",
        fill=plain, font=_font(PILLOW, 23 * page.scale), anchor="rm",
    )  # fmt: skip
    page.draw.text(
        (page.scale * 980, page.scale * 606), "样本",
        fill=plain, font=_font(page.style.text, 21 * page.scale), anchor="rm",
    )  # fmt: skip
    if corner_only:
        return
    pale = tuple(max(0, v - 11) for v in middle)
    for y in (70, 458):
        page.draw.text(
            (page.scale * 470, page.scale * y), "SPECIMEN",
            fill=pale, font=_font(PILLOW, 64 * page.scale), anchor="mm",
        )  # fmt: skip


def _place_portrait(page: _Page, portrait: NDArray[np.uint8], box: Box) -> None:
    """Head and shoulders before the card's own pattern, a little paler than the picture."""
    x, y, width, height = (v * page.scale for v in box)
    x += page.style.shift[0] * page.scale
    y += page.style.shift[1] * page.scale
    size = (round(width), round(height))
    shrinks = size[0] < portrait.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(portrait, size, interpolation=way)
    faded = np.round(30 + 0.86 * scaled[..., :3].astype(np.float32)).astype(np.uint8)
    page.image.paste(
        Image.fromarray(faded), (round(x), round(y)), Image.fromarray(scaled[..., 3].copy())
    )
    page.places["portrait"] = (x / page.scale, y / page.scale, box[2], box[3])


def _emblem(page: _Page) -> None:
    """A red disc with a ring and rays: plainly not the state's emblem."""
    x, y = 170 * page.scale, 176 * page.scale
    for radius, colour in ((104, (186, 52, 48)), (88, (226, 186, 120)), (78, (196, 60, 52))):
        r = radius * page.scale
        page.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    for turn in np.arange(12) * np.pi / 6:
        far = 70 * page.scale
        end = (x + far * np.cos(turn), y + far * np.sin(turn))
        page.draw.line((x, y, *end), fill=(226, 186, 120), width=round(5 * page.scale))


def _background(style: Style, scale: float) -> Rgb:
    """Colours flowing into one another under families of fine waves."""
    width, height = round(WIDTH * scale), round(HEIGHT * scale)
    rng = np.random.default_rng(style.seed)
    ys, xs = np.mgrid[:height, :width].astype(np.float32) / np.float32(scale)
    tints = np.array(style.tints, np.float32)
    way = xs / WIDTH + 0.12 * np.sin(ys / 90)
    place = np.clip(way, 0, 1) * (len(tints) - 1)
    colour = np.stack(
        [np.interp(place, np.arange(len(tints)), tints[:, c]) for c in range(3)], axis=-1
    ).astype(np.float32)
    for _ in range(4):
        period, wave, long = rng.uniform(6, 13), rng.uniform(8, 30), rng.uniform(60, 190)
        turn = rng.uniform(0, np.pi)
        along = xs * np.cos(turn) + ys * np.sin(turn)
        across = ys * np.cos(turn) - xs * np.sin(turn)
        lines = np.cos(2 * np.pi * (across + wave * np.sin(along / long)) / period)
        ink = np.array(rng.dirichlet((2, 2, 2)), np.float32) * 3
        colour -= (style.waves / 2) * np.maximum(lines, 0)[..., None] ** 3 * ink
    return np.clip(np.round(colour), 0, 255).astype(np.uint8)


def _rounded(width: int, height: int, radius: float) -> Mask:
    xs = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2) - (width / 2 - radius)
    ys = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2) - (height / 2 - radius)
    beyond = np.hypot(np.maximum(xs, 0)[None, :], np.maximum(ys, 0)[:, None])
    inside = np.clip(radius + 0.5 - beyond, 0, 1) if radius > 0 else np.ones((height, width))
    return np.asarray(inside, np.float32)


def _united(a: Box, b: Box) -> Box:
    x, y = min(a[0], b[0]), min(a[1], b[1])
    return x, y, max(a[0] + a[2], b[0] + b[2]) - x, max(a[1] + a[3], b[1] + b[3]) - y


def has_font(font: Font) -> bool:
    """Whether this machine has the font."""
    return font is None or (FONT_FOLDER / font[0]).exists()


def _font(font: Font, size: float) -> ImageFont.FreeTypeFont:
    """The font, or another with Chinese letters.

    Raises:
        OSError: none is installed.
    """
    if font is None:
        built_in = ImageFont.load_default(size)
        assert isinstance(built_in, ImageFont.FreeTypeFont), "Pillow is built with FreeType"
        return built_in
    file, index = next((each for each in (font, *_INSTEAD) if has_font(each)), font)
    return ImageFont.truetype(str(FONT_FOLDER / file), size, index=index)
