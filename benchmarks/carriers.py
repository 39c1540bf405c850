"""Write metadata the way cameras, editors, beauty programs and generators do, into good files.

Every function takes and returns the bytes of a JPEG or PNG file; the pixels stay as they are.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from PIL import Image

# EXIF tags of the main directory, and of the EXIF directory.
ORIENTATION, SOFTWARE, ARTIST, HOST, DESCRIPTION = 0x0112, 0x0131, 0x013B, 0x013C, 0x010E
MAKE, MODEL, PROCESSING, XP_COMMENT = 0x010F, 0x0110, 0x000B, 0x9C9C
TAKEN, USER_COMMENT, STATED_WIDTH, STATED_HEIGHT = 0x9003, 0x9286, 0xA002, 0xA003
_DETAIL = frozenset({TAKEN, USER_COMMENT, STATED_WIDTH, STATED_HEIGHT})

AI_NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
MEITU_SETTINGS: Mapping[str, Any] = {
    "ARInfo": {"IsUseAR": False},
    "Version": "1.0.0",
    "MakeupInfo": {"IsUseMakeup": False},
    "FaceliftInfo": {
        "IsChangeEyeLift": False,
        "IsChangeFacelift": False,
        "IsChangeNose": False,
        "IsChangeFaceChin": False,
        "IsChangeMouth": False,
        "IsChangeThinFace": True,
    },
    "BeautyInfo": {"SwitchMedicatedAcne": True, "IsAIBeauty": False, "IsOldBeauty": True},
    "HandlerInfo": {"AppName": 2},
    "FilterInfo": {"IsUseFilter": False},
}


def is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG")


def with_exif(
    data: bytes, tags: Mapping[int, str | bytes | int], thumbnail: bytes | None = None
) -> bytes:
    """Add an EXIF block with these tags, and a small JPEG in its second directory."""
    main = {tag: value for tag, value in tags.items() if tag not in _DETAIL}
    detail = {tag: value for tag, value in tags.items() if tag in _DETAIL}
    block = _tiff(main, detail, thumbnail)
    if is_png(data):
        return with_chunk(data, b"eXIf", block)
    return with_segment(data, 0xE1, b"Exif\0\0" + block)


def _tiff(
    main: Mapping[int, str | bytes | int],
    detail: Mapping[int, str | bytes | int],
    thumbnail: bytes | None,
) -> bytes:
    at = 8
    after_main = at + _size(main, extra=1)
    first, tail = _directory({**main, 0x8769: after_main}, at)
    second, more = _directory(detail, after_main)
    preview = b""
    link = 0
    if thumbnail is not None:
        link = after_main + len(second) + 4 + len(more)
        start = link + 2 + 2 * 12 + 4
        entries, _ = _directory({0x0201: start, 0x0202: len(thumbnail)}, link)
        preview = entries + bytes(4) + thumbnail
    head = b"II*\0" + struct.pack("<I", at)
    return head + first + struct.pack("<I", link) + tail + second + bytes(4) + more + preview


def _size(entries: Mapping[int, str | bytes | int], extra: int) -> int:
    directory, tail = _directory(dict(entries), 0)
    return len(directory) + 12 * extra + 4 + len(tail)


def _directory(entries: Mapping[int, str | bytes | int], at: int) -> tuple[bytes, bytes]:
    """Entries of one directory without the link behind them, and what they point to."""
    out, tail = struct.pack("<H", len(entries)), b""
    start = at + 2 + 12 * len(entries) + 4
    for tag, value in sorted(entries.items()):
        if isinstance(value, int):
            kind = 3 if tag == ORIENTATION else 4
            out += struct.pack("<HHII", tag, kind, 1, value)
            continue
        raw = value if isinstance(value, bytes) else value.encode() + b"\0"
        kind = 7 if tag == USER_COMMENT else 1 if isinstance(value, bytes) else 2
        if len(raw) <= 4:
            out += struct.pack("<HHI", tag, kind, len(raw)) + raw.ljust(4, b"\0")
        else:
            out += struct.pack("<HHII", tag, kind, len(raw), start + len(tail))
            tail += raw + b"\0" * (len(raw) % 2)
    return out, tail


def user_comment(text: str, encoding: str = "ascii") -> bytes:
    """A UserComment with its prefix: ascii, unicode or none."""
    if encoding == "unicode":
        return b"UNICODE\0" + text.encode("utf-16-le")
    return (b"ASCII\0\0\0" if encoding == "ascii" else bytes(8)) + text.encode()


def with_xmp(data: bytes, inner: str, attributes: str = "") -> bytes:
    """Add an XMP packet whose one description has this content."""
    packet = xmp_packet(inner, attributes)
    if is_png(data):
        return with_text(data, "XML:com.adobe.xmp", packet)
    return with_segment(data, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())


def xmp_packet(inner: str, attributes: str = "") -> str:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
        ' xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmlns:TC260="{AI_NAMESPACE}" {attributes}>{inner}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def history(*steps: tuple[str, str]) -> str:
    """An XMP edit history of (action, program)."""
    items = "".join(
        f'<rdf:li stEvt:action="{action}" stEvt:softwareAgent="{program}"/>'
        for action, program in steps
    )
    return f"<xmpMM:History><rdf:Seq>{items}</rdf:Seq></xmpMM:History>"


def ai_label(label: int = 1, *, escaped: bool = False, element: bool = True) -> str:
    """China's AI label: JSON, escaped, as an XMP element or bare."""
    text = json.dumps(
        {
            "Label": str(label),
            "ContentProducer": "001191110000000000000",
            "ProduceID": "example",
            "ReservedCode1": "",
            "ContentPropagator": "",
            "PropagateID": "",
            "ReservedCode2": "",
        }
    )
    text = text.replace('"', "&quot;") if escaped else text
    return f"<TC260:AIGC>{text}</TC260:AIGC>" if element else text


def with_segment(data: bytes, marker: int, payload: bytes) -> bytes:
    """Put a segment behind a JPEG's first bytes (behind its JFIF header)."""
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + data[at:]


def with_chunk(data: bytes, kind: bytes, payload: bytes) -> bytes:
    """Put a chunk behind a PNG's header."""
    chunk = struct.pack(">I", len(payload)) + kind + payload
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(kind + payload)) + data[33:]


def with_text(data: bytes, keyword: str, text: str, *, compressed: bool = False) -> bytes:
    """Put an iTXt chunk into a PNG."""
    body = zlib.compress(text.encode()) if compressed else text.encode()
    flag = b"\1\0" if compressed else b"\0\0"
    return with_chunk(data, b"iTXt", keyword.encode() + b"\0" + flag + b"\0\0" + body)


def with_iptc(data: bytes, program: str) -> bytes:
    """Photoshop's segment with an IPTC record that names a program."""
    record = b"\x1c\x02\x41" + struct.pack(">H", len(program)) + program.encode()
    block = (
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)
    )
    return with_segment(data, 0xED, b"Photoshop 3.0\0" + block)


def with_credentials(data: bytes, actions: tuple[str, ...], source: str = "") -> bytes:
    """A C2PA manifest store with an actions assertion; unsigned."""
    listed = b"".join(_cbor_action(action, source) for action in actions)
    assertion = b"\xa1" + _cbor("actions") + bytes((0x80 | len(actions),)) + listed
    actions_box = _jumbf(b"cbor", "c2pa.actions", _box(b"cbor", assertion))
    store = _jumbf(b"c2as", "c2pa.assertions", actions_box)
    manifest = _jumbf(b"c2ma", "urn:uuid:00000000-0000-0000-0000-000000000000", store)
    whole = _jumbf(b"c2pa", "c2pa", manifest)
    if is_png(data):
        return with_chunk(data, b"caBX", whole)
    return with_segment(data, 0xEB, b"JP\0\1\0\0\0\1" + whole)


def _cbor_action(action: str, source: str) -> bytes:
    more = _cbor("digitalSourceType") + _cbor(source) if source else b""
    return bytes((0xA2 if source else 0xA1,)) + _cbor("action") + _cbor(action) + more


def _cbor(text: str) -> bytes:
    raw = text.encode()
    head = bytes((0x60 | len(raw),)) if len(raw) < 24 else bytes((0x78, len(raw)))
    return head + raw


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def _jumbf(kind: bytes, label: str, content: bytes) -> bytes:
    identity = kind + bytes.fromhex("00110010800000aa00389b71")
    return _box(b"jumb", _box(b"jumd", identity + b"\3" + label.encode() + b"\0") + content)


def small_jpeg(image: Image.Image, size: tuple[int, int] = (120, 160), quality: int = 75) -> bytes:
    """A thumbnail as cameras put it into EXIF."""
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=quality)
    return file.getvalue()
