"""How a page becomes a file: a scanner, a phone above a table, a screen; and what lies over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cards_tables as tables
import cv2
import numpy as np
import skimage.data
from cards import WIDTH, Card, Rgb
from cards_camera import Quad, Take, laid, through_camera
from cards_tables import clouds
from numpy.typing import NDArray
from scans_sheet import Page
from scans_words import Rng

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture of a page.

    Attributes:
        rgb: (h, w, 3).
        quad: (4, 2) corners of the page in pixels, from its own top left, clockwise; may lie
            outside the picture.
        page: what was taken.
    """

    rgb: Rgb
    quad: Quad
    page: Page

    @property
    def scale(self) -> float:
        """Pixels for one millimetre of the page."""
        sides = np.linalg.norm(np.roll(self.quad, -1, axis=0) - self.quad, axis=1)
        return float((sides[0] + sides[2]) / 2 / self.page.size[0])

    @property
    def letters(self) -> float:
        """Height of the small letters, pixels."""
        return self.page.small * self.scale

    def where(self, x: float, y: float) -> NDArray[np.float32]:
        """Pixels of a place on the page given in millimetres."""
        place = np.array([[[x, y]]], np.float32)
        return np.asarray(cv2.perspectiveTransform(place, self._move())[0, 0], np.float32)

    def seen(self, cover: NDArray[np.float32]) -> NDArray[np.float32]:
        """A mask over the whole page, any size, as the picture shows it."""
        height, width = cover.shape
        grow = np.diag([self.page.size[0] / width, self.page.size[1] / height, 1.0])
        size = (self.rgb.shape[1], self.rgb.shape[0])
        return np.asarray(cv2.warpPerspective(cover, self._move() @ grow, size), np.float32)

    def _move(self) -> NDArray[np.float64]:
        width, height = self.page.size
        flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return np.asarray(cv2.getPerspectiveTransform(flat, self.quad), np.float64)


# --- scanner -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bed:
    """How a scanner works.

    Attributes:
        scale: pixels for one millimetre.
        skew: the page turned by, degrees clockwise.
        margin: of the bed around the page, millimetres: left, top, right, bottom.
        lid: grey level of the bed.
        noise: of the sensor, grey levels.
        gain: brightness, times.
        dust: how many specks.
        blur: pixels.
    """

    scale: float
    skew: float
    margin: tuple[float, float, float, float]
    lid: int
    noise: float
    gain: float
    dust: int
    blur: float


def scanned(rng: Rng, page: Page, bed: Bed, size: Size | None = None) -> Shot:
    """The page on a scanner's glass.

    Args:
        rng: where chances come from.
        page: what is scanned.
        bed: how.
        size: of the picture, the page in its middle; as the margins say if not given.
    """
    left, top, right, bottom = bed.margin
    wide = (round((page.size[0] + left + right) * bed.scale),
            round((page.size[1] + top + bottom) * bed.scale))  # fmt: skip
    size = size or wide
    corner = np.array([left, top]) * bed.scale + (np.array(size) - wide) / 2
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * page.size * bed.scale
    turn = np.deg2rad(bed.skew)
    about = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    middle = flat.mean(axis=0)
    quad = np.asarray((flat - middle) @ about + middle + corner, np.float32)
    ground = np.full((size[1], size[0], 3), bed.lid, np.uint8)
    card = Card(page.rgb, np.ones(page.rgb.shape[:2], np.float32))
    seen = laid(ground, card, quad, shadow=0.12, turn=0.8)
    for _ in range(bed.dust):
        place = rng.uniform((0, 0), size)
        radius, grey = int(rng.integers(1, 3)), int(rng.integers(90, 200))
        cv2.circle(seen, (int(place[0]), int(place[1])), radius, (grey,) * 3, -1, cv2.LINE_AA)
    take = _glass(size, bed)
    return Shot(through_camera(rng, seen, take, WIDTH), quad, page)


def _glass(size: Size, bed: Bed) -> Take:
    return Take(
        size=size, share=1.0, tilt=0.0, roll=0.0, off=(0.0, 0.0), table="", blur=bed.blur,
        noise=bed.noise, light=0.0, gain=bed.gain, warm=1.0, shadow=0.0, quality=85,
    )  # fmt: skip


# --- camera --------------------------------------------------------------------------------------


def photographed(rng: Rng, page: Page, take: Take, *, inside: bool = True) -> Shot:
    """The page on its table, through lens and sensor; ``blur`` of the take is in pixels."""
    quad = posed(rng, page.size, take, inside=inside)
    ground = tables.table(take.table, take.size, rng)
    return lit(rng, page, take, quad, ground)


def lit(rng: Rng, page: Page, take: Take, quad: Quad, ground: Rgb) -> Shot:
    """The page laid on a ground, seen by the camera."""
    card = Card(page.rgb, np.ones(page.rgb.shape[:2], np.float32))
    scene = laid(ground, card, quad, shadow=take.shadow, turn=float(rng.uniform(0, 2 * np.pi)))
    return Shot(through_camera(rng, scene, take, WIDTH), quad, page)


def posed(rng: Rng, page: tuple[float, float], take: Take, *, inside: bool = True) -> Quad:
    """Where the corners of a page fall: a pinhole camera above a tilted sheet."""
    width, height = take.size
    corners = np.zeros((4, 3))
    corners[:, :2] = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * page
    corners /= max(page)
    axis = rng.uniform(0, 2 * np.pi)
    tilt = np.array([np.cos(axis), np.sin(axis), 0.0]) * np.deg2rad(take.tilt)
    about, _ = cv2.Rodrigues(tilt)
    around, _ = cv2.Rodrigues(np.array([0.0, 0.0, np.deg2rad(take.roll)]))
    turned = corners @ (about @ around).T
    flat = turned[:, :2] / (turned[:, 2:] + 1.6)
    area = cv2.contourArea(flat.astype(np.float32))
    flat *= (take.share * width * height / area) ** 0.5
    flat -= (flat.max(axis=0) + flat.min(axis=0)) / 2
    if inside:
        room = 0.97 * np.array(take.size) / np.ptp(flat, axis=0)
        flat *= min(1.0, float(room.min()))
    quad = flat + np.array([width * (0.5 + take.off[0]), height * (0.5 + take.off[1])])
    if inside:
        margin = 0.015 * np.array(take.size)
        quad += np.maximum(margin - quad.min(axis=0), 0)
        quad += np.minimum(np.array(take.size) - margin - quad.max(axis=0), 0)
    return np.asarray(quad, np.float32)


# --- screen --------------------------------------------------------------------------------------


def on_screen(rng: Rng, page: Page, take: Take, *, across: int, whole: bool) -> Shot:
    """A photo of a display that shows the page.

    Args:
        rng: where chances come from.
        page: what is shown.
        take: the photo.
        across: width of the page on the display, its pixels.
        whole: the display's frame is seen as well.
    """
    down = round(across * page.size[1] / page.size[0])
    wide, high = round(across * rng.uniform(1.05, 1.5)), round(down * rng.uniform(1.04, 1.15))
    face = np.full((high, wide, 3), int(rng.choice([40, 82, 128, 205])), np.uint8)
    x, y = (wide - across) // 2, (high - down) // 2
    face[y : y + down, x : x + across] = cv2.resize(
        page.rgb, (across, down), interpolation=cv2.INTER_AREA
    )
    if rng.random() < 0.5:
        face[: max(8, high // 28)] = int(rng.choice([32, 235]))
    step = 4
    large = cv2.resize(face, (wide * step, high * step), interpolation=cv2.INTER_NEAREST)
    stripes = np.full((step, step, 3), 0.5, np.float32)
    for channel in range(3):
        stripes[: step - 1, channel, channel] = 1.45
        stripes[step - 1, :, channel] = 0.35
    glow = np.tile(stripes, (1, wide, 1))
    for top in range(0, len(large), step):
        band = large[top : top + step]
        band[:] = np.clip(np.round(band * glow * 1.4), 0, 255).astype(np.uint8)
    bezel = round(0.025 * wide * step)
    display = cv2.copyMakeBorder(
        large, bezel, bezel, bezel, bezel, cv2.BORDER_CONSTANT, value=(14, 14, 16)
    )
    card = Card(np.asarray(display, np.uint8), np.ones(display.shape[:2], np.float32))
    size = (display.shape[1], display.shape[0])
    share = 0.8 if whole else float(rng.uniform(1.1, 1.5))
    quad = posed(rng, size, replace(take, share=share), inside=whole)
    ground = tables.table("dark desk", take.size, rng)
    scene = laid(ground, card, quad, shadow=0.0, turn=0.0, aliased=True)
    flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    move = cv2.getPerspectiveTransform(flat, quad)
    part = np.array([[x, y], [x + across, y], [x + across, y + down], [x, y + down]]) * step + bezel
    place = cv2.perspectiveTransform(part[None].astype(np.float32), move)[0]
    seen = through_camera(rng, scene, take, WIDTH)
    return Shot(seen, np.asarray(place, np.float32), page)


# --- what happens to paper -----------------------------------------------------------------------


def creased(rng: Rng, page: Page) -> Page:
    """Folded once or twice: paper on both sides of a fold catches light differently."""
    rgb = page.rgb.astype(np.float32)
    height, width = rgb.shape[:2]
    light = np.ones((height, width), np.float32)
    for share in ((0.5,), (1 / 3, 2 / 3))[int(rng.integers(2))]:
        level = bool(rng.random() < 0.6)
        along = np.arange(height if level else width, dtype=np.float32)
        away = along - share * len(along)
        soft = 0.06 * len(along)
        tone = 1 + rng.uniform(0.03, 0.09) * np.sign(away) * np.exp(-np.abs(away) / soft)
        tone -= rng.uniform(0.08, 0.22) * np.exp(-((away / (0.0012 * len(along))) ** 2))
        light *= (tone[:, None] if level else tone[None, :]).astype(np.float32)
    return replace(page, rgb=_shown(rgb * light[..., None]))


def aged(rng: Rng, page: Page) -> Page:
    """Yellowed and stained."""
    height, width = page.rgb.shape[:2]
    stains = 1 - 0.03 * np.abs(clouds((width, height), rng, 3))[..., None]
    hue = np.array([rng.uniform(0.94, 1), rng.uniform(0.88, 0.95), rng.uniform(0.7, 0.85)])
    return replace(page, rgb=_shown(page.rgb * stains * hue.astype(np.float32)))


def faded(page: Page, ink: float) -> Page:
    """Printed with little ink: ``ink`` of the contrast is left."""
    paper = np.median(page.rgb.reshape(-1, 3)[::97], axis=0).astype(np.float32)
    return replace(page, rgb=_shown(paper + ink * (page.rgb - paper)))


def sleeved(rng: Rng, shot: Shot) -> Shot:
    """In a clear sleeve: a haze, a few pale streaks, its seams."""
    cover = np.zeros((300, 300), np.float32)
    ys, xs = np.mgrid[:300, :300].astype(np.float32)
    for _ in range(int(rng.integers(2, 5))):
        turn, at = rng.uniform(0, np.pi), rng.uniform(60, 240, 2)
        away = (xs - at[0]) * np.cos(turn) + (ys - at[1]) * np.sin(turn)
        far = (ys - at[1]) * np.cos(turn) - (xs - at[0]) * np.sin(turn)
        wide, long = rng.uniform(2, 7), rng.uniform(30, 120)
        streak = np.exp(-((away / wide) ** 2) - (far / long) ** 2)
        cover = np.maximum(cover, rng.uniform(0.1, 0.32) * streak).astype(np.float32)
    cover += np.float32(rng.uniform(0.02, 0.07))
    veil = shot.seen(cover)[..., None]
    rgb = shot.rgb.copy()
    grown = (shot.quad - shot.quad.mean(axis=0)) * 1.03 + shot.quad.mean(axis=0)
    thick = max(1, round(0.6 * shot.scale))
    cv2.polylines(
        rgb, [np.round(grown).astype(np.int32)], True, (222, 226, 228), thick, cv2.LINE_AA
    )
    return replace(shot, rgb=_shown(rgb + (255.0 - rgb) * veil))


def shaded(rng: Rng, shot: Shot) -> Shot:
    """The phone's own shadow lies across the words, deep."""
    height, width = shot.rgb.shape[:2]
    x, y, across, down = shot.page.written
    middle = shot.where(x + across / 2, y + down / 2)
    turn = float(rng.uniform(0, 2 * np.pi))
    long = shot.scale * max(shot.page.size)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    along = ((xs - middle[0]) * np.cos(turn) + (ys - middle[1]) * np.sin(turn)) / long
    soft = float(rng.uniform(0.008, 0.03))
    edge = 1 / (1 + np.exp(np.clip(-(along - rng.uniform(-0.12, 0.1)) / soft, -60, 60)))
    dark = 1 - float(rng.uniform(0.68, 0.84)) * edge[..., None]
    noise = rng.normal(0, 3.0, shot.rgb.shape).astype(np.float32)
    return replace(shot, rgb=_shown(shot.rgb * dark + noise))


def dazzled(rng: Rng, shot: Shot) -> Shot:
    """A lamp mirrored on the words."""
    x, y, across, down = shot.page.body
    width, height = shot.page.size
    at = (x + across * rng.uniform(0.25, 0.75), y + down * rng.uniform(0.25, 0.75))
    radii = (
        rng.uniform(0.14, 0.24) * max(width, height),
        rng.uniform(0.09, 0.16) * max(width, height),
    )
    ys, xs = np.mgrid[:400, :400].astype(np.float32) / 400
    away = np.hypot((xs * width - at[0]) / radii[0], (ys * height - at[1]) / radii[1])
    glow = np.clip(1.6 - away, 0, 1) ** 1.2
    light = shot.seen(glow.astype(np.float32))[..., None] * 1.15
    return replace(shot, rgb=_shown(shot.rgb + (255.0 - shot.rgb) * light))


def moved(rng: Rng, shot: Shot, length: float) -> Shot:
    """The camera moved by so many pixels."""
    size = 2 * max(1, round(length / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    turn, middle = rng.uniform(0, np.pi), size // 2
    reach = np.array([np.cos(turn), np.sin(turn)]) * middle
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(
        kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0, 1, cv2.LINE_AA
    )
    blurred = cv2.filter2D(shot.rgb, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return replace(shot, rgb=np.asarray(blurred, np.uint8))


def overexposed(shot: Shot, gain: float, lift: float) -> Shot:
    """Too much light: paper burns out and eats the letters."""
    bright = shot.rgb.astype(np.float32) * gain + lift
    bloom = cv2.GaussianBlur(np.maximum(bright - 200, 0), (0, 0), max(0.08 * shot.letters, 0.8))
    return replace(shot, rgb=_shown(bright + 0.25 * np.asarray(bloom, np.float32)))


# --- pictures without a page ---------------------------------------------------------------------

_PHOTOS = {
    "tune": ("coffee", "chelsea", "rocket", "camera"),
    "check": ("astronaut", "hubble_deep_field", "moon", "immunohistochemistry"),
    "shipped": ("chelsea",),
}


def without_page(rng: Rng, size: Size, split: str) -> Rgb:
    """A photo of something else, or hills under a sky."""
    kind = rng.random()
    rgb = _hills(rng, size) if kind < 0.4 else _photo(rng, size, _PHOTOS[split])
    noisy = rgb + rng.normal(0, rng.uniform(1.5, 4), rgb.shape)
    return _shown(noisy.astype(np.float32))


def _photo(rng: Rng, size: Size, names: tuple[str, ...]) -> NDArray[np.float32]:
    load: Callable[[], NDArray[np.uint8]] = getattr(skimage.data, names[rng.integers(len(names))])
    source = load()
    if source.ndim == 2:
        source = np.repeat(source[..., None], 3, axis=2)
    scale = max(size[0] / source.shape[1], size[1] / source.shape[0])
    wide = (
        max(size[0], round(source.shape[1] * scale)),
        max(size[1], round(source.shape[0] * scale)),
    )
    large = cv2.resize(source[..., :3], wide, interpolation=cv2.INTER_CUBIC)
    x, y = (wide[0] - size[0]) // 2, (wide[1] - size[1]) // 2
    return np.asarray(large[y : y + size[1], x : x + size[0]], np.float32)


def _hills(rng: Rng, size: Size) -> NDArray[np.float32]:
    width, height = size
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    low, high = np.array([210, 224, 240]), np.array([70, 130, 210]) * rng.uniform(0.8, 1.1)
    rgb = np.broadcast_to(low * ys + high * (1 - ys), (height, width, 3)).astype(np.float32).copy()
    rgb += 14 * np.maximum(clouds(size, rng, 3, 5), 0)[..., None]
    xs = np.linspace(0, 1, width)
    for depth in np.linspace(0.45, 0.85, 4):
        wave = 0.06 * np.sin(2 * np.pi * (xs * rng.uniform(1, 3) + rng.random()))
        wave += 0.03 * np.sin(2 * np.pi * (xs * rng.uniform(4, 9) + rng.random()))
        below = np.arange(height)[:, None] / height > (depth + wave)[None, :]
        green = np.array([60, 110, 60]) * rng.uniform(0.6, 1.3)
        grass = 1 + 0.12 * clouds(size, rng, 40, 4)[..., None]
        rgb = np.where(below[..., None], green * grass, rgb).astype(np.float32)
    return rgb


def _shown(rgb: NDArray[np.floating] | NDArray[np.uint8]) -> Rgb:
    return np.asarray(np.clip(np.round(rgb), 0, 255), np.uint8)
