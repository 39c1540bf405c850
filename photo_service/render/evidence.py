"""The evidence picture: every sign of editing with what it shows, for the person who reviews.

One card a sign, in the order of the report: what was seen, what it can and cannot mean, and where
there is something to look at, that: the preview or the photo on file beside the picture, the grid's
trace at its 64 offsets, a map of the parts that differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from photo_service.features import Features
from photo_service.messages import Messages, messages
from photo_service.render.fonts import Typeface, typeface
from photo_service.render.wrapping import wrap
from photo_service.report import Finding
from photo_service.service import Examination

_WIDTH, _PAD, _GAP = 960, 20, 14
_TEXT, _SMALL, _BIG = 16, 13, 22
_VIEW = 260
_PAPER, _INK, _GREY, _RULE = "#ffffff", "#1d1d1f", "#5f6368", "#d5d8dc"
_WEIGHTS = {"proof": "#c01c1c", "strong": "#b45f00", "weak": "#1558b0", "note": "#5f6368"}
_CELL = 26

View = tuple[str, Image.Image]


def draw_evidence(
    examination: Examination, language: str, *, font: Path | None = None
) -> bytes | None:
    """Draw the signs of editing.

    Args:
        examination: a report and the facts it rests on.
        language: ``zh`` or ``en``; English stands in where this machine has no Chinese font.
        font: a font file to prefer (`Settings.font`).

    Returns:
        A JPEG file; None when there is no sign.

    Raises:
        UsageError: ``font`` cannot be read.
    """
    face = typeface(font)
    text = messages(language if face.chinese else "en")
    findings = examination.report.evidence(text)
    if examination.features is None or not findings:
        return None
    cards = [_card(finding, examination.features, face, text) for finding in findings]
    top = _heading(face, text)
    height = sum(part.height for part in (top, *cards))
    sheet = Image.new("RGB", (_WIDTH, height), _PAPER)
    y = 0
    for part in (top, *cards):
        sheet.paste(part, (0, y))
        y += part.height
    encoded = BytesIO()
    sheet.save(encoded, "JPEG", quality=90, subsampling=0)
    return encoded.getvalue()


def _heading(face: Typeface, text: Messages) -> Image.Image:
    part = Image.new("RGB", (_WIDTH, _PAD + _BIG + _GAP), _PAPER)
    title = text.ui("evidence_title")
    face.write(ImageDraw.Draw(part), (_PAD, _PAD + _BIG), title, _BIG, _INK, bold=True)
    return part


def views_of(
    finding: Finding, features: Features, face: Typeface, text: Messages
) -> tuple[View, ...]:
    """What there is to look at for one sign: captions and pictures; often nothing."""
    draw = _VIEWS.get(finding.code)
    return () if draw is None else draw(features, face, text)


def _card(finding: Finding, features: Features, face: Typeface, text: Messages) -> Image.Image:
    views = views_of(finding, features, face, text)
    high = max((image.height for _, image in views), default=0)
    # Drawn twice: on nothing, to learn the height, then on paper.
    words = _words(Image.new("RGB", (1, 1)), finding, face, text)
    card = Image.new("RGB", (_WIDTH, words + (high + _SMALL + 2 * _GAP if views else 0)), _PAPER)
    y = _words(card, finding, face, text)
    x, draw = _PAD, ImageDraw.Draw(card)
    for label, image in views:
        card.paste(image, (x, y))
        draw.rectangle((x - 1, y - 1, x + image.width, y + image.height), outline=_RULE)
        face.write(draw, (x, y + high + _SMALL + 4), label, _SMALL, _GREY)
        x += max(image.width, round(face.length(label, _SMALL))) + _GAP
    return card


def _words(card: Image.Image, finding: Finding, face: Typeface, text: Messages) -> int:
    """Write a card's sentences; returns where its views begin."""
    draw = ImageDraw.Draw(card)
    draw.line((_PAD, 4, _WIDTH - _PAD, 4), _RULE)
    weight = text.get("evidence", finding.code, "weight")
    mark = text.word(weight)
    room = round(face.length(mark, _SMALL)) + 16
    draw.rounded_rectangle((_PAD, 14, _PAD + room, 36), 4, _WEIGHTS[weight])
    face.write(draw, (_PAD + 8, 30), mark, _SMALL, _PAPER, bold=True)
    title = text.get("check", finding.check, "title")
    face.write(draw, (_PAD + room + 10, 31), title, _TEXT, _INK, bold=True)
    y = 42
    paragraphs = (
        (finding.message(text), _TEXT, _INK),
        (text.get("evidence", finding.code, "means"), _SMALL + 1, _GREY),
    )
    for words, size, colour in paragraphs:

        def length(part: str, size: int = size) -> float:
            return face.length(part, size)

        for line in wrap(words, _WIDTH - 2 * _PAD, length):
            face.write(draw, (_PAD, y + size), line, size, colour)
            y += round(size * 1.45)
    return y + _GAP


# --- views -------------------------------------------------------------------------------------


def _fitted(pixels: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    scale = min(_VIEW / image.width, _VIEW / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _preview(features: Features, face: Typeface, text: Messages) -> tuple[View, ...]:
    preview = features.thumbnail.preview
    return (
        (text.ui("view_picture"), _fitted(features.photo.pixels)),
        (text.ui("view_preview"), _fitted(preview)),
        (text.ui("view_preview_mirrored"), _fitted(preview[:, ::-1])),
    )


def _reference(features: Features, face: Typeface, text: Messages) -> tuple[View, ...]:
    match = features.reference
    return (
        (text.ui("view_face"), _fitted(match.face)),
        (text.ui("view_on_file"), _fitted(match.reference)),
        (text.ui("view_face_mirrored"), _fitted(match.face[:, ::-1])),
    )


def _grid(features: Features, face: Typeface, text: Messages) -> tuple[View, ...]:
    """Strength of the trace at each offset; the offsets of mirroring and of no shift framed."""
    traces = features.grid
    side = 8 * _CELL + _CELL
    plot = Image.new("RGB", (side, side), _PAPER)
    draw = ImageDraw.Draw(plot)
    strongest = max(float(traces.contrast.ravel()[1:].max()), 1.0)
    for row in range(8):
        for column in range(8):
            x, y = _CELL + column * _CELL, _CELL + row * _CELL
            value = float(traces.contrast[row, column])
            shade = round(255 * (1 - min(max(value / strongest, 0.0), 1.0) * 0.85))
            draw.rectangle((x, y, x + _CELL - 2, y + _CELL - 2), (shade, shade, 255))
            colour = _PAPER if shade < 140 else _INK
            face.write(draw, (x + 3, y + 17), f"{value:.0f}", 11, colour)
    for number in range(8):
        face.write(draw, (_CELL + number * _CELL + 8, 18), str(number), _SMALL, _GREY)
        face.write(draw, (8, _CELL + number * _CELL + 18), str(number), _SMALL, _GREY)
    for (row, column), colour in (((0, 0), "#5f6368"), (traces.mirrored_offset, "#c01c1c")):
        x, y = _CELL + column * _CELL, _CELL + row * _CELL
        draw.rectangle((x - 1, y - 1, x + _CELL - 1, y + _CELL - 1), outline=colour, width=3)
    return ((text.ui("view_grid"), plot),)


def _differing(features: Features, face: Typeface, text: Messages) -> tuple[View, ...]:
    """What fits the earlier save in green, what does not in red, else nothing."""
    differs = features.ghost.differs
    known = ~np.isnan(differs)
    amount = np.clip(np.nan_to_num(differs, nan=0.0), 0, 1)
    colours = np.stack([255 * amount, 160 * (1 - amount), 40 * np.ones_like(amount)], axis=-1)
    size = features.width // 8 * 8, features.height // 8 * 8
    picture = Image.fromarray(features.photo.pixels[: size[1], : size[0]])
    if differs.shape != (size[1] // 8, size[0] // 8):
        # Blocks lie as stored, the picture as shown.
        return ((text.ui("view_map"), _fitted(colours.astype(np.uint8))),)
    heat = Image.fromarray(colours.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    veil = Image.fromarray((known * np.uint8(120)).astype(np.uint8)).resize(
        size, Image.Resampling.NEAREST
    )
    mixed = picture.copy()
    mixed.paste(heat, mask=veil)
    return (
        (text.ui("view_picture"), _fitted(np.asarray(picture))),
        (text.ui("view_map"), _fitted(np.asarray(mixed))),
    )


def _skin(features: Features, face: Typeface, text: Messages) -> tuple[View, ...]:
    """The face, and its finest detail made six times stronger."""
    x, y, width, height = (int(value) for value in features.geometry.box)
    part = features.photo.pixels[max(y, 0) : y + height, max(x, 0) : x + width]
    detail = 128 + 6 * (features.face_crop - _softened(features.face_crop))
    return (
        (text.ui("view_face"), _fitted(part)),
        (text.ui("view_detail"), _fitted(np.clip(detail, 0, 255).astype(np.uint8))),
    )


def _softened(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of 3 × 3."""
    padded = np.pad(luma, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, np.float32)


_VIEWS: Mapping[str, Callable[[Features, Typeface, Messages], tuple[View, ...]]] = {
    "thumbnail-mirrored": _preview,
    "preview-differs": _preview,
    "reference-mirrored": _reference,
    "grid-mirrored": _grid,
    "grid-shifted": _grid,
    "region-differs": _differing,
    "skin-smoothed": _skin,
}
