"""The whole path from bytes to verdict, on the samples and on what is no picture."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from photo_service.check import Status
from photo_service.messages import messages
from photo_service.report import Decision, Finding, Report
from photo_service.service import examine, use_one_core, verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES, Expected, Judge, expected_samples

ALL = expected_samples()
ACCEPTED = [SAMPLES / f"accepted-{colour}.jpg" for colour in ("blue", "white", "grey")]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.file)
def test_sample(sample: Expected, judge: Judge) -> None:
    report = judge(sample)
    named = {f.code for f in report.findings if f.status in (Status.WARN, Status.FAIL)}
    assert set(sample.codes) <= named
    assert str(report.decision) == sample.decision, [
        (f.check, f.code, f.value) for f in report.reasons()
    ]
    assert not [f.check for f in report.findings if f.status is Status.ERROR]


def test_every_picture_has_an_expected_verdict() -> None:
    pictures = {
        file.relative_to(SAMPLES).as_posix()
        for file in SAMPLES.rglob("*")
        if file.suffix in (".jpg", ".jpeg", ".png", ".zip")
    }
    manifest = (SAMPLES / "MANIFEST.md").read_text("utf-8")
    assert pictures == {sample.file for sample in ALL if (SAMPLES / sample.file).exists()}
    assert not [name for name in pictures if f"| {name} |" not in manifest]


def png(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (b"\x00\x01\x02" * 20, "format-unknown"),
        (b"GIF89a" + bytes(40), "format-other"),
        (ACCEPTED[0].read_bytes()[:9000], "image-truncated"),
        (b"\x89PNG\r\n\x1a\n", "image-truncated"),
    ],
)
def test_unreadable_bytes_are_rejected_with_the_reason(
    data: bytes, code: str, settings: Settings
) -> None:
    report = verify(data, settings=settings)
    assert report.decision is Decision.REJECTED
    (finding,) = report.findings
    assert finding.check == "encoding/readable"
    assert (finding.status, finding.code) == (Status.FAIL, code)
    assert report.image.bytes == len(data)
    assert len(report.image.sha256) == 64
    for language in ("zh", "en"):
        text = messages(language)
        assert finding.message(text)
        assert not set("{}") & set(finding.message(text) + finding.advice(text))


def test_limits_of_the_service_are_not_those_of_a_profile(settings: Settings) -> None:
    few = replace(settings, max_pixels=1000)
    (finding,) = verify(ACCEPTED[0].read_bytes(), settings=few).findings
    assert finding.code == "too-many-pixels"
    small = replace(settings, max_file_bytes=1000)
    (finding,) = verify(ACCEPTED[0].read_bytes(), settings=small).findings
    assert finding.code == "file-too-large"


def without_time(report: Report) -> tuple[Decision, tuple[Finding, ...]]:
    return report.decision, report.findings


def test_same_bytes_same_findings(judge: Judge, settings: Settings) -> None:
    for sample in ALL[:4]:
        again = verify(sample.read(), sample.kind, profile=sample.profile, settings=settings)
        assert without_time(again) == without_time(judge(sample))


def test_threads_do_not_disturb_each_other(judge: Judge, settings: Settings) -> None:
    some = [sample for sample in ALL if sample.profile == "graduation"][:6]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda sample: verify(sample.read(), settings=settings), [*some, *some])
        )
    for sample, report in zip([*some, *some], found, strict=True):
        assert without_time(report) == without_time(judge(sample))


def test_checks_leave_the_picture_as_it_is(settings: Settings) -> None:
    data = ACCEPTED[0].read_bytes()
    features = examine(data, settings=settings).features
    assert features is not None
    pixels = features.photo.pixels
    assert not pixels.flags.writeable
    with Image.open(io.BytesIO(data)) as image:
        plain = np.asarray(image.convert("RGB"))
    # Two JPEG decoders may round differently by a level or two, no check may do more.
    assert np.abs(pixels.astype(int) - plain).max() <= 8


def test_report_names_what_it_rests_on(judge: Judge) -> None:
    report = judge(ALL[0])
    assert report.models
    assert all(len(digest) == 64 for digest in report.models.values())
    assert {"face_landmarker", "text_detector", "text_recogniser"} <= set(report.models)
    assert len(report.profile_sha256) == 64
    assert report.image.name == ALL[0].file
    assert set(report.timings_ms) == {"total", "decode", "checks"}


def test_importing_the_package_is_cheap() -> None:
    script = (
        "import sys, photo_service\n"
        "print(sorted({'numpy', 'cv2', 'mediapipe', 'PIL', 'onnxruntime'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_one_core_or_two_give_the_same_report(settings: Settings) -> None:
    data = (SAMPLES / "accepted-blue.jpg").read_bytes()
    both = []
    for one in (False, True):
        use_one_core(one)
        both.append(verify(data, settings=settings).findings)
    assert both[0] == both[1]
