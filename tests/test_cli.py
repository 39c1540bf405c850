"""The command line as other programs and clerks meet it: exit codes, JSON, errors with remedies."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn

import pytest
from PIL import Image

import photo_service.checks  # noqa: F401 - fills the registry
from photo_service import cli, service
from photo_service.check import registry
from photo_service.commands import check as check_command
from photo_service.commands import doctor as doctor_command
from photo_service.messages import LANGUAGES, messages
from photo_service.render.wrapping import cells
from photo_service.settings import Settings
from photo_service.version import __version__

ASTRONAUT = resources.files("photo_service.commands") / "astronaut.jpg"
SOURCES = [*Path("photo_service").rglob("*.py"), *Path("models").rglob("*.py")]

Main = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    log = tmp_path / "log" / "faults.log"
    monkeypatch.setenv("PHOTO_SERVICE_LOG", str(log))
    monkeypatch.setenv("PHOTO_SERVICE_LANG", "en")
    monkeypatch.delenv("PHOTO_SERVICE_DEBUG", raising=False)
    return log


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A real portrait, 360×480."""
    path = tmp_path / "portrait.jpg"
    path.write_bytes(ASTRONAUT.read_bytes())
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The same, 90×120."""
    path = tmp_path / "small.jpg"
    with Image.open(io.BytesIO(ASTRONAUT.read_bytes())) as image:
        image.reduce(4).save(path)
    return path


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., str]:
    """Rules of one check: at least 200 px wide."""

    def write(on_fail: str = "reject") -> str:
        path = tmp_path / f"{on_fail}.toml"
        path.write_text(
            f"""
            schema = 1
            kind = "graduation"
            version = "1"
            title = {{ zh = "试", en = "Trial" }}
            [checks."encoding/pixel_width"]
            clause = "nat-pixels"
            on_fail = "{on_fail}"
            on_skip = "review"
            limits.width = {{ accept = {{ min = 200 }} }}
            """,
            "utf-8",
        )
        return str(path)

    return write


@pytest.fixture
def main(capfd: pytest.CaptureFixture[str]) -> Main:
    """Run a command in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def command(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "photo_service.cli", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
    )


# --- exit codes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "on_fail", "code"),
    [
        (["portrait.jpg"], "reject", 0),
        (["portrait.jpg", "small.jpg"], "reject", 10),
        (["portrait.jpg", "small.jpg"], "review", 11),
        (["portrait.jpg", "small.jpg"], "note", 0),
        (["small.jpg", "missing.jpg", "portrait.jpg"], "reject", 3),
    ],
)
@pytest.mark.usefixtures("picture", "small")
def test_exit_code_is_that_of_the_gravest_file(
    files: list[str], on_fail: str, code: int, tmp_path: Path, profile: Callable[..., str]
) -> None:
    paths = [str(tmp_path / file) for file in files]
    done = command("check", "--as", "graduation", "--profile", profile(on_fail), "--json", *paths)
    assert done.returncode == code
    there = [path for path in paths if Path(path).exists()]
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["image"]["name"] for report in reports] == there
    assert (b"missing.jpg" in done.stderr) == (code == 3)


def test_usage_and_missing_models(tmp_path: Path, picture: Path) -> None:
    assert command("check", str(picture)).returncode == 2
    done = command(
        "check", "--as", "graduation", str(picture), PHOTO_SERVICE_MODELS_DIR=str(tmp_path)
    )
    assert done.returncode == 6
    assert b"photo-service models pull" in done.stderr
    assert done.stdout == b""


def test_our_own_fault_is_told_logged_and_stops_no_other_file(
    main: Main,
    monkeypatch: pytest.MonkeyPatch,
    picture: Path,
    small: Path,
    own_log: Path,
    profile: Callable[..., str],
) -> None:
    judge = service.examine

    def fail_once(data: bytes, *rest: Any, **named: Any) -> Any:
        if named["name"] == str(small):
            raise RuntimeError(f"about {len(data)} bytes")
        return judge(data, *rest, **named)

    monkeypatch.setattr(check_command, "examine", fail_once)
    code, out, err = main(
        "check", "--as", "graduation", "--profile", profile(), "--json", str(small),
        "/nowhere.jpg", str(picture),
    )  # fmt: skip
    assert code == 70
    assert [json.loads(line)["decision"] for line in out.splitlines()] == ["accepted"]
    assert str(own_log) in err
    assert "Traceback" not in err
    logged = own_log.read_text("utf-8")
    assert "RuntimeError" in logged
    assert "fail_once" in logged
    assert f"about {small.stat().st_size}" not in logged
    assert "small.jpg" not in logged


def test_debugging_shows_the_traceback(
    main: Main, monkeypatch: pytest.MonkeyPatch, picture: Path
) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("why")

    monkeypatch.setattr(check_command, "warm_up", fail)
    monkeypatch.setenv("PHOTO_SERVICE_DEBUG", "1")
    code, _, err = main("check", "--as", "graduation", str(picture))
    assert code == 70
    assert "RuntimeError: why" in err


def test_interruption_is_silent(main: Main, monkeypatch: pytest.MonkeyPatch, picture: Path) -> None:
    def interrupt(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_command, "warm_up", interrupt)
    assert main("check", "--as", "graduation", str(picture)) == (130, "", "")


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m photo_service.cli list | head -1; exit $PIPESTATUS"],
        capture_output=True,
    )
    assert done.returncode in (0, cli.BROKEN_PIPE)
    assert done.stderr == b""


# --- check -----------------------------------------------------------------------------------


def test_json_has_the_contracts_fields_and_nothing_else_is_printed(picture: Path) -> None:
    done = command("check", "--as", "graduation", "--json", "-", stdin=picture.read_bytes())
    assert done.stderr == b""
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert list(report) == [
        "schema", "service", "kind", "profile", "models", "image", "decision", "findings",
        "evidence", "timings_ms",
    ]  # fmt: skip
    assert report["schema"] == "photo-report/1"
    assert report["image"]["name"] == "stdin"
    assert report["image"]["bytes"] == len(picture.read_bytes())
    assert set(report["findings"][0]) == {
        "check", "status", "code", "effect", "value", "unit", "allowed", "region", "clause",
        "message", "advice",
    }  # fmt: skip


def test_a_file_that_is_no_picture_is_a_rejected_report(main: Main, tmp_path: Path) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(b"GIF89a" + bytes(64))
    code, out, err = main("check", "--as", "graduation", "--json", str(other))
    report = json.loads(out)
    assert (code, err) == (10, "")
    assert report["decision"] == "rejected"
    assert report["findings"][0]["code"] == "format-other"
    assert report["findings"][0]["message"]


@pytest.mark.parametrize(("language", "verdict"), [("zh", "合格"), ("en", "Accepted")])
def test_text_names_the_verdict_in_the_language_asked_for(
    main: Main, picture: Path, profile: Callable[..., str], language: str, verdict: str
) -> None:
    code, out, _ = main(
        "check", "--as", "graduation", "--profile", profile(), "--lang", language, str(picture)
    )
    assert code == 0
    assert out.startswith(f"✔ {verdict}")
    assert messages(language).ui("column_check") in out


def test_several_files_end_in_a_summary_and_list_all_findings_only_on_request(
    main: Main, picture: Path, small: Path, profile: Callable[..., str]
) -> None:
    asked = ("check", "--as", "graduation", "--profile", profile(), str(picture), str(small))
    _, out, _ = main(*asked)
    assert "Accepted 1" in out.splitlines()[-1]
    assert "Rejected 1" in out.splitlines()[-1]
    assert "Measured" not in out
    assert "Measured" in main(*asked, "--details")[1]


@pytest.mark.parametrize(("name", "code"), [("gone.jpg", "path-missing"), (".", "path-directory")])
def test_a_path_that_cannot_be_opened_says_what_to_do(
    main: Main, tmp_path: Path, name: str, code: str
) -> None:
    path = tmp_path / name
    status, out, err = main("check", "--as", "graduation", "--json", str(path))
    advice = messages("en").get("error", code, "advice", file=path)
    assert (status, out) == (3, "")
    assert advice in err


def test_standard_input_only_once(main: Main) -> None:
    assert main("check", "--as", "graduation", "-", "-")[0] == 2


def test_a_name_that_is_no_text_or_steers_the_terminal(
    main: Main, picture: Path, profile: Callable[..., str]
) -> None:
    import os

    odd = os.fsdecode(bytes(picture.parent) + b"/\x1b[31m\xff.jpg")
    shutil.copy(picture, odd)
    asked = ("check", "--as", "graduation", "--profile", profile())
    code, out, _ = main(*asked, "--json", odd)
    assert code == 0
    assert json.loads(out)["image"]["name"].endswith("?.jpg")
    assert "\x1b" not in main(*asked, odd)[1]


def test_overlays_get_a_name_of_their_own(
    main: Main, picture: Path, profile: Callable[..., str]
) -> None:
    folder = picture.parent / "out"
    same = [str(picture.parent / sub / "portrait.jpg") for sub in ("b", "c")]
    for path in (*same, str(picture.parent / "portrait-2.jpg")):
        Path(path).parent.mkdir(exist_ok=True)
        shutil.copy(picture, path)
    code, _, _ = main(
        "check", "--as", "graduation", "--profile", profile(), "--overlay", str(folder),
        str(picture), *same, str(picture.parent / "portrait-2.jpg"),
    )  # fmt: skip
    assert code == 0
    assert sorted(file.name for file in folder.iterdir()) == [
        "portrait-2-2.overlay.jpg",
        "portrait-2.overlay.jpg",
        "portrait-3.overlay.jpg",
        "portrait.overlay.jpg",
    ]


def test_an_overlay_folder_that_cannot_be_made(main: Main, picture: Path) -> None:
    code, out, err = main(
        "check", "--as", "graduation", "--overlay", str(picture / "x"), str(picture)
    )
    assert (code, out) == (2, "")
    assert "--overlay" in err


# --- the other commands ----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_can_be_explained(main: Main, language: str) -> None:
    for check in registry().values():
        code, out, _ = main("explain", check.id, "--lang", language)
        assert code == 0
        assert check.id in out
        assert "{" not in out.split(messages(language).ui("explain_doc"))[0]
        for defect in check.codes:
            assert defect in out
    assert main("explain", "face-none", "--lang", language)[1].startswith("face/one_face")


def test_an_unknown_check_brings_similar_ones(main: Main) -> None:
    code, _, err = main("explain", "face/one_fac")
    assert code == 2
    assert "face/one_face" in err


def test_list_names_every_check_and_its_profiles(main: Main) -> None:
    code, out, _ = main("list")
    assert code == 0
    for check in registry():
        assert check in out
    assert "graduation" in out


def test_doctor_is_content_here(main: Main) -> None:
    code, out, _ = main("doctor")
    assert "✘" not in out.replace(messages("en").ui("doctor_font"), "")
    assert code == 0


def test_doctor_names_a_remedy_for_each_fault(
    main: Main, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_DIR", str(tmp_path))
    monkeypatch.setattr(doctor_command, "_SYSTEM_LIBRARIES", {"libnone.so.9": "libnone9"})
    monkeypatch.setattr(doctor_command, "_LIBRARIES", ("numpy", "no-such-library"))
    monkeypatch.setenv("PHOTO_SERVICE_FONT", str(tmp_path / "none.ttf"))
    code, out, _ = main("doctor")
    assert code == doctor_command.UNWELL
    for remedy in (
        "apt-get install libnone9",
        "pip install no-such-library",
        "photo-service models pull",
        "PHOTO_SERVICE_FONT",
    ):
        assert remedy in out


def test_doctor_notices_a_wrong_verdict(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_command, "_SAMPLE_PASSES", "background/plain")
    code, out, _ = main("doctor")
    assert code == doctor_command.UNWELL
    assert "background/plain" in out


def test_models_are_verified_and_listed(
    main: Main, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    shutil.copytree(Settings.from_env().models_dir, folder)
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_DIR", str(folder))
    assert main("models", "verify")[0] == 0
    assert main("models", "pull")[0] == 0
    file = folder / "face_landmarker.task"
    file.write_bytes(bytes([1]) + file.read_bytes()[1:])
    code, _, err = main("models", "verify")
    assert code == 6
    assert "face_landmarker.task" in err
    code, out, _ = main("models", "list")
    assert code == 0
    assert out.startswith("✘ face_landmarker.task") or "✘  face_landmarker.task" in out


def test_models_are_pulled_from_a_folder(
    main: Main, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_SOURCE", str(Settings.from_env().models_dir))
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_DIR", str(tmp_path / "new"))
    code, out, _ = main("models", "pull")
    assert code == 0
    assert "face_landmarker.task" in out
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_SOURCE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PHOTO_SERVICE_MODELS_DIR", str(tmp_path / "newer"))
    assert main("models", "pull")[0] == 6


# --- help and complaints ---------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["", "check", "explain", "list", "doctor", "models"])
def test_help_is_in_the_language_asked_for_and_fits(
    capsys: pytest.CaptureFixture[str], language: str, name: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*([name] if name else []), "--lang", language, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(messages(language).ui("help_usage"))
    assert max(cells(line) for line in out.splitlines()) <= 100
    if language == "zh":
        assert not re.search(r"usage|options|arguments", out)


def test_the_environment_sets_the_language(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_LANG", "zh")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert capsys.readouterr().out.startswith("用法")


def test_help_loads_no_heavy_library() -> None:
    script = (
        "import sys; from photo_service import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'cv2', 'PIL', 'rich', 'mediapipe', 'models'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.strip() == f"photo-service {__version__}"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "arguments-missing"),
        (("check", "--as", "graduation"), "arguments-missing"),
        (("check", "--as"), "argument-value-missing"),
        (("check", "--as", "graduation", "--new", "x"), "arguments-unknown"),
        (("models", "push"), "argument-choice"),
        (("--lang", "fr", "list"), "argument-choice"),
        (("check", "--as", "passport", "x"), "kind-unknown"),
        (("check", "--as", "graduation", "--profile", "none", "x"), "profile-unknown"),
        (("check", "--as", "graduation", "--profile", "none.toml", "x"), "profile-unreadable"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_complaints_are_in_the_language_asked_for(
    main: Main,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: str,
    language: str,
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_LANG", language)
    status, out, err = main(*arguments)
    outline = messages(language).outline("error", code, "message")
    assert (status, out) == (2, "")
    assert all(part in err for part in outline.split("…"))


def test_a_bad_setting_is_named(main: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_MAX_PIXELS", "many")
    code, _, err = main("--lang", "en", "list")
    assert code == 2
    assert "PHOTO_SERVICE_MAX_PIXELS" in err


# --- messages --------------------------------------------------------------------------------


def raised_codes() -> set[str]:
    """Codes that stand in the sources where an error is made."""
    made = re.compile(
        r"(?:Usage|Profile|Model|ModelStore|FileUnreadable|Input|PhotoService)Error\(\s*"
        r'"([a-z-]+)"|read\.error\("([a-z-]+)"|self\.error\("([a-z-]+)"'
    )
    found = (made.findall(source.read_text("utf-8")) for source in SOURCES)
    return {code for each in found for groups in each for code in groups if code}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_message_and_a_remedy(language: str) -> None:
    text = messages(language)
    codes = raised_codes() | {code for _, code in cli._COMPLAINTS}
    assert len(codes) > 40
    lacking = {code for code in codes if not text.has("error", code, "advice")}
    assert not lacking


def test_both_languages_say_the_same_things_of_the_same_facts() -> None:
    def fields(table: Any, path: str = "") -> dict[str, set[str | None]]:
        if isinstance(table, str):
            return {path: {name for _, name, _, _ in Formatter().parse(table) if name}}
        return {
            key: names
            for entry, below in table.items()
            for key, names in fields(below, f"{path}/{entry}").items()
        }

    folder = resources.files("photo_service.messages")
    zh, en = (
        fields(tomllib.loads((folder / f"{language}.ui.toml").read_text("utf-8")))
        for language in LANGUAGES
    )
    words = {key for key in zh.keys() ^ en.keys() if not key.startswith("/word/")}
    assert not words
    assert {key: zh[key] for key in zh if "/word/" not in key} == {
        key: en[key] for key in en if "/word/" not in key
    }
