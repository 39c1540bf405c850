"""Faces: where they are, 478 points, expression and pose.

Two models. `FaceLandmarker` (MediaPipe Face Landmarker bundle) is for the people photographed;
`FaceDetector` (BlazeFace) also finds faces too small for it, such as the portrait on a held card.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import _mediapipe

MAX_FACES = 3


@dataclass(frozen=True, slots=True, eq=False)
class FaceLandmarks:
    """One face, described in the pixels of the picture it was found in.

    Left and right are the picture's, as one looks at it. The signs of the angles were checked by
    mirroring and rotating real pictures, and the nose tip.

    Attributes:
        points: (478, 3) float32, read-only: x to the right, y down, both in pixels and possibly
            outside the picture; z in the same unit, negative towards the camera, relative to the
            centre of the head. Numbering of the MediaPipe face mesh, 468–477 the irises.
        blendshapes: 52 names (``eyeBlinkLeft``, ``jawOpen``, …; left is the person's own) →
            strength 0–1.
        yaw: degrees; positive when the face turns towards the picture's right edge.
        pitch: degrees; positive when the chin goes down (looking down), negative looking up.
        roll: degrees; positive when the head is tilted counter-clockwise (its top towards the
            picture's left).
    """

    points: NDArray[np.float32]
    blendshapes: Mapping[str, float]
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """One face found by `FaceDetector`, in the pixels of the picture.

    Attributes:
        box: x, y, width, height; from the forehead to the chin, may reach outside the picture.
        score: the detector's confidence, 0–1.
        keypoints: (6, 2) float32, read-only; the person's right eye, left eye, nose tip, mouth
            centre, right ear, left ear.
    """

    box: tuple[int, int, int, int]
    score: float
    keypoints: NDArray[np.float32]


class FaceLandmarker:
    """Landmarks, expression and pose of up to three faces; not to be shared between threads.

    Source: MediaPipe Face Landmarker (Apache-2.0), a BlazeFace detector, an attention mesh and a
    blendshape network. About 7 ms a picture; the first 70 ms go into creating it. Faces narrower
    than about an eighth of the picture's long side are missed; `FaceDetector` still finds them.

    Args:
        path: ``face_landmarker.task``.

    Raises:
        ModelStoreError: ``system-library-missing``, ``model-unusable``.
    """

    def __init__(self, path: Path) -> None:
        with _mediapipe.opening(path):
            from mediapipe.tasks.python import vision

            options = vision.FaceLandmarkerOptions(
                base_options=_mediapipe.base_options(path),
                num_faces=MAX_FACES,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
            self._task = vision.FaceLandmarker.create_from_options(options)
            self.detect(_mediapipe.blank())

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[FaceLandmarks, ...]:
        """Find faces.

        Args:
            rgb: (height, width, 3) uint8. Larger than 1000 px on the long side only costs time.

        Returns:
            The largest face (by the area its points span) first; empty if there is none.
        """
        height, width = rgb.shape[:2]
        found = self._task.detect(_mediapipe.image(rgb))
        faces = [
            _face(landmarks, categories, matrix, width, height)
            for landmarks, categories, matrix in zip(
                found.face_landmarks,
                found.face_blendshapes,
                found.facial_transformation_matrixes,
                strict=True,
            )
        ]
        return tuple(sorted(faces, key=_area, reverse=True))

    def close(self) -> None:
        """Free the model; must happen before the interpreter ends."""
        with _mediapipe.quiet():
            self._task.close()


class FaceDetector:
    """Boxes of all faces, small ones too; not to be shared between threads.

    Source: MediaPipe BlazeFace (Apache-2.0), full range (192×192 input) or short range (128×128).
    About 3 ms a picture with the full-range model. Overlapping boxes are already merged.

    Args:
        path: a BlazeFace ``.tflite``.
        min_confidence: weaker findings are dropped, 0–1.

    Raises:
        ModelStoreError: ``system-library-missing``, ``model-unusable``.
    """

    def __init__(self, path: Path, min_confidence: float = 0.5) -> None:
        with _mediapipe.opening(path):
            from mediapipe.tasks.python import vision

            options = vision.FaceDetectorOptions(
                base_options=_mediapipe.base_options(path),
                min_detection_confidence=min_confidence,
            )
            self._task = vision.FaceDetector.create_from_options(options)
            # LiteRT warns once, when its input first lies unaligned in memory: nine runs in ten.
            for side in (64, 96, 128, 160, 192):
                self.detect(_mediapipe.blank(side))

    def detect(self, rgb: NDArray[np.uint8]) -> tuple[DetectedFace, ...]:
        """Find faces in a (height, width, 3) uint8 picture; the most certain first."""
        height, width = rgb.shape[:2]
        found = self._task.detect(_mediapipe.image(rgb)).detections
        faces = [_detected(detection, width, height) for detection in found]
        return tuple(sorted(faces, key=lambda face: face.score, reverse=True))

    def close(self) -> None:
        """Free the model; must happen before the interpreter ends."""
        with _mediapipe.quiet():
            self._task.close()


def _face(
    landmarks: Any, categories: Any, matrix: NDArray[np.float32], width: int, height: int
) -> FaceLandmarks:
    points = np.array([(point.x, point.y, point.z) for point in landmarks], np.float32)
    points *= np.array((width, height, width), np.float32)
    points.setflags(write=False)
    sine = float(np.clip(-matrix[1, 2], -1.0, 1.0))
    return FaceLandmarks(
        points=points,
        blendshapes={category.category_name: category.score for category in categories},
        yaw=math.degrees(math.atan2(matrix[0, 2], matrix[2, 2])),
        pitch=math.degrees(math.asin(sine)),
        roll=math.degrees(math.atan2(matrix[1, 0], matrix[1, 1])),
    )


def _area(face: FaceLandmarks) -> float:
    width, height = np.ptp(face.points[:, :2], axis=0)
    return float(width * height)


def _detected(detection: Any, width: int, height: int) -> DetectedFace:
    box = detection.bounding_box
    keypoints = np.array([(point.x, point.y) for point in detection.keypoints], np.float32)
    keypoints *= np.array((width, height), np.float32)
    keypoints.setflags(write=False)
    return DetectedFace(
        box=(box.origin_x, box.origin_y, box.width, box.height),
        score=float(detection.categories[0].score),
        keypoints=keypoints,
    )
