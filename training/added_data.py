"""Pictures with drawn additions for `train_added.py`: lettering, small faces, graphics.

A drawn picture is 360 × 480; its labels are a grid of 45 × 60 cells of 8 pixels for each of the
three kinds: 1 = there, 0 = not there, 2 = do not learn from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, CELL = 360, 480, 8
GRID = (HEIGHT // CELL, WIDTH // CELL)
TEXT, FACE, GRAPHIC = range(3)
IGNORE = 2

STUDIO = ((255, 255, 255), (240, 240, 240), (100, 197, 255), (67, 142, 219), (98, 139, 206))
INKS = (
    (255, 140, 30), (255, 60, 30), (255, 255, 60), (255, 255, 255), (0, 0, 0), (40, 40, 40),
    (220, 20, 20), (20, 40, 200), (240, 240, 240), (90, 90, 90), (160, 160, 160),
)  # fmt: skip
NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静秀英丽强磊军洋勇艳杰娟涛明超霞平刚桂兰志国建华文玉红梅小晓春雪云海"
WORDS = "省高等教育自学考试大学照相馆版权所有样张水印仅供毕业登记使用学籍网证件照中国院校信息"
MARKS = ("SAMPLE", "PREVIEW", "COPYRIGHT", "Photo Studio", "PHOTO", "DRAFT", "Shot on Phone")

Rgb = NDArray[np.uint8]
Alpha = NDArray[np.uint8]
Labels = NDArray[np.uint8]


@dataclass(frozen=True)
class Person:
    """A portrait to draw on: pixels, person probability of the same size, box of the face."""

    rgb: Rgb
    mask: NDArray[np.float32]
    face: tuple[float, float, float, float] | None


class Painter:
    """Draws pictures from portraits; the same seed draws the same ones.

    Args:
        people: portraits without lettering or graphics of their own.
        fonts: font files with Latin letters and digits.
        chinese: font files with Chinese characters.
        seed: of the random numbers.
    """

    def __init__(
        self, people: Sequence[Person], fonts: Sequence[Path], chinese: Sequence[Path], seed: int
    ) -> None:
        self.people, self.fonts, self.chinese = list(people), list(fonts), list(chinese)
        self.faces = [person for person in self.people if person.face is not None]
        self.rng = np.random.default_rng(seed)

    def picture(self) -> tuple[Rgb, Labels]:
        """One picture and its labels, (3, 60, 45)."""
        rgb = self._background()
        labels = np.zeros((3, *GRID), np.uint8)
        chance = self.rng.random()
        if chance < 0.4:
            # Lines and blocks beside lettering are no lettering; graphics are not labelled here.
            rgb = self._distracted(rgb) if self.rng.random() < 0.3 else rgb
            labels[GRAPHIC] = IGNORE
            rgb, where = self._written(rgb)
            labels[TEXT] = _cells(cv2.dilate(where.astype(np.uint8), np.ones((7, 13), np.uint8)))
        elif chance < 0.57:
            rgb, face, whole = self._with_face(rgb)
            labels[FACE] = _cells(face)
            labels[GRAPHIC] = np.where(_cells(whole) > 0, IGNORE, 0)
        elif chance < 0.74:
            rgb, whole = self._with_graphic(rgb)
            labels[GRAPHIC] = _cells(whole)
            labels[TEXT] = np.where(labels[GRAPHIC] > 0, IGNORE, 0)
        if self.rng.random() < 0.85:
            rgb = _saved(rgb, int(self.rng.integers(65, 97)))
        return _bytes(cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)), labels

    # --- backgrounds -------------------------------------------------------------------------

    def _background(self) -> Rgb:
        rng = self.rng
        person = self.people[rng.integers(len(self.people))]
        rgb = person.rgb.astype(np.float32)
        if rng.random() < 0.4:
            mask = person.mask[..., None]
            colour = np.array(STUDIO[rng.integers(len(STUDIO))], np.float32)
            ramp = np.linspace(-1, 1, rgb.shape[0])[:, None, None] * rng.uniform(-20, 20)
            noise = rng.normal(0, rng.uniform(0, 4), rgb.shape)
            rgb = rgb * mask + (colour + ramp + noise) * (1 - mask)
        height, width = rgb.shape[:2]
        across = int(min(width, height * 0.75) * rng.uniform(0.6, 1))
        down = int(across / 0.75)
        x, y = int(rng.integers(0, width - across + 1)), int(rng.integers(0, height - down + 1))
        side = int(rng.choice([640, 640, 640, 480, 800, 1000]))
        way = cv2.INTER_AREA if side < down else cv2.INTER_CUBIC
        part = cv2.resize(
            rgb[y : y + down, x : x + across], (side * 3 // 4, side), interpolation=way
        )
        part = (part - 128) * rng.uniform(0.7, 1.2) + 128
        part = part + rng.uniform(-30, 30) + rng.uniform(-8, 8, 3)
        if rng.random() < 0.2:
            part = part + rng.normal(0, rng.uniform(2, 10), part.shape)
        return np.ascontiguousarray(_bytes(part)[:, :: int(rng.choice([1, -1]))])

    def _distracted(self, rgb: Rgb) -> Rgb:
        out, rng = rgb.copy(), self.rng
        height, width = rgb.shape[:2]
        for _ in range(int(rng.integers(1, 4))):
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
            w, h, thick = (int(v) for v in rng.integers((10, 10, 1), (200, 200, 6)))
            kind = rng.integers(5)
            if kind == 0:
                cv2.line(out, (x, y), (x + w - 100, y + h - 100), colour, thick, cv2.LINE_AA)
            elif kind == 1:
                cv2.rectangle(out, (x, y), (x + w, y + h), colour, thick)
            elif kind == 2:
                cv2.circle(out, (x, y), w // 3, colour, thick, cv2.LINE_AA)
            elif kind == 3:
                path = np.cumsum(rng.normal(0, 25, (8, 2)), axis=0) + np.array((x, y))
                cv2.polylines(out, [path.astype(np.int32)], False, colour, thick, cv2.LINE_AA)
            else:
                cv2.rectangle(out, (0, 0), (width - 1, height - 1), colour, 2 * (w % 30) + 1)
        return out

    # --- lettering ---------------------------------------------------------------------------

    def _words(self, kind: str) -> str:
        rng = self.rng
        year, month, day = (int(v) for v in rng.integers((2015, 1, 1), (2027, 13, 29)))
        name = "".join((rng.choice(list(NAMES)), *rng.choice(list(GIVEN), rng.integers(1, 3))))
        number = str(rng.integers(10**9, 10**12))
        if kind == "date":
            join = str(rng.choice(["-", "/", ".", " "]))
            return join.join((str(year), f"{month:02d}", f"{day:02d}"))
        if kind == "name":
            return str(rng.choice([name, f"{name} {number}", f"{year}年{month}月{day}日"]))
        if kind == "number":
            return number
        chinese = "".join(rng.choice(list(WORDS), rng.integers(2, 8)))
        return str(rng.choice([*MARKS, chinese]))

    def _written(self, rgb: Rgb) -> tuple[Rgb, NDArray[np.bool_]]:
        rng = self.rng
        where = np.zeros(rgb.shape[:2], bool)
        for _ in range(40):
            kind = str(rng.choice(["date", "name", "number", "mark"], p=[0.18, 0.34, 0.1, 0.38]))
            alpha = self._set(self._words(kind), kind, rgb.shape)
            opacity = rng.uniform(0.2, 0.8) if kind == "mark" else rng.uniform(0.7, 1.0)
            x = int(rng.integers(0, max(1, rgb.shape[1] - alpha.shape[1])))
            y = int(rng.integers(0, max(1, rgb.shape[0] - alpha.shape[0])))
            if kind != "mark" and rng.random() < 0.8:  # near an edge
                edge = int(rng.uniform(3, 28))
                low = rgb.shape[0] - alpha.shape[0] - edge
                y = max(int(rng.choice([edge, low], p=[0.25, 0.75])), 0)
            ink = np.array(INKS[rng.integers(len(INKS))], np.float32)
            share = np.zeros((*rgb.shape[:2], 1), np.float32)
            part = alpha[: rgb.shape[0] - y, : rgb.shape[1] - x]
            share[y : y + part.shape[0], x : x + part.shape[1], 0] = part / 255.0 * opacity
            difference = np.abs(ink - rgb).max(axis=2) * opacity
            inked = share[..., 0] > 0.4 * opacity
            if inked.any() and np.percentile(difference[inked], 25) >= rng.uniform(14, 35):
                return _bytes(rgb * (1 - share) + ink * share), inked
        return rgb, where

    def _set(self, text: str, kind: str, shape: Sequence[int]) -> Alpha:
        rng, scale = self.rng, shape[0] / 640
        size = rng.uniform(9, 60 if kind == "mark" else 30) * scale
        fonts = self.chinese if any(c > "\u2e80" for c in text) else self.fonts
        font = ImageFont.truetype(str(fonts[rng.integers(len(fonts))]), max(int(size * 1.28), 8))
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=font, fill=255)
        alpha = np.asarray(image, np.uint8)
        if kind == "mark" and rng.random() < 0.3:
            alpha = np.tile(np.pad(alpha, ((12, 30), (10, 50))), (9, 4))[: shape[0], : shape[1]]
        if kind == "mark" and rng.random() < 0.6:
            alpha = _turned(alpha, float(rng.uniform(-60, 60)))
        fit = min(1.0, shape[1] / alpha.shape[1], shape[0] / alpha.shape[0])
        resized = cv2.resize(alpha, None, fx=fit, fy=fit, interpolation=cv2.INTER_AREA)
        return _bytes(resized) if fit < 1 else alpha

    # --- small faces and graphics ------------------------------------------------------------

    def _with_face(self, rgb: Rgb) -> tuple[Rgb, NDArray[np.bool_], NDArray[np.bool_]]:
        rng = self.rng
        person = self.faces[rng.integers(len(self.faces))]
        assert person.face is not None
        x, y, width, height = person.face
        wanted = float(np.exp(rng.uniform(np.log(0.04), np.log(0.22)))) * rgb.shape[1]
        margin_x, margin_y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 1.0) * height
        x0, y0 = int(max(x - margin_x, 0)), int(max(y - margin_y, 0))
        part = person.rgb[y0 : int(y + height + margin_y), x0 : int(x + width + margin_x)]
        factor = wanted / width
        small = cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(
            person.mask[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]], small.shape[1::-1]
        )
        alpha = self._shape(small.shape[0], small.shape[1], mask)
        if rng.random() < 0.25:
            grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
            small = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
        left, top = self._place(rgb, int(wanted), int(wanted * 1.3))
        left, top = int(left - (x - x0) * factor), int(top - (y - y0) * factor)
        out, whole = _pasted(rgb, _bytes(small), alpha, left, top)
        face = np.zeros(rgb.shape[:2], np.uint8)
        centre = (
            left + (x - x0 + width / 2) * factor,
            top + (y - y0 + height / 2) * factor,
        )
        cv2.ellipse(face, (centre, (wanted, height * factor), 0), 1, -1)
        return out, face > 0, whole

    def _shape(self, height: int, width: int, mask: NDArray[Any]) -> NDArray[np.float32]:
        """Rectangle, oval, soft oval or the person cut out; sometimes see-through."""
        alpha = np.ones((height, width), np.float32)
        kind = self.rng.integers(4)
        if kind in (1, 2):
            alpha[:] = 0
            cv2.ellipse(alpha, ((width / 2, height / 2), (width * 0.95, height * 0.95), 0), 1, -1)
        if kind == 2:
            alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(1, width * 0.07)), np.float32)
        if kind == 3:
            alpha = (mask > 0.5).astype(np.float32)
        return alpha * np.float32(self.rng.uniform(0.4, 0.9) if self.rng.random() < 0.2 else 1)

    def _with_graphic(self, rgb: Rgb) -> tuple[Rgb, NDArray[np.bool_]]:
        rng = self.rng
        height = max(int(np.exp(rng.uniform(np.log(0.04), np.log(0.25))) * rgb.shape[1]), 10)
        picture, alpha = self._graphic(4 * height, int(4 * height * rng.uniform(0.7, 1.5)))
        size = (alpha.shape[1] // 4, alpha.shape[0] // 4)
        small = _bytes(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        share = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        share *= np.float32(rng.uniform(0.45, 0.95) if rng.random() < 0.3 else 1)
        out, whole = _pasted(rgb, small, share, *self._place(rgb, *size))
        changed = np.abs(out.astype(int) - rgb).max(axis=2)
        if not whole.any() or np.percentile(changed[whole], 70) < 14:
            return rgb, np.zeros_like(whole)
        ys, xs = np.nonzero(whole)
        whole[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] = True
        return out, whole

    def _graphic(self, height: int, width: int) -> tuple[Rgb, Alpha]:
        rng, size = self.rng, min(height, width)
        picture = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
        alpha = np.zeros((height, width), np.uint8)
        middle = (width // 2, height // 2)
        kind = rng.integers(5)
        if kind == 0:  # another picture
            other = self.people[rng.integers(len(self.people))].rgb
            return _bytes(cv2.resize(other, (width, height))), np.full_like(alpha, 255)
        if kind == 1:  # a code
            count = int(rng.integers(9, 26))
            dots = rng.integers(0, 2, (count, count)).astype(np.uint8) * 255
            code = cv2.resize(dots, (width, height), interpolation=cv2.INTER_NEAREST)
            return _bytes(cv2.cvtColor(code, cv2.COLOR_GRAY2RGB)), np.full_like(alpha, 255)
        if kind == 2:  # a round stamp with a star
            picture[:] = (200, 20, 30)
            cv2.circle(alpha, middle, size // 2 - 4, 255, max(2, size // 20), cv2.LINE_AA)
            angles = np.arange(5) * 4 * np.pi / 5 - np.pi / 2
            star = np.stack((np.cos(angles), np.sin(angles)), axis=1) * size * 0.2 + middle
            cv2.fillPoly(alpha, [star.astype(np.int32)], 255)
        elif kind == 3:  # a badge
            cv2.circle(alpha, middle, size // 2 - 2, 255, -1)
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            cv2.circle(picture, middle, size // 3, colour, int(rng.choice([-1, 20])))
        else:  # a logo of polygons
            for _ in range(int(rng.integers(1, 4))):
                corners = (rng.random((int(rng.integers(3, 7)), 2)) * (width, height)).astype(int)
                colour = tuple(int(v) for v in rng.integers(0, 256, 3))
                cv2.fillPoly(picture, [corners.astype(np.int32)], colour)
                cv2.fillPoly(alpha, [corners.astype(np.int32)], 255)
        return picture, alpha

    def _place(self, rgb: Rgb, width: int, height: int) -> tuple[int, int]:
        """A corner away from the middle of the main face, if there is room."""
        total_y, total_x = rgb.shape[:2]
        x = y = 0
        for _ in range(20):
            x = int(self.rng.integers(-width // 6, max(total_x - width + width // 6, 1)))
            y = int(self.rng.integers(-height // 6, max(total_y - height + height // 6, 1)))
            middle_x, middle_y = (x + width / 2) / total_x, (y + height / 2) / total_y
            if abs(middle_x - 0.5) > 0.2 or not 0.12 < middle_y < 0.7:
                break
        return x, y


def _bytes(values: NDArray[Any]) -> Rgb:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _saved(rgb: Rgb, quality: int) -> Rgb:
    data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    opened = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert opened is not None
    return np.asarray(opened[..., ::-1], np.uint8)


def _turned(alpha: Alpha, degrees: float) -> Alpha:
    height, width = alpha.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(width * cos + height * sin) + 2, int(width * sin + height * cos) + 2)
    matrix[:, 2] += (np.array(size) - (width, height)) / 2
    return np.asarray(cv2.warpAffine(alpha, matrix, size), np.uint8)


def _pasted(
    rgb: Rgb, patch: Rgb, alpha: NDArray[np.float32], x: int, y: int
) -> tuple[Rgb, NDArray[np.bool_]]:
    height, width = rgb.shape[:2]
    share = np.zeros((height, width, 1), np.float32)
    layer = np.zeros(rgb.shape, np.float32)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + patch.shape[1], width), min(y + patch.shape[0], height)
    if x1 > x0 and y1 > y0:
        share[y0:y1, x0:x1, 0] = alpha[y0 - y : y1 - y, x0 - x : x1 - x]
        layer[y0:y1, x0:x1] = patch[y0 - y : y1 - y, x0 - x : x1 - x]
    return _bytes(rgb * (1 - share) + layer * share), share[..., 0] > 0.3


def _cells(where: NDArray[Any]) -> Labels:
    """Share of each cell covered → 1 from 0.4, 0 below 0.02, between them not learnt from."""
    scaled = cv2.resize(where.astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    share = scaled.reshape(GRID[0], CELL, GRID[1], CELL).mean(axis=(1, 3))
    return np.where(share > 0.4, 1, np.where(share > 0.02, IGNORE, 0)).astype(np.uint8)
