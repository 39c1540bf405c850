"""Archives of course cards: good ones, and for each trait that is refused the smallest that has it.

`pack` writes plain archives, `write` any that the format allows and many that it does not.
"""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from scans import draw

from benchmarks import carriers

STORED, DEFLATED, BZIP2 = 0, 8, 12
UNIX, WINDOWS = 3, 10
FILE_MODE, LINK_MODE, DEVICE_MODE, PIPE_MODE = 0o100644, 0o120777, 0o020666, 0o010600
ENCRYPTED, SIZES_FOLLOW, UTF8 = 1 << 0, 1 << 3, 1 << 11
# Seeds of two cards.
FIRST, SECOND = 2, 3
# Two pages and their wrapping stay below 60 KB.
_MOST_BYTES = 27_000
_SIZE = (620, 840)
_TIME, _DATE = 0, 0x5A21


@dataclass(frozen=True)
class Part:
    """One member, and what is said of it where that differs from the truth.

    Attributes:
        name: its bytes in the directory.
        data: what it holds.
        method: how it is packed; ``packed`` as it is if given.
        flags: general purpose bits.
        size: claimed size.
        extra: extra field of the directory.
        system, mode: where it was packed, and its Unix mode.
        own: what its own header says otherwise: name, method, size.
        at: where the directory says it lies.
    """

    name: bytes
    data: bytes = b"x"
    method: int = STORED
    packed: bytes | None = None
    flags: int = 0
    size: int | None = None
    extra: bytes = b""
    system: int = UNIX
    mode: int = FILE_MODE
    own: Mapping[str, object] = field(default_factory=dict)
    at: int | None = None


def deflated(data: bytes) -> bytes:
    """Raw deflate."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def write(
    parts: Sequence[Part],
    *,
    end: Mapping[str, int] | None = None,
    before: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
) -> bytes:
    """An archive, byte by byte.

    Args:
        parts: its members.
        end: fields of the end record that lie: disk, directory_disk, records_here, records,
            directory_bytes, directory_at.
        before: bytes before the first member, not counted in the offsets.
        after: bytes after the end record.
        comment: of the archive.
    """
    members, directory = b"", b""
    for part in parts:
        packed = part.packed
        if packed is None:
            packed = deflated(part.data) if part.method == DEFLATED else part.data
        size = len(part.data) if part.size is None else part.size
        checksum = zlib.crc32(part.data)
        name = part.own.get("name", part.name)
        assert isinstance(name, bytes)
        at = len(members) if part.at is None else part.at
        members += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, part.flags, part.own.get("method", part.method), _TIME,
            _DATE, checksum, len(packed), part.own.get("size", size), len(name), 0,
        )  # fmt: skip
        members += name + packed
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", part.system << 8 | 20, 20, part.flags, part.method, _TIME,
            _DATE, checksum, len(packed), size, len(part.name), len(part.extra), 0, 0, 0,
            part.mode << 16, at,
        )  # fmt: skip
        directory += part.name + part.extra
    told = {
        "disk": 0, "directory_disk": 0, "records_here": len(parts), "records": len(parts),
        "directory_bytes": len(directory), "directory_at": len(members), **(end or {}),
    }  # fmt: skip
    record = struct.pack("<4s4H2LH", b"PK\5\6", *told.values(), len(comment))
    return before + members + directory + record + comment + after


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A plain archive, names in UTF-8 and marked so."""
    return write([Part(name.encode(), data, flags=UTF8) for name, data in files])


# --- traits --------------------------------------------------------------------------------------


def unicode_path(name: str, plain: bytes) -> bytes:
    """Info-ZIP's extra field with a name in UTF-8."""
    field_ = struct.pack("<BL", 1, zlib.crc32(plain)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field_)) + field_


def zip64(parts: Sequence[Part] = (Part(b"1.jpg"),), *, located: int = 0, **wide: int) -> bytes:
    """An archive whose end is told in 64 bits, and as far as it fits in 32 bits too.

    Args:
        parts: its members.
        located: by how much the place of the zip64 record is told wrongly.
        wide: fields of the zip64 record that lie; see `write`.
    """
    plain = write(parts)
    at = plain.rindex(b"PK\5\6")
    directory_at = plain.index(b"PK\1\2")
    told = {
        "disk": 0, "directory_disk": 0, "records_here": len(parts), "records": len(parts),
        "directory_bytes": at - directory_at, "directory_at": directory_at, **wide,
    }  # fmt: skip
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, *told.values())
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at + located, 1)
    # Info-ZIP leaves all but one field to the record of 32 bits.
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, len(parts), len(parts), at - directory_at, 0xFFFFFFFF, 0
    )
    return plain[:at] + record + locator + end


def overlapping(names: int = 3) -> bytes:
    """Many names, one piece of data: Fifield's bomb without the bang."""
    return write([Part(b"0.jpg"), *(Part(b"0.jpg", at=0) for _ in range(names - 1))])


def bomb(size: int, claimed: int | None = None) -> bytes:
    """Zeros, packed a thousandfold; claims ``claimed`` bytes."""
    return write([Part(b"1.jpg", bytes(size), DEFLATED, size=claimed)])


def many(count: int) -> bytes:
    """Many small members."""
    return write([Part(b"%d.jpg" % number, b"") for number in range(count)])


def one(name: bytes = b"1.jpg", data: bytes = b"x", **options: Any) -> Callable[[], bytes]:
    """An archive of one member."""
    return lambda: write([Part(name, data, **options)])


def ending(**end: int) -> Callable[[], bytes]:
    """An archive of one member whose end record lies."""
    return lambda: write([Part(b"1.jpg")], end=end)


def hidden_member() -> bytes:
    """A member before the first one that the directory knows."""
    orphan = write([Part(b"0.jpg")])
    return write([Part(b"1.jpg")], before=orphan[: orphan.index(b"PK\1\2")])


def large() -> bytes:
    """A member of 17 MB that is no bomb: a hundredth of it cannot be packed."""
    noise = random.Random(1).randbytes(170_000)
    return write([Part(b"1.jpg", noise + bytes(16_830_000), DEFLATED)])


def heavy() -> bytes:
    """Seventy members that claim a megabyte each, ten of them passed over."""
    names = [b"%d.jpg" % number for number in range(60)]
    names += [b"__MACOSX/._%d.jpg" % number for number in range(10)]
    return write([Part(name, size=1_000_000) for name in names])


# Code → what it shows, and the archive.
TRAITS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "archive-split": ("a part of a split archive", ending(disk=1)),
    "archive-zip64": (
        "one member by the end record, two by the zip64 one",
        lambda: zip64(records_here=2, records=2),
    ),
    "directory-large": ("65 000 records claimed", ending(records_here=65_000, records=65_000)),
    "directory-damaged": ("one record, two claimed", ending(records_here=2, records=2)),
    "data-before": ("an unlisted member comes first", hidden_member),
    "data-after": ("bytes behind the end", lambda: write([Part(b"1.jpg")], after=b"more")),
    "members-overlap": ("three names, one piece of data", overlapping),
    "headers-differ": ("another name in the member's own header", one(own={"name": b"2.jpg"})),
    "archive-empty": ("nothing in it", lambda: write([])),
    "members-many": ("61 members", lambda: many(61)),
    "archive-encrypted": ("with a password", one(data=bytes(13), flags=ENCRYPTED)),
    "method-unusual": ("packed with bzip2", one(method=BZIP2)),
    "member-name-twice": ("one name twice", lambda: pack([("1.jpg", b"x"), ("1.JPG", b"x")])),
    "path-absolute": ("a path from the root", one(b"/etc/1.jpg")),
    "path-parent": ("a path to the parent folder", one(b"../1.jpg")),
    "path-drive": ("a path with a drive letter", one(b"C:/1.jpg")),
    "path-nul": ("a NUL in a name", one(b"1.jpg\0.exe")),
    "member-link": ("a symbolic link", one(data=b"/etc/passwd", mode=LINK_MODE)),
    "member-device": ("a device", one(data=b"", mode=DEVICE_MODE)),
    "member-large": ("a member of 17 MB", large),
    "archive-large": ("seventy members that claim a megabyte each", heavy),
    "archive-bomb": ("10 MB of zeros in 10 KB", lambda: bomb(10_000_000)),
    "archive-nested": ("an archive in the archive", one(b"1.zip", one()())),
}


# --- samples -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArchiveSample:
    """One archive to make; see `make.Sample`."""

    file: str
    decision: str
    codes: tuple[str, ...]
    shows: str
    make: Callable[[], bytes]


@cache
def card(seed: int, condition: str = "clean scan") -> bytes:
    """A drawn course card as JPEG."""
    return draw(condition, seed, "shipped", type="course-card", size=_SIZE).encoded(_MOST_BYTES)


def cards() -> bytes:
    """Two good scans."""
    return pack([("理论课/01.jpg", card(FIRST)), ("实践课/02.jpg", card(SECOND))])


def from_a_mac() -> bytes:
    """A good scan, and what macOS adds."""
    leaving = bytes.fromhex("00051607000200004d6163204f53205820202020")
    return pack([("01.jpg", card(FIRST)), ("__MACOSX/._01.jpg", leaving), (".DS_Store", b"Bud1")])


def disguised() -> bytes:
    """A name that reads the other way round from its third character on: 1exe.jpg."""
    return pack([("1\u202egpj.exe", card(FIRST))])


def with_text() -> bytes:
    """A scan and a text."""
    return pack([("01.jpg", card(FIRST)), ("说明.txt", "考核卡共一张。\n".encode())])


def twice() -> bytes:
    """One scan under two names."""
    return pack([("01.jpg", card(FIRST)), ("02.jpg", card(FIRST))])


def one_turned() -> bytes:
    """A good scan and one that lies on its side."""
    return pack([("01.jpg", card(FIRST)), ("02.jpg", card(SECOND, "turned 90"))])


def one_doubtful() -> bytes:
    """A good scan and one that went through a beautifying program."""
    tags: dict[int, str | bytes | int] = {
        carriers.ARTIST: "Meitu",
        carriers.USER_COMMENT: carriers.user_comment(json.dumps(carriers.MEITU_SETTINGS)),
    }
    beautified = carriers.with_exif(card(SECOND), tags)
    return pack([("01.jpg", card(FIRST)), ("02.jpg", beautified)])


ARCHIVES = (
    ArchiveSample("archives/cards.zip", "accepted", (), "two drawn course cards", cards),
    ArchiveSample(
        "archives/from-a-mac.zip", "accepted", ("leavings-ignored",),
        "a course card, and files that macOS adds", from_a_mac,
    ),
    ArchiveSample(
        "archives/one-turned.zip", "rejected", ("member-rejected",),
        "two course cards, one on its side", one_turned,
    ),
    ArchiveSample(
        "archives/one-doubtful.zip", "review", ("member-review",),
        "two course cards, one from a beautifying program", one_doubtful,
    ),
    ArchiveSample(
        "archives/name-disguised.zip", "review", ("name-disguised",),
        "a name that reads backwards: 1exe.jpg", disguised,
    ),
    ArchiveSample(
        "archives/member-not-picture.zip", "rejected", ("member-not-picture",),
        "a course card and a text", with_text,
    ),
    ArchiveSample(
        "archives/member-duplicate.zip", "rejected", ("member-duplicate",),
        "one course card under two names", twice,
    ),
    *(
        ArchiveSample(f"archives/{code}.zip", "rejected", (code,), shows, make)
        for code, (shows, make) in TRAITS.items()
    ),
)  # fmt: skip
