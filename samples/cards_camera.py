"""The camera above a drawn card: where it lies, light, lens, sensor, and what covers it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from cards import HEIGHT, WIDTH, Card, Colour, Mask, Rgb
from cards_people import Fields
from cards_tables import Rng
from numpy.typing import NDArray

Quad = NDArray[np.float32]
MOST_BYTES = 1_950_000
# The corners of a card seen straight from above, from the top left, clockwise.
OUTLINE = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture with its truth.

    Attributes:
        rgb: (h, w, 3).
        condition: which of the conditions it shows.
        fields: what the card says; ``None`` where no fields can be seen.
        quad: (4, 2) corners of the card in pixels: the card's own top left, top right, bottom
            right, bottom left; may lie outside the picture.
        digit_height: of the number's digits in pixels of the picture; 0 without a number.
        quality: JPEG quality to save at.
    """

    rgb: Rgb
    condition: str
    fields: Fields | None
    quad: Quad
    digit_height: float
    quality: int = 88

    def encoded(self) -> bytes:
        """JPEG bytes, saved more coarsely where the portal's limit asks for it."""
        for quality in range(self.quality, 25, -6):
            done, data = cv2.imencode(
                ".jpg", self.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
            )
            if done and len(data) < MOST_BYTES:
                break
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Take:
    """How a picture is taken.

    Attributes:
        size: width and height, pixels.
        share: of the picture's area that the card covers.
        tilt: of the card against the camera, degrees.
        roll: of the card in the picture, degrees clockwise.
        off: shift of the card's middle, shares of width and height.
        table: name from `cards_tables.TABLES`.
        blur: spread of the lens, pixels at a card 1012 wide.
        noise: of the sensor, grey levels.
        light: fall of the light across the picture, 0–1.
        gain: brightness, times.
        warm: red against blue, times.
        shadow: depth of the shadow the card throws, 0–1.
        quality: JPEG quality.
    """

    size: tuple[int, int]
    share: float
    tilt: float
    roll: float
    off: tuple[float, float]
    table: str
    blur: float
    noise: float
    light: float
    gain: float
    warm: float
    shadow: float
    quality: int


def posed(rng: Rng, take: Take, *, inside: bool = True) -> Quad:
    """Where the card's corners fall: a pinhole camera above a tilted card."""
    quad = _projected(rng, take, 1.0)
    if not inside:
        return quad
    limit = np.array(take.size, np.float32)
    margin = 0.015 * max(take.size)
    room = limit - 2 * margin
    spans = quad.max(axis=0) - quad.min(axis=0)
    shrink = float(min(1.0, *(room / spans)))
    quad = (quad - quad.mean(axis=0)) * shrink + quad.mean(axis=0)
    low, high = quad.min(axis=0), quad.max(axis=0)
    move = np.maximum(margin - low, 0) + np.minimum(limit - margin - high, 0)
    return np.asarray(quad + move, np.float32)


def _projected(rng: Rng, take: Take, focal: float) -> Quad:
    width, height = take.size
    corners = np.zeros((4, 3))
    corners[:, :2] = (OUTLINE - OUTLINE.mean(axis=0)) / WIDTH
    roll, tilt = np.deg2rad(take.roll), np.deg2rad(take.tilt)
    axis = rng.uniform(0, 2 * np.pi)
    about, _ = cv2.Rodrigues(np.array([np.cos(axis), np.sin(axis), 0.0]) * tilt)
    around, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
    turned = corners @ (about @ around).T
    far = 1.4
    for _ in range(30):
        flat = focal * turned[:, :2] / (turned[:, 2:] + far)
        share = cv2.contourArea(flat.astype(np.float32)) * max(take.size) ** 2 / (width * height)
        far *= float(np.clip((share / take.share) ** 0.5, 0.7, 1.4))
    middle = np.array([width * (0.5 + take.off[0]), height * (0.5 + take.off[1])])
    return np.asarray(flat * max(take.size) + middle, np.float32)


def laid(
    ground: Rgb, card: Card, quad: Quad, *, shadow: float, turn: float, aliased: bool = False
) -> Rgb:
    """The card on a surface, with the soft shadow of its edge.

    Args:
        ground: the surface.
        card: what lies on it.
        quad: where, pixels of the surface.
        shadow: depth, 0-1.
        turn: where the shadow falls, radians.
        aliased: sampled as a sensor samples a display: its raster beats with the sensor's.
    """
    height, width = ground.shape[:2]
    size = (width, height)
    long = float(np.hypot(*(quad[1] - quad[0])))
    rgb, alpha = (card.rgb, card.alpha) if aliased else _near_size(card, long)
    if aliased:
        softened = 0.22 * rgb.shape[1] / long
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), max(softened, 0.3)), np.uint8)
    source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * (rgb.shape[1], rgb.shape[0])
    move = cv2.getPerspectiveTransform(source.astype(np.float32), quad)
    # Only the window around the card is touched: scenes may have twelve megapixels.
    reach = 0.06 * long
    x0, y0 = np.maximum(np.floor(quad.min(axis=0) - reach), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(quad.max(axis=0) + reach), size).astype(int)
    to_window = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64)
    window = (int(x1 - x0), int(y1 - y0))
    cover = cv2.warpPerspective(alpha, to_window @ move, window, flags=cv2.INTER_LINEAR)
    face = cv2.warpPerspective(
        rgb, to_window @ move, window, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    away = 0.012 * long
    shift = np.array([[1, 0, away * np.cos(turn)], [0, 1, away * np.sin(turn)]], np.float32)
    shade = cv2.GaussianBlur(cv2.warpAffine(cover, shift, window), (0, 0), max(0.009 * long, 0.6))
    out = ground.copy()
    part = out[y0:y1, x0:x1].astype(np.float32)
    part *= 1 - shadow * shade[..., None]
    part += (face.astype(np.float32) - part) * cover[..., None]
    out[y0:y1, x0:x1] = np.clip(np.round(part), 0, 255).astype(np.uint8)
    return out


def _near_size(card: Card, long: float) -> tuple[Rgb, Mask]:
    """The card shrunk to about the size it will have: warping alone would alias."""
    shrink = long / card.rgb.shape[1]
    if shrink > 0.9:
        return card.rgb, card.alpha
    size = (max(8, round(card.rgb.shape[1] * shrink)), max(5, round(card.rgb.shape[0] * shrink)))
    return (
        np.asarray(cv2.resize(card.rgb, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(card.alpha, size, interpolation=cv2.INTER_AREA), np.float32),
    )


def exposed(
    rng: Rng,
    scene: Rgb,
    take: Take,
    quad: Quad,
    card: Card,
    *,
    condition: str,
    fields: Fields | None,
) -> Drawn:
    """Light, lens and sensor; then the truth beside the picture."""
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    long, short = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
    return Drawn(
        rgb=through_camera(rng, scene, take, float(long)),
        condition=condition,
        fields=fields,
        quad=quad,
        digit_height=float(card.digit_height * short / HEIGHT),
        quality=take.quality,
    )


def through_camera(rng: Rng, scene: Rgb, take: Take, long: float) -> Rgb:
    """Uneven light, colour of the light, blur, noise."""
    height, width = scene.shape[:2]
    turn = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[-1:1:24j, -1:1:32j].astype(np.float32)
    fall = 1 - take.light * (0.5 + 0.5 * np.clip(xs * np.cos(turn) + ys * np.sin(turn), -1, 1))
    light = cv2.resize(fall.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    colour = take.gain * np.array([take.warm**0.5, 1.0, take.warm**-0.5], np.float32)
    spread = take.blur * long / WIDTH
    seen = np.asarray(cv2.GaussianBlur(scene, (0, 0), spread) if spread > 0.25 else scene, np.uint8)
    # Row by row in bands: a float copy of twelve megapixels is large.
    out = np.empty_like(seen)
    for top in range(0, height, 512):
        band = seen[top : top + 512].astype(np.float32) * light[top : top + 512, :, None] * colour
        band += rng.standard_normal(band.shape, dtype=np.float32) * np.float32(take.noise)
        out[top : top + 512] = np.clip(np.round(band), 0, 255).astype(np.uint8)
    return out


def mirrored(drawn: Drawn, condition: str) -> Drawn:
    """Left and right exchanged."""
    quad = drawn.quad.copy()
    quad[:, 0] = drawn.rgb.shape[1] - quad[:, 0]
    return replace(
        drawn, rgb=np.ascontiguousarray(drawn.rgb[:, ::-1]), quad=quad, condition=condition
    )


def finger(
    rgb: Rgb,
    start: NDArray[np.floating],
    tip: NDArray[np.floating],
    thick: float,
    colour: Colour,
    *,
    nail: bool = True,
) -> None:
    """A finger or an arm drawn over the picture: round in its light, with a thin shadow beside it.

    Args:
        rgb: drawn upon.
        start: x, y where it begins, pixels; may lie outside.
        tip: x, y of the middle of its round end.
        thick: pixels.
        colour: of skin or sleeve.
        nail: whether one is seen.
    """
    reach = thick * 0.8
    points = np.stack([start, tip])
    limit = (rgb.shape[1], rgb.shape[0])
    x0, y0 = np.clip(np.floor(points.min(axis=0) - reach), 0, limit).astype(int)
    x1, y1 = np.clip(np.ceil(points.max(axis=0) + reach), 0, limit).astype(int)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    way = np.asarray(tip, np.float64) - start
    long = max(float(np.hypot(*way)), 1e-6)
    ux, uy = way / long
    along = (xs - start[0]) * ux + (ys - start[1]) * uy
    on = np.clip(along, 0, long)
    side = (ys - start[1]) * ux - (xs - start[0]) * uy
    # Knuckles are a little thicker than what is between them; the tip is slimmer.
    half = thick / 2 * (1 + 0.04 * np.cos(on / thick * 2.4))
    half *= 1 - 0.14 * np.clip(on / long * 3 - 2, 0, 1)
    away = np.hypot(along - on, side) / half
    cover = np.clip((1 - away) * half + 0.5, 0, 1)[..., None]
    shade = np.clip((1.3 - away) / 0.3, 0, 1)[..., None] * (1 - cover)
    light = 1.05 - 0.30 * away**2 + 0.07 * side / half
    flesh = np.array(colour, np.float32) * light[..., None]
    if nail:
        from_nail = np.hypot((along - long - 0.12 * thick) / (0.30 * thick), side / (0.30 * thick))
        gloss = 0.5 * np.clip((1 - from_nail) * 6, 0, 1)[..., None]
        flesh = flesh * (1 - gloss) + np.array([240, 206, 196], np.float32) * gloss
    part = rgb[y0:y1, x0:x1].astype(np.float32) * (1 - 0.3 * shade)
    mixed = part * (1 - cover) + flesh * cover
    rgb[y0:y1, x0:x1] = np.clip(np.round(mixed), 0, 255).astype(np.uint8)
