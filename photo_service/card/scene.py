"""`Card`: a card found in a picture, laid flat and read; the facts behind `Features.card`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from models.text import Reader, TextBox
from photo_service.card import look, screen
from photo_service.card.find import (
    ASPECT,
    Marks,
    Quad,
    find_card,
    settle,
    to_card,
    true_ratio,
)
from photo_service.card.read import (
    HEIGHT,
    LOOK_SIDE,
    WIDTH,
    Reading,
    flattened,
    is_of_card,
    posed,
    read_card,
)
from photo_service.errors import CannotAssess
from photo_service.raster import raster

SCENE_SIDE = 480
"""The text detector sees the whole picture at this long side."""
_SMALL = 640
_ALL_FIELDS = 6
LEAST_LINES = 4
"""Fewer lines of text make no card."""
_CARD_LAYOUT = 0.45
# So many lines outside a card are looked at for another card's words, of the longest and highest.
_EACH_WAY = 3
# Print that keeps to the layout less than this lies on something else, or on more than the card.
_SURE_LAYOUT = 0.55
# An outline without legible text must be this clear to pass for a card.
_CLEAR_SIDE = 0.42
_CLEAR_SHARE = 10.0
# Or a face lies in it where cards have it, at least so well, and its sides are so clear.
_PORTRAIT_PLACED = 0.8
_SEEN_SIDE = 0.33
_CARD_RATIOS = (1.45, 1.72)
# Where the print of a card stands, shares of its height and width: the middles of the name and the
# number, the start of the labels, the end of the number (which depends on the digits' shape).
_FIRST_ROW, _LAST_ROW = 0.155, 0.865
_LEFT, _NUMBER_END = 0.068, 0.905
_NUMBER_ENDS = (0.68, 0.955)
# Corners this far from where the print wants them are wrong.
_OFF = 0.07
# And, where the sides are clear and of a card's shape, only this far.
_FAR_OFF = 0.12
_DOUBTFUL = 0.6
# And a shape this far from a card's.
_WRONG_SHAPE = 0.04
# Other corners must not make a shape farther from a card's than this, natural logarithm.
_ODD = 0.06
# Rows are without change within so many levels, and pale from here on.
_STILL = 3
_PALE = 240
# Long over short side of phones' displays: at least this.
_PHONE_LIKE = 1.7
# Of a large card so many pixels to each side are looked at for a raster.
_MOST_RASTER = 1024
# Blur below which something finer than print is on the card, and what a pattern then counts.
_GRAIN = (0.10, 0.15), (2.4, 1.0)
# Height of the number's digits on a flat card, pixels.
_DIGIT_HEIGHT = 30.0

ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Card:
    """One card in a picture.

    Attributes:
        corners: (4, 2) pixels of the decoded picture, clockwise from where the card's top left is
            seen; a mirrored card's top left is its printed top right.
        contrast: how clearly each side shows, 0–1, from the top clockwise.
        layout: how well its text keeps to the card's layout, 0–1.
        reading: what it says.
        flat: (638, 1012, 3) RGB, upright and unmirrored.
        strays: quads of text outside the card, pixels of the decoded picture.
        others: further cards in the picture.
        size: width and height of the decoded picture, pixels.
        picture: the whole picture it is in.
        faces: boxes of people's faces beside it, pixels of the decoded picture.
    """

    corners: FloatArray
    contrast: tuple[float, float, float, float]
    layout: float
    reading: Reading = field(repr=False)
    flat: ByteImage = field(repr=False)
    strays: tuple[FloatArray, ...]
    others: int
    size: tuple[int, int]
    picture: ByteImage = field(repr=False)
    faces: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it reads, and its print lies as on a card; another card's is no objection.

        A portrait side whose name or number lies elsewhere has not been outlined rightly.
        """
        whole = self.reading.side != "front" or {"name", "number"} <= self.reading.fields.keys()
        lies = self.others > 0 or (self.layout >= _SURE_LAYOUT and not self.is_off)
        return bool(self.reading.side) and whole and lies

    @property
    def is_off(self) -> bool:
        """Whether the corners are not where the print wants them."""
        doubtful = min(self.contrast) < _DOUBTFUL or self.oddness > _WRONG_SHAPE
        return _by_print(self)[0] > (_OFF if doubtful else _FAR_OFF)

    @property
    def has_print(self) -> bool:
        """Whether anything on it reads, or lies as print on a card."""
        return bool(self.reading.side) or self.layout >= _CARD_LAYOUT

    @property
    def width(self) -> float:
        """Mean length of the long sides, pixels of the decoded picture."""
        sides = self._sides
        return float(sides[0] + sides[2]) / 2

    @property
    def digit_height(self) -> float:
        """Of the number's digits, pixels of the decoded picture."""
        return self.width * _DIGIT_HEIGHT / WIDTH

    @property
    def area_share(self) -> float:
        """Percent of the picture that the card covers."""
        inside = np.clip(self.corners, 0, self.size)
        area = float(cv2.contourArea(np.ascontiguousarray(inside, np.float32)))
        return 100 * area / max(self.size[0] * self.size[1], 1)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Around the card, pixels of the decoded picture."""
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def slant(self) -> float:
        """Longer over shorter of opposite sides, the larger of both pairs; 1 seen squarely."""
        a, b, c, d = self._sides
        return float(max(a / c, c / a, b / d, d / b))

    @property
    def ratio(self) -> float:
        """Width over height, the perspective of a picture's middle taken out."""
        return true_ratio(self.corners, self.size)

    @property
    def oddness(self) -> float:
        """How far the ratio is from a card's, natural logarithm."""
        return abs(math.log(max(self.ratio, 0.1) / ASPECT))

    @property
    def turn(self) -> float:
        """Degrees clockwise from upright to how the card lies, -180 to 180."""
        along = self.corners[1] - self.corners[0]
        return math.degrees(math.atan2(along[1], along[0]))

    @property
    def outside(self) -> float:
        """How far the farthest corner lies outside the picture, percent of the card's width."""
        beyond = np.maximum(-self.corners, self.corners - np.array(self.size))
        return 100 * max(float(beyond.max()), 0.0) / self.width

    @property
    def sides_at_border(self) -> int:
        """How many sides run along the picture's border."""
        near = 0.012 * self.width + 2
        ends = self.corners, np.roll(self.corners, -1, axis=0)
        count = 0
        for axis in (0, 1):
            for edge in (0, self.size[axis]):
                both = [np.abs(end[:, axis] - edge) < near for end in ends]
                count += int((both[0] & both[1]).any())
        return count

    @cached_property
    def surface(self) -> look.Surface:
        """Colours of the flat card, for glare, cover and colour."""
        return look.Surface(self.flat)

    @cached_property
    def cut_corner(self) -> tuple[float, tuple[float, float, float, float]]:
        """The clearest straight edge across a corner, ΔE, and the corner's place."""
        strength, number = self.edge.cut_corner
        corner = self.corners[number]
        beside = self.corners[[number - 1, (number + 1) % 4]]
        place = np.vstack([corner, corner + 0.25 * (beside - corner)])
        low, high = place.min(axis=0), place.max(axis=0)
        box = float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])
        return strength, box

    @cached_property
    def edge(self) -> look.Edge:
        """How the card stands out from what it lies on."""
        return look.Edge(self.picture, self.corners)

    @cached_property
    def pattern(self) -> float:
        """How far a screen's raster or moiré stands out on the card; see `raster.raster`.

        The mean of the whole card, flat or as pictured, and of the portrait's place, where a card
        has no fine lines of its own. Where the picture is also grainier than print and lens make
        it, the larger of the two, and it counts for more: grain drowns a card's own lines, and
        noise alone is no pattern.
        """
        x, y, width, height = self.box
        left, top = (max(int(start), 0) for start in (x, y))
        beyond_x, beyond_y = (max((side - _MOST_RASTER) / 2, 0) for side in (width, height))
        part = self.picture[
            top + int(beyond_y) : int(y + height - beyond_y),
            left + int(beyond_x) : int(x + width - beyond_x),
        ]
        start, end, upper, lower = look.PORTRAIT
        portrait = self.flat[
            int(upper * HEIGHT) : int(lower * HEIGHT), int(start * WIDTH) : int(end * WIDTH)
        ]
        whole = max(_raster(self.flat), _raster(part))
        both = whole, _raster(portrait)
        grain = float(np.interp(self.surface.blur, *_GRAIN))
        return grain * max(both) if grain > 1 else sum(both) / 2

    @cached_property
    def mesh(self) -> float:
        """How much of the card and what is around it, or of a face, a fine mesh covers, percent."""
        shares = [screen.on_face(self.picture, face) for face in self.faces]
        return 100 * max(screen.on_card(self.picture, self.corners), *shares, 0.0)

    @cached_property
    def bars(self) -> float:
        """Percent of the picture's rows, or columns, in which nothing varies from end to end.

        Pale ones count only in a picture of a phone display's proportions: scans have such margins.
        """
        green = self.picture[..., 1]
        long, short = max(green.shape), min(green.shape)
        shares = []
        for axis in (0, 1):
            low, high = green.min(axis=axis), green.max(axis=axis)
            still = high - low <= _STILL
            if long < _PHONE_LIKE * short:
                still &= low < _PALE
            shares.append(100 * float(still.mean()))
        return max(shares)

    def on_picture(
        self, box: tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        """A box on the flat card in pixels of the decoded picture."""
        x, y, width, height = box
        ends = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
        if self.reading.mirrored:
            ends[:, 0] = WIDTH - ends[:, 0]
        back = np.linalg.inv(to_card(self.corners, WIDTH, HEIGHT))
        seen = cv2.perspectiveTransform(ends[None].astype(np.float64), back)[0]
        low, high = seen.min(axis=0), seen.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def _sides(self) -> NDArray[np.floating]:
        along = np.roll(self.corners, -1, axis=0) - self.corners
        return np.asarray(np.hypot(along[:, 0], along[:, 1]))


def find(
    rgb: ByteImage,
    reader: Reader,
    face: tuple[float, float, float] | None = None,
    region: tuple[int, int, int, int] | None = None,
) -> Card | None:
    """Find and read the card in a picture.

    Args:
        rgb: (h, w, 3) picture.
        reader: what detects and reads text.
        face: x and y of the middle and the width of a face that may be the portrait's.
        region: left, top, right and bottom of the part to look in; everywhere by default.

    Returns:
        The card; None when nothing there looks and reads like one.
    """
    height, width = rgb.shape[:2]
    left, top, right, bottom = region or (0, 0, width, height)
    small, factor = _small(rgb[top:bottom, left:right])
    corner = np.array((left, top), np.float32)
    texts = [box.quad * factor + corner for box in reader.text_boxes(small, SCENE_SIDE)]
    marks = Marks(
        [text - corner for text in texts],
        face and (face[0] - left, face[1] - top, face[2]),
        (-left, -top, width, height),
    ).scaled(1 / factor)
    quad = find_card(small, marks)
    if quad is None:
        return None
    card = _laid_flat(rgb, _placed(quad, factor, corner), texts, reader)
    if card.is_off:
        place = (_by_print(card)[1] - corner) / np.float32(factor)
        inside = marks.within(place)
        for other in (*settle(small, place, inside), find_card(small, inside)):
            if other is not None:
                card = _the_better(card, _placed(other, factor, corner), reader)
            if not card.is_off:
                break
    if not card.reading.side and not _is_card_like(card, len(texts), quad.portrait):
        return None
    others = int(card.reading.mixed) or _others(card, reader)
    return replace(card, others=others)


def _raster(rgb: ByteImage) -> float:
    """As `raster.raster`; 0 where there is too little texture."""
    try:
        return raster(np.ascontiguousarray(rgb))
    except CannotAssess:
        return 0.0


def _small(rgb: ByteImage) -> tuple[ByteImage, float]:
    """The picture shrunk by a whole number, which is quick, and that number."""
    factor = max(max(rgb.shape[:2]) // _SMALL, 1)
    height, width = (side // factor for side in rgb.shape[:2])
    if factor == 1 or min(height, width) < 1:
        return np.ascontiguousarray(rgb), 1.0
    whole = rgb[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), float(factor)


def _placed(quad: Quad, factor: float, corner: FloatArray) -> Quad:
    """An outline found in a shrunk part, in the whole picture."""
    return replace(quad, corners=quad.corners * np.float32(factor) + corner)


def _the_better(card: Card, quad: Quad, reader: Reader) -> Card:
    """The card, or the same with other corners if its print fits these better."""
    far = min(float(_shifted(quad, way, card).max()) for way in (0, 2)) > _OFF * card.width
    if len(card.reading.fields) == _ALL_FIELDS and not far:
        again = _refitted(card, quad)
    else:
        again = _laid_flat(card.picture, quad, card.strays, reader)
    odd, odder = card.oddness, again.oddness
    fits = _by_print(again)[0] < _by_print(card)[0] and odder < max(odd, _ODD)
    return again if fits and len(again.reading.fields) >= len(card.reading.fields) else card


def _refitted(card: Card, quad: Quad) -> Card:
    """The card with other corners, not read again: its fields moved to where they are now."""
    reading = card.reading
    # Of the two ways round in which the outline may be given, the one in which the card lies.
    around = min((0, 2), key=lambda way: float(_shifted(quad, way, card).sum()))
    corners = np.roll(quad.corners, around, axis=0)
    move = to_card(corners, WIDTH, HEIGHT) @ np.linalg.inv(to_card(card.corners, WIDTH, HEIGHT))
    if reading.mirrored:
        flip = np.array([[-1, 0, WIDTH], [0, 1, 0], [0, 0, 1.0]])
        move = flip @ move @ flip

    def moved(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x, y, width, height = box
        ends = np.array([[[x, y], [x + width, y + height]]], np.float64)
        (x, y), (right, bottom) = cv2.perspectiveTransform(ends, move)[0].tolist()
        return x, y, right - x, bottom - y

    fields = {name: replace(read, box=moved(read.box)) for name, read in reading.fields.items()}
    left = moved((reading.left, HEIGHT / 2, 0.0, 0.0))[0]
    flat = flattened(card.picture, corners)
    return replace(
        card,
        corners=corners,
        contrast=quad.contrast[2:] + quad.contrast[:2] if around else quad.contrast,
        layout=quad.layout,
        flat=posed(flat, turned=False, mirrored=bool(reading.mirrored)),
        reading=replace(reading, fields=MappingProxyType(fields), left=left),
    )


def _shifted(quad: Quad, way: int, card: Card) -> FloatArray:
    """How far each corner is from the card's when counting starts ``way`` corners on, pixels."""
    away = np.roll(quad.corners, way, axis=0) - card.corners
    return np.asarray(np.hypot(away[:, 0], away[:, 1]), np.float32)


def _is_card_like(card: Card, lines: int, portrait: float) -> bool:
    """Whether an outline without legible text may still be a card's."""
    if lines >= LEAST_LINES and card.layout >= _CARD_LAYOUT:
        return True
    low, high = _CARD_RATIOS
    if not low < card.ratio < high:
        return False
    clear = min(card.contrast) > _CLEAR_SIDE and card.area_share > _CLEAR_SHARE
    placed = portrait > _PORTRAIT_PLACED and min(card.contrast) > _SEEN_SIDE
    return placed or (clear and not card.sides_at_border)


def _laid_flat(rgb: ByteImage, quad: Quad, texts: Sequence[FloatArray], reader: Reader) -> Card:
    flat = flattened(rgb, quad.corners)
    reading = read_card(flat, reader.text_boxes(flat, LOOK_SIDE), reader)
    corners = np.roll(quad.corners, -2, axis=0) if reading.turned else quad.corners
    contrast = quad.contrast[2:] + quad.contrast[:2] if reading.turned else quad.contrast
    return Card(
        corners=corners,
        contrast=contrast,
        layout=quad.layout,
        reading=reading,
        flat=posed(flat, turned=reading.turned, mirrored=bool(reading.mirrored)),
        strays=_strays(quad.corners, texts),
        others=0,
        size=(rgb.shape[1], rgb.shape[0]),
        picture=rgb,
    )


def _by_print(card: Card) -> tuple[float, FloatArray]:
    """How far the corners are from where the print wants them, share of a side; and where that is.

    0 when the print does not tell.
    """
    fields = card.reading.fields
    if "number" not in fields or "name" not in fields or card.reading.temporary:
        return 0.0, card.corners
    (_, y1, _, h1), (x2, y2, w2, h2) = fields["name"].box, fields["number"].box
    first, last = (y1 + h1 / 2) / HEIGHT, (y2 + h2 / 2) / HEIGHT
    left, right = card.reading.left / WIDTH, (x2 + w2) / WIDTH
    tall = (last - first) / (_LAST_ROW - _FIRST_ROW)
    top = first - _FIRST_ROW * tall
    # How far the number reaches depends on its type; only beyond reason does it tell.
    fits = _NUMBER_ENDS[0] < right < _NUMBER_ENDS[1]
    wide = 1.0 if fits else (right - left) / (_NUMBER_END - _LEFT)
    if fits and abs(ASPECT * tall / card.ratio - 1) > _WRONG_SHAPE:
        fits, wide = False, ASPECT * tall / card.ratio
    start = left - _LEFT * wide
    if fits and abs(start) < _OFF:
        start = 0.0
    misfit = max(abs(top), abs(top + tall - 1), abs(start), abs(start + wide - 1))
    if not 0.5 < tall < 2 or not 0.5 < wide < 2:
        return 0.0, card.corners
    ends = np.array(
        [[start, top], [start + wide, top], [start + wide, top + tall], [start, top + tall]]
    )
    if card.reading.mirrored:
        ends[:, 0] = 1 - ends[:, 0]
        ends = ends[[1, 0, 3, 2]]
    back = np.linalg.inv(to_card(card.corners))
    return misfit, np.asarray(cv2.perspectiveTransform(ends[None], back)[0], np.float32)


def with_others(card: Card, texts: Sequence[FloatArray], reader: Reader) -> Card:
    """The card with further cards counted by text in the whole picture, quads in its pixels."""
    among = replace(card, strays=_strays(card.corners, texts))
    return replace(among, others=card.others or _others(among, reader))


def _strays(corners: FloatArray, texts: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
    """Those of the quads whose middles lie outside the card."""
    inside = to_card(corners)
    strays = []
    for text in texts:
        middle = cv2.perspectiveTransform(text.mean(axis=0)[None, None], inside)[0, 0]
        if (middle < -0.02).any() or (middle > 1.02).any():
            strays.append(text)
    return tuple(strays)


def _others(card: Card, reader: Reader) -> int:
    """1 when the text outside the card says that it is another card's."""
    if not card.strays:
        return 0
    quarters = round(card.turn / 90)
    view = np.rot90(card.picture, quarters)
    # The longest are a number, if one is there; the highest the title of an emblem side.
    longest = sorted(card.strays, key=lambda quad: -float(np.ptp(quad, axis=0).max()))
    highest = sorted(longest[_EACH_WAY:], key=lambda quad: -float(np.ptp(quad, axis=0).min()))
    asked = longest[:_EACH_WAY] + highest[:_EACH_WAY]
    boxes = [TextBox(_turned(quad, card.size, quarters), 1.0) for quad in asked]
    if card.reading.mirrored:
        view = view[:, ::-1]
        boxes = [TextBox(_flipped(box.quad, view.shape[1]), 1.0) for box in boxes]
    return int(is_of_card(reader.spell(np.ascontiguousarray(view), boxes)))


def _turned(quad: FloatArray, size: tuple[int, int], quarters: int) -> FloatArray:
    """A quad, clockwise from its top left, in a picture turned by `numpy.rot90`."""
    width, height = size
    for _ in range(quarters % 4):
        quad = np.stack([quad[:, 1], width - quad[:, 0]], axis=1)
        width, height = height, width
    return _from_top_left(quad)


def _flipped(quad: FloatArray, width: int) -> FloatArray:
    return _from_top_left((quad * (-1, 1) + (width, 0))[::-1])


def _from_top_left(quad: NDArray[np.floating]) -> FloatArray:
    """The same quad begun at the corner nearest to the picture's top left."""
    start = int(quad.sum(axis=1).argmin())
    return np.asarray(np.roll(quad, -start, axis=0), np.float32)
