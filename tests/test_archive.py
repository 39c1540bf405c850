"""Archives of course cards: what each trait is called, that nothing hostile is opened, names."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from photo_service import service
from photo_service.archive import (
    INTAKE_CODES,
    MEMBER_CODES,
    PACKED,
    Archive,
    open_archive,
    shown,
)
from photo_service.check import TOGETHER, registry
from photo_service.errors import InputError
from photo_service.messages import LANGUAGES, messages
from photo_service.profile import Profile, load
from photo_service.report import Decision, Effect, Report
from photo_service.settings import Settings
from tests.conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))

import archives  # isort: skip
from archives import DEFLATED, SIZES_FOLLOW, UTF8, Part, pack, write  # isort: skip

KIND = "course-cards"
MEBIBYTE = 1024 * 1024
RULES = load(KIND)
PICTURE = (SAMPLES / "accepted-blue.jpg").read_bytes()


@pytest.fixture
def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """No member may be decoded or judged."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a member was opened")

    monkeypatch.setattr(service, "open_photo", refuse)
    monkeypatch.setattr(Archive, "read", refuse)


@pytest.fixture
def inflated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of all pieces that are inflated while the test runs."""
    sizes: list[int] = []
    real = zlib.decompressobj

    class Counting:
        def __init__(self, *options: Any) -> None:
            self._real = real(*options)

        def decompress(self, *arguments: Any) -> bytes:
            piece = self._real.decompress(*arguments)
            sizes.append(len(piece))
            return piece

        def flush(self, *arguments: Any) -> bytes:
            piece = self._real.flush(*arguments)
            sizes.append(len(piece))
            return piece

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr("zipfile.zlib.decompressobj", Counting)
    return sizes


def judged(data: bytes, rules: Profile = RULES) -> Report:
    return service.verify(data, KIND, profile=rules, name="a.zip")


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings if finding.code != "ok"]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", archives.TRAITS)
@pytest.mark.usefixtures("unopened")
def test_each_trait_is_named_and_nothing_is_opened(code: str) -> None:
    report = judged(archives.TRAITS[code][1]())
    assert codes(report) == [code]
    assert report.decision is Decision.REJECTED
    assert report.members == ()
    assert report.models == {}
    stop = report.findings[-1]
    assert registry()[stop.check].topic == "archive"
    for language in LANGUAGES:
        text = messages(language)
        assert stop.message(text)
        assert stop.advice(text)


def test_every_code_of_an_unopened_archive_has_its_trait() -> None:
    guards = [c for c in registry().values() if c.topic == "archive"]
    told = {code for entry in guards for code in entry.codes}
    assert told == {*archives.TRAITS, "name-disguised", "leavings-ignored"}


def test_guards_come_in_the_order_in_which_they_guard() -> None:
    """What is claimed at the end, the directory, the members' own headers, then their bytes."""
    order = [line.check.id for line in RULES.together_lines]
    guards = [
        "archive/readable", "archive/one_part", "archive/ends_agree", "archive/directory_small",
        "archive/directory_true", "archive/members_apart", "archive/members_few",
        "archive/no_password", "archive/packed_plainly", "archive/members_small",
        "archive/total_small", "archive/not_nested",
    ]  # fmt: skip
    assert [check for check in order if check in guards] == guards


@pytest.mark.parametrize(
    ("data", "code", "named"),
    [
        (PICTURE, "archive-none", "jpeg"),
        (b"%PDF-1.4", "archive-none", "pdf"),
        (b"Rar!\x1a\x07\x01\x00", "archive-format", "rar"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "archive-format", "7z"),
        (b"\x1f\x8b\x08\0", "archive-format", "gzip"),
        (b"BZh91AY&SY", "archive-format", "bzip2"),
        (b"\xfd7zXZ\0\0\4", "archive-format", "xz"),
        (bytes(257) + b"ustar\x0000", "archive-format", "tar"),
        (pack([("[Content_Types].xml", b""), ("word/a.xml", b"")]), "archive-none", "docx"),
        (pack([("1.jpg", PICTURE)])[:-30], "archive-truncated", None),
        (b"PK\x07\x08" + pack([("1.jpg", PICTURE)])[:-30], "archive-truncated", None),
        (b"", "file-empty", None),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unopened")
def test_what_is_no_zip_is_refused_at_intake(data: bytes, code: str, named: str | None) -> None:
    report = judged(data)
    (finding,) = report.findings
    assert (finding.check, finding.code, finding.effect) == (
        "archive/readable", code, Effect.REJECT,
    )  # fmt: skip
    assert finding.clause == "cards-archive"
    assert report.members == ()
    assert named is None or finding.facts["format"] == named
    assert "zip" in finding.advice(messages("zh")) or code in ("archive-truncated", "file-empty")


@pytest.mark.parametrize(
    "data",
    [
        archives.zip64(records_here=1 << 40, records=1 << 40),
        archives.zip64(directory_bytes=4),
        archives.zip64(located=1),
        archives.zip64(located=-1),
        write([Part(b"1.jpg")], end={"records_here": 0xFFFF, "records": 0xFFFF}),
        write([Part(b"1.jpg")], end={"directory_at": 0xFFFFFFFF}),
        write([Part(b"1.jpg")], end={"directory_bytes": 0xFFFFFFFF}),
    ],
)
@pytest.mark.usefixtures("unopened")
def test_two_ends_that_differ_are_refused(data: bytes) -> None:
    assert codes(judged(data)) == ["archive-zip64"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"\\etc\\1.jpg", "path-absolute"),
        (b"\\\\server\\cards\\1.jpg", "path-absolute"),
        (b"cards\\..\\..\\1.jpg", "path-parent"),
        (b"cards/..\\../1.jpg", "path-parent"),
        (b"cards\\.. \\1.jpg", "path-parent"),
        (b"C:\\cards\\1.jpg", "path-drive"),
        (b"c:1.jpg", "path-drive"),
    ],
)
@pytest.mark.usefixtures("unopened")
def test_a_backslash_parts_folders_as_a_slash_does(path: bytes, code: str) -> None:
    assert codes(judged(write([Part(path)]))) == [code]


@pytest.mark.usefixtures("unopened")
def test_one_file_told_with_slash_and_backslash_is_one_name_twice() -> None:
    twice = [Part(b"cards/1.jpg"), Part(b"cards\\1.jpg")]
    assert codes(judged(write(twice))) == ["member-name-twice"]


@pytest.mark.usefixtures("unopened")
def test_the_last_part_of_a_split_archive_is_called_that() -> None:
    """It begins in the middle of a member."""
    whole = write([Part(b"1.jpg", PICTURE)], end={"disk": 2, "directory_disk": 2})
    assert codes(judged(whole[500:])) == ["archive-split"]


def test_a_document_in_an_archive_does_not_make_it_one() -> None:
    document = pack([("[Content_Types].xml", b""), ("word/document.xml", b"")])
    assert codes(judged(pack([("scan.docx", document), ("word/2.txt", b"x")])))[:1] == [
        "member-not-picture"
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusals_are_worded(language: str) -> None:
    for code in (*INTAKE_CODES, *MEMBER_CODES):
        for part in ("message", "advice"):
            assert messages(language).get("error", code, part, format="rar")
    for name in PACKED:
        assert messages(language).has("word", name), name


def test_a_zip_sent_as_a_picture_is_called_a_zip() -> None:
    report = service.verify(pack([("1.jpg", PICTURE)]), "graduation")
    assert report.findings[0].code == "format-other"
    assert report.findings[0].facts["format"] == "zip"
    assert report.members is None


def test_a_larger_file_than_the_operator_allows_is_refused_before_it_is_read(
    settings: Settings,
) -> None:
    data = pack([("1.jpg", PICTURE)])
    with pytest.raises(InputError, match="file-too-large"):
        open_archive(data, max_file_bytes=len(data) - 1)
    open_archive(data, max_file_bytes=len(data))


# --- bombs ---------------------------------------------------------------------------------------


def test_a_bomb_is_refused_without_inflating_it(inflated: list[int]) -> None:
    # A gigabyte of zeros in a megabyte, pasted together: packing it takes longer than all the rest.
    data = write([Part(b"1.jpg", b"", DEFLATED, packed=bytes(MEBIBYTE), size=1024 * MEBIBYTE)])
    assert codes(judged(data)) == ["archive-bomb"]
    assert sum(inflated) == 0


@pytest.mark.parametrize("claimed", [1000, 2 * MEBIBYTE])
def test_a_bomb_that_claims_little_is_inflated_no_further_than_it_claims(
    claimed: int, inflated: list[int]
) -> None:
    data = archives.bomb(64 * MEBIBYTE, claimed)
    report = judged(data)
    assert report.members is not None
    assert [m.findings[0].code for m in report.members] == ["member-longer"]
    assert report.decision is Decision.REJECTED
    # The head that tells an archive, and one byte more than claimed; zipfile takes 4 KiB at least.
    assert sum(inflated) <= claimed + 2 * 4096


def test_memory_follows_what_is_claimed_not_what_is_inside() -> None:
    bomb, honest = (
        archives.bomb(64 * MEBIBYTE, 1000),
        write([Part(b"1.txt", b"x" * 1000, DEFLATED)]),
    )
    peaks = []
    for data in (honest, bomb):
        judged(data)
        tracemalloc.start()
        judged(data)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + MEBIBYTE


def test_members_are_let_go_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight pictures of a megabyte and a half of pixels each take no more than one, and views."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(1)
    pages = []
    for _ in range(8):
        page = np.full((1000, 750, 3), 250, np.uint8)
        page[::40] = rng.integers(0, 200, (25, 750, 3))
        pages.append(cv2.imencode(".jpg", page)[1].tobytes())
    monkeypatch.setattr("photo_service.engine.run", lambda *_: ())
    peaks = []
    for count in (1, 8):
        data = pack([(f"{n}.jpg", page) for n, page in enumerate(pages[:count])])
        judged(data)
        tracemalloc.start()
        judged(data)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    one_picture = 1000 * 750 * 3
    assert peaks[1] - peaks[0] < 7 * one_picture / 3


# --- damage --------------------------------------------------------------------------------------


def member_codes(data: bytes) -> list[str]:
    report = judged(data)
    assert report.members is not None
    return [member.findings[0].code for member in report.members]


def test_damaged_members_are_named_and_the_others_judged() -> None:
    good = pack([("1.txt", b"one"), ("2.txt", b"two"), ("3.txt", b"three")])
    at = good.index(b"two")
    assert member_codes(good) == ["format-other"] * 3
    assert member_codes(good[:at] + b"x" + good[at + 1 :]) == [
        "format-other", "member-damaged", "format-other",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "part",
    [
        Part(b"1.jpg", b"x" * 100, DEFLATED, packed=b"\xff" * 20),
        Part(b"1.jpg", b"x" * 100, DEFLATED, packed=archives.deflated(b"x" * 100)[:-2]),
        Part(b"1.jpg", b"x" * 100, DEFLATED, size=101),
        Part(b"1.jpg", b"x" * 100, size=101),
    ],
    ids=("noise", "cut", "shorter than claimed", "stored shorter"),
)
def test_what_cannot_be_unpacked_is_damaged(part: Part) -> None:
    assert member_codes(write([part])) == ["member-damaged"]


def test_a_damaged_picture_is_rejected_but_is_one() -> None:
    report = judged(pack([("1.jpg", PICTURE[:2000])]))
    assert codes(report) == ["member-rejected"]
    assert codes(judged(write([Part(b"1.jpg", b"x" * 9, size=8)]))) == ["member-rejected"]


def test_more_than_claimed_is_named() -> None:
    assert member_codes(write([Part(b"1.jpg", b"x" * 100, size=99)])) == ["member-longer"]


def test_sizes_behind_the_data_are_honest() -> None:
    """What programs write that do not know the size when they begin."""
    file = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            return file.write(piece)

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("1.jpg", PICTURE)
    data = file.getvalue()
    assert struct.unpack_from("<H", data, 6)[0] & SIZES_FOLLOW
    assert Archive(data).contradicted == ()
    assert Archive(data).overlapping == ()
    assert Archive(data).read(Archive(data).files[0]) == PICTURE


def piped(name: bytes = b"-") -> bytes:
    """What "zip -" makes of its input: sizes behind the data, called a pipe."""
    part = Part(
        name, b"one", DEFLATED, flags=SIZES_FOLLOW, mode=archives.PIPE_MODE,
        own={"size": 0xFFFFFFFF},
    )  # fmt: skip
    return archives.zip64([part])


@pytest.mark.parametrize(
    ("data", "shown_as"),
    [
        (archives.zip64([Part(b"1.txt", b"one")]), ["1.txt"]),
        (piped(), ["-"]),
        (write([Part(b"cards\\", b""), Part(b"cards\\1.txt", b"one")]), ["cards/1.txt"]),
        (write([Part("卡\\乗.txt".encode("gbk"), b"one")]), ["卡/乗.txt"]),
    ],
    ids=("zip64", "piped", "backslashes", "backslashes in gbk"),
)
def test_archives_of_honest_programs_are_opened(data: bytes, shown_as: list[str]) -> None:
    report = judged(data)
    assert codes(report) == ["member-not-picture", "member-rejected"]
    assert report.members is not None
    assert [member.image.name for member in report.members] == shown_as
    assert [member.findings[0].code for member in report.members] == ["format-other"]


def test_a_pipe_with_nothing_in_it_is_a_device() -> None:
    assert codes(judged(write([Part(b"1.jpg", b"", mode=archives.PIPE_MODE)]))) == ["member-device"]


def test_fuzzed_archives_never_crash(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a byte is changed to, there is a report, and no check of ours fails."""
    rng = random.Random(7)
    made = [make() for _, make in archives.TRAITS.values()]
    whole = [data for data in made if len(data) < 2000] + [
        piped(),
        pack([("实践课/1.txt", b"one" * 50), ("2.txt", b"two"), ("__MACOSX/._1", b"")]),
        write([Part(b"a.txt", b"x" * 500, DEFLATED, extra=archives.unicode_path("啊", b"a.txt"))]),
    ]
    for _ in range(1500):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.choice((1, 1, 2, 5))):
            place = rng.randrange(len(data))
            action = rng.random()
            if action < 0.6:
                data[place] = rng.choice((0, 1, 0x7F, 0xFF, rng.randrange(256)))
            elif action < 0.8:
                del data[place : place + rng.randrange(1, 8)]
            else:
                data[place:place] = data[: rng.randrange(40)]
            if not data:
                break
        report = judged(bytes(data))
        assert not [f for f in report.findings if f.code == "service-error"], bytes(data)
        assert report.decision in (Decision.REJECTED, Decision.REVIEW)
    assert "failed" not in caplog.text


# --- names ---------------------------------------------------------------------------------------

NAME = "实践课/考核卡（一）.jpg"


def names_of(*parts: Part) -> list[str]:
    return [entry.name for entry in Archive(write(parts)).files]


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Part(NAME.encode(), flags=UTF8), NAME),
        (Part(NAME.encode()), NAME),
        (Part(NAME.encode("gbk")), NAME),
        (Part("镕.jpg".encode("gb18030")), "镕.jpg"),
        (Part("乗法.jpg".encode("gbk")), "乗法.jpg"),
        (Part(b"x.jpg", extra=archives.unicode_path(NAME, b"x.jpg")), NAME),
        (Part(b"y.jpg", extra=archives.unicode_path(NAME, b"x.jpg")), "y.jpg"),
        (Part("Zeugnis \xff\x80.jpg".encode("latin-1")), "Zeugnis \xa0Ç.jpg"),
        (Part("か\u3099.jpg".encode(), flags=UTF8), "が.jpg"),
        (Part("1\u202egpj.exe".encode(), flags=UTF8), "1gpj.exe"),
        (Part("\u200b\n\x7f".encode(), flags=UTF8), "?"),
    ],
    ids=(
        "utf-8", "utf-8 unmarked", "gbk", "gb18030", "gbk with a backslash byte", "extra field",
        "extra field of another name", "code page 437", "accents apart", "turned round",
        "nothing",
    ),
)  # fmt: skip
def test_names_are_shown_as_their_owner_wrote_them(part: Part, name: str) -> None:
    assert names_of(part) == [name]


def test_a_long_name_keeps_its_ends() -> None:
    name = shown("a" * 300 + ".jpg")
    assert len(name) <= 80
    assert name.startswith("aaa")
    assert name.endswith(".jpg")


def test_chinese_names_of_a_chinese_windows_pass_every_guard() -> None:
    # A backslash is the second half of this character.
    assert "乗".encode("gbk").endswith(b"\\")
    data = write([Part(name.encode("gbk")) for name in ("成绩乗.jpg", NAME)])
    report = judged(data)
    assert report.members is not None
    assert [member.image.name for member in report.members] == ["成绩乗.jpg", NAME]


def test_what_systems_leave_behind_is_counted_and_passed_over() -> None:
    data = pack(
        [
            ("folder/", b""), ("folder/1.txt", b"x"), ("__MACOSX/folder/._1.txt", b""),
            (".DS_Store", b""), ("a/Thumbs.db", b""), ("a/Desktop.ini", b""), ("._2", b""),
        ]
    )  # fmt: skip
    report = judged(data)
    assert report.members is not None
    assert [member.image.name for member in report.members] == ["folder/1.txt"]
    found = {finding.check: finding for finding in report.findings}
    assert found["archive/leavings_ignored"].value == 5
    assert found["archive/leavings_ignored"].effect is Effect.NONE


def test_only_leavings_are_nothing() -> None:
    assert codes(judged(pack([("__MACOSX/._1", b"x"), ("a/", b"")]))) == ["archive-empty"]


@pytest.mark.parametrize("method", ["zip", "deflate"])
def test_an_archive_is_known_by_its_first_bytes_too(method: str) -> None:
    inner = pack([("2.jpg", b"x")])
    part = Part(b"1.jpg", inner, DEFLATED if method == "deflate" else archives.STORED)
    assert codes(judged(write([part]))) == ["archive-nested"]
    tar = bytes(257) + b"ustar\x0000" + bytes(300)
    assert codes(judged(write([Part(b"1.jpg", tar)]))) == ["archive-nested"]


# --- rules ---------------------------------------------------------------------------------------


def test_a_card_is_judged_as_a_certificate_is() -> None:
    certificate = {line.check.id: line for line in load("certificate").picture_lines}
    cards = {line.check.id: line for line in RULES.picture_lines}
    assert set(cards) == set(certificate) - {"document/type", "document/expected_type"}
    for check, line in cards.items():
        assert line == certificate[check]


def test_the_rules_of_the_whole_stay_out_of_a_single_picture() -> None:
    report = service.verify(PICTURE, "certificate")
    topics = {finding.check.partition("/")[0] for finding in report.findings}
    assert not topics & set(TOGETHER)


def test_a_guard_that_fails_by_our_own_fault_opens_nothing(
    monkeypatch: pytest.MonkeyPatch, unopened: None
) -> None:
    def broken(_: object) -> bool:
        raise RuntimeError("ours")

    monkeypatch.setattr(Archive, "is_split", property(broken))
    report = judged(pack([("1.jpg", PICTURE)]))
    assert report.findings[-1].code == "service-error"
    assert report.decision is Decision.REVIEW
    assert report.members == ()


def test_the_clock_is_told_before_each_member() -> None:
    ticks: list[int] = []
    data = pack([("1.txt", b"x"), ("2.txt", b"x"), ("3.txt", b"x")])
    service.verify(data, KIND, tick=lambda: ticks.append(1))
    assert len(ticks) == 3


def test_archives_and_certificates_need_no_models_of_faces(tmp_path: Path) -> None:
    """MediaPipe takes longer to load than a hostile archive to refuse."""
    picture = tmp_path / "a.jpg"
    picture.write_bytes(PICTURE)
    program = (
        "import sys; from photo_service import cli;"
        "cli.main(['check', '--as', 'course-cards', sys.argv[1]]);"
        "cli.main(['check', '--as', 'certificate', sys.argv[2]]);"
        "print('mediapipe' in sys.modules)"
    )
    hostile = SAMPLES / "archives" / "archive-bomb.zip"
    done = subprocess.run(
        (sys.executable, "-c", program, str(hostile), str(picture)), capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "False", done.stderr
