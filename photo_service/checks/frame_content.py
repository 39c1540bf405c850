"""What was added to the portrait: border, bars, lettering, inset pictures."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np

from models.text import TextLine, corners_box
from photo_service import borders
from photo_service.check import Band, Outcome, Region, Status, check, graded, worst
from photo_service.features import PERSON_FROM, Features
from photo_service.raster import raster

# Digits in groups, or with the Chinese year and month: what a camera prints.
_DATE = re.compile(
    r"(?<!\d)(\d{1,4}[-/.:年' ]+\d{1,2}([-/.:月 ]+\d{1,4})?|\d{1,2}月\d{1,2})(?!\d{5})"
)
_DATE_DIGITS = 3
# Shortest line that is taken for lettering at all: letters and digits, Chinese characters.
_SHORTEST = (2, 2)
# Share of a line's place that must be the person for it to be on the clothing.
_ON_PERSON = 0.9
# A line nearer to the picture's edge than this many of its own heights was put there.
_HUGS_EDGE = 1.2
# Glasses reach beyond the eyes' centres by this many inter-eye distances.
_GLASSES = 0.95


@check("frame_content/no_border", codes=("border-added",))
def no_border(features: Features, *, line: Band) -> Outcome:
    """No border or frame line.

    Wants: the photograph reaching all four edges.
    Why: 除头像外，不得添加边框…: nothing but the portrait.
    Measured: `line`, percent of a side's length along which the colour steps at one same depth
        within a quarter of the picture; of the four sides the third longest, so three sides must
        have a line. Compliant crops (308, half of them on studio colours) read 11-56, web portraits
        (462) at most 78. On people never seen, drawn borders (solid, patterned, double, rounded,
        polaroid, thin lines) from 1 % of the width are found in 0.97 of 1,296; scanner edges of
        1 or 2 px fire in 2 of 54.
    Blind spots: a line of the background's own colour; frames thinner than 1 % of the width;
        borders without straight lines.
    Source: graduation procedure, item 4, note 2 (4); limits from drawn borders on real portraits.
    """
    sides = sorted(features.sides.values(), key=lambda side: side.line)[1:]
    return graded(
        100 * sides[0].line,
        line,
        unit="%",
        high="border-added",
        region=(0.0, 0.0, float(features.width), float(features.height)),
        facts={"thickness": 100 * float(np.median([side.line_depth for side in sides]))},
    )


@check("frame_content/no_bars", codes=("bars-added", "margin-added"))
def no_bars(features: Features, *, strip: Band, margin: Band) -> Outcome:
    """No one-coloured bar or margin along an edge.

    Wants: the photograph reaching all four edges.
    Why: 除头像外，不得添加边框…: nothing but the portrait.
    Measured: percent of a side's length along which a strip of one colour ends at one same depth,
        the worst side: `strip` judges it. A white margin on a white background shows only where
        it cuts off the person: when the outermost rows of all four sides have the same colour,
        `margin` judges the bottom alone.
    Blind spots: bars left and right that have the background's colour; strips with lettering on
        most of their length; strips thinner than 1 % of the picture.
    Source: graduation procedure, item 4, note 2 (4); limits from drawn bars on real portraits.
    """
    sides = features.sides
    name = max(sides, key=lambda side: sides[side].strip)
    bottom = sides["bottom"]
    around = bottom.strip if borders.one_colour(sides) else 0.0
    return worst(
        graded(
            100 * around,
            margin,
            unit="%",
            high="margin-added",
            region=(0.0, 0.0, float(features.width), float(features.height)),
            facts={"thickness": 100 * bottom.strip_depth},
        ),
        graded(
            100 * sides[name].strip,
            strip,
            unit="%",
            high="bars-added",
            region=_strip_region(name, sides[name].strip_depth, features),
            facts={"thickness": 100 * sides[name].strip_depth},
        ),
    )


def _strip_region(side: str, depth: float, features: Features) -> Region:
    width, height = float(features.width), float(features.height)
    across, down = depth * width, depth * height
    return {
        "top": (0.0, 0.0, width, down),
        "bottom": (0.0, height - down, width, down),
        "left": (0.0, 0.0, across, height),
        "right": (width - across, 0.0, across, height),
    }[side]


@check(
    "frame_content/no_text",
    codes=("text-added", "date-stamp", "watermark-added", "text-on-clothing"),
    needs=("added", "person"),
)
def no_text(
    features: Features, *, confidence: Band, letters: int, ideographs: int, tilt: float
) -> Outcome:
    """No lettering: name line, number, date stamp, watermark.

    Wants: no letters, digits or characters anywhere in the picture.
    Why: 除头像外，不得添加…文字…等其他内容.
    Measured: `confidence`, the mean probability (0-1) of the characters of the surest line that
        PP-OCRv6 reads where our own small network suspects lettering (models/assets/added.md).
        Certain only from `letters` letters and digits or `ideographs` Chinese characters. Digits
        in groups are called a date; lines leaning more than `tilt` degrees a watermark; wholly on
        the clothing never certain, as prints and badges are not additions.
    Blind spots: letters lower than 8 px at 640 px height; watermarks below 30 % opacity;
        decorative scripts. What cannot be read is left to frame_content/no_marks.
    Source: graduation procedure, item 4, note 2 (4); figures from drawn text on real portraits.
    """
    found = [
        _judged(features, line, confidence, (letters, ideographs), tilt)
        for line in features.text_lines
        if _as_long_as(line.text, *_SHORTEST)
    ]
    return worst(_nothing_read(confidence), *found)


def _nothing_read(confidence: Band) -> Outcome:
    return Outcome(Status.PASS, value=0.0, allowed=confidence.accept)


def _judged(
    features: Features, line: TextLine, confidence: Band, least: tuple[int, int], tilt: float
) -> Outcome:
    status, certain = confidence.grade(line.confidence)
    if status is Status.PASS:
        return _nothing_read(confidence)
    code = "text-added"
    if sum(c.isdigit() for c in line.text) > _DATE_DIGITS and _DATE.search(line.text):
        code = "date-stamp"
    elif abs(_lean(line)) > tilt:
        code = "watermark-added"
    elif _on_clothing(features, line):
        code = "text-on-clothing"
    return Outcome(
        status,
        code,
        # Not what it says: that may be a name or a number.
        value=line.confidence,
        allowed=confidence.accept,
        region=corners_box(line.box.quad),
        certain=certain and code != "text-on-clothing" and _as_long_as(line.text, *least),
        facts={"percent": 100 * line.confidence},
    )


def _as_long_as(text: str, letters: int, ideographs: int) -> bool:
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return chinese >= ideographs or sum(c.isalnum() for c in text) >= letters


def _lean(line: TextLine) -> float:
    """Degrees between the line and the nearest edge direction of the picture."""
    right, down = line.box.quad[1] - line.box.quad[0]
    return (math.degrees(math.atan2(float(down), float(right))) + 45) % 90 - 45


def _on_clothing(features: Features, line: TextLine) -> bool:
    x, y, width, height = corners_box(line.box.quad)
    below = features.geometry.chin if features.faces else features.height / 2
    to_edge = min(x, features.width - x - width, features.height - y - height)
    if y < below or to_edge < height * _HUGS_EDGE:
        return False
    fx, fy = features.small_factor
    place = features.person[
        int(y * fy) : math.ceil((y + height) * fy), int(x * fx) : math.ceil((x + width) * fx)
    ]
    return place.size > 0 and float((place >= PERSON_FROM).mean()) > _ON_PERSON


@check("frame_content/no_marks", codes=("text-suspected",), needs=("added", "person"))
def no_marks(features: Features, *, suspicion: Band, worn: Band) -> Outcome:
    """Nothing that looks like lettering but cannot be read.

    Wants: no faint watermark, scribble or cut-off lettering.
    Why: 除头像外，不得添加…文字、图案等其他内容.
    Measured: log-odds of the likeliest place by our own small network (models/assets/added.md):
        `suspicion` judges it, on the clothing and around the eyes, where patterns and glasses look
        alike, `worn`. Compliant crops (308, half of them on studio colours): at most 1.7 off
        clothing and eyes, 2.8 there.
        Never certain.
    Blind spots: as frame_content/no_text; patterned clothing hides faint lettering.
    Source: graduation procedure, item 4, note 2 (4); figures from drawn text on real portraits.
    """
    return _likeliest(features, features.unread_places, suspicion, worn, "text-suspected")


@check("frame_content/no_inset", codes=("inset-picture",), needs=("added", "person"))
def no_inset(features: Features, *, suspicion: Band, worn: Band) -> Outcome:
    """No inset picture, logo, stamp, code or sticker.

    Wants: no other picture or drawing on the portrait.
    Why: 除头像外，不得添加…图案等其他内容.
    Measured: log-odds of the likeliest place by the same small network as for lettering:
        `suspicion` judges it, on the clothing and around the eyes, where bow ties and glasses look
        alike, `worn`. Compliant crops (308, half of them on studio colours): at most 1.7 off
        clothing and eyes, 2.8 there.
        Never certain.
    Blind spots: faint marks and marks narrower than 8 % of the picture; slivers at the edge; badges
        and marks on the clothing. Small faces are judged by face/one_face.
    Source: graduation procedure, item 4, note 2 (4); figures from drawn additions.
    """
    return _likeliest(features, features.graphic_places, suspicion, worn, "inset-picture")


def _likeliest(
    features: Features,
    places: tuple[tuple[float, Region], ...],
    suspicion: Band,
    worn: Band,
    code: str,
) -> Outcome:
    outcomes = [Outcome(Status.PASS, allowed=suspicion.accept)]
    for score, region in places:
        band = worn if _is_worn(features, region) else suspicion
        found = graded(score, band, unit="", high=code, region=region)
        outcomes.append(replace(found, certain=False))
    return max(outcomes, key=lambda o: (o.status is not Status.PASS, _number(o.value)))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else -math.inf


def _is_worn(features: Features, region: Region) -> bool:
    """Whether the place's middle is on the clothing or where glasses sit."""
    if not features.faces:
        return False
    x, y = region[0] + region[2] / 2, region[1] + region[3] / 2
    face, (fx, fy) = features.geometry, features.small_factor
    rows, columns = features.person.shape
    person = features.person[min(int(y * fy), rows - 1), min(int(x * fx), columns - 1)]
    if y > face.chin and person >= PERSON_FROM:
        return True
    reach = _GLASSES * face.eye_distance
    beside = face.left_eye[0] - reach < x < face.right_eye[0] + reach
    return beside and abs(y - face.eyes_y) < 0.6 * face.eye_distance


@check("frame_content/not_rephotographed", codes=("screen-recapture",))
def not_rephotographed(features: Features, *, pattern: Band) -> Outcome:
    """A photograph of the person, not of a screen.

    Wants: the original file.
    Why: 图像应…层次清晰、色彩真实; a picture of a picture loses both.
    Measured: `pattern`, a peak in the spatial spectrum that stands out in three quarters of all
        squares of 96 pixels, as a screen's pixel raster or its moiré does and no clothing or hair;
        in units of the spectrum's usual unevenness. JPEG's 8-pixel frequencies are left out.
        Compliant crops (308) read at most 4.2, web portraits (462) all but two at most 5.
        Simulated screens of contrast 0.4 above 5.2: 0.91 as shot, 0.96 reduced to a half, 0.78 to
        a third, 0.39 to a quarter; of contrast 0.1: 0.80, 0.65, 0.20, 0.07. No real recapture
        was at hand. Never certain.
    Blind spots: strongly reduced or blurred recaptures; printed photographs, whose raster is too
        fine; paper edges and glare are not looked for. A picture enlarged by copying pixels may
        fire.
    Source: graduation procedure, item 4, note 2 (3); our measurement on simulated screens.
    """
    return replace(
        graded(
            raster(features.photo.pixels), pattern, unit="", high="screen-recapture", region=None
        ),
        certain=False,
    )
