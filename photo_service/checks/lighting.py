"""Light and colour of the face: exposure, tonal range, evenness, true colour."""

from __future__ import annotations

import math

import numpy as np

from photo_service.check import Band, Outcome, Status, check, graded, worst
from photo_service.errors import CannotAssess
from photo_service.features import NOSE_BRIDGE, NOSE_TIP, Features, FloatImage, bounding_box


@check("lighting/exposed", codes=("face-dark", "picture-dark", "face-bright"))
def exposed(features: Features, *, skin: Band, highlights: Band, middle: Band) -> Outcome:
    """A face neither too dark nor too bright.

    Wants: facial detail visible in skin of any tone.
    Why: 层次清晰, 色彩真实.
    Measured: luma 0-255. `skin`: 95th percentile over facial skin (too dark below);
        `highlights`: 99th percentile over the whole picture, which does not depend on the
        person's skin (too dark below); `middle`: median over facial skin (too bright above).
        Evenly lit people read 93-206 for `skin`, the darkest-skinned 93; two stops under
        exposure bring light skin to 93 too, so `highlights` must decide between them.
    Blind spots: a bright background hides a slightly dark face of dark skin.
    Source: graduation procedure, item 4, note 2 (3); idea of ISO/IEC 29794-5 exposure measures.
    """
    luma = features.skin_luma
    white = float(np.percentile(features.small_luma[::2, ::2], 99))
    box = features.geometry.box
    bright_end = float(np.percentile(luma, 95))
    return worst(
        graded(bright_end, skin, unit="luma", low="face-dark", region=box),
        graded(white, highlights, unit="luma", low="picture-dark"),
        graded(float(np.median(luma)), middle, unit="luma", high="face-bright", region=box),
    )


@check("lighting/tonal_range", codes=("tones-flat",))
def tonal_range(features: Features, *, span: Band) -> Outcome:
    """Tones from dark to light.

    Wants: hair, eyes and skin well apart in lightness.
    Why: 层次清晰.
    Measured: luma span between the 1st and 99th percentile within the face box, 0-255. Ordinary
        faces read 141-215; halved contrast 82-101.
    Blind spots: fair hair and brows on fair skin read lower.
    Source: graduation procedure, item 4, note 2 (3); ISO/IEC 29794-5 dynamic range.
    """
    low, high = np.percentile(features.small_luma[features.face_slice], (1, 99))
    return graded(
        float(high - low), span, unit="luma", low="tones-flat", region=features.geometry.box
    )


@check("lighting/even", codes=("light-uneven",))
def even(features: Features, *, difference: Band) -> Outcome:
    """Both halves of the face lit alike.

    Wants: no half of the face in shadow.
    Why: 层次清晰: side light hides features.
    Measured: difference of the median CIELAB lightness of the skin left and right of the line
        from the bridge to the tip of the nose, in L.
    Blind spots: light from above or below; a beard on one side only.
    Source: ISO/IEC 29794-5 illumination uniformity; our measurement.
    """
    points = features.face.points[:, :2] * features.small_factor
    top, tip = points[NOSE_BRIDGE], points[NOSE_TIP]
    ys, xs = np.nonzero(features.skin)
    # Side of the line through bridge and tip, by the sign of the cross product.
    side = (tip[0] - top[0]) * (ys - top[1]) - (tip[1] - top[1]) * (xs - top[0])
    lightness = features.skin_lab[:, 0]
    halves = lightness[side > 0], lightness[side <= 0]
    if min(len(half) for half in halves) < 20:
        return Outcome(Status.SKIP, "face-too-small")
    value = abs(float(np.median(halves[0])) - float(np.median(halves[1])))
    return graded(value, difference, unit="L", high="light-uneven", region=features.geometry.box)


@check("lighting/no_hot_spot", codes=("hot-spot",))
def no_hot_spot(features: Features, *, share: Band) -> Outcome:
    """No blown-out patch on the face.

    Wants: no glare on forehead, nose or cheeks.
    Why: 层次清晰: clipped skin has lost its detail.
    Measured: percent of facial skin with luma of 247 and more.
    Blind spots: glare on glasses; small sparkles below half a percent.
    Source: ISO/IEC 29794-5 over-exposure; our default.
    """
    clipped = features.skin_luma >= 247
    region = None
    if clipped.any():
        where = features.skin.copy()
        where[features.skin] = clipped
        region = bounding_box(where, features.small_factor)
    value = 100 * float(clipped.mean())
    return graded(value, share, unit="%", high="hot-spot", region=region)


@check("lighting/in_colour", codes=("picture-grey", "picture-toned"))
def in_colour(features: Features, *, chroma: Band, variety: Band) -> Outcome:
    """A colour picture.

    Wants: neither black and white nor one tint all over.
    Why: 彩色头像.
    Measured: `chroma`, the 95th percentile of CIELAB chroma over the whole picture (grey reads
        below 0.2, colour portraits 10 and more); `variety`, how much a and b vary
        (standard deviation) among pixels of like lightness (steps of 5 L) within the face box, as
        a share of its chroma: a toned picture has one colour for each lightness.
    Blind spots: a picture coloured by hand or by software.
    Source: graduation procedure, item 4, note 2 (1); our measurement.
    """
    lab = features.small_lab
    strength = float(np.percentile(_chroma(lab[::2, ::2]), 95))
    grey = graded(strength, chroma, unit="dE", low="picture-grey")
    if grey.status is not Status.PASS:
        return grey
    part = lab[features.face_slice].reshape(-1, 3)
    steps = (part[:, 0] / 5).astype(int)
    count = np.maximum(np.bincount(steps, minlength=21), 1)
    spread = 0.0
    for channel in (1, 2):
        total = np.bincount(steps, part[:, channel], 21)
        squares = np.bincount(steps, part[:, channel] ** 2, 21)
        spread += float(np.maximum(squares - total**2 / count, 0).sum())
    colourful = float(np.percentile(_chroma(part[::2]), 95))
    value = math.sqrt(spread / len(part)) / max(colourful, 1.0)
    return graded(value, variety, unit="", low="picture-toned")


def _chroma(lab: FloatImage) -> FloatImage:
    return np.hypot(lab[..., 1], lab[..., 2])


@check(
    "lighting/true_colour",
    codes=("cast-blue", "cast-green", "cast-warm", "skin-pale"),
    needs=("person",),
)
def true_colour(
    features: Features, *, hue: Band, chroma: Band, no_hue_below: float, warm: Band
) -> Outcome:
    """Natural skin colour.

    Wants: no colour cast from light, white balance or filters.
    Why: 色彩真实.
    Measured: median CIELAB a and b of facial skin: `hue` in degrees (human skin of all tones
        reads 28-70; blue and violet casts lower, green ones higher) and `chroma` (7-36).
        Skin of less chroma than `no_hue_below` has no measurable hue. `warm`: chroma that skin
        and a light, yellowish to reddish background have in common: white backgrounds turn warm
        together with the skin.
    Blind spots: slight warm casts before a blue background look like tanned skin; make-up.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    a, b = (float(np.median(features.skin_lab[:, axis])) for axis in (1, 2))
    strength, angle = math.hypot(a, b), math.degrees(math.atan2(b, a))
    box = features.geometry.box
    found = [graded(strength, chroma, unit="dE", low="skin-pale", high="cast-warm", region=box)]
    if strength >= no_hue_below:
        found.append(graded(angle, hue, unit="deg", low="cast-blue", high="cast-green", region=box))
    shared = min(strength - _PLAIN_SKIN_CHROMA, _warm_backdrop(features))
    if shared > 0:
        found.append(graded(shared, warm, unit="dE", high="cast-warm"))
    return worst(*found)


# Median chroma of evenly lit skin under neutral light, CIELAB.
_PLAIN_SKIN_CHROMA = 18.0


def _warm_backdrop(features: Features) -> float:
    """Chroma of a light background of the hues a warm cast gives to white; else 0."""
    try:
        lightness, a, b = features.backdrop.lab
    except CannotAssess:
        return 0.0
    warm = 35 <= math.degrees(math.atan2(b, a)) <= 105
    return math.hypot(a, b) if warm and lightness >= 60 else 0.0
