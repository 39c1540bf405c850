"""Somebody holding the ID card: one holder, face free and sharp, the card at the body."""

from __future__ import annotations

import math

from photo_service.card.held import Box
from photo_service.check import Band, Outcome, Range, Status, check, graded
from photo_service.errors import CannotAssess
from photo_service.features import Features


@check("handheld/one_holder", codes=("holder-none", "holder-several"))
def one_holder(features: Features, *, share: Band) -> Outcome:
    """Exactly one person.

    Wants: the candidate's face, larger than the portrait on the card, and no other person's.
    Why: the picture shows that this person has this card.
    Measured: faces outside the card; `share`, width of the second over the first, percent.
        That there is none is never certain: a covered or turned face is not found either.
    Blind spots: people seen from behind; faces on posters count when they are as large.
    Source: rulebook section 3.
    """
    heads = features.in_hand.heads
    if not heads:
        return Outcome(
            Status.FAIL,
            "holder-none",
            value=0,
            allowed=Range(1, 1),
            certain=features.in_hand.card is None,
        )
    second = 100 * heads[1][2] / heads[0][2] if len(heads) > 1 else 0.0
    return graded(second, share, unit="%", high="holder-several", region=_second(heads))


@check("handheld/face_in_view", codes=("holder-cut", "holder-far"))
def face_in_view(features: Features, *, share: Band) -> Outcome:
    """Head and upper body in the picture.

    Wants: a face of moderate size, so that arm and upper body are seen.
    Why: the sibling rule asks for the upper body and the arm that holds the card.
    Measured: `share`, width of the face's box over the picture's shorter side, percent.
    Blind spots: does not look for the arm itself.
    Source: Shanxi adult exam (rulebook section 3).
    """
    face = _holder(features)
    value = 100 * face[2] / min(features.width, features.height)
    return graded(value, share, unit="%", low="holder-far", high="holder-cut", region=face)


@check("handheld/face_found", codes=("holder-face-hidden",))
def face_found(features: Features, *, overlap: Band) -> Outcome:
    """The card not before the face.

    Wants: the whole face beside or above the card.
    Why: the holder's face is compared with the card's portrait.
    Measured: `overlap`, percent of the face's box that the card covers.
    Blind spots: faces covered so far that they are not found; see handheld/one_holder.
    Source: rulebook section 3.
    """
    face, card = _holder(features), features.card
    x, y, width, height = card.box
    across = max(min(face[0] + face[2], x + width) - max(face[0], x), 0.0)
    down = max(min(face[1] + face[3], y + height) - max(face[1], y), 0.0)
    share = 100 * across * down / max(face[2] * face[3], 1.0)
    return graded(share, overlap, unit="%", high="holder-face-hidden", region=face)


@check("handheld/eyes_visible", codes=("holder-eyes-covered",))
def eyes_visible(features: Features, *, covering: Band) -> Outcome:
    """The holder's eyes free.

    Wants: no dark glasses, no hair or hand over the eyes.
    Why: the face is compared with the card's portrait.
    Measured: `covering`, log-odds of covered eyes by our own model (models/assets/covering.md), on
        a crop around the face.
    Blind spots: lightly tinted lenses.
    Source: rulebook section 3.
    """
    scores = features.holder.covering
    if scores is None:
        raise CannotAssess("holder-unmeasured")
    return graded(
        scores.eyes, covering, unit="", high="holder-eyes-covered", region=_holder(features)
    )


@check("handheld/mouth_visible", codes=("holder-mouth-covered",))
def mouth_visible(features: Features, *, covering: Band) -> Outcome:
    """The holder's mouth and nose free.

    Wants: no mask, scarf or hand before mouth and nose.
    Why: the face is compared with the card's portrait.
    Measured: `covering`, log-odds of a covered mouth by our own model (models/assets/covering.md),
        on a crop around the face.
    Blind spots: masks under which no face is found; see handheld/one_holder.
    Source: rulebook section 3.
    """
    scores = features.holder.covering
    if scores is None:
        raise CannotAssess("holder-unmeasured")
    return graded(
        scores.mouth, covering, unit="", high="holder-mouth-covered", region=_holder(features)
    )


@check("handheld/face_sharp", codes=("holder-blurred",))
def face_sharp(features: Features, *, blur: Band) -> Outcome:
    """A sharp face.

    Wants: the holder in focus, as the card.
    Why: the face is compared with the card's portrait.
    Measured: `blur` of the face's crop, 0 sharp to 1, worst of four directions (Crété et al. 2007).
    Blind spots: smooth skin reads softer; small faces read sharper.
    Source: rulebook section 3; doi:10.1117/12.702790.
    """
    return graded(
        features.holder_blur, blur, unit="", high="holder-blurred", region=_holder(features)
    )


@check("handheld/card_at_body", codes=("card-apart",))
def card_at_body(features: Features, *, distance: Band) -> Outcome:
    """The card near the person.

    Wants: the card held before the chest or beside the face.
    Why: a card lying elsewhere shows nobody holding it.
    Measured: `distance` from the middle of the face to the middle of the card, face widths.
    Blind spots: whether a hand holds it is not looked at.
    Source: rulebook section 3.
    """
    face, card = _holder(features), features.card
    x, y, width, height = card.box
    apart = math.hypot(
        face[0] + face[2] / 2 - x - width / 2, face[1] + face[3] / 2 - y - height / 2
    )
    return graded(apart / max(face[2], 1.0), distance, unit="", high="card-apart", region=card.box)


@check("handheld/portrait_shown", codes=("card-portrait-hidden",))
def portrait_shown(features: Features) -> Outcome:
    """The card's portrait visible.

    Wants: the small portrait on the card free.
    Why: it is compared with the holder's face, or with the candidate's at the exam.
    Measured: whether the face detector finds a face on the card. Drawn (tune): score 0.80 and more
        on whole cards (20), none under a thumb. Never certain.
    Blind spots: portraits too small for the detector.
    Source: rulebook section 3.
    """
    if features.card.reading.side == "back":
        raise CannotAssess("card-other-side")
    if features.portrait_shown:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "card-portrait-hidden", region=features.card.box, certain=False)


def _holder(features: Features) -> Box:
    heads = features.in_hand.heads
    if not heads:
        raise CannotAssess("no-holder")
    return heads[0]


def _second(heads: tuple[Box, ...]) -> Box | None:
    return heads[1] if len(heads) > 1 else None
