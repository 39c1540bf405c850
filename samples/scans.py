"""Drawn scans and photos of certificates, with the faults people make and the truth beside them.

Everybody on them is made up, and every page says SPECIMEN 样本. `draw` is the whole interface.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from types import MappingProxyType
from typing import Any

import cards_tables as tables
import cv2
import numpy as np
from cards import Rgb, has_font
from cards_camera import Take, finger, through_camera
from PIL import ExifTags, Image
from scans_camera import (
    Bed,
    Shot,
    Size,
    aged,
    creased,
    dazzled,
    faded,
    lit,
    moved,
    on_screen,
    overexposed,
    photographed,
    posed,
    scanned,
    shaded,
    sleeved,
    without_page,
)
from scans_pages import KINDS, course_card, dense_transcript
from scans_papers import PAPERS, blank_line, empty
from scans_sheet import BLACK, BLUE, PRESSES, Page, Print
from scans_words import Rng, someone

_TABLES = {
    "tune": ("light wood", "cloth", "dark desk", "tiles", "brick", "coffee"),
    "check": (
        "brown wood", "marble", "grey desk", "checked", "striped", "cutting mat", "gravel", "grass",
    ),
    "shipped": ("brown wood",),
}  # fmt: skip
# Small letters of a good scan are at least this high, pixels.
LEGIBLE = 13.0
# What the portal asks for: more than this.
LONG, SHORT = 800, 600
# No page is printed with more pixels for one millimetre.
FINEST = 16.0
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A picture with its truth.

    Attributes:
        rgb: (h, w, 3).
        condition: which of the conditions it shows.
        type: key of the certificate's kind; other for anything else.
        name: of the person on it; empty where there is none.
        turn: degrees clockwise that would make it upright: 0, 90, 180, 270.
        mirrored: left and right exchanged.
        codes: any one of these names the fault; none for a good scan.
        expect: what the candidate entered: expect_type, expect_name.
        lines: what is printed, piece by piece.
        letters: height of the small letters, pixels; 0 without any.
        quality: JPEG quality; 0 for PNG.
        orientation: EXIF's: 3, 6 and 8 are stored turned and shown upright.
    """

    rgb: Rgb
    condition: str
    type: str = "other"
    name: str = ""
    turn: int = 0
    mirrored: bool = False
    codes: tuple[str, ...] = ()
    expect: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    lines: tuple[str, ...] = ()
    letters: float = 0.0
    quality: int = 85
    orientation: int = 1

    def encoded(self, most_bytes: int = 3_000_000) -> bytes:
        """The file, saved more coarsely where it would be larger than ``most_bytes``."""
        if self.orientation != 1:
            return self._tagged()
        bgr = self.rgb[..., ::-1]
        flat = bgr[..., 0] if np.array_equal(bgr[..., 0], bgr[..., 2]) else bgr
        if not self.quality:
            data = bytes(cv2.imencode(".png", flat)[1])
            if len(data) < most_bytes:
                return data
        for quality in range(self.quality or 92, 4, -6):
            data = bytes(cv2.imencode(".jpg", flat, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
            if len(data) < most_bytes:
                break
        return data

    def _tagged(self) -> bytes:
        stored = Image.fromarray(np.rot90(self.rgb, {6: 1, 3: 2, 8: 3}[self.orientation]))
        exif, file = Image.Exif(), BytesIO()
        exif[ExifTags.Base.Orientation] = self.orientation
        stored.save(file, "JPEG", quality=self.quality, exif=exif)
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn.

    Attributes:
        rng: where its chances come from.
        split: tune, check or shipped.
        type: key of the kind of page; by chance if empty.
        size: of the picture, pixels; by chance if not given.
    """

    rng: Rng
    split: str
    type: str = ""
    size: Size | None = None


Condition = Callable[[Order], Scan]


def draw(
    condition: str,
    seed: int,
    split: str,
    *,
    type: str = "",  # noqa: A002
    size: Size | None = None,
) -> Scan:
    """The picture of a condition and a seed; always the same.

    Args:
        condition: one of `CONDITIONS`.
        seed: any number.
        split: tune, check or shipped; tune and check share no font, table or name, shipped needs
            no font but Droid's.
        type: key of the kind of page, or course-card; by chance if empty.
        size: of the picture, pixels; turned to suit the page. Larger than 800 × 600.
    """
    rng = np.random.default_rng((seed, tuple(_TABLES).index(split), *condition.encode()))
    return replace(CONDITIONS[condition](Order(rng, split, type, size)), condition=condition)


# --- pages ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Design:
    """A page before it is printed: `at` prints it as finely as a picture asks for.

    Attributes:
        draw: prints it.
        by: how; its chances begin anew each time.
        seed: of these chances.
        change: what happens to the printed page.
    """

    draw: Callable[[Print], Page]
    by: Print
    seed: int
    change: Callable[[Page], Page] = lambda page: page

    def at(self, scale: float) -> Page:
        """Printed with so many pixels for one millimetre, and changed."""
        rng = np.random.default_rng(self.seed)
        finest = float(np.clip(scale, 1.0, FINEST))
        return self.change(self.draw(replace(self.by, rng=rng, scale=finest)))

    @property
    def plan(self) -> Page:
        """A coarse print, for its size and its letters."""
        rng = np.random.default_rng(self.seed)
        return self.draw(replace(self.by, rng=rng, scale=1.5))


def printed(order: Order, *, filled: bool | None = None, type_: str = "") -> Design:
    """A page of the kind ordered."""
    chosen = type_ or order.type or str(order.rng.choice(list(KINDS)))
    by = printer(order, filled=filled)
    if chosen == "course-card":
        return designed(order, course_card, by)
    if chosen == "other":
        return designed(order, PAPERS[int(order.rng.integers(len(PAPERS)))], by)
    return designed(order, KINDS[chosen], by)


def designed(order: Order, draw: Callable[[Print], Page], by: Print | None = None) -> Design:
    """A page by one of the presses."""
    return Design(draw, by or printer(order), int(order.rng.integers(2**31)))


def printer(order: Order, *, filled: bool | None = None) -> Print:
    """Somebody's page is about to be printed on one of the split's presses."""
    rng = order.rng
    known = [
        press
        for press in PRESSES[order.split]
        if all(has_font(font) for font in (press.title, press.body, press.hand, press.latin))
    ] or list(PRESSES["shipped"])
    return Print(
        rng=rng,
        press=known[int(rng.integers(len(known)))],
        person=someone(rng, order.split),
        split=order.split,
        filled=bool(rng.random() < 0.35) if filled is None else filled,
        ink=(BLACK, BLUE)[int(rng.integers(2))],
        seals=float(rng.uniform(0.45, 0.9)),
    )


# --- good files ----------------------------------------------------------------------------------


def a_bed(order: Order, page: Page, *, wide: bool = True) -> Bed:
    """A scanner set by somebody who takes care."""
    rng = order.rng
    margin = rng.uniform(0, 14, 4) if wide and rng.random() < 0.6 else np.zeros(4)
    if wide and rng.random() < 0.25:
        # A small certificate on the glass of a large scanner.
        margin = rng.uniform(0, 0.35, 4) * max(page.size)
    needed = max(LEGIBLE / page.small, 1.03 * LONG / max(page.size), 1.03 * SHORT / min(page.size))
    scale = max(needed, float(rng.choice([100, 120, 150, 150, 200, 300])) / 25.4)
    # A page no smaller than its picture needs it stays below 9 megapixels.
    scale = min(scale, max(needed, (9e6 / (page.size[0] * page.size[1])) ** 0.5))
    if order.size:
        margin = np.zeros(4)
        long, short = max(order.size), min(order.size)
        scale = 0.985 * min(long / max(page.size), short / min(page.size))
    return Bed(
        scale=scale,
        skew=float(rng.normal(0, 0.5)),
        margin=(float(margin[0]), float(margin[1]), float(margin[2]), float(margin[3])),
        lid=int(rng.choice([255, 250, 244, 228])) if wide else 255,
        noise=float(rng.uniform(0.3, 2.2)),
        gain=float(rng.uniform(0.93, 1.03)),
        dust=int(rng.integers(0, 12)),
        blur=float(rng.uniform(0.2, 0.7)),
    )


def a_take(order: Order, page: Page, *, hard: float = 0.3, share: float = 0.0) -> Take:
    """A phone held over a page; ``hard`` 1 is somebody in a hurry."""
    rng = order.rng
    upright = page.size[1] > page.size[0]
    aspect = float(rng.choice([4 / 3, 4 / 3, 3 / 2, 16 / 9]))
    share = share or float(rng.uniform(0.62 - 0.17 * hard, 0.86))
    # Pixels of the picture that the small letters ask for.
    needed = page.size[0] * page.size[1] * (1.12 * LEGIBLE / page.small) ** 2 / min(share, 0.6)
    pixels = max(1e6 * float(rng.choice([1.2, 2, 3, 5, 8, 12], p=[0.2, 0.3, 0.2, 0.15, 0.1, 0.05])),
                 needed, aspect * (1.05 * SHORT) ** 2, (1.05 * LONG) ** 2 / aspect)  # fmt: skip
    long, short = round((pixels * aspect) ** 0.5), round((pixels / aspect) ** 0.5)
    if order.size:
        long, short = max(order.size), min(order.size)
    sharp = max(1.0, (pixels / 2e6) ** 0.5)
    return Take(
        size=(short, long) if upright else (long, short),
        share=share,
        tilt=float(rng.uniform(0, 15 * hard)),
        roll=float(np.clip(rng.normal(0, 3 * hard), -7, 7)),
        off=(float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.03, 0.03))),
        table=str(rng.choice(_TABLES[order.split])),
        blur=float(rng.uniform(0.3, 0.6 + 0.4 * hard)) * sharp,
        noise=float(rng.uniform(0.5, 2 + 4 * hard)),
        light=float(rng.uniform(0, 0.12 + 0.3 * hard)),
        gain=float(rng.uniform(1 - 0.25 * hard, 1 + 0.03 * hard)),
        warm=float(rng.uniform(1 - 0.1 * hard, 1 + 0.2 * hard)),
        shadow=float(rng.uniform(0.1, 0.5)),
        quality=int(rng.integers(60 if hard > 0.5 else 75, 96)),
    )


def sized(order: Order, page: Page) -> Size | None:
    """The picture's size if one is ordered, lying as the page lies."""
    if order.size is None:
        return None
    long, short = max(order.size), min(order.size)
    return (short, long) if page.size[1] > page.size[0] else (long, short)


def told(shot: Shot, *codes: str, quality: int = 85) -> Scan:
    """The picture with the truth about its page."""
    return Scan(
        rgb=shot.rgb,
        condition="",
        type=shot.page.type if shot.page.type in KINDS else "other",
        name=shot.page.name,
        codes=codes,
        lines=shot.page.lines,
        letters=shot.letters,
        quality=quality,
    )


def entered(order: Order, scan: Scan) -> Scan:
    """Half of the candidates' kinds and names are known, and agree with the page."""
    rng, expect = order.rng, {}
    if rng.random() < 0.5:
        expect["expect_type"] = scan.type
    if rng.random() < 0.5:
        expect["expect_name"] = scan.name
    return replace(scan, expect=MappingProxyType(expect))


def _scan(order: Order, design: Design, **changes: Any) -> Shot:
    bed = a_bed(order, design.plan)
    return on_glass(order, design, replace(bed, **changes))


def _photo(order: Order, design: Design, hard: float = 0.3, **changes: Any) -> Shot:
    take = a_take(order, design.plan, hard=hard)
    return on_table(order, design, replace(take, **changes))


def _either(order: Order, design: Design | None = None) -> Shot:
    """A scan or a photo."""
    design = design or printed(order)
    return (_scan if order.rng.random() < 0.5 else _photo)(order, design)


def on_glass(order: Order, design: Design, bed: Bed) -> Shot:
    """The page printed as finely as the scanner sees it, and scanned."""
    page = design.at(1.2 * bed.scale)
    return scanned(order.rng, page, bed, sized(order, page))


def on_table(order: Order, design: Design, take: Take) -> Shot:
    """The page printed as finely as the camera sees it, and photographed."""
    return photographed(order.rng, design.at(fine(design.plan, take)), take)


def fine(page: Page, take: Take) -> float:
    """Pixels for one millimetre that a photo of the page can show."""
    pixels = take.share * take.size[0] * take.size[1]
    return 1.2 * float((pixels / (page.size[0] * page.size[1])) ** 0.5)


def _quality(order: Order) -> int:
    return int(order.rng.integers(60, 96))


def clean_scan(order: Order) -> Scan:
    """A flatbed scanner, nearly straight."""
    shot = _scan(order, printed(order))
    return entered(order, told(shot, quality=_quality(order)))


def phone_photo(order: Order) -> Scan:
    """Somebody takes care."""
    return entered(order, told(_photo(order, printed(order)), quality=_quality(order)))


def moderate_photo(order: Order) -> Scan:
    """Somebody is in a hurry: tilted up to 15°, worse light, more noise."""
    return entered(order, told(_photo(order, printed(order), 1.0), quality=_quality(order)))


def tight_crop(order: Order) -> Scan:
    """A photo or a scan cut to the page by an app."""
    design = printed(order)
    bed = replace(a_bed(order, design.plan, wide=False), skew=0.0, dust=0)
    light = replace(a_take(order, design.plan), light=float(order.rng.uniform(0, 0.25)))
    shot = on_glass(order, design, bed)
    lighted = through_camera(order.rng, shot.rgb, replace(light, blur=0.0, noise=0.5), 1)
    return entered(order, told(replace(shot, rgb=lighted), quality=_quality(order)))


def rendered(order: Order) -> Scan:
    """A page of a PDF, saved as PNG."""
    design = printed(order)
    scale = a_bed(order, design.plan, wide=False).scale
    bed = Bed(scale, 0.0, (0.0, 0.0, 0.0, 0.0), 255, 0.0, 1.0, 0, 0.0)
    return entered(order, told(on_glass(order, design, bed), quality=0))


def in_sleeve(order: Order) -> Scan:
    """Photographed in a clear sleeve."""
    shot = sleeved(order.rng, _photo(order, printed(order), 0.5))
    return entered(order, told(shot, quality=_quality(order)))


def folded(order: Order) -> Scan:
    """The paper was folded."""
    design = replace(printed(order), change=partial(creased, order.rng))
    shot = _either(order, design)
    return entered(order, told(shot, quality=_quality(order)))


def strong_seal(order: Order) -> Scan:
    """A seal stamped with much ink over the words."""
    design = printed(order)
    design = replace(design, by=replace(design.by, seals=0.95))
    return entered(order, told(_either(order, design), quality=_quality(order)))


def grey_scan(order: Order) -> Scan:
    """Scanned without colour."""
    scan = clean_scan(order)
    grey = cv2.cvtColor(scan.rgb, cv2.COLOR_RGB2GRAY)
    return replace(scan, rgb=np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8))


def in_folder(order: Order) -> Scan:
    """Lying in its open cover, red, blue or green."""
    rng, design = order.rng, printed(order)
    take = a_take(order, design.plan, share=float(rng.uniform(0.45, 0.6)))
    page = design.at(fine(design.plan, take))
    quad = posed(rng, page.size, take)
    colour = ((150, 24, 36), (120, 18, 30), (24, 50, 110), (20, 84, 64))[int(rng.integers(4))]
    ground = tables.table(take.table, take.size, rng)
    middle = quad.mean(axis=0)
    cover = (quad - middle) * rng.uniform(1.1, 1.25) + middle
    cv2.fillConvexPoly(ground, np.round(cover).astype(np.int32), colour, cv2.LINE_AA)
    return entered(order, told(lit(rng, page, take, quad, ground), quality=_quality(order)))


def white_desk(order: Order) -> Scan:
    """On white, so that the paper's edge is hard to see."""
    shot = _photo(order, printed(order), table="white paper", shadow=0.15)
    return entered(order, told(shot, quality=_quality(order)))


def old_paper(order: Order) -> Scan:
    """Yellowed."""
    shot = _either(order, replace(printed(order), change=partial(aged, order.rng)))
    return entered(order, told(shot, quality=_quality(order)))


def handwritten(order: Order) -> Scan:
    """Filled in by hand."""
    shot = _either(order, printed(order, filled=True))
    return entered(order, told(shot, quality=_quality(order)))


def margin_cut(order: Order) -> Scan:
    """Cut so closely that some of the left and the upper margin is lost, no print and no frame."""
    design, rng = printed(order), order.rng
    bed = replace(a_bed(order, design.plan, wide=False), skew=0.0)
    shot = on_glass(order, design, bed)
    left, top = shot.where(float(rng.uniform(1, 4.5)), float(rng.uniform(1, 4.5)))
    rgb = shot.rgb[max(int(top), 0) :, max(int(left), 0) :]
    return entered(order, replace(told(shot, quality=_quality(order)), rgb=_large_enough(rgb)))


def held(order: Order) -> Scan:
    """Thumbs hold the paper by its margins."""
    shot, rng = _photo(order, printed(order), 0.5), order.rng
    width, height = shot.page.size
    rgb = shot.rgb.copy()
    for side in (0.0, 1.0)[: int(rng.integers(1, 3))]:
        inside = 0.4 * min(
            shot.page.written[0], width - shot.page.written[0] - shot.page.written[2]
        )
        tip_x = inside - 4 if side == 0 else width - inside + 4
        y = height * float(rng.uniform(0.55, 0.9))
        start = shot.where(side * width + (side - 0.5) * 160, y + float(rng.uniform(10, 60)))
        colour = ((224, 180, 150), (206, 158, 126), (236, 196, 170))[int(rng.integers(3))]
        finger(rgb, start, shot.where(tip_x, y), 17 * shot.scale, colour)
    return entered(order, told(replace(shot, rgb=rgb), quality=_quality(order)))


def tagged(order: Order) -> Scan:
    """Stored turned, with a tag that says so."""
    scan = entered(order, told(_photo(order, printed(order)), quality=_quality(order)))
    return replace(scan, orientation=(3, 6, 8)[int(order.rng.integers(3))])


def higher_level(order: Order) -> Scan:
    """A higher level than the one asked for, which the rule allows: 二级及以上."""
    asked, shown = (("pets2", "pets3"), ("ncre1", "ncre2"))[int(order.rng.integers(2))]
    scan = told(_either(order, printed(order, type_=shown)), quality=_quality(order))
    return replace(scan, expect=MappingProxyType({"expect_type": asked}))


# --- faults --------------------------------------------------------------------------------------


def too_small(*sizes: Size) -> Condition:
    """Resized to one of the sizes."""

    def make(order: Order) -> Scan:
        shot = _either(order)
        long, short = sizes[int(order.rng.integers(len(sizes)))]
        height, width = shot.rgb.shape[:2]
        size = (long, short) if width > height else (short, long)
        rgb = cv2.resize(shot.rgb, size, interpolation=cv2.INTER_AREA)
        scan = told(shot, "resolution-low", quality=_quality(order))
        return replace(scan, rgb=np.asarray(rgb, np.uint8))

    return make


def upscaled(order: Order) -> Scan:
    """A small picture enlarged to pass."""
    shot, rng = _either(order), order.rng
    height, width = shot.rgb.shape[:2]
    small = float(rng.uniform(300, 480)) / max(width, height)
    tiny = cv2.resize(shot.rgb, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    tiny = _saved(np.asarray(tiny, np.uint8), 85)
    grow = max(float(rng.uniform(860, 1900)) / max(tiny.shape[:2]), 640 / min(tiny.shape[:2]))
    size = (round(grow * tiny.shape[1]), round(grow * tiny.shape[0]))
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(rng.integers(3))]
    rgb = np.asarray(cv2.resize(tiny, order.size or size, interpolation=way), np.uint8)
    codes = ("detail-upscaled", "text-blurred", "text-illegible")
    return replace(told(shot, *codes, quality=_quality(order)), rgb=rgb)


def far(order: Order) -> Scan:
    """The page fills little of the picture."""
    rng, design = order.rng, printed(order)
    take = a_take(order, design.plan)
    if order.size is None:
        pixels = float(rng.choice([1.2e6, 2e6, 5e6]))
        long, short = round((pixels * 4 / 3) ** 0.5), round((pixels * 3 / 4) ** 0.5)
        take = replace(take, size=(long, short) if rng.random() < 0.5 else (short, long))
    off = (float(rng.uniform(-0.15, 0.15)), float(rng.uniform(-0.15, 0.15)))
    take = replace(take, share=float(rng.uniform(0.04, 0.14)), off=off, blur=min(take.blur, 0.7))
    shot = on_table(order, design, take)
    return told(shot, "page-far", "text-small", quality=_quality(order))


def cut_off(order: Order) -> Scan:
    """Words run out of the picture."""
    shot, rng = _either(order), order.rng
    x, y, across, down = shot.page.written
    inside = float(rng.uniform(0.08, 0.25))
    way = int(rng.integers(4))
    middle = (x + across / 2, y + down / 2)
    places = (
        (x + inside * across, middle[1]), (middle[0], y + inside * down),
        (x + (1 - inside) * across, middle[1]), (middle[0], y + (1 - inside) * down),
    )  # fmt: skip
    cut = round(float(shot.where(*places[way])[way % 2]))
    sides = [slice(None), slice(None)]
    sides[1 - way % 2] = slice(max(cut, 0), None) if way < 2 else slice(0, cut)
    rgb = _large_enough(shot.rgb[sides[0], sides[1]])
    if order.size:
        rgb = np.asarray(cv2.resize(rgb, order.size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(told(shot, "page-cut-off", quality=_quality(order)), rgb=rgb)


def _large_enough(rgb: Rgb) -> Rgb:
    """Enlarged a little where cutting left fewer pixels than the portal asks for."""
    height, width = rgb.shape[:2]
    grow = max(1.01 * SHORT / min(width, height), 1.01 * LONG / max(width, height), 1.0)
    if grow == 1.0:
        return np.ascontiguousarray(rgb)
    size = (round(width * grow), round(height * grow))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def turned(quarters: int) -> Condition:
    """Turned by so many quarters, clockwise."""

    def make(order: Order) -> Scan:
        scan = told(_either(order), "page-turned", quality=_quality(order))
        rgb = np.ascontiguousarray(np.rot90(scan.rgb, -quarters))
        return replace(scan, rgb=rgb, turn=(360 - 90 * quarters) % 360)

    return make


def mirrored(order: Order) -> Scan:
    """Left and right exchanged."""
    scan = told(_either(order), "page-mirrored", quality=_quality(order))
    return replace(scan, rgb=np.ascontiguousarray(scan.rgb[:, ::-1]), mirrored=True)


def skewed(order: Order) -> Scan:
    """The page lies askew by more than 10°."""
    design, rng = printed(order), order.rng
    skew = float(rng.uniform(12, 36)) * (1 if rng.random() < 0.5 else -1)
    if rng.random() < 0.5:
        edge = 0.3 * max(design.plan.size)
        bed = replace(a_bed(order, design.plan), skew=skew, margin=(edge, edge, edge, edge))
        if order.size:
            bed = replace(bed, scale=0.72 * bed.scale)
        shot = on_glass(order, design, bed)
    else:
        shot = _photo(order, design, roll=skew)
    return told(shot, "page-skewed", quality=_quality(order))


def out_of_focus(order: Order) -> Scan:
    """The lens looked elsewhere."""
    shot = _either(order)
    spread = float(order.rng.uniform(0.2, 0.4)) * shot.letters
    rgb = np.asarray(cv2.GaussianBlur(shot.rgb, (0, 0), spread), np.uint8)
    noise = order.rng.normal(0, 1.5, rgb.shape)
    rgb = np.clip(np.round(rgb + noise), 0, 255).astype(np.uint8)
    codes = ("text-blurred", "text-illegible")
    return told(replace(shot, rgb=rgb), *codes, quality=_quality(order))


def shaken(order: Order) -> Scan:
    """The hand moved."""
    shot = _either(order)
    shot = moved(order.rng, shot, float(order.rng.uniform(0.8, 1.6)) * shot.letters)
    return told(shot, "text-blurred", "text-illegible", quality=_quality(order))


def faint(order: Order) -> Scan:
    """Hardly any ink."""
    left = float(order.rng.uniform(0.05, 0.13))
    design = replace(printed(order), change=lambda page: faded(page, left))
    return told(_either(order, design), "text-faint", "text-illegible", quality=_quality(order))


def dark(order: Order) -> Scan:
    """Hardly any light."""
    rng = order.rng
    gain, noise = float(rng.uniform(0.08, 0.2)), float(rng.uniform(2, 6))
    if rng.random() < 0.3:
        shot = _scan(order, printed(order), gain=gain)
    else:
        shot = _photo(order, printed(order), gain=gain, noise=noise)
    return told(shot, "page-dark", quality=_quality(order))


def too_bright(order: Order) -> Scan:
    """Far too much light."""
    rng = order.rng
    shot = overexposed(_either(order), float(rng.uniform(1.2, 1.8)), float(rng.uniform(90, 150)))
    return told(shot, "page-overexposed", "text-faint", quality=_quality(order))


def in_shadow(order: Order) -> Scan:
    """A deep shadow over the words."""
    shot = shaded(order.rng, _photo(order, printed(order)))
    return told(shot, "text-shadow", quality=_quality(order))


def in_glare(order: Order) -> Scan:
    """A lamp mirrored on the words."""
    shot = dazzled(order.rng, _photo(order, printed(order)))
    return told(shot, "text-glare", quality=_quality(order))


def blank(order: Order) -> Scan:
    """Empty paper."""
    return _hardly_printed(order, empty, "page-blank", "page-sparse")


def nearly_blank(order: Order) -> Scan:
    """A line on empty paper."""
    return _hardly_printed(order, blank_line, "page-sparse", "page-blank")


def _hardly_printed(order: Order, draw: Callable[[Print], Page], *codes: str) -> Scan:
    def page(by: Print) -> Page:
        sheet = draw(by)
        return replace(sheet, small=max(sheet.small, 4.0))

    return told(_either(order, designed(order, page)), *codes, quality=_quality(order))


def screen(order: Order) -> Scan:
    """A photo of a display."""
    design, rng = printed(order), order.rng
    gain = float(rng.uniform(1.2, 1.7))
    take = a_take(order, design.plan)
    take = replace(take, blur=0.2, gain=gain, warm=0.92, shadow=0.0, light=0.1)
    if order.size is None:
        shrink = min(1.0, (3.5e6 / (take.size[0] * take.size[1])) ** 0.5)
        take = replace(take, size=(round(take.size[0] * shrink), round(take.size[1] * shrink)))
    page = design.at(6.0)
    across = round(max(page.size[0] * 11 / page.small, 620))
    shot = on_screen(rng, page, take, across=across, whole=bool(rng.random() < 0.5))
    return told(shot, "page-on-screen", quality=int(rng.integers(75, 96)))


def small_text(order: Order) -> Scan:
    """A large dense page in a small picture."""
    rng = order.rng
    design = designed(order, dense_transcript, printer(order, filled=False))
    size = design.plan.size
    scale = max(1.03 * LONG / max(size), 1.03 * SHORT / min(size)) * float(rng.uniform(1.0, 1.12))
    shot = on_glass(order, design, replace(a_bed(order, design.plan, wide=False), scale=scale))
    return told(shot, "text-small", "text-illegible", quality=int(rng.integers(75, 96)))


def compressed(order: Order) -> Scan:
    """Saved so coarsely that letters break."""
    shot = _either(order)
    shrink = min(1.0, 0.8 * LEGIBLE / shot.letters)
    small = cv2.resize(shot.rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    small = _large_enough(np.asarray(small, np.uint8))
    rgb = _saved(small, int(order.rng.integers(2, 6)))
    codes = ("text-illegible", "text-blurred", "text-small", "detail-upscaled")
    return replace(told(shot, *codes, quality=90), rgb=rgb)


def _saved(rgb: Rgb, quality: int) -> Rgb:
    """Through JPEG."""
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, 1), np.uint8)[..., ::-1])


def no_page(order: Order) -> Scan:
    """Something else altogether."""
    rng = order.rng
    size = order.size or ((1280, 960), (900, 1200), (1600, 1200), (1000, 750))[int(rng.integers(4))]
    if rng.random() < 0.25:
        rgb = tables.table(str(rng.choice(_TABLES[order.split])), size, rng)
    else:
        rgb = without_page(rng, size, order.split)
    return Scan(rgb, "", codes=("page-none", "page-blank", "page-sparse"), quality=_quality(order))


def other_paper(order: Order) -> Scan:
    """A paper that is no certificate of these kinds."""
    shot = _either(order, printed(order, type_="other"))
    return told(shot, "type-unknown", quality=_quality(order))


# What may be shown for what is asked: 成绩单 and 毕业证书 are one kind, a higher level will do.
_ALLOWED = {
    "diploma": ("transcript",),
    "transcript": ("diploma",),
    "pets3": ("pets2",),
    "ncre2": ("ncre1",),
}


def wrong_type(order: Order) -> Scan:
    """Another certificate than the one chosen."""
    scan = told(_either(order), "type-mismatch", quality=_quality(order))
    allowed = (scan.type, *_ALLOWED.get(scan.type, ()))
    asked = str(order.rng.choice([kind for kind in KINDS if kind not in allowed]))
    return replace(scan, expect=MappingProxyType({"expect_type": asked}))


def wrong_name(order: Order) -> Scan:
    """Somebody else's certificate."""
    scan = told(_either(order), "page-name-mismatch", quality=_quality(order))
    other = someone(order.rng, order.split).name
    while set(other) & set(scan.name):
        other = someone(order.rng, order.split).name
    return replace(scan, expect=MappingProxyType({"expect_name": other}))


GOOD: Mapping[str, Condition] = {
    "clean scan": clean_scan,
    "phone photo": phone_photo,
    "moderate photo": moderate_photo,
    "tight crop": tight_crop,
    "rendered": rendered,
    "sleeve": in_sleeve,
    "folded": folded,
    "seal over text": strong_seal,
    "grey scan": grey_scan,
    "in folder": in_folder,
    "white desk": white_desk,
    "old paper": old_paper,
    "handwritten": handwritten,
    "margin cut": margin_cut,
    "held": held,
    "tagged": tagged,
    "higher level": higher_level,
}

CONDITIONS: Mapping[str, Condition] = {
    **GOOD,
    "exactly 800x600": too_small((800, 600)),
    "below 800x600": too_small((640, 480), (800, 640), (1000, 600), (720, 540), (1200, 580)),
    "upscaled": upscaled,
    "far": far,
    "cut off": cut_off,
    "turned 90": turned(1),
    "turned 180": turned(2),
    "turned 270": turned(3),
    "skewed": skewed,
    "out of focus": out_of_focus,
    "moved": shaken,
    "faint": faint,
    "dark": dark,
    "overexposed": too_bright,
    "shadow": in_shadow,
    "glare": in_glare,
    "blank": blank,
    "nearly blank": nearly_blank,
    "on screen": screen,
    "mirrored": mirrored,
    "small text": small_text,
    "compressed": compressed,
    "no page": no_page,
    "other paper": other_paper,
    "wrong type": wrong_type,
    "wrong name": wrong_name,
}
