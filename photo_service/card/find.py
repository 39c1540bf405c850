"""Where the card lies: its four corners in the picture.

Hypotheses come from outlines of colour areas, from straight edges, from where text lies, and from
the picture's own frame (a scan of nothing but the card). Each is judged by the contrast along its
sides and by how well text inside it keeps to the card's layout. Works on a small copy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

ASPECT = 85.6 / 54.0
"""Width over height of ISO/IEC 7810 ID-1."""
SMALL_SIDE = 480

# Where the card's paper and its rim are looked at, shares of width and height: a grid, and the four
# sides' strips. A shadow darkens a side by this, levels; beyond, it is another thing's.
_PAPER_PLACES = np.stack(
    np.meshgrid(np.linspace(0.1, 0.9, 10), np.linspace(0.1, 0.9, 6)), axis=-1
).reshape(-1, 2)
_ALONG = np.linspace(0.1, 0.9, 13)
_RIM_PLACES = np.concatenate(
    [
        np.stack(np.broadcast_arrays(*at), axis=-1)
        for at in ((_ALONG, 0.03), (_ALONG, 0.97), (0.02, _ALONG), (0.98, _ALONG))
    ]
)
_SHADED = 40
_FOREIGN = 0.5
# Share of the card's width and height over which its print spreads, whichever way it lies.
_PRINT_ACROSS = (0.065, 0.935)
_PRINT_DOWN = (0.10, 0.905)
# What is left of the width beyond the number, whose length depends on its type.
_NEAR_END, _FAR_END = 0.06, 0.20
# Where the outer rows and columns of print stand: above, below, left, right.
_OUTER_PLACES = np.array([[0.5, 0.14], [0.5, 0.86], [0.065, 0.5], [0.935, 0.5]], np.float64)
# The middle of the portrait's face from either end and from either long side, and its box's width.
_FACE = ((0.66, 0.94), (0.22, 0.78), (0.09, 0.26))
# The same for cards tried around a face: its middle, widths of the card from the left and the top;
# shares of the width; so many directions of text, each so far from the others, radians.
_FACE_AT = (0.81, 0.25)
_FACE_SHARES = (0.12, 0.15, 0.19)
_MOST_WAYS = 4
_SAME_WAY = math.radians(6)
# Print stands at most so far from it, widths of its box.
_TEXT_REACH = 4.6
# The proportions of an outline tell no more than this, natural logarithm.
_SHAPE_NOISE = 0.03
_SHAPE_WEIGHT = 3.0
# A portrait side has about this many lines of print; around it there may be a printed page.
_LINES = 14
# More lines than this are no card's alone.
_PAGE = 20
# Of its height: first and last row of print, measured from the middle.
_OUTER_ROW = 0.36
# Mean side ratios of hypotheses that perspective can make of a card.
_RATIOS = (1.15, 2.2)
_LEAST_AREA = 0.02
# Prints differ from one another by so much.
_SLACK = 0.035
_SAMPLES = 28
# Sides are searched this far from where a hypothesis puts them, share of the card's width.
_SNAP = 0.08
_SETTLE = 0.045
_SNAP_STEPS = 25
_SNAPPED = 3
# Outlines with a side less clear than this are searched further: so many of them, so many of the
# clearest edges near each side, so often round.
_CLEAR = 0.6
_CLIMBED = 2
_PEAKS = 8
_ROUNDS = 4
# And moved only for so much more contrast.
_GAIN = 0.05
# Contrast of a side that cannot be seen because it lies outside the picture.
_UNSEEN = 0.30
# Corners farther outside than this, share of the first side, are meant to be.
_BEYOND = 0.02
# A side is moved out only if that makes the card so much longer, times.
_LEAST_REACH = 1.03
# Opposite sides are at most so far from parallel, neighbours at least so far; radians.
_PARALLEL, _ACROSS = math.radians(25), math.radians(50)
# How well print keeps to a place that lies outside the picture.
_HIDDEN = 0.8

FloatArray = NDArray[np.float32]
ByteImage = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is known to lie on a card, pixels of the picture.

    Attributes:
        texts: quads (4, 2) where text lies.
        face: x and y of the middle and the width of the portrait's face, if one was found.
        frame: x, y, width and height of the camera's whole picture, where only a part is given.
    """

    texts: Sequence[FloatArray]
    face: tuple[float, float, float] | None = None
    frame: tuple[float, float, float, float] | None = None

    @property
    def texts_near_face(self) -> Sequence[FloatArray]:
        """Those that can be on one card with the face; around it there may be other print."""
        if self.face is None:
            return ()
        x, y, width = self.face
        reach = _TEXT_REACH * width
        return [t for t in self.texts if float(np.hypot(*(t.mean(axis=0) - (x, y)))) < reach]

    def within(self, corners: FloatArray) -> Marks:
        """Only the texts that lie in this outline; around it there may be a page of print."""
        outline = np.asarray(corners, np.float32).reshape(-1, 1, 2)
        return replace(
            self,
            texts=[
                text
                for text in self.texts
                if cv2.pointPolygonTest(outline, text.mean(axis=0).tolist(), measureDist=False) >= 0
            ],
        )

    def scaled(self, factor: float) -> Marks:
        """The same in a picture ``factor`` times as large."""
        texts = [np.asarray(text * factor, np.float32) for text in self.texts]
        x, y, width = (factor * value for value in self.face or (0, 0, 0))
        left, top, wide, high = (factor * value for value in self.frame or (0, 0, 0, 0))
        return Marks(texts, self.face and (x, y, width), self.frame and (left, top, wide, high))


@dataclass(frozen=True, slots=True, eq=False)
class Quad:
    """A card's outline.

    Attributes:
        corners: (4, 2) x, y in pixels, clockwise, the first side a long one; may lie outside.
        contrast: how clearly each side shows, 0-1, in the order of ``corners``.
        layout: how well the text inside keeps to a card's layout, 0-1.
        portrait: how well the face found lies where cards have it, 0-1; 0 without one.
        shape: how far the outline is from a card's proportions, natural logarithm.
        outside: how far the farthest corner lies outside the picture, share of the first side.
        foreign: how far the darkest of four strips along the sides is from the card's paper, 0-1.
    """

    corners: FloatArray
    contrast: tuple[float, float, float, float]
    layout: float
    portrait: float
    shape: float
    outside: float
    foreign: float

    @property
    def score(self) -> float:
        """What hypotheses are compared by."""
        return self.clear + 0.9 * self.layout + 0.5 * self.portrait

    @property
    def clear(self) -> float:
        """The same without the text."""
        # A side outside the picture cannot be blamed for not being seen.
        least = sorted(self.contrast)[int(self.outside > _BEYOND)]
        seen = sum(self.contrast) / 4 + 0.5 * least
        odd = _SHAPE_WEIGHT * max(self.shape - _SHAPE_NOISE, 0.0) + min(4 * self.outside, 0.3)
        return seen - odd - _FOREIGN * self.foreign


def find_card(rgb: ByteImage, marks: Marks) -> Quad | None:
    """The likeliest outline of a card.

    Args:
        rgb: (h, w, 3) picture.
        marks: what lies on the card, pixels of ``rgb``.

    Returns:
        The outline in pixels of ``rgb``; None when nothing has a card's shape.
    """
    small, factor = _shrunk(rgb)
    best = _likeliest(small, marks.scaled(factor))
    if len(marks.texts) > _PAGE:
        # The card lies on a page of print: closed over, the page is plain ground. Where text lies
        # tells nothing then.
        closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
        plain = _likeliest(np.asarray(closed, np.uint8), replace(marks.scaled(factor), texts=[]))
        found = [quad for quad in (best, plain) if quad]
        best = max(found, key=lambda quad: quad.score - quad.layout, default=None)
    return best and replace(best, corners=best.corners / np.float32(factor))


def _likeliest(small: ByteImage, marks: Marks) -> Quad | None:
    edges = _Edges(small)
    judged: list[Quad] = []
    for corners in _hypotheses(small, edges):
        ordered = _long_side_first(corners)
        if ordered is None or any(np.abs(ordered - q.corners).max() < 3 for q in judged):
            continue
        judged.append(_judged(ordered, edges, marks))
    if not judged:
        return None
    for quad in list(judged):
        for corners in _reaching_out(quad.corners, edges):
            if not any(np.abs(corners - q.corners).max() < 3 for q in judged):
                judged.append(_judged(corners, edges, marks))
    likely = sorted(judged, key=lambda quad: -quad.score)[:_SNAPPED]
    for texts in (marks.texts, marks.texts_near_face):
        likely += [_judged(quad, edges, marks) for quad in _around_text(texts)]
    times = 1
    if len(marks.texts) > _LINES:
        # Among much print the card's own is hard to tell: more outlines are tried then.
        times = 2
        around = [_judged(quad, edges, marks) for quad in _around_face(marks)]
        likely += sorted(around, key=lambda quad: -quad.score)[: times * _SNAPPED]
    snapped = [_snapped(quad, edges, marks, _SNAP) for quad in likely]
    snapped.sort(key=lambda quad: -quad.score)
    if min(snapped[0].contrast) >= _CLEAR:
        return snapped[0]
    climbed = (_climbed(quad, edges, marks) for quad in snapped[: times * _CLIMBED])
    return max(climbed, key=lambda quad: quad.score)


def settle(rgb: ByteImage, corners: FloatArray, marks: Marks) -> tuple[Quad, ...]:
    """The outline near ``corners`` that shows best, and that of ``corners``; as `find_card`."""
    small, factor = _shrunk(rgb)
    edges = _Edges(small)
    seen = marks.scaled(factor)
    ordered = _long_side_first(np.asarray(corners * factor, np.float32))
    if ordered is None:
        return ()
    given = _judged(ordered, edges, seen)
    both = _climbed(_snapped(given, edges, seen, _SETTLE), edges, seen), given
    return tuple(replace(quad, corners=quad.corners / np.float32(factor)) for quad in both)


def _shrunk(rgb: ByteImage) -> tuple[ByteImage, float]:
    """The picture small, and its pixels per pixel of ``rgb``."""
    factor = min(1.0, SMALL_SIDE / max(rgb.shape[:2]))
    size = (max(round(rgb.shape[1] * factor), 8), max(round(rgb.shape[0] * factor), 8))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8), factor


# --- contrast ----------------------------------------------------------------------------------


class _Edges:
    """Gradients of a small picture, the strongest of its three Lab channels."""

    def __init__(self, rgb: ByteImage) -> None:
        lab = cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), 0.8), cv2.COLOR_RGB2LAB)
        planes = lab.astype(np.float32)
        gx, gy = cv2.Scharr(planes, cv2.CV_32F, 1, 0), cv2.Scharr(planes, cv2.CV_32F, 0, 1)
        strongest = (gx**2 + gy**2).argmax(axis=2)[..., None]
        self.x = np.asarray(np.take_along_axis(gx, strongest, 2)[..., 0] / 16, np.float32)
        self.y = np.asarray(np.take_along_axis(gy, strongest, 2)[..., 0] / 16, np.float32)
        self.strength: FloatArray = np.hypot(self.x, self.y)
        # What counts as half a contrast: above the grain of the picture.
        self.half = 1.5 * float(np.median(self.strength)) + 1.5
        self.height, self.width = self.strength.shape
        self.luma = planes[..., 0].astype(np.uint8)

    def along(self, starts: FloatArray, ends: FloatArray) -> FloatArray:
        """Contrast 0-1 along each segment, (n, 2) → (n,); what lies outside does not count."""
        t = np.linspace(0.08, 0.92, _SAMPLES, dtype=np.float32)[None, :, None]
        points = starts[:, None] * (1 - t) + ends[:, None] * t
        direction = ends - starts
        length = np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-3)
        normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1) / length[:, None]
        best: FloatArray = np.zeros(points.shape[:2], np.float32)
        for shift in (-1.0, 0.0, 1.0):
            moved = points + np.float32(shift) * normal[:, None]
            x = np.clip(np.rint(moved[..., 0]).astype(np.int32), 0, self.width - 1)
            y = np.clip(np.rint(moved[..., 1]).astype(np.int32), 0, self.height - 1)
            across = np.abs(self.x[y, x] * normal[:, None, 0] + self.y[y, x] * normal[:, None, 1])
            np.maximum(best, across / (across + self.half), out=best)
        inside = (
            (points[..., 0] >= 1)
            & (points[..., 0] <= self.width - 2)
            & (points[..., 1] >= 1)
            & (points[..., 1] <= self.height - 2)
        )
        seen = inside.sum(axis=1)
        total = (best * inside).sum(axis=1) + _UNSEEN * (_SAMPLES - seen)
        return np.asarray(total / _SAMPLES, np.float32)


def _judged(corners: FloatArray, edges: _Edges, marks: Marks) -> Quad:
    contrast = edges.along(corners, np.roll(corners, -1, axis=0))
    a, b, c, d = (float(value) for value in contrast)
    left, top, width, height = marks.frame or (0.0, 0.0, edges.width, edges.height)
    ratio = true_ratio(corners - np.array((left, top), np.float32), (width, height))
    shape = abs(math.log(max(ratio, 0.1) / ASPECT))
    limits = np.array([edges.width, edges.height], np.float32)
    beyond = float(np.maximum(-corners, corners - limits).max())
    outside = max(beyond, 0.0) / max(float(np.hypot(*(corners[1] - corners[0]))), 1.0)
    layout = _layout(corners, marks.texts, (edges.width, edges.height))
    portrait = 0.0 if marks.face is None else _portrait(corners, marks.face)
    foreign = _foreign(corners, edges.luma)
    return Quad(corners, (a, b, c, d), layout, portrait, shape, outside, foreign)


def _foreign(corners: FloatArray, luma: ByteImage) -> float:
    """How dark one of the outline's sides is within, against its paper, 0-1.

    All along its rim a card is pale; an outline that takes in some of the table is not.
    """
    places = np.concatenate([_PAPER_PLACES, _RIM_PLACES])[None]
    at = cv2.perspectiveTransform(places, np.linalg.inv(to_card(corners)))[0]
    height, width = luma.shape
    x, y = np.rint(at).astype(np.int32).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    seen = luma[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].astype(np.float32)
    count = len(_PAPER_PLACES)
    paper = float(np.percentile(seen[:count], 75))
    sides = np.where(inside, seen, paper)[count:].reshape(4, -1)
    darkest = paper - float(np.median(sides, axis=1).min())
    return min(max(darkest - _SHADED, 0.0) / _SHADED, 1.0)


# --- layout ------------------------------------------------------------------------------------


def to_card(corners: FloatArray, width: float = 1.0, height: float = 1.0) -> NDArray[Any]:
    """The projection that lays ``corners`` onto a rectangle, (3, 3)."""
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), target))


def _layout(corners: FloatArray, texts: Sequence[FloatArray], size: tuple[int, int]) -> float:
    """How well text keeps to the card, 0-1: inside, level, from the first row to the last.

    Rows and columns outside the picture, of a width and height, are not asked for.
    """
    if not texts:
        return 0.0
    transform = to_card(corners)
    flat = cv2.perspectiveTransform(np.concatenate(texts)[None], transform)[0].reshape(-1, 4, 2)
    low, high = flat.min(axis=1), flat.max(axis=1)
    middle = (low + high) / 2
    inside = ((middle > 0) & (middle < 1)).all(axis=1)
    if not inside.any():
        return 0.0
    edges = np.stack([flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 1]], axis=1)[inside]
    edges = np.abs(edges) * np.array([ASPECT, 1.0])
    longer = edges[np.arange(len(edges)), np.hypot(edges[..., 0], edges[..., 1]).argmax(axis=1)]
    level = float((longer[:, 1] < 0.3 * longer[:, 0]).mean())
    # No line of print runs over the card's edge; of all print, so much by length does.
    over = ((low < -0.01) | (high > 1.01)).any(axis=1)[inside]
    lengths = np.hypot(longer[:, 0], longer[:, 1])
    crossing = float(lengths[over].sum() / max(lengths.sum(), 1e-6))
    rows = middle[inside, 1]
    ends = abs(0.5 - rows.min() - _OUTER_ROW), abs(rows.max() - 0.5 - _OUTER_ROW)
    reaches = [max(0.0, 1 - max(end - _SLACK, 0) / 0.14) for end in ends]
    left, right = low[inside, 0].min(), high[inside, 0].max()
    near, far = sorted((float(left), 1 - float(right)))
    # The number's end depends on its type.
    off = abs(near - _PRINT_ACROSS[0]), max(_NEAR_END - far, far - _FAR_END, 0.0)
    spread = float(np.mean([max(0.0, 1 - max(side - _SLACK, 0) / 0.13) for side in off]))
    if (corners < 0).any() or (corners > size).any():
        back = cv2.perspectiveTransform(_OUTER_PLACES[None], np.linalg.inv(transform))[0]
        hidden = ((back < 0) | (back > size)).any(axis=1)
        reaches = [_HIDDEN if out else way for out, way in zip(hidden[:2], reaches, strict=True)]
        spread = _HIDDEN if hidden[2:].any() else spread
    reach = float(np.mean(reaches))
    count = int(inside.sum())
    share = count / min(len(texts), _LINES) if count < _LINES else _LINES / count
    return share * level * max(0.0, 0.3 + 0.4 * reach + 0.3 * spread - crossing)


def _portrait(corners: FloatArray, face: tuple[float, float, float]) -> float:
    """How well a face lies where a card has its portrait, whichever way it lies, 0-1."""
    x, y, width = face
    at = cv2.perspectiveTransform(np.array([[[x, y]]], np.float32), to_card(corners))[0, 0]
    along = max(float(at[0]), 1 - float(at[0]))
    share = width / max(float(np.hypot(*(corners[1] - corners[0]))), 1.0)
    values = (along, float(at[1]), share)
    off = sum(max(low - v, v - high, 0.0) for v, (low, high) in zip(values, _FACE, strict=True))
    return max(0.0, 1 - off / 0.1)


def true_ratio(corners: FloatArray, size: tuple[float, float]) -> float:
    """Width over height of the rectangle behind a quad in a picture of a size.

    Zhang & He, "Whiteboard scanning and image enhancement", 2007; the focal length from the quad
    itself where it is telling, else a phone's usual 0.85 of the long side.
    """
    centred = corners.astype(np.float64) - np.array(size) / 2
    m1, m2, m4, m3 = np.hstack([centred, np.ones((4, 1))])
    k2 = np.dot(np.cross(m1, m4), m3) / np.dot(np.cross(m2, m4), m3)
    k3 = np.dot(np.cross(m1, m4), m2) / np.dot(np.cross(m3, m4), m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    usual = 0.85 * max(size)
    focal_squared = usual**2
    if abs(n2[2] * n3[2]) > 1e-3:
        own = -(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2])
        if (0.5 * usual) ** 2 < own < (3 * usual) ** 2:
            focal_squared = own
    scale = np.array([1 / focal_squared, 1 / focal_squared, 1.0])
    down = max(float((n3 * n3 * scale).sum()), 1e-12)
    return math.sqrt(max(float((n2 * n2 * scale).sum()), 0.0) / down)


# --- hypotheses --------------------------------------------------------------------------------


def _hypotheses(small: ByteImage, edges: _Edges) -> Iterator[FloatArray]:
    height, width = small.shape[:2]
    yield _rectangle(0, 0, width, height)
    yield from _from_outlines(small, edges)
    yield from _from_lines(edges)


def _reaching_out(corners: FloatArray, edges: _Edges) -> Iterator[FloatArray]:
    """The same with one side moved out of the picture to where a card of this size has it."""
    limits = np.array([edges.width, edges.height], np.float32)
    sides = np.roll(corners, -1, axis=0) - corners
    long, short = (float(np.hypot(*sides[n::2].T).mean()) for n in (0, 1))
    for number, factor in ((0, long / ASPECT / short), (2, long / ASPECT / short),
                           (1, short * ASPECT / long), (3, short * ASPECT / long)):  # fmt: skip
        if factor < _LEAST_REACH:
            continue
        moved = corners.copy()
        start, end = number, (number + 1) % 4
        for corner, base in ((start, (start - 1) % 4), (end, (end + 1) % 4)):
            moved[corner] = corners[base] + np.float32(factor) * (corners[corner] - corners[base])
        beyond = np.maximum(-moved, moved - limits).max(axis=1)
        if (
            beyond[[start, end]].max() > _BEYOND * long
            and (ordered := _long_side_first(moved)) is not None
        ):
            yield ordered


def _rectangle(left: float, top: float, right: float, bottom: float) -> FloatArray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def _around_text(texts: Sequence[FloatArray]) -> Iterator[FloatArray]:
    """The card around its print, seen without perspective."""
    if len(texts) < 3:
        return
    lengths = [float(np.hypot(*(text[1] - text[0]))) for text in texts]
    longest = texts[int(np.argmax(lengths))]
    along = longest[1] - longest[0]
    if np.hypot(*along) < np.hypot(*(longest[3] - longest[0])):
        along = longest[3] - longest[0]
    along = along / max(float(np.hypot(*along)), 1e-3)
    axes = np.stack([along, np.array([-along[1], along[0]])]).astype(np.float32)
    inside = np.concatenate(texts) @ axes.T
    low, high = inside.min(axis=0), inside.max(axis=0)
    spans = (_PRINT_ACROSS, _PRINT_DOWN)
    sizes = [(high[i] - low[i]) / (spans[i][1] - spans[i][0]) for i in range(2)]
    start = [low[i] - spans[i][0] * sizes[i] for i in range(2)]
    box = _rectangle(start[0], start[1], start[0] + sizes[0], start[1] + sizes[1])
    ordered = _long_side_first(np.asarray(box @ axes, np.float32))
    if ordered is not None:
        yield ordered


def _around_face(marks: Marks) -> Iterator[FloatArray]:
    """Cards with that face for a portrait, level with lines of text, without perspective."""
    if marks.face is None:
        return
    x, y, wide = marks.face
    sides = [max(t[1] - t[0], t[3] - t[0], key=np.linalg.norm) for t in marks.texts]
    sides.sort(key=np.linalg.norm, reverse=True)
    angles: list[float] = []
    for side in sides:
        angle = math.atan2(side[1], side[0]) % math.pi
        if all(_apart(angle, other) > _SAME_WAY for other in angles):
            angles.append(angle)
    for angle in angles[:_MOST_WAYS]:
        for share in _FACE_SHARES:
            width = wide / share
            left, top = (part * width for part in _FACE_AT)
            box = _rectangle(-left, -top, width - left, width / ASPECT - top)
            for way in (angle, angle + math.pi):
                along = np.array([math.cos(way), math.sin(way)], np.float32)
                axes = np.stack([along, np.array([-along[1], along[0]])]).astype(np.float32)
                ordered = _long_side_first(np.asarray(box @ axes + (x, y), np.float32))
                if ordered is not None:
                    yield ordered


def _from_outlines(small: ByteImage, edges: _Edges) -> Iterator[FloatArray]:
    """Quads around areas that differ from the picture's border, and around closed edges."""
    masks = [(_unlike_rim(small) > limit).astype(np.uint8) for limit in (12, 24, 40)]
    level, _ = cv2.threshold(edges.luma, 0, 255, cv2.THRESH_OTSU)
    masks += [(edges.luma > level).astype(np.uint8)]
    for low in (2 * edges.half, 4 * edges.half):
        strong = (edges.strength > low).astype(np.uint8)
        masks.append(np.asarray(cv2.dilate(strong, np.ones((3, 3), np.uint8)), np.uint8))
    kernel = np.ones((5, 5), np.uint8)
    for mask in masks:
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
        contours = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
        for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:4]:
            hull = cv2.convexHull(contour)
            if cv2.contourArea(hull) < _LEAST_AREA * mask.size:
                break
            quad = _quad_of(hull)
            if quad is not None:
                yield quad
            yield np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float32)


def _unlike_rim(rgb: ByteImage) -> FloatArray:
    """How far each pixel's colour is from that along the picture's border, CIELAB of 8 bits."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), 1.5)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    strips = (lab[:6], lab[-6:], lab[:, :6], lab[:, -6:])
    rim = np.concatenate([strip.reshape(-1, 3) for strip in strips])
    return np.asarray(np.sqrt(((lab - np.median(rim, axis=0)) ** 2).sum(axis=2)), np.float32)


def _quad_of(hull: NDArray[Any]) -> FloatArray | None:
    length = cv2.arcLength(hull, closed=True)
    for share in (0.02, 0.035, 0.05, 0.08):
        corners = cv2.approxPolyDP(hull, share * length, closed=True)
        if len(corners) == 4:
            return np.asarray(corners[:, 0], np.float32)
    return None


def _from_lines(edges: _Edges) -> Iterator[FloatArray]:
    """Quads of two pairs of long straight edges; corners may lie outside the picture."""
    lines = _long_lines(edges)
    if len(lines) < 4:
        return
    angles = [math.atan2(e[1] - s[1], e[0] - s[0]) for s, e in lines]
    through = [_through(start, end) for start, end in lines]
    found: list[FloatArray] = []
    pairs = []
    for i, j in combinations(range(len(lines)), 2):
        if _apart(angles[i], angles[j]) < _PARALLEL:
            pairs.append((i, j))
    for (a, b), (c, d) in combinations(pairs, 2):
        if len({a, b, c, d}) < 4 or _apart(angles[a], angles[c]) < _ACROSS:
            continue
        quad = _crossing(through, (a, b), (c, d))
        if quad is not None and (ordered := _long_side_first(quad)) is not None:
            found.append(ordered)
    if not found:
        return
    quads = np.stack(found)
    starts, ends = quads.reshape(-1, 2), np.roll(quads, -1, axis=1).reshape(-1, 2)
    contrast = edges.along(starts, ends).reshape(-1, 4)
    value = contrast.mean(axis=1) + 0.5 * contrast.min(axis=1)
    for index in np.argsort(-value)[:12]:
        yield quads[index]


def _long_lines(edges: _Edges) -> list[tuple[FloatArray, FloatArray]]:
    found: NDArray[Any] | None = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(
        edges.luma
    )[0]
    if found is None:
        return []
    segments = found.reshape(-1, 4).astype(np.float32)
    lengths = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    order = [n for n in np.argsort(-lengths)[:60] if lengths[n] > 0.06 * max(edges.luma.shape)]
    merged: list[tuple[FloatArray, FloatArray]] = []
    for n in order:
        start, end = segments[n, :2], segments[n, 2:]
        if not any(_same_line(line, start, end) for line in merged):
            merged.append((start, end))
    return merged[:14]


def _same_line(line: tuple[FloatArray, FloatArray], start: FloatArray, end: FloatArray) -> bool:
    along = (line[1] - line[0]) / max(float(np.hypot(*(line[1] - line[0]))), 1e-3)
    off = [
        abs(float(along[0] * (p - line[0])[1] - along[1] * (p - line[0])[0])) for p in (start, end)
    ]
    return max(off) < 4


def _apart(a: float, b: float) -> float:
    """Angle between two directions, 0 to 90°, radians."""
    difference = abs(a - b) % math.pi
    return min(difference, math.pi - difference)


def _through(start: FloatArray, end: FloatArray) -> tuple[float, float, float]:
    """The line through two points: a, b, c of a·x + b·y + c = 0."""
    x1, y1 = float(start[0]), float(start[1])
    x2, y2 = float(end[0]), float(end[1])
    return y1 - y2, x2 - x1, x1 * y2 - x2 * y1


def _crossing(
    lines: Sequence[tuple[float, float, float]], one: tuple[int, int], other: tuple[int, int]
) -> FloatArray | None:
    """The convex quad of two pairs of lines, given as by `_through`."""
    corners = []
    for i, j in ((one[0], other[0]), (one[0], other[1]), (one[1], other[1]), (one[1], other[0])):
        (a1, b1, c1), (a2, b2, c2) = lines[i], lines[j]
        down = a1 * b2 - a2 * b1
        if abs(down) < 1e-6:
            return None
        corners.append(((b1 * c2 - b2 * c1) / down, (c1 * a2 - c2 * a1) / down))
    quad = np.array(corners, np.float32)
    return quad if cv2.isContourConvex(quad) else None


def _long_side_first(corners: FloatArray) -> FloatArray | None:
    """Clockwise, the first side a long one; None for what no card can look like."""
    if not np.isfinite(corners).all() or not cv2.isContourConvex(corners):
        return None
    a, b = corners[1] - corners[0], corners[2] - corners[1]
    quad = corners if float(a[0] * b[1] - a[1] * b[0]) > 0 else corners[::-1]
    sides = np.hypot(*(np.roll(quad, -1, axis=0) - quad).T)
    across, down = sides[0] + sides[2], sides[1] + sides[3]
    if across < down:
        quad, across, down = np.roll(quad, -1, axis=0), down, across
    if min(sides) < 8 or not _RATIOS[0] <= across / down <= _RATIOS[1]:
        return None
    # The more upright of the two ways round.
    if quad[1, 0] - quad[0, 0] < -abs(quad[1, 1] - quad[0, 1]):
        quad = np.roll(quad, 2, axis=0)
    return np.ascontiguousarray(quad, np.float32)


def _snapped(quad: Quad, edges: _Edges, marks: Marks, within: float) -> Quad:
    """The sides moved to the clearest edges nearby, kept when that makes a better card."""
    lines = []
    for number in range(4):
        starts, ends, value = _nearby(quad.corners, number, edges, within)
        best, unmoved = int(value.argmax()), len(value) // 2
        if value[best] < value[unmoved] + _GAIN:
            best = unmoved
        lines.append(_through(starts[best], ends[best]))
    return _the_better(quad, lines, edges, marks)


def _climbed(quad: Quad, edges: _Edges, marks: Marks) -> Quad:
    """One side after the other moved to whichever clear edge nearby makes the best card.

    The clearest edge beside a card's side need not be that side: print and shadows lie there too.
    """
    clearest = []
    for number in range(4):
        starts, ends, value = _nearby(quad.corners, number, edges, _SNAP)
        grid = value.reshape(_SNAP_STEPS, _SNAP_STEPS)
        peaks = np.flatnonzero(grid >= cv2.dilate(grid, np.ones((5, 5), np.uint8)))
        best = peaks[np.argsort(-value[peaks])][:_PEAKS]
        clearest.append([_through(starts[place], ends[place]) for place in best])
    corners = quad.corners
    lines = [_through(corners[number], corners[(number + 1) % 4]) for number in range(4)]
    for _ in range(_ROUNDS):
        before = quad
        for number, others in enumerate(clearest):
            for line in others:
                trial = [*lines[:number], line, *lines[number + 1 :]]
                better = _the_better(quad, trial, edges, marks)
                if better is not quad:
                    quad, lines = better, trial
        if quad is before:
            break
    return quad


def _nearby(
    corners: FloatArray, number: int, edges: _Edges, within: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Lines near a side: (n, 2) starts and ends, and how clear they are, of equals the nearest."""
    reach = within * float(np.hypot(*(corners[1] - corners[0])))
    offsets = np.linspace(-reach, reach, _SNAP_STEPS, dtype=np.float32)
    first, second = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    start, end = corners[number], corners[(number + 1) % 4]
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-3)
    normal = np.array([-along[1], along[0]], np.float32)
    starts, ends = start + first[:, None] * normal, end + second[:, None] * normal
    value = edges.along(starts, ends) - 0.03 * (np.abs(first) + np.abs(second)) / max(reach, 1)
    return starts, ends, np.asarray(value, np.float32)


def _the_better(
    quad: Quad, lines: Sequence[tuple[float, float, float]], edges: _Edges, marks: Marks
) -> Quad:
    """The outline, or that between these four lines if it makes a better card."""
    # Corners as crossings: of the last side with the first, and so on round.
    moved = _crossing(lines, (3, 1), (0, 2))
    ordered = None if moved is None else _long_side_first(moved)
    if ordered is None:
        return quad
    better = _judged(ordered, edges, marks)
    return better if better.score > quad.score else quad
