"""`Features`: every costly fact of one picture, computed once and only if a check asks.

Coordinates are pixels of the decoded picture (``photo.pixels``), x to the right, y down, unless a
name says otherwise. "Left" and "right" are the picture's, not the person's. Two reduced pictures
serve the measurements that need no detail:

* ``small``: shrunk by a whole number to a long side near `SMALL_SIDE`, for colour, light and
  background;
* the person mask: 256 × 256 as the model gives it, brought to the size of ``small``.

Facts that a picture does not have raise `CannotAssess`, which the engine reports as SKIP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.added import AddedMaps
from models.covering import CoveringScores
from models.face import DetectedFace, FaceLandmarks
from models.text import Spelling, TextBox, TextLine, corners_box
from photo_service import borders, forensics
from photo_service.card import held, scene
from photo_service.context import Context
from photo_service.document import page
from photo_service.document.names import name_on
from photo_service.errors import CannotAssess, InputError
from photo_service.image import Photo, open_photo
from photo_service.provenance import Provenance, provenance

SMALL_SIDE = 240
# Person probability below which a pixel is surely background, and from which it is surely person.
BACKGROUND_BELOW = 0.05
PERSON_FROM = 0.5
# Share of the picture that must be background for its colour and evenness to be judged.
LEAST_BACKGROUND = 0.06
# The face crop for sharpness: distance between the eye centres after scaling down, in pixels.
CROP_EYE_DISTANCE = 96.0

# Indices into MediaPipe's 478-point face mesh.
LEFT_EYE_CORNERS = (33, 133)
RIGHT_EYE_CORNERS = (362, 263)
LEFT_LIDS = ((160, 144), (159, 145), (158, 153))
RIGHT_LIDS = ((385, 380), (386, 374), (387, 373))
LEFT_CHEEK, RIGHT_CHEEK = 234, 454
LEFT_IRIS, RIGHT_IRIS = 468, 473  # the centres; four points on the rim follow each
CHIN, FOREHEAD = 152, 10
NOSE_BRIDGE, NOSE_TIP, UPPER_LIP, LOWER_LIP = 168, 1, 13, 14
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LEFT_EYE_RING = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
RIGHT_EYE_RING = (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
LIPS = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
)  # fmt: skip

# Where the first look for additions scores so high (log-odds), the dear models look closer.
TEXT_LOOK = -1.0
FACE_LOOK = -1.5
GRAPHIC_LOOK = 0.0
# A suspected place reaches as far as the scores stay within this of the threshold.
LOOK_REACH = 1.5
# At most so many places are looked at, and so many boxes read.
MOST_PLACES = 4
MOST_FACES = 2
MOST_LINES = 6
# Confidence from which a line counts as read.
READ_FROM = 0.6
# Skin texture: least distance between the eyes in pixels; brightest colour taken for overexposed.
LEAST_TEXTURE_EYES = 45.0
BLOWN = 250
# Largest photo on file that is compared.
REFERENCE_BYTES = 32 * 1024 * 1024
REFERENCE_PIXELS = 50_000_000
# A small face is confirmed within a window this many times its size, at least so many pixels.
FACE_WINDOW = 3.0
SMALLEST_WINDOW = 64

Point = tuple[float, float]
Place = tuple[float, tuple[float, float, float, float]]
FloatImage = NDArray[np.float32]
ByteImage = NDArray[np.uint8]
BoolImage = NDArray[np.bool_]


class ModelSet(Protocol):
    """The learned models a picture's facts come from; see `models.runtime.Models`."""

    def landmarks(self, rgb: ByteImage) -> tuple[FaceLandmarks, ...]:
        """Landmarks of each face, largest first."""

    def submit_covering(
        self, rgb: ByteImage, left_eye: Point, right_eye: Point
    ) -> Future[CoveringScores]:
        """Whether head, eyes or mouth are covered, log-odds."""

    def submit_added(self, rgb: ByteImage) -> Future[AddedMaps]:
        """Where lettering, small faces and graphics may have been added."""

    def submit_text(
        self, rgb: ByteImage, places: Sequence[tuple[float, float, float, float]], most: int
    ) -> Future[tuple[TextLine, ...]]:
        """What is written in some places."""

    def text_boxes(self, rgb: ByteImage, long_side: int) -> tuple[TextBox, ...]:
        """Where text seems to be."""

    def spell(
        self, rgb: ByteImage, boxes: Sequence[TextBox], alphabet: str = ""
    ) -> tuple[Spelling, ...]:
        """The characters in each box one by one."""

    def submit_mask(self, rgb: ByteImage) -> Future[FloatImage]:
        """Person probability, 256 × 256."""

    def submit_faces(self, rgb: ByteImage) -> Future[tuple[DetectedFace, ...]]:
        """Boxes of faces of any size."""


@dataclass(frozen=True, slots=True)
class FaceGeometry:
    """Where the face is, in pixels of the decoded picture.

    ``eye_distance`` is the inter-eye distance: between the centres of the eyes, each the middle
    of its two corners. ``width`` is cheek to cheek at the ears (landmarks 234 and 454).
    """

    left_eye: Point
    right_eye: Point
    eye_distance: float
    left: float
    right: float
    chin: float
    box: tuple[float, float, float, float]

    @property
    def width(self) -> float:
        """Cheek to cheek, pixels."""
        return self.right - self.left

    @property
    def eyes_y(self) -> float:
        """Height of the line between the eyes, pixels from the top."""
        return (self.left_eye[1] + self.right_eye[1]) / 2

    @property
    def centre_x(self) -> float:
        """Middle between the cheeks, pixels from the left."""
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The background as measured on ``small``; colours in CIELAB (L 0–100).

    Attributes:
        sure: where the background surely is.
        lab: median colour.
        gradient: how much its smooth part varies: 95th − 5th percentile of L, a and b of a
            second-degree surface fitted to the sure pixels without outliers.
        difference: (h, w, 3) colour minus that surface at sure pixels, 0 elsewhere.
        distance: how far each pixel is from the person, in face widths.
    """

    sure: BoolImage
    lab: tuple[float, float, float]
    gradient: tuple[float, float, float]
    difference: FloatImage
    distance: FloatImage


class Features:
    """The facts of one picture. Not to be shared between threads.

    Args:
        photo: the picture.
        models: the learned models.
        context: what the caller knows besides the picture.
        is_held: whether a card is to be looked for in somebody's hand rather than on a table.
    """

    def __init__(
        self,
        photo: Photo,
        models: ModelSet,
        context: Context | None = None,
        *,
        is_held: bool = False,
    ) -> None:
        self.photo = photo
        self._is_held = is_held
        self.context = context or Context()
        self._models = models
        self._answers: dict[str, Future[Any]] = {}

    @property
    def scale(self) -> float:
        """Decoded pixels per full-size pixel."""
        return self.photo.scale

    @property
    def width(self) -> int:
        """Decoded width, pixels."""
        return int(self.photo.pixels.shape[1])

    @property
    def height(self) -> int:
        """Decoded height, pixels."""
        return int(self.photo.pixels.shape[0])

    def prefetch(self, needs: frozenset[str]) -> None:
        """Run the models that ``needs`` names: the landmarker here, the others beside it."""
        for need in ("person", "detections", "added"):
            if need in needs:
                self._answer(need)
        if "covering" in needs and self.faces:
            self._answer("covering")

    def ready(self, needs: tuple[str, ...]) -> bool:
        """Whether the models behind ``needs`` have answered, or were never asked."""
        return all(self._answers[need].done() for need in needs if need in self._answers)

    def _answer(self, need: str) -> Future[Any]:
        """What the model behind a need answers; asked on the first call."""
        if need not in self._answers:
            self._answers[need] = self._ask(need)
        return self._answers[need]

    def _ask(self, need: str) -> Future[Any]:
        pixels = self.photo.pixels
        if need == "person":
            return self._models.submit_mask(pixels)
        if need == "detections":
            return self._models.submit_faces(pixels)
        if need == "added":
            return self._models.submit_added(pixels)
        face = self.geometry
        return self._models.submit_covering(pixels, face.left_eye, face.right_eye)

    # --- faces -------------------------------------------------------------------------------

    @cached_property
    def faces(self) -> tuple[FaceLandmarks, ...]:
        """Faces with landmarks, largest first."""
        return self._models.landmarks(self.photo.pixels)

    @property
    def face(self) -> FaceLandmarks:
        """The largest face."""
        if not self.faces:
            raise CannotAssess("no-face")
        return self.faces[0]

    @cached_property
    def detections(self) -> tuple[DetectedFace, ...]:
        """Faces of any size by the full-range detector."""
        found: tuple[DetectedFace, ...] = self._answer("detections").result()
        return found

    @cached_property
    def geometry(self) -> FaceGeometry:
        """Where the largest face is."""
        points = self.face.points
        left_eye = points[list(LEFT_EYE_CORNERS), :2].mean(axis=0)
        right_eye = points[list(RIGHT_EYE_CORNERS), :2].mean(axis=0)
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        return FaceGeometry(
            left_eye=(float(left_eye[0]), float(left_eye[1])),
            right_eye=(float(right_eye[0]), float(right_eye[1])),
            eye_distance=max(float(np.hypot(*(right_eye - left_eye))), 1.0),
            left=float(points[LEFT_CHEEK, 0]),
            right=float(points[RIGHT_CHEEK, 0]),
            chin=float(points[CHIN, 1]),
            box=(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        )

    @cached_property
    def covering(self) -> CoveringScores:
        """Whether head, eyes or mouth of the largest face are covered, log-odds."""
        scores: CoveringScores = self._answer("covering").result()
        return scores

    @cached_property
    def small_faces(self) -> tuple[DetectedFace, ...]:
        """Faces that only a closer look at suspected places finds; may repeat `detections`."""
        found: list[DetectedFace] = []
        places = self.added.places("face", FACE_LOOK, LOOK_REACH)
        for _, (x, y, width, height) in places[:MOST_FACES]:
            side = max(FACE_WINDOW * max(width, height), SMALLEST_WINDOW)
            left = max(int(x + (width - side) / 2), 0)
            top = max(int(y + (height - side) / 2), 0)
            window = self.photo.pixels[top : int(top + side), left : int(left + side)]
            for face in self._models.submit_faces(np.ascontiguousarray(window)).result():
                (fx, fy, fw, fh), corner = face.box, np.array((left, top), np.float32)
                box = (fx + left, fy + top, fw, fh)
                found.append(DetectedFace(box, face.score, face.keypoints + corner))
        return tuple(found)

    # --- things added ------------------------------------------------------------------------

    @cached_property
    def sides(self) -> Mapping[str, borders.Side]:
        """What lies along the four sides of the picture."""
        return borders.sides(self.photo.pixels)

    @property
    def added(self) -> AddedMaps:
        """A cheap first look for lettering, small faces and graphics."""
        maps: AddedMaps = self._answer("added").result()
        return maps

    @cached_property
    def text_places(self) -> tuple[Place, ...]:
        """Log-odds and box of each place that may be lettering, likeliest first."""
        return self.added.places("text", TEXT_LOOK, LOOK_REACH)

    @cached_property
    def unread_places(self) -> tuple[Place, ...]:
        """Those of `text_places` where nothing could be read."""
        read = [
            corners_box(line.box.quad)
            for line in self.text_lines
            if line.confidence >= READ_FROM and sum(c.isalnum() for c in line.text) > 1
        ]
        return tuple(p for p in self.text_places if not any(_overlap(p[1], box) for box in read))

    @cached_property
    def graphic_places(self) -> tuple[Place, ...]:
        """Log-odds and box of each place that may be a graphic, likeliest first."""
        return self.added.places("graphic", GRAPHIC_LOOK, LOOK_REACH)

    @cached_property
    def text_lines(self) -> tuple[TextLine, ...]:
        """What is written in the places that may be lettering."""
        places = [box for _, box in self.text_places[:MOST_PLACES]]
        if not places:
            return ()
        return self._models.submit_text(self.photo.pixels, places, MOST_LINES).result()

    # --- person and background ---------------------------------------------------------------

    @cached_property
    def small(self) -> ByteImage:
        """The picture shrunk by a whole number, RGB; the last columns and rows may be left out."""
        # Whole factors take OpenCV's fast path: 0.2 ms instead of 1 ms.
        factor = self._shrink
        height, width = self.height // factor, self.width // factor
        whole = self.photo.pixels[: height * factor, : width * factor]
        small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    @property
    def _shrink(self) -> int:
        longest = round(max(self.width, self.height) / SMALL_SIDE)
        return max(1, min(longest, self.width, self.height))

    @property
    def small_factor(self) -> Point:
        """Pixels of ``small`` per decoded pixel, along x and y."""
        return 1 / self._shrink, 1 / self._shrink

    @cached_property
    def small_luma(self) -> ByteImage:
        """Luma of ``small``, 0-255."""
        return np.asarray(cv2.cvtColor(self.small, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def small_lab(self) -> FloatImage:
        """``small`` in CIELAB (L 0–100, a and b about ±128), float32."""
        unit = self.small.astype(np.float32) / 255.0
        return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32)

    @cached_property
    def chroma_95(self) -> float:
        """95th percentile of CIELAB chroma over ``small``: how colourful the picture is."""
        some = self.small_lab[::2, ::2]
        return float(np.percentile(np.hypot(some[..., 1], some[..., 2]), 95))

    @cached_property
    def person(self) -> FloatImage:
        """Person probability 0–1 at the size of ``small``."""
        mask: FloatImage = self._answer("person").result()
        height, width = self.small.shape[:2]
        # ``small`` may leave out the last columns and rows, which the mask covers.
        full = (
            max(round(self.width * self.small_factor[0]), width),
            max(round(self.height * self.small_factor[1]), height),
        )
        resized = cv2.resize(mask, full, interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized[:height, :width], np.float32)

    @property
    def head_columns(self) -> slice:
        """Columns of ``small`` over the face and a third of its width to each side."""
        fx, face = self.small_factor[0], self.geometry
        left = round((face.left - 0.3 * face.width) * fx)
        right = round((face.right + 0.3 * face.width) * fx)
        return slice(max(left, 0), max(right, 1))

    @cached_property
    def crown(self) -> float:
        """Top of the head with its hair, pixels from the top.

        The first row where the person covers a quarter of the face's width within the columns
        over the face; single strands of hair do not count.
        """
        fx, fy = self.small_factor
        face = self.geometry
        columns = self.person[:, self.head_columns]
        covered = np.clip(columns * 2 - 0.5, 0, 1).sum(axis=1)
        rows = np.flatnonzero(covered >= 0.25 * face.width * fx)
        if rows.size == 0:
            raise CannotAssess("no-person")
        return float(rows[0]) / fy

    @cached_property
    def backdrop(self) -> Backdrop:
        """The background's colour and how it varies."""
        height, width = self.person.shape
        reach = max(3, round(0.015 * max(height, width)))
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        near_person = cv2.dilate((self.person > BACKGROUND_BELOW).astype(np.uint8), kernel)
        sure = near_person == 0
        # Scanners and croppers leave a blurred outermost row; it is not background.
        sure[[0, -1], :] = False
        sure[:, [0, -1]] = False
        if sure.sum() < LEAST_BACKGROUND * sure.size:
            raise CannotAssess("background-too-small")
        surface = _fit_surface(self.small_lab, sure)
        every = 3 if sure[::3, ::3].any() else 1
        thinned = (slice(None, None, every), slice(None, None, every))
        some = sure[thinned]
        spread = np.percentile(surface[thinned][some], (5, 95), axis=0)
        median = np.median(self.small_lab[thinned][some], axis=0)
        difference = (self.small_lab - surface) * sure[..., None]
        away = (self.person <= BACKGROUND_BELOW).astype(np.uint8)
        face_width = max(self.geometry.width * self.small_factor[0], 1.0)
        distance = cv2.distanceTransform(away, cv2.DIST_L2, 3)
        return Backdrop(
            sure=sure,
            lab=_triple(median),
            gradient=_triple(spread[1] - spread[0]),
            difference=difference,
            distance=np.asarray(distance, np.float32) / np.float32(face_width),
        )

    @cached_property
    def backdrop_deviation(self) -> FloatImage:
        """ΔE76 of each pixel of ``small`` from the smooth background; 0 where not background."""
        squares = self.backdrop.difference**2
        return np.asarray(np.sqrt(squares[..., 0] + squares[..., 1] + squares[..., 2]), np.float32)

    @cached_property
    def shadow(self) -> BoolImage:
        """Patches of background near the person that are darker, but of the same colour."""
        backdrop = self.backdrop
        darker = -backdrop.difference[..., 0]
        dark = backdrop.sure & (backdrop.distance < 0.7) & (darker > 4) & (darker < 35)
        if not dark.any():
            return dark
        tint = np.hypot(backdrop.difference[..., 1], backdrop.difference[..., 2])
        return patches(dark & (tint < 0.4 * darker + 1.5))

    # --- skin --------------------------------------------------------------------------------

    @cached_property
    def skin(self) -> BoolImage:
        """Where bare facial skin is expected on ``small``: the face oval without eyes and mouth."""
        points = self.face.points[:, :2] * self.small_factor
        oval = points[list(FACE_OVAL)]
        centre = oval.mean(axis=0)
        canvas = np.zeros(self.small.shape[:2], np.uint8)
        _fill(canvas, centre + 0.88 * (oval - centre), 1)
        for ring, grow in ((LEFT_EYE_RING, 1.5), (RIGHT_EYE_RING, 1.5), (LIPS, 1.1)):
            part = points[list(ring)]
            middle = part.mean(axis=0)
            _fill(canvas, middle + grow * (part - middle), 0)
        for brow in (LEFT_BROW, RIGHT_BROW):
            _fill(canvas, points[list(brow)], 0)
        skin = canvas > 0
        if skin.sum() < 60:
            raise CannotAssess("face-too-small")
        return skin

    @cached_property
    def skin_lab(self) -> FloatImage:
        """CIELAB of the skin pixels, (n, 3)."""
        return self.small_lab[self.skin]

    @cached_property
    def skin_colour(self) -> tuple[float, float]:
        """Chroma and hue (degrees) of the median skin, CIELAB."""
        a, b = (float(np.median(self.skin_lab[:, axis])) for axis in (1, 2))
        return math.hypot(a, b), math.degrees(math.atan2(b, a))

    @cached_property
    def skin_luma(self) -> ByteImage:
        """Luma 0–255 of the skin pixels, (n,)."""
        return self.small_luma[self.skin]

    @cached_property
    def face_slice(self) -> tuple[slice, slice]:
        """Rows and columns of the face box on ``small``, at least 8 × 8."""
        (fx, fy), (x, y, width, height) = self.small_factor, self.geometry.box
        rows = slice(max(int(y * fy), 0), max(int((y + height) * fy), 0))
        columns = slice(max(int(x * fx), 0), max(int((x + width) * fx), 0))
        if min(self.small[rows, columns].shape[:2]) < 8:
            raise CannotAssess("face-too-small")
        return rows, columns

    # --- detail ------------------------------------------------------------------------------

    @cached_property
    def face_crop(self) -> FloatImage:
        """Luma around the face, never enlarged; inter-eye distance at most `CROP_EYE_DISTANCE`."""
        face = self.geometry
        x, y, w, h = face.box
        x0, y0 = max(int(x), 0), max(int(y), 0)
        x1, y1 = min(int(x + w), self.width), min(int(y + h), self.height)
        if x1 - x0 < 24 or y1 - y0 < 24:
            raise CannotAssess("face-too-small")
        luma = cv2.cvtColor(
            np.ascontiguousarray(self.photo.pixels[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY
        )
        factor = min(1.0, CROP_EYE_DISTANCE / face.eye_distance)
        if factor < 1.0:
            size = (round(luma.shape[1] * factor), round(luma.shape[0] * factor))
            luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        return luma.astype(np.float32)

    @cached_property
    def blur(self) -> tuple[float, ...]:
        """Blur of the face crop along four directions, 0 (sharp) to 1.

        How much of the differences between neighbours survives another blur along the same line:
        a sharp picture loses most of them, a blurred one hardly any (Crété et al. 2007,
        doi:10.1117/12.702790).
        """
        return _blur(self.face_crop)

    # --- ID card -----------------------------------------------------------------------------

    @cached_property
    def in_hand(self) -> held.Scene:
        """Who holds a card, and the card, searched at its own scale."""
        return held.look(self.photo.pixels, self._models)

    @cached_property
    def holder(self) -> held.Head:
        """The holder's head, looked at closely."""
        if not self.in_hand.heads:
            raise CannotAssess("no-holder")
        return held.head(self.photo.pixels, self.in_hand.heads[0], self._models)

    @cached_property
    def holder_blur(self) -> float:
        """Blur of the holder's face, 0 (sharp) to 1; the worst direction, as `blur`."""
        return max(_blur(self.holder.face_luma))

    @cached_property
    def card_or_none(self) -> scene.Card | None:
        """The ID card in the picture, laid flat and read; None when there is none."""
        if self._is_held:
            return self.in_hand.card
        found = scene.find(self.photo.pixels, self._models)
        if found is not None and found.is_sure:
            return found
        return held.closer(self.photo.pixels, self._models, found)

    @cached_property
    def portrait_shown(self) -> bool:
        """Whether a face is seen on the ID card."""
        if self._is_held:
            return self.in_hand.portraits > 0
        return held.has_portrait(self.card, self._models)

    @property
    def card_if_sought(self) -> scene.Card | None:
        """The card when a check has looked for one; never looks itself."""
        found: scene.Card | None = self.__dict__.get("card_or_none")
        return found

    @property
    def card(self) -> scene.Card:
        """The ID card in the picture."""
        if self.card_or_none is None:
            raise CannotAssess("no-card")
        return self.card_or_none

    # --- page of paper -----------------------------------------------------------------------

    @cached_property
    def document(self) -> page.Page:
        """What the picture shows of a page, read as far as its kind and pose need."""
        return page.find(self.photo.pixels, self._models)

    @property
    def document_if_sought(self) -> page.Page | None:
        """The page when a check has looked for one; never looks itself."""
        found: page.Page | None = self.__dict__.get("document")
        return found

    @cached_property
    def name_on_document(self) -> bool:
        """Whether the name that the caller expects stands on the page."""
        return name_on(self.document, self.context.expect_name, self._models)

    # --- authenticity ------------------------------------------------------------------------

    @cached_property
    def provenance(self) -> Provenance:
        """What the file's metadata say of its making."""
        return provenance(self.photo.metadata)

    @cached_property
    def grid(self) -> forensics.Grid:
        """Traces of earlier JPEG saves."""
        return forensics.grid(self.photo)

    @cached_property
    def ghost(self) -> forensics.Ghost:
        """Where the trace of an earlier save is missing."""
        return forensics.ghost(self.photo, self.grid)

    @cached_property
    def skin_numbers(self) -> FloatImage:
        """What tells filtered skin from skin; see `forensics.skin_texture`."""
        face, luma, (x, y, width, height) = self.geometry, self.face_crop, self.geometry.box
        if face.eye_distance < LEAST_TEXTURE_EYES:
            raise CannotAssess("face-too-small")
        left, top = max(int(x), 0), max(int(y), 0)
        corner = np.array((left, top), np.float32)
        factor = min(1.0, CROP_EYE_DISTANCE / face.eye_distance)
        points = (self.face.points[:, :2] - corner) * factor
        skin, eyes = np.zeros(luma.shape, np.uint8), np.zeros(luma.shape, np.uint8)
        _fill(skin, _grown(points, FACE_OVAL, 0.85), 1)
        for ring, beyond in ((LEFT_EYE_RING, 1.7), (RIGHT_EYE_RING, 1.7), (LIPS, 1.25)):
            _fill(skin, _grown(points, ring, beyond), 0)
        for brow in (LEFT_BROW, RIGHT_BROW):
            hull = np.asarray(cv2.convexHull(_grown(points, brow, 1.2)), np.float32)
            _fill(skin, hull[:, 0], 0)
        for ring in (LEFT_EYE_RING, RIGHT_EYE_RING):
            _fill(eyes, _grown(points, ring, 1.5), 1)
        # Where a colour is at its end there is no texture left to judge.
        part = self.photo.pixels[top : int(y + height), left : int(x + width)].max(axis=2)
        skin[cv2.resize(part, luma.shape[::-1], interpolation=cv2.INTER_AREA) >= BLOWN] = 0
        jpeg = self.photo.metadata.jpeg
        table = jpeg.tables[0] if jpeg is not None and jpeg.tables else None
        return forensics.skin_texture(luma, skin > 0, eyes > 0, table)

    @cached_property
    def flat_background(self) -> float:
        """Percent of the background's blocks that have one brightness."""
        sure = self.backdrop.sure.astype(np.uint8)
        luma = cv2.cvtColor(self.photo.pixels, cv2.COLOR_RGB2GRAY)
        where = cv2.resize(sure, luma.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        return forensics.flat_share(np.asarray(luma, np.uint8), where)

    @cached_property
    def thumbnail(self) -> forensics.ThumbnailMatch:
        """How the small preview in the file agrees with the picture."""
        return forensics.thumbnail_match(self.photo)

    @cached_property
    def reference(self) -> forensics.ReferenceMatch:
        """How the face agrees with the photo on file that the caller gave."""
        data = self.context.reference
        if data is None:
            raise CannotAssess("no-reference")
        face = self.face
        try:
            photo = open_photo(data, max_file_bytes=REFERENCE_BYTES, max_pixels=REFERENCE_PIXELS)
        except InputError:
            raise CannotAssess("reference-unreadable") from None
        others = self._models.landmarks(photo.pixels)
        if not others:
            raise CannotAssess("reference-without-face")
        return forensics.reference_match(
            self.photo.pixels, face.points, photo.pixels, others[0].points
        )


def _triple(values: NDArray[np.floating]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


# Steps in four directions: across, down, and both diagonals.
_DIRECTIONS = ((1, 0), (1, 1), (0, 1), (1, -1))
_DIAGONAL: FloatImage = np.eye(7, dtype=np.float32) / np.float32(7)
# A line of about nine pixels along each direction.
_LINES: tuple[FloatImage, ...] = (
    np.full((1, 9), 1 / 9, np.float32),
    _DIAGONAL,
    np.full((9, 1), 1 / 9, np.float32),
    np.ascontiguousarray(_DIAGONAL[::-1]),
)


def _steps(luma: FloatImage, dx: int, dy: int) -> FloatImage:
    """Absolute difference of each pixel to its neighbour in one direction."""
    ahead = luma[max(dy, 0) : luma.shape[0] + min(dy, 0), dx:]
    here = luma[max(-dy, 0) : luma.shape[0] + min(-dy, 0), : luma.shape[1] - dx]
    return np.asarray(cv2.absdiff(ahead, here), np.float32)


def _blur(luma: FloatImage) -> tuple[float, ...]:
    result = []
    for direction, line in zip(_DIRECTIONS, _LINES, strict=True):
        before = _steps(luma, *direction)
        after = _steps(np.asarray(cv2.filter2D(luma, -1, line), np.float32), *direction)
        lost = float(np.maximum(before - after, 0).sum())
        result.append(1 - lost / max(float(before.sum()), 1e-6))
    return tuple(result)


def _fill(canvas: ByteImage, polygon: NDArray[np.floating], value: int) -> None:
    cv2.fillPoly(canvas, [np.round(polygon).astype(np.int32)], value)


def _grown(points: FloatImage, indices: Sequence[int], factor: float) -> FloatImage:
    """Some landmarks, (n, 2), moved away from their middle by ``factor``."""
    part = points[list(indices)]
    middle = part.mean(axis=0)
    return np.asarray(middle + factor * (part - middle), np.float32)


def _fit_surface(lab: FloatImage, where: BoolImage) -> FloatImage:
    """Second-degree surface through the colours at ``where``, refitted without outliers, (h, w, 3).

    Least squares on about a thousand pixels: plenty for six terms.
    """
    height, width = where.shape
    step = max(1, round(math.sqrt(where.sum() / 1000)))
    ys, xs = np.nonzero(where[::step, ::step])
    target = lab[::step, ::step][ys, xs]
    y, x = ys * step / height - 0.5, xs * step / width - 0.5
    basis = np.stack([np.ones_like(x), x, x * x, y, x * y, y * y], axis=1).astype(np.float32)
    keep = np.ones(len(target), bool)
    for _ in range(2):
        a, b = basis[keep], target[keep]
        weights = np.linalg.solve(a.T @ a + 1e-3 * np.eye(6, dtype=np.float32), a.T @ b)
        error = np.sqrt(((target - basis @ weights) ** 2).sum(axis=1))
        keep = error <= max(2.5 * float(np.median(error)), 2.0)
    across = _powers(width)
    down = _powers(height)
    surface = np.empty((height, width, 3), np.float32)
    for channel, (one, x1, x2, y1, xy, y2) in enumerate(weights.T):
        terms = np.array([[one, x1, x2], [y1, xy, 0], [y2, 0, 0]], np.float32)
        surface[..., channel] = down @ terms @ across.T
    return surface


def _powers(length: int) -> FloatImage:
    """1, t and t² at each pixel of a side, t from -0.5 to 0.5."""
    t = (np.arange(length) / length - 0.5).astype(np.float32)
    return np.stack([np.ones_like(t), t, t * t], axis=1)


def patches(mask: BoolImage) -> BoolImage:
    """What of a mask is at least five pixels of ``small`` across: strands of hair are thinner."""
    kernel = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0, np.bool_)


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes (x, y, width, height) share any area."""
    across = min(a[0] + a[2], b[0] + b[2]) > max(a[0], b[0])
    return across and min(a[1] + a[3], b[1] + b[3]) > max(a[1], b[1])


def bounding_box(mask: BoolImage, factor: Sequence[float]) -> tuple[float, float, float, float]:
    """Box around the true pixels of a mask on ``small``, in decoded pixels."""
    ys, xs = np.nonzero(mask)
    x0, x1 = xs.min() / factor[0], (xs.max() + 1) / factor[0]
    y0, y1 = ys.min() / factor[1], (ys.max() + 1) / factor[1]
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)
