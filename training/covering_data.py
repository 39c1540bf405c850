"""Pictures for the covering probes: reading the index, altering pictures, drawing coverings.

Everything here is deterministic: each altered copy has its own generator, seeded with the
file's name and the copy's number. Positions are pixels (x, y); "iod" is the distance between
the eye centres and the unit of every drawing, measured from the mid-point of the eyes.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Points = NDArray[np.float32]
Mask = NDArray[np.float32]

FACE_OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]  # fmt: skip
LOWER_FACE = [
    93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323,
]  # fmt: skip
BACKGROUNDS = [(255, 255, 255), (240, 240, 240), (100, 197, 255), (67, 142, 219), (98, 139, 206)]
LONGEST = 1000
LARGEST_IOD = 130.0
# share of copies whose background is replaced, by kind (others: half)
REPLACED = {"plain": 0.0, "backdrop": 1.0, "studio": 1.0, "swap": 1.0}
STUDIO_SIZES = [(480, 640), (295, 413)]


@dataclass(slots=True)
class Item:
    """One labelled picture with its landmarks and person mask.

    `labels` maps head / eyes / mouth to 1 (covered), 0 (free) or None (not to be used).
    `group` keeps the pictures of one person together when the data are divided.
    """

    file: str
    category: str
    split: str
    notes: str
    group: str
    people: str
    bald: bool
    rgb: Image
    points: Points
    mask: Mask
    labels: dict[str, int | None] = field(default_factory=dict)


def read_items(data: Path, assets: Path) -> list[Item]:
    """Read INDEX.csv below `data`; leave out pictures without a labelled face.

    Needed columns: file, split (tune / check), category, head_covered (yes / no / unclear).
    Optional: bald, notes. Category `sunglasses` means covered eyes, `mask_occlusion` a covered
    mouth; notes naming a hand or an object at the face leave eyes and mouth unlabelled.
    """
    from mediapipe import Image as MpImage
    from mediapipe import ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    landmarker = vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(assets / "face_landmarker.task"))
        )
    )
    segmenter = vision.ImageSegmenter.create_from_options(
        vision.ImageSegmenterOptions(
            base_options=BaseOptions(model_asset_path=str(assets / "selfie_segmentation.tflite")),
            output_confidence_masks=True,
        )
    )
    items = []
    with (data / "INDEX.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["head_covered"]]
    for row in rows:
        bgr = cv2.imread(str(data / row["file"]))
        if bgr is None:
            raise SystemExit(f"cannot read {row['file']}")
        shrink = LONGEST / max(bgr.shape[:2])
        if shrink < 1:
            bgr = cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        rgb = np.ascontiguousarray(bgr[:, :, ::-1])
        height, width = rgb.shape[:2]
        picture = MpImage(image_format=ImageFormat.SRGB, data=rgb)
        faces = landmarker.detect(picture).face_landmarks
        if not faces:
            continue
        points = np.array([[p.x * width, p.y * height] for p in faces[0]], np.float32)
        masks = segmenter.segment(picture).confidence_masks
        mask = np.array(np.squeeze(masks[-1].numpy_view()), np.float32)
        shrink = LARGEST_IOD / Frame(points).iod
        if shrink < 1:
            rgb = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            mask = cv2.resize(mask, rgb.shape[1::-1], interpolation=cv2.INTER_AREA)
            points *= rgb.shape[1] / width
        items.append(_item(row, rgb, points, mask))
    landmarker.close()
    segmenter.close()
    return items


def _item(row: dict[str, str], rgb: Image, points: Points, mask: Mask) -> Item:
    category, notes = row["category"], row.get("notes") or ""
    unsure = "hand" in notes or "object at face" in notes
    unsure_eyes = unsure or "also: sunglasses" in notes
    veiled = category == "mask_occlusion"
    name = Path(row["file"]).stem
    eth = next((w[4:] for w in notes.replace(";", " ").split() if w.startswith("eth=")), "")
    people = notes.split(" (dataset")[0].split()[-1] if "(dataset folder" in notes else eth
    return Item(
        file=row["file"],
        category=category,
        split=row["split"],
        notes=notes,
        group=name.split("_")[0] if category == "portrait_plain_bg" and eth else name,
        people={"white": "caucasian", "east_asian": "asian"}.get(people, people) or "unstated",
        bald=row.get("bald") == "yes",
        rgb=rgb,
        points=points,
        mask=mask,
        labels={
            "head": None if veiled else {"yes": 1, "no": 0}.get(row["head_covered"]),
            "eyes": 1 if category == "sunglasses" else None if unsure_eyes else 0,
            "mouth": 1 if veiled else None if unsure else 0,
        },
    )


def eye_centres(points: Points) -> tuple[NDArray[Any], NDArray[Any]]:
    """Eye centres (picture's left, picture's right) from the 478 landmarks."""
    return (points[33] + points[133]) / 2, (points[263] + points[362]) / 2


def generator(name: str, copy: int) -> np.random.Generator:
    """A generator of its own for each copy of each picture."""
    return np.random.default_rng([zlib.crc32(name.encode()), copy])


# --- drawing -----------------------------------------------------------------------------


class Frame:
    """Coordinates of a face: origin between the eyes, x along the eyes, unit one iod."""

    def __init__(self, points: Points) -> None:
        left, right = eye_centres(points)
        self.origin = (left + right) / 2
        self.axis = (right - left).astype(np.float64)
        self.iod = float(np.hypot(*self.axis))
        self.points = points

    def to_pixels(self, xy: Any) -> NDArray[np.float64]:
        """Face coordinates (n, 2) to pixels."""
        xy = np.asarray(xy, np.float64).reshape(-1, 2)
        down = np.array([-self.axis[1], self.axis[0]])
        return self.origin + xy[:, :1] * self.axis + xy[:, 1:] * down

    def to_face(self, pixels: Any) -> NDArray[np.float64]:
        """Pixels (n, 2) to face coordinates."""
        rel = np.asarray(pixels, np.float64).reshape(-1, 2) - self.origin
        down = np.array([-self.axis[1], self.axis[0]])
        return np.stack([rel @ self.axis, rel @ down], 1) / self.iod**2


def _smooth_outline(xy: Any, times: int = 3) -> NDArray[np.float64]:
    """Chaikin corner cutting of a closed outline."""
    xy = np.asarray(xy, np.float64)
    for _ in range(times):
        following = np.roll(xy, -1, 0)
        xy = np.stack([0.75 * xy + 0.25 * following, 0.25 * xy + 0.75 * following], 1)
        xy = xy.reshape(-1, 2)
    return xy


def _alpha(shape: tuple[int, ...], outlines: list[Any], soft: float) -> Mask:
    mask = np.zeros(shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(np.asarray(outline) * 8).astype(np.int32)], 255, 16, 3)
    blurred = cv2.GaussianBlur(mask, (0, 0), max(soft, 0.4))
    return blurred.astype(np.float32) / 255


def _paint(rgb: Image, alpha: Mask, colour: NDArray[np.float32]) -> Image:
    mixed = rgb * (1 - alpha[..., None]) + colour * alpha[..., None]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def _surface(rng: np.random.Generator, shape: tuple[int, ...], colour: Any) -> NDArray[np.float32]:
    """A colour with soft shading and fine grain, (H, W, 3)."""
    height, width = shape[:2]
    coarse = rng.normal(0, 1, (5, 5)).astype(np.float32)
    shade = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, rng.uniform(0, 4), (height, width)).astype(np.float32)
    level = 1 + rng.uniform(0.03, 0.15) * shade
    out: NDArray[np.float32] = np.asarray(colour, np.float32) * level[..., None] + grain[..., None]
    return out


def _fabric(rng: np.random.Generator, shape: tuple[int, ...], other: Item) -> NDArray[np.float32]:
    """Plain, knitted, striped, chequered, or cut from another picture's lower part."""
    plain = [(20, 20, 24), (35, 40, 60), (200, 200, 200), (240, 240, 238), (120, 120, 125)]
    colour = np.array(
        plain[rng.integers(len(plain))] if rng.random() < 0.5 else rng.integers(10, 250, 3)
    )
    base = _surface(rng, shape, colour)
    height, width = shape[:2]
    kind = rng.integers(5)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period = rng.uniform(0.008, 0.06) * max(shape)
    if kind == 1:
        base *= (1 + 0.15 * np.sin(x * 6.28 / period))[..., None]
    elif kind == 2:
        base[np.sin(y * 6.28 / (3 * period)) > 0.3] = rng.integers(0, 255, 3)
    elif kind == 3:
        base *= (1 + 0.2 * np.sign(np.sin(x * 3 / period) * np.sin(y * 3 / period)))[..., None]
    elif kind == 4:
        top = int(other.rgb.shape[0] * 0.8)
        piece = other.rgb[top:, : other.rgb.shape[1] // 2]
        base = cv2.resize(piece, (width, height)).astype(np.float32)
    return base


def _skin(item_rgb: Image, frame: Frame) -> NDArray[np.float32]:
    cheek = frame.points[[50, 280]].astype(int)
    size = max(2, int(frame.iod * 0.08))
    pieces = [
        item_rgb[max(0, y - size) : y + size, max(0, x - size) : x + size].reshape(-1, 3)
        for x, y in cheek
    ]
    pixels = np.concatenate(pieces)
    if not len(pixels):
        return np.array([200, 160, 140], np.float32)
    colour: NDArray[np.float32] = np.median(pixels, 0).astype(np.float32)
    return colour


def _capsule(start: Any, end: Any, radius: float) -> NDArray[np.float64]:
    start, end = np.asarray(start, float), np.asarray(end, float)
    angle = np.arctan2(*(end - start)[::-1])
    turn = np.linspace(-np.pi / 2, np.pi / 2, 9)
    cap = np.stack([np.cos(turn + angle), np.sin(turn + angle)], 1) * radius
    return np.concatenate([end + cap, start - cap])


def _lens_outline(rng: np.random.Generator, centre: Any, wide: float, high: float) -> Any:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    power = rng.uniform(0.5, 1.0)
    x, y = np.cos(turn), np.sin(turn)
    return np.asarray(centre) + np.stack(
        [wide * np.sign(x) * abs(x) ** power, high * np.sign(y) * abs(y) ** power], 1
    )


def draw_glasses(rng: np.random.Generator, rgb: Image, frame: Frame, dark: bool) -> Image:
    """Spectacles; `dark` ones hide the eyes, the others have a clear lens and may reflect."""
    wide, high = rng.uniform(0.36, 0.5), rng.uniform(0.25, 0.45)
    lift = rng.uniform(-0.02, 0.08)
    state = rng.integers(1 << 30)
    outlines = []
    for side in (-1, 1):
        centre = (side * (0.5 + rng.uniform(-0.01, 0.03)), lift)
        outline = _lens_outline(np.random.default_rng(state), centre, wide, high)
        outlines.append(frame.to_pixels(outline))
    out = rgb
    alpha = _alpha(rgb.shape, outlines, frame.iod * 0.01)
    if dark:
        tint = rng.choice([10, 25, 45, 70]) + rng.uniform(-8, 25, 3)
        down = np.clip(frame_rows(rgb.shape, frame, lift - high, lift + high), 0, 1)
        fade = 1 - rng.choice([0, 0, 0.25]) * down
        out = _paint(rgb, alpha * rng.uniform(0.78, 1.0) * fade, _surface(rng, rgb.shape, tint))
    elif rng.random() < 0.5:
        out = _paint(rgb, alpha * rng.uniform(0.02, 0.12), np.full(3, 235, np.float32))
    if rng.random() < 0.4:
        start = frame.to_pixels([(rng.uniform(-0.8, 0.6), lift - high)])[0]
        gleam = _alpha(rgb.shape, [_capsule(start, start + frame.iod * 0.5, frame.iod * 0.05)], 2)
        out = _paint(out, gleam * alpha * rng.uniform(0.1, 0.5), np.full(3, 245, np.float32))
    if rng.random() < 0.85:
        colour = rng.integers(0, 90, 3) if rng.random() < 0.7 else rng.integers(60, 220, 3)
        lines = np.zeros(rgb.shape[:2], np.uint8)
        thick = max(1, int(frame.iod * rng.uniform(0.015, 0.07)))
        for outline in outlines:
            cv2.polylines(lines, [outline.astype(np.int32)], True, 255, thick, cv2.LINE_AA)
        for a, b in (((-0.5 + wide, 0), (0.5 - wide, 0)), ((-0.5 - wide, 0), (-1.15, 0.02))):
            p, q = frame.to_pixels([a, b]).astype(int)
            cv2.line(lines, p.tolist(), q.tolist(), 255, thick, cv2.LINE_AA)
        p, q = frame.to_pixels([(0.5 + wide, 0), (1.15, 0.02)]).astype(int)
        cv2.line(lines, p.tolist(), q.tolist(), 255, thick, cv2.LINE_AA)
        out = _paint(out, lines.astype(np.float32) / 255, colour.astype(np.float32))
    return out


def frame_rows(shape: tuple[int, ...], frame: Frame, top: float, bottom: float) -> Mask:
    """0 at face row `top`, 1 at `bottom`, linear between and beyond; (H, W)."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    down = np.array([-frame.axis[1], frame.axis[0]])
    row = ((x - frame.origin[0]) * down[0] + (y - frame.origin[1]) * down[1]) / frame.iod**2
    rows: Mask = ((row - top) / (bottom - top)).astype(np.float32)
    return rows


def draw_over_eyes(rng: np.random.Generator, rgb: Image, frame: Frame, other: Item) -> Image:
    """Dark lenses, hair, fingers, or a patch over one or both eyes."""
    kind = rng.choice(["lens", "lens", "lens", "lens", "hair", "fingers", "patch"])
    if kind == "lens":
        return draw_glasses(rng, rgb, frame, dark=True)
    sides = [(-1,), (1,), (-1, 1)][rng.integers(3)]
    if kind == "hair":
        dark = rng.choice([12, 25, 50, 90])
        colour = dark + np.array([1.0, 0.6, 0.3]) * dark * rng.uniform(0, 1)
        outlines = []
        for side in sides:
            for x in np.linspace(0.05, 0.95, 14):
                x0 = side * (x + rng.normal(0, 0.06))
                x1 = x0 + rng.normal(0.05 * side, 0.06)
                end = rng.uniform(0.3, 0.9)
                strand = [(x0 - 0.07, -1.0), (x0 + 0.07, -1.0), (x1 + 0.05, end), (x1, end + 0.05)]
                outlines.append(frame.to_pixels(_smooth_outline(strand, 2)))
        return _paint(
            rgb, _alpha(rgb.shape, outlines, frame.iod * 0.01), _surface(rng, rgb.shape, colour)
        )
    if kind == "fingers":
        return _fingers(rng, rgb, frame, (rng.choice([-0.5, 0.5]), 0.0))
    outlines = []
    for side in sides:
        patch = _lens_outline(
            rng, (side * 0.5, 0.0), rng.uniform(0.3, 0.5), rng.uniform(0.22, 0.45)
        )
        outlines.append(frame.to_pixels(patch))
    return _paint(
        rgb, _alpha(rgb.shape, outlines, frame.iod * 0.01), _fabric(rng, rgb.shape, other)
    )


def _fingers(rng: np.random.Generator, rgb: Image, frame: Frame, over: Any) -> Image:
    colour = _skin(rgb, frame) * rng.uniform(0.85, 1.12)
    angle = rng.uniform(-0.5, 0.5) + (0 if rng.random() < 0.5 else np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    thick = rng.uniform(0.12, 0.17)
    count = int(rng.integers(3, 5))
    out = rgb
    for i in range(count):
        middle = np.asarray(over) + across * (i - (count - 1) / 2) * 2 * thick
        tip = middle - along * rng.uniform(0.3, 0.5)
        outline = frame.to_pixels(_capsule(middle + along * 2.2, tip, thick))
        alpha = _alpha(rgb.shape, [outline], frame.iod * 0.012)
        core = cv2.GaussianBlur(alpha, (0, 0), frame.iod * thick * 0.5)
        shaded = _surface(rng, rgb.shape, colour) * (0.62 + 0.42 * core)[..., None]
        out = _paint(out, alpha, shaded.astype(np.float32))
    return out


def draw_over_mouth(rng: np.random.Generator, rgb: Image, frame: Frame, other: Item) -> Image:
    """A mask, a scarf, fingers, or a patch over the mouth."""
    kind = rng.choice(["mask", "mask", "mask", "fingers", "patch", "scarf"])
    mouth = frame.to_face(frame.points[[13, 14]].mean(0))[0]
    if kind == "fingers":
        return _fingers(rng, rgb, frame, mouth + rng.normal(0, 0.05, 2))
    if kind == "patch":
        outline = _lens_outline(rng, mouth, rng.uniform(0.45, 0.9), rng.uniform(0.28, 0.55))
        alpha = _alpha(rgb.shape, [frame.to_pixels(outline)], frame.iod * 0.01)
        return _paint(rgb, alpha, _fabric(rng, rgb.shape, other))
    jaw = frame.to_face(frame.points[LOWER_FACE])
    nose = frame.to_face(frame.points[[5, 4]])
    top = nose[0] + rng.uniform(0, 1) * (nose[1] - nose[0]) + np.array([0, rng.uniform(-0.1, 0.2)])
    jaw = jaw + (jaw - mouth) * rng.uniform(0.0, 0.12)
    if kind == "scarf":
        jaw[:, 1] += np.where(jaw[:, 1] > 0.8, 1.2, 0)
        jaw[:, 0] *= 1.15
    cut = rng.integers(0, 4)
    jaw = jaw[cut : len(jaw) - cut]
    outline = _smooth_outline(np.concatenate([jaw, top[None]]), 2)
    colours = [(150, 200, 225), (120, 190, 195), (235, 238, 240), (22, 22, 25), (200, 160, 175)]
    if kind == "mask" and rng.random() < 0.7:
        fill = _surface(rng, rgb.shape, np.array(colours[rng.integers(len(colours))]))
        folds = frame_rows(rgb.shape, frame, 0, 1)
        fill *= (1 + rng.uniform(0, 0.06) * np.sin(folds * rng.uniform(15, 30)))[..., None]
    else:
        fill = _fabric(rng, rgb.shape, other)
    alpha = _alpha(rgb.shape, [frame.to_pixels(outline)], frame.iod * 0.012)
    core = cv2.GaussianBlur(alpha, (0, 0), frame.iod * 0.25)
    shaded = fill * (0.7 + 0.33 * core)[..., None]
    out = _paint(rgb, alpha, shaded.astype(np.float32))
    if kind == "mask" and rng.random() < 0.6:
        lines = np.zeros(rgb.shape[:2], np.uint8)
        for end, ear in ((outline[0], -1.15), (outline[len(outline) - 8], 1.15)):
            p, q = frame.to_pixels([end, (ear, rng.uniform(-0.1, 0.2))]).astype(int)
            cv2.line(lines, p.tolist(), q.tolist(), 255, max(1, int(frame.iod * 0.03)), 16)
        out = _paint(out, lines.astype(np.float32) / 255, np.full(3, 225, np.float32))
    return out


def draw_on_head(rng: np.random.Generator, rgb: Image, frame: Frame, other: Item) -> Image:
    """A mortarboard, cap, beanie, hat, or hood."""
    oval = frame.to_face(frame.points[FACE_OVAL])
    half = float(np.ptp(oval[:, 0]) / 2)
    shift = float(oval[:, 0].mean())
    brow = -float(rng.uniform(0.5, 0.85))
    kind = rng.choice(["board", "cap", "beanie", "hat", "hood"])
    fill = _fabric(rng, rgb.shape, other)
    if kind in ("board", "cap") and rng.random() < 0.6:
        fill = _surface(rng, rgb.shape, np.array([22, 22, 28]) + rng.uniform(0, 25, 3))
    soft = frame.iod * 0.012
    x = np.array([-1.12, -1.1, -0.95, -0.5, 0, 0.5, 0.95, 1.1, 1.12]) * half * rng.uniform(1, 1.1)
    if kind == "hood":
        outer = _lens_outline(
            rng, (shift, 0.3), half * rng.uniform(1.35, 1.7), rng.uniform(2.0, 2.4)
        )
        outer[:, 1] = np.where(outer[:, 1] > 0.9, 4.0, outer[:, 1])
        inner = oval + (oval - [shift, 0.4]) * rng.uniform(-0.06, 0.08)
        alpha = _alpha(rgb.shape, [frame.to_pixels(outer)], soft)
        alpha = alpha * (1 - _alpha(rgb.shape, [frame.to_pixels(_smooth_outline(inner, 1))], soft))
        edge = cv2.GaussianBlur(alpha, (0, 0), frame.iod * 0.2)
        return _paint(rgb, alpha, (fill * (0.6 + 0.45 * edge)[..., None]).astype(np.float32))
    top = brow - rng.uniform(1.0, 1.5)
    sides = brow + rng.uniform(0.1, 0.5)
    lower = np.stack([x + shift, brow + (sides - brow) * (abs(x) / abs(x).max()) ** 3], 1)
    dome = np.stack([x[::-1] * rng.uniform(0.8, 1.05) + shift, np.full(9, top)], 1)
    dome[:, 1] += (abs(dome[:, 0] - shift) / half) ** 2 * rng.uniform(0.2, 0.6)
    crown = _smooth_outline(np.concatenate([lower, dome]), 2)
    alpha = _alpha(rgb.shape, [frame.to_pixels(crown)], soft)
    edge = cv2.GaussianBlur(alpha, (0, 0), frame.iod * 0.25)
    out = _paint(rgb, alpha, (fill * (0.6 + 0.45 * edge)[..., None]).astype(np.float32))
    if kind == "board":
        middle = brow - rng.uniform(0.7, 1.0)
        wide, high = rng.uniform(1.5, 2.1), rng.uniform(0.25, 0.6)
        lean = rng.uniform(-0.15, 0.15)
        corners = [(-wide, middle + lean), (0, middle - high), (wide, middle - lean)]
        corners.append((rng.uniform(-0.4, 0.4), middle + high))
        board = frame.to_pixels(np.array(corners) + np.array([shift, 0]))
        out = _paint(out, _alpha(rgb.shape, [board], soft), fill * rng.uniform(0.8, 1.4))
        side = rng.choice([-1, 1]) * wide * rng.uniform(0.5, 0.95)
        tassel = frame.to_pixels([(shift, middle), (side, middle + 0.1), (side, middle + 1.3)])
        colour = [(200, 160, 40), (150, 20, 30), (20, 20, 24), (30, 50, 130)][rng.integers(4)]
        cord = np.zeros(rgb.shape[:2], np.uint8)
        cv2.polylines(cord, [tassel.astype(np.int32)], False, 255, max(1, int(frame.iod * 0.06)))
        out = _paint(out, cord.astype(np.float32) / 255, np.array(colour, np.float32))
    elif kind in ("cap", "hat"):
        wide = half * (rng.uniform(0.8, 1.1) if kind == "cap" else rng.uniform(1.6, 2.2))
        brim = _lens_outline(rng, (shift, brow - 0.02), wide, rng.uniform(0.12, 0.3))
        shade = fill * rng.uniform(0.5, 1.1)
        out = _paint(out, _alpha(rgb.shape, [frame.to_pixels(brim)], soft), shade)
    else:
        band = np.concatenate([lower, lower[::-1] - [0, rng.uniform(0.2, 0.45)]])
        shade = fill * rng.uniform(0.7, 1.2)
        out = _paint(out, _alpha(rgb.shape, [frame.to_pixels(band)], soft), shade)
    return out


def swap_top(rgb: Image, frame: Frame, other: Item, background: Image) -> Image:
    """Put what `other` has above the brows (hair or hat) on this head, before `background`."""
    theirs = Frame(other.points)
    source = theirs.to_pixels([(-1, 0), (1, 0), (0, 1)]).astype(np.float32)
    target = frame.to_pixels([(-1, 0), (1, 0), (0, 1)]).astype(np.float32)
    matrix = cv2.getAffineTransform(source, target)
    size = (rgb.shape[1], rgb.shape[0])
    top = cv2.warpAffine(other.rgb, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpAffine(other.mask, matrix, size)
    above = np.clip(frame_rows(rgb.shape, frame, -0.42, -0.55), 0, 1)
    out = rgb * (1 - above[..., None]) + background * above[..., None]
    return _paint(out.astype(np.uint8), above * mask, top.astype(np.float32))


# --- whole-picture changes ---------------------------------------------------------------


def backdrop(rng: np.random.Generator, shape: tuple[int, ...]) -> Image:
    """White, grey or light blue with a slight fall-off, (H, W, 3)."""
    colour = np.array(BACKGROUNDS[rng.integers(len(BACKGROUNDS))], np.float32)
    colour = colour + rng.normal(0, 6, 3)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    slope = (x / shape[1] - 0.5) * rng.normal(0, 8) + (y / shape[0] - 0.5) * rng.normal(0, 12)
    grain = rng.normal(0, 1.2, shape[:2])
    return np.clip(colour + (slope + grain)[..., None], 0, 255).astype(np.uint8)


def on_backdrop(rgb: Image, mask: Mask, background: Image) -> Image:
    """The person alone before another background."""
    alpha = np.clip((mask - 0.25) / 0.5, 0, 1)
    return _paint(background, alpha, rgb.astype(np.float32))


def _hat_lost(item: Item) -> bool:
    """Whether the person mask leaves out a covering, so that a new backdrop would erase it."""
    if item.labels["head"] != 1:
        return False
    frame = Frame(item.points)
    grid = [(x, y) for x in np.linspace(-0.7, 0.7, 9) for y in np.linspace(-1.3, -0.6, 9)]
    spots = np.round(frame.to_pixels(grid)).astype(int)
    height, width = item.mask.shape
    inside = (spots >= 0).all(1) & (spots < (width, height)).all(1)
    values = item.mask[spots[inside, 1], spots[inside, 0]]
    return len(values) == 0 or float(values.mean()) < 0.8


def expose(rng: np.random.Generator, rgb: Image) -> Image:
    """Exposure, contrast, colour of light, seldom greyscale."""
    out = rgb.astype(np.float32) / 255
    out = out ** np.exp(rng.normal(0, 0.18)) * (1 + rng.normal(0, 0.04, 3))
    if rng.random() < 0.12:
        out = np.repeat(out @ np.array([[0.299], [0.587], [0.114]]), 3, 2)
    return np.clip(out * 255, 0, 255).astype(np.uint8)


def portrait(
    rng: np.random.Generator, rgb: Image, points: Points, size: tuple[int, int] | None = None
) -> tuple[Image, Points]:
    """Scale down to the pixel size of a submitted portrait and compress as JPEG.

    With `size` (width, height) the picture is first cut to 3:4 around the head as a studio
    would; without it, the eye distance becomes 55 to 130 px where the picture allows.
    """
    frame = Frame(points)
    if size is None:
        scale = min(1.0, rng.uniform(55, 130) / frame.iod)
        offset = np.zeros(2)
    else:
        chin = float(points[152, 1])
        face = max(chin - float(points[10, 1]), 1.0)
        height = face / rng.uniform(0.42, 0.55)
        scale = size[1] / height
        middle = float(points[FACE_OVAL, 0].mean())
        left, top = middle - height * size[0] / size[1] / 2, chin - height * rng.uniform(0.66, 0.74)
        offset = np.array([left, top])
    if size is None:
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    if scale < 0.5:
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.4 / scale)
    matrix = np.array([[scale, 0, -scale * offset[0]], [0, scale, -scale * offset[1]]])
    small = cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))]
    code = cv2.imencode(".jpg", small[:, :, ::-1], quality)[1]
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)[:, :, ::-1]
    return np.ascontiguousarray(decoded), ((points - offset) * scale).astype(np.float32)


def mirror(rgb: Image, points: Points) -> tuple[Image, Points]:
    """Left-right mirror; the eye corners change places so that left stays left."""
    out = points.copy()
    out[:, 0] = rgb.shape[1] - 1 - out[:, 0]
    for a, b in ((33, 263), (133, 362)):
        out[[a, b]] = out[[b, a]]
    return np.ascontiguousarray(rgb[:, ::-1]), out


@dataclass(slots=True)
class Copy:
    """One altered copy: picture, its two eye centres, its labels, and how it was made."""

    item: Item
    kind: str
    rgb: Image
    eyes: tuple[NDArray[Any], NDArray[Any]]
    labels: dict[str, int | None]


def copies(item: Item, others: list[Item], kinds: list[str]) -> Iterator[Copy]:
    """Altered copies of a picture; `others` lend fabrics and tops of heads.

    Kinds: plain (light and scale only), backdrop, studio (backdrop, cut to 3:4), eyes, mouth,
    head (drawn coverings), glasses, clutter (patches where they cover nothing), swap (another
    head's top).
    """
    for number, kind in enumerate(kinds):
        rng = generator(item.file, number)
        rgb, points, labels = item.rgb, item.points, dict(item.labels)
        frame = Frame(points)
        other = others[rng.integers(len(others))]
        if kind == "eyes":
            rgb = draw_over_eyes(rng, rgb, frame, other)
            labels["eyes"] = 1
        elif kind == "mouth":
            rgb = draw_over_mouth(rng, rgb, frame, other)
            labels["mouth"] = 1
        elif kind == "glasses":
            rgb = draw_glasses(rng, rgb, frame, dark=False)
        elif kind == "clutter":
            place = [(-2.0, 0.5), (2.0, 0.5), (0.0, 2.9), (-1.9, 2.4), (1.9, 2.4)][rng.integers(5)]
            outline = _lens_outline(rng, place, rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7))
            alpha = _alpha(rgb.shape, [frame.to_pixels(outline)], frame.iod * 0.012)
            rgb = _paint(rgb, alpha, _fabric(rng, rgb.shape, other))
        background = backdrop(rng, rgb.shape)
        if rng.random() < REPLACED.get(kind, 0.5) and not _hat_lost(item):
            rgb = on_backdrop(rgb, item.mask, background)
        if kind == "swap":
            while other.labels["head"] is None:
                other = others[rng.integers(len(others))]
            rgb = swap_top(rgb, frame, other, background)
            labels = dict(labels, head=other.labels["head"])
        elif kind == "head":
            rgb = draw_on_head(rng, rgb, frame, other)
            labels = dict(labels, head=1)
        if rng.random() < 0.5:
            rgb, points = mirror(rgb, points)
        size = STUDIO_SIZES[rng.integers(2)] if kind == "studio" else None
        rgb, points = portrait(rng, expose(rng, rgb), points, size)
        wobble = Frame(points).iod * rng.normal(0, 0.025, (2, 2))
        left, right = eye_centres(points)
        yield Copy(item, kind, rgb, (left + wobble[0], right + wobble[1]), labels)
