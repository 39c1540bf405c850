"""How the print of a page shows: sharp, dark on light, evenly lit; and where the page lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from photo_service.document.lines import Line, oriented

# Lines looked at closely, spread over the page; of each this much, times its height.
_MOST_STRIPS = 24
_PART = 10.0
# Light and shadow are looked for in pieces so long, times the line's height.
_PIECE = 3.0
# Letters are bleached when they are no darker than this, and are there at all: so much darker than
# the paper.
_BLEACHED, _THERE = 190, 8
_LARGE = 12.0
# Letters are gone with less than this share of the page's usual contrast.
_GONE = 0.3
# Ink and paper of a line: these percentiles of its luma.
_INK, _PAPER = 3, 90
# Steepest strokes of a line: this percentile of the steps between neighbours.
_STEEP = 98
# A row is a row of letters from this share of the fullest rows' ink.
_INKED = 0.4
# Letters are at least so high as a share of their line.
_LEAST_LETTERS = 0.35
# A row that is dark along this share of the line is a rule.
_RULE = 0.85
# A sharp edge is so wide, pixels: between two pixels there is always one step.
_SHARP_EDGE = 1.2
# Long side of the reduced picture on which light and the page's outline are seen.
SMALL_SIDE = 320
# Paper differs from the paper near it by so much at most, CIELAB lightness and a or b.
_LIGHTER, _TINTED = 16.0, 9.0
# Paper is white, and light blown out, from such a darkest channel on.
_WHITE, _BLOWN = 248, 253
# Light is cut off at the lightest level, so much lighter than paper, when this many times as many
# pixels have it or the next one as have the four below.
_BRIGHTER, _CUT = 10, 2.0
# A patch with so many lines found in it has not lost its print.
_KEPT = 3
# On paper as light as this, what is darker than that is printed black, not shadow.
_LIGHT, _BLACK = 150, 30
# Print is closed over by this share of the page's shorter side.
_CLOSED = 14
# Long side of the reduced picture whose border is looked at; share of the border around a mark
# that is paper; how much darker or more coloured than the paper a mark is, levels of 255; how much
# lighter or darker than the paper farther in (down to this part of the picture) paper may be there;
# and how much of the border a mark takes at most.
_BORDER_SIDE = 1000
_ON_PAPER = 0.6
_DARKER, _COLOURED = 16, 10
_STRONG = 0.3
_OTHER_LIGHT = 25
_BAND = 10
_NARROW = 0.06
# The page's edge is looked for in so many parts of a side, must show in so many of them, as a step
# of colour of so much, sum over CIELAB.
_PARTS, _MOST_PARTS = 6, 4
_EDGE = 4.0
# Paper without print: at least so light, at most so colourful.
_PALE, _GREYISH = 55.0, 22.0
# Or, in a dark picture, at least so light compared with its lightest parts.
_PALE_SHARE = 0.6
# Lines on ground of another colour than most lines' stand on pictures and seals, not on paper.
_OTHER_GROUND = 12.0
_PALEST = 60
# A part of the paper with this share of the print, or pale area, belongs to the page.
_PART_OF_PAGE = 0.1
# And its outline has few dents: so much of its convex hull at least.
_SOLID = 0.85
# And an empty one is bare: empty pages and blurred ones 0.82 to 1, walls behind people 0.77.
_BARE = 0.8
# Faint print is brought out: what 2 percent of the paper differ by becomes this many levels, but
# nothing is raised more than so many times.
_BROUGHT, _MOST_RAISED = 160.0, 40.0

ByteImage = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
BoolImage = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Strip:
    """How one line of print shows.

    Attributes:
        line: where it is.
        paper: luma of the paper between its letters, 0–255.
        ink: luma of its letters.
        height: of its letters, pixels of the decoded picture.
        edge: width of its strokes' edges, pixels; the wider of across and along the line.
        pieces: paper and ink of each piece of it, from its start to its end.
    """

    line: Line
    paper: float
    ink: float
    height: float
    edge: float
    pieces: tuple[tuple[float, float], ...]

    @property
    def contrast(self) -> float:
        """How much darker than the paper the letters are, 0–1."""
        return max(self.paper - self.ink, 0.0) / max(self.paper, 1.0)

    @property
    def blur(self) -> float:
        """Width of an edge, beyond that of a sharp one, over the letters' height."""
        return max(self.edge - _SHARP_EDGE, 0.0) / max(self.height, 1.0)


class Print:
    """The print of a page.

    Args:
        luma: (h, w) of the decoded picture.
        lines: where text is.
        angle: direction in which they are read, degrees clockwise from the picture's rows.
    """

    def __init__(self, luma: ByteImage, lines: Sequence[Line], angle: float) -> None:
        self._luma = luma
        self._lines = lines
        self._angle = angle

    @cached_property
    def strips(self) -> tuple[Strip, ...]:
        """Lines from all over the page, each looked at closely."""
        ordered = sorted(self._lines, key=lambda line: (float(line.middle[1]), line.length))
        count = min(len(ordered), _MOST_STRIPS)
        places = np.linspace(0, len(ordered) - 1, count).round().astype(int)
        return tuple(_strip(self._luma, ordered[place], self._angle) for place in places)

    def _middle(self, values: Sequence[float], share: float = 50.0) -> float:
        """Percentile of a measure over the lines, by the lines' length."""
        lengths = np.array([strip.line.length for strip in self.strips])
        order = np.argsort(values)
        reached = np.cumsum(lengths[order])
        place = np.searchsorted(reached, reached[-1] * share / 100)
        return float(np.asarray(values)[order][min(place, len(order) - 1)])

    @cached_property
    def contrast(self) -> float:
        """How much darker than the paper the letters of the middle line are, 0–1."""
        return self._middle([strip.contrast for strip in self.strips])

    @cached_property
    def blur(self) -> float:
        """Width of the strokes' edges over the letters' height, of the middle line."""
        return self._middle([strip.blur for strip in self.strips])

    @cached_property
    def edge(self) -> float:
        """Width of the strokes' edges of the middle line, pixels."""
        return self._middle([strip.edge for strip in self.strips])

    @cached_property
    def small_height(self) -> float:
        """Height of the letters of small lines (a quarter of the text is smaller), pixels.

        Where much less is found in a line than it is high, that is a slanting rule.
        """
        return self._middle(
            [max(strip.height, _LEAST_LETTERS * strip.line.height) for strip in self.strips], 25
        )

    @cached_property
    def paper(self) -> float:
        """Luma of the paper at the middle line."""
        return self._middle([strip.paper for strip in self.strips])

    @cached_property
    def ink(self) -> float:
        """Luma of the letters of the middle line."""
        return self._middle([strip.ink for strip in self.strips])

    @cached_property
    def shade(self) -> float:
        """Paper at the brightest parts of lines over that at the darkest, 90th over 5th percentile.

        Letters white on dark have dark paper, which is no shadow: they stand alone.
        """
        papers = [paper for strip in self.strips for paper, _ in strip.pieces]
        dark, light = np.percentile(papers, (5, 90))
        return float(light) / max(float(dark), 1.0)

    @cached_property
    def bleached(self) -> float:
        """Percent of the parts of lines in which letters on white paper are hardly grey.

        Strokes of small letters are thinner than a pixel, and grey by that: these are not asked.
        """
        large = [strip.pieces for strip in self.strips if strip.height >= _LARGE]
        if not large:
            return 0.0
        pieces = np.array([piece for strip in large for piece in strip])
        paper, ink = pieces[:, 0], pieces[:, 1]
        hardly = (paper >= _WHITE) & (ink > _BLEACHED) & (ink < paper - _THERE)
        return 100 * float(hardly.mean())

    @cached_property
    def washed(self) -> float:
        """Percent of the parts of lines in which light has washed the letters out.

        Their paper is blown out while that of the page is not, and their letters are gone.
        """
        pieces = [piece for strip in self.strips for piece in strip.pieces]
        usual = float(np.median([paper for paper, _ in pieces]))
        if usual >= _BLOWN - 2:
            return 0.0
        gone = [
            paper >= _BLOWN and paper - ink < _GONE * self.contrast * paper for paper, ink in pieces
        ]
        return 100 * float(np.mean(gone))


def _strip(luma: ByteImage, line: Line, angle: float) -> Strip:
    quad = oriented(line.quad, angle, mirrored=False)
    size = (
        max(round(float(np.hypot(*(quad[1] - quad[0])))), 2),
        max(round(float(np.hypot(*(quad[3] - quad[0])))), 2),
    )
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    move = cv2.getPerspectiveTransform(quad, target)
    whole = cv2.warpPerspective(
        luma, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    pieces = np.array_split(whole, max(round(size[0] / (_PIECE * size[1])), 1), axis=1)
    ends = [np.percentile(piece, (_PAPER, _INK)) for piece in pieces]
    flat = whole[:, : round(_PART * size[1])].astype(np.float32)
    ink, paper = np.percentile(flat, (_INK, _PAPER))
    range_ = max(float(paper - ink), 1.0)
    steps = [np.abs(np.diff(flat, axis=axis)) for axis in (0, 1)]
    steepest = min(float(np.percentile(step, _STEEP)) for step in steps)
    # Rows of letters hold much of the ink that the fullest rows hold, but for a table's rules.
    inked = np.maximum(paper - flat, 0).mean(axis=1)
    inked[(flat < paper - range_ / 3).mean(axis=1) > _RULE] = 0
    full = inked > _INKED * float(np.percentile(inked, 95))
    return Strip(
        line=line,
        paper=float(paper),
        ink=float(ink),
        height=float(_longest_run(full, size[1] // 8)),
        edge=range_ / max(steepest, 1e-3),
        pieces=tuple((float(light), float(dark)) for light, dark in ends),
    )


def _longest_run(marked: NDArray[np.bool_], gap: int) -> int:
    """Length of the longest run of marked entries, gaps of at most ``gap`` entries within it."""
    places = np.flatnonzero(marked)
    if not places.size:
        return len(marked)
    runs = np.split(places, np.flatnonzero(np.diff(places) > gap + 1) + 1)
    return max(int(run[-1] - run[0]) + 1 for run in runs)


@dataclass(frozen=True, eq=False)
class Sheet:
    """Where the paper lies in the picture.

    Attributes:
        mask: where it is, on the reduced picture, without dents and holes.
        paper: where its bare paper is.
        corners: (4, 2) of the smallest upright or tilted rectangle around it, decoded pixels.
        share: percent of the picture that it covers.
    """

    mask: BoolImage
    paper: BoolImage
    corners: FloatArray
    share: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Around it, decoded pixels."""
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def find_sheet(rgb: ByteImage, lines: Sequence[Line]) -> Sheet | None:
    """The paper that the lines stand on, or, without lines, the largest pale and even area.

    Args:
        rgb: (h, w, 3) the decoded picture.
        lines: where text is.

    Returns:
        None where there is nothing like paper.
    """
    factor = max(max(rgb.shape[:2]) // SMALL_SIDE, 1)
    height, width = (max(side // factor, 1) for side in rgb.shape[:2])
    whole = rgb[: height * factor, : width * factor]
    lab = _bare(np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)))
    text = _grounds(lab, [line.quad / factor for line in lines])
    if text.any():
        seeds, expected = text, _spread(lab, text)
    else:
        least = min(_PALE, _PALE_SHARE * float(np.percentile(lab[..., 0], 98)))
        pale = (lab[..., 0] > least) & (np.hypot(lab[..., 1], lab[..., 2]) < _GREYISH)
        if not pale.any():
            return None
        # Of several pale things paper is the palest.
        lightest = pale & (lab[..., 0] >= np.percentile(lab[..., 0][pale], _PALEST))
        seeds = lightest.astype(np.uint8)
        expected = np.broadcast_to(np.median(lab[lightest], axis=0), lab.shape)
    difference = np.abs(lab - expected)
    alike = (difference[..., 0] < _LIGHTER) & (difference[..., 1:].max(axis=2) < _TINTED)
    paper = (alike | (text > 0)).astype(np.uint8)
    paper = cv2.morphologyEx(paper, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    count, labels = cv2.connectedComponents(paper)
    if count < 2:
        return None
    sizes = np.bincount(labels[seeds > 0], minlength=count)
    sizes[0] = 0
    # A sharp shadow or a fold parts one page in two.
    bare_paper = np.isin(labels, np.flatnonzero(sizes >= _PART_OF_PAGE * sizes.sum()))
    outlines, _ = cv2.findContours(
        bare_paper.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    hull = cv2.convexHull(np.concatenate(outlines))
    solid = sum(map(cv2.contourArea, outlines)) / max(cv2.contourArea(hull), 1.0)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [hull], 1)
    # A wall behind a person is no empty page.
    if not lines and (solid < _SOLID or bare_paper[mask > 0].mean() < _BARE):
        return None
    corners = cv2.boxPoints(cv2.minAreaRect(hull)) * factor
    return Sheet(
        mask=mask > 0,
        paper=bare_paper,
        corners=np.asarray(corners, np.float32),
        share=100 * float(mask.mean()),
    )


def brought_out(
    rgb: ByteImage, sheet: Sheet, side: int
) -> tuple[ByteImage, NDArray[np.float32], float]:
    """The paper alone in grey, its print dark on white.

    Args:
        rgb: (h, w, 3) the decoded picture.
        sheet: where the paper lies.
        side: the long side wanted, pixels; the picture is not enlarged.

    Returns:
        The part of the picture; the place of its corner in the picture; pixels of the picture for
        each of its own.
    """
    x, y, width, height = sheet.box
    left, top = max(int(x), 0), max(int(y), 0)
    part = rgb[top : max(int(y + height), top + 2), left : max(int(x + width), left + 2)]
    factor = max(max(part.shape[:2]) / side, 1.0)
    size = (max(round(part.shape[1] / factor), 1), max(round(part.shape[0] / factor), 1))
    luma = cv2.cvtColor(cv2.resize(part, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    fine = luma.astype(np.float32) - cv2.GaussianBlur(
        luma.astype(np.float32), (0, 0), max(max(size) / 30, 1.0)
    )
    # A margin of the outline's own inaccuracy is left out.
    inner = fine[size[1] // 20 : -(size[1] // 20) or None, size[0] // 20 : -(size[0] // 20) or None]
    usual = float(np.percentile(np.abs(inner), 98))
    gain = min(_BROUGHT / max(usual, 1e-3), _MOST_RAISED)
    raised = np.clip(230 + gain * fine, 0, 255).astype(np.uint8)
    return cv2.merge([raised] * 3), np.array([left, top], np.float32), factor


def _bare(small: ByteImage) -> NDArray[np.float32]:
    """CIELAB of a reduced picture without what is as thin as letters and rules."""
    closed = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    unit = closed.astype(np.float32) / 255.0
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32)


def _grounds(lab: NDArray[np.float32], quads: Sequence[NDArray[np.floating]]) -> ByteImage:
    """1 where lines of text stand on the colour that most of them stand on."""
    canvas = np.zeros(lab.shape[:2], np.uint8)
    middles = [
        lab[tuple(np.clip(quad.mean(axis=0)[::-1].astype(int), 0, np.array(canvas.shape) - 1))]
        for quad in quads
    ]
    if not middles:
        return canvas
    usual = np.median(middles, axis=0)
    for quad, middle in zip(quads, middles, strict=True):
        if np.abs(middle - usual)[1:].max() < _OTHER_GROUND:
            cv2.fillPoly(canvas, [np.round(quad).astype(np.int32)], 1)
    return canvas


def _spread(lab: NDArray[np.float32], where: ByteImage) -> NDArray[np.float32]:
    """The colours at some pixels carried on to all others, nearer ones counting more."""
    size = 0.12 * max(where.shape)
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), size) + np.float32(1e-4)
    mean = lab[where > 0].mean(axis=0)
    weighted = cv2.GaussianBlur(lab * where[..., None].astype(np.float32), (0, 0), size)
    return np.asarray((weighted + np.float32(1e-4) * mean) / weight[..., None], np.float32)


def unevenness(rgb: ByteImage, sheet: Sheet) -> float:
    """Bright over dark parts of the page's paper, 90th over 10th percentile of luma."""
    height, width = sheet.mask.shape
    small = _shrunk(rgb, sheet)
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    reach = max(min(height, width) // _CLOSED, 3)
    bare = cv2.morphologyEx(luma, cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    inner = cv2.erode(sheet.mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if not inner.any():
        return 1.0
    dark, light = np.percentile(bare[inner], (10, 90))
    if light > _LIGHT:
        dark = np.percentile(bare[inner & (bare > _BLACK)], 10)
    return float(light) / max(float(dark), 1.0)


def marks_at_border(
    rgb: ByteImage, sheet: Sheet, text_box: Sequence[float], contrast: float
) -> int:
    """How many strokes of print, ornament or seal run over the picture's border.

    Narrow runs along the border that differ from the paper beside them, and go on inwards; not on
    sides where the page ends within the picture. A pattern of the paper, which may go to its edge,
    is much paler than print.

    Args:
        rgb: (h, w, 3) the decoded picture.
        sheet: where the paper lies.
        text_box: x, y, width, height around all print, pixels.
        contrast: how much darker than the paper the print is, levels of 255.
    """
    strength = max(_DARKER, _STRONG * contrast)
    bare = _bare(_shrunk(rgb, sheet))
    x, y, across, down = (value / (rgb.shape[0] // bare.shape[0]) for value in text_box)
    # From the print to the upper, right, lower and left border, and along them.
    gaps = (
        (y, x, x + across),
        (bare.shape[1] - x - across, y, y + down),
        (bare.shape[0] - y - down, bare.shape[1] - x - across, bare.shape[1] - x),
        (x, bare.shape[0] - y - down, bare.shape[0] - y),
    )
    factor = max(max(rgb.shape[:2]) / _BORDER_SIDE, 1.0)
    size = (max(round(rgb.shape[1] / factor), 8), max(round(rgb.shape[0] / factor), 8))
    lab = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    paper = cv2.resize(sheet.paper.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    if not paper.any():
        return 0
    return sum(
        _marks_above(np.rot90(lab, side), np.rot90(paper, side), strength)
        for side, gap in enumerate(gaps)
        if not _ends_above(np.rot90(bare, side), *gap)
    )


def _ends_above(lab: NDArray[np.float32], gap: float, start: float, end: float) -> bool:
    """Whether the page's edge, or its frame, lies between the print and the upper border.

    A step of colour in most parts of the gap's width, from one row to the next but one.
    """
    above = lab[: max(int(gap), 0), max(int(start), 0) : int(end)]
    if above.shape[0] < 3 or above.shape[1] < _PARTS:
        return False
    parts = np.stack([part.mean(axis=1) for part in np.array_split(above, _PARTS, axis=1)])
    steps = np.abs(parts[:, 2:] - parts[:, :-2]).sum(axis=2).max(axis=1)
    return int((steps >= _EDGE).sum()) >= _MOST_PARTS


def _marks_above(lab: NDArray[np.uint8], paper: NDArray[np.uint8], strength: float) -> int:
    """`marks_at_border` along the upper border."""
    width = lab.shape[1]
    reach = width // 8 | 1
    depth = max(lab.shape[0] // _BAND, 8)
    band = lab[depth // 3 : depth][paper[depth // 3 : depth] > 0]
    if not band.size:
        return 0
    # The mask is too coarse to tell paper from a strip of table at the border; its colour does.
    off = np.abs(lab[2].astype(np.int16) - np.median(band, axis=0).astype(np.int16))
    is_paper = (off[:, 0] < _OTHER_LIGHT) & (off[:, 1:].max(axis=1) < _COLOURED)
    # Outermost row left out: scanners and encoders darken and soften it.
    outer, inner = (_stands_out(lab[start : start + 2].mean(axis=0), reach) for start in (1, 5))
    on_paper = cv2.blur(is_paper.astype(np.float32)[None], (reach, 1))[0] > _ON_PAPER
    going_on = cv2.dilate((inner > 1).astype(np.uint8)[None], np.ones((1, 5), np.uint8))[0] > 0
    marked = np.concatenate(([0], ((outer > 1) & going_on & on_paper).astype(np.int8), [0]))
    starts, ends = np.flatnonzero(np.diff(marked) > 0), np.flatnonzero(np.diff(marked) < 0)
    return sum(
        end - start <= _NARROW * width and float(outer[start:end].max()) >= strength / _DARKER
        for start, end in zip(starts, ends, strict=True)
    )


def _stands_out(row: NDArray[np.floating], reach: int) -> NDArray[np.floating]:
    """How much darker or more coloured than its surroundings each pixel of a row is.

    Args:
        row: (n, 3) in OpenCV's 8-bit CIELAB.
        reach: of the surroundings, pixels.

    Returns:
        (n,) levels over `_DARKER` or `_COLOURED`, whichever is more: marks have more than 1.
    """
    levels = np.round(row).astype(np.uint8)
    usual = [cv2.medianBlur(np.ascontiguousarray(levels[None, :, n]), reach)[0] for n in range(3)]
    away = levels.astype(np.int16) - np.stack(usual, axis=1)
    return np.asarray(
        np.maximum(-away[:, 0] / _DARKER, np.abs(away[:, 1:]).max(axis=1) / _COLOURED), np.float32
    )


def traces(rgb: ByteImage, sheet: Sheet) -> float:
    """How much the page's inner part differs from its own blurred light, grey levels.

    99th percentile: an empty page has little, blurred print leaves grey bars.
    """
    luma = cv2.cvtColor(_shrunk(rgb, sheet), cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = luma.shape
    fine = cv2.GaussianBlur(luma, (0, 0), 2) - cv2.GaussianBlur(luma, (0, 0), 12)
    reach = max(min(height, width) // 6, 3)
    inner = cv2.erode(sheet.mask.astype(np.uint8), np.ones((reach, reach), np.uint8), borderValue=0)
    if not inner.any():
        return 0.0
    return float(np.percentile(-fine[inner > 0], 99))


def _shrunk(rgb: ByteImage, sheet: Sheet) -> ByteImage:
    """The picture at the size of the sheet's mask."""
    height, width = sheet.mask.shape
    factor = min(rgb.shape[0] // height, rgb.shape[1] // width)
    whole = rgb[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def glare(
    rgb: ByteImage, sheet: Sheet, lines: Sequence[Line]
) -> tuple[float, tuple[float, float, float, float] | None]:
    """The largest patch in which every colour is blown out, percent of the page; and its box.

    Patches at the picture's border are a scanner's white lid, not light on the page. Cameras that
    compress bright tones cut them off below 255: many pixels at the lightest level of all and few
    just below it are blown out too.
    """
    least = _shrunk(rgb, sheet).min(axis=2)
    factor = rgb.shape[0] // sheet.mask.shape[0]
    middles = [line.middle for line in lines]
    usual = float(np.median(least[sheet.mask]))
    if usual >= _WHITE:
        return 0.0, None
    level = min(_ceiling(least[sheet.mask], usual), _BLOWN)
    blown = ((least >= level) & sheet.mask).astype(np.uint8)
    blown = cv2.morphologyEx(blown, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    # One pixel around it joins everything at the border to one patch, which is left out.
    framed = cv2.copyMakeBorder(blown, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(framed)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[[0, labels[0, 0]]] = 0
    if level < _BLOWN:
        # Light below white fades out and takes the print away; the white ground of a portrait ends
        # at once, and the lightest panel of a folded page keeps its print.
        for patch in np.flatnonzero(areas):
            x, y, across, down = stats[patch][:4] * factor
            kept = sum(x < at < x + across and y < on < y + down for at, on in middles)
            fades = kept < _KEPT and _fades(least, labels[1:-1, 1:-1] == patch, usual)
            areas[patch] *= fades
    largest = int(areas.argmax())
    if areas[largest] == 0:
        return 0.0, None
    x, y, across, down = (float(value) * factor for value in stats[largest][:4])
    return 100 * float(areas[largest]) / float(sheet.mask.sum()), (x, y, across, down)


def _fades(least: NDArray[np.uint8], patch: BoolImage, usual: float) -> bool:
    """Whether the paper around a patch is lighter than usual, on most of its sides."""
    square = np.ones((3, 3), np.uint8)
    around = cv2.dilate(patch.astype(np.uint8), square, iterations=4) > 0
    around &= cv2.dilate(patch.astype(np.uint8), square, iterations=2) == 0
    blown = float(least[patch].min())
    # Where it is as light again, print or a rule parts one patch in two.
    around &= least < blown
    return bool(around.any() and np.median(least[around]) > usual + (blown - usual) / 4)


def _ceiling(levels: NDArray[np.uint8], usual: float) -> int:
    """The level at which light is cut off; 255 where it seems not to be.

    Args:
        levels: darkest channel of the page's pixels.
        usual: that of its paper.
    """
    top = int(levels.max())
    cut = np.count_nonzero(levels >= top - 1)
    below = np.count_nonzero((levels >= top - 5) & (levels < top - 1))
    return top - 1 if top > usual + _BRIGHTER and cut > _CUT * below else 255
