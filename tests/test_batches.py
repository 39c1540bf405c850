"""``batch`` and ``reverify``: results on disk, interrupted and gone on with, compared."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fsspec
import psutil
import pytest

from photo_service import profile
from photo_service.errors import FileUnreadableError, UsageError
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from workers import broker
from workers.batches import Batches
from workers.lists import Item

ACCEPTED = (SAMPLES / "accepted-blue.jpg").read_bytes()
REJECTED = (SAMPLES / "codes" / "picture-grey.jpg").read_bytes()


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "photo_service.cli", *arguments, "--lang", "en"),
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def rows(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "results.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(ACCEPTED)
    (folder / "sub" / "b.jpg").write_bytes(REJECTED)
    (folder / "<i>c.jpg").write_bytes(b"no picture")
    (folder / ".hidden.jpg").write_bytes(ACCEPTED)
    return folder


class Links(HTMLParser):
    """What a page refers to, and the tags it has."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.places += [v for n, v in attributes if n in ("src", "href") and v]


def test_a_folder(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command("batch", str(pictures), "--as", "graduation", "--out", str(out), "--jobs", "1")
    assert done.returncode == 10, done.stderr
    found = {row["path"]: row for row in rows(out)}
    assert set(found) == {"a.jpg", str(Path("sub", "b.jpg")), "<i>c.jpg"}
    assert found["a.jpg"]["report"]["decision"] == "accepted"
    assert "Accepted 1" in done.stdout
    table = list(csv.DictReader((out / "results.csv").read_text("utf-8-sig").splitlines()))
    assert [line["path"] for line in table] == sorted(found)
    page = (out / "summary.html").read_text("utf-8")
    links = Links()
    links.feed(page)
    assert "<i>c.jpg" not in page
    assert "&lt;i&gt;c.jpg" in page
    assert not links.tags & {"script", "iframe", "link"}
    assert links.places, "the worst pictures are shown"
    for place in links.places:
        assert (out / place).is_file()


def test_a_manifest(pictures: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "path,kind,id,profile\n"
        "pictures/a.jpg,graduation,7,\n"
        "pictures/a.jpg,graduation,8,graduation-strict\n"
        "pictures/none.jpg,,9,\n",
        encoding="utf-8-sig",
    )
    out = tmp_path / "out"
    done = command("batch", str(manifest), "--as", "graduation", "--out", str(out), "--jobs", "1")
    assert done.returncode == 3, "one cannot be read"
    found = {row["id"]: row for row in rows(out)}
    assert found["7"]["report"]["profile"]["name"] == "graduation"
    assert found["8"]["report"]["profile"]["name"] == "graduation-strict"
    assert found["9"]["error"]["code"] == "path-missing"
    assert found["9"]["error"]["advice"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("file\na.jpg\n", "path"), ("path,colour\na.jpg,red\n", "colour"), ("path\na,b\n", "2")],
)
def test_a_wrong_manifest_is_told(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    out = tmp_path / "out"
    done = command("batch", str(tmp_path / "list.csv"), "--as", "graduation", "--out", str(out))
    assert done.returncode == 2
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_an_interrupted_batch_goes_on(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.jpg").write_bytes(ACCEPTED + number.to_bytes(4))
    arguments = ("batch", str(folder), "--as", "graduation", "--out", str(out), "--jobs", "1")
    running = subprocess.Popen(
        (sys.executable, "-m", "photo_service.cli", *arguments), start_new_session=True
    )
    results = out / "results.jsonl"
    until = time.monotonic() + 60
    while not (results.exists() and results.read_bytes().count(b"\n") > 3):
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    first = rows(out) if results.read_bytes().endswith(b"\n") else []
    # What a power cut leaves of a line.
    with results.open("ab") as stream:
        stream.write(b'{"path": "torn')
    again = command(*arguments)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    done = command(*arguments, "--resume")
    assert done.returncode == 0, done.stderr
    found = rows(out)
    assert sorted(row["path"] for row in found) == [f"{n:02}.jpg" for n in range(40)]
    assert found[: len(first)] == first, "nothing was done twice"
    other = command(*arguments, "--resume", "--profile", "graduation-strict")
    assert other.returncode == 2
    assert "reverify" in other.stderr


def test_rules_are_tried_before_they_are_published(pictures: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    command("batch", str(pictures), "--as", "graduation", "--out", str(first), "--jobs", "1")
    source = profile.load("graduation").source
    changed = tmp_path / "trial.toml"
    changed.write_text(stricter(source), encoding="utf-8")
    done = command(
        "reverify", str(first / "results.jsonl"), "--out", str(second),
        "--profile", str(changed), "--jobs", "1",
    )  # fmt: skip
    assert done.returncode == 10, done.stderr
    assert "width-few" in done.stdout
    assert "+" in done.stdout
    before = {row["path"]: row["report"]["decision"] for row in rows(first)}
    after = {row["path"]: row["report"]["decision"] for row in rows(second)}
    assert before["a.jpg"] == "accepted"
    assert after["a.jpg"] != "accepted"
    assert "accepted" in (second / "summary.html").read_text("utf-8")


def stricter(source: str) -> str:
    """The same rules, but every picture is too narrow."""
    head, mark, rest = source.partition('[checks."encoding/pixel_width"]')
    assert mark
    part, end, others = rest.partition("\n[checks")
    lines = [
        "limits.width = { accept = { min = 9000 } }" if line.startswith("limits.width") else line
        for line in part.splitlines()
    ]
    assert lines != part.splitlines()
    return head + mark + "\n".join(lines) + end + others


def test_what_is_no_result_is_told(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text('{"path": "a.jpg", "report": {"decision": "x"}}\n{}\n')
    done = command("reverify", str(tmp_path / "old.jsonl"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_killed_process_costs_one_try(tmp_path: Path) -> None:
    """The pool of this machine starts another and the picture is judged all the same."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.jpg").write_bytes(ACCEPTED + number.to_bytes(4))
    running = subprocess.Popen(
        (
            sys.executable, "-m", "photo_service.cli", "batch", str(folder),
            "--as", "graduation", "--out", str(out), "--jobs", "1",
        ),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    killed = 0
    results = out / "results.jsonl"
    while running.poll() is None and killed < 2:
        if results.exists() and results.read_bytes().count(b"\n") > 3 * (killed + 1):
            for child in psutil.Process(running.pid).children():
                if "spawn_main" in " ".join(child.cmdline()):
                    child.kill()
                    killed += 1
                    break
        time.sleep(0.05)
    assert running.wait(120) == 0
    assert killed == 2
    assert sorted(row["path"] for row in rows(out)) == [f"{n:02}.jpg" for n in range(30)]


def test_pictures_behind_a_url_are_read_below_its_root_only() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/pictures/in/a.jpg", ACCEPTED)
    memory.pipe("/pictures/b.jpg", ACCEPTED)
    settings = replace(Settings.from_env(), roots=("memory://pictures/in",))
    # Reading needs no queue.
    batches = Batches(broker.connect("unix://none"), settings)
    data, _ = batches.read(Item("memory://pictures/in/a.jpg"))
    assert data == ACCEPTED
    with pytest.raises(FileUnreadableError, match="path-missing"):
        batches.read(Item("memory://pictures/in/none.jpg"))
    for place in (
        "memory://pictures/b.jpg",
        "memory://pictures/in/../b.jpg",
        "memory://pictures/inside/a.jpg",
        "zip://a.jpg::memory://pictures/in/a.zip",
        "memory://pictures/in/a.zip::zip://x",
        "http://127.0.0.1/a.jpg",
        "/etc/passwd",
    ):
        with pytest.raises(UsageError, match="path-outside"):
            batches.read(Item(place))
