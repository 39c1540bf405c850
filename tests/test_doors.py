"""The three doors give the same report for the same bytes, less what the clock says."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from photo_service import profile
from photo_service.service import verify_set
from tests.conftest import SAMPLES as FOLDER
from tests.conftest import Expected, expected_samples
from tests.service import Service, until

SAMPLES = tuple(s for s in expected_samples() if s.profile == s.kind)


def chosen() -> tuple[Expected, ...]:
    """Of each kind and verdict one sample."""
    groups: dict[tuple[str, str], list[Expected]] = {}
    for sample in SAMPLES:
        groups.setdefault((sample.kind, sample.decision), []).append(sample)
    return tuple(sample for group in groups.values() for sample in group[:1])


def plain(report: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in report.items() if name != "timings_ms"}
    if "members" in kept:
        kept["members"] = [{**member, "timings_ms": {}} for member in kept["members"]]
    return {**kept, "image": {**kept["image"], "name": ""}}


@pytest.fixture(scope="module")
def by_command(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The command line's reports, one call a kind."""
    folder = tmp_path_factory.mktemp("doors")
    found: dict[str, dict[str, Any]] = {}
    for kind in profile.kinds():
        samples = [s for s in chosen() if s.kind == kind]
        files = []
        for number, sample in enumerate(samples):
            files.append(folder / f"{kind}-{number}{Path(sample.file).suffix}")
            files[-1].write_bytes(sample.read())
        done = subprocess.run(
            (
                sys.executable, "-m", "photo_service.cli", "check", "--json", "--lang", "zh",
                "--as", kind, *map(str, files),
            ),
            capture_output=True,
            text=True,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        assert len(lines) == len(samples), done.stderr
        found |= {s.file: plain(json.loads(line)) for s, line in zip(samples, lines, strict=True)}
    return found


@pytest.mark.parametrize("sample", chosen(), ids=lambda sample: sample.file)
def test_http_says_what_the_command_line_says(
    service: Service, by_command: dict[str, dict[str, Any]], sample: Expected
) -> None:
    answer = service.client.post(
        "/v1/verifications",
        files={"file": (Path(sample.file).name, sample.read())},
        data={"kind": sample.kind, "lang": "zh"},
    )
    assert answer.status_code == 200
    assert answer.json()["decision"] == sample.decision
    assert plain(answer.json()) == by_command[sample.file]


def test_a_batch_says_what_the_command_line_says(
    service: Service, by_command: dict[str, dict[str, Any]]
) -> None:
    items, files = [], {}
    for number, sample in enumerate(chosen()):
        name = f"door-{number}{Path(sample.file).suffix}"
        (service.root / name).write_bytes(sample.read())
        items.append({"path": name, "kind": sample.kind})
        files[name] = sample.file
    begun = service.client.post(
        "/v1/batches", params={"kind": "graduation", "lang": "zh"}, json={"items": items}
    )
    assert begun.status_code == 202
    place = begun.headers["location"]
    until(lambda: service.client.get(place).json()["state"] == "finished", 120, service.process)
    lines = service.client.get(f"{place}/results").text.splitlines()
    rows = {row["path"]: row for row in map(json.loads, filter(None, lines))}
    assert set(rows) == set(files)
    for name, row in rows.items():
        assert plain(row["report"]) == by_command[files[name]], name


def test_an_application_is_one_through_every_door(service: Service, tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / "archives" / "cards.zip") as cards:
        files = [(Path(name).name, cards.read(name)) for name in cards.namelist()]
    by_python = verify_set(files, "certificate").to_dict("zh")
    for name, data in files:
        (tmp_path / name).write_bytes(data)
    done = subprocess.run(
        (
            sys.executable, "-m", "photo_service.cli", "check", "--json", "--lang", "zh",
            "--as", "certificate", "--together", *(name for name, _ in files),
        ),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )  # fmt: skip
    answer = service.client.post(
        "/v1/applications",
        files=[("files", file) for file in files],
        data={"kind": "certificate", "lang": "zh", "wait": "60"},
    )
    assert len(by_python["members"]) == len(files)
    assert plain(json.loads(done.stdout)) == plain(by_python)
    assert plain(answer.json()) == plain(by_python)
