"""A cheap first look for things added to a portrait: lettering, small faces, graphics.

The model file is a small network of our own, trained on drawn defects by
`training/train_added.py`. It only says where to look closer: the text reader and the face
detector, ten times dearer, confirm. Figures and limits: `models/assets/added.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models import _onnx

LONG_SIDE = 480
# One score stands for this many pixels of the scaled picture, each way.
CELL = 8
# A score of the whole picture is the mean of its highest cells, as it was trained.
TOP_CELLS = 4

FloatImage = NDArray[np.float32]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class AddedMaps:
    """Log-odds per cell that something was added there.

    Attributes:
        text: letters, digits, Chinese characters; (h, w), rows down.
        face: a face much smaller than the main one.
        graphic: a picture, logo, stamp, code or sticker.
        cell: width and height of a cell in pixels of the picture given.
    """

    text: FloatImage
    face: FloatImage
    graphic: FloatImage
    cell: tuple[float, float]

    def places(
        self, kind: Literal["text", "face", "graphic"], least: float, reach: float
    ) -> tuple[tuple[float, Box], ...]:
        """Score and box of each place where something may be, likeliest first.

        A place is connected cells above ``least - reach``; its score, the mean of its up to
        `TOP_CELLS` highest cells, must reach ``least``. Boxes are x, y, width, height, pixels.
        """
        scores: FloatImage = getattr(self, kind)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            (scores > least - reach).astype(np.uint8)
        )
        found: list[tuple[float, Box]] = []
        for label in range(1, count):
            inside = np.sort(scores[labels == label])[-TOP_CELLS:]
            score = float(inside.mean())
            if score >= least:
                x, y, width, height = (float(v) for v in stats[label, :4])
                cell_x, cell_y = self.cell
                found.append((score, (x * cell_x, y * cell_y, width * cell_x, height * cell_y)))
        return tuple(sorted(found, reverse=True))


def picture_score(scores: FloatImage) -> float:
    """Log-odds that the picture has the defect anywhere."""
    flat = scores.ravel()
    count = min(TOP_CELLS, flat.size)
    return float(np.partition(flat, flat.size - count)[-count:].mean())


class AddedFinder:
    """One ONNX Runtime session on one thread. Not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        """Load the model file at `path` (``added.onnx``)."""
        self._session = _onnx.open_session(path)

    def look(self, rgb: NDArray[np.uint8]) -> AddedMaps:
        """Score every place of a (H, W, 3) picture."""
        height, width = rgb.shape[:2]
        factor = LONG_SIDE / max(height, width)
        columns, rows = (max(2, round(side * factor / CELL)) for side in (width, height))
        size = (columns * CELL, rows * CELL)
        shrinks = factor < 1
        scaled = cv2.resize(
            rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        (scores,) = self._session.run(None, {"picture": cv2.dnn.blobFromImage(scaled)})
        text, face, graphic = scores[0]
        return AddedMaps(text, face, graphic, (width / columns, height / rows))

    def close(self) -> None:
        """Free the session; the model cannot be used afterwards."""
        del self._session
