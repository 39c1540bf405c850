"""What a file says of itself is read right, and senseless claims read as absent."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from photo_service.image import open_photo
from photo_service.metadata import (
    MAX_NAME_CHARS,
    MAX_TEXT_CHARS,
    MAX_TEXTS,
    MAX_XMP_BYTES,
    Metadata,
    Tiff,
    jpeg_segments,
    png_chunks,
)

PICTURE = Image.fromarray(
    np.arange(48 * 32 * 3, dtype=np.uint32).reshape(48, 32, 3).astype(np.uint8)
)


def read(data: bytes) -> Metadata:
    return open_photo(data, max_file_bytes=1 << 25, max_pixels=10_000).metadata


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def png(**options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "PNG", **options)
    return buffer.getvalue()


def with_segment(marker: int, payload: bytes) -> bytes:
    data = jpeg()
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + data[2:]


def with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    data = png()
    extra = b"".join(
        struct.pack(">I", len(payload))
        + kind
        + payload
        + struct.pack(">I", zlib.crc32(kind + payload))
        for kind, payload in chunks
    )
    return data[:33] + extra + data[33:]


def exif(**detail: str) -> Image.Exif:
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x0131] = "Canon", "EOS R6", "Adobe Photoshop 25.0"
    block[0x0112] = 6
    inner = block.get_ifd(0x8769)
    for name, value in detail.items():
        inner[{"original": 0x9003, "digitized": 0x9004}[name]] = value
    return block


@pytest.mark.parametrize("write", [jpeg, png])
def test_exif(write: Callable[..., bytes]) -> None:
    found = read(write(exif=exif(original="2025:03:04 05:06:07", digitized="2001:01:01 00:00:00")))
    assert (found.make, found.model) == ("Canon", "EOS R6")
    assert found.software == "Adobe Photoshop 25.0"
    assert found.orientation == 6
    assert found.taken == datetime(2025, 3, 4, 5, 6, 7)  # noqa: DTZ001


@pytest.mark.parametrize("write", [jpeg, png])
def test_nothing_said(write: Callable[..., bytes]) -> None:
    found = read(write())
    assert (found.orientation, found.taken, found.make, found.dpi) == (1, None, None, None)
    assert (dict(found.text), found.xmp) == ({}, None)


def test_digitized_is_the_fallback() -> None:
    found = read(jpeg(exif=exif(original="0000:00:00 00:00:00", digitized="2024:12:31 23:59:59")))
    assert found.taken == datetime(2024, 12, 31, 23, 59, 59)  # noqa: DTZ001


@pytest.mark.parametrize("date", ["", "yesterday", "2024:13:01 00:00:00", "    :  :     :  :  "])
def test_senseless_date(date: str) -> None:
    assert read(jpeg(exif=exif(original=date))).taken is None


def tiff(order: str, entries: list[tuple[int, int, int, bytes]], tail: bytes = b"") -> bytes:
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8)
    body = b"".join(struct.pack(order + "HHI4s", *entry) for entry in entries)
    return head + struct.pack(order + "H", len(entries)) + body + b"\0\0\0\0" + tail


@pytest.mark.parametrize(
    "entry",
    [
        (0x0112, 3, 1, b"\0\0\0\0"),
        (0x0112, 3, 1, b"\t\0\0\0"),
        (0x0112, 2, 2, b"6\0\0\0"),
        (0x0112, 8, 1, b"\xff\xff\0\0"),
        (0x0112, 99, 1, b"\6\0\0\0"),
        (0x0112, 3, 0, b"\6\0\0\0"),
    ],
)
def test_senseless_orientation(entry: tuple[int, int, int, bytes]) -> None:
    assert read(with_segment(0xE1, b"Exif\0\0" + tiff("<", [entry]))).orientation == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(order: str) -> None:
    block = tiff(order, [(0x0112, 3, 1, struct.pack(order + "HH", 8, 0))])
    assert read(with_segment(0xE1, b"Exif\0\0" + block)).orientation == 8


@pytest.mark.parametrize(("encoding"), ["utf-8", "gb18030"])
def test_chinese_software_name(encoding: str) -> None:
    name = "美图秀秀 10.2".encode(encoding)
    at = 8 + 2 + 12 + 4
    block = tiff("<", [(0x0131, 2, len(name), struct.pack("<I", at))], name)
    assert read(with_segment(0xE1, b"Exif\0\0" + block)).software == "美图秀秀 10.2"


def test_names_are_cleaned_and_capped() -> None:
    block = Image.Exif()
    block[0x010F] = "A\x1b[31m\nB" + "x" * 1000
    make = read(jpeg(exif=block)).make
    assert make is not None
    assert make.startswith("A[31m B")
    assert make.isprintable()
    assert len(make) <= MAX_NAME_CHARS


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        tiff("<", [(0x0131, 2, 0xFFFFFFFF, b"\xff\xff\xff\xff")] * 50),
        tiff("<", [(0x8769, 4, 1, struct.pack("<I", 8))]),  # points at itself
        tiff("<", [(0x011A, 5, 1, struct.pack("<I", 0))]),
        tiff("<", [(0x8769, 2, 3, b"abc\0"), (0x0112, 12, 1, b"abcd")]),
    ],
)
def test_broken_exif_reads_as_absent(block: bytes) -> None:
    found = read(with_segment(0xE1, b"Exif\0\0" + block))
    assert (found.orientation, found.make, found.taken) == (1, None, None)


@given(st.binary(max_size=200))
def test_random_exif_never_hurts(rest: bytes) -> None:
    for order in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        reader = Tiff(order + rest)
        entries, _ = reader.ifd(reader.first)
        for entry in entries.values():
            reader.number(entry)
            reader.text(entry)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=120), st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"pHYs"]))
def test_random_notes_never_hurt(payload: bytes, kind: bytes) -> None:
    read(with_chunks((kind, payload)))
    for marker, start in ((0xE0, b"JFIF\0"), (0xE1, b"Exif\0\0"), (0xFE, b""), (0xE2, b"MPF\0")):
        read(with_segment(marker, start + payload))


def test_resolution() -> None:
    assert read(jpeg(dpi=(300, 300))).dpi == (300, 300)
    assert read(png(dpi=(300, 300))).dpi == (300, 300)
    block = Image.Exif()
    block[0x011A], block[0x011B], block[0x0128] = 118.11, 118.11, 3
    assert read(png(exif=block)).dpi == pytest.approx((300, 300), abs=0.1)
    assert read(with_chunks((b"pHYs", struct.pack(">IIB", 0, 0, 1)))).dpi is None
    assert read(with_chunks((b"pHYs", struct.pack(">IIB", 3, 4, 0)))).dpi is None


@pytest.mark.parametrize("quality", [5, 49, 50, 75, 90, 95, 100])
def test_quality(quality: int) -> None:
    facts = read(jpeg(quality=quality)).jpeg
    assert facts is not None
    assert (facts.quality, facts.standard_table) == (quality, True)


def test_foreign_tables_give_an_estimate() -> None:
    table = [12] * 64
    facts = read(jpeg(qtables=[table, table])).jpeg
    assert facts is not None
    assert not facts.standard_table
    assert 1 <= facts.quality <= 100
    assert facts.tables == (tuple(table), tuple(table))


def test_tables_are_in_row_order() -> None:
    facts = read(jpeg(quality=50)).jpeg
    assert facts is not None
    assert facts.tables[0][:10] == (16, 11, 10, 16, 24, 40, 51, 61, 12, 12)
    with Image.open(io.BytesIO(jpeg(quality=83))) as image:
        theirs = image.quantization  # type: ignore[attr-defined]
    facts = read(jpeg(quality=83)).jpeg
    assert facts is not None
    assert facts.tables == tuple(tuple(theirs[number]) for number in sorted(theirs))


@pytest.mark.parametrize(("choice", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling(choice: int, name: str) -> None:
    facts = read(jpeg(subsampling=choice)).jpeg
    assert facts is not None
    assert facts.subsampling == name


def test_structure_facts() -> None:
    plain, fancy = read(jpeg()).jpeg, read(jpeg(progressive=True, restart_marker_rows=1)).jpeg
    assert plain is not None
    assert fancy is not None
    assert (plain.progressive, plain.restart_interval) == (False, 0)
    assert fancy.progressive
    assert fancy.restart_interval > 0
    assert read(png()).jpeg is None


def test_thumbnail_is_noticed() -> None:
    plain = tiff("<", [(0x0112, 3, 1, b"\1\0\0\0")])
    second = len(plain)
    both = plain[:-4] + struct.pack("<I", second)
    both += struct.pack("<HHHI4sI", 1, 0x0201, 4, 1, b"\0\0\0\0", 0)
    for block, wanted in ((plain, False), (both, True)):
        facts = read(with_segment(0xE1, b"Exif\0\0" + block)).jpeg
        assert facts is not None
        assert facts.has_exif_thumbnail is wanted


def test_text() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "Snapseed")
    info.add_text("parameters", "a portrait, 20 steps", zip=True)
    info.add_itxt("Title", "照片")
    info.add_text("Software", "second")
    found = read(png(pnginfo=info)).text
    assert found == {"Software": "Snapseed", "parameters": "a portrait, 20 steps", "Title": "照片"}
    assert read(jpeg(comment="made by hand")).text == {"comment": "made by hand"}


def test_text_is_capped() -> None:
    bomb = b"\0\0" + zlib.compress(b"a" * 30_000_000)
    chunks = [(b"zTXt", b"key%d" % number + bomb) for number in range(MAX_TEXTS + 5)]
    found = read(with_chunks(*chunks)).text
    assert len(found) == MAX_TEXTS
    assert max(map(len, found.values())) <= MAX_TEXT_CHARS


PACKET = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- 标识 --></x:xmpmeta>'


def test_xmp() -> None:
    assert read(jpeg(xmp=PACKET.encode())).xmp == PACKET
    for compressed in (False, True):
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", PACKET, zip=compressed)
        found = read(png(pnginfo=info))
        assert found.xmp == PACKET
        assert not found.text


def test_xmp_is_capped() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "x" * 10_000_000, zip=True)
    found = read(png(pnginfo=info)).xmp
    assert found is not None
    assert len(found) == MAX_XMP_BYTES


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert read(jpeg(xmp=bomb.encode())).xmp == bomb


def test_position_is_not_read() -> None:
    block = exif()
    block.get_ifd(0x8825).update({1: "N", 29: "1987:06:05"})
    data = png(exif=block)
    assert b"1987:06:05" in data
    assert "1987" not in repr(read(data))


def test_walkers_cover_the_file() -> None:
    data = jpeg(comment="x")
    markers = [segment.marker for segment in jpeg_segments(data)]
    assert markers[0] == 0xE0
    assert markers[-1] == 0xDA
    assert 0xFE in markers
    kinds = [chunk.kind for chunk in png_chunks(png())]
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")
