"""How much detail a picture has for its pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

# Share of detail left at which a scale counts as full: sharp portraits have 0.48-0.60 (1st to
# 99th percentile), 1.6 x enlarged ones 0.32-0.40. Read at the scale of the crossing, made
# enlargements come out _OVERSHOOT times too large.
_FULL_DETAIL = 0.42
_OVERSHOOT = 1.5


def enlargement(luma: FloatImage) -> float:
    """The factor by which a picture could be shrunk and lose nothing, 1 to 5.3.

    At scales 2, 4 and 8 the detail that vanishes on shrinking is compared with the detail that
    vanishes on shrinking twice as far.

    Args:
        luma: (h, w) of a part with detail, 0-255.
    """
    previous_share, lost = 0.0, _lost_detail(luma, 2)
    for factor in (2, 4, 8):
        more = _lost_detail(luma, 2 * factor)
        share, lost = lost / max(more, 1e-6), more
        if share >= _FULL_DETAIL:
            if factor == 2:
                return 1.0
            step = (_FULL_DETAIL - previous_share) / (share - previous_share)
            return max(1.0, factor / 2 * 2**step / _OVERSHOOT)
        previous_share = share
    return 8 / _OVERSHOOT


def _lost_detail(luma: FloatImage, factor: int) -> float:
    """Root mean square of what shrinking by ``factor`` takes away, grey levels."""
    height, width = (max(side // factor, 1) * factor for side in luma.shape)
    part = luma[:height, :width] if min(luma.shape) >= factor else luma
    size = (max(part.shape[1] // factor, 1), max(part.shape[0] // factor, 1))
    shrunk = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    back = cv2.resize(shrunk, part.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return float(np.sqrt(np.mean((part - back) ** 2)))
