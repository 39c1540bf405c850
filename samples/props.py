"""Things that a person wears or a flash does, drawn on by the face's points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
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
    bridge = [middle for middle, _ in _lenses(person)]
    lens = _lenses(person)[0][1]
    reach = lens[0] / 0.40 / _SHARP
    line = round(0.06 * reach * _SHARP)
    large = np.zeros((height * _SHARP, width * _SHARP), np.uint8)
    inside = np.zeros_like(large)
    for middle in bridge:
        cv2.ellipse(large, middle, lens, 0, 0, 360, 255, line)
        cv2.ellipse(inside, middle, lens, 0, 0, 360, 255, -1)
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


def dark_glasses(person: Person) -> Person:
    """The same frames with lenses one cannot see through."""
    framed = glasses(person)
    height, width = person.shape
    inside = np.zeros((height * _SHARP, width * _SHARP), np.uint8)
    for middle, lens in _lenses(person):
        cv2.ellipse(inside, middle, lens, 0, 0, 360, 255, -1)
    cover = 0.94 * cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA)[..., None]
    cover = cover / 255.0
    rgb = framed.rgb * (1 - cover) + np.array([22, 20, 26]) * cover
    return replace(framed, rgb=np.round(rgb).astype(np.uint8))


def mask(person: Person) -> Person:
    """A surgical mask from the bridge of the nose to below the chin, with loops to the ears."""
    # The bridge of the nose, down the jaw on one side, the chin, and up the other.
    outline = person.points[[6, 117, 123, 147, 172, 150, 152, 379, 397, 376, 352, 346], :2].copy()
    below = 0.06 * float(person.points[152, 1] - person.points[10, 1])
    outline[5:8, 1] += below
    shade = _filled(person, outline)
    pleats = 0.95 + 0.05 * np.sign(np.sin(np.arange(person.shape[0]) * 0.55))[:, None, None]
    rgb = person.rgb * (1 - shade) + np.array([158, 196, 214]) * pleats * shade
    for ear, corner in ((127, 117), (356, 346)):
        ends = [tuple(int(v) for v in person.points[i, :2]) for i in (ear, corner)]
        cv2.line(rgb, ends[0], ends[1], (225, 232, 236), 2, cv2.LINE_AA)
    return replace(person, rgb=np.clip(np.round(rgb), 0, 255).astype(np.uint8))


def cap(person: Person) -> Person:
    """A knitted cap from the brows up over all the hair."""
    brow = float(person.points[[105, 334], 1].mean())
    chin = float(person.points[152, 1])
    left, right = (float(person.points[i, 0]) for i in (127, 356))
    middle, reach = (left + right) / 2, 0.86 * (right - left)
    crown = brow - 0.86 * (chin - brow)
    turn = np.linspace(np.pi, 2 * np.pi, 60)
    dome = np.stack([middle + reach * np.cos(turn), brow + (brow - crown) * np.sin(turn)], axis=1)
    shade = _filled(person, dome)
    ys, xs = np.mgrid[: person.shape[0], : person.shape[1]]
    ribs = 0.86 + 0.14 * np.cos((xs - middle) * 1.1)[..., None]
    rolled = np.where(ys > brow - 0.22 * (brow - crown), 0.8, 1.0)[..., None]
    rgb = person.rgb * (1 - shade) + np.array([60, 66, 92]) * ribs * rolled * shade
    alpha = np.maximum(person.alpha, shade[..., 0]).astype(np.float32)
    return replace(person, rgb=np.round(rgb).astype(np.uint8), alpha=alpha)


def _lenses(person: Person) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Middle and half axes of both lenses, in pixels times `_SHARP`."""
    middles = [person.points[[a, b], :2].mean(axis=0) for _, a, b in _EYES]
    reach = float(np.hypot(*(middles[1] - middles[0])))
    lens = (round(0.40 * reach * _SHARP), round(0.34 * reach * _SHARP))
    return [((round(float(x) * _SHARP), round(float(y) * _SHARP)), lens) for x, y in middles]


def _filled(person: Person, outline: NDArray[np.floating]) -> NDArray[np.float64]:
    """Coverage 0-1 of a polygon with smooth edges, (h, w, 1)."""
    height, width = person.shape
    large = np.zeros((height * 4, width * 4), np.uint8)
    cv2.fillPoly(large, [np.round(outline * 4).astype(np.int32)], 255)
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.7), np.float64)[..., None] / 255.0
