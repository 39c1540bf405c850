"""What the checks measure: relations between pictures and made defects of growing strength."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks import degradations as made
from models.added import AddedMaps
from models.covering import CoveringScores
from models.face import DetectedFace, FaceLandmarks
from models.text import Spelling, TextBox, TextLine
from photo_service import profile
from photo_service.check import Band, Outcome, Range, Status
from photo_service.features import Features
from photo_service.image import Photo, open_photo
from photo_service.messages import LANGUAGES, messages
from photo_service.report import Decision, Effect, Finding
from photo_service.service import examine, verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES

Rgb = NDArray[np.uint8]
Change = Callable[[Rgb, float], Rgb]


def opened(name: str) -> Rgb:
    with Image.open(SAMPLES / name) as image:
        return np.asarray(image.convert("RGB"))


GOOD = {colour: opened(f"accepted-{colour}.jpg") for colour in ("blue", "white", "grey")}
PROFILES = ("graduation", "graduation-strict")


def png(rgb: Rgb) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=1)
    return file.getvalue()


def judged(rgb: Rgb, settings: Settings, *check_ids: str) -> dict[str, Finding]:
    """Findings of some checks, by their ids."""
    rules = profile.load("graduation")
    some = tuple(line for line in rules.lines if line.check.id in check_ids)
    report = verify(png(rgb), profile=replace(rules, lines=some), settings=settings)
    return {finding.check: finding for finding in report.findings}


def measured(rgb: Rgb, settings: Settings, check_id: str) -> float:
    return number(judged(rgb, settings, check_id)[check_id])


def number(finding: Finding) -> float:
    assert isinstance(finding.value, int | float), finding
    return float(finding.value)


# --- the stronger the defect, the further the value ----------------------------------------------


@dataclass(frozen=True)
class Relation:
    """``change`` of growing strength moves ``check``'s value in one direction."""

    check: str
    change: Change
    strengths: Sequence[float]
    rises: bool = True
    slack: float = 0.0
    at_least: float = 0.0
    magnitude: bool = False


RELATIONS = (
    Relation("sharpness/focus", made.blur, (0, 0.8, 1.4, 2, 3), at_least=0.2),
    Relation("sharpness/no_motion", made.motion_blur, (0, 5, 9, 15), at_least=0.05),
    Relation("sharpness/low_noise", made.noise, (0, 3, 6, 12, 20), at_least=5),
    Relation("encoding/true_resolution", made.upscaled, (1, 1.5, 2, 3), slack=0.1, at_least=1),
    Relation(
        "sharpness/no_blocking",
        lambda rgb, strength: made.jpeg(rgb, round(100 - strength)),
        (5, 40, 70, 85, 95),
        slack=0.05,
        at_least=0.8,
    ),
    Relation("encoding/proportions", made.stretched, (0.8, 0.9, 1.0, 1.1, 1.25), at_least=0.3),
    Relation("face/upright", made.rotated, (-16, -8, 0, 8, 16), rises=False, at_least=20),
    Relation(
        "framing/centred",
        lambda rgb, shift: made.reframed(rgb, dx=shift),
        (-0.15, -0.08, 0, 0.08, 0.15),
        at_least=25,
    ),
    Relation(
        "framing/eyes_to_top",
        lambda rgb, shift: made.reframed(rgb, dy=shift),
        (-0.1, -0.05, 0, 0.05, 0.1),
        at_least=15,
    ),
    Relation(
        "framing/crown_to_top",
        lambda rgb, shift: made.reframed(rgb, dy=shift),
        (-0.07, 0, 0.07, 0.14),
        at_least=10,
    ),
    Relation("framing/face_width", made.reframed, (0.7, 0.85, 1, 1.2, 1.5), at_least=25),
    Relation("framing/head_height", made.reframed, (0.7, 0.85, 1, 1.15), at_least=15),
    Relation("lighting/face_not_dark", made.exposure, (-3, -2, -1, 0), at_least=80),
    Relation("lighting/picture_not_dark", made.exposure, (-3, -2, -1, 0), at_least=80),
    Relation("lighting/face_not_bright", made.exposure, (-1, 0, 0.7, 1.5), at_least=60),
    Relation("lighting/no_hot_spot", made.exposure, (0, 0.5, 1, 1.5), slack=0.1, at_least=20),
    Relation("lighting/tonal_range", made.contrast, (0.25, 0.5, 0.75, 1), at_least=80),
    Relation(
        "lighting/even",
        lambda rgb, stops: made.half_light(rgb, stops, rgb.shape[1] / 2, rgb.shape[1] / 20),
        (0.5, 1, 2, 3),
        at_least=15,
    ),
    Relation(
        "lighting/in_colour",
        lambda rgb, share: np.asarray(
            np.round((1 - share) * rgb + share * made.greyscale(rgb)), np.uint8
        ),
        (0, 0.4, 0.8, 1),
        rises=False,
        at_least=10,
    ),
    Relation(
        "lighting/skin_chroma",
        lambda rgb, share: np.asarray(
            np.round((1 - share) * rgb + share * made.greyscale(rgb)), np.uint8
        ),
        (0, 0.3, 0.6, 0.8),
        rises=False,
        at_least=5,
    ),
    Relation(
        "lighting/skin_hue",
        lambda rgb, gain: made.cast(rgb, 1.0, gain),
        (0.8, 0.9, 1, 1.1),
        rises=False,
        at_least=20,
    ),
)


@pytest.mark.parametrize("colour", GOOD)
@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.check)
def test_value_follows_the_defect(relation: Relation, colour: str, settings: Settings) -> None:
    values = [
        measured(relation.change(GOOD[colour], strength), settings, relation.check)
        for strength in relation.strengths
    ]
    steps = np.diff(values) if relation.rises else -np.diff(values)
    assert (steps >= -relation.slack).all(), values
    assert steps.sum() >= relation.at_least, values


def behind(backdrop: Callable[[tuple[int, int], float], Rgb]) -> Change:
    """The person cut out by its own colours and put before another backdrop."""

    def change(rgb: Rgb, strength: float) -> Rgb:
        near_wall = np.abs(rgb.astype(int) - (100, 197, 255)).max(axis=2) < 24
        person = cv2.GaussianBlur((~near_wall).astype(np.float32), (0, 0), 0.7)
        scene = backdrop((rgb.shape[0], rgb.shape[1]), strength)
        return made.on_background(rgb, person.astype(np.float32), scene)

    return change


LIGHT = (205, 215, 225)
WALLS = (
    Relation(
        "background/even",
        behind(lambda shape, fall: made.gradient_backdrop(shape, LIGHT, fall)),
        (0, 40, 80, 120),
        at_least=20,
    ),
    Relation(
        "background/smooth",
        behind(lambda shape, depth: made.patterned_backdrop(shape, LIGHT, depth)),
        (0, 8, 16, 30),
        at_least=3,
    ),
)


@pytest.mark.parametrize("relation", WALLS, ids=lambda relation: relation.check)
def test_value_follows_the_wall(relation: Relation, settings: Settings) -> None:
    test_value_follows_the_defect(relation, "blue", settings)


def test_objects_count_by_their_size(settings: Settings) -> None:
    nobody = np.zeros(GOOD["blue"].shape[:2], np.float32)
    values = [
        measured(rgb, settings, "background/no_objects")
        for rgb in (
            GOOD["blue"],
            *(made.with_object(GOOD["blue"], nobody, size, (90, 60, 30)) for size in (0.1, 0.16)),
        )
    ]
    assert values[0] < 0.5
    assert values == sorted(values)
    assert values[-1] > 3


def test_shadow_counts_by_its_depth(settings: Settings) -> None:
    white = GOOD["white"]
    person = (white.astype(int).min(axis=2) < 215).astype(np.float32)
    values = []
    for depth in (0, 25, 50):
        wall = made.plain_backdrop(white.shape, (244, 244, 244))
        scene = made.cast_shadow(wall, person, depth, 0.1)
        picture = made.on_background(white, person, scene)
        values.append(measured(picture, settings, "background/no_shadow"))
    assert values[0] < 1
    assert values == sorted(values)
    assert values[-1] > 5


@pytest.mark.parametrize("width", [0.5, 0.8])
def test_pasted_face_is_a_second_face(width: float, settings: Settings) -> None:
    blue = GOOD["blue"]
    pasted = made.second_face(blue, blue, width * 0.7, (0.0, 0.0))
    finding = judged(pasted, settings, "face/one_face")["face/one_face"]
    assert (finding.code, finding.value) == ("face-several", 2)
    assert finding.region is not None
    x, y, w, h = finding.region
    assert 0 <= x + w / 2 <= width * blue.shape[1]
    assert 0 <= y + h / 2 <= width * blue.shape[1]


# --- degenerate pictures -------------------------------------------------------------------------

UNIFORM = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (205, 205, 205),
    "blue": (100, 197, 255),
}


def flat(width: int, height: int, colour: tuple[int, int, int] = (205, 205, 205)) -> Rgb:
    return np.full((height, width, 3), colour, np.uint8)


def with_tiny_face() -> Rgb:
    picture = flat(1200, 1600, (100, 197, 255))
    tiny = cv2.resize(GOOD["blue"], (60, 80), interpolation=cv2.INTER_AREA)
    picture[400:480, 570:630] = tiny
    return picture


def just_the_face() -> Rgb:
    return cv2.resize(GOOD["blue"][120:280, 95:215], (480, 640)).astype(np.uint8)


DEGENERATE: dict[str, Callable[[], Rgb]] = {
    **{name: partial(flat, 480, 640, colour) for name, colour in UNIFORM.items()},
    "1x1": lambda: flat(1, 1),
    "2x2000": lambda: flat(2, 2000),
    "2000x2": lambda: flat(2000, 2),
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (640, 480, 3)).astype(np.uint8),
    "tiny face": with_tiny_face,
    "nothing but the face": just_the_face,
    "upside down": lambda: np.ascontiguousarray(GOOD["blue"][::-1]),
    "face at the edge": lambda: made.reframed(GOOD["blue"], dx=0.45),
    "face cut by the bottom": lambda: made.reframed(GOOD["blue"], dy=0.5),
    "6 x 8 pixels": lambda: cv2.resize(GOOD["blue"], (6, 8)).astype(np.uint8),
    "24 x 32 pixels": lambda: cv2.resize(GOOD["blue"], (24, 32)).astype(np.uint8),
}


@pytest.mark.parametrize("rules", PROFILES)
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_picture_is_no_error_and_not_accepted(
    name: str, rules: str, settings: Settings
) -> None:
    report = verify(png(DEGENERATE[name]()), profile=rules, settings=settings)
    assert not [f.check for f in report.findings if f.status is Status.ERROR]
    assert report.decision is not Decision.ACCEPTED
    for language in LANGUAGES:
        report.to_json(language)


@pytest.mark.parametrize("name", ["nothing but the face", "face at the edge"])
def test_regions_lie_within_the_picture(name: str, settings: Settings) -> None:
    report = verify(png(DEGENERATE[name]()), settings=settings)
    width, height = report.image.width, report.image.height
    for finding in report.findings:
        if finding.region is not None:
            x, y, w, h = finding.region
            assert 0 <= x <= x + w <= width, finding
            assert 0 <= y <= y + h <= height, finding


# --- symmetry and scale --------------------------------------------------------------------------


@pytest.mark.parametrize("check_id", ["face/not_turned", "face/upright", "framing/centred"])
@pytest.mark.parametrize("colour", GOOD)
def test_mirrored_picture_has_mirrored_values(
    check_id: str, colour: str, settings: Settings
) -> None:
    picture = made.reframed(made.rotated(GOOD[colour], 7), dx=0.06)
    here = measured(picture, settings, check_id)
    mirrored = measured(np.ascontiguousarray(picture[:, ::-1]), settings, check_id)
    assert here == pytest.approx(-mirrored, abs=3)
    assert check_id == "face/not_turned" or abs(here) > 4


GEOMETRY = {
    "framing/crown_to_top": 1.0,
    "framing/eyes_to_top": 1.0,
    "framing/face_width": 1.5,
    "framing/head_height": 1.5,
    "framing/centred": 1.0,
    "framing/shoulders_in": 0.15,
    "face/not_turned": 2.0,
    "face/not_nodding": 2.0,
    "face/upright": 1.0,
    "encoding/proportions": 0.06,
}


@pytest.mark.parametrize("factor", [0.75, 2, 4])
def test_geometry_does_not_depend_on_the_size(factor: float, settings: Settings) -> None:
    once = judged(GOOD["blue"], settings, *GEOMETRY)
    size = (round(312 * factor), round(416 * factor))
    scaled = judged(cv2.resize(GOOD["blue"], size).astype(np.uint8), settings, *GEOMETRY)
    for check_id, tolerance in GEOMETRY.items():
        difference = abs(number(scaled[check_id]) - number(once[check_id]))
        assert difference <= tolerance, check_id


def test_regions_are_in_full_size_pixels(settings: Settings) -> None:
    # Large enough to be decoded at reduced scale.
    large = cv2.resize(GOOD["blue"], (3120, 4160)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(large).save(file, "JPEG", quality=90)
    examined = examine(file.getvalue(), settings=settings)
    assert examined.features is not None
    assert examined.features.scale < 1
    smile = "face/expression_neutral"
    once = judged(GOOD["blue"], settings, smile)[smile].region
    many = {finding.check: finding for finding in examined.report.findings}[smile].region
    assert once is not None
    assert many is not None
    assert np.allclose(np.array(many) / 10, once, atol=6)


# --- one fact changed, everything else real ------------------------------------------------------


class MadeFaces:
    """Models that answer what a test wants them to."""

    def __init__(
        self, faces: tuple[FaceLandmarks, ...], detections: tuple[DetectedFace, ...] = ()
    ) -> None:
        self.faces = faces
        self.detections = detections

    def landmarks(self, rgb: Rgb) -> tuple[FaceLandmarks, ...]:
        return self.faces

    def submit_mask(self, rgb: Rgb) -> Future[NDArray[np.float32]]:
        return _done(np.zeros((256, 256), np.float32))

    def submit_faces(self, rgb: Rgb) -> Future[tuple[DetectedFace, ...]]:
        return _done(self.detections)

    def submit_added(self, rgb: Rgb) -> Future[AddedMaps]:
        nothing = np.full((1, 1), -10.0, np.float32)
        return _done(AddedMaps(nothing, nothing, nothing, (8.0, 8.0)))

    def submit_covering(
        self, rgb: Rgb, left_eye: tuple[float, float], right_eye: tuple[float, float]
    ) -> Future[CoveringScores]:
        return _done(CoveringScores(-9.0, -9.0, -9.0))

    def submit_text(
        self, rgb: Rgb, places: Sequence[tuple[float, float, float, float]], most: int
    ) -> Future[tuple[TextLine, ...]]:
        return _done(())

    def text_boxes(self, rgb: Rgb, long_side: int) -> tuple[TextBox, ...]:
        return ()

    def spell(self, rgb: Rgb, boxes: Sequence[TextBox], alphabet: str = "") -> tuple[Spelling, ...]:
        return ()


def _done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


@pytest.fixture(scope="module")
def face(settings: Settings) -> FaceLandmarks:
    features = examine(png(GOOD["blue"]), settings=settings).features
    assert features is not None
    return features.face


@cache
def good_photo() -> Photo:
    return open_photo(png(GOOD["blue"]), max_file_bytes=1 << 22, max_pixels=1 << 22)


def made_outcome(check_id: str, *faces: FaceLandmarks, **models: Any) -> tuple[Outcome, Finding]:
    """One check's answer about made faces under the graduation profile, and its finding."""
    line = next(x for x in profile.load("graduation").lines if x.check.id == check_id)
    features = Features(good_photo(), MadeFaces(faces, **models))
    outcome = line.check.run(features, **line.limits)
    finding = Finding(
        check_id,
        outcome.status,
        outcome.code,
        Effect.NONE,
        line.clause,
        outcome.value,
        outcome.unit,
        outcome.allowed,
        outcome.region,
        outcome.facts,
    )
    return outcome, finding


@pytest.mark.parametrize(
    ("check_id", "fact", "low", "high"),
    [
        ("face/not_turned", "yaw", "face-turned-left", "face-turned-right"),
        ("face/not_nodding", "pitch", "face-raised", "face-lowered"),
        ("face/upright", "roll", "face-tilted-right", "face-tilted-left"),
    ],
)
def test_pose_is_graded_on_both_sides(
    check_id: str, fact: str, low: str, high: str, face: FaceLandmarks
) -> None:
    def outcome(degrees: float) -> Outcome:
        pose = {"yaw": face.yaw, "pitch": face.pitch, "roll": face.roll, fact: degrees}
        turned = replace(face, yaw=pose["yaw"], pitch=pose["pitch"], roll=pose["roll"])
        return made_outcome(check_id, turned)[0]

    assert outcome(0).status is Status.PASS
    for sign, code in ((-1, low), (1, high)):
        far = outcome(40 * sign)
        assert (far.status, far.code, far.certain) == (Status.FAIL, code, True)
        near = next(o for o in map(outcome, np.arange(0, 40, 0.5) * sign) if o.code == code)
        assert near.status is Status.WARN


def shapes(face: FaceLandmarks, **changed: float) -> FaceLandmarks:
    return replace(face, blendshapes={**face.blendshapes, **changed})


def test_half_closed_eyes_are_a_doubt(face: FaceLandmarks) -> None:
    outcome, finding = made_outcome(
        "face/eyes_open", shapes(face, eyeBlinkLeft=0.6, eyeBlinkRight=0.6)
    )
    # The lids say open: one sign alone must not reject.
    assert (outcome.status, outcome.code) == (Status.FAIL, "eyes-half-closed")
    assert not outcome.certain
    for language in LANGUAGES:
        text = messages(language)
        assert "0.60" in finding.message(text)
        assert finding.advice(text)


def test_narrow_eyes_alone_are_a_doubt(face: FaceLandmarks) -> None:
    points = face.points.copy()
    for upper, lower in ((160, 144), (159, 145), (158, 153), (385, 380), (386, 374), (387, 373)):
        points[upper, 1] = points[lower, 1] - 1
    narrow = replace(face, points=points)
    outcome, _ = made_outcome("face/eyes_open", shapes(narrow, eyeBlinkLeft=0, eyeBlinkRight=0))
    assert (outcome.status, outcome.code, outcome.certain) == (Status.FAIL, "eyes-closed", False)
    both = shapes(narrow, eyeBlinkLeft=0.9, eyeBlinkRight=0.9)
    assert made_outcome("face/eyes_open", both)[0].certain


def test_face_seen_by_the_detector_alone_is_a_doubt() -> None:
    found = DetectedFace((10, 10, 40, 40), 0.9, np.zeros((6, 2), np.float32))
    outcome, _ = made_outcome("face/one_face", detections=(found,))
    assert (outcome.code, outcome.certain) == ("face-none", False)
    outcome, _ = made_outcome("face/one_face")
    assert (outcome.code, outcome.certain) == ("face-none", True)


# --- the building blocks -------------------------------------------------------------------------


def test_band_grades_from_the_inside_out() -> None:
    band = Band(Range(0, 1), Range(-1, 2), Range(-2, 3))
    grades = [band.grade(value) for value in (0.5, 1, 1.5, 2.5, 3.5, -3, float("nan"))]
    assert grades == [
        (Status.PASS, False),
        (Status.PASS, False),
        (Status.WARN, False),
        (Status.FAIL, False),
        (Status.FAIL, True),
        (Status.FAIL, True),
        (Status.FAIL, True),
    ]
