"""The real models on a real face: relations, not magic numbers."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from models import ModelStore, ModelStoreError, _mediapipe
from models.face import FaceDetector, FaceLandmarks
from models.runtime import Models
from photo_service.settings import Settings

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def store() -> ModelStore:
    return ModelStore(Settings.from_env().models_dir)


@pytest.fixture(scope="module")
def models(store: ModelStore) -> Iterator[Models]:
    with Models.open(store) as opened:
        yield opened


@pytest.fixture(scope="module")
def astronaut() -> Picture:
    """Eileen Collins (NASA, public domain), 512×512, frontal and smiling: one face."""
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


def rotated(picture: Picture, degrees: float) -> Picture:
    """Rotate counter-clockwise about the centre."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return turned.astype(np.uint8)


def only_face(models: Models, picture: Picture) -> FaceLandmarks:
    (face,) = models.landmarks(picture)
    return face


def test_one_face_with_points_and_expression(models: Models, astronaut: Picture) -> None:
    face = only_face(models, astronaut)
    assert face.points.shape == (478, 3)
    assert not face.points.flags.writeable
    assert len(face.blendshapes) == 52
    assert all(0 <= strength <= 1 for strength in face.blendshapes.values())
    smile = (face.blendshapes["mouthSmileLeft"] + face.blendshapes["mouthSmileRight"]) / 2
    assert smile > face.blendshapes["jawOpen"]
    assert max(abs(face.yaw), abs(face.pitch), abs(face.roll)) < 30


def test_face_lies_in_the_detected_box(models: Models, astronaut: Picture) -> None:
    face = only_face(models, astronaut)
    (detected,) = models.submit_faces(astronaut).result()
    x, y, width, height = detected.box
    nose = face.points[1]
    assert x < nose[0] < x + width
    assert y < nose[1] < y + height
    right_eye, left_eye, nose_tip, mouth = detected.keypoints[:4]
    assert right_eye[0] < nose_tip[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose_tip[1] < mouth[1]
    assert 0.5 <= detected.score <= 1


def test_short_range_detector_agrees(store: ModelStore, models: Models, astronaut: Picture) -> None:
    detector = FaceDetector(store.path("face_detection_short_range"))
    try:
        (short,) = detector.detect(astronaut)
    finally:
        detector.close()
    (full,) = models.submit_faces(astronaut).result()
    assert np.abs(short.keypoints - full.keypoints).max() < full.box[2] / 4


def test_points_scale_with_the_picture(models: Models, astronaut: Picture) -> None:
    oblong = astronaut[:, 56:-56]
    twice = cv2.resize(oblong, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    once_points = only_face(models, oblong).points
    twice_points = only_face(models, twice).points
    size = np.ptp(once_points[:, 0])
    assert np.abs(twice_points[:, :2] / 2 - once_points[:, :2]).max() < 0.05 * size


def test_mirroring_turns_yaw_and_roll(models: Models, astronaut: Picture) -> None:
    face, mirrored = only_face(models, astronaut), only_face(models, astronaut[:, ::-1])
    assert mirrored.yaw == pytest.approx(-face.yaw, abs=4)
    assert mirrored.roll == pytest.approx(-face.roll, abs=4)
    assert mirrored.pitch == pytest.approx(face.pitch, abs=4)


def test_roll_is_positive_counter_clockwise(models: Models, astronaut: Picture) -> None:
    upright = only_face(models, astronaut).roll
    assert only_face(models, rotated(astronaut, 10)).roll == pytest.approx(upright + 10, abs=4)
    assert only_face(models, rotated(astronaut, -10)).roll == pytest.approx(upright - 10, abs=4)


def test_largest_face_comes_first(models: Models, astronaut: Picture) -> None:
    head = astronaut[0:256, 96:352]
    small = cv2.resize(head, (192, 192), interpolation=cv2.INTER_AREA)
    both = np.full((256, 512, 3), 128, np.uint8)
    both[32:224, 32:224] = small
    both[:, 256:] = head
    first, second = models.landmarks(both)
    assert np.ptp(first.points[:, 0]) > np.ptp(second.points[:, 0])
    assert first.points[1, 0] > 256 > second.points[1, 0]


def test_person_mask(models: Models, astronaut: Picture) -> None:
    mask = models.submit_mask(astronaut).result()
    assert mask.shape == (256, 256)
    assert mask.dtype == np.float32
    assert 0 <= mask.min() <= mask.max() <= 1
    nose = only_face(models, astronaut).points[1] / 2
    assert mask[int(nose[1]), int(nose[0])] > 0.9
    assert mask[4:20, 4:20].mean() < 0.1
    assert mask[200:].mean() > mask[:40].mean()


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (20, 2000), (300, 200)])
def test_nobody_in_an_empty_picture(models: Models, shape: tuple[int, int]) -> None:
    empty = np.full((*shape, 3), 200, np.uint8)
    assert models.landmarks(empty) == ()
    assert models.submit_faces(empty).result() == ()
    assert models.submit_mask(empty).result().max() < 0.5


@pytest.mark.parametrize(
    "picture", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3))]
)
def test_other_arrays_are_refused(models: Models, picture: Picture) -> None:
    with pytest.raises(ValueError, match="RGB picture"):
        models.landmarks(picture)


def test_models_are_opened_when_asked_for(tmp_path: Path) -> None:
    with Models(ModelStore(tmp_path)) as lazy:
        with pytest.raises(ModelStoreError) as caught:
            lazy.landmarks(np.zeros((8, 8, 3), np.uint8))
        assert caught.value.code == "model-missing"
        failed = lazy.submit_mask(np.zeros((8, 8, 3), np.uint8)).exception()
        assert isinstance(failed, ModelStoreError)


def test_closed_models_refuse(tmp_path: Path) -> None:
    models = Models(ModelStore(tmp_path))
    models.close()
    models.close()
    with pytest.raises(RuntimeError, match="closed"):
        models.landmarks(np.zeros((8, 8, 3), np.uint8))


def test_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(b"not a model" * 100)
    with pytest.raises(ModelStoreError) as caught:
        FaceDetector(path)
    assert caught.value.code == "model-unusable"


def test_missing_system_library_is_named(tmp_path: Path) -> None:
    said = "libEGL.so.1: cannot open shared object file: No such file or directory"
    with pytest.raises(ModelStoreError) as caught, _mediapipe.opening(tmp_path):
        raise OSError(said)
    assert caught.value.code == "system-library-missing"
    assert caught.value.facts == {"library": "libEGL.so.1", "package": "libegl1"}


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


ALL_THREE = """
    import sys
    from pathlib import Path
    import skimage.data
    from models import ModelStore
    from models.runtime import Models
    picture = skimage.data.astronaut()
    models = Models.open(ModelStore(Path(sys.argv[1])))
    mask, faces = models.submit_mask(picture), models.submit_faces(picture)
    print(len(models.landmarks(picture)), len(faces.result()), mask.result().shape)
"""


@pytest.mark.parametrize(
    "ending", ["models.close()", "", "del models"], ids=["closed", "at exit", "dropped"]
)
def test_nothing_is_printed(store: ModelStore, ending: str) -> None:
    ended = run(textwrap.dedent(ALL_THREE) + ending, store.directory)
    assert ended.stdout == "1 1 (256, 256)\n"
    assert ended.stderr == ""
    assert ended.returncode == 0


def test_traceback_is_not_hidden(store: ModelStore) -> None:
    ended = run(textwrap.dedent(ALL_THREE) + "raise ValueError('mine')", store.directory)
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.endswith("ValueError: mine\n")


def test_other_lines_come_out() -> None:
    ended = run(
        r"""
        import os, sys
        from models._mediapipe import quiet
        with quiet():
            os.write(2, b"W0000 00:00:1795299165.821789    6749 some.cc:18] Sets a thing.\n")
            os.write(2, b"INFO: [environment.cc:36] Creating LiteRT environment\n")
            os.write(2, b"INFO:     Started server process\n")
            print("python says", file=sys.stderr)
            with quiet():
                os.write(2, b"E0000 00:00:1795299165.821789    6749 some.cc:18] It broke.\n")
        print("after", file=sys.stderr)
        """
    )
    assert ended.stderr.splitlines() == [
        "INFO:     Started server process",
        "python says",
        "E0000 00:00:1795299165.821789    6749 some.cc:18] It broke.",
        "after",
    ]


def test_last_words_of_a_native_crash_come_out() -> None:
    ended = run(
        """
        import faulthandler, os
        from models._mediapipe import quiet
        faulthandler.enable()
        with quiet():
            os.write(2, b"CHECK failed\\n")
            os.abort()
        """
    )
    assert ended.returncode < 0
    assert ended.stderr.startswith("CHECK failed\nFatal Python error: Aborted")


def test_without_stderr() -> None:
    script = "from models._mediapipe import quiet\nwith quiet(): print('went on')"
    command = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-c", script]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == b"went on\n"


def test_import_is_cheap() -> None:
    ended = run(
        """
        import sys
        import models, models.store
        heavy = {"mediapipe", "cv2", "numpy"} & set(sys.modules)
        import models.face, models.runtime, models.segmentation
        print(heavy, "mediapipe" in sys.modules)
        """
    )
    assert ended.stdout == "set() False\n"
