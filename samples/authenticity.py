"""Samples of what files say of themselves and of what can be seen of editing.

Each change takes the good picture's pixels and returns a file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import carriers

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sign:
    """One code to show: see `make.Sample`."""

    code: str
    decision: str
    shows: str
    make: Callable[[Rgb], bytes]
    profile: str = "graduation"
    suffix: str = "jpg"
    size: tuple[int, int] = (312, 416)


def saved(rgb: Rgb, quality: int = 88) -> bytes:
    """A JPEG, or a PNG for quality 0."""
    file, image = io.BytesIO(), Image.fromarray(rgb)
    if quality:
        image.save(file, "JPEG", quality=quality, dpi=(300, 300))
    else:
        image.save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def exif(tags: dict[int, Any]) -> Callable[[Rgb], bytes]:
    return lambda rgb: carriers.with_exif(saved(rgb), tags)


SETTINGS = {
    carriers.ARTIST: "Meitu",
    carriers.USER_COMMENT: carriers.user_comment(json.dumps(carriers.MEITU_SETTINGS)),
}
SETTINGS_OFF = {
    carriers.ARTIST: "Meitu",
    carriers.USER_COMMENT: carriers.user_comment(
        json.dumps({"FaceliftInfo": {"IsChangeThinFace": False}, "MakeupInfo": {}})
    ),
}


def again(rgb: Rgb, first: int = 80) -> Rgb:
    """The pixels after a save as JPEG."""
    return np.asarray(Image.open(io.BytesIO(saved(rgb, first))).convert("RGB"))


def flipped(rgb: Rgb) -> Rgb:
    """Left and right swapped."""
    return np.ascontiguousarray(rgb[:, ::-1])


def flipped_under_preview(rgb: Rgb) -> bytes:
    """Flipped, with the preview of before."""
    preview = carriers.small_jpeg(Image.fromarray(rgb))
    return carriers.with_exif(saved(flipped(rgb)), {carriers.MAKE: "Camera"}, preview)


def smoothed(rgb: Rgb) -> Rgb:
    """Filtered until the skin is smooth; edges stay."""
    return np.asarray(cv2.edgePreservingFilter(rgb, flags=1, sigma_s=20, sigma_r=0.3), np.uint8)


def filled(rgb: Rgb) -> Rgb:
    """What is nearly the corner's colour, in exactly that colour."""
    near = np.abs(rgb.astype(np.int16) - rgb[0, 0]).max(axis=2, keepdims=True) <= 8
    return np.where(near, rgb[0, 0], rgb)


def retouched(rgb: Rgb) -> Rgb:
    """One cheek painted over."""
    height, width = rgb.shape[:2]
    brush = np.zeros((height, width), np.float32)
    cv2.circle(brush, (round(0.43 * width), round(0.5 * height)), round(0.1 * width), 1, -1)
    brush = np.asarray(cv2.GaussianBlur(brush, (0, 0), 2), np.float32)[..., None]
    soft = cv2.bilateralFilter(rgb, 0, 30, 5)
    return np.asarray((rgb * (1 - brush) + soft * brush).round(), np.uint8)


SIGNS = (
    Sign(
        "orientation-mirrored",
        "rejected",
        "a tag mirrors the picture",
        lambda rgb: carriers.with_exif(saved(flipped(rgb)), {carriers.ORIENTATION: 2}),
    ),
    Sign("thumbnail-mirrored", "review", "flipped, the preview not", flipped_under_preview),
    Sign(
        "grid-mirrored",
        "review",
        "flipped between two saves",
        lambda rgb: saved(flipped(again(rgb)), 93),
        size=(315, 420),
    ),
    Sign("skin-smoothed", "review", "skin filtered smooth", lambda rgb: saved(smoothed(rgb))),
    Sign(
        "region-differs",
        "accepted",
        "a patch painted between two saves",
        lambda rgb: saved(retouched(again(rgb, 85)), 95),
    ),
    Sign(
        "backdrop-constant",
        "accepted",
        "one value behind the person",
        lambda rgb: saved(filled(rgb), 95),
    ),
    Sign(
        "grid-shifted",
        "accepted",
        "cropped between two saves",
        lambda rgb: saved(np.ascontiguousarray(again(rgb)[5:421, 3:315]), 93),
        size=(318, 424),
    ),
    Sign(
        "size-other",
        "accepted",
        "the file remembers another size",
        exif({carriers.STATED_WIDTH: 3000, carriers.STATED_HEIGHT: 4000}),
    ),
    Sign("saved-again", "accepted", "saved twice", lambda rgb: saved(again(rgb), 94)),
    Sign(
        "preview-differs",
        "accepted",
        "the preview shows something else",
        lambda rgb: carriers.with_exif(
            saved(rgb), {carriers.MAKE: "Camera"}, carriers.small_jpeg(Image.fromarray(rgb[200:]))
        ),
    ),
    Sign(
        "ai-label-generated",
        "rejected",
        "China's AI label says generated",
        lambda rgb: carriers.with_xmp(saved(rgb), carriers.ai_label(1, escaped=True)),
    ),
    Sign(
        "ai-label-possible",
        "review",
        "China's AI label says possibly",
        lambda rgb: carriers.with_xmp(saved(rgb), carriers.ai_label(2)),
    ),
    Sign(
        "ai-generator-named",
        "review",
        "a generator's parameters in a PNG",
        lambda rgb: carriers.with_text(
            saved(rgb, 0), "parameters", "portrait\nSteps: 30, Sampler: Euler a, Seed: 1"
        ),
        suffix="png",
    ),
    Sign("beauty-settings-on", "review", "Meitu's settings: thin face", exif(SETTINGS)),
    Sign("beauty-app-named", "review", "signed by B612", exif({carriers.SOFTWARE: "B612 12.1.5"})),
    Sign("beauty-settings-off", "accepted", "Meitu's settings, all off", exif(SETTINGS_OFF)),
    Sign(
        "editor-named",
        "accepted",
        "saved by Photoshop",
        lambda rgb: carriers.with_xmp(
            saved(rgb),
            carriers.history(("saved", "Adobe Photoshop 25.0 (Windows)")),
            'xmp:CreatorTool="Adobe Photoshop 25.0 (Windows)"',
        ),
    ),
    Sign(
        "credentials-edits",
        "accepted",
        "content credentials tell of a filter",
        lambda rgb: carriers.with_credentials(saved(rgb), ("c2pa.opened", "c2pa.filtered")),
    ),
    Sign(
        "taken-long-ago",
        "review",
        "taken in 2019",
        exif({carriers.TAKEN: "2019:06:01 10:20:30"}),
    ),
    Sign(
        "screenshot-stated",
        "review",
        "a screenshot that says so",
        exif({carriers.USER_COMMENT: carriers.user_comment("Screenshot")}),
    ),
    Sign(
        "screenshot-sized",
        "review",
        "the size of a tablet's screen",
        lambda rgb: saved(np.asarray(cv2.resize(rgb, (1620, 2160)), np.uint8), 40),
    ),
)
