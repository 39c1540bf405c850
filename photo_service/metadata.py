"""What a file says of itself: EXIF, XMP, PNG text, JPEG structure. No pixel is decoded here.

The walkers (`jpeg_segments`, `jpeg_scans`, `png_chunks`) are strict about what holds the picture
together and yield offsets, not copies. The readers of metadata are the opposite: whatever is
missing, oversized or senseless reads as absent, since a broken note does not break a picture.
Where a photo was taken (GPS) is never read.

Sources: ITU-T T.81 (JPEG), ITU-T T.871 (JFIF), W3C PNG third edition, CIPA DC-008 (EXIF 2.32),
ISO 16684-1 (XMP).
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from photo_service.errors import InputError

MAX_SEGMENTS = 4096
"""JPEG header segments; an honest file of 32 MiB with depth maps stays below 600."""
MAX_SCANS = 32
"""Scans of one JPEG: encoders write about ten, and each costs a pass over the whole picture."""
MAX_CHUNKS = 65_536
"""PNG chunks; 32 MiB in pieces of 1 KiB stay below."""
MAX_TEXTS = 32
MAX_TEXT_CHARS = 8192
MAX_XMP_BYTES = 256 * 1024
MAX_NAME_CHARS = 128
MAX_IFD_ENTRIES = 512
MAX_EXIF_VALUE_BYTES = 64 * 1024
MAX_CREDENTIAL_BYTES = 1024 * 1024
"""A content-credentials store above this is cut; those seen stay below 300 KB."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

SOF_PROGRESSIVE = 0xC2
SOF_MARKERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_APP0, _APP1, _APP11, _APP12, _APP13, _APP15 = 0xE0, 0xE1, 0xEB, 0xEC, 0xED, 0xEF
_IPTC_RESOURCE = 0x0404
_BETWEEN_SCANS = frozenset({_SOS, _DQT, _DHT, _DRI, _COM, 0xCC, *range(_APP0, _APP15 + 1)})
# In entropy-coded data FF is followed by 00 (stuffing), D0…D7 (restart) or FF (fill).
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

_TO_MARKER = re.compile(rb"\0*(\xff*)")

_EXIF_HEADER = b"Exif\0"
_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE_HEADER = b"http://ns.adobe.com/xmp/extension/\0"
_XMP_MORE_SKIPPED = len(_XMP_MORE_HEADER) + 40  # digest, whole length and offset
_PHOTOSHOP_HEADER = b"Photoshop 3.0\0"
_DUCKY_HEADER = b"Ducky"
_JUMBF_HEADER = b"JP"
_AI_NAME = b"AIGC"
_AI_WINDOW = 4096
_PNG_XMP_KEYWORD = "XML:com.adobe.xmp"


class Segment(NamedTuple):
    """One JPEG marker segment; ``data[start:end]`` is its payload, after the length field."""

    marker: int
    start: int
    end: int


class Scan(NamedTuple):
    """One JPEG scan header: component ids, spectral band, successive approximation."""

    components: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int


class Frame(NamedTuple):
    """A JPEG frame header (SOF). Width and height in pixels as stored, not yet upright."""

    marker: int
    bits: int
    width: int
    height: int
    components: tuple[tuple[int, int, int], ...]
    """(id, horizontal factor, vertical factor) of each component."""


class Chunk(NamedTuple):
    """One PNG chunk with a right CRC; ``data[start:end]`` is its payload."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """How a JPEG was encoded.

    Attributes:
        quality: 1…100 on libjpeg's scale: the quality whose luminance table is nearest to the
            file's. An estimate when ``standard_table`` is False.
        standard_table: the luminance table is exactly libjpeg's at that quality. Cameras,
            Photoshop and the phone makers use tables of their own.
        subsampling: "4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:1:0"; "4:0:0" for grey;
            otherwise the factors themselves, as "2x2,2x1,1x1".
        progressive: stored in several passes of growing detail.
        tables: the quantisation tables by their number, each 64 values in row order.
        restart_interval: MCUs between restart markers, 0 for none.
        has_exif_thumbnail: the EXIF block carries a small preview (IFD1).
    """

    quality: int
    standard_table: bool
    subsampling: str
    progressive: bool
    tables: tuple[tuple[int, ...], ...]
    restart_interval: int
    has_exif_thumbnail: bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of itself; every field is a claim, none is proof.

    Attributes:
        orientation: EXIF Orientation 1…8; 1 when absent or senseless.
        taken: EXIF DateTimeOriginal, else DateTimeDigitized; naive, the camera's local time.
        make: camera maker, printable, at most `MAX_NAME_CHARS`.
        model: camera model, likewise.
        software: EXIF Software, likewise.
        dpi: dots per inch (horizontal, vertical) as stored, from JFIF, pHYs, else EXIF.
        jpeg: how it was encoded; None for a PNG.
        text: PNG text chunks by keyword, or {"comment": …} of a JPEG; at most `MAX_TEXTS` of
            `MAX_TEXT_CHARS` each. The first of several with one keyword counts.
        xmp: the XMP packet as text, cut at `MAX_XMP_BYTES`; not parsed here.
        notes: further texts by where they stood, ``"exif UserComment"``, ``"iptc program"`` and so
            on; each at most `MAX_TEXT_CHARS`, further XMP `MAX_XMP_BYTES`.
        stated_size: width and height in pixels as EXIF gives them, of the picture as stored.
        thumbnail: the small JPEG in EXIF, undecoded; None when absent.
        credentials: the C2PA manifest store (JUMBF boxes), cut at `MAX_CREDENTIAL_BYTES`.
    """

    orientation: int
    taken: datetime | None
    make: str | None
    model: str | None
    software: str | None
    dpi: tuple[float, float] | None
    jpeg: JpegFacts | None
    text: Mapping[str, str]
    xmp: str | None
    notes: Mapping[str, str]
    stated_size: tuple[int, int] | None
    thumbnail: bytes | None
    credentials: bytes | None


# ---------------------------------------------------------------- JPEG structure


def jpeg_segments(data: bytes) -> Iterator[Segment]:
    """Walk the header of a JPEG up to and including its first SOS.

    Fill bytes (FF) and zero padding between segments are stepped over; any other byte there
    means that a length is wrong.

    Raises:
        InputError: ``image-truncated`` when the bytes end first, ``image-corrupt`` when they
            are no JPEG header.
    """
    if len(data) < 3:
        raise InputError("image-truncated")
    position = 2
    for _ in range(MAX_SEGMENTS):
        segment = _segment_at(data, position)
        yield segment
        if segment.marker == _SOS:
            return
        position = segment.end
    raise InputError("image-corrupt")


def jpeg_scans(data: bytes, first: Segment) -> tuple[list[Scan], int]:
    """Walk a JPEG from its first SOS to its end.

    Args:
        data: the file.
        first: its first SOS, the last segment of `jpeg_segments`.

    Returns:
        The scans, and the offset just behind the EOI marker. Bytes beyond belong to something
        else (a motion photo's video, a second MPO picture).

    Raises:
        InputError: ``image-truncated`` without an EOI, ``image-corrupt`` at a marker that
            cannot stand there, ``jpeg-kind-unsupported`` above `MAX_SCANS`.
    """
    scans = [_scan(data, first)]
    position = first.end
    entropy = True
    for _ in range(MAX_SEGMENTS):
        if entropy:
            match = _SCAN_END.search(data, position)
            if match is None:
                raise InputError("image-truncated")
            position = match.start()
        segment = _segment_at(data, position, allow_end=True)
        if segment.marker == _EOI:
            return scans, segment.end
        if segment.marker not in _BETWEEN_SCANS:
            raise InputError("image-corrupt")
        entropy = segment.marker == _SOS
        if entropy:
            scans.append(_scan(data, segment))
            if len(scans) > MAX_SCANS:
                raise InputError("jpeg-kind-unsupported", kind=f">{MAX_SCANS} scans")
        position = segment.end
    raise InputError("image-corrupt")


def jpeg_frame(data: bytes, segment: Segment) -> Frame:
    """Read a SOF segment.

    Raises:
        InputError: ``image-corrupt`` when it is inconsistent or a side is zero.
    """
    payload = data[segment.start : segment.end]
    if len(payload) < 6:
        raise InputError("image-corrupt")
    bits, height, width, count = struct.unpack_from(">BHHB", payload)
    if not (width and height and count) or len(payload) != 6 + 3 * count:
        raise InputError("image-corrupt")
    components = tuple(
        (payload[at], payload[at + 1] >> 4, payload[at + 1] & 15)
        for at in range(6, len(payload), 3)
    )
    if not all(1 <= h <= 4 and 1 <= v <= 4 for _, h, v in components):
        raise InputError("image-corrupt")
    if len({number for number, _, _ in components}) != count:
        raise InputError("image-corrupt")
    return Frame(segment.marker, bits, width, height, components)


def jpeg_is_whole(frame: Frame, scans: Sequence[Scan]) -> bool:
    """Whether the scans bring every coefficient of every component down to its last bit.

    libjpeg shows a progressive file whose last scans are missing without a word; such a
    picture is a preview of itself.
    """
    numbers = {number for number, _, _ in frame.components}
    if frame.marker != SOF_PROGRESSIVE:
        return numbers == {number for scan in scans for number in scan.components}
    lowest = {(number, k): 16 for number in numbers for k in range(64)}  # 16: nothing sent
    for scan in scans:
        for number in scan.components:
            for k in range(scan.first, min(scan.last, 63) + 1):
                lowest[number, k] = scan.low
    return not any(lowest.values())


def _segment_at(data: bytes, position: int, *, allow_end: bool = False) -> Segment:
    size = len(data)
    match = _TO_MARKER.match(data, position)
    position = match.end() if match else position
    if position >= size:
        raise InputError("image-truncated")
    if match is None or not match[1]:
        raise InputError("image-corrupt")
    marker = data[position]
    if marker == _EOI and allow_end:
        return Segment(marker, position + 1, position + 1)
    if marker < 0xC0 or 0xD0 <= marker <= _EOI:
        raise InputError("image-corrupt")
    if position + 3 > size:
        raise InputError("image-truncated")
    length = data[position + 1] << 8 | data[position + 2]
    if length < 2:
        raise InputError("image-corrupt")
    if position + 1 + length > size:
        raise InputError("image-truncated")
    return Segment(marker, position + 3, position + 1 + length)


def _scan(data: bytes, segment: Segment) -> Scan:
    payload = data[segment.start : segment.end]
    count = payload[0] if payload else 0
    if not 1 <= count <= 4 or len(payload) != 4 + 2 * count:
        raise InputError("image-corrupt")
    first, last, approximation = payload[-3:]
    components = tuple(payload[1:-3:2])
    return Scan(components, first, last, approximation >> 4, approximation & 15)


# ---------------------------------------------------------------- PNG structure


def png_chunks(data: bytes) -> Iterator[Chunk]:
    """Walk the chunks of a PNG up to and including IEND, each checked against its CRC.

    Raises:
        InputError: ``image-truncated`` when the bytes end first, ``image-corrupt`` on a wrong
            signature, CRC or chunk name.
    """
    if not data.startswith(PNG_SIGNATURE):
        raise InputError("image-truncated" if PNG_SIGNATURE.startswith(data) else "image-corrupt")
    view = memoryview(data)
    position = len(PNG_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            raise InputError("image-truncated")
        length = int.from_bytes(view[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        start, end = position + 8, position + 8 + length
        # The name first: a damaged length must not pass for a cut file.
        if not (kind.isalpha() and kind.isascii()) or length >= 1 << 31:
            raise InputError("image-corrupt")
        if end + 4 > len(data):
            raise InputError("image-truncated")
        if zlib.crc32(view[position + 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise InputError("image-corrupt")
        yield Chunk(kind, start, end)
        if kind == b"IEND":
            return
        position = end + 4
    raise InputError("image-corrupt")


def inflate(data: bytes, limit: int) -> bytes | None:
    """Inflate a zlib stream to at most ``limit`` bytes; None when it is broken."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return None


# ---------------------------------------------------------------- readers


def read_jpeg_metadata(data: bytes, segments: Iterable[Segment], frame: Frame) -> Metadata:
    """Read what a JPEG says of itself.

    Args:
        data: the file.
        segments: its header, from `jpeg_segments`.
        frame: its frame header.

    Returns:
        The claims; never raises on senseless content.
    """
    exif = xmp = comment = None
    more: dict[str, str] = {}
    stores: dict[bytes, bytes] = {}
    density: tuple[float, float] | None = None
    tables: dict[int, tuple[int, ...]] = {}
    restart = 0
    for marker, start, end in segments:
        if marker == _DQT:
            _read_tables(data[start:end], tables)
        elif marker == _DRI and end - start == 2:
            restart = int.from_bytes(data[start:end], "big")
        elif marker == _APP0 and density is None and data.startswith(b"JFIF\0", start, end):
            density = _jfif_density(data[start:end])
        elif marker == _APP1 and exif is None and data.startswith(_EXIF_HEADER, start, end):
            exif = _read_exif(data[start + 6 : end])
        elif marker == _APP1 and xmp is None and data.startswith(_XMP_HEADER, start, end):
            xmp = data[start + len(_XMP_HEADER) : end].decode("utf-8", "replace")
        elif marker == _COM and comment is None:
            comment = _clean(_decode(data[start:end]), MAX_TEXT_CHARS)
        else:
            _read_application(data, Segment(marker, start, end), more, stores)
    if not _mentions_ai_label(xmp, more):
        _find_ai_label(data, more)
    exif = exif or _NO_EXIF
    quality, standard = _quality(tables.get(0))
    facts = JpegFacts(
        quality=quality,
        standard_table=standard,
        subsampling=subsampling_name(frame),
        progressive=frame.marker == SOF_PROGRESSIVE,
        tables=tuple(tables[number] for number in sorted(tables)),
        restart_interval=restart,
        has_exif_thumbnail=exif.has_thumbnail,
    )
    texts = {"comment": comment} if comment else {}
    return _metadata(exif, density, facts, texts, xmp, more, b"".join(stores.values()))


def _read_application(
    data: bytes, segment: Segment, notes: dict[str, str], stores: dict[bytes, bytes]
) -> None:
    """Note what further application segments (APP1, APP11, APP12, APP13) say."""
    marker, start, end = segment
    if marker == _APP1 and data.startswith(_XMP_HEADER, start, end):
        _add(notes, data[start + len(_XMP_HEADER) : end])
    elif marker == _APP1 and data.startswith(_XMP_MORE_HEADER, start, end):
        _add(notes, data[start + _XMP_MORE_SKIPPED : end])
    elif marker == _APP12 and data.startswith(_DUCKY_HEADER, start, end):
        notes["photoshop web"] = "Ducky"
    elif marker == _APP13 and data.startswith(_PHOTOSHOP_HEADER, start, end):
        _read_photoshop(data[start + len(_PHOTOSHOP_HEADER) : end], notes)
    elif marker == _APP11 and data.startswith(_JUMBF_HEADER, start, end) and end - start > 16:
        # JPEG XT: box instance, packet number, then the box header, repeated in each packet.
        instance, packet = data[start + 2 : start + 4], data[start + 4 : start + 8]
        payload = data[start + 8 : end] if packet == b"\0\0\0\1" else data[start + 16 : end]
        if sum(map(len, stores.values())) + len(payload) <= MAX_CREDENTIAL_BYTES:
            stores[instance] = stores.get(instance, b"") + payload


def _add(notes: dict[str, str], packet: bytes) -> None:
    """Append to the further XMP."""
    so_far = notes.get("xmp more", "")
    notes["xmp more"] = (so_far + packet.decode("utf-8", "replace"))[:MAX_XMP_BYTES]


def _mentions_ai_label(xmp: str | None, notes: Mapping[str, str]) -> bool:
    return any("AIGC" in text for text in (xmp or "", *notes.values()))


def _find_ai_label(data: bytes, notes: dict[str, str]) -> None:
    """Look for China's AI label anywhere else: some programs append it behind the picture."""
    at = data.rfind(_AI_NAME)
    if at >= 0:
        around = data[max(at - _AI_WINDOW, 0) : at + _AI_WINDOW]
        notes["elsewhere"] = around.decode("utf-8", "replace")


_IPTC_NAMES = {65: "iptc program", 70: "iptc version", 120: "iptc caption"}


def _read_photoshop(payload: bytes, notes: dict[str, str]) -> None:
    """Photoshop's image resources (8BIM): that they are there, and the program IPTC names."""
    notes["photoshop resources"] = "8BIM"
    position = 0
    for _ in range(MAX_IFD_ENTRIES):
        if payload[position : position + 4] != b"8BIM" or position + 12 > len(payload):
            return
        number = payload[position + 4] << 8 | payload[position + 5]
        position += 6 + (payload[position + 6] + 2) // 2 * 2
        size = int.from_bytes(payload[position : position + 4], "big")
        position += 4
        if number == _IPTC_RESOURCE:
            _read_iptc(payload[position : position + size], notes)
        position += size + size % 2


def _read_iptc(payload: bytes, notes: dict[str, str]) -> None:
    position = 0
    while position + 5 <= len(payload) and payload[position] == 0x1C:
        record, kind = payload[position + 1], payload[position + 2]
        size = payload[position + 3] << 8 | payload[position + 4]
        if size & 0x8000:  # a length of its own length: only for previews
            return
        value = payload[position + 5 : position + 5 + size]
        if record == 2 and kind in _IPTC_NAMES:
            notes.setdefault(_IPTC_NAMES[kind], _clean(_decode(value), MAX_TEXT_CHARS))
        position += 5 + size


def read_png_metadata(data: bytes, chunks: Iterable[Chunk]) -> Metadata:
    """Read what a PNG says of itself; the counterpart of `read_jpeg_metadata`."""
    exif = xmp = None
    more: dict[str, str] = {}
    credentials = b""
    density: tuple[float, float] | None = None
    texts: dict[str, str] = {}
    seen = 0
    for kind, start, end in chunks:
        if kind == b"eXIf" and exif is None:
            payload = data[start:end]
            exif = _read_exif(payload[6:] if payload.startswith(_EXIF_HEADER) else payload)
        elif kind == b"pHYs" and end - start == 9 and data[end - 1] == 1:
            per_metre = struct.unpack_from(">II", data, start)
            density = _density(*(value * 0.0254 for value in per_metre))
        elif kind == b"caBX":
            credentials = credentials or data[start : min(end, start + MAX_CREDENTIAL_BYTES)]
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and seen < MAX_TEXTS:
            seen += 1
            keyword, value = _png_text(kind, data[start:end])
            if keyword == _PNG_XMP_KEYWORD and xmp is None:
                xmp = value
            elif keyword == _PNG_XMP_KEYWORD:
                _add(more, value.encode())
            elif keyword and value:
                texts.setdefault(keyword, _clean(value, MAX_TEXT_CHARS))
    if not _mentions_ai_label(xmp, {**more, **texts}):
        _find_ai_label(data, more)
    return _metadata(exif or _NO_EXIF, density, None, texts, xmp, more, credentials)


class _Exif(NamedTuple):
    orientation: int
    taken: datetime | None
    make: str | None
    model: str | None
    software: str | None
    dpi: tuple[float, float] | None
    has_thumbnail: bool
    notes: Mapping[str, str]
    stated_size: tuple[int, int] | None
    thumbnail: bytes | None


_NO_EXIF = _Exif(1, None, None, None, None, None, False, MappingProxyType({}), None, None)


def _metadata(
    exif: _Exif,
    density: tuple[float, float] | None,
    jpeg: JpegFacts | None,
    text: dict[str, str],
    xmp: str | None,
    notes: Mapping[str, str],
    credentials: bytes,
) -> Metadata:
    return Metadata(
        orientation=exif.orientation,
        taken=exif.taken,
        make=exif.make,
        model=exif.model,
        software=exif.software,
        dpi=density or exif.dpi,
        jpeg=jpeg,
        text=MappingProxyType(text),
        xmp=xmp,
        notes=MappingProxyType({**exif.notes, **notes}),
        stated_size=exif.stated_size,
        thumbnail=exif.thumbnail,
        credentials=credentials or None,
    )


def _decode(raw: bytes) -> str:
    # EXIF says ASCII; phones write UTF-8 and Chinese desktop programs GBK all the same.
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            pass
    return raw.decode("latin-1")


def _clean(text: str, limit: int) -> str:
    kept = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text[:limit])
    return kept.strip()


def _density(x: float, y: float) -> tuple[float, float] | None:
    if not (math.isfinite(x) and math.isfinite(y) and x > 0 and y > 0):
        return None
    return round(x, 2), round(y, 2)


def _jfif_density(payload: bytes) -> tuple[float, float] | None:
    if len(payload) < 12:
        return None
    unit, x, y = struct.unpack_from(">BHH", payload, 7)
    factor = {1: 1.0, 2: 2.54}.get(unit)
    return None if factor is None else _density(x * factor, y * factor)


def _png_text(kind: bytes, payload: bytes) -> tuple[str, str]:
    """Keyword and text of a tEXt, zTXt or iTXt chunk; empty strings when it makes no sense."""
    head, _, rest = payload.partition(b"\0")
    keyword = _clean(head.decode("latin-1"), 79)
    encoding, body = "latin-1", rest
    if kind == b"tEXt":
        # The standard says Latin-1, Chinese programs write UTF-8.
        return keyword, _decode(rest[:MAX_XMP_BYTES])
    if kind == b"zTXt":
        compressed, body = True, rest[1:]
    else:
        encoding, compressed = "utf-8", rest[:1] == b"\1"
        body = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if compressed:
        body = inflate(body, MAX_XMP_BYTES) or b""
    return keyword, body[:MAX_XMP_BYTES].decode(encoding, "replace")


# ---------------------------------------------------------------- EXIF (TIFF)

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_NUMBERS = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i", 13: "I"}

_ORIENTATION, _MAKE, _MODEL, _SOFTWARE = 0x0112, 0x010F, 0x0110, 0x0131
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128
_EXIF_IFD, _TAKEN, _DIGITIZED, _THUMBNAIL = 0x8769, 0x9003, 0x9004, 0x0201
_THUMBNAIL_LENGTH, _STATED_WIDTH, _STATED_HEIGHT = 0x0202, 0xA002, 0xA003
_MAIN_NOTES = {
    0x000B: "exif ProcessingSoftware",
    0x010E: "exif ImageDescription",
    0x013B: "exif Artist",
    0x013C: "exif HostComputer",
    0x9C9B: "exif XPTitle",
    0x9C9C: "exif XPComment",
    0x9C9E: "exif XPKeywords",
}
_DETAIL_NOTES = {0x9286: "exif UserComment"}
_XP_TAGS = range(0x9C9B, 0x9CA0)  # Windows' own: UTF-16 in bytes


class Tiff:
    """A TIFF structure read defensively; a pointer outside the bytes reads as absent."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes from the byte order mark on; `valid` tells whether it is one."""
        self._data = data
        self._order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")
        self.valid = bool(self._order) and len(data) >= 8
        self.first = self._unpack("I", 4) if self.valid else 0

    def ifd(self, offset: int) -> tuple[dict[int, tuple[int, bytes]], int]:
        """Entries of one directory, {tag: (type, raw value)}, and the offset of the next.

        Returns:
            The entries, values above `MAX_EXIF_VALUE_BYTES` left out; 0 for no next directory.
        """
        entries: dict[int, tuple[int, bytes]] = {}
        size = len(self._data)
        if not self.valid or not 8 <= offset <= size - 2:
            return entries, 0
        count = self._unpack("H", offset)
        position = offset + 2
        for _ in range(min(count, MAX_IFD_ENTRIES)):
            if position + 12 > size:
                return entries, 0
            tag, kind, number = struct.unpack_from(self._order + "HHI", self._data, position)
            length = _SIZES.get(kind, 0) * number
            at = position + 8 if length <= 4 else self._unpack("I", position + 8)
            if 0 < length <= MAX_EXIF_VALUE_BYTES and at + length <= size:
                entries.setdefault(tag, (kind, self._data[at : at + length]))
            position += 12
        whole = count <= MAX_IFD_ENTRIES and position + 4 <= size
        return entries, self._unpack("I", position) if whole else 0

    def number(self, entry: tuple[int, bytes] | None) -> float | None:
        """The first number of an entry; None for text, absence and division by zero."""
        if entry is None:
            return None
        kind, raw = entry
        if kind in (5, 10):
            above, below = struct.unpack_from(self._order + ("II" if kind == 5 else "ii"), raw)
            return above / below if below else None
        code = _NUMBERS.get(kind)
        return None if code is None else float(struct.unpack_from(self._order + code, raw)[0])

    def text(self, entry: tuple[int, bytes] | None) -> str | None:
        """The text of an entry, cleaned and capped; None when absent, empty or no text."""
        if entry is None or entry[0] not in (2, 7):
            return None
        raw = entry[1].partition(b"\0")[0]
        return _clean(_decode(raw[: 4 * MAX_NAME_CHARS]), MAX_NAME_CHARS) or None

    def long_text(self, tag: int, entry: tuple[int, bytes]) -> str:
        """A text without the limit of names: UserComment with its prefix, Windows' UTF-16."""
        raw = entry[1][: 4 * MAX_TEXT_CHARS]
        wide = "utf-16-be" if self._order == ">" else "utf-16-le"
        if tag in _XP_TAGS:
            return _clean(raw.decode("utf-16-le", "replace").rstrip("\0"), MAX_TEXT_CHARS)
        if raw[:8] in (b"UNICODE\0", b"JIS\0\0\0\0\0"):
            encoding = "iso2022_jp" if raw.startswith(b"JIS") else wide
            # Some write UTF-8 and call it Unicode.
            plain = raw[8:12].isascii() and 0 not in raw[8:12]
            text = _decode(raw[8:]) if plain else raw[8:].decode(encoding, "replace")
        else:
            text = _decode(raw.removeprefix(b"ASCII\0\0\0").lstrip(b"\0"))
        return _clean(text.partition("\0")[0], MAX_TEXT_CHARS)

    def thumbnail(self, directory: Mapping[int, tuple[int, bytes]]) -> bytes | None:
        """The JPEG that a directory points to."""
        at, length = (
            int(self.number(directory.get(tag)) or 0) for tag in (_THUMBNAIL, _THUMBNAIL_LENGTH)
        )
        found = self._data[at : at + length] if at > 0 and length > 0 else b""
        return found if found.startswith(b"\xff\xd8") else None

    def _unpack(self, code: str, at: int) -> int:
        value: int = struct.unpack_from(self._order + code, self._data, at)[0]
        return value


def _read_exif(payload: bytes) -> _Exif:
    tiff = Tiff(payload)
    main, after = tiff.ifd(tiff.first)
    detail, _ = tiff.ifd(int(tiff.number(main.get(_EXIF_IFD)) or 0))
    preview, _ = tiff.ifd(after)
    orientation = tiff.number(main.get(_ORIENTATION))
    taken = _date(tiff.text(detail.get(_TAKEN))) or _date(tiff.text(detail.get(_DIGITIZED)))
    x, y = (tiff.number(main.get(tag)) or 0.0 for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    # Unit 1 is a bare ratio; an absent unit means inches.
    factor = {2.0: 1.0, 3.0: 2.54}.get(tiff.number(main.get(_RESOLUTION_UNIT)) or 2.0, 0.0)
    notes = {
        name: tiff.long_text(tag, directory[tag])
        for directory, names in ((main, _MAIN_NOTES), (detail, _DETAIL_NOTES))
        for tag, name in names.items()
        if tag in directory
    }
    wide, high = (int(tiff.number(detail.get(t)) or 0) for t in (_STATED_WIDTH, _STATED_HEIGHT))
    return _Exif(
        orientation=int(orientation) if orientation in (1, 2, 3, 4, 5, 6, 7, 8) else 1,
        taken=taken,
        make=tiff.text(main.get(_MAKE)),
        model=tiff.text(main.get(_MODEL)),
        software=tiff.text(main.get(_SOFTWARE)),
        dpi=_density(x * factor, y * factor),
        has_thumbnail=_THUMBNAIL in preview,
        notes=MappingProxyType({name: text for name, text in notes.items() if text}),
        stated_size=(wide, high) if wide > 0 and high > 0 else None,
        thumbnail=tiff.thumbnail(preview),
    )


_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)


def _date(text: str | None) -> datetime | None:
    match = _DATE.match(text) if text else None
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - none is stored
    except ValueError:  # "0000:00:00 00:00:00" of a camera whose clock was never set
        return None


# ---------------------------------------------------------------- quantisation tables

# Row-order index of each coefficient in the file's zigzag order (T.81, figure A.6).
_ZIGZAG = tuple(
    8 * row + column
    for row, column in sorted(
        ((r, c) for r in range(8) for c in range(8)),
        key=lambda rc: (rc[0] + rc[1], rc[0] if (rc[0] + rc[1]) % 2 else rc[1]),
    )
)

# The luminance table of T.81, table K.1, which libjpeg scales by quality.
_LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)


def _read_tables(payload: bytes, tables: dict[int, tuple[int, ...]]) -> None:
    position = 0
    while position < len(payload):
        wide, number = payload[position] >> 4, payload[position] & 15
        length = 128 if wide else 64
        raw = payload[position + 1 : position + 1 + length]
        if wide > 1 or number > 3 or len(raw) != length:
            return
        values = struct.unpack(">64H", raw) if wide else tuple(raw)
        natural = [0] * 64
        for index, value in zip(_ZIGZAG, values, strict=True):
            natural[index] = value
        tables[number] = tuple(natural)
        position += 1 + length


@lru_cache(maxsize=1)
def standard_tables() -> NDArray[np.int32]:
    """(100, 64): libjpeg's luminance table at quality 1…100 (jcparam.c)."""
    quality = np.arange(1, 101)
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    tables = (np.array(_LUMINANCE) * percent[:, None] + 50) // 100
    limited: NDArray[np.int32] = np.clip(tables, 1, 255).astype(np.int32)
    return limited


@lru_cache(maxsize=64)
def _quality(table: tuple[int, ...] | None) -> tuple[int, bool]:
    if table is None:
        return 1, False
    distance = np.abs(standard_tables() - np.array(table, np.int32)).sum(axis=1)
    best = int(distance.argmin())
    return best + 1, not distance[best]


_SUBSAMPLINGS: dict[tuple[float, float], str] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}


def subsampling_name(frame: Frame) -> str:
    """Name the chroma subsampling of a frame as `JpegFacts.subsampling` does."""
    (_, h, v), *others = frame.components
    if not others:
        return "4:0:0"
    chroma, black = others[:2], others[2:]
    ratios = {(h / ch, v / cv) for _, ch, cv in chroma}
    name = _SUBSAMPLINGS.get(ratios.pop()) if len(ratios) == 1 else None
    if name is None or any((bh, bv) != (h, v) for _, bh, bv in black):
        return ",".join(f"{ch}x{cv}" for _, ch, cv in frame.components)
    return name
