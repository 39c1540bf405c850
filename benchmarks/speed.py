"""How fast a verdict is, as ratios to the bare libraries within one run.

    python benchmarks/speed.py [--rounds N] [--picture FILE]

The floor is what nobody can avoid: decode the JPEG, run the face landmarker and the person
segmenter, called bare through MediaPipe's own API, one after the other, warm. It is measured in
turn with `verify`, so that a machine that slows down slows both. The second floor adds, as bare,
the further passes that the checks need. Without ``--picture`` a sample of the project is used,
scaled to 480 × 640 and to 12 megapixels; its unusual suit makes the text reader and the detector
look closer, which ordinary portraits do not.
"""

from __future__ import annotations

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray
from PIL import Image

from models.added import AddedFinder
from models.covering import CoveringModel
from models.face import FaceDetector
from models.store import ModelStore
from photo_service.service import verify, warm_up
from photo_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "samples" / "accepted-blue.jpg"
PHOTO_SERVICE = Path(sys.executable).parent / "photo-service"


def encoded(rgb: NDArray[np.uint8], width: int, height: int) -> bytes:
    scaled = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC)
    buffer = io.BytesIO()
    Image.fromarray(scaled).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


class Floor:
    """Decode, landmarks, segmentation: bare."""

    def __init__(self, store: ModelStore) -> None:
        def base(name: str) -> BaseOptions:
            return BaseOptions(model_asset_path=str(store.path(name)))

        self.landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=base("face_landmarker"),
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )
        self.segmenter = vision.ImageSegmenter.create_from_options(
            vision.ImageSegmenterOptions(
                base_options=base("selfie_segmentation"),
                output_confidence_masks=True,
                output_category_mask=False,
            )
        )

    def __call__(self, data: bytes) -> None:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert bgr is not None
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
        self.landmarker.detect(picture)
        self.segmenter.segment(picture)

    def close(self) -> None:
        self.landmarker.close()
        self.segmenter.close()


class SecondFloor:
    """The floor and, bare as well, the further passes that the checks need.

    Small faces by the full-range detector, the covering model on its crop, and the first look for
    additions; the text reader runs only where that look suspects something.
    """

    def __init__(self, floor: Floor, store: ModelStore, rgb: NDArray[np.uint8]) -> None:
        self.floor = floor
        self.detector = FaceDetector(store.path("face_detection_full_range"))
        self.covering = CoveringModel(store.path("covering"))
        self.finder = AddedFinder(store.path("added"))
        self.rgb = rgb
        height, width = rgb.shape[:2]
        self.eyes = (0.40 * width, 0.40 * height), (0.60 * width, 0.40 * height)

    def __call__(self, data: bytes) -> None:
        self.floor(data)
        self.detector.detect(self.rgb)
        self.covering.scores(self.rgb, *self.eyes)
        self.finder.look(self.rgb)

    def close(self) -> None:
        self.detector.close()
        self.covering.close()


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor milliseconds of one call, all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def in_turn(rounds: int, *calls: Callable[[], object]) -> list[list[tuple[float, float]]]:
    for call in calls:
        call()
        call()
    results: list[list[tuple[float, float]]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, result in zip(calls, results, strict=True):
            result.append(timed(call))
    return results


def median(pairs: list[tuple[float, float]], which: int) -> float:
    return statistics.median(pair[which] for pair in pairs)


def compare(name: str, data: bytes, floor: Floor, second: SecondFloor, rounds: int) -> float:
    bare, more, ours = in_turn(
        rounds, lambda: floor(data), lambda: second(data), lambda: verify(data)
    )
    print(f"{name}: wall ms (processor ms, all threads)")
    for title, result in (("floor", bare), ("second floor", more), ("verify()", ours)):
        print(f"  {title:13s} {median(result, 0):7.1f} ({median(result, 1):6.1f})")
    for title, result in (("floor", bare), ("second floor", more)):
        walls = [b[0] / a[0] for a, b in zip(result, ours, strict=True)]
        cpu = median(ours, 1) / median(result, 1)
        print(f"  verify() / {title:13s} {statistics.median(walls):5.2f} (processor {cpu:5.2f})")
    return median(bare, 0)


def stages(data: bytes) -> None:
    report = verify(data)
    shown = "  ".join(f"{name} {ms:.1f}" for name, ms in report.timings_ms.items())
    print(f"{'':10s} of one verdict, ms: {shown}")


def command_line(data: bytes, floor_ms: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number in range(100):
            file = Path(folder) / f"{number:03d}.jpg"
            file.write_bytes(data)
            files.append(str(file))
        one, _ = timed(lambda: check(files[:1]))
        hundred, _ = timed(lambda: check(files))
    each = (hundred - one) / 99
    print(f"cold command line, first verdict {one / 1e3:.2f} s")
    print(f"command line, each of a hundred {each:.1f} ms, {each / floor_ms:.2f} of the floor")
    help_ms = statistics.median(timed(lambda: run("--help"))[0] for _ in range(5))
    print(f"--help {help_ms:.0f} ms")


def run(*arguments: str) -> None:
    subprocess.run([PHOTO_SERVICE, *arguments], capture_output=True, check=False)


def check(files: list[str]) -> None:
    run("check", "--as", "graduation", "--json", *files)


def memory(kind: str) -> None:
    """Peak memory of a process that verifies one 50-megapixel file."""
    script = (
        "import sys, resource; from pathlib import Path\n"
        "from photo_service.service import verify\n"
        "from photo_service.settings import Settings\n"
        "from dataclasses import replace\n"
        "settings = replace(Settings.from_env(), max_file_bytes=10**9)\n"
        "report = verify(Path(sys.argv[1]).read_bytes(), settings=settings)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, report.image.width)\n"
    )
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (816, 612, 3), np.uint8)
    picture = Image.fromarray(noise).resize((6120, 8160), Image.Resampling.BILINEAR)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"large.{kind}"
        picture.save(file, quality=90)
        done = subprocess.run(
            [sys.executable, "-c", script, str(file)],
            capture_output=True, text=True, check=True, cwd=ROOT,
        )  # fmt: skip
    kilobytes, width = done.stdout.split()
    assert width == "6120", "the large picture was not opened"
    print(f"50 megapixels, {kind}: peak memory {int(kilobytes) / 1024:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--picture", type=Path, default=SAMPLE)
    options = parser.parse_args()
    settings = Settings.from_env()
    warm_up(settings)
    store = ModelStore(settings.models_dir, settings.models_source)
    floor = Floor(store)
    rgb = np.asarray(Image.open(options.picture).convert("RGB"))
    small, large = encoded(rgb, 480, 640), encoded(rgb, 3000, 4000)
    second = SecondFloor(floor, store, np.asarray(Image.open(io.BytesIO(small)), np.uint8))
    floor_ms = compare("480x640", small, floor, second, options.rounds)
    stages(small)
    compare("12 MP", large, floor, second, max(5, options.rounds // 4))
    stages(large)
    second.close()
    floor.close()
    command_line(small, floor_ms)
    memory("jpg")
    memory("png")


if __name__ == "__main__":
    main()
