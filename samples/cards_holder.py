"""Pictures of people who hold a drawn card, with the faults such pictures have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cards_people as people
import cv2
import numpy as np
import props
from cards import HEIGHT, WIDTH, Card, Colour, Rgb, emblem_side
from cards_camera import (
    OUTLINE,
    Drawn,
    Quad,
    Take,
    exposed,
    finger,
    laid,
    mirrored,
    posed,
    through_camera,
)
from cards_people import Fields
from cards_scenes import Supplies, printed, styled
from cards_tables import Rng, clouds
from numpy.typing import NDArray
from subject import Person

_NO_QUAD = np.zeros((4, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """A person in a picture.

    Attributes:
        rgb: (h, w, 3) the picture so far.
        middle: x, y between the eyes, pixels.
        face: cheek to cheek, pixels.
        chin: y, pixels.
        skin: colour of the forehead.
        sleeve: colour of the clothes.
    """

    rgb: Rgb
    middle: tuple[float, float]
    face: float
    chin: float
    skin: Colour
    sleeve: Colour


@dataclass(frozen=True, slots=True)
class Pose:
    """How somebody stands and holds.

    Attributes:
        size: of the picture, pixels.
        face: width of the face, share of the picture's width.
        at: x, y of the eyes, shares.
        card: width of the card, share of the picture's width.
        place: x, y of the card's middle, shares.
        grip: edge held by the hand: "left", "right", "bottom" or "both".
    """

    size: tuple[int, int]
    face: float
    at: tuple[float, float]
    card: float
    place: tuple[float, float]
    grip: str


def a_pose(rng: Rng, digits: tuple[float, float] = (18.0, 26.0)) -> Pose:
    """Card before the chest or beside the face; the picture large enough for digits this high."""
    card = float(rng.uniform(0.18, 0.35))
    wanted = float(rng.uniform(*digits)) / 31.0 * WIDTH
    card = max(card, wanted / 2600)
    width = int(np.clip(wanted / card, 1200, 2600))
    height = round(width * float(rng.choice([4 / 3, 16 / 9, 3 / 4], p=[0.6, 0.25, 0.15])))
    tall = width / height
    high = card * HEIGHT / WIDTH * tall
    face = float(rng.uniform(0.20, 0.28) if tall < 1 else rng.uniform(0.13, 0.18))
    eyes = float(rng.uniform(0.24, 0.32))
    if rng.random() < 0.65:
        below = eyes + (0.78 * face + 0.12 * face) * tall + high / 2
        place = (float(rng.uniform(0.38, 0.62)), below + float(rng.uniform(0.03, 0.14)))
        at = (float(rng.uniform(0.45, 0.55)), eyes)
        grip = str(rng.choice(["left", "right", "bottom", "both"]))
    else:
        way = float(rng.choice([-1, 1]))
        card = min(card, 0.30)
        reach = 0.68 * face + card / 2
        at = (0.5 - way * 0.5 * reach, eyes)
        place = (at[0] + way * (reach + 0.02), eyes + float(rng.uniform(0.06, 0.16)))
        grip = "bottom" if rng.random() < 0.6 else ("right" if way > 0 else "left")
    return Pose((width, height), face, at, card, place, grip)


def a_take(rng: Rng, pose: Pose) -> Take:
    """Light and lens of a phone indoors."""
    width, height = pose.size
    return Take(
        size=pose.size,
        share=(pose.card * width) ** 2 * HEIGHT / WIDTH / (width * height),
        tilt=float(rng.uniform(0, 18)),
        roll=float(rng.normal(0, 4)),
        off=(pose.place[0] - 0.5, pose.place[1] - 0.5),
        table="",
        blur=float(rng.uniform(0.4, 1.1)),
        noise=float(rng.uniform(0.5, 4)),
        light=float(rng.uniform(0, 0.3)),
        gain=float(rng.uniform(0.85, 1.04)),
        warm=float(rng.uniform(0.93, 1.1)),
        shadow=float(rng.uniform(0.15, 0.45)),
        quality=int(rng.integers(70, 94)),
    )


def room(rng: Rng, size: tuple[int, int]) -> Rgb:
    """A wall, with or without things before it, out of focus."""
    width, height = size
    small = (max(8, width // 4), max(8, height // 4))
    tone = rng.uniform(120, 235) * rng.uniform(0.92, 1.06, 3)
    wall = np.array(tone, np.float32) * (1 + 0.04 * clouds(small, rng, 2, 3)[..., None])
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(2, 9))):
            x, y = rng.uniform(-0.1, 0.9) * small[0], rng.uniform(-0.1, 0.7) * small[1]
            wide, high = rng.uniform(0.08, 0.4) * small[0], rng.uniform(0.1, 0.6) * small[1]
            colour = tuple(float(v) for v in rng.uniform(30, 230, 3))
            corner = (int(x + wide), int(y + high))
            cv2.rectangle(wall, (int(x), int(y)), corner, colour, -1)
        wall = cv2.GaussianBlur(wall, (0, 0), float(rng.uniform(2, 9)))
    made = np.clip(wall, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(made, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def standing(rng: Rng, person: Person, scene: Rgb, face: float, at: tuple[float, float]) -> Holder:
    """The person before a room, clothes drawn on below where the source ends."""
    height, width = scene.shape[:2]
    scale = face * width / person.face_width
    eyes = np.array(person.eyes)
    shift = np.array([at[0] * width, at[1] * height]) - scale * eyes
    move = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    rgb = cv2.warpAffine(
        person.rgb, move, (width, height), flags=way, borderMode=cv2.BORDER_REPLICATE
    )
    alpha = cv2.warpAffine(person.alpha, move, (width, height), flags=cv2.INTER_LINEAR)
    alpha = np.clip((alpha - 0.1) / 0.8, 0, 1)
    low = person.rgb[-max(4, len(person.rgb) // 3) :]
    solid = low[person.alpha[-len(low) :] > 0.9]
    cloth = np.median(solid, axis=0) if len(solid) else np.array([90.0, 96.0, 110.0])
    out = scene.copy()
    if rng.random() < 0.7:
        worn = np.array(_CLOTHES[rng.integers(len(_CLOTHES))], np.float64)
        rgb = _dressed(rgb, person.points[:, :2] * scale + shift, face * width, worn, cloth)
        cloth = worn
    _body(rng, out, person, scale, shift, cloth)
    ys = np.arange(height, dtype=np.float32)[:, None]
    # The source's last rows melt into the drawn clothes.
    end = scale * (person.shape[0] - 1) + shift[1]
    alpha = alpha * np.clip((end - ys) / (0.12 * face * width), 0, 1)
    out = np.round(out + (rgb.astype(np.float32) - out) * alpha[..., None]).astype(np.uint8)
    points = person.points[:, :2] * scale + shift
    forehead = points[[9, 151, 108, 337]]
    skin = np.median([_mean_around(out, x, y, 0.03 * face * width) for x, y in forehead], axis=0)
    return Holder(
        rgb=out,
        middle=(at[0] * width, at[1] * height),
        face=face * width,
        chin=float(points[152, 1]),
        skin=_colour(skin),
        sleeve=_colour(cloth),
    )


_CLOTHES = (
    (36, 44, 70), (28, 28, 30), (120, 122, 128), (236, 236, 234), (130, 40, 44), (60, 92, 70),
    (170, 150, 120), (90, 120, 170), (210, 190, 205),
)  # fmt: skip


def _dressed(
    rgb: NDArray[np.generic],
    points: NDArray[np.floating],
    face: float,
    worn: NDArray[np.floating],
    cloth: NDArray[np.floating],
) -> NDArray[np.float32]:
    """Everything below a round collar in another colour, with the folds of the source."""
    ys, xs = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
    middle, chin = points[152]
    collar = chin + face * (0.42 - 0.5 * np.minimum(((xs - middle) / face) ** 2, 0.5))
    below = np.clip((ys - collar) / (0.02 * face) + 0.5, 0, 1)[..., None]
    source = rgb.astype(np.float32)
    folds = np.clip(source.mean(axis=2) / max(float(cloth.mean()), 40.0), 0.75, 1.1)[..., None]
    return np.asarray(source + (worn * folds - source) * below, np.float32)


def _body(
    rng: Rng,
    out: Rgb,
    person: Person,
    scale: float,
    shift: NDArray[np.floating],
    cloth: NDArray[np.floating],
) -> None:
    """Shoulders and chest, where the source's picture has ended at its sides and below."""
    height, width = out.shape[:2]
    rows, columns = np.nonzero(person.alpha > 0.5)
    last = columns[rows >= person.shape[0] - 3]
    if not len(last):
        return
    left, right = (float(v) * scale + shift[0] for v in (last.min(), last.max()))
    end = (person.shape[0] - 1) * scale + shift[1]
    face = person.face_width * scale
    tops = [
        rows[columns == edge].min() * scale + shift[1] if (columns == edge).any() else end
        for edge in (0, person.shape[1] - 1)
    ]
    wide = max(0.35 * face, 1.55 * face - (right - left) / 2)
    inset = 0.25 * (right - left)
    outline = np.array(
        [
            (left + inset, min(tops[0], end) - 0.25 * face),
            (left, tops[0]),
            (left - 0.5 * wide, tops[0] + 0.18 * face),
            (left - wide, tops[0] + 0.75 * face),
            (left - 1.15 * wide, height + 10),
            (right + 1.15 * wide, height + 10),
            (right + wide, tops[1] + 0.75 * face),
            (right + 0.5 * wide, tops[1] + 0.18 * face),
            (right, tops[1]),
            (right - inset, min(tops[1], end) - 0.25 * face),
        ]
    )
    cover = np.zeros((height, width), np.float32)
    cv2.fillPoly(cover, [np.round(outline).astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(cover, (0, 0), max(1.0, 0.02 * face))[..., None]
    folds = clouds((max(8, width // 4), max(8, height // 4)), rng, 3, 3)
    light = 1 + 0.05 * cv2.resize(folds, (width, height), interpolation=cv2.INTER_CUBIC)
    drawn = cloth.astype(np.float32) * light[..., None]
    out[:] = np.clip(np.round(out * (1 - soft) + drawn * soft), 0, 255).astype(np.uint8)


def _mean_around(rgb: Rgb, x: float, y: float, reach: float) -> NDArray[np.floating]:
    x0, y0, r = int(x), int(y), max(1, int(reach))
    part = rgb[max(0, y0 - r) : y0 + r, max(0, x0 - r) : x0 + r].reshape(-1, 3)
    return np.asarray(part.mean(axis=0) if len(part) else (200.0, 160.0, 135.0), np.float64)


def _colour(values: NDArray[np.floating]) -> Colour:
    red, green, blue = (int(np.clip(v, 0, 255)) for v in values)
    return red, green, blue


# Where a hand comes from, its palm and its thumb, in the card's own pixels at 1012 wide.
_GRIPS: Mapping[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "left": ((-900, 8000), (-120, 430), (-2, 350)),
    "right": ((1900, 8000), (1130, 430), (1012, 350)),
    "bottom": ((1000, 8000), (760, 800), (780, 664)),
}


def held(scene: Holder, card: Card, quad: Quad, grip: str, shadow: float) -> Rgb:
    """Forearm and palm behind the card, the card, and the thumb over its margin."""
    move = cv2.getPerspectiveTransform(OUTLINE, quad)
    unit = float(np.hypot(*(quad[1] - quad[0]))) / WIDTH
    out = scene.rgb.copy()
    hands = ("left", "right") if grip == "both" else (grip,)

    def seen(x: float, y: float) -> NDArray[np.floating]:
        seen_at = cv2.perspectiveTransform(np.array([[(x, y)]], np.float32), move)
        return np.asarray(seen_at[0, 0], np.float64)

    for hand in hands:
        arm, palm, _ = _GRIPS[hand]
        wrist = (palm[0] + 0.05 * (arm[0] - palm[0]), palm[1] + 0.05 * (arm[1] - palm[1]))
        finger(out, seen(*palm), seen(*wrist), 300 * unit, scene.skin, nail=False)
        finger(out, seen(*arm), seen(*wrist), 420 * unit, scene.sleeve, nail=False)
        inward = {"left": (260, 0), "right": (-260, 0), "bottom": (0, -200)}[hand]
        for step in range(4):
            knuckle = (palm[0] + inward[0] * 0.4, palm[1] - 190 + 120 * step)
            if hand == "bottom":
                knuckle = (palm[0] - 190 + 120 * step, palm[1] + inward[1] * 0.4)
            finger(
                out,
                seen(*knuckle),
                seen(knuckle[0] + inward[0] * 0.6, knuckle[1] + inward[1] * 0.6),
                120 * unit,
                scene.skin,
                nail=False,
            )
    out = laid(out, card, quad, shadow=shadow, turn=1.2)
    for hand in hands:
        _, palm, thumb = _GRIPS[hand]
        start = {
            "left": (palm[0] - 60, palm[1] + 90),
            "right": (palm[0] + 60, palm[1] + 90),
            "bottom": (palm[0] - 50, palm[1] + 130),
        }[hand]
        inset = {"left": (-38, 0), "right": (38, 0), "bottom": (0, 18)}[hand]
        finger(
            out,
            seen(*start),
            seen(thumb[0] + inset[0], thumb[1] + inset[1]),
            150 * unit,
            scene.skin,
        )
    return out


# --- conditions ----------------------------------------------------------------------------------


def _holder(rng: Rng, supplies: Supplies) -> Person:
    return supplies.holders[rng.integers(len(supplies.holders))]


def whole(
    rng: Rng,
    supplies: Supplies,
    condition: str,
    *,
    pose: Pose | None = None,
    take: Take | None = None,
    person: Person | None = None,
    fields: Fields | None = None,
    card: Card | None = None,
) -> Drawn:
    """Somebody holds a card; what is not given is left to chance."""
    fields = fields or people.someone(rng)
    pose = pose or a_pose(rng)
    take = take or a_take(rng, pose)
    scene = standing(
        rng, person or _holder(rng, supplies), room(rng, pose.size), pose.face, pose.at
    )
    card = card or printed(rng, supplies, fields)
    quad = posed(rng, take)
    rgb = held(scene, card, quad, pose.grip, take.shadow)
    return exposed(rng, rgb, take, quad, card, condition=condition, fields=fields)


def clean(rng: Rng, supplies: Supplies) -> Drawn:
    """As the portal asks: digits at least 18 px high."""
    return whole(rng, supplies, "clean")


def moderate(rng: Rng, supplies: Supplies) -> Drawn:
    """Digits 13 to 18 px high."""
    return whole(rng, supplies, "moderate", pose=a_pose(rng, (13.0, 18.0)))


def mirrored_whole(rng: Rng, supplies: Supplies) -> Drawn:
    """A front camera's picture."""
    draw = clean if rng.random() < 0.5 else moderate
    return mirrored(draw(rng, supplies), "mirrored")


def dark_glasses(rng: Rng, supplies: Supplies) -> Drawn:
    """The holder wears sunglasses."""
    return whole(rng, supplies, "sunglasses", person=props.dark_glasses(_holder(rng, supplies)))


def masked(rng: Rng, supplies: Supplies) -> Drawn:
    """The holder wears a surgical mask."""
    return whole(rng, supplies, "mask", person=props.mask(_holder(rng, supplies)))


def no_card(rng: Rng, supplies: Supplies) -> Drawn:
    """Nobody holds anything."""
    pose = a_pose(rng)
    pose = replace(pose, size=(1500, 2000))
    take = a_take(rng, pose)
    scene = standing(rng, _holder(rng, supplies), room(rng, pose.size), pose.face, pose.at)
    rgb = through_camera(rng, scene.rgb, take, pose.card * pose.size[0])
    return Drawn(rgb, "no card", None, _NO_QUAD, 0.0, take.quality)


def no_holder(rng: Rng, supplies: Supplies) -> Drawn:
    """Only a hand with the card."""
    fields = people.someone(rng)
    pose = a_pose(rng)
    pose = replace(pose, size=supplies.size or pose.size)
    take = a_take(rng, pose)
    scene = Holder(room(rng, pose.size), (0, 0), 0.2, 0.0, (206, 158, 126), (90, 96, 110))
    card = printed(rng, supplies, fields)
    quad = posed(rng, take)
    rgb = held(scene, card, quad, "bottom", take.shadow)
    return exposed(rng, rgb, take, quad, card, condition="no holder", fields=fields)


def two_holders(rng: Rng, supplies: Supplies) -> Drawn:
    """A second person stands beside the holder."""
    fields = people.someone(rng)
    pose = a_pose(rng)
    pose = replace(
        pose,
        size=supplies.size or pose.size,
        face=0.19,
        at=(0.30, 0.3),
        place=(0.34, 0.66),
        card=min(pose.card, 0.3),
        grip="left",
    )
    take = a_take(rng, pose)
    order = rng.permutation(len(supplies.holders))
    first, second = supplies.holders[order[0]], supplies.holders[order[-1]]
    beside = standing(rng, second, room(rng, pose.size), 0.17, (0.72, 0.3))
    scene = standing(rng, first, beside.rgb, pose.face, pose.at)
    card = printed(rng, supplies, fields)
    quad = posed(rng, take)
    rgb = held(scene, card, quad, pose.grip, take.shadow)
    return exposed(rng, rgb, take, quad, card, condition="two holders", fields=fields)


def card_small(rng: Rng, supplies: Supplies) -> Drawn:
    """The card is held far away or the picture is small."""
    pose = a_pose(rng)
    pose = replace(pose, size=(1000, 1333), card=float(rng.uniform(0.12, 0.19)))
    return whole(rng, supplies, "card too small", pose=pose)


def card_blurred(rng: Rng, supplies: Supplies) -> Drawn:
    """The lens is focused on the face."""
    fields = people.someone(rng)
    card = printed(rng, supplies, fields)
    spread = float(rng.uniform(6, 10))
    soft = cv2.GaussianBlur(card.rgb, (0, 0), spread)
    return whole(
        rng,
        supplies,
        "card blurred",
        fields=fields,
        card=replace(card, rgb=np.asarray(soft, np.uint8)),
    )


def all_blurred(rng: Rng, supplies: Supplies) -> Drawn:
    """Shaken or out of focus everywhere."""
    drawn = clean(rng, supplies)
    spread = float(rng.uniform(6, 10)) * drawn.digit_height / 31
    rgb = np.asarray(cv2.GaussianBlur(drawn.rgb, (0, 0), spread), np.uint8)
    return replace(drawn, rgb=rgb, condition="all blurred")


def face_covered(rng: Rng, supplies: Supplies) -> Drawn:
    """The card is held before the mouth and the chin, or the eyes."""
    pose = a_pose(rng)
    tall = pose.size[0] / pose.size[1]
    below = float(rng.choice([0.05, 0.45])) * pose.face * tall
    pose = replace(
        pose, place=(pose.at[0], pose.at[1] + below), card=max(pose.card, 0.26), grip="bottom"
    )
    return whole(rng, supplies, "face covered", pose=pose)


def finger_over(rng: Rng, supplies: Supplies) -> Drawn:
    """A finger lies on the number."""
    drawn = clean(rng, supplies)
    move = cv2.getPerspectiveTransform(OUTLINE, drawn.quad)
    tip = (float(rng.uniform(420, 780)), float(rng.uniform(520, 550)))
    start = (tip[0] + float(rng.uniform(-80, 80)), 900.0)
    ends = cv2.perspectiveTransform(np.array([[start, tip]], np.float32), move)[0]
    rgb = drawn.rgb.copy()
    unit = float(np.hypot(*(drawn.quad[1] - drawn.quad[0]))) / WIDTH
    finger(rgb, ends[0], ends[1], 165 * unit, (206, 158, 126))
    return replace(drawn, rgb=rgb, condition="finger")


def emblem_held(rng: Rng, supplies: Supplies) -> Drawn:
    """The other side of the card is shown."""
    drawn = whole(rng, supplies, "emblem side", card=emblem_side(styled(rng, supplies)))
    return replace(drawn, fields=None)


def _number(condition: str, change: Callable[[str, Rng], str]) -> Callable[[Rng, Supplies], Drawn]:
    def draw(rng: Rng, supplies: Supplies) -> Drawn:
        fields = people.someone(rng)
        fields = replace(fields, number=change(fields.number, rng))
        return whole(rng, supplies, condition, fields=fields)

    return draw


HANDHELD: Mapping[str, Callable[[Rng, Supplies], Drawn]] = {
    "clean": clean,
    "moderate": moderate,
    "mirrored": mirrored_whole,
    "wrong check digit": _number("wrong check digit", people.wrong_check_digit),
    "other birth": _number("other birth", people.other_birth),
    "emblem side": emblem_held,
    "sunglasses": dark_glasses,
    "mask": masked,
    "no card": no_card,
    "no holder": no_holder,
    "two holders": two_holders,
    "card too small": card_small,
    "card blurred": card_blurred,
    "all blurred": all_blurred,
    "face covered": face_covered,
    "finger": finger_over,
}


def draw(condition: str, seed: int, supplies: Supplies) -> Drawn:
    """The picture of a condition and a seed; always the same."""
    number = 100 + list(HANDHELD).index(condition)
    return HANDHELD[condition](np.random.default_rng((seed, number)), supplies)
