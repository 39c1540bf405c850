"""Light and colour of the face: exposure, tonal range, evenness, true colour."""

from __future__ import annotations

import math

import numpy as np

from photo_service.check import Band, Outcome, check, graded
from photo_service.errors import CannotAssess
from photo_service.features import NOSE_BRIDGE, NOSE_TIP, Features, bounding_box


@check("lighting/face_not_dark", codes=("face-dark",))
def face_not_dark(features: Features, *, luma: Band) -> Outcome:
    """A face with light on it.

    Wants: facial detail visible in skin of any tone.
    Why: 层次清晰, 色彩真实.
    Measured: `luma`, the 95th percentile over facial skin, 0-255. Evenly lit people read 93-206,
        the darkest-skinned 93; two stops of under-exposure bring light skin to 93 too, which
        lighting/picture_not_dark tells from dark skin.
    Blind spots: dark skin, slightly under-exposed before a bright background.
    Source: graduation procedure, item 4, note 2 (3); idea of ISO/IEC 29794-5 under-exposure.
    """
    value = float(np.percentile(features.skin_luma, 95))
    return graded(value, luma, unit="luma", low="face-dark", region=features.geometry.box)


@check("lighting/picture_not_dark", codes=("picture-dark",))
def picture_not_dark(features: Features, *, luma: Band) -> Outcome:
    """A picture that reaches bright tones.

    Wants: the brightest parts, such as the background or a white collar, bright.
    Why: 层次清晰, 色彩真实; unlike the skin's luma this does not depend on the person.
    Measured: `luma`, the 99th percentile over the whole picture, 0-255. Compliant portraits
        before any allowed background read 200 and more; one stop darker 185, two stops 134.
    Blind spots: an under-exposed face before a bright backdrop; see lighting/face_not_dark.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    value = float(np.percentile(features.small_luma[::2, ::2], 99))
    return graded(value, luma, unit="luma", low="picture-dark")


@check("lighting/face_not_bright", codes=("face-bright",))
def face_not_bright(features: Features, *, luma: Band) -> Outcome:
    """A face that is not blown out.

    Wants: skin below the brightest tones.
    Why: 层次清晰: over-exposed skin has lost its detail.
    Measured: `luma`, the median over facial skin, 0-255. Evenly lit people read 57-183, bright
        web portraits up to 230; two stops of over-exposure 249.
    Blind spots: dark skin hides a stop of over-exposure; make-up.
    Source: graduation procedure, item 4, note 2 (3); idea of ISO/IEC 29794-5 over-exposure.
    """
    value = float(np.median(features.skin_luma))
    return graded(value, luma, unit="luma", high="face-bright", region=features.geometry.box)


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
        raise CannotAssess("face-too-small")
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


@check("lighting/in_colour", codes=("picture-grey",))
def in_colour(features: Features, *, chroma: Band) -> Outcome:
    """A colour picture.

    Wants: not black and white.
    Why: 彩色头像.
    Measured: `chroma`, the 95th percentile of CIELAB chroma over the whole picture. Greyscale
        reads below 0.2, colour portraits 10 and more.
    Blind spots: a grey picture toned or coloured; see lighting/full_colour.
    Source: graduation procedure, item 4, note 2 (1); our measurement.
    """
    return graded(features.chroma_95, chroma, unit="dE", low="picture-grey")


@check("lighting/full_colour", codes=("picture-toned",))
def full_colour(features: Features, *, variety: Band) -> Outcome:
    """A picture of many colours, not one tint all over.

    Wants: no sepia, no monochrome filter.
    Why: 彩色头像, 色彩真实.
    Measured: `variety`, how much a and b vary (standard deviation) among pixels of like lightness
        (steps of 5 L) within the face box, as a share of its chroma: a toned picture has one
        colour for each lightness. Sepia reads 0.04-0.08, colour portraits 0.10-0.45.
    Blind spots: a picture coloured by hand or by software; strong casts lower it.
    Source: graduation procedure, item 4, note 2 (1); our measurement.
    """
    _refuse_colourless(features)
    part = features.small_lab[features.face_slice].reshape(-1, 3)
    steps = (part[:, 0] / 5).astype(int)
    count = np.maximum(np.bincount(steps, minlength=21), 1)
    spread = 0.0
    for channel in (1, 2):
        total = np.bincount(steps, part[:, channel], 21)
        squares = np.bincount(steps, part[:, channel] ** 2, 21)
        spread += float(np.maximum(squares - total**2 / count, 0).sum())
    colourful = float(np.percentile(np.hypot(part[::2, 1], part[::2, 2]), 95))
    value = math.sqrt(spread / len(part)) / max(colourful, 1.0)
    return graded(value, variety, unit="", low="picture-toned")


# 95th percentile of chroma below which a picture has no colour that could be true or false.
_NO_COLOUR = 3.0


def _refuse_colourless(features: Features) -> None:
    if features.chroma_95 < _NO_COLOUR:
        raise CannotAssess("picture-without-colour")


@check("lighting/skin_hue", codes=("cast-blue", "cast-green"))
def skin_hue(features: Features, *, hue: Band, no_hue_below: float) -> Outcome:
    """Skin of a natural hue.

    Wants: no blue, violet, green or yellow cast from light, white balance or filters.
    Why: 色彩真实.
    Measured: `hue` of the median facial skin in CIELAB, degrees. Human skin of all tones reads
        28-70; blue and violet casts less, down to -90, green and yellow ones more. Skin of less
        chroma than `no_hue_below` has no measurable hue (SKIP).
    Blind spots: red and orange casts keep the hue; see lighting/skin_chroma. Make-up.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    _refuse_colourless(features)
    strength, angle = features.skin_colour
    if strength < no_hue_below:
        raise CannotAssess("skin-without-hue")
    return graded(
        angle, hue, unit="deg", low="cast-blue", high="cast-green", region=features.geometry.box
    )


@check("lighting/skin_chroma", codes=("skin-pale", "skin-strong"))
def skin_chroma(features: Features, *, chroma: Band) -> Outcome:
    """Skin neither drained nor drenched of colour.

    Wants: no whitening filter, no red or orange light, no raised saturation.
    Why: 色彩真实.
    Measured: `chroma` of the median facial skin in CIELAB. Evenly lit people read 7.5-23, web
        portraits to 38; a warm cast of gain 1.3 reads 26-49.
    Blind spots: slight warm casts before a blue background look like tanned skin; make-up.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    _refuse_colourless(features)
    strength, _ = features.skin_colour
    return graded(
        strength,
        chroma,
        unit="dE",
        low="skin-pale",
        high="skin-strong",
        region=features.geometry.box,
    )


# Median chroma of evenly lit skin under neutral light, CIELAB.
_PLAIN_SKIN_CHROMA = 18.0


@check("lighting/neutral", codes=("cast-warm",), needs=("person",))
def neutral(features: Features, *, warmth: Band) -> Outcome:
    """Light that is not yellow or red.

    Wants: white stays white.
    Why: 色彩真实: lamps turn skin and background warm together.
    Measured: `warmth`, the chroma that skin (above the usual 18) and a light background of warm
        hue (35-105 degrees) have in common, CIELAB; 0 before any other background.
    Blind spots: casts before blue backgrounds; a beige wall in neutral light with a tanned
        person reads the same, which the background's own check stops anyway.
    Source: graduation procedure, item 4, note 2 (3); our measurement.
    """
    strength, _ = features.skin_colour
    lightness, a, b = features.backdrop.lab
    warm = 35 <= math.degrees(math.atan2(b, a)) <= 105 and lightness >= 60
    shared = min(strength - _PLAIN_SKIN_CHROMA, math.hypot(a, b)) if warm else 0.0
    return graded(max(shared, 0.0), warmth, unit="dE", high="cast-warm")
