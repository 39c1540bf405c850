"""The archive that scans come in, before any of them is opened: its claims, names and members.

The order of these checks in the profile is their order in time: each keeps the next from reading
what it guards; see `photo_service.engine.run_together`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from photo_service.archive import METHODS, ZIP, Entry, is_disguised
from photo_service.check import Band, Fact, Outcome, Status, check, graded
from photo_service.collection import Collection, named

_DRIVE = re.compile(r"[A-Za-z]:")


def _without(entries: Iterable[Entry], code: str) -> Outcome:
    """PASS when there are none of these; otherwise a failure that names them."""
    found = tuple(entries)
    if not found:
        return Outcome(Status.PASS)
    facts = {"names": named(entry.name for entry in found)}
    return Outcome(Status.FAIL, code, value=len(found), unit="files", facts=facts)


@check("archive/readable", codes=())
def readable(collection: Collection) -> Outcome:
    """A zip archive.

    Wants: the file is a zip archive, whatever its name says.
    Why: it is the one format that every system packs and unpacks by itself.
    Measured: decided at intake, by content; this check can only pass. A file that is refused there
        gets a report with this id and one of `photo_service.archive.INTAKE_CODES`.
    Blind spots: none.
    Source: graduation procedure, item 4: a compressed archive of scans.
    """
    return Outcome(Status.PASS, value=ZIP, allowed=(ZIP,))


@check("archive/one_part", codes=("archive-split",))
def one_part(collection: Collection) -> Outcome:
    """The whole archive in one file.

    Wants: no part of an archive in several volumes.
    Why: the other parts are not there.
    Measured: disk numbers in the record at the end.
    Blind spots: a volume cut by hand; it lacks its end or its directory.
    Source: PKWARE APPNOTE 4.3.16.
    """
    if not collection.archive.is_split:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "archive-split")


@check("archive/ends_agree", codes=("archive-zip64",))
def ends_agree(collection: Collection) -> Outcome:
    """One end, or two that say the same.

    Wants: where there is a zip64 end record beside the plain one, that it is where it is announced
        to be and contradicts nothing. Programs that pack what comes through a pipe write one.
    Why: programs that read one or the other find different directories.
    Measured: both records and the locator between them.
    Blind spots: zip64 records with an extensible part are refused too; no program is known to us
        that writes one.
    Source: PKWARE APPNOTE 4.3.14 to 4.3.16.
    """
    if collection.archive.end.agrees:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "archive-zip64")


@check("archive/directory_small", codes=("directory-large",))
def directory_small(collection: Collection, *, records: Band, directory_bytes: Band) -> Outcome:
    """A directory that can be read in a moment.

    Wants: few records and few bytes of directory claimed.
    Why: reading a directory costs time and memory before anything else is known.
    Measured: what the record at the end claims; the directory is not read for it.
    Blind spots: none; the directory's reader takes no more bytes than claimed.
    Source: our own limits.
    """
    claims = collection.archive.claims
    facts = {"records": claims.records, "kilobytes": claims.directory_bytes / 1024}
    outcome = graded(claims.records, records, unit="files", high="directory-large", facts=facts)
    if outcome.status is not Status.PASS:
        return outcome
    return graded(
        claims.directory_bytes, directory_bytes, unit="bytes", high="directory-large", facts=facts
    )


@check("archive/directory_true", codes=("directory-damaged",))
def directory_true(collection: Collection) -> Outcome:
    """A whole directory.

    Wants: the directory lies where the end record says and has as many records.
    Why: programs that find different directories show different files.
    Measured: read by the standard library, and compared with the end record.
    Blind spots: none.
    Source: PKWARE APPNOTE 4.3.12, 4.3.16.
    """
    if collection.archive.is_readable:
        return Outcome(Status.PASS)
    return Outcome(Status.FAIL, "directory-damaged")


@check("archive/nothing_around", codes=("data-before", "data-after"))
def nothing_around(collection: Collection) -> Outcome:
    """Nothing but the archive in the file.

    Wants: the first member at the first byte, the end record's end at the last.
    Why: a file that is an archive and something else is taken for either, as it suits.
    Measured: bytes before the first member and after the end record.
    Blind spots: gaps between members, which programs that replace a member leave.
    Source: PKWARE APPNOTE 4.3.6.
    """
    before, after = collection.archive.bytes_before, collection.archive.bytes_after
    if not before and not after:
        return Outcome(Status.PASS, value=0, unit="bytes")
    code = "data-before" if before else "data-after"
    return Outcome(Status.FAIL, code, value=before or after, unit="bytes")


@check("archive/members_apart", codes=("members-overlap",))
def members_apart(collection: Collection) -> Outcome:
    """Every member its own bytes.

    Wants: no two members share bytes, none reaches into the directory.
    Why: one piece of data under many names makes gigabytes of kilobytes.
    Measured: from each member's own header to the end of its data.
    Blind spots: none.
    Source: Fifield, "A better zip bomb" (WOOT 2019).
    """
    return _without(collection.archive.overlapping, "members-overlap")


@check("archive/headers_agree", codes=("headers-differ",))
def headers_agree(collection: Collection) -> Outcome:
    """Directory and members say the same.

    Wants: name, method, encryption, sizes and checksum of a member's own header are the
        directory's; sizes may be left to behind the data.
    Why: programs that read one or the other unpack different files.
    Measured: each member's own header.
    Blind spots: the record behind the data is not read; inflating stops at the claimed size.
    Source: PKWARE APPNOTE 4.3.7, 4.4.4.
    """
    return _without(collection.archive.contradicted, "headers-differ")


@check("archive/members_few", codes=("archive-empty", "members-many"))
def members_few(collection: Collection, *, members: Band) -> Outcome:
    """Some files, and not too many.

    Wants: at least one file, and no more than there are courses in a plan.
    Why: each is judged like a single upload.
    Measured: files in the directory, without folders and what systems leave behind.
    Blind spots: several cards in one picture count as one.
    Source: our own limit.
    """
    return graded(
        len(collection.archive.files), members, unit="files", low="archive-empty",
        high="members-many",
    )  # fmt: skip


@check("archive/no_password", codes=("archive-encrypted",))
def no_password(collection: Collection) -> Outcome:
    """No password.

    Wants: no member encrypted.
    Why: nobody at the registration point could open it.
    Measured: encryption bits of each member.
    Blind spots: none.
    Source: PKWARE APPNOTE 4.4.4.
    """
    return _without((e for e in collection.archive.entries if e.is_encrypted), "archive-encrypted")


@check("archive/methods_usual", codes=("method-unusual",))
def methods_usual(collection: Collection) -> Outcome:
    """Packed as every program can unpack it.

    Wants: members stored or deflated.
    Why: other methods (bzip2, LZMA, PPMd, Zstandard) are unknown to many systems, and some take
        memory as their data demands.
    Measured: method of each member.
    Blind spots: none.
    Source: PKWARE APPNOTE 4.4.5.
    """
    archive = collection.archive
    odd = (e for e in archive.entries if e.method not in METHODS.values())
    return _without(odd, "method-unusual")


@check("archive/names_once", codes=("member-name-twice",))
def names_once(collection: Collection) -> Outcome:
    """Every name once.

    Wants: no two files of one name.
    Why: unpacked, one takes the other's place.
    Measured: names as people see them, capital and small letters alike.
    Blind spots: names that only look alike.
    Source: our own rule.
    """
    archive = collection.archive
    seen: set[str] = set()
    twice = []
    for entry in archive.files:
        name = "".join(c for c in entry.path if not is_disguised(c)).casefold()
        if name in seen:
            twice.append(entry)
        seen.add(name)
    return _without(twice, "member-name-twice")


def _is_absolute(path: str) -> bool:
    return path.startswith("/")


def _climbs(path: str) -> bool:
    # Windows passes over spaces around it.
    return any(step.strip() == ".." for step in path.split("/"))


_PATHS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("path-nul", lambda path: "\0" in path),
    ("path-drive", _DRIVE.match),
    ("path-absolute", _is_absolute),
    ("path-parent", _climbs),
)


@check("archive/paths_inside", codes=tuple(code for code, _ in _PATHS))
def paths_inside(collection: Collection) -> Outcome:
    """Names that stay in the folder where the archive is unpacked.

    Wants: no absolute path, drive letter, step to a parent folder or NUL; a backslash parts folders
        as a slash does.
    Why: whoever unpacks it carelessly writes into other folders. We unpack to no folder.
    Measured: decoded names of all records.
    Blind spots: what a program makes of a name that is fine here.
    Source: PKWARE APPNOTE 4.4.17.1.
    """
    archive = collection.archive
    for code, is_bad in _PATHS:
        bad = [entry for entry in archive.entries if is_bad(entry.path)]
        if bad:
            return _without(bad, code)
    return _without((), "ok")


@check("archive/names_plain", codes=("name-disguised",))
def names_plain(collection: Collection) -> Outcome:
    """Names that are what they look like.

    Wants: no control characters and no characters that turn the reading direction.
    Why: they make a name look like another.
    Measured: Unicode categories Cc, Cf, Cs, Zl and Zp in decoded names.
    Blind spots: letters of other scripts that look alike.
    Source: Unicode Technical Report 36, 3.
    """
    return _without((e for e in collection.archive.files if is_disguised(e.path)), "name-disguised")


@check("archive/only_files", codes=("member-link", "member-device"))
def only_files(collection: Collection) -> Outcome:
    """Only files and folders.

    Wants: no symbolic link, device, pipe or socket.
    Why: unpacked, they lead to or act on something else than the archive's own files.
    Measured: Unix file type of each record.
    Blind spots: none.
    Source: Info-ZIP's external attributes; PKWARE APPNOTE 4.4.15.
    """
    archive = collection.archive
    links = [entry for entry in archive.entries if entry.kind == "link"]
    if links:
        return _without(links, "member-link")
    return _without((e for e in archive.entries if e.kind == "device"), "member-device")


@check("archive/packed_plainly", codes=("archive-bomb",))
def packed_plainly(collection: Collection, *, ratio: Band, from_kilobytes: int) -> Outcome:
    """No more inside than pictures pack.

    Wants: no member that unpacks to many times its size.
    Why: pictures are packed already; what shrinks a hundredfold was made to fill memory.
    Measured: size ÷ packed size of each member of at least ``from_kilobytes``, the largest.
    Blind spots: many members just below the limit; see archive/total_small.
    Source: our own limit; deflate reaches 1032.
    """
    ratios = [
        (entry.size / max(entry.packed, 1), entry.name)
        for entry in collection.archive.entries
        if entry.size >= 1024 * from_kilobytes
    ]
    highest, name = max(ratios, default=(1.0, ""))
    return graded(highest, ratio, unit="x", high="archive-bomb", facts={"name": name})


@check("archive/members_small", codes=("member-large",))
def members_small(collection: Collection, *, size: Band) -> Outcome:
    """No member too large to be opened.

    Wants: each member claims fewer bytes than any scan has.
    Why: it is inflated into memory.
    Measured: the largest size in the directory; inflating stops there.
    Blind spots: none.
    Source: our own limit; that of a scan is asked by encoding/file_size.
    """
    largest = max(collection.archive.entries, key=lambda entry: entry.size)
    facts: dict[str, Fact] = {"name": largest.name, "megabytes": largest.size / 1024 / 1024}
    return graded(largest.size, size, unit="bytes", high="member-large", facts=facts)


@check("archive/total_small", codes=("archive-large",))
def total_small(collection: Collection, *, size: Band) -> Outcome:
    """All members together within reason.

    Wants: fewer bytes in all than the most scans can have.
    Why: each byte costs time.
    Measured: sum of the sizes in the directory.
    Blind spots: none.
    Source: our own limit.
    """
    total = sum(entry.size for entry in collection.archive.entries)
    facts = {"megabytes": total / 1024 / 1024}
    return graded(total, size, unit="bytes", high="archive-large", facts=facts)


@check("archive/not_nested", codes=("archive-nested",))
def not_nested(collection: Collection) -> Outcome:
    """No archive in the archive.

    Wants: no member that is itself an archive.
    Why: what is in it would not be looked at.
    Measured: ending of each name, and the type by the first 512 bytes.
    Blind spots: an archive behind something else, which is then no picture.
    Source: our own rule.
    """
    return _without(collection.archive.nested, "archive-nested")


@check("archive/leavings_ignored", codes=("leavings-ignored",))
def leavings_ignored(collection: Collection) -> Outcome:
    """Nothing that a system left behind.

    Wants: only one's own files.
    Why: macOS and Windows add files of their own (__MACOSX, .DS_Store, Thumbs.db); they are passed
        over, and the candidate may know.
    Measured: number of such records.
    Blind spots: other systems' leavings are judged like any file.
    Source: our own list.
    """
    archive = collection.archive
    left = [entry for entry in archive.entries if entry.kind == "leaving"]
    if not left:
        return Outcome(Status.PASS)
    facts = {"names": named(entry.name for entry in left)}
    return Outcome(Status.WARN, "leavings-ignored", value=len(left), unit="files", facts=facts)
