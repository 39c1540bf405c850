"""The overlay: the picture with what was measured drawn in, and what it means beside it.

Rulers stand in the margins, so that the face stays free: a green stretch is where a line may lie,
the marker where it lies. Numbers in the picture are those of the reasons in the panel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from photo_service.card.scene import Card
from photo_service.check import Region, Status
from photo_service.collection import Member
from photo_service.errors import CannotAssess
from photo_service.features import PERSON_FROM, Features
from photo_service.messages import Messages, messages
from photo_service.render.fonts import Point, Typeface, typeface
from photo_service.render.reasons import Reason, reasons_of
from photo_service.render.rulers import Ruler, page_outline, rulers_of
from photo_service.render.values import file_size, measured
from photo_service.render.wrapping import wrap
from photo_service.report import Decision, Effect, Finding, Report
from photo_service.service import Examination

EXTENSION = "jpg"

_LOW, _USUAL, _HIGH, _WIDE = 480, 640, 900, 900
_PANEL_WIDTH = 440
_PAD = 16
_TEXT, _SMALL, _BIG = 16, 13, 26
_ROW = 46
_BAR = 12
_SMOOTH = 4

_PAPER, _INK, _GREY, _RULER = "#ffffff", "#1d1d1f", "#5f6368", "#d5d8dc"
_GREEN, _BLUE, _AMBER, _RED = "#1e7d32", "#1558b0", "#b45f00", "#c01c1c"
_ALLOWED = "#8fd19e"
_DECISIONS = {
    Decision.ACCEPTED: _GREEN,
    Decision.REVIEW: _AMBER,
    Decision.REJECTED: _RED,
}

# Of a contact sheet: up to so many members, columns and the side of each, pixels.
_LAYOUTS = ((4, 2, 240), (12, 3, 180), (30, 5, 140), (math.inf, 7, 110))
_FRAME, _GAP = 4, 8

Box = tuple[float, float, float, float]


def draw_overlay(examination: Examination, language: str, *, font: Path | None = None) -> bytes:
    """Draw what was found, for a person who decides.

    Args:
        examination: a report and the facts it rests on.
        language: ``zh`` or ``en``; English stands in where this machine has no Chinese font.
        font: a font file to prefer (`Settings.font`).

    Returns:
        A JPEG file (quality 90, full colour resolution): small enough to keep many of, and the
        letters stay crisp. The same examination gives the same bytes on the same machine. It shows
        no name of the file. Of several files together, all of them small, numbered and framed by
        their verdicts. For a file that could not be opened, a card with the reason.

    Raises:
        UsageError: ``font`` cannot be read.
    """
    face = typeface(font)
    text = messages(language if face.chinese else "en")
    panel = _Panel(face, text)
    side = panel.draw(examination.report, key=examination.features is not None)
    if examination.features is not None:
        picture = _Sheet(examination.report, examination.features, face, text, side.height).draw()
    elif examination.members:
        picture = _contact_sheet(examination.members, face, text)
    else:
        return _encoded(side)
    sheet = Image.new("RGB", (picture.width + side.width, max(picture.height, side.height)), _PAPER)
    sheet.paste(picture, (0, 0))
    sheet.paste(side, (picture.width, 0))
    return _encoded(sheet)


def draw_members(examination: Examination, language: str, *, font: Path | None = None) -> bytes:
    """Draw several files together as `draw_overlay` does, without the words beside them.

    Args:
        examination: of an archive or of several files, with members.
        language: as in `draw_overlay`.
        font: likewise.

    Returns:
        A JPEG file.

    Raises:
        UsageError: ``font`` cannot be read.
    """
    face = typeface(font)
    text = messages(language if face.chinese else "en")
    return _encoded(_contact_sheet(examination.members, face, text))


def draw_measured(examination: Examination, language: str, *, font: Path | None = None) -> bytes:
    """Draw the overlay without the words beside it, for a page that has its own.

    Numbers in the picture are those of `photo_service.render.reasons.reasons_of`.

    Args:
        examination: a report and the facts it rests on, of a picture that could be opened.
        language: as in `draw_overlay`.
        font: likewise.

    Returns:
        A JPEG file, the picture at most 640 pixels high and wide, so that what is written beside
        it can be read where it is printed small.

    Raises:
        UsageError: ``font`` cannot be read.
    """
    assert examination.features is not None
    face = typeface(font)
    text = messages(language if face.chinese else "en")
    sheet = _Sheet(examination.report, examination.features, face, text, widest=_USUAL)
    return _encoded(sheet.draw())


def _encoded(sheet: Image.Image) -> bytes:
    encoded = BytesIO()
    sheet.save(encoded, "JPEG", quality=90, subsampling=0)
    return encoded.getvalue()


def _contact_sheet(members: Sequence[Member], face: Typeface, text: Messages) -> Image.Image:
    """All members small, each with its number and framed by its verdict."""
    columns, side = next(layout for most, *layout in _LAYOUTS if len(members) <= most)
    rows = -(-len(members) // columns)
    step = side + 2 * _FRAME + _GAP
    sheet = Image.new("RGB", (columns * step + _PAD, rows * step + _PAD), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, member in enumerate(members):
        x, y = _PAD + place % columns * step, _PAD + place // columns * step
        colour = _DECISIONS[member.report.decision]
        edge = side + 2 * _FRAME - 1
        draw.rectangle((x, y, x + edge, y + edge), _RULER, colour, _FRAME)
        if member.look is None:
            _write_format(draw, (x, y, edge, edge), member.report.image.format, face, text)
        else:
            small = ImageOps.contain(Image.fromarray(member.look.small), (side, side))
            corner = _FRAME + (side - small.width) // 2, _FRAME + (side - small.height) // 2
            sheet.paste(small, (x + corner[0], y + corner[1]))
        label = f"[{member.position}] {text.ui(f'decision_{member.report.decision}')}"
        draw.rectangle((x, y, x + face.length(label, _SMALL) + 12, y + 22), colour)
        face.write(draw, (x + 6, y + 16), label, _SMALL, _PAPER, bold=True)
    return sheet


def _write_format(
    draw: ImageDraw.ImageDraw, box: Box, name: str, face: Typeface, text: Messages
) -> None:
    """What a file is that is no picture, in the middle of its box."""
    word = text.word(name)
    x, y, width, height = box
    at = x + (width - face.length(word, _SMALL)) / 2, y + height / 2 + _SMALL / 2
    face.write(draw, at, word, _SMALL, _GREY)


def _colour(finding: Finding) -> str:
    if finding.effect is Effect.REJECT:
        return _RED
    if finding.effect is Effect.REVIEW:
        return _AMBER
    return _GREEN if finding.status is Status.PASS else _BLUE


class _Sheet:
    """The picture with rulers at its left and below, about as high as ``height`` or as usual."""

    def __init__(
        self,
        report: Report,
        features: Features,
        face: Typeface,
        text: Messages,
        height: int = 0,
        *,
        widest: int = _WIDE,
    ) -> None:
        self._features = features
        self._face = face
        self._text = text
        self._reasons = reasons_of(report, text)
        self._rulers = rulers_of(report, features)
        self._is_portrait = any(f.check.startswith("face/") for f in report.findings)
        least = min(max(features.height, _LOW), _USUAL)
        high = min(max(height - 2 * _PAD - 2 * _ROW, least), _HIGH)
        self._zoom = min(high / features.height, widest / features.width)
        self._size = (
            max(1, round(features.width * self._zoom)),
            max(1, round(features.height * self._zoom)),
        )

    def draw(self) -> Image.Image:
        rulers = [self._zoomed(ruler) for ruler in self._rulers]
        down = [ruler for ruler in rulers if ruler.axis == "y"]
        across = [ruler for ruler in rulers if ruler.axis == "x"]
        left = _PAD
        if down or across:
            labels = [self._label_width(ruler) for ruler in (*down, *across)]
            left += round(max(labels)) + (len(down) or 1) * (_BAR + 6) + 6
        width, height = self._size
        sheet = Image.new(
            "RGB", (left + width + _PAD, _PAD + height + _PAD + _ROW * len(across)), _PAPER
        )
        self._picture(sheet, (left, _PAD), down, across)
        draw = ImageDraw.Draw(sheet)
        self._left_rulers(draw, down, left)
        self._lower_rulers(draw, across, left)
        return sheet

    # --- the rulers --------------------------------------------------------------------------

    def _zoomed(self, ruler: Ruler) -> Ruler:
        """A ruler in pixels of the shown picture."""
        photo, (width, height) = self._features.photo, self._size
        zoom = width / photo.width if ruler.axis == "x" else height / photo.height
        marks = tuple(mark * zoom for mark in ruler.marks)
        bands = tuple((low * zoom, high * zoom) for low, high in ruler.bands)
        return replace(ruler, marks=marks, bands=bands)

    def _label(self, ruler: Ruler) -> tuple[str, str]:
        value, allowed = measured(ruler.finding, self._text)
        label = self._text.ui(ruler.finding.check.replace("/", "_"))
        return f"{label} {value}", self._text.ui("allowed", allowed=allowed)

    def _label_width(self, ruler: Ruler) -> float:
        label, allowed = self._label(ruler)
        return max(self._face.length(label, _TEXT), self._face.length(allowed, _SMALL))

    def _write_label(self, draw: ImageDraw.ImageDraw, ruler: Ruler, right: float, y: float) -> None:
        """Two lines flush right, ``y`` between them."""
        label, allowed = self._label(ruler)
        length = self._face.length(label, _TEXT)
        self._face.write(
            draw, (right - length, y - 2), label, _TEXT, _colour(ruler.finding), bold=True
        )
        length = self._face.length(allowed, _SMALL)
        self._face.write(draw, (right - length, y + _SMALL + 2), allowed, _SMALL, _GREY)

    def _left_rulers(self, draw: ImageDraw.ImageDraw, rulers: Sequence[Ruler], left: int) -> None:
        height = self._size[1]
        right = left - 6 - len(rulers) * (_BAR + 6)
        heights = _apart([ruler.marks[0] for ruler in rulers], _ROW, height)
        for column, ruler in enumerate(rulers):
            x = right + 6 + column * (_BAR + 6)
            draw.rectangle((x, _PAD, x + _BAR, _PAD + height - 1), _RULER)
            for low, high in ruler.bands:
                draw.rectangle((x, _PAD + low, x + _BAR, _PAD + high), _ALLOWED)
        for column, (ruler, y) in enumerate(zip(rulers, heights, strict=True)):
            x = right + 6 + column * (_BAR + 6)
            mark, colour = _PAD + ruler.marks[0], _colour(ruler.finding)
            # From the label past the other ruler into the picture; thick on its own ruler.
            draw.line((right + 2, mark, left, mark), colour, 2)
            draw.rectangle((x - 2, mark - 3, x + _BAR + 2, mark + 2), colour)
            self._write_label(draw, ruler, right, _PAD + y)

    def _lower_rulers(self, draw: ImageDraw.ImageDraw, rulers: Sequence[Ruler], left: int) -> None:
        width, height = self._size
        for row, ruler in enumerate(rulers):
            y = _PAD + height + 10 + row * _ROW
            draw.rectangle((left, y + 8, left + width - 1, y + 8 + _BAR), _RULER)
            for low, high in ruler.bands:
                inside = max(low, 0.0), min(high, float(width - 1))
                if inside[0] < inside[1]:
                    draw.rectangle(
                        (left + inside[0], y + 8, left + inside[1], y + 8 + _BAR), _ALLOWED
                    )
            for mark in ruler.marks:
                x = left + min(max(mark, 0.0), width - 1.0)
                draw.rectangle((x - 1, y + 4, x + 2, y + 12 + _BAR), _colour(ruler.finding))
            self._write_label(draw, ruler, left - 6, y + 14)

    # --- in the picture ----------------------------------------------------------------------

    def _picture(
        self,
        sheet: Image.Image,
        corner: tuple[int, int],
        down: Sequence[Ruler],
        across: Sequence[Ruler],
    ) -> None:
        width, height = self._size
        picture = Image.fromarray(self._features.photo.pixels).resize(
            self._size, Image.Resampling.LANCZOS
        )
        card = self._features.card_if_sought
        if self._is_portrait:
            self._person(picture)
        draw = ImageDraw.Draw(picture)
        face = self._face_box() if self._is_portrait else None
        if card is not None:
            self._card(draw, card)
        if page := page_outline(self._features):
            self._outline(draw, page)
        if face is not None:
            _frame(draw, face, _PAPER, 1)
        spots: dict[str, Point] = {}
        for ruler in down:
            y, colour = ruler.marks[0], _colour(ruler.finding)
            if face is not None and face[1] < y < face[1] + face[3]:
                # The face itself stays free.
                _line(draw, (0, y, face[0] + 0.1 * face[2], y), colour)
                _line(draw, (face[0] + 0.9 * face[2], y, width, y), colour)
            else:
                _line(draw, (0, y, width, y), colour)
            spots[ruler.finding.check] = 0, y
        for ruler in across:
            for x in ruler.marks:
                start = 0.5 if len(ruler.marks) > 1 else 1.0
                top = height * start if face is None else face[1] + face[3] * start
                _line(draw, (x, top, x, height), _colour(ruler.finding))
            spots[ruler.finding.check] = ruler.marks[0], height
        self._numbers(picture, spots)
        sheet.paste(picture, corner)
        ImageDraw.Draw(sheet).rectangle(
            (corner[0] - 1, corner[1] - 1, corner[0] + width, corner[1] + height), outline=_GREY
        )

    def _card(self, draw: ImageDraw.ImageDraw, card: Card) -> None:
        """The card's outline, and the fields as read."""
        self._outline(draw, card.corners.tolist())
        for read in card.reading.fields.values():
            left, top, across, down = (v * self._zoom for v in card.on_picture(read.box))
            draw.rectangle((left, top, left + across, top + down), outline=_PAPER)

    def _outline(self, draw: ImageDraw.ImageDraw, corners: Sequence[Point]) -> None:
        """A line around something, to be seen on any ground; pixels of the decoded picture."""
        shown = [(x * self._zoom, y * self._zoom) for x, y in corners]
        for width, colour in ((5, "#202020"), (2, _PAPER)):
            draw.line([*shown, shown[0]], fill=colour, width=width)

    def _face_box(self) -> Box | None:
        try:
            x, y, width, height = self._features.geometry.box
        except CannotAssess:
            return None
        z = self._zoom
        return x * z, y * z, width * z, height * z

    def _person(self, picture: Image.Image) -> None:
        """Outline of the person: white between thin dark lines, to be seen on any ground."""
        mask = Image.fromarray((self._features.person * 255).astype("uint8"))
        # Small holes (a badge, a buckle) are no outline.
        mask = mask.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.MinFilter(9))
        mask = mask.filter(ImageFilter.GaussianBlur(1.5))
        mask = mask.resize(self._size, Image.Resampling.BICUBIC)
        person = mask.point([255 if level >= 255 * PERSON_FROM else 0 for level in range(256)])
        for outer, inner, colour in ((5, 5, "#202020"), (3, 1, _PAPER)):
            edge = ImageChops.subtract(
                person.filter(ImageFilter.MaxFilter(outer)),
                person.filter(ImageFilter.MinFilter(inner)) if inner > 1 else person,
            )
            picture.paste(colour, mask=edge.point([level * 7 // 10 for level in range(256)]))

    def _numbers(self, picture: Image.Image, spots: Mapping[str, Point]) -> None:
        """The number of each reason at its ruler's line or at a box around its region."""
        tags: list[Box] = []
        draw = ImageDraw.Draw(picture)
        boxed: set[Box] = set()
        for number, reason in enumerate(self._reasons, 1):
            finding = reason.finding
            corner = spots.get(finding.check)
            if corner is None and finding.region is not None:
                box = self._shown(finding.region)
                if box not in boxed:
                    _frame(draw, box, _colour(finding), 2)
                    boxed.add(box)
                corner = box[:2]
            if corner is not None:
                tags.append(_free_spot(corner, tags, self._size))
                _tag(picture, tags[-1], number, _colour(finding), self._face)

    def _shown(self, region: Region) -> Box:
        """A region in pixels of the shown picture, cut at its edges."""
        width, height = self._size
        x, y, w, h = (round(value * self._zoom * self._features.scale) for value in region)
        x0, y0 = min(max(x, 1), width - 8), min(max(y, 1), height - 8)
        x1, y1 = max(min(x + w, width - 2), x0 + 6), max(min(y + h, height - 2), y0 + 6)
        return x0, y0, x1 - x0, y1 - y0


class _Panel:
    """The words beside the picture."""

    def __init__(self, face: Typeface, text: Messages) -> None:
        self._face = face
        self._text = text

    def draw(self, report: Report, *, key: bool) -> Image.Image:
        # Drawn twice: on nothing, to learn the height, then on paper.
        height = self._fill(Image.new("RGB", (1, 1)), report, key=key)
        panel = Image.new("RGB", (_PANEL_WIDTH, height), _PAPER)
        self._fill(panel, report, key=key)
        return panel

    def _fill(self, panel: Image.Image, report: Report, *, key: bool) -> int:
        draw = ImageDraw.Draw(panel)
        decision = report.decision
        draw.rectangle((_PAD, _PAD, _PANEL_WIDTH - _PAD, _PAD + 52), _DECISIONS[decision])
        _sign(panel, (_PAD + 12, _PAD + 11), decision)
        self._face.write(
            draw,
            (_PAD + 54, _PAD + 36),
            self._text.ui(f"decision_{decision}"),
            _BIG,
            _PAPER,
            bold=True,
        )
        y = self._lines(draw, _PAD + 66, self._about(report), _SMALL, _GREY)
        reasons = reasons_of(report, self._text)
        if not reasons:
            y = self._lines(draw, y + 12, self._text.ui("no_reasons"), _TEXT, _INK)
        for number, reason in enumerate(reasons, 1):
            y = self._reason(panel, draw, y + 14, number, reason)
        if key:
            y = self._key(draw, y + 18)
        return y + _PAD

    def _about(self, report: Report) -> str:
        image = report.image
        facts = [file_size(image.bytes, self._text)]
        if image.format:
            facts.insert(0, image.format)
        if image.width:
            facts.insert(0, f"{image.width}×{image.height} px")
        facts.append(f"{self._text.ui('profile')} {report.profile_name}")
        return " · ".join(facts)

    def _reason(
        self, panel: Image.Image, draw: ImageDraw.ImageDraw, y: int, number: int, reason: Reason
    ) -> int:
        _tag(panel, (_PAD, y, _TAG, _TAG), number, _colour(reason.finding), self._face)
        indent = _TAG + 10
        y = self._lines(draw, y + 2, reason.message, _TEXT, _INK, indent=indent, bold=True)
        if reason.note:
            y = self._lines(draw, y + 2, reason.note, _SMALL, _INK, indent=indent)
        if reason.advice:
            fix = self._text.ui("fix", advice=reason.advice)
            y = self._lines(draw, y + 2, fix, _SMALL + 1, _GREEN, indent=indent)
        if reason.clause:
            clause = self._text.ui("clause", clause=reason.clause)
            y = self._lines(draw, y + 2, clause, _SMALL, _GREY, indent=indent)
        return y

    def _key(self, draw: ImageDraw.ImageDraw, y: int) -> int:
        draw.line((_PAD, y, _PANEL_WIDTH - _PAD, y), _RULER)
        y += 10
        entries: tuple[tuple[str, Callable[[Box], None]], ...] = (
            ("key_allowed", lambda box: draw.rectangle(_corners(box), _ALLOWED)),
            ("key_pass", lambda box: draw.rectangle(_corners(box, 5), _GREEN)),
            ("key_warn", lambda box: draw.rectangle(_corners(box, 5), _BLUE)),
            ("key_review", lambda box: draw.rectangle(_corners(box, 5), _AMBER)),
            ("key_reject", lambda box: draw.rectangle(_corners(box, 5), _RED)),
            ("key_face", lambda box: _frame(draw, box, _PAPER, 1)),
        )
        middle = _PANEL_WIDTH // 2
        for place, (label, sample) in enumerate(entries):
            x = _PAD if place % 2 == 0 else middle
            row = y + place // 2 * 24
            sample((x, row + 2, 26, 13))
            self._face.write(draw, (x + 36, row + 14), self._text.ui(label), _SMALL, _INK)
        return y + (len(entries) + 1) // 2 * 24

    def _lines(
        self,
        draw: ImageDraw.ImageDraw,
        y: int,
        words: str,
        size: int,
        fill: str,
        *,
        indent: int = 0,
        bold: bool = False,
    ) -> int:
        """Write a paragraph; returns where the next may begin."""
        room = _PANEL_WIDTH - 2 * _PAD - indent
        for line in wrap(words, room, lambda part: self._face.length(part, size)):
            self._face.write(draw, (_PAD + indent, y + size), line, size, fill, bold=bold)
            y += round(size * 1.4)
        return y


_TAG = 24


def _apart(wanted: Sequence[float], gap: float, end: float) -> list[float]:
    """Heights near the wanted ones, in their order, ``gap`` apart and inside ``0 … end``."""
    placed = list(wanted)
    for i, y in enumerate(placed):
        placed[i] = max(y, gap / 2 if i == 0 else placed[i - 1] + gap)
    for i in reversed(range(len(placed))):
        limit = end - gap / 2 if i == len(placed) - 1 else placed[i + 1] - gap
        placed[i] = min(placed[i], limit)
    return placed


def _free_spot(corner: Point, taken: Sequence[Box], size: tuple[int, int]) -> Box:
    """Where a tag fits at a box's corner: to the right of tags that are there already."""
    x = min(max(round(corner[0]) - _TAG // 2, 2), size[0] - _TAG - 2)
    y = min(max(round(corner[1]) - _TAG // 2, 2), size[1] - _TAG - 2)
    spot = (float(x), float(y), float(_TAG), float(_TAG))
    while any(_touch(spot, other) for other in taken):
        x += _TAG + 2
        if x > size[0] - _TAG - 2:
            x, y = 2, y + _TAG + 2
        spot = (float(x), float(y), float(_TAG), float(_TAG))
    return spot


def _touch(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < _TAG and abs(a[1] - b[1]) < _TAG


def _corners(box: Box, inset: int = 0) -> Box:
    x, y, width, height = box
    return x, y + inset, x + width, y + height - inset


def _line(draw: ImageDraw.ImageDraw, ends: Box, colour: str) -> None:
    """A horizontal or vertical line with a light rim, to be seen on any ground."""
    draw.line(ends, _PAPER, 4)
    draw.line(ends, colour, 2)


def _frame(draw: ImageDraw.ImageDraw, box: Box, colour: str, width: int) -> None:
    """A box with a rim that differs from its colour."""
    x0, y0, x1, y1 = _corners(box)
    rim = "#202020" if colour == _PAPER else _PAPER
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=rim, width=width + 2)
    draw.rectangle((x0, y0, x1, y1), outline=colour, width=width)


def _tag(picture: Image.Image, box: Box, number: int, colour: str, face: Typeface) -> None:
    """A round number plate."""
    x, y = round(box[0]), round(box[1])
    side = _TAG * _SMOOTH
    plate = Image.new("L", (side, side), 0)
    ImageDraw.Draw(plate).ellipse((0, 0, side - 1, side - 1), 255)
    core = Image.new("L", (side, side), 0)
    rim = int(1.5 * _SMOOTH)
    ImageDraw.Draw(core).ellipse((rim, rim, side - 1 - rim, side - 1 - rim), 255)
    for paint, mask in ((_PAPER, plate), (colour, core)):
        picture.paste(paint, (x, y), mask.resize((_TAG, _TAG), Image.Resampling.BOX))
    length = face.length(str(number), _SMALL)
    at = (x + (_TAG - length) / 2, y + _TAG / 2 + 5)
    face.write(ImageDraw.Draw(picture), at, str(number), _SMALL, _PAPER, bold=True)


def _sign(picture: Image.Image, at: tuple[int, int], decision: Decision) -> None:
    """A tick, a cross or a question mark, drawn: few fonts have them."""
    side = 30
    big = Image.new("L", (side * _SMOOTH, side * _SMOOTH), 0)
    draw = ImageDraw.Draw(big)

    def stroke(*points: tuple[float, float]) -> None:
        scaled = [(x * side * _SMOOTH, y * side * _SMOOTH) for x, y in points]
        width = 5 * _SMOOTH
        draw.line(scaled, 255, width, joint="curve")
        for x, y in (scaled[0], scaled[-1]):
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)

    if decision is Decision.ACCEPTED:
        stroke((0.12, 0.55), (0.4, 0.82), (0.88, 0.2))
    elif decision is Decision.REJECTED:
        stroke((0.18, 0.18), (0.82, 0.82))
        stroke((0.82, 0.18), (0.18, 0.82))
    else:
        unit = side * _SMOOTH
        draw.arc((0.24 * unit, 0.08 * unit, 0.76 * unit, 0.58 * unit), 180, 90, 255, 5 * _SMOOTH)
        stroke((0.5, 0.52), (0.5, 0.66))
        draw.ellipse((0.41 * unit, 0.8 * unit, 0.59 * unit, 0.98 * unit), 255)
    picture.paste(_PAPER, at, big.resize((side, side), Image.Resampling.BOX))
