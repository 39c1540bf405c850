"""A sheet of paper to print on, in millimetres: words, rules, tables, seals, waves, a photo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np
from cards import DROID, FONT_FOLDER, PILLOW, Colour, Font, Rgb, has_font
from cards_tables import clouds
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scans_words import Person, Rng

Point = tuple[float, float]
# x, y, width, height in millimetres.
Area = tuple[float, float, float, float]

BLACK: Colour = (30, 28, 30)
BLUE: Colour = (38, 54, 128)
RED: Colour = (206, 38, 48)
GREY: Colour = (120, 120, 124)

_DEJAVU, _LIBERATION = "truetype/dejavu/DejaVu", "truetype/liberation/Liberation"
_NOTO = "opentype/noto/Noto"


@dataclass(frozen=True, slots=True)
class Press:
    """Whose letters a page is printed with.

    Attributes:
        title: large Chinese letters.
        body: small Chinese letters.
        hand: what is filled in.
        latin: letters of other languages.
    """

    title: Font = DROID
    body: Font = DROID
    hand: Font = DROID
    latin: Font = PILLOW


PRESSES: dict[str, tuple[Press, ...]] = {
    "tune": (
        Press(),
        Press(
            ("truetype/arphic/uming.ttc", 0), ("truetype/arphic/uming.ttc", 0),
            ("truetype/arphic/ukai.ttc", 0), (f"{_LIBERATION}Serif-Regular.ttf", 0),
        ),
        Press(
            ("truetype/wqy/wqy-microhei.ttc", 0), ("truetype/arphic/uming.ttc", 0),
            ("truetype/arphic/ukai.ttc", 0), (f"{_LIBERATION}Sans-Regular.ttf", 0),
        ),
        Press(
            ("truetype/arphic/ukai.ttc", 0), ("truetype/wqy/wqy-microhei.ttc", 0),
            ("truetype/wqy/wqy-microhei.ttc", 0), (f"{_LIBERATION}Serif-Bold.ttf", 0),
        ),
    ),
    "check": (
        Press(
            (f"{_NOTO}SerifCJK-Bold.ttc", 2), (f"{_NOTO}SerifCJK-Regular.ttc", 2),
            ("truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf", 0), (f"{_DEJAVU}Serif.ttf", 0),
        ),
        Press(
            (f"{_NOTO}SansCJK-Bold.ttc", 2), (f"{_NOTO}SansCJK-Regular.ttc", 2),
            (f"{_NOTO}SansCJK-Light.ttc", 2), ("truetype/freefont/FreeSans.ttf", 0),
        ),
        Press(
            ("truetype/lxgw-wenkai/LXGWWenKai-Bold.ttf", 0),
            ("truetype/lxgw-wenkai/LXGWWenKai-Light.ttf", 0),
            ("truetype/lxgw-wenkai/LXGWWenKaiMono-Regular.ttf", 0),
            ("truetype/freefont/FreeSerif.ttf", 0),
        ),
        Press(
            ("truetype/babelstone/BabelStoneHan.ttf", 0),
            ("truetype/babelstone/BabelStoneHan.ttf", 0),
            ("truetype/wqy/wqy-zenhei.ttc", 0), (f"{_DEJAVU}Sans.ttf", 0),
        ),
        Press(
            ("truetype/smiley-sans/SmileySans-Oblique.ttf", 0), ("truetype/wqy/wqy-zenhei.ttc", 0),
            (f"{_NOTO}SerifCJK-Light.ttc", 2), ("truetype/freefont/FreeSerifBold.ttf", 0),
        ),
    ),
    "shipped": (Press(),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Print:
    """How one page is printed.

    Attributes:
        rng: where its chances come from.
        press: its letters.
        person: whose it is.
        split: tune, check or shipped.
        scale: pixels for one millimetre.
        filled: values are filled in by hand.
        ink: colour of what is filled in.
        seals: how strongly seals are stamped, 0–1.
    """

    rng: Rng
    press: Press
    person: Person
    split: str
    scale: float = 8.0
    filled: bool = False
    ink: Colour = BLACK
    seals: float = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One side of a sheet, seen straight from above.

    Attributes:
        rgb: (h, w, 3).
        size: width and height in millimetres.
        lines: what is printed, piece by piece.
        small: height of the smallest letters that matter, millimetres.
        written: x, y, width, height of everything printed, millimetres.
        body: x, y, width, height of the piece with most words, millimetres.
        type: key of the kind of certificate.
        name: the person's.
    """

    rgb: Rgb
    size: Point
    lines: tuple[str, ...]
    small: float
    written: Area
    body: Area
    type: str = "other"
    name: str = ""


@dataclass(slots=True)
class _Piece:
    words: str
    size: float
    area: Area


@dataclass(slots=True)
class Sheet:
    """Paper of ``size`` millimetres that is printed on."""

    size: Point
    by: Print
    paper: Colour = (252, 252, 250)
    image: Image.Image = field(init=False)
    pieces: list[_Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        pixels = (round(self.size[0] * self.by.scale), round(self.size[1] * self.by.scale))
        self.image = Image.new("RGB", pixels, self.paper)

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image)

    # --- words -----------------------------------------------------------------------------------

    def write(
        self,
        at: Point,
        words: str,
        size: float,
        *,
        font: str = "body",
        ink: Colour = BLACK,
        align: str = "l",
        gap: float = 0.0,
        bold: float = 0.0,
        counts: bool = True,
    ) -> float:
        """One line.

        Args:
            at: where it begins, is centred or ends; the middle of the letters, millimetres.
            words: what to write.
            size: of the letters, millimetres.
            font: body, title or hand.
            ink: colour.
            align: l, m or r.
            gap: between letters, share of their size.
            bold: letters grow by this share of their size.
            counts: False for what is only an ornament.

        Returns:
            Where it ended, millimetres.
        """
        scale = self.by.scale
        width = self.width(words, size, font=font, gap=gap)
        x = at[0] - {"l": 0.0, "m": 0.5, "r": 1.0}[align] * width
        start, base = x, at[1] + 0.36 * size
        draw, stroke = self.draw, round(bold * size * scale)
        for latin, run in _runs(words):
            face = self._face(font, latin=latin, size=size)
            for part in run if gap or font == "hand" else [run]:
                lift = 0.0
                if font == "hand" and self.by.filled:
                    lift = float(self.by.rng.normal(0, 0.035)) * size
                place = (x * scale, (base + lift) * scale)
                draw.text(place, part, fill=ink, font=face, anchor="ls", stroke_width=stroke)
                x += face.getlength(part) / scale + gap * size
        if counts:
            area = (start, at[1] - size / 2, x - start, size)
            self.pieces.append(_Piece(words, size, area))
        return x

    def width(self, words: str, size: float, *, font: str = "body", gap: float = 0.0) -> float:
        """Of one line, millimetres."""
        total = sum(
            self._face(font, latin=latin, size=size).getlength(run) for latin, run in _runs(words)
        )
        return float(total / self.by.scale + gap * size * len(words))

    def _face(self, font: str, *, latin: bool, size: float) -> ImageFont.FreeTypeFont:
        # Droid's Chinese letters come without Latin ones.
        own = font == "hand" and self.by.press.hand != DROID
        chosen: Font = getattr(self.by.press, "latin" if latin and not own else font)
        return _opened(chosen, round(size * self.by.scale, 1))

    def paragraph(
        self,
        area: Area,
        words: Iterable[tuple[str, bool]],
        size: float,
        *,
        leading: float = 1.8,
        indent: float = 2.0,
        ink: Colour = BLACK,
        underline: bool = False,
    ) -> float:
        """Words that break where the area ends; where the next line would be.

        Args:
            area: only its corner and its width bind.
            words: pieces of text, and whether each is filled in.
            size: of the letters, millimetres.
            leading: distance of lines, sizes.
            indent: of the first line, letters.
            ink: colour of what is not filled in.
            underline: draw a line below what is filled in.
        """
        left, y, width, _ = area
        x = left + indent * size
        for text, filled in words:
            font, colour = ("hand", self.by.ink) if filled else ("body", ink)
            line = ""
            for word in _words(text):
                if x + self.width(line + word, size, font=font) > left + width and (
                    line or x > left
                ):
                    self._run((x, y), line, size, font, colour, underline=underline and filled)
                    x, y, line = left, y + leading * size, word.lstrip()
                else:
                    line += word
            x = self._run((x, y), line, size, font, colour, underline=underline and filled)
        return y + leading * size

    def _run(
        self, at: Point, line: str, size: float, font: str, ink: Colour, *, underline: bool
    ) -> float:
        if not line:
            return at[0]
        end = self.write(at, line, size, font=font, ink=ink)
        if underline:
            self.rule((at[0], at[1] + 0.62 * size), (end, at[1] + 0.62 * size), 0.15)
        return end

    def entry(
        self,
        at: Point,
        label: str,
        value: str,
        size: float,
        *,
        room: float = 0.0,
        ink: Colour = BLACK,
    ) -> float:
        """A label and its value, on a line ``room`` millimetres long if there is any."""
        x = self.write(at, label, size, ink=ink)
        if room:
            self.rule((x, at[1] + 0.65 * size), (x + room, at[1] + 0.65 * size), 0.2)
        end = self.write(
            (x + (0.25 * size if room else 0.1 * size), at[1]), value, size,
            font="hand", ink=self.by.ink,
        )  # fmt: skip
        return max(end, x + room)

    # --- rules, tables, ornaments ----------------------------------------------------------------

    def rule(self, start: Point, end: Point, width: float, ink: Colour = BLACK) -> None:
        """A straight line ``width`` millimetres thick."""
        scale = self.by.scale
        points = (start[0] * scale, start[1] * scale, end[0] * scale, end[1] * scale)
        self.draw.line(points, fill=ink, width=max(1, round(width * scale)))

    def box(self, area: Area, width: float, ink: Colour = BLACK) -> None:
        """Four rules."""
        x, y, across, down = (value * self.by.scale for value in area)
        self.draw.rectangle(
            (x, y, x + across, y + down), outline=ink, width=max(1, round(width * self.by.scale))
        )

    def table(
        self,
        at: Point,
        widths: Sequence[float],
        height: float,
        rows: Sequence[Sequence[str]],
        size: float,
        *,
        filled_from: int = 1,
        left_columns: Sequence[int] = (),
    ) -> float:
        """Cells with rules around them; where it ends below.

        Args:
            at: its corner, millimetres.
            widths: of the columns.
            height: of the rows.
            rows: words of each cell; too long ones are written smaller.
            size: of the letters.
            filled_from: rows from this one on are filled in.
            left_columns: columns that are not centred.
        """
        edges = [at[0], *(at[0] + float(width) for width in np.cumsum(widths))]
        for number in range(len(rows) + 1):
            y = at[1] + number * height
            self.rule((edges[0], y), (edges[-1], y), 0.2)
        bottom = at[1] + len(rows) * height
        for edge in edges:
            self.rule((edge, at[1]), (edge, bottom), 0.2)
        for number, row in enumerate(rows):
            y = at[1] + (number + 0.5) * height
            for column, words in enumerate(row):
                if words:
                    self._cell(
                        edges[column], widths[column], y, words, size,
                        filled=number >= filled_from, centred=column not in left_columns,
                    )  # fmt: skip
        return bottom

    def _cell(
        self, x: float, width: float, y: float, words: str, size: float,
        *, filled: bool, centred: bool,
    ) -> None:  # fmt: skip
        font, ink = ("hand", self.by.ink) if filled else ("body", BLACK)
        need = self.width(words, size, font=font)
        size *= min(1.0, 0.94 * width / need)
        at = (x + width / 2, y) if centred else (x + 0.03 * width, y)
        self.write(at, words, size, font=font, ink=ink, align="m" if centred else "l")

    def tick(self, at: Point, size: float, ink: Colour) -> None:
        """A √ by hand."""
        rng, scale = self.by.rng, self.by.scale
        shape = np.array([[-0.45, -0.05], [-0.12, 0.4], [0.1, 0.0], [0.6, -0.7]])
        points = (np.array(at) + size * (shape + rng.normal(0, 0.05, shape.shape))) * scale
        self.draw.line(
            [(float(x), float(y)) for x, y in points], fill=ink,
            width=max(2, round(0.14 * size * scale)), joint="curve",
        )  # fmt: skip
        self.pieces.append(_Piece("√", size, (at[0] - size / 2, at[1] - size / 2, size, size)))

    def signature(self, at: Point, name: str, size: float) -> None:
        """A name and a stroke through it, as nobody can read it."""
        scale = self.by.scale
        end = self.write(at, name, size, font="hand", ink=BLUE, counts=False)
        xs = np.linspace(at[0], end, 24)
        ys = at[1] + size * (0.25 * np.sin(np.linspace(0, 9, 24)) + self.by.rng.normal(0, 0.06, 24))
        points = [(float(x * scale), float(y * scale)) for x, y in zip(xs, ys, strict=True)]
        self.draw.line(points, fill=BLUE, width=max(1, round(0.35 * scale)), joint="curve")

    def waves(self, tints: Sequence[Colour], strength: float, *, families: int = 4) -> None:
        """Pale colours under families of fine waves, before anything is printed."""
        rng = self.by.rng
        # The finest wave has a period of 1.2 mm: above 5 pixels for one millimetre nothing is lost.
        fine = min(self.by.scale, 5.0)
        width, height = (round(side * fine) for side in self.size)
        ys, xs = np.mgrid[:height, :width].astype(np.float32) / np.float32(fine)
        way = np.clip(xs / self.size[0] + 0.1 * np.sin(ys / 25), 0, 1) * (len(tints) - 1)
        table = np.array(tints, np.float32)
        colour = np.stack([np.interp(way, range(len(tints)), table[:, c]) for c in range(3)], -1)
        shown = colour.astype(np.float32)
        for _ in range(families if strength > 0 else 0):
            period, wave, long = rng.uniform(1.2, 3.0), rng.uniform(1, 6), rng.uniform(10, 40)
            turn = rng.uniform(0, np.pi)
            along = xs * np.cos(turn) + ys * np.sin(turn)
            across = ys * np.cos(turn) - xs * np.sin(turn)
            lines = np.cos(2 * np.pi * (across + wave * np.sin(along / long)) / period)
            ink = (3 * rng.dirichlet((2, 2, 2))).astype(np.float32)
            shown -= (strength / 2) * np.maximum(lines, 0)[..., None] ** 3 * ink
        made = np.clip(np.round(shown), 0, 255).astype(np.uint8)
        large = cv2.resize(made, self.image.size, interpolation=cv2.INTER_CUBIC)
        self.image = Image.fromarray(np.asarray(large, np.uint8))

    def rosette(self, at: Point, radius: float, ink: Colour) -> None:
        """Turned ellipses, as on banknotes."""
        scale, petals = self.by.scale, int(self.by.rng.integers(10, 22))
        around = np.linspace(0, 2 * np.pi, 90)
        for turn in np.arange(petals) * np.pi / petals:
            x, y = radius * np.cos(around), 0.42 * radius * np.sin(around)
            points = [
                ((at[0] + a * np.cos(turn) - b * np.sin(turn)) * scale,
                 (at[1] + a * np.sin(turn) + b * np.cos(turn)) * scale)
                for a, b in zip(x, y, strict=True)
            ]  # fmt: skip
            self.draw.line(points, fill=ink, width=max(1, round(0.15 * scale)))

    def frame(self, margin: float, ink: Colour, style: int) -> None:
        """A border: 0 none, 1 one rule, 2 a thick and a thin one, 3 a chain, 4 a key pattern."""
        width, height = self.size[0] - 2 * margin, self.size[1] - 2 * margin
        if style == 0:
            return
        self.box((margin, margin, width, height), 0.3 if style == 1 else 0.9, ink)
        if style == 1:
            return
        deep = {2: 2.0, 3: 6.0, 4: 5.0}[style]
        inner = (margin + deep, margin + deep, width - 2 * deep, height - 2 * deep)
        self.box(inner, 0.3, ink)
        if style > 2:
            self._ornament(margin + deep / 2, deep, ink, round_=style == 3)

    def _ornament(self, middle: float, deep: float, ink: Colour, *, round_: bool) -> None:
        scale, draw = self.by.scale, self.draw
        thick, r = max(1, round(0.25 * scale)), 0.32 * deep * scale
        for x, y in _around(self.size, middle, 0.8 * deep):
            box = (x * scale - r, y * scale - r, x * scale + r, y * scale + r)
            if round_:
                draw.ellipse(box, outline=ink, width=thick)
            else:
                draw.rectangle(box, outline=ink, width=thick)
                draw.line((box[0], box[1], x * scale, y * scale), fill=ink, width=thick)

    def watermark(self, words: str, ink: Colour, size: float, step: Point) -> None:
        """Pale words all over."""
        for row, y in enumerate(np.arange(step[1] / 2, self.size[1], step[1])):
            for x in np.arange((row % 2) * step[0] / 2, self.size[0], step[0]):
                self.write((float(x), float(y)), words, size, ink=ink, counts=False)

    def specimen(self, at: Point | None = None) -> None:
        """样本 SPECIMEN, small."""
        middle = np.asarray(self.paper, int) - 95
        ink = (int(middle[0]), int(middle[1]), int(middle[2]))
        place = at or (self.size[0] - 9, self.size[1] - 6)
        self.write(place, "样本 SPECIMEN", 2.6, ink=ink, align="r", counts=False)

    def portrait(self, area: Area, backdrop: Colour) -> None:
        """Head and shoulders of nobody on a plain backdrop."""
        rng, scale = self.by.rng, self.by.scale
        x, y, width, height = (value * scale for value in area)
        part = Image.new("RGB", (round(2 * width), round(2 * height)), backdrop)
        draw = ImageDraw.Draw(part)
        w, h = part.size
        skin = tuple(int(v) for v in np.array((224, 184, 156)) * rng.uniform(0.85, 1.05))
        coat = tuple(int(v) for v in rng.integers(20, 120, 3))
        draw.ellipse((0.02 * w, 0.74 * h, 0.98 * w, 1.7 * h), fill=coat)
        draw.rectangle((0.41 * w, 0.6 * h, 0.59 * w, 0.8 * h), fill=skin)
        draw.ellipse((0.24 * w, 0.1 * h, 0.76 * w, 0.62 * h), fill=(26, 24, 26))
        draw.ellipse((0.28 * w, 0.19 * h, 0.72 * w, 0.68 * h), fill=skin)
        for side in (-1, 1):
            eye = (0.5 + side * 0.1) * w
            draw.ellipse((eye - 0.03 * w, 0.4 * h, eye + 0.03 * w, 0.425 * h), fill=(40, 30, 28))
        draw.line((0.44 * w, 0.57 * h, 0.56 * w, 0.57 * h), fill=(170, 100, 96), width=4)
        soft = cv2.GaussianBlur(np.asarray(part, np.uint8), (0, 0), 0.012 * w)
        small = Image.fromarray(np.asarray(soft, np.uint8)).resize((round(width), round(height)))
        self.image.paste(small, (round(x), round(y)))

    def seal(self, at: Point, radius: float, around: str, below: str = "") -> None:
        """A round red stamp: a ring, a star, words along the ring; the print shines through."""
        scale, rng = self.by.scale, self.by.rng
        r = radius * scale
        side = round(2.2 * r)
        mask = Image.new("L", (side, side), 0)
        draw, middle = ImageDraw.Draw(mask), side / 2
        ring = max(2, round(0.045 * r))
        draw.ellipse((middle - r, middle - r, middle + r, middle + r), outline=255, width=ring)
        turns = -np.pi / 2 + np.arange(10) * np.pi / 5
        reach = np.where(np.arange(10) % 2 == 0, 0.32, 0.125) * r
        star = np.stack([middle + reach * np.cos(turns), middle + reach * np.sin(turns)], axis=1)
        draw.polygon([(float(x), float(y)) for x, y in star], fill=255)
        _along_ring(mask, around, r, _opened(self.by.press.body, round(0.27 * r, 1)))
        if below:
            face = _opened(self.by.press.body, round(0.2 * r, 1))
            draw.text((middle, middle + 0.56 * r), below, fill=255, font=face, anchor="mm")
        turned = mask.rotate(float(rng.normal(0, 6)), Image.Resampling.BICUBIC)
        worn = 1 + 0.18 * clouds((side, side), rng, 6)
        cover = np.clip(np.asarray(turned, np.float32) / 255 * worn, 0, 1) * self.by.seals
        corner = (round(at[0] * scale - side / 2), round(at[1] * scale - side / 2))
        self._stamp(corner, np.asarray(cover, np.float32))

    def _stamp(self, corner: tuple[int, int], cover: NDArray[np.float32]) -> None:
        whole = np.asarray(self.image, np.uint8).copy()
        x0, y0 = max(corner[0], 0), max(corner[1], 0)
        x1 = min(corner[0] + cover.shape[1], whole.shape[1])
        y1 = min(corner[1] + cover.shape[0], whole.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        part = cover[y0 - corner[1] : y1 - corner[1], x0 - corner[0] : x1 - corner[0]]
        through = 1 - part[..., None] * (1 - np.array(RED, np.float32) / 255)
        window = whole[y0:y1, x0:x1]
        window[:] = np.round(window * through).astype(np.uint8)
        self.image = Image.fromarray(whole)

    # --- the page --------------------------------------------------------------------------------

    def page(self, type_: str = "other", *, named: bool = True) -> Page:
        """What was printed."""
        areas = [piece.area for piece in self.pieces] or [(0.0, 0.0, *self.size)]
        sizes = [piece.size for piece in self.pieces if len(piece.words) > 1]
        left, top = min(area[0] for area in areas), min(area[1] for area in areas)
        right, foot = max(x + w for x, _, w, _ in areas), max(y + h for _, y, _, h in areas)
        body = max(areas, key=lambda area: area[2])
        return Page(
            rgb=np.asarray(self.image, np.uint8),
            size=self.size,
            lines=tuple(piece.words for piece in self.pieces),
            small=float(np.quantile(sizes, 0.15)) if sizes else 0.0,
            written=(left, top, right - left, foot - top),
            body=body,
            type=type_,
            name=self.by.person.name if named else "",
        )


def beside(left: Page, right: Page, gap: float, scale: float) -> Page:
    """Two pages in one picture, on white."""
    width, height = left.size[0] + gap + right.size[0], max(left.size[1], right.size[1])
    whole = np.full((round(height * scale), round(width * scale), 3), 252, np.uint8)
    whole[: left.rgb.shape[0], : left.rgb.shape[1]] = left.rgb
    whole[: right.rgb.shape[0], whole.shape[1] - right.rgb.shape[1] :] = right.rgb
    return replace(
        left,
        rgb=whole,
        size=(width, height),
        lines=left.lines + right.lines,
        written=(left.written[0], left.written[1], width - 2 * left.written[0], left.written[3]),
    )


def _around(size: Point, middle: float, step: float) -> list[Point]:
    """Places along a rectangle ``middle`` millimetres inside the sheet."""
    across, down = size[0] - 2 * middle, size[1] - 2 * middle
    xs = [middle + float(v) for v in np.linspace(0, across, max(2, round(across / step)))]
    ys = [middle + float(v) for v in np.linspace(0, down, max(2, round(down / step)))]
    flat = [(x, y) for x in xs for y in (middle, size[1] - middle)]
    return flat + [(x, y) for y in ys[1:-1] for x in (middle, size[0] - middle)]


def _along_ring(mask: Image.Image, words: str, radius: float, face: ImageFont.FreeTypeFont) -> None:
    middle, side = mask.size[0] / 2, round(face.size * 1.6)
    spread = min(1.45 * np.pi, 0.36 * len(words))
    for number, character in enumerate(words):
        turn = -np.pi / 2 + spread * ((number + 0.5) / len(words) - 0.5)
        letter = Image.new("L", (side, side), 0)
        ImageDraw.Draw(letter).text(
            (side / 2, side / 2), character, fill=255, font=face, anchor="mm"
        )
        letter = letter.rotate(-float(np.rad2deg(turn)) - 90, Image.Resampling.BICUBIC)
        x = middle + 0.76 * radius * np.cos(turn) - side / 2
        y = middle + 0.76 * radius * np.sin(turn) - side / 2
        mask.paste(255, (round(x), round(y)), letter)


def _runs(words: str) -> list[tuple[bool, str]]:
    """Parts in Latin letters and parts that are not."""
    return [(latin, "".join(part)) for latin, part in groupby(words, key=str.isascii)]


def _words(text: str) -> list[str]:
    """Where a line may break: at blanks in Latin, anywhere else."""
    parts: list[str] = []
    for latin, run in _runs(text):
        parts += run.replace(" ", " \0").split("\0") if latin else list(run)
    return parts


@lru_cache(maxsize=256)
def _opened(font: Font, size: float) -> ImageFont.FreeTypeFont:
    chosen = font if has_font(font) else DROID
    if chosen is None or not has_font(chosen):
        built_in = ImageFont.load_default(size)
        assert isinstance(built_in, ImageFont.FreeTypeFont), "Pillow is built with FreeType"
        return built_in
    return ImageFont.truetype(str(FONT_FOLDER / chosen[0]), size, index=chosen[1])
