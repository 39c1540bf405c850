"""What the authenticity checks find, and what they find in honest pictures.

    python benchmarks/forensics.py --data DIR [--split check] [--count 40] [--only PART …]
    python benchmarks/forensics.py --data DIR --fit

Every part edits labelled pictures in known ways, runs the real checks with the limits of the
shipped profile and prints the share that does not pass, by first and second JPEG quality where that
matters. Edits are simulated: no output of a beauty program or studio is among them. ``--fit``
prints the numbers of the skin model again, from the tune split.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import carriers, degradations
from benchmarks.labelled import Item, as_portrait, items, read
from models.runtime import Models
from photo_service import forensics, profile
from photo_service.check import Outcome, Status
from photo_service.context import Context
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.image import open_photo
from photo_service.metadata import standard_tables
from photo_service.report import Effect
from photo_service.service import open_models, verify
from photo_service.settings import Settings

Rgb = NDArray[np.uint8]

FIRST = (70, 85, 95)
SECOND = (75, 90, 95, 100, 0)
TOPICS = ("provenance", "mirroring", "editing")
OPEN: Mapping[str, Any] = {"max_file_bytes": 1 << 26, "max_pixels": 1 << 26}
SOURCES = ("compliant", "portrait_plain_bg", "portrait_busy_bg", "glasses", "mouth_open", "other")


# --- pictures ----------------------------------------------------------------------------------


def saved(rgb: Rgb, quality: int) -> bytes:
    """A JPEG of a quality, or a PNG for 0."""
    file, image = io.BytesIO(), Image.fromarray(np.ascontiguousarray(rgb))
    image.save(file, "JPEG", quality=quality) if quality else image.save(file, "PNG")
    return file.getvalue()


def again(rgb: Rgb, quality: int) -> Rgb:
    """The pixels after a save; as they are for 0."""
    if not quality:
        return rgb
    return np.asarray(Image.open(io.BytesIO(saved(rgb, quality))).convert("RGB"), np.uint8)


def with_own_table(rgb: Rgb, quality: int, rng: np.random.Generator) -> Rgb:
    """The pixels after a save with a table as cameras have: the standard one, altered at random."""
    table = standard_tables()[quality - 1] * rng.uniform(0.6, 1.5, 64)
    steps = table.round().clip(1, 255).astype(int).tolist()
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", qtables=[steps, steps])
    return np.asarray(Image.open(file).convert("RGB"), np.uint8)


def resized(rgb: Rgb, factor: float) -> Rgb:
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=kind), np.uint8)


def source(item: Item, rng: np.random.Generator) -> Rgb | None:
    """A picture without a grid of its own: reduced by a random factor, width no multiple of 8."""
    rgb = read(item.file)
    if rgb is None or min(rgb.shape[:2]) < 400:
        return None
    width = int(rng.uniform(0.6, 0.8) * min(rgb.shape[1], 900))
    width += 3 if width % 8 == 0 else 0
    height = round(rgb.shape[0] * width / rgb.shape[1])
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(rgb: Rgb) -> Rgb:
    return np.ascontiguousarray(rgb[:, ::-1])


def chosen(data: Path, split: str, count: int, labels: tuple[str, ...]) -> list[Item]:
    """Some pictures of a split, the same each time."""
    pool = [item for item in items(data) if item.split == split and item.label in labels]
    order = np.random.default_rng(7).permutation(len(pool))
    return [pool[i] for i in order[:count]]


# --- running checks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """What every part needs."""

    data: Path
    split: str
    count: int
    models: Models

    def pictures(self, labels: tuple[str, ...] = SOURCES) -> list[Item]:
        return chosen(self.data, self.split, self.count, labels)

    def outcome(self, check: str, file: bytes, reference: bytes | None = None) -> Outcome:
        """One check of the graduation profile on a file."""
        line = next(n for n in profile.load("graduation").lines if n.check.id == check)
        features = Features(open_photo(file, **OPEN), self.models, Context(reference=reference))
        try:
            return line.check.run(features, **line.limits)
        except CannotAssess as reason:
            return Outcome(Status.SKIP, reason.code)

    def found(self, check: str, file: bytes, code: str, reference: bytes | None = None) -> bool:
        return self.outcome(check, file, reference).code == code


class Rates:
    """Shares by condition."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen: dict[str, list[bool]] = {}

    def add(self, condition: str, found: bool) -> None:
        self._seen.setdefault(condition, []).append(found)

    def print(self) -> None:
        print(f"\n### {self._title}\n\n| condition | n | found |\n|---|---|---|")
        for condition, found in self._seen.items():
            print(f"| {condition} | {len(found)} | {np.mean(found):.3f} |")


def _second(quality: int) -> str:
    return str(quality) if quality else "PNG"


# --- parts -------------------------------------------------------------------------------------


def grid(bench: Bench) -> None:
    """Mirrored between two saves, by both qualities; honest pictures of every kind."""
    table: dict[tuple[int, int], list[bool]] = {}
    controls, crops = Rates("grid: honest controls called mirrored"), Rates("grid: crops (note)")
    blind = Rates("grid: where it is blind")
    own = Rates("grid: mirrored, first save with a table of its own")
    for number, item in enumerate(bench.pictures()):
        rng = np.random.default_rng(number)
        rgb = source(item, rng)
        if rgb is None:
            continue

        def called(pixels: Rgb, quality: int) -> bool:
            file = saved(pixels, quality)
            return bench.found("mirroring/grid_straight", file, "grid-mirrored")

        for first in FIRST:
            once = again(rgb, first)
            for second in SECOND:
                table.setdefault((first, second), []).append(called(mirrored(once), second))
        for second in (90, 95, 0):
            camera = with_own_table(rgb, 82, rng)
            own.add(f"about 82, then {_second(second)}", called(mirrored(camera), second))
        first, second = int(rng.choice((70, 80, 85, 90, 95))), int(rng.choice((85, 90, 95, 98, 0)))
        once = again(rgb, first)
        down, left = (int(v) for v in rng.integers(1, 40, 2))
        controls.add("saved once", called(rgb, second))
        controls.add("saved again", called(once, second))
        controls.add("cropped on all sides", called(once[down:-7, left:-5], second))
        controls.add(
            "cropped left and right only", called(once[:, left : -int(rng.integers(1, 9))], second)
        )
        controls.add("cropped top and bottom only", called(once[down:-3], second))
        controls.add("resized", called(resized(once, float(rng.uniform(0.6, 1.3))), second))
        controls.add(
            "through a chat program", called(resized(once, 0.7), int(rng.integers(65, 85)))
        )
        controls.add("camera file as it is", called_file(bench, item))
        code = bench.outcome("editing/not_cropped", saved(once[down:, left:], second)).code
        finer = not second or second > first + 4
        crops.add("second save finer" if finer else "second coarser", code == "grid-shifted")
        blind.add(
            "width divisible by 8", called(mirrored(again(rgb[:, : rgb.shape[1] // 8 * 8], 80)), 95)
        )
        blind.add("resized after mirroring", called(resized(mirrored(once), 0.8), 95))
    print("\n### grid: mirrored between two saves, share found\n")
    print("| first \\ second | " + " | ".join(map(_second, SECOND)) + " |")
    print("|---" * (len(SECOND) + 1) + "|")
    for first in FIRST:
        cells = [f"{np.mean(table[first, second]):.2f}" for second in SECOND]
        print(f"| {first} (n {len(table[first, 0])}) | " + " | ".join(cells) + " |")
    for rates in (own, controls, blind, crops):
        rates.print()


def called_file(bench: Bench, item: Item) -> bool:
    return bench.found("mirroring/grid_straight", item.file.read_bytes(), "grid-mirrored")


def thumbnail(bench: Bench) -> None:
    """The picture flipped under its preview."""
    rates = Rates("preview: mirrored against the picture")
    for number, item in enumerate(bench.pictures()):
        rgb = read(item.file)
        if rgb is None:
            continue
        rgb = resized(rgb, min(1.0, 700 / max(rgb.shape[:2])))
        image = Image.fromarray(rgb)
        size = (160, 120) if number % 3 == 0 else _within(image, 160)
        preview = _letterboxed(image) if number % 3 == 0 else carriers.small_jpeg(image, size, 70)
        for name, pixels in (("flipped", mirrored(rgb)), ("untouched", rgb)):
            file = carriers.with_exif(saved(pixels, 90), {carriers.MAKE: "x"}, preview)
            rates.add(name, bench.found("mirroring/thumbnail_straight", file, "thumbnail-mirrored"))
        cut = rgb[: int(0.9 * rgb.shape[0]), int(0.05 * rgb.shape[1]) :]
        file = carriers.with_exif(saved(cut, 90), {carriers.MAKE: "x"}, preview)
        rates.add(
            "cropped, old preview",
            bench.found("mirroring/thumbnail_straight", file, "thumbnail-mirrored"),
        )
    rates.print()


def _within(image: Image.Image, side: int) -> tuple[int, int]:
    scale = side / max(image.size)
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _letterboxed(image: Image.Image) -> bytes:
    """160 × 120 with black bars, as many cameras write it."""
    sheet, small = Image.new("RGB", (160, 120)), image.copy()
    small.thumbnail((160, 120))
    sheet.paste(small, ((160 - small.width) // 2, (120 - small.height) // 2))
    return carriers.small_jpeg(sheet, (160, 120), 70)


def reference(bench: Bench) -> None:
    """Neutral portraits against the smiling ones of the same people, straight and mirrored."""
    pairs: dict[str, dict[str, Item]] = {}
    for item in items(bench.data):
        if item.label == "compliant" and item.split == bench.split:
            pairs.setdefault(item.file.stem.partition("_")[0], {})[item.file.parent.name] = item
    rates = Rates("photo on file")
    scores: dict[str, list[float]] = {"straight": [], "mirrored": []}
    sides: list[float] = []
    for pair in list(pairs.values())[: bench.count]:
        if len(pair) < 2:
            continue
        shown, on_file = (read(pair[name].file) for name in ("neutral_front", "smiling_front"))
        if shown is None or on_file is None:
            continue
        shown, on_file = resized(shown, 0.5), resized(on_file, 0.6)
        filed = saved(on_file, 85)
        for name, pixels in (("straight", shown), ("mirrored", mirrored(shown))):
            file = saved(pixels, 88)
            features = Features(open_photo(file, **OPEN), bench.models, Context(reference=filed))
            match = features.reference
            scores[name].append(match.mirrored - match.straight)
            sides.append(features.geometry.width)
            code = bench.outcome("mirroring/reference_straight", file, filed).code
            rates.add(f"{name}: called mirrored", code == "reference-mirrored")
            rates.add(f"{name}: not judged", code == "reference-unlike")
    rates.print()
    a, b = np.array(scores["mirrored"]), np.array(scores["straight"])
    print(
        f"\nAUC {np.mean(a[:, None] > b):.3f}, n {len(a)} + {len(b)};"
        f" face {np.median(sides):.0f} px"
    )


SMOOTHING = ("bilateral", "guided", "edge-preserving", "median", "non-local means")


def smoothed(rgb: Rgb, eyes: float, kind: str, rng: np.random.Generator) -> Rgb:
    """A strong smoothing filter; ``eyes`` is the inter-eye distance in pixels."""
    if kind == "bilateral":
        out = cv2.bilateralFilter(rgb, 0, float(rng.uniform(25, 45)), 0.05 * eyes)
    elif kind == "guided":
        out = _guided(rgb, max(2, round(0.06 * eyes)), float(rng.uniform(0.008, 0.016)))
    elif kind == "edge-preserving":
        strength = float(rng.uniform(0.2, 0.3))
        out = cv2.edgePreservingFilter(rgb, flags=1, sigma_s=0.3 * eyes, sigma_r=strength)
    elif kind == "median":
        out = cv2.medianBlur(rgb, int(max(3, 0.07 * eyes)) | 1)
    else:
        strength = float(rng.uniform(8, 12))
        out = cv2.fastNlMeansDenoisingColored(rgb, None, strength, 10, 5, 15)
    return np.asarray(out, np.uint8)


def _guided(rgb: Rgb, radius: int, epsilon: float) -> Rgb:
    unit = rgb.astype(np.float32) / 255
    size = (2 * radius + 1, 2 * radius + 1)
    mean = cv2.boxFilter(unit, -1, size)
    variance = cv2.boxFilter(unit**2, -1, size) - mean**2
    gain = variance / (variance + epsilon)
    out = cv2.boxFilter(gain, -1, size) * unit + cv2.boxFilter(mean - gain * mean, -1, size)
    return np.asarray(np.clip(255 * out, 0, 255), np.uint8)


def _face_only(rgb: Rgb, filtered: Rgb, features: Features, strength: float) -> Rgb:
    """The filter within an ellipse over the face, its eyes and mouth left as they are."""
    face = features.geometry
    alpha = np.zeros(rgb.shape[:2], np.float32)
    x, y, width, height = face.box
    middle = (round(x + width / 2), round(y + height / 2))
    cv2.ellipse(alpha, middle, (round(0.5 * width), round(0.54 * height)), 0, 0, 360, 1.0, -1)
    for eye in (face.left_eye, face.right_eye):
        reach = (round(0.32 * face.eye_distance), round(0.2 * face.eye_distance))
        cv2.ellipse(alpha, (round(eye[0]), round(eye[1])), reach, 0, 0, 360, 0.0, -1)
    lips = features.face.points[[61, 291, 0, 17], :2]
    low, high = lips.min(axis=0), lips.max(axis=0)
    cv2.rectangle(alpha, _corner(low), _corner(high), 0.0, -1)
    soft = cv2.GaussianBlur(alpha, (0, 0), 0.04 * face.eye_distance)[..., None] * strength
    return np.asarray((rgb + (filtered.astype(np.float32) - rgb) * soft).round(), np.uint8)


def _corner(point: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


HONEST: Mapping[str, Callable[[Rgb, np.random.Generator], Rgb]] = {
    "untouched": lambda rgb, rng: rgb,
    "slightly out of focus": lambda rgb, rng: degradations.blur(rgb, 1.0),
    "reduced": lambda rgb, rng: resized(rgb, 0.7),
    "through a chat program": lambda rgb, rng: resized(again(resized(rgb, 0.65), 72), 1 / 0.65),
    "saved coarsely": lambda rgb, rng: again(rgb, int(rng.integers(50, 70))),
    "camera denoising": lambda rgb, rng: np.asarray(cv2.bilateralFilter(rgb, 5, 8, 3), np.uint8),
    "sharpened": lambda rgb, rng: _sharpened(rgb),
    "noise": lambda rgb, rng: degradations.noise(rgb, 3.0, int(rng.integers(1 << 20))),
}


def _sharpened(rgb: Rgb) -> Rgb:
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.2).astype(np.float32)
    return np.asarray(np.clip(1.6 * rgb.astype(np.float32) - 0.6 * soft, 0, 255), np.uint8)


def skins(bench: Bench) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
    """Label of the picture, what was done, and the skin's numbers."""
    for number, item in enumerate(bench.pictures(("compliant", "portrait_plain_bg", "glasses"))):
        rng = np.random.default_rng(number)
        rgb = read(item.file)
        if rgb is None:
            continue
        if item.label == "compliant":
            rgb = as_portrait(rgb, bench.models, number)
        features = Features(open_photo(saved(rgb, 0), **OPEN), bench.models)
        if not features.faces or features.geometry.eye_distance < 45:
            continue
        made = {name: change(rgb, rng) for name, change in HONEST.items()}
        for kind in SMOOTHING:
            strong = smoothed(rgb, features.geometry.eye_distance, kind, rng)
            made[f"strong {kind}"] = _face_only(rgb, strong, features, 1.0)
        made["half strength"] = _face_only(rgb, strong, features, 0.5)
        for name, pixels in made.items():
            file = saved(pixels, int(rng.integers(75, 98)))
            try:
                found = Features(open_photo(file, **OPEN), bench.models)
                yield item.label, name, found.skin_numbers
            except CannotAssess:
                continue


def skin(bench: Bench) -> None:
    """Strong smoothing by filter, honest pictures, and the AUC."""
    line = next(n for n in profile.load("graduation").lines if n.check.id == "editing/skin_texture")
    limit = line.limits["filtering"].accept.max
    rates = Rates(f"skin: index above {limit}")
    honest, strong = [], []
    for label, name, numbers in skins(bench):
        score = forensics.smoothing(numbers)
        shown = f"{name} ({label})" if name == "untouched" else name
        rates.add(shown, score > limit)
        if name == "untouched":
            honest.append(score)
        elif name.startswith("strong"):
            strong.append(score)
    rates.print()
    a, b = np.array(strong), np.array(honest)
    at_five = np.mean(a > np.quantile(b, 0.95))
    print(
        f"\nstrong against untouched: AUC {np.mean(a[:, None] > b):.3f}, found at 5 % {at_five:.3f}"
    )


def fit_skin(bench: Bench) -> None:
    """Logistic regression with a small ridge, both classes weighted alike."""
    found = [row for row in skins(bench) if row[1] != "half strength"]
    numbers = np.array([row[2] for row in found], np.float64)
    strong = np.array([row[1].startswith("strong") for row in found], np.float64)
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0)
    x = np.column_stack([(numbers - mean) / spread, np.ones(len(numbers))])
    weight = np.where(strong > 0, 0.5 / strong.mean(), 0.5 / (1 - strong.mean()))
    ridge = np.diag([*[3e-3 * len(x)] * numbers.shape[1], 0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (weight * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge
        beta -= np.linalg.solve(hessian, x.T @ (weight * (p - strong)) + ridge @ beta)
    for name, values in (("mean", mean), ("spread", spread), ("weights", beta[:-1])):
        print(name, ", ".join(f"{value:.3f}" for value in values))
    print(f"bias {beta[-1]:.3f}, n {len(x)}")


def local(bench: Bench) -> None:
    """A cheek painted over or copied between two saves."""
    rates = Rates("local change: patch found")
    for number, item in enumerate(bench.pictures()):
        rgb = source(item, np.random.default_rng(number))
        if rgb is None:
            continue
        height, width = rgb.shape[:2]
        brush = np.zeros((height, width), np.float32)
        middle = (round(width * 0.5), round(height * 0.45))
        cv2.circle(brush, middle, round(0.09 * width), 1.0, -1)
        brush = np.asarray(cv2.GaussianBlur(brush, (0, 0), 2), np.float32)[..., None]
        for first, second in ((75, 90), (85, 90), (85, 95), (90, 95), (85, 0), (95, 98)):
            once = again(rgb, first)
            other = {
                "untouched": once,
                "painted": np.asarray(cv2.bilateralFilter(once, 0, 30, 5), np.uint8),
                "copied": np.roll(once, (3, 5), (0, 1)),
            }
            for name, patch in other.items():
                pixels = np.asarray((once * (1 - brush) + patch * brush).round(), np.uint8)
                done = bench.outcome("editing/no_local_change", saved(pixels, second))
                condition = f"{first} → {_second(second)} {name}"
                rates.add(condition, done.code == "region-differs")
    rates.print()


def border(bench: Bench) -> None:
    """Frames around portraits; extended canvas."""
    rates = Rates("border: frame_content/no_border or no_bars not passed")
    for number, item in enumerate(bench.pictures(("compliant", "portrait_plain_bg"))):
        rgb = read(item.file)
        if rgb is None:
            continue
        rgb = as_portrait(rgb, bench.models, number)
        colour = ((24, 60, 140), (0, 0, 0), (190, 30, 40))[number % 3]
        shown = {"no border": rgb}
        for share in (0.01, 0.02, 0.05):
            shown[f"border {share:.0%}"] = degradations.framed(rgb, share, colour)
        wide = cv2.copyMakeBorder(rgb, 0, 0, 30, 30, cv2.BORDER_CONSTANT, value=colour)
        shown["canvas extended left and right"] = np.asarray(wide, np.uint8)
        for name, pixels in shown.items():
            file = saved(pixels, 90)
            done = (bench.outcome(f"frame_content/{n}", file) for n in ("no_border", "no_bars"))
            rates.add(name, any(outcome.status is Status.FAIL for outcome in done))
    rates.print()


def background(bench: Bench) -> None:
    """Share of flat background of real and painted backgrounds (a note)."""
    rates = Rates("background: called constant (a note)")
    for number, item in enumerate(bench.pictures(("compliant",))):
        rgb = read(item.file)
        if rgb is None:
            continue
        rgb = as_portrait(rgb, bench.models, number)
        features = Features(open_photo(saved(rgb, 0), **OPEN), bench.models)
        alpha = np.clip(
            cv2.resize(features.person, rgb.shape[1::-1]).astype(np.float32) * 3 - 1, 0, 1
        )
        backdrop = np.full_like(rgb, (100, 197, 255))
        painted = degradations.on_background(rgb, np.asarray(alpha, np.float32), backdrop)
        for quality in (92, 95, 98, 0):
            for name, pixels in (("real", rgb), ("painted", painted)):
                done = bench.outcome("editing/backdrop_natural", saved(pixels, quality))
                rates.add(f"{name}, {_second(quality)}", done.code == "backdrop-constant")
    rates.print()


def honest(bench: Bench) -> None:
    """What all authenticity checks do to compliant portraits, and what they cost."""
    rates, costs = Rates("compliant portraits: effect of authenticity checks"), []
    names = [line.check.id for line in profile.load("graduation").lines]
    wanted = [name for name in names if name.partition("/")[0] in TOPICS]
    for number, item in enumerate(bench.pictures(("compliant",))):
        rng = np.random.default_rng(number)
        rgb = read(item.file)
        if rgb is None:
            continue
        portrait = as_portrait(rgb, bench.models, number)
        quality = int(rng.integers(78, 98))
        shown = {
            "480 × 640": portrait,
            "other width": np.ascontiguousarray(portrait[4:-5, 3:-2]),
            "saved before": again(portrait, int(rng.integers(70, 95))),
        }
        for name, pixels in shown.items():
            file = saved(pixels, quality)
            report = verify(file)
            mine = [f for f in report.findings if f.check.partition("/")[0] in TOPICS]
            rates.add(f"{name}: rejected", any(f.effect is Effect.REJECT for f in mine))
            rates.add(f"{name}: to review", any(f.effect is Effect.REVIEW for f in mine))
        costs.append(_cost(bench, saved(portrait, 92), wanted))
    rates.print()
    print(f"\nall authenticity checks, 480 × 640: median {1e3 * float(np.median(costs)):.1f} ms")


def _cost(bench: Bench, file: bytes, wanted: list[str]) -> float:
    """Seconds that the authenticity checks take where the others' facts are there already."""
    features = Features(open_photo(file, **OPEN), bench.models)
    for fact in ("face_crop", "backdrop"):
        with suppress(CannotAssess):
            getattr(features, fact)
    lines = {line.check.id: line for line in profile.load("graduation").lines}
    started = time.process_time()
    for name in wanted:
        with suppress(CannotAssess):
            lines[name].check.run(features, **lines[name].limits)
    return time.process_time() - started


PARTS: Mapping[str, Callable[[Bench], None]] = {
    "grid": grid,
    "thumbnail": thumbnail,
    "reference": reference,
    "skin": skin,
    "local": local,
    "border": border,
    "background": background,
    "honest": honest,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="check")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--only", nargs="*", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with open_models(Settings.from_env()) as models:
        split = "tune" if arguments.fit else arguments.split
        bench = Bench(arguments.data, split, arguments.count, models)
        if arguments.fit:
            fit_skin(bench)
            return
        print(f"split {split}, at most {arguments.count} pictures a part")
        for name in arguments.only:
            PARTS[name](bench)


if __name__ == "__main__":
    main()
