"""Samples of ID cards: one drawn picture for each code of the kinds id_card and handheld_id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

import cards_holder as holder
import cards_scenes as scenes
import cv2
import numpy as np
import props
from cards import BLUE_INK, DROID, PALE, PILLOW, Card, Style, portrait_side
from cards_camera import Drawn, Take
from cards_people import Fields
from cards_scenes import Supplies
from subject import Person

MOST_BYTES = 60_000
_SIZE = (940, 660)

PERSON = Fields(
    name="林嘉文",
    sex="女",
    nation="汉",
    birth=date(1998, 3, 14),
    address="山西省云山市样本区学府街12号3号楼2单元402室",
    number="14990119980314002X",
)


@dataclass(frozen=True, slots=True)
class CardSample:
    """One picture to make; see `make.Sample`.

    Attributes:
        file: path below samples/.
        decision: the verdict expected.
        codes: codes that must be among the findings.
        shows: what a newcomer sees.
        draw: draws it.
        kind: the kind, and the profile's name.
        expect: what the candidate entered, by the names of `photo_service.context.Context`.
    """

    file: str
    decision: str
    codes: tuple[str, ...]
    shows: str
    draw: Callable[[Supplies], Drawn]
    kind: str = "id_card"
    expect: Mapping[str, str] = field(default_factory=dict)

    def make(self, person: Person) -> bytes:
        """A JPEG of at most 60 kB."""
        drawn = self.draw(supplies(person))
        for quality in range(88, 20, -4):
            done, data = cv2.imencode(
                ".jpg", drawn.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
            )
            if done and len(data) <= MOST_BYTES:
                break
        return bytes(data)


def supplies(person: Person) -> Supplies:
    """One face, one font, plain tables."""
    window = person.window(face=0.44, eyes=0.42, size=(320, 405))
    cover = np.round(255 * np.clip((window.alpha - 0.1) / 0.8, 0, 1)).astype(np.uint8)
    return Supplies(
        portraits=(np.dstack([window.rgb, cover]),),
        fonts=((DROID, PILLOW),),
        tables=("brown wood",),
        inks=(BLUE_INK,),
        tints=(PALE,),
        holders=(person,),
        size=_SIZE,
    )


TAKE = Take(
    size=_SIZE,
    share=0.55,
    tilt=6.0,
    roll=-2.0,
    off=(0.0, 0.0),
    table="brown wood",
    blur=0.4,
    noise=0.8,
    light=0.08,
    gain=0.98,
    warm=1.02,
    shadow=0.35,
    quality=88,
)


def taken(
    fields: Fields = PERSON,
    *,
    take: Take = TAKE,
    seed: int = 1,
    change: Callable[[Card], Card] = lambda card: card,
) -> Callable[[Supplies], Drawn]:
    """The card on its table, the card or the take changed."""

    def draw(supplies: Supplies) -> Drawn:
        card = portrait_side(fields, supplies.portraits[0], Style(seed=5, waves=6.0))
        rng = np.random.default_rng(seed)
        return scenes.photographed(rng, change(card), take, condition="sample", fields=fields)

    return draw


def drawn(condition: str, seed: int) -> Callable[[Supplies], Drawn]:
    """A condition of `cards_scenes`."""
    return lambda supplies: scenes.draw(condition, seed, supplies)


def held(condition: str, seed: int) -> Callable[[Supplies], Drawn]:
    """A condition of `cards_holder`."""
    return lambda supplies: holder.draw(condition, seed, replace(supplies, size=HELD.size))


def smeared(field: str, strength: float) -> Callable[[Card], Card]:
    """The print of one field worn away, ``strength`` the spread of what is left of it."""

    def change(card: Card) -> Card:
        x, y, width, height = (round(v) for v in card.places[field])
        rgb = card.rgb.copy()
        part = rgb[y : y + height, x : x + width]
        part[:] = cv2.GaussianBlur(part, (0, 0), strength)
        return replace(card, rgb=rgb)

    return change


def erased(card: Card) -> Card:
    """One digit of the number scratched off."""
    x, y, width, height = card.places["number"]
    rgb = card.rgb.copy()
    left = round(x + 11 * width / 18)
    part = rgb[round(y) : round(y + height), left : left + round(width / 18)]
    part[:] = np.median(part.reshape(-1, 3), axis=0)
    return replace(card, rgb=rgb)


HELD = holder.Pose(
    size=(1240, 1320),
    face=0.22,
    at=(0.40, 0.27),
    card=0.36,
    place=(0.55, 0.72),
    grip="right",
)


def holding(
    *,
    pose: holder.Pose = HELD,
    wears: Callable[[Person], Person] = lambda person: person,
    portrait: bool = True,
    seed: int = 2,
) -> Callable[[Supplies], Drawn]:
    """Somebody before a plain wall holds the card."""

    def draw(supplies: Supplies) -> Drawn:
        rng = np.random.default_rng(seed)
        face = supplies.portraits[0] if portrait else np.zeros_like(supplies.portraits[0])
        card = portrait_side(PERSON, face, Style(seed=5, waves=6.0))
        take = replace(
            holder.a_take(rng, pose),
            tilt=4.0, roll=-3.0, blur=0.4, noise=0.6, light=0.1, gain=1.0, warm=1.0,
        )  # fmt: skip
        return holder.whole(
            rng, supplies, "sample", pose=pose, take=take, fields=PERSON, card=card,
            person=wears(supplies.holders[0]),
        )  # fmt: skip

    return draw


def soft(person: Person) -> Person:
    """The person out of focus."""
    return replace(person, rgb=np.asarray(cv2.GaussianBlur(person.rgb, (0, 0), 4), np.uint8))


def held_sample(
    code: str, decision: str, shows: str, draw: Callable[[Supplies], Drawn]
) -> CardSample:
    """One for a code of the kind handheld_id."""
    return CardSample(f"codes/{code}.jpg", decision, (code,), shows, draw, kind="handheld_id")


def sample(
    code: str,
    decision: str,
    shows: str,
    draw: Callable[[Supplies], Drawn],
    *,
    expect: Mapping[str, str] = MappingProxyType({}),
) -> CardSample:
    """One for a code of the kind id_card."""
    return CardSample(
        f"codes/{code}.jpg", decision, (code,), shows, draw,
        expect=expect,
    )  # fmt: skip


_OLD = replace(PERSON, birth=date(1890, 3, 14), number="149901189003140022")

CARDS = (
    CardSample("documents/id-card.jpg", "accepted", (), "an ID card as it should be", taken()),
    sample("card-none", "rejected", "a table without a card", drawn("no card", 1)),
    sample("card-several", "review", "both sides in one picture", drawn("two cards", 1)),
    sample("card-back", "rejected", "the side with the emblem", drawn("emblem side", 1)),
    sample("card-temporary", "rejected", "a temporary card", drawn("temporary", 1)),
    sample("card-mirrored", "rejected", "taken with a front camera", drawn("mirrored", 1)),
    sample("card-turned", "accepted", "upside down", taken(take=replace(TAKE, roll=178.0))),
    sample("card-cut-off", "rejected", "part of it outside the picture", drawn("outside", 1)),
    sample("corner-missing", "rejected", "a corner cut off", drawn("corner cut", 1)),
    sample("card-far", "accepted", "small in the picture", taken(take=replace(TAKE, share=0.21))),
    sample("card-oblique", "accepted", "seen from the side", taken(take=replace(TAKE, tilt=44.0))),
    sample("print-small", "review", "far away", taken(take=replace(TAKE, share=0.085))),
    sample("card-blurred", "review", "out of focus", taken(take=replace(TAKE, blur=6.0))),
    sample("card-glare", "review", "a lamp shines on it", drawn("glare", 1)),
    sample("card-shadow", "review", "the phone's shadow on it", drawn("shadow", 1)),
    sample("card-covered", "review", "a finger over a field", drawn("finger", 1)),
    sample(
        "field-unread", "review", "the address worn away", taken(change=smeared("address", 7.0))
    ),
    sample(
        "number-invalid", "rejected", "the last digit is wrong",
        taken(replace(PERSON, number=PERSON.number[:17] + "9")),
    ),
    sample("number-unsure", "review", "a digit scratched off", taken(change=erased)),
    sample(
        "birth-differs", "rejected", "the birth date is not the number's",
        taken(replace(PERSON, birth=date(1987, 11, 25))),
    ),
    sample(
        "sex-differs", "rejected", "the sex is not the number's", taken(replace(PERSON, sex="男"))
    ),
    sample("age-implausible", "review", "born in 1890", taken(_OLD)),
    sample(
        "name-differs", "review", "not the name entered", taken(), expect={"expect_name": "周建国"}
    ),
    sample(
        "number-differs", "rejected", "not the number entered", taken(),
        expect={"expect_number": "149901199803140046"},
    ),
    sample("card-grey", "rejected", "a black-and-white photocopy", drawn("copy in grey", 1)),
    sample("card-copied", "review", "a colour photocopy", drawn("copy in colour", 2)),
    sample("card-on-screen", "review", "a photo of a screen", drawn("recapture", 7)),
    sample("card-screenshot", "review", "saved from a phone's album", drawn("screenshot", 2)),
)  # fmt: skip

HELD_CARDS = (
    CardSample(
        "documents/handheld.jpg", "accepted", (), "somebody holds an ID card", holding(),
        kind="handheld_id",
    ),
    held_sample("holder-none", "review", "a hand, no face", held("no holder", 1)),
    held_sample(
        "holder-several", "rejected", "two people", held("two holders", 1)
    ),
    held_sample(
        "holder-cut", "accepted", "too near",
        holding(pose=replace(HELD, face=0.44, at=(0.36, 0.34), place=(0.72, 0.84))),
    ),
    held_sample(
        "holder-far", "accepted", "too far away",
        holding(pose=replace(HELD, size=(1700, 1760), face=0.05, card=0.25, place=(0.5, 0.5))),
    ),
    held_sample(
        "holder-face-hidden", "review", "the card before the chin",
        holding(pose=replace(HELD, place=(0.46, 0.47))),
    ),
    held_sample("holder-eyes-covered", "review", "dark glasses", holding(wears=props.dark_glasses)),
    held_sample("holder-mouth-covered", "review", "a surgical mask", holding(wears=props.mask)),
    held_sample("holder-blurred", "review", "the person out of focus", holding(wears=soft)),
    held_sample(
        "card-apart", "review", "the card far from the person",
        holding(pose=replace(HELD, face=0.09, at=(0.14, 0.14), place=(0.74, 0.82))),
    ),
    held_sample(
        "card-portrait-hidden", "review", "no portrait on the card", holding(portrait=False)
    ),
)  # fmt: skip
