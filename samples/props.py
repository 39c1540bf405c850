"""Things that a person wears or a flash does, drawn on by the face's points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from subject import Person

_EYES = ((468, 33, 133), (473, 362, 263))  # centre of the iris, the eye's two corners
_SHARP = 8  # drawn this many times larger, for smooth outlines


def red_eyes(person: Person) -> Person:
    """Pupils lit red by a flash beside the lens."""
    rgb = person.rgb.astype(np.float32)
    ys, xs = np.mgrid[: person.shape[0], : person.shape[1]]
    for iris, *_ in _EYES:
        x, y = person.points[iris, :2]
        rim = person.points[iris + 1 : iris + 5, :2] - (x, y)
        radius = float(np.hypot(*rim.T).mean())
        glow = np.clip(1.25 - np.hypot(xs - x, ys - y) / (0.9 * radius), 0, 1)[..., None]
        rgb = rgb * (1 - glow) + np.array([225, 35, 30]) * glow
    return replace(person, rgb=np.clip(np.round(rgb), 0, 255).astype(np.uint8))


def glasses(person: Person, glare: float = 0.0) -> Person:
    """Round dark frames; ``glare`` from 0 to 1 lets a window shine in the lenses."""
    height, width = person.shape
    middles = [person.points[[a, b], :2].mean(axis=0) for _, a, b in _EYES]
    reach = float(np.hypot(*(middles[1] - middles[0])))
    lens = (round(0.40 * reach * _SHARP), round(0.34 * reach * _SHARP))
    line = round(0.06 * reach * _SHARP)
    large = np.zeros((height * _SHARP, width * _SHARP), np.uint8)
    inside = np.zeros_like(large)
    for middle in middles:
        x, y = (round(float(v) * _SHARP) for v in middle)
        cv2.ellipse(large, (x, y), lens, 0, 0, 360, 255, line)
        cv2.ellipse(inside, (x, y), lens, 0, 0, 360, 255, -1)
    bridge = [tuple(round(float(v) * _SHARP) for v in middle) for middle in middles]
    (left, left_y), (right, right_y) = bridge
    cv2.line(large, (left + lens[0], left_y), (right - lens[0], right_y), 255, line)
    for ear, (x, y), side in ((127, bridge[0], -1), (356, bridge[1], 1)):
        end = tuple(round(float(v) * _SHARP) for v in person.points[ear, :2])
        cv2.line(large, (x + side * lens[0], y), (end[0], end[1]), 255, line)
    frame = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)[..., None] / 255.0
    rows, columns = np.mgrid[:height, :width]
    slant = (columns - 0.5 * rows) % (0.8 * reach)
    band = (slant < 0.34 * reach).astype(np.float32)
    glass = cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA) / 255.0
    shine = glare * cv2.GaussianBlur((band * glass).astype(np.float32), (0, 0), 1.2)[..., None]
    rgb = person.rgb * (1 - shine) + 255.0 * shine
    rgb = rgb * (1 - frame) + np.array([38, 30, 28]) * frame
    return replace(person, rgb=np.round(rgb).astype(np.uint8))
