"""ID cards drawn by another hand: how the service does on pictures that it was not calibrated on.

    python -m benchmarks.other_cards --data ../shared/data --n 20 [--only clean,glare] [--save out]

Drawn by `benchmarks.other_scenes`, with real faces from the folder of development pictures: split
``tune`` for seeds below 5000, ``check`` from there on. A line a condition: how many were accepted,
rejected and sent to review, how many findings name the fault rightly, how many numbers and names
were read exactly, and the condition's goal. What went wrong follows, a line a picture.

Blind spots: every card, hand and table is drawn; print and lamination of real cards, real hands and
phone cameras with their own processing are not in it.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks import other_scenes as sc
from benchmarks.other_scenes import Camera, Floats, Person, Picture, Rng, View, between, pick
from models.runtime import Models
from models.store import ModelStore
from photo_service.check import Status
from photo_service.context import Context, Fields
from photo_service.report import Effect
from photo_service.service import verify
from photo_service.settings import Settings

CHECK_SEEDS = 5000
UPLOAD = 2 * 1024 * 1024 - 1
SIZES = ((1280, 960), (1600, 1200), (2048, 1536), (2592, 1944), (3264, 2448), (4000, 3000))
SIZE_ODDS = (0.35, 0.3, 0.2, 0.09, 0.04, 0.02)


# --- faces ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Face:
    """A picture of one person: x, y, width, height of the face, and the eyes, 2x2."""

    pixels: Picture
    box: tuple[int, int, int, int]
    eyes: Floats


@dataclass(frozen=True, slots=True)
class Faces:
    """For the print on a card, and for people who hold one."""

    printed: tuple[Path, ...]
    holders: tuple[Path, ...]


@cache
def faces_of(data: Path, split: str) -> Faces:
    with (data / "INDEX.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]

    def asian(row: Mapping[str, str]) -> bool:
        return "east_asian" in row["notes"] or "/asian/" in row["source_path"]

    def paths(*folders: str, only_asian: bool) -> tuple[Path, ...]:
        return tuple(
            data / row["file"]
            for row in rows
            if row["file"].startswith(folders) and (asian(row) or not only_asian)
        )

    printed = paths("neutral_front", "negatives/portrait_plain_bg", only_asian=True)
    holders = (
        *paths("zoom/30", "zoom/45", "zoom/60", "lisa/lisa2", "lisa/lisa4", only_asian=False),
        *paths("neutral_front", only_asian=True) * 2,
        *paths("neutral_front", only_asian=False)[:12],
    )
    return Faces(printed, holders)


@cache
def _models() -> Models:
    settings = Settings.from_env()
    return Models.open(ModelStore(settings.models_dir, settings.models_source))


@cache
def open_face(path: Path) -> Face | None:
    """None when no single face is found."""
    pixels = np.array(Image.open(path).convert("RGB"))
    found = _models().submit_faces(pixels).result()
    return Face(pixels, found[0].box, found[0].keypoints[:2]) if len(found) == 1 else None


def some_face(rng: Rng, paths: Sequence[Path]) -> Face:
    while True:
        face = open_face(pick(rng, paths))
        if face is not None:
            return face


def person_mask(pixels: Picture) -> Floats:
    """1 on the person, HxWx1."""
    height, width = pixels.shape[:2]
    mask = sc.blurred(_models().submit_mask(pixels).result(), 0.6)
    cover = sc.resized(np.clip(mask * 1.6 - 0.5, 0, 1), width, height)
    return np.asarray(cover.clip(0, 1)[..., None], np.float32)


def dressed(pixels: Picture, box: Sequence[float], cover: Floats, rng: Rng) -> Picture:
    """A round-necked jersey over the shirt that everybody wore in the studio."""
    x, y, w, h = box
    row, column = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
    aside = np.clip(np.abs(column - (x + w / 2)) / (0.52 * w), 0, 1)
    collar = y + 1.12 * h + 0.36 * h * np.sqrt(1 - aside**2)
    body = np.clip((row - collar) / 4, 0, 1)[..., None] * cover
    cloth = np.array(pick(rng, ((52, 56, 74), (128, 50, 52), (70, 96, 130), (84, 90, 84))))
    shade = sc.blurred(pixels.mean(2).astype(np.float32), w / 30)[..., None] / 255
    knit = 1 + 0.05 * rng.standard_normal((*pixels.shape[:2], 1), dtype=np.float32)
    dyed = cloth.astype(np.float32) * (0.45 + 0.55 * shade) * knit
    return np.asarray(np.clip(pixels * (1 - body) + dyed * body, 0, 255), np.uint8)


def card_portrait(face: Face, rng: Rng) -> Picture:
    """Head and shoulders before white, as the issuing office crops them."""
    x, y, w, h = face.box
    width = 1.75 * w
    height = width * 31.5 / 25.5
    left, top = x + w / 2 - width / 2, y + 0.42 * h - 0.44 * height
    shift = np.array([[1, 0, -left], [0, 1, -top]], np.float32)
    crop = cv2.warpAffine(
        face.pixels, shift, (round(width), round(height)), borderMode=cv2.BORDER_REPLICATE
    )
    edge = crop[: crop.shape[0] // 6, [*range(12), *range(-12, 0)]].reshape(-1, 3)
    wall = np.maximum(np.median(edge, axis=0), 60)
    lit = np.clip(crop / wall, 0, 1)
    lit = np.where(lit.min(2, keepdims=True) > 0.9, 1.0, lit)
    lit = lit.mean(2, keepdims=True) * 0.15 + lit * 0.85
    levels = between(rng, 0.85, 1.1)
    return np.asarray(np.clip(255 * lit**levels, 0, 255), np.uint8)


# --- one shot ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shot:
    """A file as it is uploaded, and what the caller says with it."""

    data: bytes
    person: Person
    expect_name: str = ""
    expect_number: str = ""


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything that a condition draws from."""

    rng: Rng
    faces: Faces

    def front(self, person: Person, *, temporary: bool = False) -> Picture:
        face = some_face(self.rng, self.faces.printed)
        return sc.print_front(person, card_portrait(face, self.rng), self.rng, temporary=temporary)

    def size(self) -> tuple[int, int]:
        width, height = SIZES[int(self.rng.choice(len(SIZES), p=SIZE_ODDS))]
        return (height, width) if self.rng.random() < 0.15 else (width, height)

    def view(
        self,
        tilt: tuple[float, float] = (0, 25),
        share: tuple[float, float] = (0.5, 0.85),
        size: tuple[int, int] | None = None,
    ) -> View:
        width, height = size or self.size()
        rng = self.rng
        part = between(rng, *share)
        if height > width:
            part = max(part, 0.75)
        least = 560 / width  # keeps the digits 18 pixels high
        return sc.framed(
            rng,
            width,
            height,
            share=max(part, least),
            tilt=between(rng, *tilt),
            roll=between(rng, -8, 8),
        )

    def desk(self, view: View) -> Floats:
        surface = pick(self.rng, sc.SURFACES)
        scene = sc.table(view, self.rng, surface)
        if surface == "palm":
            scene = sc.lay_fingers(scene, view, sc.palm_under(self.rng), self.skin(), self.rng)
        return scene

    def skin(self) -> tuple[float, float, float]:
        """Linear skin colour in bright light."""
        depth = between(self.rng, 0.55, 1.0)
        return (0.62 * depth, 0.38 * depth, 0.28 * depth)

    def finish(self, scene: Floats, camera: Camera | None = None) -> Picture:
        rng = self.rng
        height, width = scene.shape[:2]
        scene = scene * sc.uneven_light(rng, height, width, between(rng, 0.02, 0.16))
        return sc.photograph(scene, camera or sc.draw_camera(rng), rng)


def jpeg(pixels: Picture, rng: Rng, quality: tuple[int, int] = (70, 93)) -> bytes:
    """Small enough to be taken; a larger file is saved again at a lower quality."""
    level = int(rng.integers(*quality))
    image = Image.fromarray(pixels)
    while True:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=level, subsampling=pick(rng, (0, 2, 2)))
        if out.tell() <= UPLOAD:
            return out.getvalue()
        level -= 8
        if level < 60:
            level = 75
            image = image.resize((round(image.width * 0.8), round(image.height * 0.8)))


def light_and_dark(scene: Floats, view: View, rng: Rng) -> Floats:
    """A mild shadow of the phone or a faint sheen, as most pictures have."""
    spot = (between(rng, -20, 105), between(rng, -15, 70))
    blob = sc.soft_spot(
        view, spot, (between(rng, 25, 70), between(rng, 20, 50)), between(rng, 0, 3)
    )
    if rng.random() < 0.5:
        blob = sc.blurred(blob, 4 * view.scale)
        return np.asarray(scene * (1 - between(rng, 0, 0.22) * blob[..., None]), np.float32)
    return np.asarray(scene + between(rng, 0, 0.05) * blob[..., None], np.float32)


def table_shot(
    studio: Studio,
    person: Person | None = None,
    *,
    card: Picture | None = None,
    view: View | None = None,
    shape: Floats | None = None,
    spoil: Callable[[Floats, View], Floats] | None = None,
    after: Callable[[Picture], Picture] | None = None,
    camera: Camera | None = None,
) -> Shot:
    """A card on a table, with whatever a condition changes."""
    rng = studio.rng
    person = person or sc.draw_person(rng)
    card = studio.front(person) if card is None else card
    view = view or studio.view()
    scene = sc.lay_card(studio.desk(view), view, card, rng, shape=shape)
    scene = light_and_dark(scene, view, rng)
    if spoil:
        scene = spoil(scene, view)
    pixels = studio.finish(scene, camera)
    if after:
        pixels = after(pixels)
    return Shot(jpeg(pixels, rng), person)


# --- the card alone ------------------------------------------------------------------------------


def clean(studio: Studio) -> Shot:
    shot = table_shot(studio, view=studio.view(tilt=(0, 12)))
    if studio.rng.random() < 0.5:
        shot = replace(shot, expect_name=shot.person.name, expect_number=shot.person.number)
    return shot


def moderate(studio: Studio) -> Shot:
    camera = sc.draw_camera(studio.rng, noise=(0.01, 0.035))
    return table_shot(studio, view=studio.view(tilt=(12, 30)), camera=camera)


def turned(studio: Studio, quarter: int) -> Shot:
    return table_shot(studio, after=lambda pixels: np.ascontiguousarray(np.rot90(pixels, quarter)))


def back_side(studio: Studio) -> Shot:
    return table_shot(studio, card=sc.print_back(studio.rng))


def temporary(studio: Studio) -> Shot:
    if studio.rng.random() < 0.3:
        return table_shot(studio, card=sc.print_back(studio.rng, temporary=True))
    person = sc.draw_person(studio.rng)
    return table_shot(studio, person, card=studio.front(person, temporary=True))


def copied(studio: Studio, *, grey: bool, tight: bool) -> Shot:
    """A sheet of paper with the card on it, on a desk; or only the part with the card."""
    rng = studio.rng
    person = sc.draw_person(rng)
    card = sc.photocopied(studio.front(person), rng, grey=grey)
    view = studio.view(tilt=(0, 15), share=(0.8, 0.93) if tight else (0.42, 0.62))
    margin = (45.0, 60.0, 210.0, 297.0)
    scene = studio.desk(view)
    scale = 2.0
    sheet = np.ones((round(margin[3] * scale), round(margin[2] * scale)), np.float32)
    start = (-between(rng, 12, margin[0]), -between(rng, 20, margin[1]))
    cover = sc.warped(view, sheet, scale, start)
    scene = scene * (1 - 0.3 * sc.blurred(cover, 1.5 * view.scale)[..., None])
    tone = np.float32(between(rng, 0.80, 0.9))
    fibre = 1 + 0.008 * sc.cloudy(rng, view.height, view.width, 200)
    paper = np.repeat((tone * fibre)[..., None], 3, axis=2)
    scene = scene * (1 - cover[..., None]) + paper * cover[..., None]
    white = np.clip(card.astype(np.float32) * np.float32(tone ** (1 / 2.2)), 0, 255)
    shape = sc.card_shape() if rng.random() < 0.7 else np.ones(card.shape[:2], np.float32)
    scene = sc.lay_card(scene, view, white.astype(np.uint8), rng, shape=shape, depth=0)
    pixels = studio.finish(light_and_dark(scene, view, rng))
    return Shot(jpeg(pixels, rng), person)


def cut_out_copy(studio: Studio) -> Shot:
    """A colour copy cut along the card's edge: thin paper on a table."""
    rng = studio.rng
    person = sc.draw_person(rng)
    card = sc.photocopied(studio.front(person), rng, grey=False)
    view = studio.view()
    shape = np.ones(card.shape[:2], np.float32)
    scene = sc.lay_card(studio.desk(view), view, card, rng, shape=shape, depth=0.12)
    return Shot(jpeg(studio.finish(light_and_dark(scene, view, rng)), rng), person)


def _viewer(photo: Picture, rng: Rng, width: int, height: int, *, phone: bool) -> Picture:
    """A photo open in a viewer, as the screen shows it."""
    ground = (0, 0, 0) if phone else pick(rng, ((32, 32, 34), (240, 240, 240), (0, 0, 0)))
    image = Image.new("RGB", (width, height), ground)
    scale = min(width / photo.shape[1], 0.9 * height / photo.shape[0])
    w, h = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
    image.paste(Image.fromarray(sc.resized(photo, w, h)), ((width - w) // 2, (height - h) // 2))
    draw = ImageDraw.Draw(image)
    ink = (235, 235, 235) if sum(ground) < 380 else (30, 30, 30)
    small = sc.font(sc.PLAIN_FACES[2], round(0.033 * min(width, height)))
    clock = f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
    if phone:
        draw.text((0.05 * width, 0.012 * height), clock, font=small, fill=ink)
        draw.text((0.72 * width, 0.012 * height), "5G  86%", font=small, fill=ink)
        draw.text((0.06 * width, 0.062 * height), "〈  今天 上午", font=small, fill=ink)
        for i, word in enumerate(("分享", "收藏", "编辑", "删除")):
            draw.text(((0.1 + 0.23 * i) * width, 0.945 * height), word, font=small, fill=ink)
    else:
        draw.text((0.01 * width, 0.008 * height), "IMG_2024.jpg - 照片", font=small, fill=ink)
        draw.text((0.45 * width, 0.95 * height), "◁   ▷   +   -", font=small, fill=ink)
    return np.array(image)


def _photo(studio: Studio, person: Person) -> Picture:
    """A good picture of a card, for screens to show."""
    view = studio.view(tilt=(0, 8), share=(0.55, 0.68), size=(1280, 960))
    scene = sc.lay_card(studio.desk(view), view, studio.front(person), studio.rng)
    return studio.finish(scene)


SCREEN_SIZES = ((1000, 750), (1280, 960), (1600, 1200), (2048, 1536), (3264, 2448))


def recaptured(studio: Studio, *, bezel: bool) -> Shot:
    """A photo of a monitor or phone that shows a card; some are made smaller afterwards."""
    rng = studio.rng
    person = sc.draw_person(rng)
    photo = _photo(studio, person)
    width, height = pick(rng, SCREEN_SIZES)
    if bezel:
        phone = rng.random() < 0.4
        shown = _viewer(photo, rng, *((1280, 1440) if phone else (1600, 1000)), phone=phone)
        rim = round(0.03 * shown.shape[1])
        framed = np.full((shown.shape[0] + 2 * rim, shown.shape[1] + 2 * rim, 3), 9, np.uint8)
        framed[rim:-rim, rim:-rim] = shown
        photo = framed
    fill = between(rng, 0.82, 0.95) if bezel else between(rng, 1.03, 1.12)
    scene = sc.on_screen(photo, rng, width, height, fill=fill, cells=between(rng, 0.7, 0.98))
    if bezel:
        sheen = 0.02 * sc.cloudy(rng, height, width, 5)[..., None].clip(0)
        scene = np.asarray(scene + sheen, np.float32)
    pixels = studio.finish(scene)
    if rng.random() < 0.35:
        small = min(width, pick(rng, (900, 1280, 1600)))
        pixels = sc.resized(pixels, small, round(small * height / width))
    return Shot(jpeg(pixels, rng), person)


def screenshot(studio: Studio) -> Shot:
    rng = studio.rng
    person = sc.draw_person(rng)
    photo = _photo(studio, person)
    width, height = pick(rng, ((1080, 2340), (1170, 2532), (1440, 3120), (1080, 1920)))
    pixels = _viewer(photo, rng, width, height, phone=True)
    if rng.random() < 0.5:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG")
        if out.tell() <= UPLOAD:
            return Shot(out.getvalue(), person)
    return Shot(jpeg(pixels, rng, (80, 96)), person)


FIELD_SPOTS = ((20.0, 8.4), (25.0, 28.0), (52.0, 46.4), (40.0, 46.4), (67.0, 20.0), (26.0, 21.9))


def glare(studio: Studio) -> Shot:
    rng = studio.rng
    spot = pick(rng, FIELD_SPOTS)
    size = (between(rng, 7, 14), between(rng, 4.5, 8))
    turn = between(rng, 0, 3)

    def spoil(scene: Floats, view: View) -> Floats:
        blob = sc.soft_spot(view, spot, size, turn)
        halo = sc.blurred(blob, 3 * view.scale)
        return np.asarray(scene + (1.6 * blob + 0.35 * halo)[..., None], np.float32)

    return table_shot(studio, spoil=spoil)


def clipped(studio: Studio) -> Shot:
    rng = studio.rng
    shape = sc.card_shape(between(rng, 8, 13), int(rng.integers(4)))
    return table_shot(studio, shape=shape)


def _thumb(rng: Rng, tip: tuple[float, float]) -> list[sc.Finger]:
    """A thumb that comes in over the nearest edge."""
    ways = (
        (-1, 0, tip[0]),
        (1, 0, sc.CARD_W - tip[0]),
        (0, 1, sc.CARD_H - tip[1]),
        (0, -1, tip[1]),
    )
    dx, dy, _ = min(ways, key=lambda way: way[2])
    far = 75.0
    skew = between(rng, -18, 18)
    root = (tip[0] + dx * far + (skew if dx == 0 else 0), tip[1] + dy * far + (skew if dx else 0))
    return [sc.Finger(root, tip, between(rng, 16, 20), nail=True)]


def thumb(studio: Studio) -> Shot:
    rng = studio.rng
    fingers = _thumb(rng, pick(rng, FIELD_SPOTS))
    skin = studio.skin()
    return table_shot(
        studio, spoil=lambda scene, view: sc.lay_fingers(scene, view, fingers, skin, rng)
    )


def too_small(studio: Studio) -> Shot:
    rng = studio.rng
    width, height = pick(rng, ((1024, 768), (1280, 960), (960, 1280)))
    share, roll = between(rng, 0.12, 0.2), between(rng, -10, 10)
    view = sc.framed(rng, width, height, share=share, tilt=between(rng, 0, 20), roll=roll)
    return table_shot(studio, view=view)


def mirrored(studio: Studio) -> Shot:
    return table_shot(studio, after=lambda pixels: np.ascontiguousarray(pixels[:, ::-1]))


def wrong_check_digit(studio: Studio) -> Shot:
    person = sc.draw_person(studio.rng)
    return table_shot(studio, _spoilt_number(person, studio.rng))


def _spoilt_number(person: Person, rng: Rng) -> Person:
    digit = pick(rng, [d for d in "0123456789" if d != person.number[-1]])
    return replace(person, number=person.number[:-1] + digit)


def birth_differs(studio: Studio) -> Shot:
    person = sc.draw_person(studio.rng)
    days = int(studio.rng.integers(40, 900))
    return table_shot(studio, replace(person, birth=person.birth + timedelta(days=days)))


def sex_differs(studio: Studio) -> Shot:
    person = sc.draw_person(studio.rng)
    return table_shot(studio, replace(person, sex="女" if person.sex == "男" else "男"))


def expected_other_name(studio: Studio) -> Shot:
    shot = table_shot(studio)
    return replace(shot, expect_name=sc.draw_person(studio.rng).name)


def expected_other_number(studio: Studio) -> Shot:
    shot = table_shot(studio)
    first = shot.person.number[:16]
    serial = str((int(shot.person.number[16]) + 2) % 10)
    return replace(shot, expect_number=sc.with_check_digit(first + serial))


def two_cards(studio: Studio) -> Shot:
    rng = studio.rng
    width, height = pick(rng, ((2048, 1536), (2592, 1944), (1944, 2592)))
    upright = height > width
    share = between(rng, 0.6, 0.75) if upright else between(rng, 0.4, 0.45)
    spot = (0.5, 0.3) if upright else (0.27, 0.5)
    view = sc.aim(rng, width, height, share=share, tilt=between(rng, 0, 12), middle=spot)
    gap = (0.0, between(rng, 58, 66)) if upright else (between(rng, 90, 98), 0.0)
    other = view.moved(*gap, between(rng, -5, 5))
    second = studio.front(sc.draw_person(rng)) if rng.random() < 0.6 else sc.print_back(rng)
    return table_shot(
        studio, view=view, spoil=lambda scene, _: sc.lay_card(scene, other, second, rng)
    )


def cut_off(studio: Studio) -> Shot:
    """A side of the card lies outside the picture."""
    rng = studio.rng
    width, height = pick(rng, SIZES[:4])
    share, part = between(rng, 0.6, 0.85), between(rng, 0.06, 0.2)
    card = np.array([share, share * width / height * sc.CARD_H / sc.CARD_W])
    side = int(rng.integers(4))
    over = -card / 2 + card * (1 - part)
    middle = [0.5, 0.5]
    axis = side % 2
    middle[axis] = float(1 - over[axis]) if side < 2 else float(over[axis])
    view = sc.aim(
        rng, width, height, share=share, tilt=between(rng, 0, 10), middle=(middle[0], middle[1])
    )
    return table_shot(studio, view=view)


def out_of_focus(studio: Studio) -> Shot:
    rng = studio.rng
    strength = between(rng, 0.42, 0.8)  # mm on the card: strokes are 0.3 mm wide
    return table_shot(studio, spoil=lambda scene, view: sc.defocus(scene, strength * view.scale))


def shaken(studio: Studio) -> Shot:
    rng = studio.rng
    strength = between(rng, 1.2, 2.0)
    return table_shot(
        studio, spoil=lambda scene, view: sc.motion(scene, rng, strength * view.scale)
    )


def deep_shadow(studio: Studio) -> Shot:
    """Part of the card in the hard shadow of something above it."""
    rng = studio.rng
    spot = (pick(rng, (-8.0, 94.0)), between(rng, 0, 54))
    size = (between(rng, 48, 62), between(rng, 60, 90))

    def spoil(scene: Floats, view: View) -> Floats:
        blob = sc.blurred(sc.soft_spot(view, spot, size, 0.0), 0.8 * view.scale)
        return np.asarray(scene * (1 - 0.9 * blob[..., None]), np.float32)

    return table_shot(studio, spoil=spoil)


# --- the card in a hand --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pose:
    """A person before the camera and the card in the hand."""

    scene: Floats
    view: View
    skin: tuple[float, float, float]
    face: tuple[float, float, float, float]  # x, y, width, height in pixels
    eyes: Floats


def _wall(studio: Studio, height: int, width: int) -> Floats:
    """A room out of focus."""
    rng = studio.rng
    tone = np.float32(between(rng, 0.35, 0.85)) * rng.uniform(0.88, 1.08, 3).astype(np.float32)
    image = np.ones((height // 4, width // 4, 3), np.float32) * tone
    for _ in range(int(rng.integers(0, 9))):
        x, y = int(rng.integers(width // 4)), int(rng.integers(height // 4))
        w, h = (int(v) for v in rng.integers(width // 50, width // 9, 2))
        colour = tuple(float(v) for v in between(rng, 0.15, 0.8) * rng.uniform(0.7, 1.2, 3))
        cv2.rectangle(image, (x, y), (x + w, y + 2 * h), colour, -1)
    image = sc.blurred(image, width / 600)
    return np.asarray(sc.resized(image, width, height).clip(0, 1), np.float32)


def person_canvas(studio: Studio, width: int, height: int, face: Face) -> Pose:
    """The holder's photo as wide as the picture, the clothes drawn on below it."""
    rng = studio.rng
    source = face.pixels
    scale = width / source.shape[1]
    is_studio = source.shape[0] == source.shape[1]
    photo = sc.resized(source, width, round(source.shape[0] * scale))
    x, y, w, h = (v * scale for v in face.box)
    if is_studio:
        cover = person_mask(photo)
        photo = dressed(photo, (x, y, w, h), cover, rng)
        photo = np.asarray(
            photo * cover + 255 * _wall(studio, *photo.shape[:2]) * (1 - cover), np.uint8
        )
    top = round(min(y - 0.75 * h, 0.2 * height)) if is_studio else 0
    top = max(0, min(top, photo.shape[0] - height // 2))
    photo = photo[top:]
    y -= top
    if photo.shape[0] < height:
        last = photo[-6:].mean(0, keepdims=True)
        last = sc.blurred(last, width / 120)
        missing = height - photo.shape[0]
        below = np.repeat(last, missing, axis=0)
        folds = 1 + 0.03 * sc.cloudy(rng, missing, width, 12)[..., None]
        photo = np.vstack([photo, np.clip(below * folds, 0, 255).astype(np.uint8)])
    photo = np.ascontiguousarray(photo[:height])
    cheek = photo[round(y + 0.55 * h) : round(y + 0.7 * h), round(x + 0.3 * w) : round(x + 0.7 * w)]
    tone = np.median(sc.linear(cheek).reshape(-1, 3), axis=0) * 1.15
    skin = (float(tone[0]), float(tone[1]), float(tone[2]))
    view = View(width, height, np.eye(3))
    eyes = np.asarray(face.eyes * scale - (0, top), np.float32)
    return Pose(sc.linear(photo), view, skin, (x, y, w, h), eyes)


@dataclass(frozen=True, slots=True)
class Held:
    """What a handheld condition changes."""

    card: Picture | None = None
    person: Person | None = None
    face: Face | None = None
    share: tuple[float, float] = (0.2, 0.35)
    least: float = 440.0  # pixels of the card's width
    card_blur: float = 0.0  # mm on the card
    face_blur: float = 0.0  # part of the face's width
    over_face: bool = False
    over_number: bool = False
    second: Picture | None = None
    paint: Callable[[Floats, Pose], Floats] | None = None
    after: Callable[[Picture], Picture] | None = None
    size: tuple[int, int] | None = None


HELD_SIZES = (
    *((1320, 1760), (1440, 1920), (1536, 2048)) * 3,
    (1944, 2592),
    (2160, 2880),
)


def held_shot(studio: Studio, change: Held | None = None) -> Shot:
    """A person who holds a card before the chest."""
    person, pixels = held_pixels(studio, change or Held())
    return Shot(jpeg(pixels, studio.rng), person)


def held_pixels(studio: Studio, change: Held) -> tuple[Person, Picture]:
    rng = studio.rng
    person = change.person or sc.draw_person(rng)
    card = studio.front(person) if change.card is None else change.card
    width, height = change.size or pick(rng, HELD_SIZES)
    face = change.face or some_face(rng, studio.faces.holders)
    pose = person_canvas(studio, width, height, face)
    scene = pose.scene
    x, y, w, h = pose.face
    if change.face_blur:
        scene = sc.blurred(scene, change.face_blur * w)
    if change.paint:
        scene = change.paint(scene, pose)
    share = between(rng, *change.share)
    if change.least:
        share = min(0.36, max(share, change.least / width))
    card_high = share * width * sc.CARD_H / sc.CARD_W
    chin = y + 1.05 * h
    middle = (
        np.clip((x + w * between(rng, -0.1, 1.1)) / width, share / 2 + 0.06, 0.94 - share / 2),
        min((chin + card_high * between(rng, 0.7, 1.1)) / height, 0.98 - 0.6 * card_high / height),
    )
    if change.over_face:
        middle = ((x + w / 2) / width, (y + between(rng, 0.5, 0.7) * h) / height)
    if change.second is not None:
        middle = (0.5, middle[1])
    view = sc.aim(
        rng,
        width,
        height,
        share=share,
        tilt=between(rng, 0, 16),
        roll=between(rng, -9, 9),
        middle=middle,
    )
    pose = replace(pose, view=view)
    scene = _in_hand(scene, pose, card, rng, change)
    pixels = studio.finish(scene)
    return person, change.after(pixels) if change.after else pixels


def _in_hand(scene: Floats, pose: Pose, card: Picture, rng: Rng, change: Held) -> Floats:
    """The card in one hand, and another in the other hand if there are two."""
    right = rng.random() < 0.5
    if change.second is not None:
        aside = between(rng, 92, 104) * (-1 if right else 1)
        other = replace(
            pose, view=pose.view.moved(aside, between(rng, -8, 12), between(rng, -6, 6))
        )
        scene = _hand(scene, other, change.second, rng, Held(), right=not right)
    return _hand(scene, pose, card, rng, change, right=right)


def _hand(
    scene: Floats, pose: Pose, card: Picture, rng: Rng, change: Held, *, right: bool
) -> Floats:
    """Forearm and fingers behind, the card, the thumb before it."""
    view, skin = pose.view, pose.skin
    edge = sc.CARD_W if right else 0.0
    out = 1.0 if right else -1.0
    wrist = (edge + out * between(rng, 22, 34), between(rng, 60, 78))
    elbow = (edge + out * between(rng, 50, 90), 250.0)
    low = between(rng, 18, 34)
    behind = [
        sc.Finger(elbow, wrist, 50),
        sc.Finger(wrist, (edge + out * 10, low + 14), 42),
        *(
            sc.Finger((edge + out * 22, low + 15 * i - 8), (edge - out * 14, low + 14 * i - 18), 15)
            for i in range(3)
        ),
    ]
    scene = sc.lay_fingers(scene, view, behind, skin, rng)
    scene = sc.lay_card(scene, view, card, rng, depth=0.8, blur=change.card_blur * view.scale)
    thick = between(rng, 15, 18)
    # Print begins 5 mm from the card's edge; the thumb is round beyond its tip's middle.
    tip = (edge + out * (0.43 * thick - between(rng, 2.8, 4.6)), low + between(rng, -2, 6))
    thumb_ = sc.Finger((edge + out * 30, low + 26), tip, thick, nail=True)
    if change.over_number:
        tip = (edge - out * between(rng, 18, 38), between(rng, 45, 47))
        thumb_ = sc.Finger((edge + out * 16, low + 34), tip, thick, nail=True)
    return sc.lay_fingers(scene, view, [thumb_], skin, rng)


def held_clean(studio: Studio) -> Shot:
    return held_shot(studio)


def held_mirrored(studio: Studio) -> Shot:
    return held_shot(studio, Held(after=lambda p: np.ascontiguousarray(p[:, ::-1])))


def held_sunglasses(studio: Studio) -> Shot:
    """Dark lenses drawn over the eyes."""

    def paint(scene: Floats, pose: Pose) -> Floats:
        x, _, width, _ = pose.face
        mask = np.zeros(scene.shape[:2], np.float32)
        apart = float(np.hypot(*(pose.eyes[0] - pose.eyes[1])))
        for eye in pose.eyes:
            spot = (round(eye[0]), round(eye[1] + 0.06 * apart))
            axes = (round(0.44 * apart), round(0.34 * apart))
            cv2.ellipse(mask, spot, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
        level = round(float(pose.eyes[:, 1].mean()) - 0.05 * apart)
        cv2.line(
            mask,
            (round(x + 0.02 * width), level),
            (round(x + 0.98 * width), level),
            1.0,
            round(width / 45),
        )
        dark = np.float32(0.012) + 0.02 * np.clip(
            sc.cloudy(studio.rng, scene.shape[0], scene.shape[1], 6), 0, 1
        )
        return np.asarray(scene * (1 - mask[..., None]) + (dark * mask)[..., None], np.float32)

    return held_shot(studio, Held(paint=paint))


def held_over_face(studio: Studio) -> Shot:
    return held_shot(studio, Held(over_face=True, share=(0.3, 0.36)))


def held_no_holder(studio: Studio) -> Shot:
    return table_shot(studio)


def held_two_people(studio: Studio) -> Shot:
    """Somebody looks over the holder's shoulder."""
    rng = studio.rng
    studio_faces = [path for path in studio.faces.holders if "neutral_front" in str(path)]
    second = some_face(rng, studio_faces)

    def paint(scene: Floats, pose: Pose) -> Floats:
        height, width = scene.shape[:2]
        x, y, w, h = pose.face
        bx, by, bw, _ = second.box
        cover = person_mask(second.pixels)
        k = between(rng, 0.7, 0.9) * w / bw
        left = x + w / 2 < width / 2
        middle = x + w * (between(rng, 1.55, 1.8) if left else between(rng, -0.8, -0.55))
        middle = float(np.clip(middle, 0.45 * w, width - 0.45 * w))
        drop = y + between(rng, 0.1, 0.4) * h - k * by
        shift = np.array([[k, 0, middle - k * (bx + bw / 2)], [0, k, drop]])
        light = cv2.warpAffine(sc.linear(second.pixels), shift, (width, height))
        there = cv2.warpAffine(cover, shift, (width, height))[..., None]
        there = there * (1 - person_mask(sc.encoded(scene)))
        return np.asarray(scene * (1 - there) + light * there, np.float32)

    return held_shot(studio, Held(paint=paint))


def held_card_blurred(studio: Studio) -> Shot:
    return held_shot(studio, Held(card_blur=between(studio.rng, 0.4, 0.7)))


def held_face_blurred(studio: Studio) -> Shot:
    return held_shot(studio, Held(face_blur=between(studio.rng, 0.018, 0.035)))


def held_back_side(studio: Studio) -> Shot:
    return held_shot(studio, Held(card=sc.print_back(studio.rng)))


def held_too_small(studio: Studio) -> Shot:
    """A picture of a cheap front camera, or shrunk by a chat program."""
    size = pick(studio.rng, ((600, 800), (720, 960)))
    return held_shot(studio, Held(share=(0.2, 0.25), least=0, size=size))


def held_two_cards(studio: Studio) -> Shot:
    rng = studio.rng
    second = studio.front(sc.draw_person(rng)) if rng.random() < 0.5 else sc.print_back(rng)
    return held_shot(studio, Held(second=second, share=(0.27, 0.28), size=(1632, 2176)))


def held_grey(studio: Studio) -> Shot:
    def grey(pixels: Picture) -> Picture:
        flat = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        return np.asarray(cv2.cvtColor(flat, cv2.COLOR_GRAY2RGB), np.uint8)

    return held_shot(studio, Held(after=grey))


def held_screen(studio: Studio) -> Shot:
    """A monitor or phone shows a handheld picture."""
    rng = studio.rng
    person, photo = held_pixels(studio, Held(share=(0.33, 0.36), size=(1440, 1920)))
    width, height = pick(rng, ((1536, 2048), (1944, 2592), (2448, 3264)))
    scene = sc.on_screen(
        photo, rng, width, height, fill=between(rng, 0.92, 1.06), cells=between(rng, 0.7, 0.98)
    )
    return Shot(jpeg(studio.finish(scene), rng), person)


def held_finger_on_number(studio: Studio) -> Shot:
    return held_shot(studio, Held(over_number=True))


def held_wrong_check_digit(studio: Studio) -> Shot:
    person = sc.draw_person(studio.rng)
    return held_shot(studio, Held(person=_spoilt_number(person, studio.rng)))


# --- conditions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """How a picture is made, and the codes of which one names its fault; none: it is a good one."""

    kind: str
    make: Callable[[Studio], Shot]
    names: tuple[str, ...] = ()
    is_note: bool = False


def _card(make: Callable[[Studio], Shot], *names: str) -> Condition:
    return Condition("id_card", make, names)


def _held(make: Callable[[Studio], Shot], *names: str) -> Condition:
    return Condition("handheld_id", make, names)


GREY = ("card-grey", "card-copied")
CONDITIONS: dict[str, Condition] = {
    "clean": _card(clean),
    "moderate": _card(moderate),
    "turned-90": Condition("id_card", partial(turned, quarter=1), ("card-turned",), is_note=True),
    "turned-180": Condition("id_card", partial(turned, quarter=2), ("card-turned",), is_note=True),
    "turned-270": Condition("id_card", partial(turned, quarter=3), ("card-turned",), is_note=True),
    "back": _card(back_side, "card-back"),
    "temporary": _card(temporary, "card-temporary"),
    "grey-copy": _card(partial(copied, grey=True, tight=False), *GREY),
    "grey-copy-tight": _card(partial(copied, grey=True, tight=True), *GREY),
    "colour-copy": _card(partial(copied, grey=False, tight=False), "card-copied"),
    "colour-copy-tight": _card(partial(copied, grey=False, tight=True), "card-copied"),
    "colour-copy-cut": _card(cut_out_copy, "card-copied"),
    "screen-bezel": _card(partial(recaptured, bezel=True), "card-on-screen"),
    "screen-bare": _card(partial(recaptured, bezel=False), "card-on-screen"),
    "screenshot": _card(screenshot, "card-screenshot"),
    "glare": _card(glare, "card-glare"),
    "clipped": _card(clipped, "corner-missing"),
    "thumb": _card(thumb, "card-covered", "card-portrait-hidden"),
    "small": _card(too_small, "print-small", "card-far"),
    "mirrored": _card(mirrored, "card-mirrored"),
    "wrong-digit": _card(wrong_check_digit, "number-invalid"),
    "birth-differs": _card(birth_differs, "birth-differs"),
    "sex-differs": _card(sex_differs, "sex-differs"),
    "other-name": _card(expected_other_name, "name-differs"),
    "other-number": _card(expected_other_number, "number-differs"),
    "two-cards": _card(two_cards, "card-several"),
    "cut-off": _card(cut_off, "card-cut-off"),
    "defocus": _card(out_of_focus, "card-blurred"),
    "motion": _card(shaken, "card-blurred"),
    "shadow": _card(deep_shadow, "card-shadow"),
    "held-clean": _held(held_clean),
    "held-mirrored": _held(held_mirrored, "card-mirrored"),
    "held-sunglasses": _held(held_sunglasses, "holder-eyes-covered"),
    "held-over-face": _held(held_over_face, "holder-face-hidden", "holder-none"),
    "held-no-holder": _held(held_no_holder, "holder-none"),
    "held-two-people": _held(held_two_people, "holder-several"),
    "held-card-blurred": _held(held_card_blurred, "card-blurred"),
    "held-face-blurred": _held(held_face_blurred, "holder-blurred"),
    "held-back": _held(held_back_side, "card-back"),
    "held-small": _held(held_too_small, "print-small"),
    "held-two-cards": _held(held_two_cards, "card-several"),
    "held-grey": _held(held_grey, "card-grey"),
    "held-screen": _held(held_screen, "card-on-screen"),
    "held-finger": _held(held_finger_on_number, "card-covered", "field-unread", "number-unsure"),
    "held-wrong-digit": _held(held_wrong_check_digit, "number-invalid"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service said of one picture."""

    seed: int
    decision: str
    codes: tuple[str, ...]
    named: bool
    number: bool
    name: bool
    read: str


def judge(condition: str, seed: int, data: Path, save: Path | None) -> Outcome:
    """Draw one picture and have it verified."""
    asked = CONDITIONS[condition]
    split = "check" if seed >= CHECK_SEEDS else "tune"
    rng = np.random.default_rng([seed, sorted(CONDITIONS).index(condition)])
    shot = asked.make(Studio(rng, faces_of(data, split)))
    if save:
        ending = "png" if shot.data[:4] == b"\x89PNG" else "jpg"
        (save / f"{condition}-{seed}.{ending}").write_bytes(shot.data)
    context = Context(
        expect_name=shot.expect_name,
        expect_number=shot.expect_number,
        fields=Fields.FULL,
        today=date(2026, 6, 1),
    )
    report = verify(shot.data, asked.kind, context=context)
    stops = [f.code for f in report.findings if f.effect is not Effect.NONE]
    warnings = [f.code for f in report.findings if f.status is Status.WARN]
    read = {key: field.value for key, field in (report.fields or {}).items()}
    telling = warnings if asked.is_note else stops
    return Outcome(
        seed,
        str(report.decision),
        (*stops, *(f"({code})" for code in warnings)),
        bool(set(asked.names) & set(telling)),
        read.get("number") == shot.person.number,
        read.get("name") == shot.person.name,
        f"{read.get('name')} {read.get('number')} | {shot.person.name} {shot.person.number}",
    )


def is_miss(condition: Condition, outcome: Outcome) -> bool:
    if not condition.names or condition.is_note:
        wrong = outcome.decision != "accepted" or not (outcome.number and outcome.name)
        return wrong or (condition.is_note and not outcome.named)
    return outcome.decision == "accepted" or not outcome.named


def table_row(condition: str, outcomes: Sequence[Outcome]) -> str:
    share = 1 / len(outcomes)
    decisions = Counter(outcome.decision for outcome in outcomes)
    asked = CONDITIONS[condition]
    named = f"{sum(o.named for o in outcomes) * share:.2f}" if asked.names else "   –"
    goal = "accept" if not asked.names or asked.is_note else "stop"
    return (
        f"{condition:18} {goal:6} "
        f"{decisions['accepted'] * share:8.2f} {decisions['rejected'] * share:8.2f} "
        f"{decisions['review'] * share:8.2f} {named:>6} "
        f"{sum(o.number for o in outcomes) * share:7.2f} "
        f"{sum(o.name for o in outcomes) * share:6.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with INDEX.csv")
    parser.add_argument("--n", type=int, default=20, help="pictures a condition")
    parser.add_argument("--only", default="", help="conditions, with commas between")
    parser.add_argument("--save", type=Path, help="folder for the pictures")
    parser.add_argument("--seed", type=int, default=0, help="the first; from 5000 on: check faces")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(CONDITIONS)
    if options.save:
        options.save.mkdir(parents=True, exist_ok=True)
    print(f"{'condition':18} {'goal':6} accepted rejected   review  named  number   name")
    misses: list[str] = []
    with ProcessPoolExecutor(options.jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for condition in chosen:
            run = partial(judge, condition, data=options.data, save=options.save)
            seeds = range(options.seed, options.seed + options.n)
            outcomes = list(pool.map(run, seeds))
            print(table_row(condition, outcomes), flush=True)
            misses += [
                f"{condition}-{o.seed}: {o.decision} {' '.join(o.codes)}"
                + ("" if o.number and o.name else f"  read {o.read}")
                for o in outcomes
                if is_miss(CONDITIONS[condition], o)
            ]
    print("\nmisses", *misses, sep="\n")


if __name__ == "__main__":
    main()
