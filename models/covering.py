"""Learned scores for covered heads, eyes and mouths.

The model file holds an ImageNet backbone (EfficientNet-Lite0 without its last blocks,
Apache-2.0, int8) and three logistic probes trained by `training/train_covering.py`.
Figures, licence and limits: `models/assets/covering.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from models import _onnx

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROP_SIZE = 224
EYE_ROW = 0.60
EYE_DISTANCE = 0.21


@dataclass(frozen=True, slots=True)
class CoveringScores:
    """Log-odds that a part is covered; 0 is even odds, larger is more certainly covered.

    Trained with balanced classes, so they say nothing of how common coverings are.
    Typical range -12 to +8.

    Attributes:
        head: hat, cap, hood, scarf, turban, helmet.
        eyes: dark lenses, hair, fingers or a patch over at least one eye.
        mouth: mask, scarf, fingers or a patch over the mouth.
    """

    head: float
    eyes: float
    mouth: float


def align_crop(
    rgb: NDArray[np.uint8], left_eye: tuple[float, float], right_eye: tuple[float, float]
) -> NDArray[np.uint8]:
    """Cut the head out, upright and at a fixed size.

    Args:
        rgb: sRGB picture, (H, W, 3).
        left_eye: centre of the eye on the picture's left, pixels (x, y).
        right_eye: centre of the other eye, pixels (x, y).

    Returns:
        (224, 224, 3) crop: eyes level at 0.60 of the height, 0.21 of the width apart, and the
        border continued where the picture ends.
    """
    dx, dy = float(right_eye[0] - left_eye[0]), float(right_eye[1] - left_eye[1])
    distance = math.hypot(dx, dy)
    if distance < 1.0:
        raise ValueError("eye centres coincide")
    scale = EYE_DISTANCE * CROP_SIZE / distance
    middle_x = (left_eye[0] + right_eye[0]) / 2
    middle_y = (left_eye[1] + right_eye[1]) / 2
    if scale < 0.5:
        # shrink by whole pixels first: the warp samples too sparsely for strong reduction
        factor = int(0.5 / scale) + 1
        reach = int(EYE_ROW * CROP_SIZE / scale * 1.5)
        x0, y0 = max(0, int(middle_x) - reach), max(0, int(middle_y) - reach)
        part = rgb[y0 : int(middle_y) + reach, x0 : int(middle_x) + reach]
        size = (max(1, part.shape[1] // factor), max(1, part.shape[0] // factor))
        factor_x, factor_y = part.shape[1] / size[0], part.shape[0] / size[1]
        rgb = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        middle_x = (middle_x - x0 + 0.5) / factor_x - 0.5
        middle_y = (middle_y - y0 + 0.5) / factor_y - 0.5
        scale *= (factor_x + factor_y) / 2
    cos, sin = scale * dx / distance, scale * dy / distance
    centre_x, centre_y = CROP_SIZE / 2 - 0.5, CROP_SIZE * EYE_ROW - 0.5
    matrix = np.array(
        [
            [cos, sin, centre_x - cos * middle_x - sin * middle_y],
            [-sin, cos, centre_y + sin * middle_x - cos * middle_y],
        ]
    )
    crop = cv2.warpAffine(
        rgb,
        matrix,
        (CROP_SIZE, CROP_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, np.uint8)


class CoveringModel:
    """One onnxruntime session on one thread. Not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        """Load the model file at `path` (`covering.onnx`)."""
        self._session = _onnx.open_session(path)

    def scores(
        self,
        rgb: NDArray[np.uint8],
        left_eye: tuple[float, float],
        right_eye: tuple[float, float],
    ) -> CoveringScores:
        """Score one face.

        Args:
            rgb: upright sRGB picture, (H, W, 3), is not changed.
            left_eye: centre of the eye on the picture's left, pixels (x, y): mid-point of
                landmarks 33 and 133.
            right_eye: centre of the other eye, pixels (x, y): landmarks 263 and 362.

        Returns:
            Log-odds for head, eyes and mouth.
        """
        crop = align_crop(rgb, left_eye, right_eye)
        logits = self._session.run(["logits"], {"crops": crop[None]})[0][0]
        return CoveringScores(head=float(logits[0]), eyes=float(logits[1]), mouth=float(logits[2]))

    def close(self) -> None:
        """Free the session; the model cannot be used afterwards."""
        del self._session
