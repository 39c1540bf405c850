"""Reading text in a picture: PP-OCRv6 small by ONNX Runtime, from the models in rapidocr's wheel.

The models are driven directly. rapidocr's own classes run the same two files, but resize to at
least 736 px (150 ms a picture), pad each line to 320 px and start a thread per core; here the
detector sees no more pixels than it is given, a line is as wide as it is, and one thread is used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models import _onnx
from models.store import ModelStoreError

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"

# Post-processing of the detector's probability map, as the models' authors run it.
TEXT_FROM = 0.3
BOX_FROM = 0.6
UNCLIP = 1.6
SHORTEST_SIDE = 3.0
STEP = 32
LINE_HEIGHT = 48
LONGEST_LINE = 960
# A crop this much taller than wide is a line written downwards or turned by 90°.
UPRIGHT_FROM = 1.5

# The detector sees a picture of this long side, a small part of it at the finer scale.
COARSE_SIDE = 480
FINE_SIDE = 640
# Around a place where text is suspected, share of the picture's long side.
MARGIN = 0.05

Region = tuple[float, float, float, float]
ByteImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TextBox:
    """Where text seems to be.

    Attributes:
        quad: corners from the top left, clockwise, (4, 2), pixels of the picture given.
        score: mean text probability inside, 0–1.
    """

    quad: FloatImage
    score: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as read.

    Attributes:
        text: the characters, without surrounding blanks; may be empty.
        confidence: mean probability of the characters, 0–1; 0 if there are none.
        box: where it was read.
    """

    text: str
    confidence: float
    box: TextBox


@dataclass(frozen=True, slots=True)
class Spelling:
    """One line character by character.

    Attributes:
        text: the characters, blanks left out.
        probabilities: of each character, 0–1.
        places: middle of each character, share of the line's length from its start.
        seconds: the next likeliest character at each place and its probability; ``""`` when the
            reader saw nothing else there.
        box: where it was read.
    """

    text: str
    probabilities: tuple[float, ...]
    places: tuple[float, ...]
    seconds: tuple[tuple[str, float], ...]
    box: TextBox

    @property
    def confidence(self) -> float:
        """Mean probability of the characters; 0 if there are none."""
        return sum(self.probabilities) / max(len(self.probabilities), 1)


class Reader(Protocol):
    """What reads text; the owner of the models is one, see `models.runtime.Models`."""

    def text_boxes(self, rgb: ByteImage, long_side: int) -> tuple[TextBox, ...]:
        """Where text seems to be."""

    def spell(
        self, rgb: ByteImage, boxes: Sequence[TextBox], alphabet: str = ""
    ) -> tuple[Spelling, ...]:
        """The characters in each box."""


class TextReader:
    """Detects and reads text. Not to be shared between threads.

    Raises:
        ModelStoreError: ``model-missing`` if rapidocr or its files are not there,
            ``model-unusable``.
    """

    def __init__(self) -> None:
        folder = model_folder()
        self._detector, self._recogniser = (
            _session(folder / name) for name in (DETECTOR, RECOGNISER)
        )
        characters = self._recogniser.get_modelmeta().custom_metadata_map["character"]
        # Class 0 is "nothing", the last is the blank between words.
        self._characters = ("", *characters.splitlines(), " ")

    def close(self) -> None:
        """Free the models; using the reader afterwards is an error."""
        del self._detector, self._recogniser

    def boxes(self, rgb: ByteImage, long_side: int) -> tuple[TextBox, ...]:
        """Where text seems to be, best first.

        Args:
            rgb: (H, W, 3) picture.
            long_side: the detector looks at the picture scaled so that its long side is this many
                pixels, rounded to steps of 32; larger finds smaller letters and costs more.
        """
        height, width = rgb.shape[:2]
        factor = long_side / max(height, width)
        size = tuple(max(STEP, round(side * factor / STEP) * STEP) for side in (width, height))
        shrinks = size[0] < width
        scaled = cv2.resize(
            rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        (probability,) = self._detector.run(None, {"x": _network_input(scaled)})
        found = _boxes_of(probability[0, 0])
        back = np.array([width / size[0], height / size[1]], np.float32)
        limit = np.array([width, height], np.float32)
        return tuple(
            TextBox(np.clip(box.quad * back, 0, limit), box.score)
            for box in sorted(found, key=lambda box: -box.score)
        )

    def read(self, rgb: ByteImage, box: TextBox) -> TextLine:
        """The characters in a box."""
        classes = self._classes(rgb, box)
        best, first = _steps_of(classes)
        text = "".join(self._characters[index] for index in best[first]).strip()
        confidence = float(classes[first, best[first]].mean()) if text else 0.0
        return TextLine(text, confidence, box)

    def spell(self, rgb: ByteImage, box: TextBox, alphabet: str = "") -> Spelling:
        """The characters in a box one by one.

        Args:
            rgb: (H, W, 3) picture.
            box: where the line is.
            alphabet: the only characters that can stand there; any by default.
        """
        classes = self._classes(rgb, box)
        characters = np.array(self._characters, object)
        if alphabet:
            kept = [0, *(self._characters.index(character) for character in alphabet)]
            classes, characters = classes[:, kept], characters[kept]
            classes = classes / np.maximum(classes.sum(axis=1, keepdims=True), 1e-9)
        best, first = _steps_of(classes)
        steps = [int(step) for step in first if characters[best[step]].strip()]
        seconds = []
        for step in steps:
            others = classes[step].copy()
            others[[0, best[step]]] = 0
            other = int(others.argmax())
            seconds.append((str(characters[other]), float(others[other])))
        return Spelling(
            "".join(characters[best[step]] for step in steps),
            tuple(float(classes[step, best[step]]) for step in steps),
            tuple((float(step) + 0.5) / len(classes) for step in steps),
            tuple(seconds),
            box,
        )

    def _classes(self, rgb: ByteImage, box: TextBox) -> FloatImage:
        """Probability of each character at each step along the line, (steps, characters)."""
        line = _straightened(rgb, box.quad)
        width = math.ceil(line.shape[1] * LINE_HEIGHT / line.shape[0] / 8) * 8
        width = min(max(width, LINE_HEIGHT), LONGEST_LINE)
        scaled = cv2.resize(line, (width, LINE_HEIGHT))
        (classes,) = self._recogniser.run(None, {"x": _network_input(scaled)})
        return np.asarray(classes[0], np.float32)

    def lines(self, rgb: ByteImage, long_side: int, max_boxes: int) -> tuple[TextLine, ...]:
        """What is written in the picture, of the ``max_boxes`` likeliest places."""
        return tuple(self.read(rgb, box) for box in self.boxes(rgb, long_side)[:max_boxes])

    def lines_near(
        self, rgb: ByteImage, places: Sequence[Region], max_boxes: int
    ) -> tuple[TextLine, ...]:
        """What is written in some places of the picture; far cheaper than looking everywhere.

        Args:
            rgb: (H, W, 3) picture.
            places: x, y, width, height of each, pixels; a margin is added here.
            max_boxes: how many boxes to read at most, in all.
        """
        found: list[TextBox] = []
        for x, y, width, height in _windows(places, rgb.shape[1], rgb.shape[0]):
            part = np.ascontiguousarray(rgb[y : y + height, x : x + width])
            # Small windows can be looked at closely; large ones, of large letters, need not.
            small = width * height * 6 < rgb.shape[0] * rgb.shape[1]
            side = (FINE_SIDE if small else COARSE_SIDE) / max(rgb.shape[:2])
            corner = np.array([x, y], np.float32)
            found += (
                TextBox(box.quad + corner, box.score)
                for box in self.boxes(part, round(max(width, height) * min(side, 2.0)))
            )
        found.sort(key=lambda box: -box.score)
        return tuple(self.read(rgb, box) for box in found[:max_boxes])


def _steps_of(classes: FloatImage) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Likeliest class at each step, and the steps at which a character begins."""
    best = classes.argmax(axis=1)
    begins = (best != 0) & (best != np.concatenate(([-1], best[:-1])))
    return best, np.flatnonzero(begins)


def model_folder() -> Path:
    """Where rapidocr keeps its models, found without importing it.

    Raises:
        ModelStoreError: ``model-missing``.
    """
    spec = importlib.util.find_spec("rapidocr")
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise ModelStoreError("model-missing", name="rapidocr", file=DETECTOR, directory=sys.prefix)
    return Path(next(iter(places))) / "models"


@cache
def digests() -> Mapping[str, str]:
    """Name → sha256 of the two models that read text; worked out once a process.

    Raises:
        ModelStoreError: ``model-missing``.
    """
    files = {"text_detector": DETECTOR, "text_recogniser": RECOGNISER}
    return {name: _sha256(_file(model_folder() / file)) for name, file in files.items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ModelStoreError(
            "model-missing", name="rapidocr", file=path.name, directory=path.parent
        )
    return path


def _session(path: Path) -> Any:
    return _onnx.open_session(_file(path), keep_memory=False)


def _windows(places: Sequence[Region], width: int, height: int) -> list[tuple[int, int, int, int]]:
    """The places with a margin, within the picture, overlapping ones united."""
    margin = MARGIN * max(width, height)
    windows: list[tuple[int, int, int, int]] = []
    for x, y, across, down in places:
        x0, y0 = max(int(x - margin), 0), max(int(y - margin), 0)
        x1, y1 = min(int(x + across + margin), width), min(int(y + down + margin), height)
        apart = []
        for left, top, wide, high in windows:
            if left < x1 and left + wide > x0 and top < y1 and top + high > y0:
                x0, y0 = min(x0, left), min(y0, top)
                x1, y1 = max(x1, left + wide), max(y1, top + high)
            else:
                apart.append((left, top, wide, high))
        windows = [*apart, (x0, y0, x1 - x0, y1 - y0)]
    return windows


def _network_input(rgb: NDArray[Any]) -> FloatImage:
    # The models were trained on OpenCV's channel order.
    blob = cv2.dnn.blobFromImage(rgb, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True)
    return np.asarray(blob, np.float32)


def _boxes_of(probability: FloatImage) -> list[TextBox]:
    likely = (probability > TEXT_FROM).astype(np.uint8)
    mask = cv2.dilate(likely, np.ones((2, 2), np.uint8))
    contours = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    found: list[TextBox] = []
    for contour in contours:
        centre, (long, short), angle = cv2.minAreaRect(contour)
        if min(long, short) < SHORTEST_SIDE:
            continue
        score = _mean_inside(probability, cv2.boxPoints((centre, (long, short), angle)))
        if score < BOX_FROM:
            continue
        # The map marks the middle of the letters; the line is wider by this on every side.
        grow = 2 * UNCLIP * long * short / (2 * (long + short))
        corners = cv2.boxPoints((centre, (long + grow, short + grow), angle))
        found.append(TextBox(_clockwise(corners), score))
    return found


def _mean_inside(probability: FloatImage, quad: NDArray[Any]) -> float:
    height, width = probability.shape
    x0, y0 = np.clip(np.floor(quad.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(quad.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    inside = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(inside, [(quad - (x0, y0)).astype(np.int32)], 1)
    return float(cv2.mean(probability[y0 : y1 + 1, x0 : x1 + 1], inside)[0])


def _clockwise(corners: NDArray[Any]) -> FloatImage:
    """Top left, top right, bottom right, bottom left, as the authors order them."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _straightened(rgb: ByteImage, quad: FloatImage) -> ByteImage:
    def side(a: int, b: int) -> float:
        return float(np.hypot(*(quad[a] - quad[b])))

    width = max(1, round(max(side(0, 1), side(2, 3))))
    height = max(1, round(max(side(0, 3), side(1, 2))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    transform = cv2.getPerspectiveTransform(quad, target)
    line = cv2.warpPerspective(
        rgb, transform, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    level = np.rot90(line) if height >= UPRIGHT_FROM * width else line
    return np.ascontiguousarray(level, np.uint8)


def corners_box(quad: FloatImage) -> tuple[float, float, float, float]:
    """x, y, width, height around a quad."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def union_box(quads: Sequence[FloatImage]) -> tuple[float, float, float, float]:
    """x, y, width, height around several quads; at least one."""
    return corners_box(np.concatenate(list(quads)))
