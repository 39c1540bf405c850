"""Defects of pose and expression that no filter can make: the face bent by its own points.

Each function moves some of the 478 landmarks, holds others still, and bends the picture smoothly
between them. What lies behind the person does not move, as it is not yet there.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator  # type: ignore[import-untyped]
from subject import Person

# Landmarks, by number in the MediaPipe mesh; lids from the picture's left to its right.
_UPPER_LIDS = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
_LOWER_LIDS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (362, 382, 381, 380, 374, 373, 390, 249, 263),
)
_IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))
_INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_INNER_LOWER = (308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 78)
_LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324)
_JAW = (
    152, 148, 176, 149, 150, 136, 377, 400, 378, 379, 365, 175, 171, 140, 170, 169, 396, 369, 395,
    394, 199, 208, 428, 200, 201, 421, 18, 83, 313, 182, 406, 106, 335, 194, 418, 32, 262, 211, 431,
    204, 424,
)  # fmt: skip
_STEP = 6  # pixels between the places where the bending is worked out; between them it is smooth

Flow = NDArray[np.float32]


def turned(person: Person, yaw: float = 0.0, pitch: float = 0.0) -> Person:
    """The head turned by ``yaw`` degrees towards the picture's right and ``pitch`` downwards."""
    points, width = person.points, person.face_width
    # The neck's axis lies behind the face; landmarks count depth from about the eyes.
    pivot = np.array(
        [points[[234, 454], 0].mean(), points[[234, 454], 1].mean(), 0.45 * width], np.float32
    )
    across, down, ahead = (points[:468] - pivot).T
    ahead = -ahead
    a, b = math.radians(yaw), math.radians(pitch)
    across, ahead = (
        across * math.cos(a) + ahead * math.sin(a),
        ahead * math.cos(a) - across * math.sin(a),
    )
    down = down * math.cos(b) + ahead * math.sin(b)
    moved = np.stack([across + pivot[0], down + pivot[1]], axis=1)
    # Cheeks at the outline would slide under or over the hair: let the inner face lead.
    inner = np.abs(points[:468, 0] - pivot[0]) < 0.38 * width
    return _bent(person, points[:468, :2][inner], moved[inner], _around_head(person))


def eyes_shut(person: Person, share: float) -> Person:
    """Both upper lids drawn over ``share`` of the opening; 1 closes the eyes."""
    height, width = person.shape
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    source = rows.astype(np.float32)
    for upper, lower in zip(_UPPER_LIDS, _LOWER_LIDS, strict=True):
        lashes, rim = _curve(person, upper), _curve(person, lower)
        opening = np.maximum(rim - lashes, 0)
        fold = lashes - 0.085 * person.face_width
        edge = lashes + share * opening
        # The skin between fold and lashes is drawn down; what it covers is gone.
        lid = (rows > fold) & (rows <= edge + 1) & (opening > 0)
        drawn = fold + (rows - fold) * ((lashes + 1 - fold) / (edge + 1 - fold))
        source = np.where(lid, drawn, source).astype(np.float32)
    shut = _fetched(person, columns.astype(np.float32), source)
    # The jump from lid to eye falls on whole pixels; a little softness hides the steps.
    changed = cv2.GaussianBlur((source != rows).astype(np.float32), (0, 0), 1.0)[..., None]
    soft = cv2.GaussianBlur(shut.rgb, (0, 0), 0.9)
    return replace(shut, rgb=np.round(shut.rgb * (1 - changed) + soft * changed).astype(np.uint8))


def _curve(person: Person, landmarks: tuple[int, ...]) -> Flow:
    """Height of a line through landmarks in every column; level beyond its ends."""
    points = person.points[list(landmarks), :2]
    return np.interp(np.arange(person.shape[1]), points[:, 0], points[:, 1]).astype(np.float32)


def looking_aside(person: Person, share: float) -> Person:
    """Both irises moved by ``share`` of the eye's width towards the picture's right."""
    columns, rows = np.meshgrid(np.arange(person.shape[1]), np.arange(person.shape[0]))
    rgb = person.rgb
    for iris, upper, lower in zip(_IRISES, _UPPER_LIDS, _LOWER_LIDS, strict=True):
        middle = person.points[iris[0], :2]
        radius = 1.1 * float(np.hypot(*(person.points[list(iris[1:]), :2] - middle).T).mean())
        opening = (rows > _curve(person, upper) + 1) & (rows < _curve(person, lower))
        disc = np.hypot(columns - middle[0], rows - middle[1]) <= radius
        white = cv2.inpaint(rgb, (disc & opening).astype(np.uint8), 3, cv2.INPAINT_TELEA)
        way = round(share * float(person.points[lower[-1], 0] - person.points[lower[0], 0]))
        seen = (np.roll(disc, way, axis=1) & opening).astype(np.float32)
        soft = cv2.GaussianBlur(seen, (0, 0), 0.8)[..., None]
        rgb = np.round(white * (1 - soft) + np.roll(rgb, way, axis=1) * soft).astype(np.uint8)
    return replace(person, rgb=rgb)


def mouth_opened(person: Person, share: float) -> Person:
    """The jaw dropped by ``share`` of the face's width; the gap shows a dark mouth."""
    drop = share * person.face_width
    moved = person.points[:468, :2].copy()
    left, right = moved[61, 0], moved[291, 0]
    # The lip hangs from the corners of the mouth, the jaw goes down as one.
    out = 2 * (moved[list(_LOWER_LIP), 0] - left) / (right - left) - 1
    moved[list(_LOWER_LIP), 1] += drop * np.clip(1 - out**4, 0, 1)
    moved[list(_JAW), 1] += drop
    opened = _bent(person, person.points[:468, :2], moved, _around_head(person))
    return replace(opened, rgb=_dark_mouth(opened, moved))


def _dark_mouth(person: Person, points: Flow) -> NDArray[np.uint8]:
    """Below the upper teeth, the inside of the mouth in shade."""
    inside = np.zeros(person.shape, np.float32)
    outline = np.round(points[list(_INNER_UPPER + _INNER_LOWER)]).astype(np.int32)
    cv2.fillPoly(inside, [outline], 1.0)
    teeth = _curve(person, _INNER_UPPER) + 0.075 * person.face_width
    rows = np.arange(person.shape[0], dtype=np.float32)[:, None]
    inside *= np.clip((rows - teeth) / (0.05 * person.face_width), 0, 1)
    soft = cv2.GaussianBlur(inside, (0, 0), 0.012 * person.face_width)[..., None]
    shade = np.array([66, 22, 22], np.float32)
    return np.round(person.rgb * (1 - soft) + shade * soft).astype(np.uint8)


def _frame(person: Person) -> Flow:
    """Points at the picture's edge, which nothing moves."""
    height, width = person.shape
    xs, ys = np.linspace(0, width - 1, 6), np.linspace(0, height - 1, 8)
    top_bottom = [(x, y) for x in xs for y in (0, height - 1)]
    sides = [(x, y) for x in (0, width - 1) for y in ys[1:-1]]
    return np.array(top_bottom + sides, np.float32)


def _around_head(person: Person) -> Flow:
    """The edge, the hair's outline and the collar: turning the head hardly moves them."""
    x, y = person.eyes
    width = person.face_width
    angles = np.radians(np.arange(150, 391, 12))
    hair = np.stack([x + 0.86 * width * np.cos(angles), y + 0.80 * width * np.sin(angles)], axis=1)
    collar = np.array([(x + dx * width, y + 1.25 * width) for dx in np.linspace(-0.9, 0.9, 9)])
    return np.concatenate([_frame(person), hair.astype(np.float32), collar.astype(np.float32)])


def _bent(person: Person, before: Flow, after: Flow, still: Flow) -> Person:
    """The picture with ``before`` brought to ``after`` and ``still`` left where it is."""
    height, width = person.shape
    sources, targets = np.concatenate([before, still]), np.concatenate([after, still])
    bend = RBFInterpolator(targets, sources - targets, kernel="thin_plate_spline", smoothing=0.5)
    xs, ys = np.arange(0, width + _STEP, _STEP), np.arange(0, height + _STEP, _STEP)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(np.float64)
    coarse = bend(grid).reshape(len(ys), len(xs), 2).astype(np.float32)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    places = (columns / _STEP).astype(np.float32), (rows / _STEP).astype(np.float32)
    flow = cv2.remap(coarse, *places, cv2.INTER_LINEAR)
    return _fetched(person, columns + flow[..., 0], rows + flow[..., 1])


def _fetched(person: Person, xs: NDArray[np.floating], ys: NDArray[np.floating]) -> Person:
    """The person with each pixel taken from the given place; the points stay what they were."""
    way = xs.astype(np.float32), ys.astype(np.float32)
    rgb = cv2.remap(person.rgb, *way, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.remap(person.alpha, *way, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Person(rgb.astype(np.uint8), alpha.astype(np.float32), person.points)
