"""Whatever bytes come in: an answer in time, with a remedy, and nothing broken is accepted.

By hand for long runs: ``python -m benchmarks.fuzz --count 100000``.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from photo_service.report import Decision
from photo_service.service import verify, warm_up
from tests.fuzzing import problem, whole_picture
from tests.mutations import mutated

SAMPLES = Path(__file__).parent.parent / "samples"
ROUNDS = 40
PER_ROUND = 10
# A hang, not slowness, on a machine that does other things too.
SLOWEST_S = 20.0


@pytest.fixture(scope="module")
def seeds() -> list[bytes]:
    warm_up()
    return fuzz_seeds()


def fuzz_seeds() -> list[bytes]:
    """Real files of each kind the intake tells apart."""
    sample = (SAMPLES / "accepted-blue.jpg").read_bytes()
    seeds = [sample]
    with Image.open(io.BytesIO(sample)) as picture:
        rgb = picture.convert("RGB")
    for mode, kind, options in (
        ("RGB", "JPEG", {"quality": 85, "progressive": True}),
        ("CMYK", "JPEG", {"quality": 85}),
        ("L", "JPEG", {"quality": 85}),
        ("RGB", "PNG", {}),
        ("P", "PNG", {}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
    ):
        buffer = io.BytesIO()
        rgb.convert(mode).save(buffer, kind, **options)
        seeds.append(buffer.getvalue())
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0131] = "a program"
    buffer = io.BytesIO()
    rgb.save(buffer, "JPEG", exif=exif, dpi=(300, 300))
    return [*seeds, buffer.getvalue()]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_damaged_files_get_an_answer(seeds: list[bytes], round_number: int) -> None:
    for number in range(round_number * PER_ROUND, (round_number + 1) * PER_ROUND):
        data = mutated(seeds, number)
        assert problem(data, SLOWEST_S) is None, f"mutation {number}"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=600), st.sampled_from((b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")))
def test_noise_is_never_accepted(noise: bytes, start: bytes) -> None:
    report = verify(start + noise)
    assert report.decision is Decision.REJECTED
    assert report.findings[0].check == "encoding/readable"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 900),
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    kind=st.sampled_from(("JPEG", "PNG")),
)
def test_no_picture_without_a_face_is_accepted(
    width: int, height: int, colour: tuple[int, int, int], kind: str
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind)
    data = buffer.getvalue()
    assert problem(data, SLOWEST_S) is None
    assert verify(data).decision is not Decision.ACCEPTED


def test_the_fuzzer_sees_a_broken_file(seeds: list[bytes]) -> None:
    report = verify(seeds[0])
    assert whole_picture(seeds[0], report)
    assert not whole_picture(seeds[0][:-4000], report)
