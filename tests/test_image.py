"""Intake: every kind of file is decoded right or refused with a named reason."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from photo_service.errors import InputError
from photo_service.image import (
    ICC_SRGB,
    ICC_UNREADABLE,
    INPUT_CODES,
    MAX_WORKING_PIXELS,
    Photo,
    open_photo,
    sniff,
)

MAX_BYTES = 4 * 1024 * 1024
MAX_PIXELS = 50_000_000


def opened(data: bytes, **limits: int) -> Photo:
    return open_photo(data, **{"max_file_bytes": MAX_BYTES, "max_pixels": MAX_PIXELS, **limits})


def refusal(data: bytes, **limits: int) -> InputError:
    with pytest.raises(InputError) as caught:
        opened(data, **limits)
    assert caught.value.code in INPUT_CODES
    return caught.value


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 60, height: int = 80) -> np.ndarray:
    """(h, w, 3): smooth, and different in every corner."""
    y, x = np.mgrid[:height, :width]
    return np.dstack(
        (x * 255 // width, y * 255 // height, 255 - (x + y) * 200 // (width + height))
    ).astype(np.uint8)


def jpeg(pixels: np.ndarray | None = None, **options: Any) -> bytes:
    picture = Image.fromarray(scene() if pixels is None else pixels)
    return saved(picture, "JPEG", **{"quality": 90, **options})


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def blank_jpeg(
    factors: list[tuple[int, int]],
    *,
    width: int = 40,
    height: int = 24,
    sof: int = 0xC0,
    bits: int = 8,
    data: bytes | None = None,
) -> bytes:
    """A mid-grey JPEG written by hand: one-bit Huffman codes, so that every block is 00."""
    number = range(1, len(factors) + 1)
    widest, highest = (max(f[axis] for f in factors) for axis in (0, 1))
    if len(factors) == 1:
        widest = highest = 1
        factors_sum = 1
    else:
        factors_sum = sum(h * v for h, v in factors)
    blocks = -(-width // (8 * widest)) * -(-height // (8 * highest)) * factors_sum
    if data is None:
        padding = -2 * blocks % 8
        value = (1 << padding) - 1
        data = value.to_bytes((2 * blocks + padding) // 8, "big")
    frame = struct.pack(">BHHB", bits, height, width, len(factors))
    frame += b"".join(bytes((n, h << 4 | v, 0)) for n, (h, v) in zip(number, factors, strict=True))
    scan = bytes((len(factors), *itertools.chain(*((n, 0) for n in number)), 0, 63, 0))
    one_code = bytes((1, *[0] * 15, 0))
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, bytes((0, *[1] * 64))),
            segment(sof, frame),
            segment(0xC4, b"\x00" + one_code) + segment(0xC4, b"\x10" + one_code),
            segment(0xDA, scan),
            data,
            b"\xff\xd9",
        )
    )


def chunk(kind: bytes, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))
        + kind
        + payload
        + struct.pack(">I", zlib.crc32(kind + payload))
    )


def png(
    rows: list[bytes],
    width: int,
    bits: int,
    colour: int,
    *,
    extra: bytes = b"",
    height: int | None = None,
    stream: bytes | None = None,
) -> bytes:
    """A PNG written by hand from unfiltered rows."""
    if stream is None:
        stream = zlib.compress(b"".join(b"\0" + row for row in rows))
    size = struct.pack(">II", width, len(rows) if height is None else height)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", size + bytes((bits, colour, 0, 0, 0))),
            extra,
            chunk(b"IDAT", stream),
            chunk(b"IEND", b""),
        )
    )


def rgb_png(pixels: np.ndarray, extra: bytes = b"") -> bytes:
    return png([row.tobytes() for row in pixels], pixels.shape[1], 8, 2, extra=extra)


def close(a: np.ndarray, b: np.ndarray, tolerance: int) -> bool:
    return a.shape == b.shape and int(np.abs(a.astype(int) - b).max()) <= tolerance


# ---------------------------------------------------------------- ordinary files


def test_jpeg_is_decoded_as_libjpeg_does() -> None:
    data = jpeg(subsampling=0)
    photo = opened(data)
    assert np.array_equal(photo.pixels, simplejpeg.decode_jpeg(data))
    assert close(photo.pixels, scene(), 16)
    assert (photo.format, photo.mode, photo.bit_depth, photo.scale) == ("jpeg", "rgb", 8, 1.0)
    assert (photo.width, photo.height, photo.alpha_used, photo.icc) == (60, 80, False, None)
    assert (photo.byte_size, photo.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_png_is_decoded_exactly() -> None:
    photo = opened(saved(Image.fromarray(scene()), "PNG"))
    assert np.array_equal(photo.pixels, scene())
    assert (photo.format, photo.mode, photo.bit_depth) == ("png", "rgb", 8)


@pytest.mark.parametrize("data", [jpeg(), rgb_png(scene())])
def test_pixels_are_read_only_and_contiguous(data: bytes) -> None:
    photo = opened(data)
    assert photo.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0] = 0


def test_repr_shows_neither_pixels_nor_claims() -> None:
    text = repr(opened(jpeg(comment="a name")))
    assert "array" not in text
    assert "a name" not in text


# ---------------------------------------------------------------- type by content


def iso(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + b"\0\0\0\0" + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + b"\0" * 40


def office(folder: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "x" * 5000)
        archive.writestr(f"{folder}document.xml", "x")
    return buffer.getvalue()


DNG = b"II*\0\x08\0\0\0" + struct.pack("<HHHI4sI", 1, 0xC612, 1, 4, b"\1\4\0\0", 0)
SMALL = Image.new("RGB", (8, 8), "red")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("heic", iso(b"heic", b"mif1", b"heic")),
        ("heic", iso(b"mif1", b"mif1", b"heic", b"hevc")),
        ("heif", iso(b"mif1", b"mif1")),
        ("avif", iso(b"avif", b"mif1", b"miaf")),
        ("mp4", iso(b"isom", b"mp42")),
        ("mov", iso(b"qt  ")),
        ("raw", iso(b"crx ", b"isom")),
        ("webp", saved(SMALL, "WEBP")),
        ("gif", saved(SMALL, "GIF")),
        ("bmp", saved(SMALL, "BMP")),
        ("tiff", saved(SMALL, "TIFF")),
        ("dng", DNG),
        ("ico", saved(SMALL, "ICO")),
        ("pdf", saved(SMALL, "PDF")),
        ("jpeg2000", saved(SMALL, "JPEG2000")),
        ("jpeg2000", b"\xff\x4f\xff\x51\0\x2f"),
        ("jpegxl", b"\xff\x0a\0\0"),
        ("jpegxl", b"\0\0\0\x0cJXL \r\n\x87\n"),
        ("psd", b"8BPS\0\1"),
        ("svg", b'<?xml version="1.0"?>\n<svg xmlns="x"/>'),
        ("zip", office("other/")),
        ("docx", office("word/")),
        ("xlsx", office("xl/")),
        ("ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
        ("rar", b"Rar!\x1a\x07\x01\0"),
        ("7z", b"7z\xbc\xaf\x27\x1c\0\4"),
        ("gzip", b"\x1f\x8b\x08\0"),
        ("html", b"\n<!DOCTYPE html><p>404</p><svg/>"),
        ("xml", b"<?xml version='1.0'?><a/>"),
        ("text", "照片.jpg".encode()),
        ("text", "照片找不到".encode("gb18030")),
        ("text", b"data:image/jpeg;base64,/9j/4AAQ"),
    ],
)
def test_other_types_are_named(name: str, data: bytes) -> None:
    assert sniff(data) == name
    error = refusal(data)
    assert (error.code, error.facts) == ("format-other", {"format": name})


@pytest.mark.parametrize("data", [b"\0" * 200, b"\x01\x02\x03\x04", bytes(range(256)), b"RIFF1234"])
def test_unknown_type(data: bytes) -> None:
    assert sniff(data) == "unknown"
    assert refusal(data).code == "format-unknown"


def test_sniff_of_own_kinds() -> None:
    assert sniff(jpeg()) == "jpeg"
    assert sniff(rgb_png(scene())) == "png"
    assert sniff(b"") == "unknown"


@given(st.binary(max_size=300))
def test_sniff_never_fails(data: bytes) -> None:
    assert sniff(data)


# ---------------------------------------------------------------- limits before decoding


def test_empty_file() -> None:
    assert refusal(b"").code == "file-empty"


def test_byte_limit_is_inclusive() -> None:
    data = jpeg()
    assert opened(data, max_file_bytes=len(data)).byte_size == len(data)
    error = refusal(data, max_file_bytes=len(data) - 1)
    assert (error.code, error.facts) == (
        "file-too-large",
        {"bytes": len(data), "limit": len(data) - 1},
    )


@pytest.mark.parametrize("data", [jpeg(), rgb_png(scene())])
def test_pixel_limit_is_inclusive(data: bytes) -> None:
    assert opened(data, max_pixels=4800).width == 60
    error = refusal(data, max_pixels=4799)
    assert (error.code, error.facts) == (
        "too-many-pixels",
        {"width": 60, "height": 80, "limit": 4799},
    )


BOMBS = {
    "png": png([], 20_000, 8, 2, height=10_000, stream=zlib.compress(b"\0" * 1000)),
    "png-16": png([], 20_000, 16, 6, height=10_000, stream=b""),
    "png-line": png([], 40_000_000, 1, 0, height=1, stream=zlib.compress(b"\0" * 5_000_001)),
    "jpeg": blank_jpeg([(1, 1)] * 3, width=20_000, height=10_000, data=b"\0"),
    "jpeg-cut": blank_jpeg([(1, 1)], width=65_000, height=65_000, data=b"")[:90],
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_from_its_header(name: str) -> None:
    assert refusal(BOMBS[name]).code == "too-many-pixels"


def test_bombs_take_no_memory(tmp_path: Path) -> None:
    for name, data in BOMBS.items():
        (tmp_path / name).write_bytes(data)
    program = """
import pathlib, resource, sys
from photo_service.errors import InputError
from photo_service.image import open_photo
files = [path.read_bytes() for path in pathlib.Path(sys.argv[1]).iterdir()]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
for data in files:
    try:
        open_photo(data, max_file_bytes=1 << 25, max_pixels=50_000_000)
    except InputError:
        pass
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert int(done.stdout) < 20_000  # KiB


def test_deflate_bomb_behind_an_honest_header() -> None:
    rows = [b"\0" * 30] * 10
    stream = zlib.compress(b"\0" * 50_000_000)
    assert opened(png(rows, 10, 8, 2, stream=stream)).width == 10


# ---------------------------------------------------------------- damaged files


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_every_cut_of_a_jpeg_is_truncated(options: dict[str, Any]) -> None:
    data = jpeg(**options)
    codes = {refusal(data[:cut]).code for cut in range(3, len(data), 7)}
    assert codes | {refusal(data[:-1]).code} == {"image-truncated"}


def test_every_cut_of_a_png_is_truncated() -> None:
    data = saved(Image.fromarray(scene()), "PNG")
    assert {refusal(data[:cut]).code for cut in range(1, len(data), 7)} == {"image-truncated"}


@pytest.mark.parametrize("tail", [b"\0\0\0", b"\xff\xd8\xff\xe1 second picture", b"ftypmp42" * 99])
@pytest.mark.parametrize("data", [jpeg(), jpeg(progressive=True), rgb_png(scene())])
def test_bytes_behind_the_end_are_accepted(data: bytes, tail: bytes) -> None:
    assert np.array_equal(opened(data + tail).pixels, opened(data).pixels)


def test_jpeg_damaged_in_the_middle_is_refused() -> None:
    data = bytearray(jpeg(scene(240, 320)))
    middle = (data.index(b"\xff\xda") + len(data)) // 2
    data[middle : middle + 60] = b"\x55" * 60
    assert refusal(bytes(data)).code == "image-corrupt"


def test_jpeg_with_a_hole_of_zeros_is_refused() -> None:
    data = bytearray(jpeg(scene(240, 320)))
    start = data.index(b"\xff\xda") + 300
    data[start:-2] = bytes(len(data) - 2 - start)
    assert refusal(bytes(data)).code in ("image-corrupt", "image-truncated")


def test_jpeg_with_missing_scans_is_refused() -> None:
    data = jpeg(scene(120, 160), progressive=True)
    for scan in range(1, 5):
        at = -1
        for _ in range(scan + 1):
            at = data.index(b"\xff\xda", at + 1)
        table = data.rfind(b"\xff\xc4", 0, at)
        assert refusal(data[:table] + b"\xff\xd9").code == "image-truncated"


def test_jpeg_with_a_missing_colour_is_refused() -> None:
    data = blank_jpeg([(1, 1)] * 3)
    old = segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0)))
    assert old in data
    only_luma = segment(0xDA, bytes((1, 1, 0, 0, 63, 0)))
    assert refusal(data.replace(old, only_luma)).code == "image-truncated"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + segment(0xDA, bytes((1, 1, 0, 0, 63, 0))) + b"\0\xff\xd9",
        b"\xff\xd8\xff\xe0\0\1",
        b"\xff\xd8 not a jpeg at all",
        blank_jpeg([(1, 1)], height=0, data=b"\0"),
        blank_jpeg([(1, 1)], width=0, data=b"\0"),
        blank_jpeg([(1, 1)], bits=9),
        blank_jpeg([(1, 1)]).replace(b"\1\x11\0\xff", b"\1\x10\0\xff"),
        blank_jpeg([(1, 1)]).replace(segment(0xDB, bytes((0, *[1] * 64))), b""),
    ],
)
def test_corrupt_jpeg(data: bytes) -> None:
    assert refusal(data).code == "image-corrupt"


def test_harmless_oddities_of_jpeg_are_accepted() -> None:
    data = jpeg()
    pixels = opened(data).pixels
    revision = bytearray(data)
    revision[data.index(b"JFIF\0") + 5] = 2
    oddities = {
        "padding before EOI": data[:-2] + b"\0" * 11 + data[-2:],
        "fill before EOI": data[:-2] + b"\xff\xff" + data[-2:],
        "zeros after SOI": data[:2] + b"\0\0" + data[2:],
        "JFIF 2.01": bytes(revision),
        "broken ICC": data[:20] + segment(0xE2, b"ICC_PROFILE\0\2\5abc") + data[20:],
        "two of them": bytes(revision[:2]) + b"\0" + bytes(revision[2:-2]) + b"\0" * 9 + data[-2:],
    }
    for name, odd in oddities.items():
        assert np.array_equal(opened(odd).pixels, pixels), name


def test_a_harmless_oddity_hides_no_damage() -> None:
    data = bytearray(jpeg(scene(240, 320)))
    data[data.index(b"JFIF\0") + 5] = 2
    middle = (data.index(b"\xff\xda") + len(data)) // 2
    data[middle : middle + 60] = b"\x55" * 60
    assert refusal(bytes(data)).code == "image-corrupt"


def test_left_over_data_before_the_end_are_refused() -> None:
    data = jpeg()
    assert refusal(data[:-2] + b"\x12\x34\x56\x78\x9a\xbc\xde" + data[-2:]).code == "image-corrupt"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (blank_jpeg([(1, 1)], sof=0xC1, bits=12), "12-bit"),
        (blank_jpeg([(1, 1)], sof=0xC3), "lossless"),
        (blank_jpeg([(1, 1)], sof=0xC5), "hierarchical"),
        (blank_jpeg([(1, 1)], sof=0xC9), "arithmetic"),
        (blank_jpeg([(1, 1)], sof=0xCA), "arithmetic"),
        (blank_jpeg([(1, 1)], sof=0xF7), "jpeg-ls"),
        (blank_jpeg([(1, 1)] * 2), "2-channel"),
        (blank_jpeg([(3, 1), (1, 1), (1, 1)]), "sampling 3x1,1x1,1x1"),
        (blank_jpeg([(4, 2), (1, 1), (1, 1)]), "sampling 4:1:0"),
    ],
)
def test_unsupported_kinds_of_jpeg_are_named(data: bytes, kind: str) -> None:
    error = refusal(data)
    assert (error.code, error.facts) == ("jpeg-kind-unsupported", {"kind": kind})


def test_endless_scans_are_refused() -> None:
    data = jpeg(progressive=True)
    start = data.rindex(b"\xff\xda")
    assert refusal(data[:-2] + data[start:-2] * 40 + data[-2:]).code == "jpeg-kind-unsupported"


@pytest.mark.parametrize(
    "factors",
    [
        [(1, 1)],
        [(2, 2)],
        [(1, 1)] * 3,
        [(2, 1), (1, 1), (1, 1)],
        [(2, 2), (1, 1), (1, 1)],
        [(1, 2), (1, 1), (1, 1)],
        [(4, 1), (1, 1), (1, 1)],
        [(1, 1)] * 4,
    ],
)
def test_handmade_jpeg_is_grey(factors: list[tuple[int, int]]) -> None:
    photo = opened(blank_jpeg(factors))
    assert photo.pixels.shape == (24, 40, 3)
    assert len(np.unique(photo.pixels)) == 1


@pytest.mark.parametrize(
    "data",
    [
        rgb_png(scene()).replace(b"\r\n\x1a\n", b"\n\x1a\n"),  # sent as text
        rgb_png(scene()).replace(b"IHDR", b"IHDS"),
        png([b"\0" * 30] * 4, 10, 8, 2, height=0),
        png([b"\0" * 30] * 4, 10, 8, 2, height=5),  # a row short
        png([b"\0" * 30] * 4, 10, 8, 2, height=400),
        png([b"\0" * 30], 10, 3, 2),
        png([b"\0" * 30], 10, 8, 5),
        png([b"\0" * 30], 10, 8, 2, stream=b""),
        png([b"\0" * 30], 10, 8, 2, stream=b"not zlib"),
        png([b"\0" * 30], 10, 8, 2, stream=zlib.compress(b"\7" + b"\0" * 30)),  # filter 7
        png([b"\0" * 30], 10, 8, 2, extra=chunk(b"CRIT", b"")),
        png([b"\0" * 10], 10, 8, 3),  # palette missing
        png([b"\5" * 10], 10, 8, 3, extra=chunk(b"PLTE", b"\1\2\3")),  # index outside
        png([b"\0" * 30], 10, 8, 2, extra=chunk(b"acTL", b"\0")),
    ],
)
def test_corrupt_png(data: bytes) -> None:
    assert refusal(data).code == "image-corrupt"


def test_any_flipped_byte_of_png_data_is_noticed() -> None:
    data = bytearray(saved(Image.fromarray(scene()), "PNG"))
    for at in range(16, len(data) - 12, 11):
        damaged = bytearray(data)
        damaged[at] ^= 1
        assert refusal(bytes(damaged)).code in ("image-corrupt", "image-truncated")


def test_animated_png() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    error = refusal(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    assert (error.code, error.facts) == ("image-animated", {"frames": 3})
    still = rgb_png(scene(), chunk(b"acTL", struct.pack(">II", 1, 0)))
    assert np.array_equal(opened(still).pixels, scene())


# ---------------------------------------------------------------- kinds of pixel


def test_grey_jpeg() -> None:
    photo = opened(jpeg(scene()[..., 0]))
    assert photo.mode == "grey"
    assert np.ptp(photo.pixels, axis=2).max() == 0
    assert close(photo.pixels[..., 0], scene()[..., 0], 4)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_png_of_every_depth(bits: int) -> None:
    top = (1 << bits) - 1
    values = [0, top // 3, 2 * top // 3, top] * 4
    packed = sum(value << bits * (15 - i) for i, value in enumerate(values))
    photo = opened(png([packed.to_bytes(2 * bits, "big")] * 2, 16, bits, 0))
    assert (photo.mode, photo.bit_depth) == ("grey", bits)
    wanted = [round(value * 255 / top) for value in values]
    assert close(photo.pixels[0, :, 0], np.array(wanted), 1)


@pytest.mark.parametrize(("colour", "mode"), [(2, "rgb"), (6, "rgba")])
def test_sixteen_bits_are_scaled(colour: int, mode: str) -> None:
    channels = 3 if colour == 2 else 4
    values = np.full((2, 5, channels), 0xFFFF, ">u2")
    values[..., :3] = scene(5, 2).astype(">u2") * 257
    photo = opened(png([row.tobytes() for row in values], 5, 16, colour))
    assert (photo.mode, photo.bit_depth, photo.alpha_used) == (mode, 16, False)
    assert np.array_equal(photo.pixels, scene(5, 2))


def test_sixteen_bit_grey_alpha() -> None:
    values = np.array([[[0, 0], [0, 0xFFFF], [0x8080, 0xFFFF]]], ">u2")
    photo = opened(png([values.tobytes()], 3, 16, 4))
    assert (photo.mode, photo.alpha_used) == ("grey-alpha", True)
    assert photo.pixels[0, :, 0].tolist() == [255, 0, 128]


def test_alpha_is_composited_on_white() -> None:
    pixels = np.array([[[200, 0, 0, 0], [200, 0, 0, 255], [200, 0, 0, 128]]], np.uint8)
    photo = opened(saved(Image.fromarray(pixels), "PNG"))
    assert photo.alpha_used
    assert photo.pixels[0].tolist() == [[255, 255, 255], [200, 0, 0], [227, 127, 127]]
    pixels[..., 3] = 255
    opaque = opened(saved(Image.fromarray(pixels), "PNG"))
    assert not opaque.alpha_used
    assert (opaque.pixels == [200, 0, 0]).all()


def test_grey_alpha() -> None:
    photo = opened(saved(Image.merge("LA", [Image.new("L", (2, 1), v) for v in (0, 51)]), "PNG"))
    assert (photo.mode, photo.alpha_used) == ("grey-alpha", True)
    assert (photo.pixels == 204).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_of_every_depth(bits: int) -> None:
    colours = chunk(b"PLTE", bytes((10, 20, 30, 200, 100, 50)))
    packed = sum(1 << bits * (7 - i) for i in range(0, 8, 2)).to_bytes(bits, "big")
    photo = opened(png([packed], 8, bits, 3, extra=colours))
    assert (photo.mode, photo.bit_depth, photo.alpha_used) == ("palette", bits, False)
    assert photo.pixels[0, :2].tolist() == [[200, 100, 50], [10, 20, 30]]


def test_palette_with_transparency() -> None:
    extra = chunk(b"PLTE", bytes(range(9))) + chunk(b"tRNS", bytes((255, 0)))
    photo = opened(png([bytes((0, 1, 2))], 3, 8, 3, extra=extra))
    assert photo.alpha_used
    assert photo.pixels[0].tolist() == [[0, 1, 2], [255, 255, 255], [6, 7, 8]]
    assert not opened(png([bytes((0, 2, 2))], 3, 8, 3, extra=extra)).alpha_used


@pytest.mark.parametrize(
    ("bits", "colour", "row", "key"),
    [
        (1, 0, b"\x40", b"\0\1"),
        (4, 0, b"\x3a\x30", b"\0\x0a"),
        (8, 0, b"\3\xaa\3", b"\0\xaa"),
        (16, 0, b"\3\3\xaa\xbb\3\3", b"\xaa\xbb"),
        (8, 2, b"\1\2\3\4\5\6\1\2\3", b"\0\4\0\5\0\6"),
    ],
)
def test_one_transparent_colour(bits: int, colour: int, row: bytes, key: bytes) -> None:
    photo = opened(png([row], 3, bits, colour, extra=chunk(b"tRNS", key)))
    assert photo.alpha_used
    assert (photo.pixels[0] == 255).all(axis=1).tolist() == [False, True, False]


def without_adobe(data: bytes) -> bytes:
    start = data.index(b"\xff\xee")
    return data[:start] + data[start + 16 :]


INK = np.full((32, 32, 4), (0, 200, 200, 0), np.uint8)  # magenta + yellow = red
STORED = Image.frombytes("CMYK", (32, 32), (255 - INK).tobytes())


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.frombytes("CMYK", (32, 32), INK.tobytes()), "JPEG", quality=95),
        simplejpeg.encode_jpeg(255 - INK, 95, "CMYK", "444"),  # YCCK
        without_adobe(saved(STORED, "JPEG", quality=95)),
    ],
    ids=["adobe", "ycck", "plain"],
)
def test_cmyk_jpeg(data: bytes) -> None:
    photo = opened(data)
    assert (photo.mode, photo.icc) == ("cmyk", None)
    assert close(photo.pixels[10, 10], np.array([255, 55, 55]), 8)


def test_interlaced_png() -> None:
    # Adam7 by hand: no writer at hand makes it.
    pixels = scene(11, 13)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
    raw = b"".join(
        b"\0" + row.tobytes()
        for left, top, across, down in (*passes, (0, 1, 1, 2))
        for row in pixels[top::down, left::across]
    )
    data = png([b""] * 13, 11, 8, 2, stream=zlib.compress(raw))
    header = chunk(b"IHDR", struct.pack(">II", 11, 13) + bytes((8, 2, 0, 0, 1)))
    data = data[:8] + header + data[33:]
    assert np.array_equal(opened(data).pixels, pixels)
    short = png([b""] * 13, 11, 8, 2, stream=zlib.compress(raw[:-1]))
    assert refusal(short[:8] + header + short[33:]).code == "image-corrupt"


def test_gamma_and_chromaticity_are_ignored() -> None:
    extra = chunk(b"gAMA", struct.pack(">I", 100_000)) + chunk(b"cHRM", b"\0" * 32)
    assert np.array_equal(opened(rgb_png(scene(), extra)).pixels, scene())


# ---------------------------------------------------------------- orientation


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores when the upright picture is ``pixels``."""
    undo = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, 1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(pixels, -1),
    }
    return np.ascontiguousarray(undo[orientation])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_orientation_round_trip(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(turned(scene(), orientation))
    data = saved(stored, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))
    photo = opened(data)
    assert (photo.width, photo.height) == (60, 80)
    assert photo.metadata.orientation == orientation
    assert close(photo.pixels, scene(), 0 if kind == "PNG" else 24)
    with Image.open(io.BytesIO(data)) as image:
        theirs = ImageOps.exif_transpose(image).convert("RGB")
    assert close(photo.pixels, np.asarray(theirs), 4)
    assert photo.pixels.flags.c_contiguous
    assert not photo.pixels.flags.writeable


# ---------------------------------------------------------------- colour profiles


def profile(
    space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", kind: bytes = b"mntr"
) -> bytes:
    """An ICC v2 profile by hand."""
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0x\0", b"wtpt": xyz(0.9642, 1, 0.8249), **tags}
    offset = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(value))
        body += value + b"\0" * (-len(value) % 4)
    size = 128 + len(table) + len(body)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", size, b"lcms", 0x02100000, kind, space, pcs, b"", b"acsp"
    )
    header = header.ljust(68, b"\0") + xyz(0.9642, 1, 0.8249)[8:]
    return header.ljust(128, b"\0") + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def matrix_profile(*columns: tuple[float, float, float], gamma: float = 2.2) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: xyz(*column) for name, column in zip(names, columns, strict=True)}
    return profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


RED, GREEN, BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SWAPPED = matrix_profile(BLUE, GREEN, RED)
WIDE = matrix_profile((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
GREY = profile(b"GRAY", {b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, 256)})


def cmyk_profile() -> bytes:
    """A press that prints Lab red with every ink but black."""
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0))
    lut += struct.pack(">9i", *(65536 if i in (0, 4, 8) else 0 for i in range(9)))
    lut += bytes(range(256)) * 4 + bytes((128, 200, 190, 0, 128, 128)) * 8 + bytes(range(256)) * 3
    return profile(b"CMYK", {b"A2B0": lut}, pcs=b"Lab ", kind=b"prtr")


def with_profile(icc: bytes, kind: str, colour: tuple[int, int, int] = (200, 90, 40)) -> Photo:
    image = Image.new("RGB", (16, 16), colour)
    options = {"quality": 98, "subsampling": 0} if kind == "JPEG" else {}
    return opened(saved(image, kind, icc_profile=icc, **options))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_wide_gamut_becomes_more_saturated(kind: str) -> None:
    photo = with_profile(WIDE, kind)
    assert photo.icc == "test"
    red, _, blue = photo.pixels[8, 8].astype(int)
    assert red > 215
    assert blue < 35


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_swapped_primaries_swap_the_channels(kind: str) -> None:
    assert close(with_profile(SWAPPED, kind).pixels[8, 8], np.array([40, 90, 200]), 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_srgb_in_effect_is_left_alone(kind: str) -> None:
    photo = with_profile(SRGB, kind)
    assert photo.icc == ICC_SRGB
    assert close(photo.pixels[8, 8], np.array([200, 90, 40]), 3)
    # The primaries of sRGB with a plain power law: nearly the same, dark tones differ.
    photo = with_profile(matrix_profile(RED, GREEN, BLUE), kind)
    assert photo.icc == "test"
    assert close(photo.pixels[8, 8], np.array([200, 90, 40]), 8)


@pytest.mark.parametrize("icc", [b"junk" * 50, SRGB[:200], SRGB[:-100], cmyk_profile(), b"x", GREY])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_unfit_profile_is_ignored_and_noted(icc: bytes, kind: str) -> None:
    photo = with_profile(icc, kind)
    assert photo.icc == ICC_UNREADABLE
    assert close(photo.pixels[8, 8], np.array([200, 90, 40]), 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_profiles(kind: str) -> None:
    image = Image.new("L", (16, 16), 100)
    linear = opened(saved(image, kind, icc_profile=GREY))
    assert linear.icc == "test"
    assert close(linear.pixels[8, 8], np.array([168] * 3), 3)  # sRGB of 100/255 of the light
    colour = opened(saved(image, kind, icc_profile=SWAPPED))
    assert close(colour.pixels[8, 8], np.array([100] * 3), 4)


def test_cmyk_profile_is_honoured() -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    photo = opened(saved(image, "JPEG", icc_profile=cmyk_profile()))
    assert photo.icc == "test"
    red, green, blue = photo.pixels[8, 8].astype(int)
    assert red > 150 > 100 > max(green, blue)
    plain = opened(saved(image, "JPEG", icc_profile=SRGB))
    assert plain.icc == ICC_UNREADABLE
    assert plain.pixels[8, 8, 0] < 10


def test_png_srgb_chunk_wins_over_a_profile() -> None:
    data = saved(Image.fromarray(scene()), "PNG", icc_profile=SWAPPED)
    at = data.index(b"iCCP") - 4
    photo = opened(data[:at] + chunk(b"sRGB", b"\0") + data[at:])
    assert photo.icc is None
    assert np.array_equal(photo.pixels, scene())


def test_profile_in_several_segments() -> None:
    data = jpeg(np.full((16, 16, 3), (200, 90, 40), np.uint8), quality=98, subsampling=0)
    half = len(SWAPPED) // 2
    parts = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number, 2)) + piece)
        for number, piece in ((2, SWAPPED[half:]), (1, SWAPPED[:half]))
    ]
    whole = opened(data[:2] + b"".join(parts) + data[2:])
    assert close(whole.pixels[8, 8], np.array([40, 90, 200]), 8)
    half_only = opened(data[:2] + parts[0] + data[2:])
    assert half_only.icc == ICC_UNREADABLE
    assert close(half_only.pixels[8, 8], np.array([200, 90, 40]), 3)


def test_profile_that_inflates_without_end_is_ignored() -> None:
    huge = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 30_000_000))
    assert opened(rgb_png(scene(), huge)).icc == ICC_UNREADABLE


# ---------------------------------------------------------------- reduced decoding


@pytest.mark.parametrize(
    ("kind", "size", "scale"),
    [
        ("JPEG", (480, 640), 1.0),
        ("JPEG", (1439, 2050), 1.0),
        ("JPEG", (1440, 2047), 1.0),
        ("JPEG", (1441, 2051), 0.5),
        ("JPEG", (2880, 4096), 0.25),
        ("PNG", (480, 640), 1.0),
        ("PNG", (1441, 2051), 0.5),
    ],
)
def test_reduced_size(kind: str, size: tuple[int, int], scale: float) -> None:
    small = Image.fromarray(scene(96, 128))
    image = small.resize(size)
    photo = opened(saved(image, kind, **({"compress_level": 1} if kind == "PNG" else {})))
    width, height = size
    assert (photo.width, photo.height, photo.scale) == (width, height, scale)
    reduced = (-(-width * scale // 1), -(-height * scale // 1))
    assert (photo.pixels.shape[1], photo.pixels.shape[0]) == reduced
    wanted = cv2.resize(np.asarray(image), photo.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(photo.pixels.astype(int) - wanted).mean() < 2.5


def test_working_side_is_a_parameter() -> None:
    data = jpeg(np.zeros((3000, 2000, 3), np.uint8))
    assert opened(data).scale == 0.5
    assert opened(data, working_side=2000).scale == 1.0


def test_a_strip_is_reduced_to_bound_memory() -> None:
    photo = opened(blank_jpeg([(1, 1)], width=40_000, height=1000))
    assert photo.scale == 0.5
    assert photo.pixels.size / 3 <= MAX_WORKING_PIXELS


def test_reduced_and_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(scene(96, 128)).resize((2160, 1440))
    photo = opened(saved(image, "JPEG", exif=exif))
    assert (photo.width, photo.height, photo.scale) == (1440, 2160, 0.5)
    assert photo.pixels.shape == (1080, 720, 3)


# ---------------------------------------------------------------- anything at all

BASES = [
    jpeg(scene(24, 32)),
    jpeg(scene(24, 32), progressive=True, comment="x", dpi=(300, 300)),
    saved(Image.fromarray(scene(24, 32)), "PNG", icc_profile=WIDE),
    saved(Image.fromarray(scene(24, 32)).quantize(9), "PNG"),
]
EASY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@EASY
@given(st.sampled_from(BASES), st.data())
def test_no_truncation_is_accepted(base: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(base) - 1))
    assert refusal(base[:cut]).code in INPUT_CODES


@EASY
@given(
    st.sampled_from(BASES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
def test_damage_is_refused_or_decoded_as_others_do(
    base: bytes, edits: list[tuple[float, int]]
) -> None:
    damaged = bytearray(base)
    for where, value in edits:
        damaged[int(where * len(base))] = value
    try:
        photo = opened(bytes(damaged))
    except InputError:
        refusal(bytes(damaged))  # with a known code
        return
    height, width = photo.pixels.shape[:2]
    assert (photo.width, photo.height) == (width, height)
    if photo.format == "jpeg" and photo.icc is None and photo.metadata.orientation == 1:
        with contextlib.suppress(ValueError):  # it minds harmless oddities even when not strict
            reference = simplejpeg.decode_jpeg(bytes(damaged), strict=False)
            assert np.array_equal(photo.pixels, reference)


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b""]), st.binary(max_size=200)
)
def test_random_bytes_are_refused(start: bytes, rest: bytes) -> None:
    assert refusal(start + rest).code in INPUT_CODES
