"""Make every picture in samples/ again, with MANIFEST.md and expected.json: python samples/make.py.

One person, one picture in the public domain, known defects. The top level tells the story that
`make demo` shows; codes/ holds one picture for each further code that a check can give.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import additions
import cv2
import numpy as np
import props
import warp
from archives import ARCHIVES, ArchiveSample
from authenticity import SIGNS, Sign
from cards_samples import CARDS, HELD_CARDS, CardSample
from PIL import Image
from scans_samples import SCANS, ScanSample
from subject import Person, Rgb, astronaut

from benchmarks import degradations as made
from photo_service.service import open_models
from photo_service.settings import Settings

HERE = Path(__file__).parent
BLUE, WHITE, GREY = (100, 197, 255), (244, 244, 244), (205, 205, 205)


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture to make.

    Attributes:
        file: path below samples/.
        shows: what a newcomer sees, and how it was made.
        decision: the verdict expected.
        codes: codes that must be among the findings.
        make: draws the file from the person.
        profile: the profile to judge it by.
        kind: the kind to judge it as.
        expect: what the applicant entered, by the names of `photo_service.context.Context`.
    """

    file: str
    shows: str
    decision: str
    codes: tuple[str, ...]
    make: Callable[[Person], bytes]
    profile: str = "graduation"
    kind: str = "graduation"
    expect: Mapping[str, str] = field(default_factory=dict)


# --- pictures ----------------------------------------------------------------------------------


def before(person: Person, colour: tuple[int, int, int] = BLUE) -> Rgb:
    """The person before one colour."""
    return made.on_background(person.rgb, person.alpha, made.plain_backdrop(person.shape, colour))


def jpeg(rgb: Rgb, quality: int = 88, dpi: int = 300) -> bytes:
    """A JPEG file."""
    return _saved(Image.fromarray(rgb), "JPEG", quality=quality, dpi=(dpi, dpi))


def _saved(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def plain(**window: Any) -> Callable[[Person], bytes]:
    """Cropped as `Person.window` says, before blue."""
    return lambda person: jpeg(before(person.window(**window)))


def filtered(change: Callable[[Rgb], Rgb], colour: tuple[int, int, int] = BLUE) -> Any:
    """The whole good picture, changed."""
    return lambda person: jpeg(change(before(person.window(), colour)))


def lit(change: Callable[[Rgb], Rgb], colour: tuple[int, int, int] = BLUE) -> Any:
    """Only the person changed, before an honest backdrop."""

    def make(person: Person) -> bytes:
        window = person.window()
        return jpeg(before(replace(window, rgb=change(window.rgb)), colour))

    return make


def bent(change: Callable[[Person], Person], **window: Any) -> Any:
    """Pose or expression changed, before blue."""
    return lambda person: jpeg(before(change(person.window(**window))))


def staged(scene: Callable[[Person], Rgb]) -> Any:
    """The person before something else."""

    def make(person: Person) -> bytes:
        window = person.window()
        return jpeg(made.on_background(window.rgb, window.alpha, scene(window)))

    return make


def squeezed(factor: float) -> Any:
    """Cropped too narrow or too wide, then pulled to 3:4."""

    def make(person: Person) -> bytes:
        width = round(330 / factor)
        window = person.window(face=0.41 * 330 / width if width < 330 else 0.41, size=(width, 440))
        wide = cv2.resize(before(window), (330, 440), interpolation=cv2.INTER_CUBIC)
        return jpeg(wide.astype(np.uint8))

    return make


def two_people(person: Person) -> bytes:
    """A smaller, mirrored second one behind the first."""
    first = person.window(face=0.30, eyes=0.40, shift=0.13)
    second = person.mirrored().window(face=0.24, eyes=0.50, shift=-0.27)
    behind = before(second)
    return jpeg(made.on_background(first.rgb, first.alpha, behind))


def suit_only(person: Person) -> bytes:
    """The helmet and the badges: a picture of something else."""
    part = cv2.resize(person.rgb[212:512, 240:465], (330, 440), interpolation=cv2.INTER_CUBIC)
    return jpeg(part.astype(np.uint8))


def studio(person: Person) -> bytes:
    """The flag and the space shuttle that stood in the studio."""
    return jpeg(person.window(face=0.30, eyes=0.266, shift=-0.06).rgb)


def transparent(person: Person) -> bytes:
    """Cut out and saved with an alpha channel."""
    window = person.window()
    alpha = np.round(255 * np.clip((window.alpha - 0.1) / 0.8, 0, 1)).astype(np.uint8)
    visible = np.where(alpha[..., None] > 0, window.rgb, 0).astype(np.uint8)
    return _saved(Image.fromarray(np.dstack([visible, alpha])), "PNG", optimize=True)


def palette(colours: int, bits: int) -> Callable[[Person], bytes]:
    """Saved with a table of colours."""

    def make(person: Person) -> bytes:
        image = Image.fromarray(before(person.window()))
        return _saved(image.quantize(colours, kmeans=8), "PNG", bits=bits, optimize=True)

    return make


def deep(person: Person) -> bytes:
    """16 bits a channel."""
    rgb = before(person.window()).astype(np.uint16) * 257
    return bytes(cv2.imencode(".png", rgb[..., ::-1])[1])


def desaturated(rgb: Rgb, share: float) -> Rgb:
    """Colours drawn towards grey: 1 leaves none."""
    return np.round((1 - share) * rgb + share * made.greyscale(rgb)).astype(np.uint8)


def sharpened(person: Person) -> bytes:
    """A sharpening filter at full strength, on a picture with detail down to the pixel."""
    rgb = before(person.window(face=0.30))
    soft = cv2.GaussianBlur(rgb, (0, 0), 0.7).astype(np.float64)
    return jpeg(np.clip(np.round(soft + 6 * (rgb - soft)), 0, 255).astype(np.uint8))


def saturated(rgb: Rgb, gain: float) -> Rgb:
    """Colours drawn away from grey."""
    grey = made.greyscale(rgb).astype(np.float64)
    return np.clip(np.round(grey + gain * (rgb - grey)), 0, 255).astype(np.uint8)


def shadow(person: Person) -> Rgb:
    """A flash from the left throws the head's shadow on the wall."""
    return made.cast_shadow(made.plain_backdrop(person.shape, WHITE), person.alpha, 60, 0.1)


def tinted(person: Person) -> Rgb:
    """A wall as light everywhere, violet at one side and green-blue at the other."""
    share = np.linspace(0, 1, person.shape[1])[None, :, None]
    wall = np.array([196, 196, 250]) * (1 - share) + np.array([150, 218, 230]) * share
    return made.noise(np.broadcast_to(wall, (*person.shape, 3)).round().astype(np.uint8), 1.0)


def lamp(rgb: Rgb) -> Rgb:
    """A lamp beside the face."""
    return made.half_light(rgb, 3.2, 0.5 * rgb.shape[1], 0.10 * rgb.shape[1])


def glare(rgb: Rgb) -> Rgb:
    """A flash on forehead and cheek."""
    return made.hot_spot(made.hot_spot(rgb, (165, 140), 26), (130, 210), 22)


# --- stories -----------------------------------------------------------------------------------


def whole_picture(person: Person) -> bytes:
    """The source itself: a fine portrait and no certificate photo."""
    return jpeg(person.rgb, quality=75)


def snapshot(person: Person) -> bytes:
    """Taken by a friend at dusk: tilted, off the middle, dim, in front of things."""
    window = person.tilted(9).window(face=0.27, eyes=0.30, shift=0.09)
    dim = made.exposure(made.side_light(window.rgb, 2.2), -1.1)
    return jpeg(made.motion_blur(made.noise(dim, 5), 5))


def forwarded(person: Person) -> bytes:
    """Sent on by chat programs: shrunk, blown up again, saved coarsely."""
    small = made.upscaled(before(person.window()), 3.2)
    return jpeg(made.jpeg(small, 60), quality=45, dpi=72)


def old_print(person: Person) -> bytes:
    """A faded brown print, photographed."""
    print_ = made.contrast(made.sepia(before(person.window(), WHITE)), 0.8)
    return jpeg(made.blur(print_, 0.8))


def selfie(person: Person) -> bytes:
    """At arm's length: the face fills the frame, the hair is cut."""
    return jpeg(before(person.window(face=0.74, eyes=0.42), GREY))


STORY = (
    Sample("accepted-blue.jpg", "good, light blue", "accepted", (), plain()),
    Sample(
        "accepted-white.jpg",
        "good, white",
        "accepted",
        (),
        lambda person: jpeg(before(person.window(), WHITE)),
    ),
    Sample(
        "accepted-grey.jpg",
        "good, light grey",
        "accepted",
        (),
        lambda person: jpeg(before(person.window(), GREY)),
    ),
    Sample(
        "whole-picture.jpg",
        "the source itself: square, small face, things behind",
        "rejected",
        ("aspect-wide", "background-objects"),
        whole_picture,
    ),
    Sample(
        "snapshot.jpg",
        "a friend's snapshot: tilted, dim, shaken, things behind",
        "rejected",
        ("face-tilted-right", "background-objects"),
        snapshot,
    ),
    Sample(
        "forwarded.jpg",
        "through chat programs: shrunk, blown up, saved coarsely",
        "review",
        ("detail-enlarged", "quality-low"),
        forwarded,
    ),
    Sample(
        "old-print.jpg",
        "a faded brown print",
        "rejected",
        ("picture-toned",),
        old_print,
    ),
    Sample(
        "selfie.jpg",
        "at arm's length: the face fills the frame",
        "rejected",
        ("face-large",),
        selfie,
    ),
    Sample(
        "cut-out.png",
        "background removed by software",
        "review",
        ("transparent-parts",),
        transparent,
    ),
    Sample(
        "blink.jpg",
        "eyes closed",
        "rejected",
        ("eyes-closed",),
        bent(lambda p: warp.turned(warp.eyes_shut(p, 1.0), pitch=-12)),
    ),
    Sample(
        "companion.jpg",
        "somebody else in the picture",
        "rejected",
        ("face-several",),
        two_people,
    ),
    Sample(
        "wall-shadow.jpg",
        "a flash throws a shadow on the wall",
        "review",
        ("background-shadow",),
        staged(shadow),
    ),
)


def _code(
    code: str,
    decision: str,
    shows: str,
    make: Callable[[Person], bytes],
    *,
    profile: str = "graduation",
    suffix: str = "jpg",
) -> Sample:
    return Sample(f"codes/{code}.{suffix}", shows, decision, (code,), make, profile)


CODES = (
    # encoding
    _code("width-few", "rejected", "290 px across", plain(size=(290, 420))),
    _code(
        "width-many",
        "review",
        "500 px across, strict rules",
        plain(size=(500, 640)),
        profile="graduation-strict",
    ),
    _code("height-few", "rejected", "405 px down", plain(size=(310, 405))),
    _code(
        "height-many",
        "review",
        "660 px down, strict rules",
        plain(size=(480, 660)),
        profile="graduation-strict",
    ),
    _code("aspect-narrow", "review", "9:16", plain(face=0.5, eyes=0.38, size=(300, 533))),
    _code("aspect-wide", "review", "square", plain(face=0.34, eyes=0.42, size=(430, 430))),
    _code("mode-unusual", "review", "256 colours", palette(256, 8), suffix="png"),
    _code("depth-low", "review", "16 colours in 4 bits", palette(16, 4), suffix="png"),
    _code("depth-high", "accepted", "16 bits a channel", deep, suffix="png"),
    _code("detail-enlarged", "review", "2.5 x enlarged", filtered(lambda p: made.upscaled(p, 2.0))),
    _code("stretched-tall", "review", "squeezed to 0.8 of its width", squeezed(0.8)),
    _code("stretched-wide", "review", "widened 1.25 x", squeezed(1.25)),
    _code(
        "density-low",
        "accepted",
        "says 72 dpi",
        lambda person: jpeg(before(person.window()), dpi=72),
    ),
    _code(
        "quality-low",
        "accepted",
        "saved at quality 45",
        lambda person: jpeg(before(person.window()), quality=45),
    ),
    # face
    _code("face-none", "rejected", "a helmet, no face", suit_only),
    _code(
        "face-turned-left",
        "rejected",
        "turned to the picture's left",
        bent(lambda p: warp.turned(p, yaw=-28)),
    ),
    _code(
        "face-turned-right",
        "rejected",
        "turned to the picture's right",
        bent(lambda p: warp.turned(p, yaw=28)),
    ),
    _code("face-raised", "review", "chin up", bent(lambda p: warp.turned(p, pitch=-27))),
    _code("face-lowered", "rejected", "chin down", bent(lambda p: warp.turned(p, pitch=14))),
    _code(
        "face-tilted-right",
        "rejected",
        "tilted by 15 degrees",
        lambda person: plain()(person.tilted(15)),
    ),
    _code(
        "face-tilted-left",
        "rejected",
        "tilted by 15 degrees",
        lambda person: plain()(person.tilted(-15)),
    ),
    _code(
        "eyes-closed",
        "review",
        "lids almost down",
        bent(lambda p: warp.eyes_shut(p, 0.9)),
    ),
    _code(
        "gaze-away",
        "accepted",
        "looking aside",
        bent(lambda p: warp.looking_aside(p, -0.18), face=0.54, eyes=0.46),
    ),
    _code("mouth-open", "accepted", "jaw dropped", bent(lambda p: warp.mouth_opened(p, 0.2))),
    _code("smile-broad", "accepted", "a broad smile", plain(face=0.44, eyes=0.42)),
    _code("head-covered", "rejected", "a knitted cap", bent(props.cap)),
    _code("eyes-covered", "rejected", "dark glasses", bent(props.dark_glasses)),
    _code("mouth-covered", "rejected", "a surgical mask", bent(props.mask)),
    _code("red-eyes", "review", "red pupils from a flash", bent(props.red_eyes)),
    _code(
        "lens-glare",
        "review",
        "a window shines in the glasses",
        bent(lambda p: props.glasses(p, glare=1.0)),
    ),
    # framing
    _code(
        "border-added",
        "rejected",
        "a blue frame",
        filtered(lambda p: made.framed(p, 0.035, (24, 60, 140)), WHITE),
    ),
    _code("bars-added", "rejected", "black bars", filtered(lambda p: additions.bars(p, 0.055))),
    _code(
        "margin-added",
        "review",
        "printed with a white margin and scanned",
        filtered(lambda p: additions.margin(p, 0.07, WHITE), WHITE),
    ),
    _code(
        "text-added",
        "rejected",
        "a name along the edge",
        filtered(lambda p: additions.lettering(p, "COLLINS E", (0.26, 0.08), 0.045, (20, 20, 30))),
    ),
    _code(
        "date-stamp",
        "rejected",
        "the camera's date",
        filtered(
            lambda p: additions.lettering(p, "2026/11/21", (0.75, 0.94), 0.05, (255, 170, 40))
        ),
    ),
    _code(
        "watermark-added",
        "rejected",
        "a studio's watermark",
        filtered(
            lambda p: additions.lettering(
                p, "STUDIO PROOF", (0.5, 0.5), 0.075, (255, 255, 255), opacity=0.7, lean=32
            )
        ),
    ),
    _code(
        "text-on-clothing",
        "review",
        "a name on the suit",
        lambda person: jpeg(
            additions.lettering(
                before(person.window(face=0.30, eyes=0.36)),
                "EXPRESS",
                (0.42, 0.86),
                0.045,
                (250, 245, 235),
            )
        ),
    ),
    _code(
        "text-suspected",
        "review",
        "strokes that spell nothing",
        filtered(lambda p: additions.lettering(p, "lllllll", (0.3, 0.09), 0.05, (250, 250, 250))),
    ),
    _code(
        "inset-picture",
        "rejected",
        "a code to be scanned",
        filtered(lambda p: additions.sticker(p, 0.21, (0.03, 0.03))),
    ),
    _code("screen-recapture", "rejected", "a photo of a screen", filtered(additions.screen)),
    _code("head-cut", "rejected", "hair cut by the top edge", plain(face=0.5, eyes=0.24)),
    _code("crown-close", "accepted", "little room above", plain(eyes=0.34)),
    _code("crown-far", "accepted", "much room above", plain(face=0.40, eyes=0.53)),
    _code("eyes-high", "accepted", "eyes high", plain(face=0.36, eyes=0.29)),
    _code("eyes-low", "accepted", "eyes low", plain(face=0.44, eyes=0.51)),
    _code("face-small", "review", "far away", plain(face=0.21, eyes=0.42)),
    _code("face-large", "review", "very near", plain(face=0.67, eyes=0.50)),
    _code("head-short", "accepted", "head short", plain(face=0.285, eyes=0.36)),
    _code("head-tall", "accepted", "head tall", plain(face=0.58, eyes=0.47)),
    _code("head-left", "review", "15 % left of the middle", plain(shift=-0.15)),
    _code("head-right", "review", "15 % right of the middle", plain(shift=0.15)),
    _code("shoulders-missing", "review", "cut at the chin", plain(face=0.56, eyes=0.643)),
    # background
    _code(
        "background-colour",
        "rejected",
        "red",
        lambda person: jpeg(before(person.window(), (190, 30, 40))),
    ),
    _code("background-objects", "rejected", "flag and shuttle behind", studio),
    _code(
        "background-patterned",
        "review",
        "patterned wall",
        staged(lambda p: made.patterned_backdrop(p.shape, (190, 205, 220), 16)),
    ),
    _code(
        "background-gradient",
        "review",
        "light from above only",
        staged(lambda p: made.gradient_backdrop(p.shape, BLUE, 120)),
    ),
    _code("background-tinted", "review", "coloured light from one side", staged(tinted)),
    # lighting
    _code("face-dark", "review", "against the light", lit(lambda p: made.exposure(p, -4.2), WHITE)),
    _code("picture-dark", "rejected", "far too dark", filtered(lambda p: made.exposure(p, -2.0))),
    _code("face-bright", "review", "overexposed", lit(lambda p: made.exposure(p, 0.8))),
    _code("tones-flat", "review", "foggy", filtered(lambda p: made.contrast(p, 0.4))),
    _code("light-uneven", "review", "light from one side", lit(lamp)),
    _code("hot-spot", "review", "glare on forehead and cheek", lit(glare)),
    _code("picture-grey", "rejected", "black and white", filtered(made.greyscale, WHITE)),
    _code(
        "picture-toned",
        "rejected",
        "brown print",
        lambda person: jpeg(made.sepia(before(person.window(face=0.43, eyes=0.42), WHITE))),
    ),
    _code("cast-blue", "rejected", "blue cast", filtered(lambda p: made.cast(p, 0.8, 1.35), WHITE)),
    _code(
        "cast-green", "rejected", "green cast", filtered(lambda p: made.cast(p, 0.85, 0.8), WHITE)
    ),
    _code(
        "cast-warm", "rejected", "warm cast", filtered(lambda p: made.cast(p, 1.12, 0.85), WHITE)
    ),
    _code("skin-pale", "review", "whitening filter", lit(lambda p: desaturated(p, 0.75))),
    _code("skin-strong", "review", "colours too strong", lit(lambda p: saturated(p, 2.0))),
    # sharpness
    _code("focus-soft", "rejected", "out of focus", filtered(lambda p: made.blur(p, 3.0))),
    _code("motion-blurred", "review", "shaken", filtered(lambda p: made.motion_blur(p, 8))),
    _code("halos-visible", "review", "sharpened too much", sharpened),
    _code("noise-strong", "review", "grain", filtered(lambda p: made.noise(p, 14))),
    _code(
        "blocking-visible",
        "rejected",
        "saved at quality 5",
        lambda person: jpeg(before(person.window()), quality=5),
    ),
)


def _sign(sign: Sign) -> Sample:
    def make(person: Person) -> bytes:
        return sign.make(before(person.window(size=sign.size)))

    return _code(
        sign.code, sign.decision, sign.shows, make, profile=sign.profile, suffix=sign.suffix
    )


def _card(card: CardSample) -> Sample:
    return Sample(
        card.file, card.shows, card.decision, card.codes, card.make,
        profile=card.kind, kind=card.kind, expect=card.expect,
    )  # fmt: skip


def _archive(archive: ArchiveSample) -> Sample:
    return Sample(
        archive.file, archive.shows, archive.decision, archive.codes, lambda _: archive.make(),
        profile="course-cards", kind="course-cards",
    )  # fmt: skip


def _scan(scan: ScanSample) -> Sample:
    return Sample(
        scan.file, scan.shows, scan.decision, scan.codes, lambda _: scan.make(),
        profile="certificate", kind="certificate", expect=scan.expect,
    )  # fmt: skip


SAMPLES = STORY + CODES + tuple(map(_sign, SIGNS)) + tuple(map(_card, CARDS + HELD_CARDS))
SAMPLES += tuple(map(_archive, ARCHIVES)) + tuple(map(_scan, SCANS))

_HEAD = """# Samples

Made by `samples/make.py`; do not edit. Every picture here shows one person and was made from one
picture: Eileen Collins, astronaut, portrait by NASA, 1993, in the public domain, as it comes with
scikit-image (`skimage.data.astronaut`). Backgrounds and defects are made. No other person's picture
may be added without a licence and a line here. ID cards are drawn (`samples/cards.py`), say
SPECIMEN 样本, and name people and numbers that do not exist. So do certificates, and course cards
in archives (`samples/scans.py`); archives are written byte by byte (`samples/archives.py`).

Expected verdicts are held by `tests/test_verify.py`; a picture may show further codes. Five
codes have no picture here: `file-over-limit` (2 MiB, made by the tests), `eyes-half-closed`
(shown to its check as numbers), `reference-mirrored` (needs a second photo), `set-too-many` and
`certificate-twice` (need several files, made by the tests).

| file | shows | profile | decision | codes |
|---|---|---|---|---|
"""


def main() -> None:
    """Write all files."""
    for old in (*HERE.rglob("*.jpg"), *HERE.rglob("*.png"), *HERE.rglob("*.zip")):
        old.unlink()
    for folder in ("codes", "documents", "archives"):
        (HERE / folder).mkdir(exist_ok=True)
    with open_models(Settings.from_env()) as models:
        person = astronaut(models)
    table, expected = [], {}
    for sample in SAMPLES:
        (HERE / sample.file).write_bytes(sample.make(person))
        codes = ", ".join(sample.codes)
        table.append(
            f"| {sample.file} | {sample.shows} | {sample.profile} | {sample.decision} | {codes} |\n"
        )
        expected[sample.file] = {
            "kind": sample.kind,
            "profile": sample.profile,
            "decision": sample.decision,
            "codes": list(sample.codes),
            **({"expect": dict(sample.expect)} if sample.expect else {}),
        }
    (HERE / "MANIFEST.md").write_text(_HEAD + "".join(table), "utf-8")
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
