"""Which pixels are the person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models import _mediapipe

MASK_SIDE = 256


class PersonSegmenter:
    """Person probability on a 256×256 grid; not to be shared between threads.

    Source: MediaPipe Selfie Segmentation, general model (Apache-2.0). About 4 ms a picture. Follows
    hair and shoulders well on plain backgrounds; finer than 1/256 of a side it knows nothing, and
    it is made for people within about 2 m of the camera.

    Args:
        path: ``selfie_segmentation.tflite``.

    Raises:
        ModelStoreError: ``system-library-missing``, ``model-unusable``.
    """

    def __init__(self, path: Path) -> None:
        with _mediapipe.opening(path):
            from mediapipe.tasks.python import vision

            options = vision.ImageSegmenterOptions(
                base_options=_mediapipe.base_options(path),
                output_confidence_masks=True,
                output_category_mask=False,
            )
            self._task = vision.ImageSegmenter.create_from_options(options)
            self.mask(_mediapipe.blank())

    def mask(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probability that a pixel shows a person.

        Args:
            rgb: (height, width, 3) uint8 of any size.

        Returns:
            (256, 256) float32, 0–1, read-only, over the whole picture: row r covers the picture's
            rows from r·height/256 on, and columns alike, so the mask of an oblong picture is
            squeezed.
        """
        small = cv2.resize(rgb, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)
        found = self._task.segment(_mediapipe.image(small.astype(np.uint8, copy=False)))
        # A copy: the view dies with MediaPipe's result.
        mask = np.array(found.confidence_masks[0].numpy_view(), np.float32)
        mask = mask.reshape(MASK_SIDE, MASK_SIDE)
        mask.setflags(write=False)
        return mask

    def close(self) -> None:
        """Free the model; must happen before the interpreter ends."""
        with _mediapipe.quiet():
            self._task.close()
