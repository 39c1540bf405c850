"""Bytes → `Photo`: upright, sRGB, read-only, decoded once; or an `InputError` that names why not.

The order is the defence: size, type by content, header, pixel limit, structure, and only then
pixels. A picture is decoded whole or refused: libjpeg fills damaged parts with grey and goes on,
so JPEG warnings count as errors here, and PNG data are counted as well as checksummed.

What is decided on purpose:

* JPEG: baseline, extended and progressive, 8 bits, Huffman. Bytes after EOI are accepted (motion
  photos, MPO). Missing EOI, missing scans, a warning from the entropy decoder: refused. Harmless
  and accepted: zero bytes between header segments, padding (00 or 7F) before EOI, an unknown JFIF
  revision, a broken ICC segment.
* PNG: all 15 kinds of pixel, every CRC checked, bytes after IEND accepted. gAMA, cHRM and cICP are
  ignored, as most viewers do; an iCCP profile is honoured.
* 16 bits: the high byte. Transparency: composited on white.
* An ICC profile that is not sRGB is converted (perceptual); one that cannot be read is ignored.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from photo_service.errors import InputError
from photo_service.metadata import (
    PNG_SIGNATURE,
    SOF_MARKERS,
    Chunk,
    Frame,
    Metadata,
    Segment,
    Tiff,
    inflate,
    jpeg_frame,
    jpeg_is_whole,
    jpeg_scans,
    jpeg_segments,
    png_chunks,
    read_jpeg_metadata,
    read_png_metadata,
    subsampling_name,
)

INPUT_CODES = (
    "file-empty",
    "file-too-large",
    "format-other",
    "format-unknown",
    "too-many-pixels",
    "image-truncated",
    "image-corrupt",
    "image-animated",
    "jpeg-kind-unsupported",
)
"""Every code `open_photo` raises; each has a sentence in ``messages/``."""

WORKING_SIDE = 1024
"""Pixels; a reduced picture keeps at least this long side."""
WORKING_SHORT_SIDE = 720
"""Pixels; and at least this short side."""
MAX_WORKING_PIXELS = 16_000_000
"""A very long picture is reduced below those sides rather than kept larger than this."""
MAX_SIDE = 65_535
"""Pixels; what a JPEG can have at most, asked of a PNG too."""
MAX_ICC_BYTES = 4 * 1024 * 1024
"""A profile above this is ignored; press profiles reach 3 MB."""

ICC_SRGB = "sRGB"
ICC_UNREADABLE = "unreadable"

_BAND_PIXELS = 1 << 20  # rows are converted in bands of about this many pixels, to save memory

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture as every check sees it: decoded once, upright, sRGB, read-only.

    Attributes:
        sha256: hexadecimal digest of the file's bytes.
        byte_size: size of the file.
        format: "jpeg" or "png", by content.
        width: full size, upright, in pixels.
        height: likewise.
        pixels: (h, w, 3) RGB, read-only; smaller than full size when ``scale`` is below 1, then
            each side is the full side times ``scale``, rounded up.
        scale: decoded pixels per full-size pixel: 1.0, 0.5, 0.25 or 0.125.
        mode: as stored: "rgb", "grey", "palette", "cmyk", "rgba" or "grey-alpha".
        bit_depth: bits per channel as stored; of the index for a palette.
        alpha_used: some pixel was not opaque and has been composited on white.
        icc: None without an embedded profile; `ICC_SRGB` when it is sRGB in effect; its
            description when the pixels were converted; `ICC_UNREADABLE` when it was broken or of
            another colour space and was ignored.
        metadata: what the file says of itself.
    """

    sha256: str
    byte_size: int
    format: str
    width: int
    height: int
    pixels: Pixels = field(repr=False)
    scale: float
    mode: str
    bit_depth: int
    alpha_used: bool
    icc: str | None
    metadata: Metadata = field(repr=False)


def open_photo(
    data: bytes, *, max_file_bytes: int, max_pixels: int, working_side: int = WORKING_SIDE
) -> Photo:
    """Decode a file into a `Photo`.

    A picture much larger than needed is decoded at 1/2, 1/4 or 1/8, as long as its long side
    keeps ``working_side`` and its short side `WORKING_SHORT_SIDE` pixels; one that would stay
    above `MAX_WORKING_PIXELS` (a strip) is reduced all the same.

    Args:
        data: the file's bytes; their name and extension do not matter.
        max_file_bytes: largest size allowed, inclusive.
        max_pixels: largest width × height allowed, inclusive; read from the header.
        working_side: pixels, see above.

    Returns:
        The photo.

    Raises:
        InputError: one of `INPUT_CODES`. Facts: ``bytes``, ``limit`` (file-too-large);
            ``format`` (format-other); ``width``, ``height``, ``limit`` (too-many-pixels);
            ``frames`` (image-animated); ``kind`` (jpeg-kind-unsupported).
    """
    if not data:
        raise InputError("file-empty")
    if len(data) > max_file_bytes:
        raise InputError("file-too-large", bytes=len(data), limit=max_file_bytes)
    kind = sniff(data)
    if kind == "jpeg":
        picture = _open_jpeg(data, max_pixels, working_side)
    elif kind == "png":
        picture = _open_png(data, max_pixels, working_side)
    elif kind == "unknown":
        raise InputError("format-unknown")
    else:
        raise InputError("format-other", format=kind)
    pixels, icc = _to_srgb(picture)
    orientation = picture.metadata.orientation
    pixels = _upright(pixels, orientation)
    pixels.flags.writeable = False
    width, height = picture.width, picture.height
    if orientation >= 5:
        width, height = height, width
    return Photo(
        sha256=hashlib.sha256(data).hexdigest(),
        byte_size=len(data),
        format=kind,
        width=width,
        height=height,
        pixels=pixels,
        scale=1 / picture.factor,
        mode=picture.mode,
        bit_depth=picture.bit_depth,
        alpha_used=picture.alpha_used,
        icc=icc,
        metadata=picture.metadata,
    )


class _Picture(NamedTuple):
    """A decoded file before colour conversion and turning; ``width`` × ``height`` as stored."""

    pixels: Pixels
    """(h, w, 3) in the file's own RGB, or (h, w, 4) ink amounts of a CMYK file."""
    width: int
    height: int
    factor: int
    mode: str
    bit_depth: int
    alpha_used: bool
    profile: bytes | None
    """Embedded ICC profile; empty when there is one that cannot be put together."""
    metadata: Metadata


# ---------------------------------------------------------------- type by content

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8", "jpeg"),
    (b"\x89PNG", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jpegxl"),
    (b"\xff\x0a", "jpegxl"),
    (b"II\xbc", "jpegxr"),
    (b"II*\0\x10\0\0\0CR", "raw"),
    (b"IIU\0", "raw"),
    (b"IIRO", "raw"),
    (b"IIRS", "raw"),
    (b"FUJIFILMCCD-RAW", "raw"),
    (b"FOVb", "raw"),
    (b"MM\0+", "tiff"),
    (b"II+\0", "tiff"),
    (b"8BPS", "psd"),
    (b"%PDF-", "pdf"),
    (b"%!PS", "postscript"),
    (b"\0\0\1\0", "ico"),
    (b"\0\0\2\0", "ico"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\x8aMNG", "mng"),
    (b"MZ", "exe"),
    (b"\x7fELF", "exe"),
)
_BRANDS = {
    b"avif": "avif",
    b"avis": "avif",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "heic"),
    **dict.fromkeys((b"mif1", b"msf1", b"mif2"), "heif"),
    b"crx ": "raw",
    b"qt  ": "mov",
}
_OFFICE = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))
_DNG_VERSION = 0xC612


def sniff(data: bytes) -> str:
    """Name the real type of a file from its content.

    Returns:
        "jpeg" or "png", which may still be damaged; another type's short lower-case name
        ("heic", "webp", "pdf", "docx", "html", "text" …); "unknown" else, also for no bytes.
    """
    if data and PNG_SIGNATURE.startswith(data):
        return "png"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "avi", b"WAVE": "wav"}.get(data[8:12], "unknown")
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data[257:262] == b"ustar":
        return "tar"
    if data[:4] in (b"II*\0", b"MM\0*"):
        tiff = Tiff(data)
        return "dng" if _DNG_VERSION in tiff.ifd(tiff.first)[0] else "tiff"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "bmp"
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        # The directory of names is at the end.
        names = data[:4096] + data[-65_536:]
        return next((name for folder, name in _OFFICE if folder in names), "zip")
    return _text_kind(data)


def _iso_media(data: bytes) -> str:
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    names = {_BRANDS[brand] for brand in brands if brand in _BRANDS}
    # "mif1" says only that it is a HEIF container; the codec's own brand says more.
    return next((name for name in ("avif", "heic", "heif", "raw", "mov") if name in names), "mp4")


def _text_kind(data: bytes) -> str:
    head = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = head.lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "html"
    if lower.startswith(b"<") and b"<svg" in lower:
        return "svg"
    if lower.startswith(b"<?xml"):
        return "html" if b"<html" in lower else "xml"
    return "text" if head and _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\f\r" for byte in head):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 3:  # else the end cuts a character
                continue
        return True
    return False


# ---------------------------------------------------------------- limits and sizes


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE:
        raise InputError("too-many-pixels", width=width, height=height, limit=max_pixels)


def _factor(width: int, height: int, working_side: int) -> int:
    """Largest of 8, 4, 2 that leaves the picture large enough, else 1; more to bound memory."""
    long, short = max(width, height), min(width, height)
    factor = 8
    while factor > 1 and (long < working_side * factor or short < WORKING_SHORT_SIDE * factor):
        factor //= 2
    while factor < 8 and width * height > MAX_WORKING_PIXELS * factor**2:
        factor *= 2
    return factor


def _bands(pixels: NDArray[Any]) -> Iterator[slice]:
    rows = max(1, _BAND_PIXELS // pixels.shape[1])
    for top in range(0, pixels.shape[0], rows):
        yield slice(top, top + rows)


# ---------------------------------------------------------------- JPEG

_SOF_KINDS = {
    0xC3: "lossless",
    **dict.fromkeys((0xC5, 0xC6, 0xC7), "hierarchical"),
    **dict.fromkeys((0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF), "arithmetic"),
}
_SAMPLINGS = frozenset({"4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1", "4:0:0"})
"""What libjpeg-turbo's simple interface decodes; of a broken header it says the same."""
_JPEG_LS = 0xF7
_APP0, _APP2, _APP14, _APP15 = 0xE0, 0xE2, 0xEE, 0xEF
_ICC_HEADER = b"ICC_PROFILE\0"


def _open_jpeg(data: bytes, max_pixels: int, working_side: int) -> _Picture:
    segments: list[Segment] = []
    frame: Frame | None = None
    for segment in jpeg_segments(data):
        segments.append(segment)
        if segment.marker == _JPEG_LS:
            raise InputError("jpeg-kind-unsupported", kind="jpeg-ls")
        if segment.marker in SOF_MARKERS:
            frame = jpeg_frame(data, segment)
            _check_size(frame.width, frame.height, max_pixels)
            _check_kind(frame)
    if frame is None:
        raise InputError("image-corrupt")
    scans, end = jpeg_scans(data, segments[-1])
    if not jpeg_is_whole(frame, scans):
        raise InputError("image-truncated")
    factor = _factor(frame.width, frame.height, working_side)
    pixels = _decode_jpeg(data, segments, end, frame, factor)
    mode = {1: "grey", 3: "rgb", 4: "cmyk"}[len(frame.components)]
    if mode == "cmyk" and any(
        marker == _APP14 and data.startswith(b"Adobe", start) for marker, start, _ in segments
    ):
        # Adobe stores ink inverted, and everyone who writes its marker does as Adobe does.
        np.subtract(255, pixels, out=pixels)
    return _Picture(
        pixels=pixels,
        width=frame.width,
        height=frame.height,
        factor=factor,
        mode=mode,
        bit_depth=frame.bits,
        alpha_used=False,
        profile=_jpeg_profile(data, segments),
        metadata=read_jpeg_metadata(data, segments, frame),
    )


def _check_kind(frame: Frame) -> None:
    kind = _SOF_KINDS.get(frame.marker)
    if kind is None and frame.bits == 12:
        kind = "12-bit"
    if kind is None and len(frame.components) not in (1, 3, 4):
        kind = f"{len(frame.components)}-channel"
    if kind is not None:
        raise InputError("jpeg-kind-unsupported", kind=kind)
    if frame.bits != 8:
        raise InputError("image-corrupt")


def _decode_jpeg(
    data: bytes, segments: list[Segment], end: int, frame: Frame, factor: int
) -> Pixels:
    """Decode with libjpeg-turbo, which names the *first* thing it dislikes.

    So a harmless thing in the header is removed and the file tried again, since worse may
    follow; a harmless thing before EOI is the last one there is, and may be overlooked.
    """
    height, width = -(-frame.height // factor), -(-frame.width // factor)

    def decode(source: bytes, *, strict: bool) -> Pixels:
        pixels: Pixels = simplejpeg.decode_jpeg(
            source,
            colorspace="CMYK" if len(frame.components) == 4 else "RGB",
            min_height=height,
            min_width=width,
            strict=strict,
        )
        return pixels

    source = data
    try:
        try:
            pixels = decode(source, strict=True)
        except ValueError as error:
            if not _harmless_in_header(str(error)):
                raise
            source = _without_notes(data, segments)
            pixels = decode(source, strict=True)
    except ValueError as error:
        reason = str(error)
        if not _only_padding(reason, data[:end]):
            raise _refused(reason, frame) from None
        try:
            pixels = decode(source, strict=False)
        except ValueError:  # simplejpeg is strict about headers even then
            raise InputError("image-corrupt") from None
    if pixels.shape[:2] != (height, width):
        raise InputError("image-corrupt")
    return pixels


def _refused(reason: str, frame: Frame) -> InputError:
    sampling = subsampling_name(frame)
    if "subsampling" in reason and sampling not in _SAMPLINGS:
        return InputError("jpeg-kind-unsupported", kind=f"sampling {sampling}")
    truncated = "Premature end of JPEG" in reason
    return InputError("image-truncated" if truncated else "image-corrupt")


def _harmless_in_header(reason: str) -> bool:
    if "extraneous bytes before marker" in reason:
        # Zero padding, or jpeg_segments had refused it. 0xd0…0xd9 come after the header.
        return "marker 0xd" not in reason or reason.endswith(("0xda", "0xdb", "0xdd"))
    return "JFIF revision" in reason or "bad ICC marker" in reason


def _only_padding(reason: str, picture: bytes) -> bool:
    """Whether libjpeg disliked only padding between the picture's last bit and EOI.

    Some cameras pad with 00, a few with 7F. Anything else left over means that decoding went
    astray on the way.
    """
    words = reason.partition("Corrupt JPEG data: ")[2].split()
    if words[1:] != ["extraneous", "bytes", "before", "marker", "0xd9"]:
        return False
    tail = picture.removesuffix(b"\xff\xd9").rstrip(b"\xff")[-int(words[0]) :]
    return set(tail) <= {0x00, 0x7F}


def _without_notes(data: bytes, segments: list[Segment]) -> bytes:
    """The same picture without what is between and beside the segments that make it up."""
    parts = [b"\xff\xd8"]
    for marker, start, end in segments:
        payload = data[start:end]
        if marker == _APP0 and payload.startswith(b"JFIF\0"):
            payload = payload[:5] + b"\1" + payload[6:]
        elif _APP0 <= marker <= _APP15 and marker != _APP14:
            continue
        parts += (bytes((0xFF, marker)), data[start - 2 : start], payload)
    parts.append(data[segments[-1].end :])
    return b"".join(parts)


def _jpeg_profile(data: bytes, segments: list[Segment]) -> bytes | None:
    pieces: dict[int, bytes] = {}
    count = 0
    for marker, start, end in segments:
        if marker == _APP2 and data.startswith(_ICC_HEADER, start, end) and end - start > 14:
            number, count = data[start + 12], data[start + 13]
            pieces[number] = data[start + 14 : end]
    if not pieces:
        return None
    if sorted(pieces) != list(range(1, count + 1)):
        return b""
    return b"".join(pieces[number] for number in sorted(pieces))


# ---------------------------------------------------------------- PNG

_PNG_KINDS = {
    0: ("grey", 1, (1, 2, 4, 8, 16)),
    2: ("rgb", 3, (8, 16)),
    3: ("palette", 1, (1, 2, 4, 8)),
    4: ("grey-alpha", 2, (8, 16)),
    6: ("rgba", 4, (8, 16)),
}
"""Colour type → mode, channels, bit depths allowed."""
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
_ADAM7_LAST = (0, 1, 1, 2)


class _PngHeader(NamedTuple):
    width: int
    height: int
    bit_depth: int
    colour_type: int
    interlaced: bool

    @property
    def mode(self) -> str:
        return _PNG_KINDS[self.colour_type][0]


def _open_png(data: bytes, max_pixels: int, working_side: int) -> _Picture:
    walk = png_chunks(data)
    first = next(walk)
    header = _png_header(data[first.start : first.end] if first.kind == b"IHDR" else b"")
    _check_size(header.width, header.height, max_pixels)
    chunks = [first, *walk]
    _check_png_chunks(data, chunks)
    _check_png_data(data, chunks, header)
    factor = _factor(header.width, header.height, working_side)
    pixels, alpha_used = _decode_png(data, chunks, header, factor)
    return _Picture(
        pixels=pixels,
        width=header.width,
        height=header.height,
        factor=factor,
        mode=header.mode,
        bit_depth=header.bit_depth,
        alpha_used=alpha_used,
        profile=_png_profile(data, chunks),
        metadata=read_png_metadata(data, chunks),
    )


def _png_header(payload: bytes) -> _PngHeader:
    if len(payload) != 13:
        raise InputError("image-corrupt")
    width, height = int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big")
    depth, colour, compression, filtering, interlace = payload[8:]
    depths = _PNG_KINDS[colour][2] if colour in _PNG_KINDS else ()
    if not (width and height) or depth not in depths or compression or filtering or interlace > 1:
        raise InputError("image-corrupt")
    return _PngHeader(width, height, depth, colour, bool(interlace))


def _check_png_chunks(data: bytes, chunks: list[Chunk]) -> None:
    for kind, start, end in chunks[1:]:
        if kind == b"IHDR" or (kind[0] < ord("a") and kind not in _CRITICAL):
            raise InputError("image-corrupt")
        if kind == b"acTL":
            frames = int.from_bytes(data[start : start + 4], "big")
            if end - start != 8:
                raise InputError("image-corrupt")
            if frames > 1:
                raise InputError("image-animated", frames=frames)


def _check_png_data(data: bytes, chunks: list[Chunk], header: _PngHeader) -> None:
    """Count the pixel data: Pillow shows a picture whose last rows are missing as if whole."""
    bits = _PNG_KINDS[header.colour_type][1] * header.bit_depth
    passes = (*_ADAM7, _ADAM7_LAST) if header.interlaced else ((0, 0, 1, 1),)
    missing = 0
    for left, top, across, down in passes:
        width, height = -(-(header.width - left) // across), -(-(header.height - top) // down)
        if width > 0 and height > 0:
            missing += height * (1 + (width * bits + 7) // 8)
    view = memoryview(data)
    # Pieces this small inflate to 16 MB at most.
    pieces = (
        view[at : min(at + 16_384, end)]
        for kind, start, end in chunks
        if kind == b"IDAT"
        for at in range(start, end, 16_384)
    )
    stream = zlib.decompressobj()
    try:
        for piece in pieces:
            missing -= len(stream.decompress(piece))
            if stream.eof or missing < 0:
                break
    except zlib.error:
        raise InputError("image-corrupt") from None
    if missing > 0:
        raise InputError("image-corrupt")


def _decode_png(
    data: bytes, chunks: list[Chunk], header: _PngHeader, factor: int
) -> tuple[Pixels, bool]:
    """Decode to (h, w, 3) at 1/``factor``, in bands so that only Pillow's own copy is large."""
    # Only what makes the picture goes to Pillow: its readers of notes have limits of their own.
    parts = [PNG_SIGNATURE]
    for kind, start, end in chunks:
        if kind in _CRITICAL and (kind != b"PLTE" or header.mode == "palette"):
            parts.append(data[start - 8 : end + 4])
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(b"".join(parts)))
        del parts
        image.load()
    except Exception:  # noqa: BLE001 - a decoder of hostile bytes may raise anything
        raise InputError("image-corrupt") from None
    to_rgb = _png_reader(data, chunks, header, image.mode)
    width, height = header.width, header.height
    pixels = np.empty((-(-height // factor), -(-width // factor), 3), np.uint8)
    rows = max(1, _BAND_PIXELS // width // factor) * factor
    alpha_used = False
    for top in range(0, height, rows):
        band, transparent = to_rgb(np.asarray(image.crop((0, top, width, min(top + rows, height)))))
        alpha_used |= transparent
        if factor > 1:
            band = np.asarray(Image.fromarray(band).reduce(factor))
        at = top // factor
        pixels[at : at + band.shape[0]] = band
    return pixels, alpha_used


def _png_reader(
    data: bytes, chunks: list[Chunk], header: _PngHeader, pillow_mode: str
) -> Callable[[NDArray[Any]], tuple[Pixels, bool]]:
    """A function from a band as Pillow decodes it to (RGB on white, whether alpha was used)."""
    transparency = next((data[c.start : c.end] for c in chunks if c.kind == b"tRNS"), b"")
    if header.mode == "palette":
        colours = next((data[c.start : c.end] for c in chunks if c.kind == b"PLTE"), b"")
        return _palette_reader(colours, transparency)
    if pillow_mode in ("LA", "RGBA"):
        return lambda band: _on_white(band[..., :-1], band[..., -1:])
    key = _colour_key(transparency, header)

    def read(band: NDArray[Any]) -> tuple[Pixels, bool]:
        if band.ndim == 2:
            band = band[..., None]
        hole = None if key is None else (band == key).all(axis=2)
        if pillow_mode == "I;16":
            band = band >> 8
        elif pillow_mode == "1":
            band = band * np.uint8(255)
        pixels = np.array(np.broadcast_to(band, (*band.shape[:2], 3)), np.uint8)
        if hole is None:
            return pixels, False
        pixels[hole] = 255
        return pixels, bool(hole.any())

    return read


def _palette_reader(
    colours: bytes, transparency: bytes
) -> Callable[[NDArray[Any]], tuple[Pixels, bool]]:
    count = len(colours) // 3
    if not count or len(colours) % 3 or count > 256:
        raise InputError("image-corrupt")
    table = np.zeros((256, 3), np.uint8)
    table[:count] = np.frombuffer(colours, np.uint8).reshape(-1, 3)
    alpha = np.full((256, 1), 255, np.uint8)
    given = np.frombuffer(transparency[:256], np.uint8)
    alpha[: len(given), 0] = given
    on_white, _ = _on_white(table, alpha)

    def read(band: NDArray[Any]) -> tuple[Pixels, bool]:
        if int(band.max()) >= count:
            raise InputError("image-corrupt")
        return on_white[band], bool((alpha[band] < 255).any())

    return read


def _colour_key(transparency: bytes, header: _PngHeader) -> NDArray[Any] | None:
    """Return the tRNS of a grey or RGB picture as one pixel of the decoded band; None without."""
    channels = _PNG_KINDS[header.colour_type][1]
    if len(transparency) != 2 * channels:
        return None
    key = np.frombuffer(transparency, ">u2").astype(np.int64)
    if header.bit_depth == 16:
        # Pillow keeps 16 bits of grey, but only the high byte of each colour.
        return key if channels == 1 else key >> 8
    return key * (255 // ((1 << header.bit_depth) - 1)) if header.bit_depth > 1 else key


def _on_white(colour: NDArray[Any], alpha: NDArray[Any]) -> tuple[Pixels, bool]:
    """Composite (…, 1 or 3) over white with alpha (…, 1), both 0…255."""
    shape = (*colour.shape[:-1], 3)
    if int(alpha.min()) == 255:
        return np.array(np.broadcast_to(colour, shape), np.uint8), False
    weight = alpha.astype(np.uint16)
    mixed = (colour * weight + (255 * (255 - weight) + 127)) // 255
    return np.array(np.broadcast_to(mixed, shape), np.uint8), True


def _png_profile(data: bytes, chunks: list[Chunk]) -> bytes | None:
    kinds = {chunk.kind: chunk for chunk in chunks}
    if b"iCCP" not in kinds or b"sRGB" in kinds:
        return None
    _, start, end = kinds[b"iCCP"]
    name, _, rest = data[start:end].partition(b"\0")
    return inflate(rest[1:], MAX_ICC_BYTES) or b"" if name else b""


# ---------------------------------------------------------------- colour


def _to_srgb(picture: _Picture) -> tuple[Pixels, str | None]:
    """Pixels in sRGB, and what to say of the profile."""
    pixels, profile = picture.pixels, picture.profile
    icc: str | None = None
    transform = None
    if profile is not None:
        icc, transform, space = _icc(profile)
        if space not in _PROFILE_SPACES.get(picture.mode, ("RGB",)):
            icc, transform = ICC_UNREADABLE, None
    if transform is None:
        return (_ink_to_rgb(pixels) if picture.mode == "cmyk" else pixels), icc
    converted = np.empty((*pixels.shape[:2], 3), np.uint8)
    for rows in _bands(pixels):
        band = pixels[rows]
        if space == "GRAY":
            band = band[..., 0]
        converted[rows] = _apply(transform, band, space)
    return converted, icc


# An RGB profile on a grey picture is common (phones' mono filters) and leaves it grey.
_PROFILE_SPACES = {"cmyk": ("CMYK",), "grey": ("GRAY", "RGB"), "grey-alpha": ("GRAY", "RGB")}
_PILLOW_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


@lru_cache(maxsize=8)
def _icc(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None, str]:
    """Description, transform to sRGB (None when there is nothing to do) and colour space."""
    unreadable = (ICC_UNREADABLE, None, "")
    if not 128 <= len(profile) < MAX_ICC_BYTES:
        return unreadable
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
        transform = ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), _PILLOW_MODES[space], "RGB"
        )
        description = ImageCms.getProfileDescription(opened)
        if space != "CMYK" and _changes_little(transform, space):
            return ICC_SRGB, None, space
    except Exception:  # noqa: BLE001 - a decoder of hostile bytes may raise anything
        return unreadable
    cleaned = "".join(c for c in description[:80] if c.isprintable()).strip()
    return cleaned or "unnamed", transform, space


def _apply(transform: ImageCms.ImageCmsTransform, band: Pixels, space: str) -> Pixels:
    size = (band.shape[1], band.shape[0])
    return np.asarray(transform.apply(Image.frombytes(_PILLOW_MODES[space], size, band.tobytes())))


def _changes_little(transform: ImageCms.ImageCmsTransform, space: str) -> bool:
    # By effect, not by name: there are dozens of sRGB profiles, and names lie.
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    if space == "GRAY":
        probe = steps[None, :]
        wanted = np.repeat(probe[..., None], 3, axis=2)
    else:
        probe = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        wanted = probe
    got = _apply(transform, probe, space)
    return int(np.abs(got.astype(int) - wanted).max()) <= 3


def _ink_to_rgb(ink: Pixels) -> Pixels:
    """(h, w, 4) ink amounts → RGB, the plain way: each ink darkens its complement."""
    pixels = np.empty((*ink.shape[:2], 3), np.uint8)
    for rows in _bands(ink):
        light = 255 - ink[rows].astype(np.uint16)
        pixels[rows] = (light[..., :3] * light[..., 3:] + 127) // 255
    return pixels


# ---------------------------------------------------------------- orientation


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo EXIF orientation 1…8 (CIPA DC-008, tag 0x0112)."""
    if orientation == 1:
        return np.ascontiguousarray(pixels)
    turned = {
        2: lambda: cv2.flip(pixels, 1),
        3: lambda: cv2.rotate(pixels, cv2.ROTATE_180),
        4: lambda: cv2.flip(pixels, 0),
        5: lambda: cv2.transpose(pixels),
        6: lambda: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
        7: lambda: cv2.flip(cv2.transpose(pixels), -1),
        8: lambda: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
    }[orientation]()
    return np.asarray(turned, np.uint8)
