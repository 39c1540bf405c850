"""What the candidate wears, as far as a clause speaks of it: nothing on the head."""

from __future__ import annotations

from photo_service.check import Band, Outcome, Region, check, graded
from photo_service.features import Features


@check("attire/bareheaded", codes=("head-covered",), needs=("covering",))
def bareheaded(features: Features, *, covering: Band) -> Outcome:
    """Nothing on the head.

    Wants: no hat, cap, hood, scarf, turban or helmet.
    Why: 免冠: the clause asks for a bareheaded portrait.
    Measured: `covering`, log-odds of a covered head by our own model (models/assets/covering.md),
        from one crop aligned on the eyes. On people it never saw: 40 real coverings, 92 % at
        -1.2 and more, 72 % at 2.5 and more; 236 plain portraits, 0.4 % at -1.2, none at 1.0.
    Blind spots: loose scarves that show hair; dark hats before a dark background; braids wound
        around the head and wide headbands read as covered. No religious exemption is known to it:
        a person decides.
    Source: graduation procedure, item 4, note 2 (1); figures in models/assets/covering.md.
    """
    face = features.geometry
    top = face.eyes_y - 1.9 * face.eye_distance
    region: Region = (
        face.left - 0.2 * face.width,
        max(top, 0.0),
        1.4 * face.width,
        face.eyes_y - max(top, 0.0) - 0.4 * face.eye_distance,
    )
    return graded(features.covering.head, covering, unit="", high="head-covered", region=region)
