"""The face itself: one, frontal, eyes open and looking ahead."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from models.face import DetectedFace
from photo_service.check import Band, Outcome, Range, Region, Status, check, graded, worst
from photo_service.errors import CannotAssess
from photo_service.features import (
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    LEFT_LIDS,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
    RIGHT_LIDS,
    Features,
    FloatImage,
)


@check("face/one_face", codes=("face-none", "face-several"), needs=("detections", "added"))
def one_face(features: Features, *, second_score: Band) -> Outcome:
    """Exactly one face.

    Wants: the candidate's face and no other, not even a small one in the background or pasted.
    Why: 除头像外，不得添加…其他内容: the picture is of one person.
    Measured: faces with landmarks, plus faces that the full-range detector finds outside the
        main face; `second_score` is that detector's confidence (0-1) in the second face.
        Pasted faces of 30 % of the main face's width and more are found (39 of 39); one false
        hit above 0.5 in 154 compliant crops.
    Blind spots: second faces below a quarter of the main face's width, cut at the edge, or
        covered.
    Source: graduation procedure, item 4, note 2 (1) and (4).
    """
    others = _other_faces(features)
    count = min(len(features.faces), 1) + len(others)
    wanted = Range(1, 1)
    if not features.faces:
        if not others:
            return Outcome(Status.FAIL, "face-none", value=0, unit="", allowed=wanted)
        # The detector sees a face that is too small, cut or covered for landmarks.
        return Outcome(
            Status.FAIL, "face-none", value=0, allowed=wanted, region=others[0][1], certain=False
        )
    if not others:
        return Outcome(Status.PASS, value=1, allowed=wanted)
    score, region = others[0]
    status, certain = second_score.grade(score)
    if status is Status.PASS:
        return Outcome(Status.PASS, value=1, allowed=wanted)
    return Outcome(
        status, "face-several", value=count, allowed=wanted, region=region, certain=certain
    )


# Score of a face that only the landmarker sees: it has mistaken collars for faces.
_UNCONFIRMED = 0.6


def _other_faces(features: Features) -> list[tuple[float, Region]]:
    """Score and box of each face but the largest, surest first."""
    found: dict[Region, float] = {}
    for face in features.faces[1:]:
        (x, y), (right, bottom) = (edge(face.points[:, :2], axis=0) for edge in (np.min, np.max))
        found[float(x), float(y), float(right - x), float(bottom - y)] = _UNCONFIRMED
    main = features.geometry.box if features.faces else None
    for detection in (*features.detections, *features.small_faces):
        if main and _lies_in(detection, main):
            continue
        x, y, width, height = detection.box
        known = next((box for box in found if _lies_in(detection, box)), None)
        box = known or (float(x), float(y), float(width), float(height))
        found[box] = max(found.get(box, 0.0), detection.score)
    return sorted(((score, box) for box, score in found.items()), reverse=True)


def _lies_in(detection: DetectedFace, box: Region) -> bool:
    """Whether the detection is a face that is known already, not a small one pasted on it."""
    x, y, width, height = detection.box
    if width < 0.5 * box[2]:
        return False
    across = min(x + width, box[0] + box[2]) - max(x, box[0])
    down = min(y + height, box[1] + box[3]) - max(y, box[1])
    return max(across, 0) * max(down, 0) > 0.4 * max(width * height, 1)


@check("face/not_turned", codes=("face-turned-left", "face-turned-right"))
def not_turned(features: Features, *, yaw: Band) -> Outcome:
    """A head not turned to either side.

    Wants: the face straight to the camera.
    Why: 正面; the provincial sibling rule allows 10°, ISO/IEC 19794-5 advises 5°.
    Measured: yaw in degrees from the face landmarker's pose matrix; positive towards the
        picture's right. Frontal people read -3.7 to +3.0 (5th to 95th percentile).
    Blind spots: the estimate is off by up to about 3°; covered faces read unreliably.
    Source: graduation procedure, item 4, note 2 (1); Shanxi adult exam; ISO/IEC 19794-5.
    """
    return graded(
        features.face.yaw,
        yaw,
        unit="deg",
        low="face-turned-left",
        high="face-turned-right",
        region=features.geometry.box,
        facts={"degrees": abs(features.face.yaw)},
    )


@check("face/not_nodding", codes=("face-raised", "face-lowered"))
def not_nodding(features: Features, *, pitch: Band) -> Outcome:
    """A head neither raised nor lowered.

    Wants: the chin at its natural height.
    Why: 正面; the provincial sibling rule allows 10°, ISO/IEC 19794-5 advises 5°.
    Measured: pitch in degrees from the pose matrix; positive when the chin goes down.
        Truly frontal people read -6.9 to +8.5 (5th to 95th percentile): twice the spread of yaw,
        which is why this band is wider.
    Blind spots: low or high cameras and strong chins or foreheads bias it by several degrees.
    Source: graduation procedure, item 4, note 2 (1); Shanxi adult exam; ISO/IEC 19794-5.
    """
    return graded(
        features.face.pitch,
        pitch,
        unit="deg",
        low="face-raised",
        high="face-lowered",
        region=features.geometry.box,
        facts={"degrees": abs(features.face.pitch)},
    )


@check("face/upright", codes=("face-tilted-right", "face-tilted-left"))
def upright(features: Features, *, roll: Band) -> Outcome:
    """A head not tilted to a shoulder.

    Wants: the eyes level.
    Why: 正面, and no rotation of the image; ISO/IEC 19794-5 advises 8°.
    Measured: roll in degrees from the pose matrix; positive when the head's top leans to the
        picture's left. Frontal people read -2.5 to +3.4; a rotated picture reads its angle.
    Blind spots: cannot tell a tilted head from a rotated picture.
    Source: graduation procedure, item 4, note 2 (1) and (2); ISO/IEC 19794-5.
    """
    return graded(
        features.face.roll,
        roll,
        unit="deg",
        low="face-tilted-right",
        high="face-tilted-left",
        region=features.geometry.box,
        facts={"degrees": abs(features.face.roll)},
    )


@check("face/eyes_open", codes=("eyes-closed", "eyes-half-closed"))
def eyes_open(features: Features, *, openness: Band, blink: Band) -> Outcome:
    """Both eyes open.

    Wants: eyes naturally open.
    Why: the picture must truly show the person's looks (真实表达本人相貌).
    Measured: `openness`, the eye aspect ratio: lid distance over eye width, mean of three lid
        pairs of both eyes; and `blink`, the landmarker's mean eyeBlink score (0-1). Certain only
        when both say closed: narrow eyes alone must never reject. Closed eyes 0.04-0.15, open
        0.21-0.43; both signs together found 15 of 15 closed with 0 false of 530.
    Blind spots: one eye closed; eyes behind dark glasses.
    Source: graduation procedure, item 4, note 2 (2); Soukupová & Čech 2016 for the ratio.
    """
    points = features.face.points
    ratio = (
        _eye_aspect_ratio(points, LEFT_LIDS, LEFT_EYE_CORNERS)
        + _eye_aspect_ratio(points, RIGHT_LIDS, RIGHT_EYE_CORNERS)
    ) / 2
    shapes = features.face.blendshapes
    blinking = (shapes["eyeBlinkLeft"] + shapes["eyeBlinkRight"]) / 2
    region = _eyes_region(features)
    lids = graded(ratio, openness, unit="", low="eyes-closed", region=region)
    score = graded(blinking, blink, unit="", high="eyes-half-closed", region=region)
    both = lids.status is Status.FAIL and score.status is Status.FAIL
    return replace(worst(lids, score), certain=both and lids.certain and score.certain)


def _eye_aspect_ratio(
    points: FloatImage, lids: tuple[tuple[int, int], ...], corners: tuple[int, int]
) -> float:
    height = np.mean([np.hypot(*(points[a, :2] - points[b, :2])) for a, b in lids])
    width = np.hypot(*(points[corners[0], :2] - points[corners[1], :2]))
    return float(height / max(float(width), 1.0))


def _eyes_region(features: Features) -> Region:
    face = features.geometry
    reach = 0.5 * face.eye_distance
    left, right = face.left_eye, face.right_eye
    top = min(left[1], right[1]) - reach / 2
    bottom = max(left[1], right[1]) + reach / 2
    return left[0] - reach, top, right[0] - left[0] + 2 * reach, bottom - top


@check("face/eyes_visible", codes=("eyes-covered",), needs=("covering",))
def eyes_visible(features: Features, *, covering: Band) -> Outcome:
    """Both eyes to be seen.

    Wants: no dark lenses, hair, hand or patch over an eye.
    Why: the picture must truly show the person's looks (真实表达本人相貌).
    Measured: `covering`, log-odds of covered eyes by our own model (models/assets/covering.md).
        On people it never saw: drawn coverings (454) 99 % at -0.5 and more, real dark lenses 3 of
        4; free eyes (213, 20 with clear glasses) none.
    Blind spots: lightly tinted lenses; real hair and hands over eyes are known from drawings only.
    Source: graduation procedure, item 4, note 2 (2); figures in models/assets/covering.md.
    """
    return graded(
        features.covering.eyes,
        covering,
        unit="",
        high="eyes-covered",
        region=_eyes_region(features),
    )


@check("face/mouth_visible", codes=("mouth-covered",), needs=("covering",))
def mouth_visible(features: Features, *, covering: Band) -> Outcome:
    """Nose and mouth to be seen.

    Wants: no mask, scarf, hand or object over mouth or chin.
    Why: the picture must truly show the person's looks (真实表达本人相貌).
    Measured: `covering`, log-odds of a covered mouth by our own model (models/assets/covering.md).
        On people it never saw: real masks 5 of 5 at 3.7 and more, drawn coverings (454) 99.6 % at
        0 and more; free mouths (212) 0.5 %.
    Blind spots: a hand at the face that covers nothing of the mouth; masks so large that no face
        is found at all (face/one_face fails then).
    Source: graduation procedure, item 4, note 2 (2); figures in models/assets/covering.md.
    """
    face = features.geometry
    middle = (face.eyes_y + face.chin) / 2
    region: Region = (face.left, middle, face.width, max(face.chin - middle, 1.0))
    return graded(features.covering.mouth, covering, unit="", high="mouth-covered", region=region)


@check("face/no_red_eyes", codes=("red-eyes",))
def no_red_eyes(features: Features, *, redness: Band) -> Outcome:
    """Eyes of their own colour.

    Wants: no red pupils from a flash.
    Why: 色彩真实, and the picture must truly show the person's looks.
    Measured: `redness`, the 80th percentile of CIELAB a within the iris, the redder eye. Eyes of
        all colours read -4 to 24 (1st to 99th percentile, n = 335), painted red pupils 57.
    Blind spots: eyes smaller than about 4 px; a narrow red rim.
    Source: ISO/IEC 19794-5 (no red eyes); our measurement.
    """
    irises = [_iris_redness(features, centre) for centre in (LEFT_IRIS, RIGHT_IRIS)]
    seen = [value for value in irises if value is not None]
    if not seen:
        raise CannotAssess("face-too-small")
    return graded(max(seen), redness, unit="", high="red-eyes", region=_eyes_region(features))


def _iris_redness(features: Features, centre: int) -> float | None:
    points = features.face.points
    x, y = points[centre, :2]
    radius = float(np.hypot(*(points[centre + 1 : centre + 5, :2] - (x, y)).T).mean())
    left, top = max(int(x - radius), 0), max(int(y - radius), 0)
    part = features.photo.pixels[top : int(y + radius) + 1, left : int(x + radius) + 1]
    if min(part.shape[:2], default=0) < 4:
        return None
    ys, xs = np.ogrid[top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]]
    inside = xs * xs + ys * ys <= (0.9 * radius) ** 2
    if not inside.any():
        return None
    lab = np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2LAB))
    return float(np.percentile(lab[..., 1][inside], 80)) - 128


@check("face/no_lens_glare", codes=("lens-glare",))
def no_lens_glare(features: Features, *, share: Band) -> Outcome:
    """Eyes not hidden by reflections.

    Wants: no light reflected by glasses over the eyes.
    Why: the picture must truly show the person's looks.
    Measured: `share`, percent of the area around an eye (0.7 × 0.5 inter-eye distances) with luma
        of 245 and more, the worse eye. Clear glasses read 0.0-0.5, a highlight of a tenth of the
        inter-eye distance 3.7-4.6, of a fifth 13-18.
    Blind spots: dim reflections; over-exposed, blown-out or strongly sharpened skin around the
        eyes reads as glare too, with or without glasses.
    Source: ISO/IEC 19794-5 (no reflections on glasses); our measurement.
    """
    face = features.geometry
    reach = face.eye_distance
    shares = []
    for x, y in (face.left_eye, face.right_eye):
        rows = slice(max(int(y - 0.22 * reach), 0), max(int(y + 0.26 * reach), 0))
        columns = slice(max(int(x - 0.36 * reach), 0), max(int(x + 0.36 * reach), 0))
        part = features.photo.pixels[rows, columns]
        if part.size >= 90:
            luma = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
            shares.append(100 * float(np.mean(np.asarray(luma) >= 245)))
    if not shares:
        raise CannotAssess("face-too-small")
    return graded(max(shares), share, unit="%", high="lens-glare", region=_eyes_region(features))


@check("face/gaze_ahead", codes=("gaze-away",))
def gaze_ahead(features: Features, *, deviation: Band) -> Outcome:
    """Eyes looking into the camera.

    Wants: the gaze straight ahead.
    Why: looks natural and comparable; no clause asks for it, so this only advises.
    Measured: `deviation`, the strongest of the landmarker's eyeLook scores sideways or up (0-1),
        each the mean of both eyes.
    Blind spots: downward gaze, which lowered lids imitate.
    Source: ISO/IEC 19794-5, advice.
    """
    shapes = features.face.blendshapes
    sideways_left = (shapes["eyeLookOutLeft"] + shapes["eyeLookInRight"]) / 2
    sideways_right = (shapes["eyeLookInLeft"] + shapes["eyeLookOutRight"]) / 2
    up = (shapes["eyeLookUpLeft"] + shapes["eyeLookUpRight"]) / 2
    value = max(sideways_left, sideways_right, up)
    return graded(value, deviation, unit="", high="gaze-away", region=_eyes_region(features))


@check("face/mouth_closed", codes=("mouth-open",))
def mouth_closed(features: Features, *, opening: Band) -> Outcome:
    """Mouth closed.

    Wants: lips together or only slightly parted.
    Why: an open mouth alters the looks; no clause names it, so it advises, and only a wide-open
        mouth goes to a person.
    Measured: the landmarker's jawOpen score (0-1). Neutral faces 0.00-0.06, smiles up to 0.12,
        open mouths 0.27-0.58.
    Blind spots: teeth shown with the jaw closed are a smile, not an open mouth.
    Source: ISO/IEC 19794-5, advice; ISO/IEC 29794-5 "mouth closed".
    """
    value = features.face.blendshapes["jawOpen"]
    return graded(value, opening, unit="", high="mouth-open", region=features.geometry.box)


@check("face/expression_neutral", codes=("smile-broad",))
def expression_neutral(features: Features, *, smile: Band) -> Outcome:
    """A calm expression.

    Wants: a neutral or mildly smiling face.
    Why: a broad smile changes the face's shape; a smile is not forbidden, so this only advises.
    Measured: mean of the landmarker's two mouthSmile scores (0-1).
    Blind spots: other strong expressions.
    Source: ISO/IEC 19794-5, advice.
    """
    shapes = features.face.blendshapes
    value = (shapes["mouthSmileLeft"] + shapes["mouthSmileRight"]) / 2
    return graded(value, smile, unit="", high="smile-broad", region=features.geometry.box)
