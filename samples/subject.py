"""The one person in all samples: cut out of a public domain picture, with the face's points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from models.runtime import Models

Rgb = NDArray[np.uint8]
Mask = NDArray[np.float32]
Points = NDArray[np.float32]

# Head and shoulders in the whole picture, 3:4: what the segmenter sees with the finest outline.
_HEAD = (slice(0, 296), slice(115, 337))


@dataclass(frozen=True, slots=True)
class Person:
    """A person without background.

    Attributes:
        rgb: the picture.
        alpha: person probability 0–1, same size.
        points: (478, 3) face landmarks in pixels of the picture.
    """

    rgb: Rgb
    alpha: Mask
    points: Points

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @property
    def eyes(self) -> tuple[float, float]:
        """The point between the eyes."""
        middle = self.points[[33, 133, 362, 263], :2].mean(axis=0)
        return float(middle[0]), float(middle[1])

    @property
    def face_width(self) -> float:
        """Cheek to cheek, pixels."""
        return abs(float(self.points[454, 0] - self.points[234, 0]))

    def window(
        self,
        *,
        face: float = 0.41,
        eyes: float = 0.40,
        shift: float = 0.0,
        size: tuple[int, int] = (312, 416),
    ) -> Person:
        """Cropped and scaled as a photographer would; nothing is behind the person.

        Args:
            face: face width, share of the crop's width.
            eyes: height of the eyes, share of the crop's height from the top.
            shift: middle of the face from the middle of the crop, share of its width.
            size: width and height of the result, pixels.
        """
        width, height = size
        scale = face * width / self.face_width
        middle = (self.points[234, 0] + self.points[454, 0]) / 2
        move = np.array(
            [
                [scale, 0, (0.5 + shift) * width - scale * middle],
                [0, scale, eyes * height - scale * self.eyes[1]],
            ],
            np.float32,
        )
        if (self.shape[0] - 1) * scale + move[1, 2] < height - 1:
            raise ValueError("the window reaches below the picture: the person would float")
        way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        rgb = cv2.warpAffine(self.rgb, move, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.warpAffine(self.alpha, move, size, flags=cv2.INTER_LINEAR)
        points = self.points * np.float32(scale)
        points[:, :2] += move[:, 2]
        return Person(rgb.astype(np.uint8), alpha.astype(np.float32), points)

    def tilted(self, degrees: float) -> Person:
        """Turned about the eyes, clockwise for positive angles; the points turn along."""
        turn = cv2.getRotationMatrix2D(self.eyes, -degrees, 1)
        size = (self.shape[1], self.shape[0])
        rgb = cv2.warpAffine(
            self.rgb, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        alpha = cv2.warpAffine(self.alpha, turn, size, flags=cv2.INTER_LINEAR)
        points = self.points.copy()
        points[:, :2] = points[:, :2] @ turn[:, :2].T + turn[:, 2]
        return Person(rgb.astype(np.uint8), alpha.astype(np.float32), points)

    def mirrored(self) -> Person:
        """Left and right exchanged; the points keep their numbers."""
        points = self.points.copy()
        points[:, 0] = self.shape[1] - 1 - points[:, 0]
        return Person(
            np.ascontiguousarray(self.rgb[:, ::-1]),
            np.ascontiguousarray(self.alpha[:, ::-1]),
            points,
        )


def astronaut(models: Models) -> Person:
    """Eileen Collins, NASA, 1993; comes with scikit-image."""
    rgb = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    (face,) = models.landmarks(rgb)
    whole = _mask(models, rgb)
    head = whole.copy()
    # The mask has 256 × 256 values whatever it covers: the head alone gets a finer line.
    head[_HEAD] = _mask(models, rgb[_HEAD])
    below = np.clip((np.arange(len(rgb), dtype=np.float32) - 150) / 25, 0, 1)[:, None]
    alpha = (1 - below) * head + below * _suit(rgb, whole)
    return Person(rgb, _without_specks(alpha), face.points.copy())


def _mask(models: Models, rgb: Rgb) -> Mask:
    mask = models.submit_mask(np.ascontiguousarray(rgb)).result()
    size = (rgb.shape[1], rgb.shape[0])
    return cv2.resize(mask, size, interpolation=cv2.INTER_CUBIC).clip(0, 1).astype(np.float32)


def _suit(rgb: Rgb, mask: Mask) -> Mask:
    """The mask with the suit's outline drawn by colour: flag and table come off its edges."""
    cv2.setRNGSeed(0)
    labels = np.where(mask > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[cv2.erode((mask > 0.9).astype(np.uint8), np.ones((25, 25))) > 0] = cv2.GC_FGD
    labels[cv2.dilate((mask > 0.1).astype(np.uint8), np.ones((9, 9))) == 0] = cv2.GC_BGD
    labels[350:, :24] = cv2.GC_BGD  # the flag, as red as the sleeve
    colours, other_colours = np.zeros((1, 65)), np.zeros((1, 65))
    everywhere = (0, 0, 0, 0)  # not read: the labels say where to start
    cv2.grabCut(
        rgb[..., ::-1].copy(), labels, everywhere, colours, other_colours, 4, cv2.GC_INIT_WITH_MASK
    )
    person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    outlines, _ = cv2.findContours(person, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(person)
    cv2.drawContours(filled, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    smooth = cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return cv2.GaussianBlur(smooth.astype(np.float32), (0, 0), 1.0).astype(np.float32)


def _without_specks(alpha: NDArray[np.floating]) -> Mask:
    _, parts, sizes, _ = cv2.connectedComponentsWithStats((alpha > 0.1).astype(np.uint8))
    largest = 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA]))
    return np.where(parts == largest, alpha, 0).astype(np.float32)
