"""Things added to a portrait: what the checks and the models behind them say of drawn additions.

The pictures are drawn here: a plain backdrop and a rough person. Face and mask are injected; the
first look (`models/assets/added.onnx`) and the reader are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.added import AddedFinder, AddedMaps, picture_score
from models.face import FaceLandmarks
from models.store import SHIPPED_DIRECTORY
from models.text import TextLine, TextReader
from photo_service import borders
from photo_service.check import Band, Outcome, Range, Status
from photo_service.checks import frame_content
from photo_service.errors import CannotAssess
from photo_service.features import Features, ModelSet
from photo_service.image import Photo

Rgb = NDArray[np.uint8]
Box = tuple[float, float, float, float]

WIDTH, HEIGHT = 480, 640


def at_most(accept: float, review: float | None = None) -> Band:
    certain_from = Range(max=accept if review is None else review)
    return Band(Range(max=accept), Range(max=accept), certain_from)


LINE = at_most(70, 85)
STRIP, MARGIN = at_most(50, 80), at_most(25, 45)
CONFIDENCE = at_most(0.6, 0.8)
SUSPICION, WORN = at_most(1.8, 99), at_most(4.0, 99)
PATTERN = at_most(5.2, 99)


def portrait(backdrop: tuple[int, int, int] = (120, 180, 235), seed: int = 0) -> Rgb:
    """A rough person before a backdrop, softened and with a little noise."""
    rgb = np.full((HEIGHT, WIDTH, 3), backdrop, np.uint8)
    cv2.ellipse(rgb, (240, 640), (200, 190), 0, 180, 360, (60, 60, 75), -1)
    cv2.rectangle(rgb, (205, 400), (275, 480), (205, 160, 140), -1)
    cv2.ellipse(rgb, (240, 300), (105, 145), 0, 0, 360, (215, 170, 150), -1)
    cv2.ellipse(rgb, (240, 240), (112, 95), 0, 180, 360, (45, 35, 30), -1)
    for x in (200, 280):
        cv2.ellipse(rgb, (x, 285), (16, 7), 0, 0, 360, (70, 50, 45), -1)
    cv2.ellipse(rgb, (240, 375), (30, 8), 0, 0, 360, (170, 90, 90), -1)
    noise = np.random.default_rng(seed).normal(0, 2, rgb.shape)
    return np.clip(cv2.GaussianBlur(rgb, (0, 0), 2.0) + noise, 0, 255).astype(np.uint8)


def jpeg(rgb: Rgb, quality: int = 88) -> Rgb:
    saved = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    opened = cv2.imdecode(saved, cv2.IMREAD_COLOR)
    assert opened is not None
    return np.asarray(opened[..., ::-1], np.uint8).copy()


class Drawn:
    """Models of a drawn portrait: the face and mask are known, the rest is real."""

    def __init__(self, finder: AddedFinder, reader: TextReader) -> None:
        self._finder, self._reader = finder, reader

    def landmarks(self, rgb: Rgb) -> tuple[FaceLandmarks, ...]:
        points = np.full((478, 3), (240, 300, 0), np.float32)
        places = {33: (184, 285), 133: (216, 285), 362: (264, 285), 263: (296, 285)}
        places |= {234: (135, 300), 454: (345, 300), 152: (240, 445), 10: (240, 155)}
        for index, place in places.items():
            points[index, :2] = place
        return (FaceLandmarks(points, {}, 0.0, 0.0, 0.0),)

    def submit_mask(self, rgb: Rgb) -> Future[NDArray[np.float32]]:
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.ellipse(mask, (240, 640), (200, 190), 0, 180, 360, 1, -1)
        cv2.ellipse(mask, (240, 290), (115, 150), 0, 0, 360, 1, -1)
        return done(np.asarray(cv2.resize(mask, (256, 256)), np.float32))

    def submit_added(self, rgb: Rgb) -> Future[AddedMaps]:
        return done(self._finder.look(rgb))

    def submit_text(
        self, rgb: Rgb, places: Sequence[Box], most: int
    ) -> Future[tuple[TextLine, ...]]:
        return done(self._reader.lines_near(rgb, places, most))


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


@pytest.fixture(scope="module")
def finder() -> AddedFinder:
    return AddedFinder(SHIPPED_DIRECTORY / "added.onnx")


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


See = Callable[[Rgb], Features]


@pytest.fixture
def see(finder: AddedFinder, reader: TextReader) -> See:
    class Picture:
        def __init__(self, pixels: Rgb) -> None:
            self.pixels, self.scale = pixels, 1.0

    def features(rgb: Rgb) -> Features:
        return Features(cast("Photo", Picture(rgb)), cast("ModelSet", Drawn(finder, reader)))

    return features


def border_of(features: Features) -> Outcome:
    return frame_content.no_border(features, line=LINE)


def bars_of(features: Features) -> Outcome:
    return frame_content.no_bars(features, strip=STRIP, margin=MARGIN)


def text_of(features: Features) -> Outcome:
    return frame_content.no_text(
        features, confidence=CONFIDENCE, letters=3, ideographs=2, tilt=12.0
    )


def marks_of(features: Features) -> Outcome:
    return frame_content.no_marks(features, suspicion=SUSPICION, worn=WORN)


def inset_of(features: Features) -> Outcome:
    return frame_content.no_inset(features, suspicion=SUSPICION, worn=WORN)


def screen_of(features: Features) -> Outcome:
    return frame_content.not_rephotographed(features, pattern=PATTERN)


# --- a clean portrait passes everything ---------------------------------------------------------


@pytest.mark.parametrize("backdrop", [(120, 180, 235), (255, 255, 255), (205, 205, 208)])
@pytest.mark.parametrize("quality", [70, 90])
def test_a_clean_portrait_passes(see: See, backdrop: tuple[int, int, int], quality: int) -> None:
    features = see(jpeg(portrait(backdrop), quality))
    for found in (border_of, bars_of, text_of, marks_of, inset_of):
        assert found(features).status is Status.PASS, found


def test_scanner_edges_are_no_border(see: See) -> None:
    rgb = portrait()
    rgb[:2] = 255
    rgb[-1:] = 0
    rgb[:, :1] = 0
    features = see(jpeg(rgb, 92))
    assert border_of(features).status is Status.PASS
    assert bars_of(features).status is Status.PASS


# --- borders and bars ---------------------------------------------------------------------------


def framed(rgb: Rgb, thickness: int, colour: tuple[int, int, int]) -> Rgb:
    out = rgb.copy()
    cv2.rectangle(out, (0, 0), (WIDTH - 1, HEIGHT - 1), colour, 2 * thickness - 1)
    return out


def lined(rgb: Rgb, inset: int, colour: tuple[int, int, int], width: int = 2) -> Rgb:
    out = rgb.copy()
    cv2.rectangle(out, (inset, inset), (WIDTH - inset, HEIGHT - inset), colour, width)
    return out


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (190, 20, 30)])
@pytest.mark.parametrize("thickness", [8, 20, 50])
def test_a_solid_frame_is_found(see: See, thickness: int, colour: tuple[int, int, int]) -> None:
    outcome = border_of(see(jpeg(framed(portrait(), thickness, colour))))
    assert (outcome.status, outcome.code) == (Status.FAIL, "border-added")
    assert outcome.certain


@pytest.mark.parametrize("inset", [12, 30])
def test_a_thin_frame_line_is_found(see: See, inset: int) -> None:
    outcome = border_of(see(jpeg(lined(portrait(), inset, (20, 20, 20)))))
    assert outcome.code == "border-added"


def test_rounded_corners_are_found(see: See) -> None:
    inside = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(inside, (48, 12), (WIDTH - 48, HEIGHT - 12), 1, -1)
    cv2.rectangle(inside, (12, 48), (WIDTH - 12, HEIGHT - 48), 1, -1)
    for x in (48, WIDTH - 48):
        for y in (48, HEIGHT - 48):
            cv2.circle(inside, (x, y), 36, 1, -1)
    rgb = portrait()
    rgb[inside == 0] = 255
    assert border_of(see(jpeg(rgb))).code == "border-added"


@pytest.mark.parametrize("sides", ["top bottom", "left right", "bottom"])
def test_bars_are_found(see: See, sides: str) -> None:
    rgb = portrait()
    if "top" in sides:
        rgb[:40] = 0
    if "bottom" in sides:
        rgb[-40:] = 0
    if "left" in sides:
        rgb[:, :30] = rgb[:, -30:] = 0
    outcome = bars_of(see(jpeg(rgb)))
    assert (outcome.status, outcome.code, outcome.certain) == (Status.FAIL, "bars-added", True)
    assert 5 < float(outcome.facts["thickness"]) < 7


def test_a_white_margin_shows_where_it_cuts_the_person(see: See) -> None:
    rgb = framed(portrait((255, 255, 255)), 24, (255, 255, 255))
    outcome = bars_of(see(jpeg(rgb)))
    assert outcome.code in ("margin-added", "bars-added")
    assert outcome.status is Status.FAIL


def test_a_longer_line_never_scores_lower() -> None:
    shares = []
    for share in (0.0, 0.3, 0.6, 1.0):
        rgb = portrait()
        rgb[20:24, : int(share * WIDTH)] = 0
        shares.append(borders.sides(rgb)["top"].line)
    assert shares == sorted(shares)
    assert shares[-1] > 0.99


@pytest.mark.parametrize("shape", [(16, 16), (640, 20), (20, 640), (64, 64)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_degenerate_pictures_are_measured(shape: tuple[int, int], grey: int) -> None:
    for side in borders.sides(np.full((*shape, 3), grey, np.uint8)).values():
        assert 0 <= side.line <= 1
        assert 0 <= side.strip <= 1


# --- lettering ----------------------------------------------------------------------------------


def written(
    rgb: Rgb,
    text: str,
    place: tuple[int, int],
    *,
    scale: float = 0.8,
    colour: tuple[int, int, int] = (30, 30, 30),
    opacity: float = 1.0,
    turn: float = 0.0,
) -> Rgb:
    layer = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.putText(layer, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 2, cv2.LINE_AA)
    if turn:
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn, 1)
        layer = np.asarray(cv2.warpAffine(layer, matrix, (WIDTH, HEIGHT)), np.uint8)
    share = layer[..., None] / 255 * opacity
    return np.asarray(np.round(rgb * (1 - share) + np.array(colour) * share), np.uint8)


def test_a_date_stamp_is_found_and_named(see: See) -> None:
    rgb = written(portrait(), "2024-05-17", (290, 50), scale=0.9, colour=(220, 60, 20))
    outcome = text_of(see(jpeg(rgb)))
    assert (outcome.status, outcome.code, outcome.certain) == (Status.FAIL, "date-stamp", True)
    assert outcome.value == pytest.approx(1, abs=0.05)
    assert outcome.region is not None
    x, y, width, height = outcome.region
    assert 270 < x < 300
    assert 15 < y < 40
    assert 130 < width < 190
    assert 15 < height < 50


def test_a_number_is_found(see: See) -> None:
    rgb = written(portrait(), "No 88253046", (20, 50))
    outcome = text_of(see(jpeg(rgb)))
    assert (outcome.code, outcome.certain) == ("text-added", True)


def test_a_leaning_watermark_is_found(see: See) -> None:
    rgb = written(portrait((250, 250, 250)), "STUDIO", (20, 110), scale=1.2, opacity=0.6, turn=20)
    features = see(jpeg(rgb))
    assert text_of(features).code == "watermark-added"


def test_a_print_on_the_clothing_is_never_certain(see: See) -> None:
    rgb = written(portrait(), "TEAM", (195, 560), scale=1.1, colour=(240, 240, 240))
    outcome = text_of(see(jpeg(rgb)))
    assert (outcome.status, outcome.code) == (Status.FAIL, "text-on-clothing")
    assert not outcome.certain


def test_a_line_at_the_edge_of_the_clothing_was_added(see: See) -> None:
    rgb = written(portrait(), "2024 05 17", (170, 628), colour=(255, 200, 40))
    outcome = text_of(see(jpeg(rgb)))
    assert (outcome.code, outcome.certain) == ("date-stamp", True)


def test_fainter_lettering_never_looks_likelier(finder: AddedFinder) -> None:
    scores = [
        picture_score(
            finder.look(jpeg(written(portrait(), "SAMPLE", (40, 90), opacity=opacity), 95)).text
        )
        for opacity in (0.0, 0.1, 0.3, 1.0)
    ]
    assert scores == sorted(scores)
    assert scores[-1] > 2 > -1 > scores[0]


def test_lettering_is_looked_for_where_it_is(finder: AddedFinder) -> None:
    rgb = written(portrait(), "2023/12/31", (280, 60))
    (score, box), *_ = finder.look(jpeg(rgb)).places("text", -1.0, 1.5)
    assert score > 0
    assert 230 < box[0] + box[2] / 2 < 460
    assert 20 < box[1] + box[3] / 2 < 90


def test_unreadable_marks_are_suspected(see: See) -> None:
    rgb = portrait()
    for x in range(30, 200, 14):  # strokes like letters of no script
        cv2.line(rgb, (x, 60), (x + 9, 84), (40, 40, 40), 2, cv2.LINE_AA)
        cv2.line(rgb, (x + 4, 58), (x + (x % 9), 86), (40, 40, 40), 2, cv2.LINE_AA)
    features = see(jpeg(rgb))
    stopped = [o for o in (marks_of(features), text_of(features)) if o.status is Status.FAIL]
    assert stopped
    assert not any(outcome.certain and outcome.code == "text-suspected" for outcome in stopped)


def test_a_closed_reader_is_an_error() -> None:
    own = TextReader()
    own.close()
    with pytest.raises(AttributeError):
        own.boxes(portrait(), 320)


# --- insets -------------------------------------------------------------------------------------


def test_an_inset_graphic_is_suspected(see: See) -> None:
    rgb = portrait()
    code = np.random.default_rng(3).integers(0, 2, (14, 14), np.uint8) * 255
    patch = cv2.resize(code, (84, 84), interpolation=cv2.INTER_NEAREST)
    rgb[20:120, 20:120] = 255
    rgb[28:112, 28:112] = patch[..., None]
    outcome = inset_of(see(jpeg(rgb)))
    assert (outcome.status, outcome.code) == (Status.FAIL, "inset-picture")
    assert not outcome.certain


# --- screens ------------------------------------------------------------------------------------


def textured() -> Rgb:
    """Fine irregular texture everywhere, as cloth, hair and noise give."""
    noise = np.random.default_rng(5).normal(0, 6, (HEIGHT, WIDTH))
    texture = cv2.GaussianBlur(noise, (0, 0), 0.7)[..., None]
    return np.asarray(np.clip(portrait() + texture, 0, 255), np.uint8)


def rastered(rgb: Rgb, strength: float) -> Rgb:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    wave = np.cos(2 * np.pi * (0.31 * x + 0.07 * y)) + np.cos(2 * np.pi * (0.27 * y - 0.06 * x))
    return np.asarray(np.clip(rgb + strength * wave[..., None], 0, 255), np.uint8)


def test_a_screen_raster_goes_to_a_person(see: See) -> None:
    assert screen_of(see(jpeg(textured(), 95))).status is Status.PASS
    outcome = screen_of(see(jpeg(rastered(textured(), 8), 95)))
    assert (outcome.status, outcome.code) == (Status.FAIL, "screen-recapture")
    assert not outcome.certain


def test_a_stronger_raster_never_scores_lower(see: See) -> None:
    values = []
    for strength in (0, 1, 2, 4):
        value = screen_of(see(rastered(textured(), strength))).value
        assert isinstance(value, float)
        values.append(value)
    assert values == sorted(values)


def test_a_picture_without_texture_cannot_be_assessed(see: See) -> None:
    with pytest.raises(CannotAssess):
        screen_of(see(np.full((HEIGHT, WIDTH, 3), 200, np.uint8)))
