"""Units, Compose file and documents speak of settings, commands and metrics that exist."""

from __future__ import annotations

import ast
import configparser
import inspect
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from photo_service import cli
from photo_service.errors import UsageError
from photo_service.messages import messages
from photo_service.settings import MEBIBYTE, Settings
from scripts import codes

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ENV_FILE = DEPLOY / "photo-service.env"
COMPOSE = DEPLOY / "compose.yaml"
OPERATING, PRIVACY, INTEGRATING = (
    ROOT / "docs" / f"{name}.md" for name in ("operating", "privacy", "integrating")
)
PAGES = (OPERATING, PRIVACY, INTEGRATING, ROOT / "docs" / "offline.md")
VARIABLE = re.compile(r"\b(?:PHOTO_SERVICE|OTEL)_[A-Z_]+[A-Z]")
# Seconds that a stop may take beyond the job's and the wait's limits.
GRACE_S = 10

every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda file: file.name)


def variables() -> dict[str, str]:
    """Variable → field, as the docstring of `Settings` has them."""
    doc = inspect.getdoc(Settings) or ""
    _, *entries = re.split(r"^    (?=\w+: )", doc, flags=re.MULTILINE)
    return {VARIABLE.findall(entry)[0]: entry.partition(":")[0] for entry in entries}


def parsed(unit: Path) -> list[tuple[str, str, str]]:
    """Section, key and value of each line; systemd allows a key twice."""
    section, found = "", []
    for line in unit.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, sign, value = line.partition("=")
            assert sign, line
            found.append((section, key, value))
    return found


def value(unit: Path, key: str) -> str:
    (found,) = (given for _, name, given in parsed(unit) if name == key)
    return found


def compose() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return table


def accepts(arguments: list[str]) -> bool:
    try:
        cli._parser(messages("en")).parse_args(arguments)
    except UsageError:
        return False
    return True


def test_every_field_has_its_variable() -> None:
    assert set(variables().values()) == set(Settings.__dataclass_fields__)
    read = set(VARIABLE.findall(inspect.getsource(Settings.from_env)))
    assert set(variables()) - read <= {"PHOTO_SERVICE_ROOTS"}


@pytest.mark.parametrize(
    "file",
    [*UNITS, *PAGES, *sorted(f for f in DEPLOY.iterdir() if f.is_file())],
    ids=lambda file: file.name,
)
def test_every_variable_named_exists(file: Path) -> None:
    assert set(VARIABLE.findall(file.read_text("utf-8"))) <= set(variables())


def test_table_of_settings_is_whole() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", OPERATING.read_text("utf-8"), re.MULTILINE)
    table = {name: default.strip("`") for name, default in rows if VARIABLE.fullmatch(name)}
    assert set(table) == set(variables())
    defaults = Settings.from_env({})
    for variable, name in variables().items():
        default = getattr(defaults, name)
        if name == "worker_memory":
            assert table[variable] == str(default // MEBIBYTE)
        elif isinstance(default, int) and name not in {"workers", "debug"}:
            assert table[variable] == str(default), variable


def test_example_of_the_environment_is_accepted() -> None:
    lines = ENV_FILE.read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    # systemd, unlike Docker, would take quotes off.
    assert not any(set(text) & set("'\"$") for text in given.values())
    settings = Settings.from_env(given)
    assert settings.keys_file is not None
    assert settings.roots == ("/srv/photos",)


@every_unit
def test_unit_is_well_formed(unit: Path) -> None:
    reader = configparser.ConfigParser(strict=False, interpolation=None)
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    reader.read(unit)
    assert reader.sections() == ["Unit", "Service", "Install"]
    assert len(parsed(unit)) > 30


@every_unit
def test_unit_starts_a_command_that_exists(unit: Path) -> None:
    program, *arguments = shlex.split(value(unit, "ExecStart"))
    assert Path(program).name == "photo-service"
    assert accepts(arguments)


@every_unit
def test_unit_waits_for_what_is_at_hand(unit: Path) -> None:
    defaults = Settings.from_env({})
    longest = defaults.wait_s + defaults.job_limit_s + GRACE_S
    assert int(value(unit, "TimeoutStopSec")) >= longest
    # A SIGTERM to the workers too would end them before their pool asks them.
    assert value(unit, "KillMode") == "mixed"


def test_units_are_hardened_alike() -> None:
    hardening = [
        [
            (k, v)
            for s, k, v in parsed(unit)
            if s == "Service" and k not in {"ExecStart", "MemoryMax", "OOMPolicy"}
        ]
        for unit in UNITS
    ]
    assert len(UNITS) == 3
    assert all(each == hardening[0] for each in hardening)


def test_compose_starts_commands_that_exist() -> None:
    services = compose()["services"]
    assert set(services) == {"valkey", "api", "worker"}
    for name in ("api", "worker"):
        assert accepts(services[name]["command"])


def test_compose_settings_are_accepted() -> None:
    for name in ("api", "worker"):
        given = {k: str(v) for k, v in compose()["services"][name]["environment"].items()}
        assert Settings.from_env(given).redis_url == "redis://valkey:6379/0"


def test_compose_keeps_the_queue_and_hides_it() -> None:
    table = compose()
    queue = table["services"]["valkey"]
    assert queue["networks"] == ["queue"]
    assert "ports" not in queue
    assert table["networks"]["queue"]["internal"] is True
    command = " ".join(queue["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_image_holds_what_the_program_needs() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    copied = {
        name for line in re.findall(r"^COPY (?!--)(.+)$", text, re.M) for name in line.split()
    }
    for name in (
        "requirements.lock",
        "pyproject.toml",
        "api.py",
        "models",
        "photo_service",
        "routes",
        "workers",
    ):
        assert name in copied
        assert f"!{name}" in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()


def test_no_address_of_an_index() -> None:
    for file in [f for f in DEPLOY.rglob("*") if f.is_file()]:
        text = file.read_text("utf-8")
        assert not re.search(r"index-url|pypi|docker\.io|ghcr\.io|quay\.io", text), file.name


def test_alerts_ask_for_metrics_that_exist() -> None:
    known = set()
    for source in (ROOT / "workers" / "meters.py", ROOT / "workers" / "counter.py"):
        known |= set(re.findall(r'"(photo_\w+)"', source.read_text("utf-8")))
    named = set()
    for group in yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            named |= set(re.findall(r"photo_\w+", rule["expr"]))
            assert f"| {rule['alert']} |" in OPERATING.read_text("utf-8")
    bare = {re.sub(r"_(?:total|count|bucket|sum)$", "", name) for name in named}
    assert bare
    assert bare <= known


def blocks(page: Path, *languages: str) -> list[str]:
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text("utf-8"), re.M | re.S)
    return [text for language, text in found if language in languages]


def test_documents_name_commands_that_exist() -> None:
    command = re.compile(r"^\s*(?:\$ )?(?:\S*/)?photo-service ([a-z].*)$", re.MULTILINE)
    named = [
        line.partition("#")[0]
        for page in PAGES
        for block in blocks(page, "", "sh")
        for line in command.findall(block)
    ]
    assert len(named) >= 10
    assert [line for line in named if not accepts(shlex.split(line))] == []


def test_python_example_is_python() -> None:
    examples = blocks(INTEGRATING, "python")
    assert examples
    for example in examples:
        ast.parse(example)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_privacy_names_every_key_of_the_queue() -> None:
    text = PRIVACY.read_text("utf-8")
    for source in sorted((ROOT / "workers").glob("*.py")):
        for key in re.findall(r"photo:[a-z]+", source.read_text("utf-8")):
            assert key in text, (source.name, key)


def test_codes_are_up_to_date() -> None:
    assert codes.PAGE.read_text("utf-8") == codes.page(), "run: python scripts/codes.py"
