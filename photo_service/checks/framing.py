"""Where the head is in the frame, and how large. All measures in percent of the picture."""

from __future__ import annotations

from photo_service.check import Band, Outcome, Region, check, graded
from photo_service.features import PERSON_FROM, Features


def _pixels(features: Features, percent: float, *, of_height: bool) -> int:
    """Percent of the full-size picture in whole pixels."""
    side = features.photo.height if of_height else features.photo.width
    return max(1, round(abs(percent) / 100 * side))


def _to_middle(value: float, band: Band) -> float:
    """How far ``value`` is from the middle of what is accepted, in its own unit."""
    low, high = band.accept.min, band.accept.max
    if low is None or high is None:
        raise ValueError("a framing band needs both ends")
    return value - (low + high) / 2


@check("framing/head_whole", codes=("head-cut",), needs=("person",))
def head_whole(features: Features, *, touching: Band) -> Outcome:
    """The whole head in the frame.

    Wants: head and hair not cut by the edge.
    Why: a cut head is no 头像; the national text keeps 50-110 of 640 px above the crown free.
    Measured: `touching`, the width over which the person mask reaches the top edge above the
        face, in percent of the face's width; the face's own outline beyond an edge counts 100.
    Blind spots: single strands of hair; a dark backdrop that the mask takes for hair.
    Source: national specification, crown to top edge.
    """
    fx, _ = features.small_factor
    face = features.geometry
    edge = features.person[1, features.head_columns] >= PERSON_FROM
    value = 100 * float(edge.sum()) / max(face.width * fx, 1.0)
    x, y, width, height = face.box
    tolerance = 0.03 * face.width
    outside = (
        x < -tolerance
        or y < -tolerance
        or x + width > features.width + tolerance
        or y + height > features.height + tolerance
    )
    region: Region = (0.0, 0.0, float(features.width), max(features.height * 0.03, 2.0))
    if outside:
        value, region = max(value, 100.0), face.box
    return graded(min(value, 200.0), touching, unit="%", high="head-cut", region=region)


@check("framing/crown_to_top", codes=("crown-close", "crown-far"), needs=("person",))
def crown_to_top(features: Features, *, share: Band) -> Outcome:
    """Free space above the hair.

    Wants: 50 to 110 of 640 px between the crown and the top edge.
    Why: certificates are laid out for it.
    Measured: crown of the person mask to the top edge, percent of the height.
    Blind spots: the mask is 256 × 256, so ± 0.5 %; tall loose hair counts as hair.
    Source: national specification.
    """
    value = 100 * features.crown / features.height
    move = _pixels(features, _to_middle(value, share), of_height=True)
    region: Region = (0.0, 0.0, float(features.width), max(features.crown, 2.0))
    return graded(
        value,
        share,
        unit="%",
        low="crown-close",
        high="crown-far",
        region=region,
        facts={"pixels": move},
    )


@check("framing/eyes_to_top", codes=("eyes-high", "eyes-low"))
def eyes_to_top(features: Features, *, share: Band) -> Outcome:
    """The eyes at the right height.

    Wants: 200 to 300 of 640 px between the eyes and the top edge.
    Why: certificates are laid out for it.
    Measured: middle of the eye centres to the top edge, percent of the height.
    Blind spots: none worth naming; the landmarks are good to a pixel or two.
    Source: national specification.
    """
    value = 100 * features.geometry.eyes_y / features.height
    move = _pixels(features, _to_middle(value, share), of_height=True)
    y = features.geometry.eyes_y
    region: Region = (0.0, y - 2, float(features.width), 4.0)
    return graded(
        value,
        share,
        unit="%",
        low="eyes-high",
        high="eyes-low",
        region=region,
        facts={"pixels": move},
    )


@check("framing/face_width", codes=("face-small", "face-large"))
def face_width(features: Features, *, share: Band) -> Outcome:
    """A face of the right size.

    Wants: 180 to 300 of 480 px from cheek to cheek.
    Why: a small face prints without detail, a large one leaves no room for head and shoulders.
    Measured: horizontal distance of the cheek landmarks 234 and 454, percent of the width.
    Blind spots: a turned head reads narrower.
    Source: national specification.
    """
    value = 100 * features.geometry.width / features.width
    middle = value - _to_middle(value, share)
    facts = {"zoom": 100 * middle / max(value, 1e-6)}
    return graded(
        value,
        share,
        unit="%",
        low="face-small",
        high="face-large",
        region=features.geometry.box,
        facts=facts,
    )


@check("framing/head_height", codes=("head-short", "head-tall"), needs=("person",))
def head_height(features: Features, *, share: Band) -> Outcome:
    """A head of the right height.

    Wants: crown to chin about half to two thirds of the picture.
    Why: follows from the national numbers for crown, eyes and face width; advice only.
    Measured: crown of the person mask to the chin landmark, percent of the height.
    Blind spots: tall hair counts as head.
    Source: derived from the national specification; our default.
    """
    value = 100 * (features.geometry.chin - features.crown) / features.height
    return graded(
        value,
        share,
        unit="%",
        low="head-short",
        high="head-tall",
        region=features.geometry.box,
    )


@check("framing/centred", codes=("head-left", "head-right"))
def centred(features: Features, *, offset: Band) -> Outcome:
    """The head in the middle.

    Wants: the head's axis near the middle column.
    Why: 居中, symmetric framing.
    Measured: middle between the cheeks minus the middle column, percent of the width; negative
        when the head is left of the middle.
    Blind spots: a turned head shifts its own middle a little.
    Source: national specification (no number; our default).
    """
    value = 100 * (features.geometry.centre_x / features.width - 0.5)
    facts = {"pixels": _pixels(features, value, of_height=False), "percent": abs(value)}
    return graded(
        value,
        offset,
        unit="%",
        low="head-left",
        high="head-right",
        region=features.geometry.box,
        facts=facts,
    )


@check("framing/shoulders_in", codes=("shoulders-missing",), needs=("person",))
def shoulders_in(features: Features, *, width: Band) -> Outcome:
    """Shoulders in the frame.

    Wants: neck and the start of both shoulders visible below the face.
    Why: a head and shoulders portrait is what the certificate prints.
    Measured: the person mask's greatest width in the rows below the chin, in face widths.
    Blind spots: long loose hair beside the neck reads as shoulders.
    Source: usual practice of certificate portraits; our default.
    """
    fx, fy = features.small_factor
    rows = features.person[round(features.geometry.chin * fy) :]
    widest = float((rows >= PERSON_FROM).sum(axis=1).max()) if rows.shape[0] else 0.0
    value = widest / max(features.geometry.width * fx, 1.0)
    region: Region = (
        0.0,
        min(features.geometry.chin, features.height - 2.0),
        float(features.width),
        max(features.height - features.geometry.chin, 2.0),
    )
    return graded(value, width, unit="x", low="shoulders-missing", region=region)
