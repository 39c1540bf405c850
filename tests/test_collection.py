"""Several files of one application: judged each and together, through Python, HTTP and commands."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from photo_service import cli, service
from photo_service.check import Range, Status
from photo_service.collection import (
    LEAST_PAIRS,
    Collection,
    Look,
    Member,
    difference,
    fingerprint,
    fingerprints,
    named,
    words_in_common,
)
from photo_service.commands.runners import Task, _judge_in_time
from photo_service.context import Context
from photo_service.errors import ModelError, UsageError
from photo_service.features import ByteImage, Features
from photo_service.messages import LANGUAGES
from photo_service.profile import load
from photo_service.render.overlay import draw_members, draw_overlay
from photo_service.report import Decision, Effect, Finding, ImageFacts, Report
from photo_service.service import examine_set, verify_set
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from tests.service import Service, as_problem, until
from workers import watchdog
from workers.access import Role
from workers.desk import Ticket, Upload, parted

sys.path.insert(0, str(SAMPLES))

from scans import draw  # isort: skip

KIND = "certificate"
READABLE = "encoding/readable"
APPLICATIONS = "/v1/applications"
TEXT = ("notes.txt", b"no picture")
Files = Sequence[tuple[str, bytes]]


@cache
def drawn(type_: str, seed: int = 1, condition: str = "clean scan") -> ByteImage:
    page = draw(condition, seed, "shipped", type=type_, size=(1000, 760)).rgb
    return np.asarray(np.ascontiguousarray(page), np.uint8)


def saved(rgb: ByteImage, quality: int = 90) -> bytes:
    done, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data)


@cache
def page(type_: str, seed: int = 1) -> bytes:
    return saved(drawn(type_, seed))


def photographed_again(rgb: ByteImage) -> ByteImage:
    """The same page a little turned, smaller and darker."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 1.2, 0.97)
    moved = cv2.warpAffine(rgb, turn, (width, height), borderValue=(90, 80, 70))
    return np.asarray(np.clip(moved * 0.93, 0, 255), np.uint8)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings} - {"ok"}


def stop(report: Report, code: str) -> Finding:
    return next(finding for finding in report.findings if finding.code == code)


def plain(report: dict[str, Any]) -> dict[str, Any]:
    """A report without what the clock says."""
    kept = {name: value for name, value in report.items() if name != "timings_ms"}
    return {**kept, "members": [{**m, "timings_ms": {}} for m in kept["members"]]}


# --- in Python -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report() -> Report:
    """Of two certificates and a text."""
    return verify_set([("a.jpg", page("ncre1")), ("b.jpg", page("pets2")), TEXT], KIND)


def test_each_file_has_its_own_report_in_order(report: Report) -> None:
    assert report.members is not None
    assert [member.image.name for member in report.members] == ["a.jpg", "b.jpg", "notes.txt"]
    alone = service.verify(page("ncre1"), KIND, name="a.jpg")
    first = report.members[0]
    assert [(f.check, f.code, f.value) for f in first.findings] == [
        (f.check, f.code, f.value) for f in alone.findings
    ]
    assert first.image == alone.image
    assert report.members[2].findings[0].code == "format-other"


def test_models_are_named_once_and_the_whole_by_its_files(report: Report) -> None:
    assert report.models
    assert report.members is not None
    assert all(member.models == {} for member in report.members)
    assert report.image.bytes == sum(member.image.bytes for member in report.members)
    swapped = verify_set([TEXT, ("a.jpg", page("ncre1"))], KIND)
    assert swapped.image.sha256 != report.image.sha256


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_json_of_the_whole_holds_whole_reports(report: Report, language: str) -> None:
    whole = json.loads(report.to_json(language))
    assert len(whole["members"]) == 3
    for member in whole["members"]:
        assert set(member) == set(whole) - {"members"}
        assert member["schema"] == whole["schema"]
    assert "members" not in service.verify(page("ncre1"), KIND).to_dict(language)


def test_the_gravest_member_decides(report: Report) -> None:
    assert report.decision is Decision.REJECTED
    rejected = stop(report, "member-rejected")
    assert rejected.effect is Effect.REJECT
    assert str(rejected.facts["names"]).endswith("[3] notes.txt")


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are opened and compared, but nothing is asked of each."""
    monkeypatch.setattr("photo_service.engine.run", lambda *_: ())


def member(decision: str, position: int = 1, **look: Any) -> Member:
    """A made member."""
    image = ImageFacts(f"{position}.jpg", str(position) * 64, 1, "jpeg", 1, 1)
    effects = {"rejected": (Effect.REJECT,), "review": (Effect.REVIEW,), "accepted": ()}[decision]
    findings = tuple(Finding(READABLE, Status.FAIL, "x", effect, "") for effect in effects)
    made = Report(KIND, KIND, "", "", {}, image, findings)
    kept = {"small": np.zeros((4, 4, 3), np.uint8), "fingerprint": np.zeros((4, 8), bool), **look}
    return Member(position, made, Look(**kept))


@pytest.mark.parametrize(
    ("decisions", "whole", "code"),
    [
        (("accepted", "accepted"), Decision.ACCEPTED, "ok"),
        (("accepted", "review"), Decision.REVIEW, "member-review"),
        (("rejected", "review", "accepted"), Decision.REJECTED, "member-rejected"),
    ],
)
def test_roll_up(decisions: tuple[str, ...], whole: Decision, code: str) -> None:
    members = [member(decision, n) for n, decision in enumerate(decisions, 1)]
    lines = [line for line in load(KIND).together_lines if line.check.id == "set/members_accepted"]
    collection = Collection(len(members), lambda: members)
    collection.open()
    outcome = lines[0].check.run(collection)
    assert outcome.code == code
    assert outcome.certain or whole is Decision.REVIEW


def test_more_than_four_are_refused_unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(service, "open_photo", refuse)
    refused = verify_set([(f"{n}.jpg", b"x") for n in range(5)], KIND)
    assert codes(refused) == {"set-too-many"}
    assert refused.decision is Decision.REJECTED
    assert refused.members == ()
    assert stop(refused, "set-too-many").allowed == Range(max=4)


def test_kinds_of_single_files_and_no_files_are_the_callers_mistake() -> None:
    for kind in ("graduation", "course-cards"):
        with pytest.raises(UsageError, match="kind-single"):
            verify_set([TEXT], kind)
    with pytest.raises(UsageError, match="set-empty"):
        verify_set([], KIND)


def test_what_the_caller_knows_holds_for_every_file(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def note(_: object, features: Features) -> tuple[()]:
        seen.append(features.context)
        return ()

    monkeypatch.setattr("photo_service.engine.run", note)
    context = Context(expect_name="林嘉文")
    verify_set([("a.jpg", page("ncre1")), ("b.jpg", page("pets2"))], KIND, context=context)
    assert seen == [context, context]


# --- twice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["same bytes", "saved anew", "smaller"])
@pytest.mark.usefixtures("unread")
def test_one_picture_twice_is_named_with_both_places(change: str) -> None:
    height, width = drawn("ncre1").shape[:2]
    smaller = cv2.resize(drawn("ncre1"), (width * 9 // 10, height * 9 // 10))
    again = {
        "same bytes": page("ncre1"),
        "saved anew": saved(drawn("ncre1"), 60),
        "smaller": saved(np.asarray(smaller, np.uint8)),
    }[change]
    found = verify_set([("a.jpg", page("ncre1")), ("b.jpg", page("pets2")), ("c.jpg", again)], KIND)
    finding = stop(found, "member-duplicate")
    assert finding.facts["pairs"] == "[1] a.jpg = [3] c.jpg"
    assert finding.effect is Effect.REJECT


def test_another_page_of_the_same_form_is_no_duplicate() -> None:
    files = [(f"{seed}.jpg", page("ncre1", seed)) for seed in (1, 2)]
    assert not codes(verify_set(files, KIND)) & {"member-duplicate", "certificate-twice"}


def test_another_photo_of_a_certificate_is_for_review() -> None:
    again = saved(photographed_again(drawn("ncre1")))
    found = verify_set([("a.jpg", page("ncre1")), ("b.jpg", again)], KIND)
    assert "member-duplicate" not in codes(found)
    finding = stop(found, "certificate-twice")
    assert finding.effect is Effect.REVIEW
    assert finding.facts["pairs"] == "[1] a.jpg = [2] b.jpg"


def test_fingerprints_stay_when_saved_anew_and_part_when_drawn_anew() -> None:
    one, other = fingerprint(drawn("ncre1")), fingerprint(drawn("ncre1", 2))
    limits = {
        line.check.id: line.limits for line in load(KIND).together_lines
    }["set/all_different"]["difference"]  # fmt: skip
    again = np.asarray(Image.open(io.BytesIO(saved(drawn("ncre1"), 40))))
    kept = 100 * np.mean(one != fingerprint(again))
    assert kept < limits.review.min < limits.accept.min < 100 * np.mean(one != other)


def test_a_turned_picture_is_the_same_picture() -> None:
    rgb = drawn("ncre1")
    a = member("accepted", 1, fingerprint=fingerprints(rgb))
    for quarters in (1, 2, 3):
        turned = np.ascontiguousarray(np.rot90(rgb, quarters))
        assert difference(a, member("accepted", 2, fingerprint=fingerprints(turned))) < 5


def test_equal_bytes_differ_by_nothing() -> None:
    a = member("accepted", 1, fingerprint=np.zeros((4, 8), bool))
    b = Member(2, a.report, Look(np.zeros((4, 4, 3), np.uint8), np.ones((4, 8), bool)))
    assert difference(a, b) == 0
    assert difference(a, member("accepted", 3, fingerprint=np.ones((4, 8), bool))) == 100


WORDS = frozenset(
    {"全国计算机等级考试一级合格证书", "教育部考试中心", "样本二〇二六年三月", "证书编号"}
)


def pair(one: frozenset[str], other: frozenset[str], kinds: tuple[str, str] = ("", "")) -> float:
    return words_in_common(
        member("accepted", 1, words=one, kind=kinds[0]),
        member("accepted", 2, words=other, kind=kinds[1]),
    )


def test_words_in_common() -> None:
    some = frozenset(list(WORDS)[:2])
    assert pair(WORDS, WORDS) == 100
    assert pair(WORDS, frozenset({"毕业证书" * 3, "abcdefghijklmnopqrstuvwxyz"})) < 20
    assert pair(WORDS, some | {"其他文字" * 4}) == pair(some | {"其他文字" * 4}, WORDS)
    misread = frozenset(word.replace("级", "纟") for word in WORDS)
    assert 70 < pair(WORDS, misread) < 100


def test_pages_that_cannot_be_one_have_nothing_in_common() -> None:
    assert pair(WORDS, WORDS, ("ncre1", "ncre2")) == 0
    assert pair(WORDS, WORDS, ("ncre1", "")) == 100
    assert pair(WORDS | {"编号12345678"}, WORDS | {"编号12345679"}) == 0
    assert pair(WORDS | {"编号12345678"}, WORDS) > 85
    few = frozenset({"证书"})
    assert LEAST_PAIRS > 1
    assert pair(few, few) == 0


def test_many_names_are_shortened() -> None:
    assert named("ab") == "a, b"
    assert named(map(str, range(50))).endswith("5 …")


def test_what_keeps_us_from_looking_at_a_file_is_no_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise ModelError("model-missing")

    monkeypatch.setattr(service, "open_photo", missing)
    with pytest.raises(ModelError):
        verify_set([TEXT], KIND)
    with pytest.raises(ModelError):
        service.verify((SAMPLES / "archives" / "cards.zip").read_bytes(), "course-cards")


# --- shown ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unread")
def test_the_overlay_shows_every_member_framed_by_its_verdict() -> None:
    files = [("a.jpg", page("ncre1")), TEXT, ("c.jpg", page("pets2"))]
    examination = examine_set(files, KIND)
    sheet = Image.open(io.BytesIO(draw_overlay(examination, "zh")))
    members = Image.open(io.BytesIO(draw_members(examination, "zh")))
    assert sheet.width > members.width
    alone = examine_set(files[:1], KIND)
    assert Image.open(io.BytesIO(draw_members(alone, "zh"))).height < members.height


def test_a_refused_whole_is_drawn_as_a_card_of_reasons() -> None:
    examination = examine_set([TEXT] * 5, KIND)
    assert Image.open(io.BytesIO(draw_overlay(examination, "en"))).width > 100


# --- at the desk ---------------------------------------------------------------------------------


def upload(files: Files, **options: Any) -> Upload:
    return Upload(
        data=b"".join(data for _, data in files),
        profile=load(KIND),
        together=tuple((name, len(data)) for name, data in files),
        **options,
    )


def test_files_are_parted_as_they_were_joined() -> None:
    files = [("a", b"123"), ("b", b""), ("c", b"4")]
    made = upload(files)
    assert parted(made.data, made.together) == files


def test_order_names_and_cuts_make_another_upload() -> None:
    ids = {
        upload(files).id
        for files in (
            [("a", b"12"), ("b", b"3")],
            [("a", b"1"), ("b", b"23")],
            [("b", b"12"), ("a", b"3")],
            [("a", b"12"), ("c", b"3")],
            [("a\n2 b", b"12"), ("b", b"3")],
        )
    }
    assert len(ids) == 5
    assert upload([("a", b"1")]).id != Upload(b"1", load(KIND)).id
    assert upload([("a", b"1")]).id == upload([("a", b"1")]).id


def test_a_ticket_keeps_how_the_files_are_cut() -> None:
    ticket = Ticket(KIND, "", "zh", "", Context(), "", {}, (("考.jpg", 2), ("b", 1)))
    stored = {name.encode(): value for name, value in ticket.to_hash(b"123").items()}
    assert Ticket.from_hash(stored) == ticket


def test_the_watchdog_gives_each_file_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    started: list[float] = []
    stopped: list[bool] = []
    monkeypatch.setattr(
        "faulthandler.dump_traceback_later", lambda limit_s, **_: started.append(limit_s)
    )
    monkeypatch.setattr("faulthandler.cancel_dump_traceback_later", lambda: stopped.append(True))
    rules = load("course-cards")
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for number in range(3):
            made.writestr(f"{number}.txt", "x")
    task = Task("a.zip", archive, rules.source.encode(), rules.name)
    _judge_in_time(task, settings, "zh")
    assert started == [settings.job_limit_s] * 4
    assert stopped == [True]
    watchdog.again()
    assert len(started) == 4


def test_a_hung_picture_ends_its_process_without_a_word() -> None:
    program = (
        "import time\nfrom workers import watchdog\nwith watchdog.silent(0.2):\n    time.sleep(30)"
    )
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


# --- over HTTP -----------------------------------------------------------------------------------

_number = count(1)


def fresh(files: Files) -> list[tuple[str, bytes]]:
    """Files this service has not seen together; what follows a JPEG's end is no part of it."""
    return [(name, data + bytes(next(_number))) for name, data in files]


def post(service: Service, files: Files, **fields: str) -> Any:
    return service.client.post(
        APPLICATIONS,
        files=[("files", file) for file in files],
        data={"kind": KIND, "lang": "zh", **fields},
    )


def test_http_says_what_python_says(service: Service) -> None:
    files = fresh([("a.jpg", page("ncre1")), TEXT])
    answer = post(service, files, wait="30")
    assert answer.status_code == 200, answer.text
    assert plain(answer.json()) == plain(verify_set(files, KIND).to_dict("zh"))
    assert service.client.get(answer.headers["content-location"]).json() == answer.json()


def test_an_application_is_judged_once_and_waited_for_as_a_picture_is(service: Service) -> None:
    files = fresh([("a.jpg", page("ncre1")), ("b.jpg", page("pets2"))])
    asked = post(service, files, wait="0")
    assert asked.status_code == 202
    place = asked.headers["location"]
    until(lambda: service.client.get(place).status_code == 200, 60, service.process)
    again = post(service, files, wait="0")
    assert again.status_code == 200
    assert again.json() == service.client.get(place).json()
    assert [m["image"]["name"] for m in again.json()["members"]] == ["a.jpg", "b.jpg"]


def test_too_many_files_are_a_report_and_not_an_error(service: Service) -> None:
    answer = post(service, fresh([TEXT] * 5))
    assert answer.status_code == 200
    assert answer.json()["decision"] == "rejected"
    assert answer.json()["members"] == []


def test_mistakes_are_told_at_the_door(service: Service) -> None:
    as_problem(post(service, [TEXT], kind="graduation"), 422, "kind-single")
    as_problem(post(service, [TEXT], kind="course-cards"), 422, "kind-single")
    nothing = service.client.post(APPLICATIONS, data={"kind": KIND})
    assert nothing.status_code in (400, 422)
    denied = service.client.post(
        APPLICATIONS, files=[("files", TEXT)], data={"kind": KIND},
        headers=service.headers(Role.METRICS),
    )  # fmt: skip
    assert denied.status_code == 403


def test_an_archive_goes_through_the_same_door_as_a_picture(service: Service) -> None:
    data = (SAMPLES / "archives" / "cards.zip").read_bytes()
    answer = service.client.post(
        "/v1/verifications",
        files={"file": ("考核卡.zip", data)},
        data={"kind": "course-cards", "lang": "zh", "wait": "60"},
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["image"]["format"] == "zip"
    assert plain(told) == plain(service_report(data))


def service_report(data: bytes) -> dict[str, Any]:
    return service.verify(data, "course-cards", name="考核卡.zip").to_dict("zh")


# --- by command ----------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, data in (("a.jpg", page("ncre1")), ("b.jpg", page("pets2")), TEXT):
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in ("a.jpg", "b.jpg", "notes.txt")]


@pytest.mark.usefixtures("unread")
def test_the_command_judges_files_together(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["check", "--as", KIND, "--together", "--json", *files[:2], files[2]])
    told = json.loads(capsys.readouterr().out)
    assert [m["image"]["name"] for m in told["members"]] == files
    assert (code, told["decision"]) == (10, "rejected")


@pytest.mark.usefixtures("unread")
def test_the_command_prints_a_row_for_each_file(
    files: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "drawn"
    arguments = ["check", "--as", KIND, "--together", "--lang", "en", "--overlay", str(folder)]
    assert cli.main([*arguments, *files]) == 10
    out = capsys.readouterr().out
    assert "3 files" in out
    for number in (1, 2, 3):
        assert re.search(rf"^ *{number}  ", out, re.MULTILINE)
    assert len(list(folder.iterdir())) == 1


def test_a_missing_file_leaves_the_application_unjudged(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(Path(files[0]).parent / "none.jpg")
    assert cli.main(["check", "--as", KIND, "--together", files[0], missing]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "none.jpg" in captured.err


def test_archives_in_a_folder_are_a_batch(tmp_path: Path, settings: Settings) -> None:
    """Judged, and judged again from the results."""
    folder, out, again = tmp_path / "in", tmp_path / "out", tmp_path / "again"
    folder.mkdir()
    with zipfile.ZipFile(folder / "cards.zip", "w") as made:
        made.writestr("01.txt", "x")
    options = ["--jobs", "1", "--lang", "en"]
    begun = ["batch", str(folder), "--as", "course-cards", "--out", str(out), *options]
    assert cli.main(begun) == 10
    results = out / "results.jsonl"
    (row,) = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    assert row["kind"] == "course-cards"
    assert [m["image"]["name"] for m in row["report"]["members"]] == ["01.txt"]
    assert cli.main(["reverify", str(results), "--out", str(again), *options]) == 10
    assert (again / "summary.html").exists()
