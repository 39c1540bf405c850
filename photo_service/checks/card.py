"""The ID card's portrait side: whole, near, readable, itself, and as the candidate entered it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from photo_service.card import number as gb11643
from photo_service.card.compare import (
    masked_name,
    name_differences,
    places_that_differ,
    plain_name,
    plain_number,
)
from photo_service.card.read import PEOPLES, Field, birth_date
from photo_service.card.scene import Card
from photo_service.check import Band, Outcome, Range, Region, Status, check, graded, worst
from photo_service.errors import CannotAssess
from photo_service.features import Features

FIELDS = ("name", "sex", "people", "birth", "address", "number")
# Birth years that a card can bear begin so; any other was misread.
_CENTURIES = (19, 20)


@check("card/found", codes=("card-none", "card-several"))
def found(features: Features) -> Outcome:
    """One ID card.

    Wants: one resident ID card in the picture.
    Why: registration asks for the candidate's own card and nothing else.
    Measured: how many outlines of a card's shape (ISO/IEC 7810 ID-1) hold text laid out as on a
        card. That there is none is certain when no card's words were read either.
    Blind spots: a second card without legible text; cards other than the resident ID card are
        told by card/portrait_side.
    Source: rulebook section 2; ISO/IEC 7810.
    """
    card = features.card_or_none
    wanted = Range(1, 1)
    if card is None:
        return Outcome(Status.FAIL, "card-none", value=0, allowed=wanted)
    if card.others:
        return Outcome(
            Status.FAIL, "card-several", value=1 + card.others, allowed=wanted, certain=False
        )
    return Outcome(Status.PASS, value=1, allowed=wanted)


@check("card/portrait_side", codes=("card-back", "card-temporary"))
def portrait_side(features: Features) -> Outcome:
    """The side with the portrait, of a permanent card.

    Wants: 人像面: name, birth date, number and portrait.
    Why: the national-emblem side tells nothing of the person; a temporary card expires within
        three months.
    Measured: the words printed on either side, as read: 姓名 性别 民族 出生 住址 公民身份号码
        against 中华人民共和国 居民身份证 签发机关 有效期限; 临时居民身份证 on a temporary card.
    Blind spots: a card of which no word can be read is not judged here.
    Source: rulebook section 2.
    """
    card = features.card
    reading = card.reading
    if reading.temporary:
        return Outcome(Status.FAIL, "card-temporary", region=card.box)
    if not reading.side:
        raise CannotAssess("card-unread")
    if reading.side == "back":
        return Outcome(Status.FAIL, "card-back", region=card.box)
    return Outcome(Status.PASS)


@check("card/not_mirrored", codes=("card-mirrored",))
def not_mirrored(features: Features) -> Outcome:
    """Text that reads forward.

    Wants: a picture as the camera's sensor saw it.
    Why: front cameras often save mirrored pictures; a mirrored document is a transformed one.
    Measured: the card's longest lines read as they are and flipped, upright and upside down; what
        reads only flipped is mirrored. Proof, not a guess.
    Blind spots: a card of which nothing reads either way.
    Source: rulebook sections 2 and 6.
    """
    card = features.card
    if card.reading.mirrored is None:
        raise CannotAssess("card-unread")
    if card.reading.mirrored:
        return Outcome(Status.FAIL, "card-mirrored", region=card.box)
    return Outcome(Status.PASS)


@check("card/upright", codes=("card-turned",))
def upright(features: Features, *, turn: Band) -> Outcome:
    """Text the right way up.

    Wants: the card's lines level.
    Why: staff read it on a screen. The service turns it by itself, so this only warns.
    Measured: `turn`, the angle of the card's upper side against the picture's, degrees clockwise.
    Blind spots: none while text reads.
    Source: rulebook section 2.
    """
    card = _readable(features)
    turned = card.turn
    return graded(
        turned, turn, unit="deg", low="card-turned", high="card-turned",
        facts={"degrees": abs(turned)},
    )  # fmt: skip


@check("card/whole", codes=("card-cut-off", "corner-missing"))
def whole(
    features: Features, *, outside: Band, ratio: Band, at_border: Band, corner: Band
) -> Outcome:
    """The whole card in the picture, with its four corners.

    Wants: all four corners and sides visible.
    Why: a part outside the picture may hide something; a clipped corner marks a card as void.
    Measured: `outside`, how far the farthest corner lies beyond the picture's edge, percent of
        the card's width; `ratio`, width over height of the card without perspective, when one to
        three of its sides run along the picture's border (`at_border`): a card cut off there is no
        longer 1.585 to 1; `corner`, the colour difference across the clearest straight edge that
        runs from side to side over a corner, farther in than any rounding, at least so large
        along four fifths of that edge, CIELAB ΔE.
    Blind spots: a card cut along a side and cropped to 1.585 to 1 again; a cut on ground of the
        card's own colour.
    Source: rulebook section 2; ISO/IEC 7810 ID-1.
    """
    card = features.card
    box = card.box
    beyond = graded(card.outside, outside, unit="%", high="card-cut-off", region=box)
    outcomes = [beyond]
    sides = card.sides_at_border
    if at_border.grade(sides)[0] is not Status.PASS:
        shape = graded(
            card.ratio, ratio, unit="", low="card-cut-off", high="card-cut-off", region=box
        )
        outcomes.append(shape)
    missing, place = card.cut_corner
    outcomes.append(graded(missing, corner, unit="", high="corner-missing", region=place))
    return worst(*outcomes)


@check("card/near", codes=("card-far",))
def near(features: Features, *, share: Band) -> Outcome:
    """The card fills a good part of the picture.

    Wants: at least a quarter of the picture's area.
    Why: a card far away has too few pixels for its print.
    Measured: `share`, area of the card's outline over the picture's, percent.
    Blind spots: says nothing of pixels; see card/print_size.
    Source: rulebook section 2 (vendor practice).
    """
    card = features.card
    return graded(card.area_share, share, unit="%", low="card-far", region=card.box)


@check("card/square_on", codes=("card-oblique",))
def square_on(features: Features, *, slant: Band) -> Outcome:
    """Seen from above, not from the side.

    Wants: opposite sides of about equal length.
    Why: an oblique view blurs and squeezes the farther print.
    Measured: `slant`, the longer over the shorter of two opposite sides, the larger of both pairs.
    Blind spots: a tele lens shows a tilted card without this.
    Source: rulebook section 2.
    """
    card = features.card
    return graded(card.slant, slant, unit="x", high="card-oblique", region=card.box)


@check("card/print_size", codes=("print-small",))
def print_size(features: Features, *, height: Band) -> Outcome:
    """Print large enough to be read.

    Wants: digits of the number of ten pixels and more.
    Why: smaller ones are guessed, by people too.
    Measured: `height` of the number's digits in pixels of the full picture, from the card's
        width: 2.6 mm of 85.6 mm.
    Blind spots: a small picture blown up.
    Source: rulebook section 2; our measurement.
    """
    card = features.card
    return graded(
        card.digit_height / features.scale, height, unit="px", low="print-small", region=card.box
    )


@check("card/in_focus", codes=("card-blurred",))
def in_focus(features: Features, *, width: Band) -> Outcome:
    """Sharp print.

    Wants: letters with clear edges.
    Why: every field must be legible.
    Measured: `width` of the print's edges, pixels of the card laid flat (0.085 mm each): contrast
        over steepness where contrast is largest, along rows or columns, whichever is wider, after a
        smoothing of 2 pixels that takes out grain; as Marziliano et al. 2002. Sharp print reads
        about 5.
    Blind spots: a small card enlarged reads as blurred too; see card/print_size.
    Source: rulebook section 2; doi:10.1109/ICIP.2002.1038902.
    """
    card = features.card
    return graded(card.surface.edge_width, width, unit="px", high="card-blurred", region=card.box)


@check("card/no_glare", codes=("card-glare",))
def no_glare(features: Features, *, share: Band) -> Outcome:
    """No reflection on the card.

    Wants: print and portrait free of white spots of light.
    Why: under glare nothing can be read or compared.
    Measured: `share`, percent of the card under the largest patch in which every colour channel
        is blown out; a small patch that fades slowly into paper nearly as bright does not count.
    Blind spots: weak sheen that leaves the print visible.
    Source: rulebook section 2.
    """
    card = features.card
    share_blown, box = card.surface.glare
    return graded(share_blown, share, unit="%", high="card-glare", region=_on_picture(card, box))


@check("card/even_light", codes=("card-shadow",))
def even_light(features: Features, *, contrast: Band) -> Outcome:
    """Even light on the card.

    Wants: no strong shadow of hand or phone.
    Why: print in deep shadow reads badly.
    Measured: `contrast`, bright over dark parts of the card's paper, 97th over 3rd percentile of
        luma; what is of another colour than the paper is left out.
    Blind spots: small shadows; shadows on the portrait alone.
    Source: rulebook section 2.
    """
    card = features.card
    return graded(card.surface.unevenness, contrast, unit="x", high="card-shadow", region=card.box)


@check("card/uncovered", codes=("card-covered",))
def uncovered(features: Features, *, share: Band) -> Outcome:
    """Nothing lying on the card.

    Wants: no finger, clip or sticker on the card.
    Why: every field must be visible.
    Measured: `share`, percent of the card outside the portrait under the largest thing of another
        colour than the card's paper, or darker with a sharp rim, after the print has been closed
        over. Not judged on the emblem's side.
    Blind spots: things of the card's own colour; things within the portrait.
    Source: rulebook section 2.
    """
    card = features.card
    if card.reading.side == "back":
        raise CannotAssess("card-other-side")
    covered, box = card.surface.cover
    return graded(covered, share, unit="%", high="card-covered", region=_on_picture(card, box))


@check("card/legible", codes=("field-unread",))
def legible(features: Features, *, confidence: Band) -> Outcome:
    """Every field legible.

    Wants: 姓名 性别 民族 出生 住址 公民身份号码 read with confidence.
    Why: registration compares them with what the candidate entered.
    Measured: `confidence`, mean probability of the characters of the least legible field, 0-1; of
        the number its least certain digit; 0 for a field that was not found, 1 for a sex and birth
        date that the number confirms and for a name of one of the 56 peoples.
    Blind spots: the reader can be sure of itself and wrong.
    Source: rulebook section 2; GB 11643.
    """
    fields = _front(features).reading.fields
    sure = {name: fields[name].confidence if name in fields else 0.0 for name in FIELDS}
    sure |= dict.fromkeys(_confirmed(fields), 1.0)
    least = min(FIELDS, key=lambda name: sure[name])
    return graded(
        sure[least], confidence, unit="", low="field-unread", facts={"field": f"field_{least}"}
    )


@check("card/number_valid", codes=("number-invalid", "number-unsure"))
def number_valid(features: Features, *, width: float, height: float) -> Outcome:
    """A number that can exist.

    Wants: 18 characters, the right check digit, a real birth date.
    Why: a wrong check digit means a misprint, a forgery or a misreading; none may pass.
    Measured: weights of GB 11643 over 17 digits, modulo 11, against the 18th character. A wrong
        number is certain only when two looks at it read the same, where the print's edges are at
        most `width` pixels of the flat card wide and the digits at least `height` pixels of the
        picture high; it never passes either way.
    Blind spots: invented numbers with the right check digit.
    Source: GB 11643-1999.
    """
    card = _front(features)
    reading = card.reading
    found = _field(features, "number")
    facts = {"number": gb11643.masked(found.value)}
    if gb11643.is_valid(found.value) and reading.number_agreed:
        return Outcome(Status.PASS, facts=facts)
    clear = card.surface.edge_width <= width and card.digit_height / features.scale >= height
    if clear and len(found.value) == gb11643.LENGTH and reading.number_agreed:
        return Outcome(Status.FAIL, "number-invalid", facts=facts)
    return Outcome(Status.FAIL, "number-unsure", facts=facts, certain=False)


@check("card/birth_agrees", codes=("birth-differs",))
def birth_agrees(features: Features) -> Outcome:
    """The birth date as in the number.

    Wants: 出生 equal to digits 7 to 14 of the number.
    Why: a difference means a forged or misread card.
    Measured: both as read. Certain when the number is valid, both were read with confidence and
        more than one digit differs: one alone may be misread, also by whoever is confident.
    Blind spots: a card forged in both places.
    Source: GB 11643-1999.
    """
    number, birth = _number(features), _field(features, "birth")
    printed = birth_date(birth.value)
    if printed is None or printed.year // 100 not in _CENTURIES:
        raise CannotAssess("birth-unread")
    apart = sum(
        one != other for one, other in zip(f"{printed:%Y%m%d}", number.value[6:14], strict=True)
    )
    if not apart:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "birth-differs", certain=apart > 1 and _sure(birth, number))


@check("card/sex_agrees", codes=("sex-differs",))
def sex_agrees(features: Features) -> Outcome:
    """The sex as in the number.

    Wants: 男 with an odd 17th digit, 女 with an even one.
    Why: a difference means a forged or misread card.
    Measured: both as read. Certain when both were read with confidence.
    Blind spots: a card forged in both places.
    Source: GB 11643-1999.
    """
    number, sex = _number(features), _field(features, "sex")
    if sex.value == gb11643.sex_of(number.value):
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "sex-differs", certain=_sure(sex, number))


@check("card/age_plausible", codes=("age-implausible",))
def age_plausible(features: Features, *, years: Band) -> Outcome:
    """An age at which people sit exams.

    Wants: a birth date neither in the future nor a century ago.
    Why: an implausible age points to a misread or invented number.
    Measured: whole years from the birth date in the number to the day of the application.
    Blind spots: none.
    Source: our default.
    """
    birth = gb11643.birth_of(_number(features).value)
    if birth is None:
        raise CannotAssess("number-unread")
    age = gb11643.age_on(birth, features.context.today)
    return graded(age, years, unit="", low="age-implausible", high="age-implausible")


@check("card/expected_name", codes=("name-differs",))
def expected_name(features: Features, *, confidence: float) -> Outcome:
    """The name that the candidate entered.

    Wants: 姓名 equal to the name given with the picture.
    Why: 请考生务必认真核对: name and card must agree.
    Measured: character by character, without blanks and dots; a character counts as equal when it
        is the reader's second choice or prints alike. Certain when the name was read with at
        least `confidence`.
    Blind spots: a name that differs only by a look-alike passes.
    Source: graduation procedure (SEED 000).
    """
    expected = features.context.expect_name
    if not plain_name(expected):
        raise CannotAssess("not-expected")
    name = _field(features, "name")
    differing = name_differences(name, expected)
    if not differing:
        return Outcome(Status.PASS)
    facts = {"read": masked_name(name.value), "entered": masked_name(plain_name(expected))}
    certain = name.confidence >= confidence
    return Outcome(Status.FAIL, "name-differs", facts=facts, certain=certain)


@check("card/expected_number", codes=("number-differs",))
def expected_number(features: Features) -> Outcome:
    """The number that the candidate entered.

    Wants: 公民身份号码 equal to the number given with the picture.
    Why: 请考生务必认真核对: number and card must agree.
    Measured: character by character, blanks left out. Certain when the number on the card is
        valid and was read twice alike.
    Blind spots: none.
    Source: graduation procedure (SEED 000).
    """
    expected = plain_number(features.context.expect_number)
    if not expected:
        raise CannotAssess("not-expected")
    found = _field(features, "number")
    places = places_that_differ(found.value, expected)
    if not places:
        return Outcome(Status.PASS)
    facts = {
        "read": gb11643.masked(found.value),
        "entered": gb11643.masked(expected),
        "places": ", ".join(map(str, places[:6])),
    }
    certain = gb11643.is_valid(found.value) and features.card.reading.number_agreed
    return Outcome(Status.FAIL, "number-differs", value=len(places), facts=facts, certain=certain)


@check("card/in_colour", codes=("card-grey",))
def in_colour(features: Features, *, chroma: Band) -> Outcome:
    """A card in colour.

    Wants: the original card, photographed in colour.
    Why: a grey picture is a photocopy or a filtered photo; neither shows the original.
    Measured: `chroma`, how far colours on the flat card spread from the paper's, the paper taken
        for white, 98th percentile of CIELAB chroma.
    Blind spots: colour copies; see card/original.
    Source: rulebook section 2 (复印件).
    """
    card = features.card
    return graded(card.surface.colour, chroma, unit="", low="card-grey", region=card.box)


@check("card/original", codes=("card-copied",))
def original(features: Features, *, shadow: Band, scan: float) -> Outcome:
    """The card itself, not a copy of it.

    Wants: the card lying on something.
    Why: a copy on paper proves nothing.
    Measured: `shadow`, how dark the line is that the card's edge and its shadow draw on white
        paper, lightness, the second darkest of its sides; a printed card has none. Judged only
        where three sides lie on pale uncoloured ground, not darker than the card and not far from
        its own colour, and not where the card fills more than `scan` percent of the picture, as in
        a scan. Never certain.
    Blind spots: a copy cut out along the card's edge: square corners and thin paper are no proof,
        and drawn ones pass; a card under fully even light on paper may be taken for a copy.
    Source: rulebook section 2 (复印件); our measurement.
    """
    card = features.card
    dips = sorted(card.edge.dips, reverse=True)
    if len(dips) < 3 or card.area_share > scan:
        return Outcome(Status.PASS)
    return replace(
        graded(dips[1], shadow, unit="", low="card-copied", region=card.box), certain=False
    )


@check("card/not_on_screen", codes=("card-on-screen",))
def not_on_screen(features: Features, *, pattern: Band, mesh: Band) -> Outcome:
    """The card itself, not its picture on a screen.

    Wants: the card photographed directly.
    Why: 翻拍: a picture of a picture proves nothing and can be altered.
    Measured: `pattern`, the peak in the spatial spectrum common to three quarters of the card, as a
        screen's raster or its moiré makes it, in units of the spectrum's usual unevenness: mean of
        that of the card and that of the portrait's place alone, where the card's own fine lines do
        not run; up to 2.4 times the larger where the picture is also grainier than print. `mesh`,
        percent of neighbouring squares of 64 pixels whose spectra peak at one frequency, which may
        drift from square to square as it does under perspective: the lesser of that on the card
        and that over its rim, for a card's fine lines and a cloth's weave end there; in somebody's
        hand also that on the holder's face. Never certain.
    Blind spots: displays whose raster the camera does not resolve; reduced or blurred recaptures,
        many of those below a megapixel. A display's frame is not looked for: a sheet of paper on a
        dark desk looks like it.
    Source: rulebook section 2 (翻拍); our measurement on drawn screens.
    """
    card = features.card
    outcomes = (
        graded(card.pattern, pattern, unit="", high="card-on-screen", region=card.box),
        graded(card.mesh, mesh, unit="%", high="card-on-screen", region=card.box),
    )
    return replace(worst(*outcomes), certain=False)


@check("card/not_screenshot", codes=("card-screenshot",))
def not_screenshot(features: Features, *, bars: Band) -> Outcome:
    """A photograph, not a screenshot.

    Wants: the file the camera or scanner made.
    Why: a screenshot is a picture of a picture, of lower quality.
    Measured: `bars`, percent of the picture's rows or columns whose pixels are all alike from end
        to end, within three grey levels, as the empty parts of an app's page are; a camera's are
        not. Pale ones count only where the picture has a phone display's proportions, for a
        scan's margins are white too. Never certain.
    Blind spots: screenshots in which the photo fills the display.
    Source: rulebook section 2; our measurement.
    """
    return replace(
        graded(features.card.bars, bars, unit="%", high="card-screenshot"), certain=False
    )


def _readable(features: Features) -> Card:
    card = features.card
    if card.reading.mirrored is None:
        raise CannotAssess("card-unread")
    return card


def _front(features: Features) -> Card:
    """The card, if its portrait side was read."""
    card = _readable(features)
    if card.reading.side == "back":
        raise CannotAssess("card-other-side")
    return card


def _field(features: Features, name: str) -> Field:
    fields = _front(features).reading.fields
    if name not in fields:
        raise CannotAssess("field-missing")
    return fields[name]


def _number(features: Features) -> Field:
    """The number, if it is valid."""
    found = _field(features, "number")
    if not gb11643.is_valid(found.value) or not features.card.reading.number_agreed:
        raise CannotAssess("number-unread")
    return found


def _confirmed(fields: Mapping[str, Field]) -> set[str]:
    """Fields whose content speaks for itself."""
    confirmed = set()
    if "people" in fields and fields["people"].value in PEOPLES:
        confirmed.add("people")
    if "number" in fields and gb11643.is_valid(number := fields["number"].value):
        if "sex" in fields and fields["sex"].value == gb11643.sex_of(number):
            confirmed.add("sex")
        if "birth" in fields and birth_date(fields["birth"].value) == gb11643.birth_of(number):
            confirmed.add("birth")
    return confirmed


def _sure(*fields: Field) -> bool:
    return all(field.confidence >= 0.9 for field in fields)


def _on_picture(card: Card, box: Region | None) -> Region | None:
    """A box on the flat card in pixels of the decoded picture."""
    return None if box is None else card.on_picture(box)
