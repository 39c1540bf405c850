"""Sharpness of the face: focus, motion, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np

from photo_service.check import Band, Outcome, check, graded
from photo_service.features import ByteImage, Features


@check("sharpness/focus", codes=("focus-soft",))
def focus(features: Features, *, blur: Band) -> Outcome:
    """A face in focus.

    Wants: eyes, brows and hair sharp.
    Why: 对焦准确.
    Measured: blur of the face crop (inter-eye distance at most 96 px), 0 sharp to 1, the worst
        of four directions, after Crété et al. 2007. Sharp portraits read 0.36-0.49 (1st to 99th
        percentile), a Gaussian of 0.8 px 0.45-0.62, of 1.2 px 0.52-0.69, of 2 px 0.60-0.77.
    Blind spots: noise and over-sharpening read as sharpness; smooth young skin reads softer.
    Source: graduation procedure, item 4, note 2 (3); doi:10.1117/12.702790.
    """
    value = max(features.blur)
    return graded(value, blur, unit="", high="focus-soft", region=features.geometry.box)


@check("sharpness/no_motion", codes=("motion-blurred",))
def no_motion(features: Features, *, anisotropy: Band) -> Outcome:
    """No blur from movement.

    Wants: camera and candidate still.
    Why: 对焦准确.
    Measured: blur as in sharpness/focus, its largest minus its smallest value over four
        directions. Still portraits read 0.02-0.07; a movement of 8 px across a face of 96 px
        between the eyes 0.10-0.28.
    Blind spots: circular shake; movement below about 4 px; horizontal stripes of clothing are
        outside the crop and do not count.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    value = max(features.blur) - min(features.blur)
    return graded(value, anisotropy, unit="", high="motion-blurred", region=features.geometry.box)


@check("sharpness/no_halos", codes=("halos-visible",))
def no_halos(features: Features, *, halo: Band) -> Outcome:
    """Edges without sharpening halos.

    Wants: no bright and dark seams along edges from sharpening filters.
    Why: 色彩真实, and no technical processing of features.
    Measured: `halo`, on the strongest twentieth of edges of the face crop: mean detail finer than
        1 px over mean detail of 1 to 2 px. Portraits read 0.65-0.82, with glasses to 1.05; an
        unsharp mask of 3 × 0.91-1.22, of 5 × 0.95-1.33.
    Blind spots: moderate sharpening, which honest cameras and studios do too, reads as ordinary.
    Source: our measurement.
    """
    luma = features.face_crop
    once = cv2.GaussianBlur(luma, (0, 0), 1.0)
    fine = cv2.absdiff(luma, once)[::2, ::2]
    coarse = cv2.absdiff(once, cv2.GaussianBlur(luma, (0, 0), 2.0))[::2, ::2]
    strong = coarse >= np.percentile(coarse, 95)
    value = float(fine[strong].mean()) / max(float(coarse[strong].mean()), 1e-3)
    return graded(value, halo, unit="", high="halos-visible", region=features.geometry.box)


@check("sharpness/low_noise", codes=("noise-strong",))
def low_noise(features: Features, *, noise: Band) -> Outcome:
    """Little noise.

    Wants: skin without grain.
    Why: 层次清晰.
    Measured: standard deviation of the finest diagonal detail of the face crop in grey levels,
        robust (1.48 × median absolute value). Ordinary portraits read 0.25-1.5; added noise of
        6 levels 2.7-6.7, of 10 levels 4.2-10.9.
    Blind spots: compression wipes out noise; the scale of the crop averages it.
    Source: after Immerkær 1996, doi:10.1006/cviu.1996.0060.
    """
    detail = cv2.filter2D(features.face_crop, -1, _NOISE_KERNEL)
    value = 1.4826 * float(np.median(np.abs(detail[::2, ::2])))
    return graded(value, noise, unit="luma", high="noise-strong", region=features.geometry.box)


_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


@check("sharpness/no_blocking", codes=("blocking-visible",))
def no_blocking(features: Features, *, step: Band) -> Outcome:
    """No visible compression blocks.

    Wants: a picture not compressed to pieces.
    Why: 层次清晰; the national text asks for JPEG quality of 60 and more.
    Measured: `step`, how much larger steps across the lines of the 8 × 8 grid are than the mean of
        their two neighbours (clipped at 16), minus the same off the grid, mean of both
        directions, in grey levels. Quality 75-95 and camera files read 0.2-1.6, quality 30
        1.7-2.6, 20 2.0-3.2, 10 2.6-4.6, 5 3.1-5.3.
    Blind spots: blocks of an earlier save when the picture was cropped or scaled since. Not
        measured on pictures decoded at reduced scale, where blocks are too small to see.
    Source: our measurement, after the usual block-edge measures (Wang et al. 2002).
    """
    if features.scale < 1:
        return graded(0.0, step, unit="luma", high="blocking-visible")
    luma = np.asarray(cv2.cvtColor(features.photo.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    # Every third line tells as much and costs a third; three keeps clear of the grid of eight.
    across, down = luma[::3], np.ascontiguousarray(luma[:, ::3].T)
    value = (_grid_step(across) + _grid_step(down)) / 2
    return graded(value, step, unit="luma", high="blocking-visible")


def _grid_step(luma: ByteImage) -> float:
    """Excess step over vertical grid lines, grey levels."""
    if luma.shape[0] < 1 or luma.shape[1] < 2 * 8 + 2:
        return 0.0
    steps = np.asarray(cv2.absdiff(luma[:, 1:], luma[:, :-1]), np.int16)
    excess = steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) // 2
    columns = np.clip(excess, -16, 16).mean(axis=0)
    on_grid = np.arange(1, len(columns) + 1) % 8 == 7
    return float(columns[on_grid].mean() - columns[~on_grid].mean())
