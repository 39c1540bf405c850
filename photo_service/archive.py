"""A zip archive that nobody trusts: what it claims, before anything in it is read.

The standard library reads the directory and inflates members; what it would take on trust is
looked at here. Each fact is computed when first asked for, the cheap and guarding ones first:
`claims` (22 bytes at the end), then `entries` (the directory), then `spans` and `heads` (the
members' own headers and first bytes). The checks of ``photo_service/checks/archive.py`` ask in that
order and stop at the first refusal. `read` inflates one member into memory, never beyond the size
that it claims. No member gets a path, a file or a process.
"""

from __future__ import annotations

import copy
import io
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from photo_service.errors import InputError
from photo_service.image import sniff

INTAKE_CODES = ("archive-none", "archive-format", "archive-truncated")
"""Codes with which `Archive` refuses bytes."""
MEMBER_CODES = ("member-longer", "member-damaged")
"""Codes with which `Archive.read` refuses a member."""

ZIP = "zip"
# Other ways to pack files: the remedy is to pack them again.
PACKED = ("rar", "7z", "gzip", "tar", "bzip2", "xz", "zstd", "cab")
_NESTED = re.compile(
    r"\.(zip|zipx|rar|7z|tar|gz|tgz|bz2|tbz2?|xz|txz|zst|cab|arj|lzh|lha|iso|jar|war|apk)$",
    re.IGNORECASE,
)
# What programs leave beside one's own files.
_LEAVINGS = (".ds_store", "thumbs.db", "desktop.ini")

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\5\6"
_LONGEST_COMMENT = 0xFFFF
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_END_SIGNATURE = b"PK\6\6"
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_LOCATOR_SIGNATURE = b"PK\6\7"
# What an end record says of a field that only the zip64 one can hold, or does.
_TOLD_IN_64 = (0xFFFF, 0xFFFFFFFF)
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\3\4"
# A member's header, an empty archive's end, the mark of a part of several.
_STARTS = (_LOCAL_SIGNATURE, _END_SIGNATURE, b"PK\7\x08", b"PK00PK")
# First member of an office document, which is a zip file too.
_OFFICE = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/|ppt/)", re.DOTALL
)

_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_SIZES_FOLLOW = 1 << 3
_IS_UTF8 = 1 << 11
_UNICODE_PATH = 0x7075
_UNIX, _MACOS = 3, 19
_FILE_KINDS = {0o120000: "link", 0o020000: "device", 0o060000: "device", 0o140000: "device"}
_PIPE = 0o010000
# Enough to tell any format of `sniff`, tar included.
_HEAD_BYTES = 512
_LONGEST_NAME = 80
# zipfile inflates no further than this beyond what it is asked for.
_READ_AHEAD = 1 << 16

METHODS = {ZIP_STORED: "stored", ZIP_DEFLATED: "deflate"}
"""Methods that can be inflated within bounds."""


class Claims(NamedTuple):
    """What the end says of the directory, in the record of 32 bits or in that of 64."""

    disk: int
    directory_disk: int
    records_here: int
    records: int
    directory_bytes: int
    directory_at: int


@dataclass(frozen=True, slots=True)
class End:
    """The record, or the two records, at the end.

    Attributes:
        at: where the last one begins.
        comment_bytes: length of the comment that it says follows.
        directory_end: where the first of them begins, and so the directory ends.
        claims: what it says, or they.
        agrees: whether both say the same, as far as the last one says anything. A zip64 record
            that is announced and not there, or not announced and needed, does not.
    """

    at: int
    comment_bytes: int
    directory_end: int
    claims: Claims
    agrees: bool


class Span(NamedTuple):
    """Where a member lies: from its header to the end of its data."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the directory, as it claims to be.

    Attributes:
        position: among the files that are shown, from 1; 0 for directories and leavings.
        path: the whole name, decoded, with whatever is in it; parted by slashes.
        name: the same for people: no control or direction characters, not too long.
        size: bytes when inflated.
        packed: bytes in the archive.
        method: `METHODS`, or a number as text.
        is_encrypted: whether it needs a password.
        kind: ``file``, ``folder``, ``leaving``, ``link`` or ``device``.
        info: the record as zipfile reads it.
    """

    position: int
    path: str
    name: str
    size: int
    packed: int
    method: str
    is_encrypted: bool
    kind: str
    info: ZipInfo


def open_archive(data: bytes, *, max_file_bytes: int) -> Archive:
    """An archive, as far as its last 22 bytes tell; see `Archive`.

    Args:
        data: the file's bytes; their name does not matter.
        max_file_bytes: largest size allowed, inclusive.

    Raises:
        InputError: ``file-empty``, ``file-too-large``, or one of `INTAKE_CODES`.
    """
    if not data:
        raise InputError("file-empty")
    if len(data) > max_file_bytes:
        raise InputError("file-too-large", bytes=len(data), limit=max_file_bytes)
    return Archive(data)


class Archive:
    """A zip file in memory. Not to be shared between threads.

    Args:
        data: the file's bytes.

    Raises:
        InputError: ``archive-format`` for another kind of archive, ``archive-none`` for what is
            none (fact ``format``), ``archive-truncated`` when the end is missing.
    """

    def __init__(self, data: bytes) -> None:
        found = sniff(data)
        if found in PACKED:
            raise InputError("archive-format", format=found)
        if _OFFICE.match(data):
            raise InputError("archive-none", format=found)
        end = _end_of(data)
        # The last part of a split archive begins in the middle of a member.
        if not data.startswith(_STARTS) and not (end and end.claims.disk):
            raise InputError("archive-none", format=found)
        if end is None:
            raise InputError("archive-truncated")
        self._data = data
        self.end = end

    @property
    def claims(self) -> Claims:
        """What the end says of the directory."""
        return self.end.claims

    @property
    def is_split(self) -> bool:
        """Whether it is one part of several."""
        claims = self.claims
        return (
            claims.disk > 0
            or claims.directory_disk > 0
            or claims.records_here != claims.records
            or not self._data.startswith((_LOCAL_SIGNATURE, _END_SIGNATURE))
        )

    @cached_property
    def _zip(self) -> ZipFile | None:
        """The directory, read; ``None`` when it is not what the end record says."""
        try:
            opened = ZipFile(io.BytesIO(self._data))
        except (BadZipFile, NotImplementedError, UnicodeError, ValueError, struct.error):
            return None
        # The two readers must mean the same directory.
        same = opened.start_dir == self.directory_at
        return opened if same and len(opened.filelist) == self.claims.records else None

    @property
    def directory_at(self) -> int:
        """Where the directory begins, counted back from its end."""
        return self.end.directory_end - self.claims.directory_bytes

    @property
    def is_readable(self) -> bool:
        """Whether there is a directory, and as many records in it as the end record says."""
        return self._zip is not None

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """All records of the directory in its order; none when it is not readable."""
        return tuple(_entries(self._zip.filelist)) if self._zip is not None else ()

    @property
    def files(self) -> tuple[Entry, ...]:
        """The members that are somebody's files, in order; their positions count from 1."""
        return tuple(entry for entry in self.entries if entry.position)

    @cached_property
    def bytes_before(self) -> int:
        """Bytes before the first member, or before the directory of an empty archive."""
        if self._zip is None:
            return 0
        return min((e.info.header_offset for e in self.entries), default=self._zip.start_dir)

    @property
    def bytes_after(self) -> int:
        """Bytes after the end record and its comment."""
        return max(len(self._data) - self.end.at - _END.size - self.end.comment_bytes, 0)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Where each entry lies; an empty span where its own header is missing."""
        return tuple(self._span(entry) for entry in self.entries)

    @property
    def overlapping(self) -> tuple[Entry, ...]:
        """Entries that share bytes with another, or reach into the directory."""
        found, free_from = [], 0
        for span, entry in sorted(zip(self.spans, self.entries, strict=True), key=_by_place):
            if span.start < free_from:
                found.append(entry)
            free_from = max(free_from, span.end)
        placed = zip(self.spans, self.entries, strict=True)
        last = (entry for span, entry in placed if span.end > self.directory_at)
        return tuple(dict.fromkeys((*found, *last)))

    @property
    def contradicted(self) -> tuple[Entry, ...]:
        """Entries whose own header is missing or says something else than the directory."""
        return tuple(entry for entry in self.entries if not self._is_agreed(entry))

    @property
    def nested(self) -> tuple[Entry, ...]:
        """Files that are archives, by their name or by their first bytes."""
        return tuple(
            entry
            for entry in self.files
            if _NESTED.search(entry.name) or _is_archive(self._head(entry))
        )

    def read(self, entry: Entry) -> bytes:
        """The inflated bytes of a member.

        Never more than one byte beyond what it claims is inflated.

        Raises:
            InputError: ``member-longer``: there is more in it than it claims; ``member-damaged``:
                less, or not what its checksum says.
        """
        data = self._inflated(entry, entry.size + 1)
        if data is None or len(data) < entry.size:
            raise InputError("member-damaged")
        if len(data) > entry.size:
            raise InputError("member-longer")
        return data

    def _inflated(self, entry: Entry, most: int) -> bytes | None:
        """The first ``most`` bytes; ``None`` when they cannot be had."""
        assert self._zip is not None
        info = copy.copy(entry.info)
        # zipfile takes this for the end, and compares checksums there: let it find the real end.
        info.file_size = most + _READ_AHEAD
        try:
            with self._zip.open(info) as stream:
                return stream.read(most)
        except (BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError, zlib.error):
            return None

    def _head(self, entry: Entry) -> bytes:
        return self._inflated(entry, _HEAD_BYTES) or b""

    def _local(self, entry: Entry) -> tuple[int, ...] | None:
        """Flags, method, checksum, sizes, and lengths of name and extra of its own header."""
        at = entry.info.header_offset
        if not 0 <= at <= len(self._data) - _LOCAL.size:
            return None
        signature, _, flags, method, _, _, *rest = _LOCAL.unpack_from(self._data, at)
        return (flags, method, *rest) if signature == _LOCAL_SIGNATURE else None

    def _span(self, entry: Entry) -> Span:
        at, local = entry.info.header_offset, self._local(entry)
        if local is None:
            return Span(at, at)
        return Span(at, at + _LOCAL.size + local[5] + local[6] + entry.packed)

    def _is_agreed(self, entry: Entry) -> bool:
        local, info = self._local(entry), entry.info
        if local is None:
            return False
        flags, method, checksum, packed, size, name_bytes, _ = local
        name_at = info.header_offset + _LOCAL.size
        name = self._data[name_at : name_at + name_bytes]
        listed = info.CRC, info.compress_size, info.file_size
        # Told elsewhere: behind the data by who did not know it before, or in a zip64 field.
        elsewhere = (0, 0xFFFFFFFF) if flags & _SIZES_FOLLOW else (0xFFFFFFFF,)
        return (
            method == info.compress_type
            and flags & _ENCRYPTED == info.flag_bits & _ENCRYPTED
            and name == _raw_name(info)
            and all(
                own == other or own in elsewhere
                for own, other in zip((checksum, packed, size), listed, strict=True)
            )
        )


def _end_of(data: bytes) -> End | None:
    """The end of an archive; ``None`` when it is missing."""
    # As zipfile looks for it: the last one counts.
    at = data.rfind(_END_SIGNATURE, max(len(data) - _END.size - _LONGEST_COMMENT - 1, 0))
    if not 0 <= at <= len(data) - _END.size:
        return None
    _, *told, comment_bytes = _END.unpack_from(data, at)
    claims = Claims._make(told)
    locator_at = at - _ZIP64_LOCATOR.size
    if locator_at < 0 or not data.startswith(_ZIP64_LOCATOR_SIGNATURE, locator_at):
        agrees = not any(value in _TOLD_IN_64 for value in told)
        return End(at, comment_bytes, at, claims, agrees)
    wide = _wide_claims(data, locator_at)
    if wide is None:
        return End(at, comment_bytes, at, claims, agrees=False)
    agrees = all(own in (other, *_TOLD_IN_64) for own, other in zip(claims, wide, strict=True))
    return End(at, comment_bytes, locator_at - _ZIP64_END.size, wide, agrees)


def _wide_claims(data: bytes, locator_at: int) -> Claims | None:
    """What a zip64 end record says; ``None`` when it is not where zipfile takes it to be.

    That is right before its locator, without an extensible part, on the only disk
    (APPNOTE 4.3.14, 4.3.15).
    """
    at = locator_at - _ZIP64_END.size
    _, disk, located_at, disks = _ZIP64_LOCATOR.unpack_from(data, locator_at)
    if disk != 0 or disks > 1 or located_at != at or at < 0:
        return None
    signature, size, _, _, *told = _ZIP64_END.unpack_from(data, at)
    # The size leaves out the signature and itself.
    if signature != _ZIP64_END_SIGNATURE or size != _ZIP64_END.size - 12:
        return None
    return Claims._make(told)


def _by_place(placed: tuple[Span, Entry]) -> Span:
    return placed[0]


def _is_archive(head: bytes) -> bool:
    found = sniff(head)
    return found in PACKED or (found == ZIP and not _OFFICE.match(head))


# --- names --------------------------------------------------------------------------------------


def _entries(records: list[ZipInfo]) -> Iterator[Entry]:
    position = 0
    for info in records:
        path = path_of(info)
        kind = _kind(info, path)
        position += kind == "file"
        yield Entry(
            position=position if kind == "file" else 0,
            path=path,
            name=shown(path),
            size=info.file_size,
            packed=info.compress_size,
            method=METHODS.get(info.compress_type, str(info.compress_type)),
            is_encrypted=bool(info.flag_bits & _ENCRYPTED),
            kind=kind,
            info=info,
        )


def _kind(info: ZipInfo, path: str) -> str:
    if info.create_system in (_UNIX, _MACOS):
        mode = info.external_attr >> 16 & 0o170000
        # "zip -" calls what it packs from its input a pipe; one that holds nothing may be one.
        special = "device" if mode == _PIPE and not info.file_size else _FILE_KINDS.get(mode)
        if special is not None:
            return special
    folders, _, name = path.rpartition("/")
    if not name:
        return "folder"
    is_leaving = (
        name.lower() in _LEAVINGS
        or name.startswith("._")
        or folders.partition("/")[0] == "__MACOSX"
    )
    return "leaving" if is_leaving else "file"


def _raw_name(info: ZipInfo) -> bytes:
    """The bytes of a name; zipfile's two decodings lose nothing."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _IS_UTF8 else "cp437")


def path_of(info: ZipInfo) -> str:
    """A member's whole name as text, its folders parted by slashes.

    Marked as UTF-8, or given as such in Info-ZIP's extra field 0x7075 (APPNOTE 4.6.9), it is that;
    else whichever fits first of UTF-8, GB18030 (Chinese Windows) and code page 437 (zip's own).
    Backslashes, with which old programs of Windows part folders, become slashes once it is text: in
    GB18030 a backslash's byte may be half a character.
    """
    return _decoded(info).replace("\\", "/")


def _decoded(info: ZipInfo) -> str:
    if info.flag_bits & _IS_UTF8:
        return info.orig_filename
    raw = _raw_name(info)
    given = _unicode_path(info.extra, raw)
    if given is not None:
        return given
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.orig_filename


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in extra field 0x7075, if its checksum is that of the plain name."""
    while len(extra) >= 4:
        tag, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if tag == _UNICODE_PATH and len(field) > 5:
            version, checksum = struct.unpack_from("<BL", field)
            if version == 1 and checksum == zlib.crc32(raw):
                return field[5:].decode("utf-8", "replace")
    return None


def is_disguised(path: str) -> bool:
    """Whether a name holds characters that hide or reorder what people read."""
    return any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path)


def shown(path: str) -> str:
    """A name for people: only characters that show, at most `_LONGEST_NAME` of them."""
    # macOS writes letters and their accents apart.
    whole = unicodedata.normalize("NFC", path)
    plain = "".join(c for c in whole if not is_disguised(c)).strip()
    if len(plain) > _LONGEST_NAME:
        plain = f"{plain[: _LONGEST_NAME // 2]}…{plain[-_LONGEST_NAME // 2 + 1 :]}"
    return plain or "?"
