"""Somebody holding a card: the faces in the picture, and the card at its own scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.covering import CoveringScores
from models.face import DetectedFace, FaceLandmarks
from models.text import Reader
from photo_service.card import scene

ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
Box = tuple[float, float, float, float]

# Faces are looked for on squares of these shares of the picture's width, half overlapping.
_TILES = (0.42,)
# Longer pictures, in widths, are searched as a whole only.
_LONGEST = 4
# The detector sees tiles of at most this many pixels.
_TILE_SIDE = 384
# A portrait is narrower than this share of the holder's face, and scored at least so high.
_PORTRAIT_SHARE = 0.6
_PORTRAIT_SCORE = 0.5
_HEAD_SCORE = 0.6
# A sure small face beside the card is another card's portrait, if of such a width of this one's.
_LIKE_PORTRAIT = (0.6, 1.4)
_SURE_PORTRAIT = 0.75
# Width of the face box over the width of its card.
_FACE_OF_CARD = 0.16
# Around the portrait, card widths to each side and up and down: it may be at either end.
_REACH = (1.1, 0.75)
_NEARER = 0.6
# At most so many small faces are followed.
_MOST_PLACES = 3
# Without any, text is looked for at this long side.
_TEXT_SIDE = 800
# Width of a face whose sharpness is measured, pixels.
_FACE_SIDE = 200
# Around the holder's face, face widths.
_HEAD = 1.0


class Finders(Reader, Protocol):
    """The models asked here; see `models.runtime.Models`."""

    def landmarks(self, rgb: ByteImage) -> tuple[FaceLandmarks, ...]:
        """Landmarks of each face, largest first."""

    def submit_faces(self, rgb: ByteImage) -> Future[tuple[DetectedFace, ...]]:
        """Boxes of faces of any size."""

    def submit_covering(
        self, rgb: ByteImage, left_eye: tuple[float, float], right_eye: tuple[float, float]
    ) -> Future[CoveringScores]:
        """Whether head, eyes or mouth are covered, log-odds."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture of a holder with a card.

    Attributes:
        heads: boxes of faces that are no portrait on the card, widest first, pixels.
        card: the card; None when there is none.
        portraits: how many small faces lie on the card.
    """

    heads: tuple[Box, ...]
    card: scene.Card | None
    portraits: int


@dataclass(frozen=True, eq=False)
class Head:
    """The holder's head, looked at closely.

    Attributes:
        crop: (h, w, 3) the head's part of the picture.
        landmarks: of the face, pixels of ``crop``; None when the face is hidden or turned away.
        covering: whether eyes or mouth are covered, log-odds; None without landmarks.
        box: of the face, pixels of ``crop``.
    """

    crop: ByteImage
    landmarks: FaceLandmarks | None
    covering: CoveringScores | None
    box: Box

    @property
    def face_luma(self) -> NDArray[np.float32]:
        """Luma of the face, its box at most `_FACE_SIDE` wide."""
        x, y, width, height = (round(value) for value in self.box)
        face = cv2.cvtColor(self.crop, cv2.COLOR_RGB2GRAY)
        face = face[max(y, 0) : y + height, max(x, 0) : x + width]
        factor = min(1.0, _FACE_SIDE / max(face.shape[1], 1))
        size = (max(round(face.shape[1] * factor), 24), max(round(face.shape[0] * factor), 24))
        shrunk = cv2.resize(face, size, interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk, np.float32)


def look(rgb: ByteImage, models: Finders) -> Scene:
    """Find the people and the card."""
    faces = _faces(rgb, models)
    widest = max((face[2] for face, _ in faces), default=0.0)
    small = [face for face, score in faces if face[2] < _PORTRAIT_SHARE * widest or len(faces) == 1]
    card = _card_near(rgb, small, models)
    if card is not None and not card.has_print and _is_person(card, faces):
        card = None
    if card is None:
        return Scene(_heads(faces), None, 0)
    portrait = _FACE_OF_CARD * card.width
    low, high = (share * portrait for share in _LIKE_PORTRAIT)
    beside = [
        (face, score)
        for face, score in faces
        if face in small and low < face[2] < high and not _inside(face, card)
    ]
    if any(score >= _SURE_PORTRAIT for _, score in beside):
        card = replace(card, others=1)
    card = scene.with_others(card, _texts(rgb, models), models)
    for face, _ in beside:
        card = scene.with_others(card, _texts_near(rgb, face, models), models)
    small = [face for face, _ in faces if _inside(face, card) and face[2] < 2 * portrait]
    heads = [
        (face, score)
        for face, score in faces
        if face[2] > (2 if _inside(face, card) else 1.4) * portrait
    ]
    people = _heads(heads)
    shown = len(small) or int(has_portrait(card, models))
    return Scene(people, replace(card, faces=people[:1]), shown)


def closer(rgb: ByteImage, models: Finders, doubtful: scene.Card | None) -> scene.Card | None:
    """The likelier of a doubtful card and what is found at the card's own scale.

    An outline without print needs a portrait to be a card.
    """
    faces = [face for face, _ in _faces(rgb, models)]
    found = [
        card
        for card in (doubtful, _card_near(rgb, faces, models))
        if card is not None and (card.has_print or any(_inside(face, card) for face in faces))
    ]
    best = max(found, key=_readable, default=None)
    return best and scene.with_others(best, _texts(rgb, models), models)


def head(rgb: ByteImage, face: Box, models: Finders) -> Head:
    """Look closely at a face."""
    x, y, width, height = face
    left, top = max(int(x - _HEAD * width), 0), max(int(y - _HEAD * height), 0)
    right, bottom = int(x + (1 + _HEAD) * width), int(y + (1 + _HEAD) * height)
    crop = np.ascontiguousarray(rgb[top:bottom, left:right])
    factor = min(1.0, 640 / max(crop.shape[:2]))
    if factor < 1:
        size = (round(crop.shape[1] * factor), round(crop.shape[0] * factor))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    x, y, width, height = face
    box = ((x - left) * factor, (y - top) * factor, width * factor, height * factor)
    found = models.landmarks(crop)
    if not found:
        return Head(crop, None, None, box)
    points = found[0].points
    eyes = [points[list(pair), :2].mean(axis=0) for pair in ((33, 133), (362, 263))]
    left_eye, right_eye = ((float(eye[0]), float(eye[1])) for eye in eyes)
    covering = models.submit_covering(crop, left_eye, right_eye).result()
    return Head(crop, found[0], covering, box)


def _faces(rgb: ByteImage, models: Finders) -> list[tuple[Box, float]]:
    """Every face once, large and small, with the detector's score."""
    found: list[tuple[Box, float]] = []
    shrunk = _shrunk(rgb, 1024)
    scale = rgb.shape[1] / shrunk.shape[1]
    views = [(shrunk, 0.0, 0.0, scale), *_tiles(rgb)]
    asked = [(models.submit_faces(view), x, y, scale) for view, x, y, scale in views]
    for answer, left, top, factor in asked:
        for face in answer.result():
            x, y, across, down = (factor * value for value in face.box)
            box = (x + left, y + top, across, down)
            if face.score >= _PORTRAIT_SCORE and not any(_same(box, other) for other, _ in found):
                found.append((box, face.score))
    return found


def _tiles(rgb: ByteImage) -> Iterator[tuple[ByteImage, float, float, float]]:
    """Views of parts of the picture: pixels, left, top, pixels of the picture per pixel."""
    height, width = rgb.shape[:2]
    # No camera takes such strips; their tiles would be without number.
    if max(height, width) > _LONGEST * min(height, width):
        return
    for share in _TILES:
        side = min(round(share * width), height)
        for top in _starts(height, side):
            for left in _starts(width, side):
                part = np.ascontiguousarray(rgb[top : top + side, left : left + side])
                view = _shrunk(part, _TILE_SIDE)
                yield view, float(left), float(top), side / view.shape[1]


def _starts(length: int, side: int) -> list[int]:
    count = 1 + -(-(length - side) // max(round(0.7 * side), 1))
    return [round(start) for start in np.linspace(0, length - side, count)]


def _shrunk(rgb: ByteImage, long_side: int) -> ByteImage:
    factor = long_side / max(rgb.shape[:2])
    if factor >= 1:
        return rgb
    size = (max(round(rgb.shape[1] * factor), 1), max(round(rgb.shape[0] * factor), 1))
    # Whole steps first: averaging over large areas is slow.
    step = max(int(1 / factor) // 2, 1)
    return np.asarray(cv2.resize(rgb[::step, ::step], size, interpolation=cv2.INTER_AREA), np.uint8)


def _same(a: Box, b: Box) -> bool:
    """Whether two boxes show one face."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(across, 0) * max(down, 0) > 0.35 * min(a[2] * a[3], b[2] * b[3])


def _card_near(rgb: ByteImage, faces: Sequence[Box], models: Finders) -> scene.Card | None:
    """The card around one of these faces or where most text stands; rather one that reads."""
    cards = [card for card in _cards_near(rgb, faces, models) if card is not None]
    if not any(card.reading.side for card in cards):
        cards += [card for card in (_card_by_text(rgb, models),) if card is not None]
    return max(cards, key=_readable, default=None)


def _readable(card: scene.Card) -> tuple[bool, bool, int, bool, float]:
    """What outlines of one card are compared by."""
    fields = card.reading.fields
    return bool(card.reading.side), "number" in fields, len(fields), not card.is_off, card.layout


def _cards_near(
    rgb: ByteImage, faces: Sequence[Box], models: Finders
) -> Iterator[scene.Card | None]:
    """The cards around small faces, up to the first that reads."""
    for x, y, width, height in faces[:_MOST_PLACES]:
        middle = x + width / 2, y + height / 2
        # Boxes around portraits differ: once more nearer, for a card smaller than it seemed.
        for nearer in (1.0, _NEARER):
            card = nearer * width / _FACE_OF_CARD
            across, down = _REACH[0] * card, _REACH[1] * card
            region = (middle[0] - across, middle[1] - down, 2 * across, 2 * down)
            found = _card_in(rgb, region, models, (*middle, width))
            yield found
            if found is not None and found.is_sure:
                return


def _card_by_text(rgb: ByteImage, models: Finders) -> scene.Card | None:
    """The card where most text stands; its portrait may be covered or on the other side."""
    quads = _texts(rgb, models)
    if not quads:
        return None
    corners = _neighbours(quads, rgb.shape[:2])
    low, high = corners.min(axis=0), corners.max(axis=0)
    # The two large lines of the emblem's side take half its width and a third of its height.
    beyond = 0.9 * float((high - low).max())
    x, y = low - beyond
    width, height = high - low + 2 * beyond
    return _card_in(rgb, (x, y, width, height), models)


def _texts(rgb: ByteImage, models: Finders) -> list[FloatArray]:
    """Quads (4, 2) where text lies, pixels of the picture."""
    small = _shrunk(rgb, _TEXT_SIDE)
    scale = np.float32(rgb.shape[1] / small.shape[1])
    return [box.quad * scale for box in models.text_boxes(small, _TEXT_SIDE)]


def _texts_near(rgb: ByteImage, portrait: Box, models: Finders) -> list[FloatArray]:
    """Quads (4, 2) where text lies on the card around what may be a portrait."""
    x, y, width, height = portrait
    reach = width / _FACE_OF_CARD
    left, top = max(int(x + width / 2 - reach), 0), max(int(y + height / 2 - reach), 0)
    part = rgb[top : int(y + height / 2 + reach), left : int(x + width / 2 + reach)]
    corner = np.array((left, top), np.float32)
    return [quad + corner for quad in _texts(np.ascontiguousarray(part), models)]


def _neighbours(quads: Sequence[FloatArray], size: tuple[int, ...]) -> FloatArray:
    """Corners, (n, 2), of the largest group of lines that stand near one another."""
    factor = min(1.0, _TEXT_SIDE / max(size))
    small = [quad * np.float32(factor) for quad in quads]
    gap = 2 * max(round(float(np.median([np.hypot(*(quad[3] - quad[0])) for quad in small]))), 2)
    mask = np.zeros([max(int(side * factor), 1) for side in size], np.uint8)
    for quad in small:
        cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    joined = cv2.dilate(mask, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    groups = cv2.connectedComponents(joined)[1]
    limit = np.array(mask.shape[::-1]) - 1
    places = [np.clip(quad.mean(axis=0), 0, limit).astype(int) for quad in small]
    of = np.array([groups[y, x] for x, y in places])
    return np.concatenate([q for q, group in zip(quads, of, strict=True) if group == _most(of)])


def _most(values: NDArray[np.integer]) -> int:
    return int(np.bincount(values).argmax())


def _card_in(
    rgb: ByteImage,
    region: Box,
    models: Finders,
    face: tuple[float, float, float] | None = None,
) -> scene.Card | None:
    left, top = max(int(region[0]), 0), max(int(region[1]), 0)
    right = min(int(region[0] + region[2]), rgb.shape[1])
    bottom = min(int(region[1] + region[3]), rgb.shape[0])
    if min(right - left, bottom - top) < 32:
        return None
    return scene.find(rgb, models, face, (left, top, right, bottom))


def _inside(face: Box, card: scene.Card) -> bool:
    middle = (face[0] + face[2] / 2, face[1] + face[3] / 2)
    return cv2.pointPolygonTest(card.corners.reshape(-1, 1, 2), middle, measureDist=False) >= 0


def has_portrait(card: scene.Card, models: Finders) -> bool:
    """Whether a face is seen on the card laid flat."""
    return any(face.score >= _PORTRAIT_SCORE for face in models.submit_faces(card.flat).result())


def _is_person(card: scene.Card, faces: Sequence[tuple[Box, float]]) -> bool:
    """Whether an outline holds the widest face of all: a person before a wall."""
    widest = max((face for face, _ in faces), key=lambda face: face[2], default=None)
    return widest is not None and _inside(widest, card)


def _heads(faces: Sequence[tuple[Box, float]]) -> tuple[Box, ...]:
    """The widest face, and others that are beyond doubt."""
    ordered = sorted(faces, key=lambda face: -face[0][2])
    return tuple(face for n, (face, score) in enumerate(ordered) if n == 0 or score >= _HEAD_SCORE)
