"""Photos of drawn cards: laid on a table, before a camera, with the faults people make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import cards_people as people
import cards_tables as tables
import cv2
import numpy as np
from cards import (
    HEIGHT,
    WIDTH,
    Card,
    Colour,
    Font,
    Mask,
    Rgb,
    Style,
    clipped,
    emblem_side,
    in_grey,
    portrait_side,
    temporary_side,
)
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
from cards_tables import Rng
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from subject import Person


@dataclass(frozen=True, slots=True, eq=False)
class Supplies:
    """What pictures are made of; two sets that share nothing give independent pictures.

    Attributes:
        portraits: (h, w, 4) heads and shoulders cut out, about 4:5.
        fonts: pairs for Chinese letters and for digits.
        tables: names from `cards_tables.TABLES`.
        inks: colours of the labels.
        tints: sets of colours of the card's background.
        holders: people who hold cards, with free hair above.
        size: width and height of pictures of cards; by chance if not given.
    """

    portraits: tuple[NDArray[np.uint8], ...]
    fonts: tuple[tuple[Font, Font], ...]
    tables: tuple[str, ...]
    inks: tuple[Colour, ...]
    tints: tuple[tuple[Colour, ...], ...]
    holders: tuple[Person, ...] = ()
    size: tuple[int, int] | None = None


# --- making --------------------------------------------------------------------------------------


def styled(rng: Rng, supplies: Supplies) -> Style:
    """Printed by one of the supplies' presses."""
    text, digits = supplies.fonts[rng.integers(len(supplies.fonts))]
    left = float(rng.uniform(62, 92))
    return Style(
        text=text,
        digits=digits,
        labels=supplies.inks[rng.integers(len(supplies.inks))],
        tints=supplies.tints[rng.integers(len(supplies.tints))],
        waves=float(rng.choice([0, 5, 9, 13])),
        radius=float(rng.choice([0, 24, 37, 42], p=[0.1, 0.15, 0.6, 0.15])),
        size=float(rng.uniform(0.94, 1.06)),
        shift=(float(rng.uniform(-14, 14)), float(rng.uniform(-12, 12))),
        spread=float(rng.uniform(0.02, 0.12)),
        seed=int(rng.integers(2**31)),
        rows=(
            float(rng.uniform(100, 132)),
            float(rng.uniform(70, 80)),
            float(rng.uniform(538, 566)),
        ),
        columns=(left, left + float(rng.uniform(98, 112)), left + float(rng.uniform(255, 285))),
        portrait=(
            float(rng.uniform(640, 680)),
            float(rng.uniform(84, 125)),
            float(rng.uniform(245, 280)),
            float(rng.uniform(315, 350)),
        ),
    )


def portrait(rng: Rng, supplies: Supplies) -> NDArray[np.uint8]:
    """One of the faces."""
    return supplies.portraits[rng.integers(len(supplies.portraits))]


def printed(rng: Rng, supplies: Supplies, fields: Fields, scale: float = 1.0) -> Card:
    """The portrait side."""
    return portrait_side(fields, portrait(rng, supplies), styled(rng, supplies), scale)


def an_easy_take(rng: Rng, supplies: Supplies) -> Take:
    """Somebody takes care."""
    return _take(rng, supplies, hard=0.3)


def a_moderate_take(rng: Rng, supplies: Supplies) -> Take:
    """Somebody is in a hurry: tilted up to 30°, worse light, more noise."""
    return _take(rng, supplies, hard=1.0)


def _take(rng: Rng, supplies: Supplies, hard: float) -> Take:
    megapixels = float(
        rng.choice([1.0, 2.0, 3.0, 5.0, 8.0, 12.0], p=[0.3, 0.35, 0.2, 0.08, 0.05, 0.02])
    )
    aspect = float(rng.choice([4 / 3, 3 / 2, 16 / 9, 3 / 4], p=[0.5, 0.15, 0.15, 0.2]))
    width = round((megapixels * 1e6 * aspect) ** 0.5)
    size = supplies.size or (width, round(width / aspect))
    upright = size[0] < size[1]
    return Take(
        size=size,
        share=float(rng.uniform(0.28, 0.36) if upright else rng.uniform(0.3, 0.62)),
        tilt=float(rng.uniform(0, 30 * hard)),
        roll=float(rng.normal(0, 4 * hard)),
        off=(float(rng.uniform(-0.05, 0.05)), float(rng.uniform(-0.05, 0.05))),
        table=str(rng.choice(supplies.tables)),
        blur=float(rng.uniform(0.3, 0.6 + 0.8 * hard)),
        noise=float(rng.uniform(0.5, 2 + 4 * hard)),
        light=float(rng.uniform(0, 0.15 + 0.3 * hard)),
        gain=float(rng.uniform(1 - 0.3 * hard, 1 + 0.06 * hard)),
        warm=float(rng.uniform(1 - 0.12 * hard, 1 + 0.15 * hard)),
        shadow=float(rng.uniform(0.1, 0.5)),
        quality=int(rng.integers(60 if hard > 0.5 else 75, 96)),
    )


def photographed(
    rng: Rng, card: Card, take: Take, *, condition: str, fields: Fields | None
) -> Drawn:
    """The card on its table, through lens and sensor."""
    quad = posed(rng, take)
    ground = tables.table(take.table, take.size, rng)
    scene = laid(ground, card, quad, shadow=take.shadow, turn=float(rng.uniform(0, 2 * np.pi)))
    return exposed(rng, scene, take, quad, card, condition=condition, fields=fields)


# --- conditions of one card ----------------------------------------------------------------------


def clean(rng: Rng, supplies: Supplies) -> Drawn:
    """Taken with care."""
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    return photographed(
        rng, _fitting(rng, supplies, fields, take), take, condition="clean", fields=fields
    )


def moderate(rng: Rng, supplies: Supplies) -> Drawn:
    """Taken in a hurry."""
    fields = people.someone(rng)
    take = a_moderate_take(rng, supplies)
    return photographed(
        rng, _fitting(rng, supplies, fields, take), take, condition="moderate", fields=fields
    )


def flat_scan(rng: Rng, supplies: Supplies) -> Drawn:
    """A scanner's picture, cut to the card or nearly so."""
    fields = people.someone(rng)
    card = printed(rng, supplies, fields)
    width = int(rng.choice([900, 1012, 1400, 2000]))
    margin = float(rng.choice([0.0, 0.01, 0.03, 0.08]))
    height = round(width * HEIGHT / WIDTH)
    edge = round(margin * width)
    ground = np.full((height + 2 * edge, width + 2 * edge, 3), 250, np.uint8)
    quad = np.asarray(OUTLINE * (width / WIDTH) + edge, np.float32)
    take = replace(an_easy_take(rng, supplies), light=0.0, gain=1.0, warm=1.0, noise=1.0, blur=0.4)
    scene = laid(ground, card, quad, shadow=0.1 if margin else 0.0, turn=0.8)
    return exposed(rng, scene, take, quad, card, condition="flat scan", fields=fields)


def _fitting(rng: Rng, supplies: Supplies, fields: Fields, take: Take) -> Card:
    """Drawn as large as the picture needs."""
    long = (take.share * take.size[0] * take.size[1] * WIDTH / HEIGHT) ** 0.5
    return printed(rng, supplies, fields, 2.0 if long > 1300 else 1.0)


def turned(quarter: int) -> Callable[[Rng, Supplies], Drawn]:
    """Any easy picture turned by quarters, clockwise."""

    def draw(rng: Rng, supplies: Supplies) -> Drawn:
        upright = clean(rng, supplies)
        height, width = upright.rgb.shape[:2]
        quad = upright.quad.copy()
        for _ in range(quarter):
            quad = np.stack([height - quad[:, 1], quad[:, 0]], axis=1)
            height, width = width, height
        rgb = np.ascontiguousarray(np.rot90(upright.rgb, -quarter))
        return replace(upright, rgb=rgb, quad=quad, condition=f"turned {90 * quarter}")

    return draw


def mirrored_card(rng: Rng, supplies: Supplies) -> Drawn:
    """A front camera's picture."""
    draw = clean if rng.random() < 0.5 else moderate
    return mirrored(draw(rng, supplies), "mirrored")


def _with_number(
    condition: str, change: Callable[[str, Rng], str]
) -> Callable[[Rng, Supplies], Drawn]:
    def draw(rng: Rng, supplies: Supplies) -> Drawn:
        fields = people.someone(rng)
        fields = replace(fields, number=change(fields.number, rng))
        take = an_easy_take(rng, supplies) if rng.random() < 0.5 else a_moderate_take(rng, supplies)
        card = _fitting(rng, supplies, fields, take)
        return photographed(rng, card, take, condition=condition, fields=fields)

    return draw


def emblem(rng: Rng, supplies: Supplies) -> Drawn:
    """The other side."""
    take = an_easy_take(rng, supplies)
    card = emblem_side(styled(rng, supplies))
    return photographed(rng, card, take, condition="emblem side", fields=None)


def temporary(rng: Rng, supplies: Supplies) -> Drawn:
    """A temporary card."""
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    card = temporary_side(fields, portrait(rng, supplies), styled(rng, supplies))
    return photographed(rng, card, take, condition="temporary", fields=fields)


def copy_grey(rng: Rng, supplies: Supplies) -> Drawn:
    """A black-and-white photocopy on paper."""
    return _copied(rng, supplies, colour=False)


def copy_colour(rng: Rng, supplies: Supplies) -> Drawn:
    """A colour photocopy on paper: printed dots, white paper around, no edge that throws shadow."""
    return _copied(rng, supplies, colour=True)


def _copied(rng: Rng, supplies: Supplies, *, colour: bool) -> Drawn:
    fields = people.someone(rng)
    take = replace(an_easy_take(rng, supplies), table="white paper")
    card = _fitting(rng, supplies, fields, take)
    quad = posed(rng, take)
    paper = np.full((*card.rgb.shape[:2], 3), 246.0, np.float32)
    shown = card.alpha[..., None] * card.rgb + (1 - card.alpha[..., None]) * paper
    toned = _toner(rng, shown.astype(np.float32), card.scale, colour=colour)
    # The glass of the copier leaves a thin grey line where the card ended.
    rim = cv2.morphologyEx(card.alpha, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    toned -= float(rng.uniform(15, 60)) * rim[..., None]
    # Where nothing is printed there is the sheet.
    toned *= 240 / 255
    sheet = Card(
        np.clip(np.round(toned), 0, 255).astype(np.uint8),
        np.ones_like(card.alpha),
        card.places,
        card.digit_height,
    )
    ground = np.full((take.size[1], take.size[0], 3), 240, np.uint8)
    if rng.random() < 0.5:
        ground = _sheet_on_table(rng, supplies, take, quad)
    scene = laid(ground, sheet, quad, shadow=0.0, turn=0.0)
    name = "copy in colour" if colour else "copy in grey"
    return exposed(rng, scene, take, quad, card, condition=name, fields=fields)


def _toner(
    rng: Rng, shown: NDArray[np.float32], scale: float, *, colour: bool
) -> NDArray[np.float32]:
    """What a copier makes of it: hard tones, printed dots, streaks."""
    ys, xs = np.mgrid[: shown.shape[0], : shown.shape[1]].astype(np.float32) / np.float32(scale)
    contrast = float(rng.uniform(1.1, 1.5))
    hard = np.clip(128 + contrast * (shown - 128) + rng.uniform(5, 25), 0, 255)
    if not colour:
        grey = cv2.cvtColor(np.round(hard).astype(np.uint8), cv2.COLOR_RGB2GRAY)
        hard = np.repeat(grey[..., None].astype(np.float32), 3, axis=2)
    period = float(rng.uniform(3.5, 5.5))
    out = np.empty_like(hard)
    for channel, degrees in enumerate((15, 75, 45) if colour else (45, 45, 45)):
        turn = np.deg2rad(degrees)
        u = xs * np.cos(turn) + ys * np.sin(turn)
        v = ys * np.cos(turn) - xs * np.sin(turn)
        dots = np.cos(2 * np.pi * u / period) * np.cos(2 * np.pi * v / period)
        ink = 1 - hard[..., channel] / 255
        covered = np.clip((ink - 0.5) * 2.2 + 0.5 + 0.5 * dots * (ink > 0.04), 0, 1)
        out[..., channel] = 255 * (1 - (0.45 * ink + 0.55 * covered))
    if colour:
        out *= rng.uniform(0.93, 1.03, 3).astype(np.float32)
    streaks = cv2.blur(rng.normal(0, 5, (1, shown.shape[1])).astype(np.float32), (9, 1))
    return np.asarray(
        out + streaks[..., None] + rng.normal(0, 2.5, shown.shape[:2])[..., None], np.float32
    )


def _sheet_on_table(rng: Rng, supplies: Supplies, take: Take, quad: Quad) -> Rgb:
    """White paper with a table beside it."""
    ground = tables.table(str(rng.choice(supplies.tables)), take.size, rng)
    middle = quad.mean(axis=0)
    sheet = (quad - middle) * rng.uniform(1.08, 1.4) + middle
    sheet[2:] += (sheet[2:] - sheet[:2]) * rng.uniform(0.3, 1.2)
    cv2.fillConvexPoly(ground, np.round(sheet).astype(np.int32), (240, 240, 238), cv2.LINE_AA)
    return ground


def recaptured(rng: Rng, supplies: Supplies) -> Drawn:
    """A photo of a screen that shows the card: its pixels, their beat with the sensor, a frame."""
    fields = people.someone(rng)
    take = replace(an_easy_take(rng, supplies), table="dark desk", shadow=0.0, blur=0.2)
    take = replace(take, size=_limited(take.size, 2.5e6), warm=0.9, gain=1.05)
    display, at = _on_display(rng, printed(rng, supplies, fields), supplies)
    whole = bool(rng.random() < 0.5)
    share = min(0.85 if whole else 1.3, 1.9 * take.share)
    quad = posed(rng, replace(take, share=share), inside=whole)
    ground = tables.table("dark desk", take.size, rng)
    scene = laid(ground, display, quad, shadow=0.0, turn=0.0, aliased=True)
    move = cv2.getPerspectiveTransform(OUTLINE * display.scale, quad)
    place = np.asarray(cv2.perspectiveTransform(at[None], move)[0], np.float32)
    return exposed(rng, scene, take, place, display, condition="recapture", fields=fields)


def _limited(size: tuple[int, int], pixels: float) -> tuple[int, int]:
    shrink = min(1.0, (pixels / (size[0] * size[1])) ** 0.5)
    return round(size[0] * shrink), round(size[1] * shrink)


def _on_display(rng: Rng, card: Card, supplies: Supplies) -> tuple[Card, Quad]:
    """A screen with the card on it, every pixel three lit stripes; the card's corners in it."""
    across = int(rng.choice([640, 800, 960]))
    down = round(across * HEIGHT / WIDTH)
    fill = float(rng.uniform(0.72, 0.94))
    face = np.full((down, across, 3), int(rng.choice([0, 18, 255])), np.uint8)
    if rng.random() < 0.3:
        face[:] = cv2.resize(
            tables.table(str(rng.choice(supplies.tables)), (across, down), rng), (across, down)
        )
    size = (round(across * fill), round(across * fill * HEIGHT / WIDTH))
    corner = ((across - size[0]) // 2, (down - size[1]) // 2)
    part = face[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]]
    rgb = cv2.resize(card.rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = cv2.resize(card.alpha, size, interpolation=cv2.INTER_AREA)[..., None]
    part[:] = np.round(part * (1 - alpha) + rgb * alpha).astype(np.uint8)
    step = 4
    large = cv2.resize(face, (across * step, down * step), interpolation=cv2.INTER_NEAREST)
    stripes = np.full((step, step, 3), 0.5, np.float32)
    for channel in range(3):
        stripes[: step - 1, channel, channel] = 1.45
        stripes[step - 1, :, channel] = 0.35
    grid = np.tile(stripes, (down, across, 1))
    lit = np.clip(np.round(large * grid * 1.45), 0, 255).astype(np.uint8)
    frame = round(0.02 * across * step)
    lit[:frame] = lit[-frame:] = (12, 12, 14)
    lit[:, :frame] = lit[:, -frame:] = (12, 12, 14)
    quad = (OUTLINE / (WIDTH, HEIGHT) * size + corner) * step
    height = card.digit_height * fill
    return Card(lit, np.ones(lit.shape[:2], np.float32), card.places, height), quad.astype(
        np.float32
    )


def screenshot(rng: Rng, supplies: Supplies) -> Drawn:
    """A phone's album, saved as it stood on the display."""
    fields = people.someone(rng)
    width, height = ((1080, 2340), (1170, 2532), (1080, 1920), (750, 1334))[rng.integers(4)]
    dark = rng.random() < 0.5
    page = np.full((height, width, 3), 0 if dark else 250, np.uint8)
    if rng.random() < 0.5:
        inner = clean(rng, supplies)
        fields = inner.fields or fields
        down = min(round(inner.rgb.shape[0] * width / inner.rgb.shape[1]), round(0.7 * height))
        across = min(round(inner.rgb.shape[1] * down / inner.rgb.shape[0]), width)
        picture = cv2.resize(inner.rgb, (across, down), interpolation=cv2.INTER_AREA)
        scale, quad = down / inner.rgb.shape[0], inner.quad
        digits = inner.digit_height * scale
    else:
        card = printed(rng, supplies, fields)
        across, down = width, round(width * HEIGHT / WIDTH)
        picture = cv2.resize(card.rgb, (across, down), interpolation=cv2.INTER_AREA)
        scale, quad, digits = across / WIDTH, OUTLINE, card.digit_height * across / WIDTH
    x, y = (width - across) // 2, (height - down) // 2
    page[y : y + down, x : x + across] = picture
    _phone_bars(rng, page, dark=dark)
    place = np.asarray(quad * scale + (x, y), np.float32)
    return Drawn(page, "screenshot", fields, place, digits, int(rng.integers(80, 96)))


def _phone_bars(rng: Rng, page: Rgb, *, dark: bool) -> None:
    """Clock and battery above, a title, buttons below."""
    height, width = page.shape[:2]
    ink = (235, 235, 235) if dark else (30, 30, 30)
    unit = width / 100
    image = Image.fromarray(page)
    draw = ImageDraw.Draw(image)
    small, large = (ImageFont.load_default(size * unit) for size in (3.6, 4.6))
    clock = f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}"
    draw.text((7 * unit, 5 * unit), clock, fill=ink, font=small, anchor="lm")
    draw.text((82 * unit, 5 * unit), "5G", fill=ink, font=small, anchor="rm")
    draw.rectangle((85 * unit, 3.6 * unit, 92 * unit, 6.6 * unit), outline=ink, width=2)
    draw.rectangle((85.5 * unit, 4.1 * unit, (87 + 4 * rng.random()) * unit, 6.1 * unit), fill=ink)
    draw.text((50 * unit, 13 * unit), "Photos  1/24", fill=ink, font=large, anchor="mm")
    draw.line((5 * unit, 13 * unit, 8 * unit, 10.5 * unit), fill=ink, width=4)
    draw.line((5 * unit, 13 * unit, 8 * unit, 15.5 * unit), fill=ink, width=4)
    base = height - 11 * unit
    for place in (15, 38, 62, 85):
        r = 2.6 * unit
        draw.ellipse((place * unit - r, base - r, place * unit + r, base + r), outline=ink, width=4)
    draw.rounded_rectangle(
        (35 * unit, height - 3 * unit, 65 * unit, height - 2 * unit), unit / 2, fill=ink
    )
    page[:] = np.asarray(image)


def with_glare(rng: Rng, supplies: Supplies) -> Drawn:
    """A lamp shines on a field."""
    drawn, card = _one(rng, supplies, "glare")
    name = str(rng.choice(["number", "name", "address", "portrait"], p=[0.5, 0.2, 0.2, 0.1]))
    x, y, width, height = card.places[name]
    middle = (x + width * rng.uniform(0.25, 0.75), y + height * rng.uniform(0.3, 0.7))
    radii = (float(rng.uniform(110, 210)), float(rng.uniform(50, 100)))
    ys, xs = np.mgrid[:HEIGHT:1, :WIDTH:1].astype(np.float32)
    away = np.hypot((xs - middle[0]) / radii[0], (ys - middle[1]) / radii[1])
    glow = np.clip(1.55 - away, 0, 1) ** 1.2
    return replace(drawn, rgb=_added_light(drawn, glow.astype(np.float32)))


def _added_light(drawn: Drawn, glow: Mask) -> Rgb:
    move = cv2.getPerspectiveTransform(OUTLINE, drawn.quad)
    size = (drawn.rgb.shape[1], drawn.rgb.shape[0])
    seen = cv2.warpPerspective(glow, move, size, flags=cv2.INTER_LINEAR)[..., None]
    return np.asarray(np.clip(drawn.rgb + (255.0 - drawn.rgb) * seen * 1.15, 0, 255), np.uint8)


def with_shadow(rng: Rng, supplies: Supplies) -> Drawn:
    """The phone's own shadow lies across the card."""
    drawn, _ = _one(rng, supplies, "shadow")
    height, width = drawn.rgb.shape[:2]
    middle = drawn.quad.mean(axis=0)
    turn = float(rng.uniform(0, 2 * np.pi))
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    long = float(np.hypot(*(drawn.quad[1] - drawn.quad[0])))
    along = ((xs - middle[0]) * np.cos(turn) + (ys - middle[1]) * np.sin(turn)) / long
    edge = 1 / (1 + np.exp(np.clip(-(along - rng.uniform(-0.12, 0.12)) / 0.012, -60, 60)))
    dark = 1 - float(rng.uniform(0.62, 0.8)) * edge[..., None]
    return replace(drawn, rgb=np.asarray(np.round(drawn.rgb * dark), np.uint8))


def over_the_edge(rng: Rng, supplies: Supplies) -> Drawn:
    """Part of the card lies outside the picture."""
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    card = _fitting(rng, supplies, fields, take)
    quad = posed(rng, take)
    low, high = quad.min(axis=0), quad.max(axis=0)
    out = float(rng.uniform(0.06, 0.2)) * (high - low)
    way = int(rng.integers(4))
    move = np.zeros(2, np.float32)
    axis = way % 2
    move[axis] = -low[axis] - out[axis] if way < 2 else take.size[axis] - high[axis] + out[axis]
    quad = quad + move
    ground = tables.table(take.table, take.size, rng)
    scene = laid(ground, card, quad, shadow=take.shadow, turn=0.7)
    return exposed(rng, scene, take, quad, card, condition="outside", fields=fields)


def corner_cut(rng: Rng, supplies: Supplies) -> Drawn:
    """A corner is cut off, as offices do with cards that are void."""
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    card = clipped(
        _fitting(rng, supplies, fields, take), float(rng.uniform(0.14, 0.26)), int(rng.integers(4))
    )
    return photographed(rng, card, take, condition="corner cut", fields=fields)


def fingers(rng: Rng, supplies: Supplies) -> Drawn:
    """A finger lies on a field."""
    drawn, card = _one(rng, supplies, "finger")
    name = str(rng.choice(["number", "name", "birth", "address"], p=[0.55, 0.15, 0.1, 0.2]))
    x, y, width, height = card.places[name]
    tip = np.array([x + width * rng.uniform(0.35, 0.8), y + height * rng.uniform(0.3, 0.6)])
    if name == "number":
        start = tip + np.array([rng.uniform(-120, 120), rng.uniform(300, 420)])
    else:
        start = tip + np.array([rng.uniform(-700, -480), rng.uniform(-60, 200)])
    skin = SKINS[rng.integers(len(SKINS))]
    rgb = drawn.rgb.copy()
    thick = float(rng.uniform(140, 190))
    ends = cv2.perspectiveTransform(
        np.array([[start, tip]], np.float32), cv2.getPerspectiveTransform(OUTLINE, drawn.quad)
    )[0]
    finger(
        rgb,
        ends[0],
        ends[1],
        thick * float(np.hypot(*(drawn.quad[1] - drawn.quad[0]))) / WIDTH,
        skin,
    )
    return replace(drawn, rgb=rgb)


SKINS: tuple[Colour, ...] = ((224, 180, 150), (206, 158, 126), (182, 134, 104), (236, 196, 170))


def too_small(rng: Rng, supplies: Supplies) -> Drawn:
    """Far away: the number cannot be read."""
    fields = people.someone(rng)
    size = ((1000, 750), (1280, 960), (900, 1200))[rng.integers(3)]
    long = float(rng.uniform(180, 320))
    share = long * long * HEIGHT / WIDTH / (size[0] * size[1])
    take = replace(
        an_easy_take(rng, supplies), size=size, share=share, tilt=float(rng.uniform(0, 10))
    )
    card = printed(rng, supplies, fields)
    return photographed(rng, card, take, condition="too small", fields=fields)


def blurred(rng: Rng, supplies: Supplies) -> Drawn:
    """Out of focus."""
    return _taken(rng, supplies, "blurred", blur=float(rng.uniform(4, 8)))


def low_light(rng: Rng, supplies: Supplies) -> Drawn:
    """Hardly any light, and the sensor's noise."""
    return _taken(
        rng, supplies, "low light",
        gain=float(rng.uniform(0.12, 0.2)), noise=float(rng.uniform(5, 9)),
    )  # fmt: skip


def noisy(rng: Rng, supplies: Supplies) -> Drawn:
    """Grain over everything."""
    return _taken(rng, supplies, "noisy", noise=float(rng.uniform(38, 60)))


def _taken(rng: Rng, supplies: Supplies, condition: str, **changes: float) -> Drawn:
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    take = replace(take, size=_limited(take.size, 2e6), **changes)  # type: ignore[arg-type]
    card = _fitting(rng, supplies, fields, take)
    return photographed(rng, card, take, condition=condition, fields=fields)


def two_cards(rng: Rng, supplies: Supplies) -> Drawn:
    """Two cards, of two people or both sides of one."""
    first = people.someone(rng)
    take = an_easy_take(rng, supplies)
    width = take.size[0]
    take = replace(
        take,
        size=(width, round(width * rng.uniform(1.05, 1.4))),
        share=0.27,
        tilt=float(rng.uniform(0, 8)),
    )
    ground = tables.table(take.table, take.size, rng)
    upper = posed(rng, replace(take, off=(0.0, -0.24)))
    lower = posed(rng, replace(take, off=(0.0, 0.24)))
    card = _fitting(rng, supplies, first, take)
    if rng.random() < 0.5:
        other = emblem_side(styled(rng, supplies))
    else:
        other = printed(rng, supplies, people.someone(rng))
    scene = laid(ground, card, upper, shadow=take.shadow, turn=0.7)
    scene = laid(scene, other, lower, shadow=take.shadow, turn=0.7)
    return exposed(rng, scene, take, upper, card, condition="two cards", fields=first)


def table_only(rng: Rng, supplies: Supplies) -> Drawn:
    """No card at all."""
    take = an_easy_take(rng, supplies)
    ground = tables.table(take.table, take.size, rng)
    quad = np.zeros((4, 2), np.float32)
    return Drawn(through_camera(rng, ground, take, take.size[0]), "no card", None, quad, 0.0)


def grey_card(rng: Rng, supplies: Supplies) -> Drawn:
    """The whole picture without colour."""
    drawn = clean(rng, supplies)
    grey = in_grey(Card(drawn.rgb, np.ones(drawn.rgb.shape[:2], np.float32))).rgb
    return replace(drawn, rgb=grey, condition="picture in grey")


def _one(rng: Rng, supplies: Supplies, condition: str) -> tuple[Drawn, Card]:
    fields = people.someone(rng)
    take = an_easy_take(rng, supplies)
    take = replace(take, size=_limited(take.size, 4e6))
    card = _fitting(rng, supplies, fields, take)
    return photographed(rng, card, take, condition=condition, fields=fields), card


Condition = Callable[[Rng, Supplies], Drawn]

CARDS: Mapping[str, Condition] = {
    "clean": clean,
    "moderate": moderate,
    "flat scan": flat_scan,
    "turned 90": turned(1),
    "turned 180": turned(2),
    "turned 270": turned(3),
    "mirrored": mirrored_card,
    "wrong check digit": _with_number("wrong check digit", people.wrong_check_digit),
    "other birth": _with_number("other birth", people.other_birth),
    "other sex": _with_number("other sex", lambda number, _: people.other_sex(number)),
    "emblem side": emblem,
    "temporary": temporary,
    "copy in grey": copy_grey,
    "copy in colour": copy_colour,
    "picture in grey": grey_card,
    "recapture": recaptured,
    "screenshot": screenshot,
    "glare": with_glare,
    "shadow": with_shadow,
    "outside": over_the_edge,
    "corner cut": corner_cut,
    "finger": fingers,
    "too small": too_small,
    "blurred": blurred,
    "low light": low_light,
    "noisy": noisy,
    "two cards": two_cards,
    "no card": table_only,
}


def draw(condition: str, seed: int, supplies: Supplies) -> Drawn:
    """The picture of a condition and a seed; always the same."""
    number = list(CARDS).index(condition)
    return CARDS[condition](np.random.default_rng((seed, number)), supplies)
