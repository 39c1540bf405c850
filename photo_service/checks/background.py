"""The background: its colour, and that nothing is on it. Measured outside the person mask."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from photo_service.check import Band, Outcome, Range, Status, check, graded
from photo_service.features import BoolImage, Features, bounding_box, patches

ColourBands = Mapping[str, Mapping[str, Range]]


@check("background/colour", codes=("background-colour",), needs=("person",))
def colour(features: Features, *, allowed: ColourBands, doubtful: ColourBands) -> Outcome:
    """Light blue, white or light grey.

    Wants: a background in one of the three colours.
    Why: 使用浅蓝色、白色或浅灰色背景.
    Measured: median CIELAB of the background: lightness (0-100), chroma and hue (degrees),
        against named bands. Bands, not the distance to one reference: honest studio blues such
        as #438EDB are ΔE 25 from the national reference.
    Blind spots: a strong cast shifts it; hair that fills the frame leaves too little to see
        (SKIP).
    Source: graduation procedure, item 4, note 2 (1); reference colours: national specification.
    """
    lightness, a, b = features.backdrop.lab
    axes = {
        "lightness": lightness,
        "chroma": math.hypot(a, b),
        "hue": math.degrees(math.atan2(b, a)) % 360,
    }
    facts = {axis: round(value, 1) for axis, value in axes.items()}
    names = tuple(allowed)
    for name, bands in allowed.items():
        if _within(axes, bands):
            return Outcome(Status.PASS, value=name, allowed=names, facts=facts)
    return Outcome(
        Status.FAIL,
        "background-colour",
        value=_colour_name(**axes),
        allowed=names,
        region=bounding_box(features.backdrop.sure, features.small_factor),
        certain=not any(_within(axes, bands) for bands in doubtful.values()),
        facts=facts,
    )


def _within(axes: Mapping[str, float], bands: Mapping[str, Range]) -> bool:
    return all(axes[axis] in band for axis, band in bands.items())


_HUES = (
    (25, "pink_red"),
    (50, "orange_red"),
    (75, "orange"),
    (110, "yellow"),
    (165, "green"),
    (215, "cyan"),
    (300, "blue"),
    (335, "purple"),
    (360, "pink_red"),
)


def _colour_name(lightness: float, chroma: float, hue: float) -> str:
    """A word for any colour, a key of ``[word]`` in the message files."""
    if chroma < 8 or lightness < 8:
        steps = ((20, "black"), (45, "dark_grey"), (72, "grey"), (90, "light_grey"), (101, "white"))
        return next(name for limit, name in steps if lightness < limit)
    name = next(name for limit, name in _HUES if hue <= limit)
    if name in ("orange_red", "orange", "yellow") and chroma < 40:
        return "beige" if lightness >= 65 else "brown"
    if name in ("pink_red", "orange_red"):
        return "pink" if lightness >= 65 else "red"
    if lightness < 35:
        return f"dark_{name}"
    return f"light_{name}" if lightness >= 75 and name in ("green", "blue", "purple") else name


def _counted(features: Features) -> BoolImage:
    """Background without shadows, which have a check of their own."""
    counted = features.backdrop.sure & ~features.shadow
    return counted if counted.any() else features.backdrop.sure


@check("background/no_objects", codes=("background-objects",), needs=("person",))
def no_objects(features: Features, *, share: Band) -> Outcome:
    """Nothing on the background.

    Wants: no object, pattern or scenery.
    Why: 背景 of one colour; 不得添加…图案等其他内容.
    Measured: `share`, percent of the background covered by patches more than ΔE 8 from a smooth
        surface, shadows and single strands of hair left out. Compliant crops read 0.00-0.45, a
        block of 10 % of the width 1.4-2.9, busy backgrounds 12 on the median.
    Blind spots: objects below about 1 % of the background or close to its colour.
    Source: graduation procedure, item 4, note 2 (1) and (4); our measurement.
    """
    foreign = patches(_counted(features) & (features.backdrop_deviation > 8))
    value = 100 * float(foreign.sum()) / float(features.backdrop.sure.sum())
    region = bounding_box(foreign, features.small_factor) if foreign.any() else None
    return graded(value, share, unit="%", high="background-objects", region=region)


@check("background/smooth", codes=("background-patterned",), needs=("person",))
def smooth(features: Features, *, texture: Band) -> Outcome:
    """A background without texture.

    Wants: no cloth folds, bricks, clouds or other pattern.
    Why: 背景 of one colour; 不得添加…图案等其他内容.
    Measured: `texture`, the 90th percentile of the ΔE between background pixels and a smooth
        surface, shadows left out. Studios read 0.3-1.6; stripes 15 grey levels deep 3.9.
    Blind spots: very soft clouds, which read as gradient.
    Source: graduation procedure, item 4, note 2 (1) and (4); our measurement.
    """
    deviation = features.backdrop_deviation[_counted(features)]
    value = float(np.percentile(deviation[::2], 90))
    return graded(value, texture, unit="dE", high="background-patterned")


@check("background/even", codes=("background-gradient",), needs=("person",))
def even(features: Features, *, lightness: Band) -> Outcome:
    """A background of one lightness.

    Wants: no strong gradient from edge to edge.
    Why: 背景 of one colour.
    Measured: `lightness`, 95th minus 5th percentile of the smooth part of the background, in L.
        Evenly lit studios read 2-16; an 8-bit ramp of 60 levels reads 16, of 120 levels 33.
    Blind spots: a small background shows little of its gradient.
    Source: graduation procedure, item 4, note 2 (1); our default.
    """
    return graded(features.backdrop.gradient[0], lightness, unit="L", high="background-gradient")


@check("background/one_tint", codes=("background-tinted",), needs=("person",))
def one_tint(features: Features, *, tint: Band) -> Outcome:
    """A background of one tint.

    Wants: no coloured light or second colour running across.
    Why: 背景 of one colour.
    Measured: `tint`, 95th minus 5th percentile of the smooth part of the background, of CIELAB a
        or b, whichever is larger. Evenly lit studios read 0-1.6, plain web backgrounds 5.
    Blind spots: a small background shows little of its gradient.
    Source: graduation procedure, item 4, note 2 (1); our default.
    """
    value = max(features.backdrop.gradient[1:])
    return graded(value, tint, unit="dE", high="background-tinted")


@check("background/no_shadow", codes=("background-shadow",), needs=("person",))
def no_shadow(features: Features, *, share: Band) -> Outcome:
    """No shadow behind the head.

    Wants: a background without the person's shadow.
    Why: a shadow blurs the outline of head and hair.
    Measured: percent of the background within 0.7 face widths of the person that is 4 to 35 L
        darker than the smooth surface at the same tint, single strands removed.
    Blind spots: shadows wider than the frame read as gradient; faint ones below 4 L are ignored.
    Source: usual practice of portraits for certificates; ISO/IEC 19794-5; our default.
    """
    backdrop, shadow = features.backdrop, features.shadow
    near = float((backdrop.sure & (backdrop.distance < 0.7)).sum())
    value = 100 * float(shadow.sum()) / max(near, 1.0)
    region = bounding_box(shadow, features.small_factor) if shadow.any() else None
    return graded(value, share, unit="%", high="background-shadow", region=region)
