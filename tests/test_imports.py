"""Imports point one way, and each heavy library has one home; read from the sources themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("models", "photo_service", "workers", "routes")
PIXELS = ("cv2", "numpy", "PIL", "simplejpeg", "mediapipe")


@dataclass(frozen=True)
class Rule:
    """``names`` may be imported only by files below ``homes``, or by none below ``barred``.

    ``spared`` files may import them although they lie below ``barred``.
    """

    names: tuple[str, ...]
    homes: tuple[str, ...] | None = None
    barred: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()

    def allows(self, file: str) -> bool:
        if self.homes is not None:
            return _below(file, self.homes)
        return _below(file, self.spared) or not _below(file, self.barred)


RULES = (
    Rule(("photo_service", "workers", "routes", "api"), barred=("models/",)),
    # The command line is a door like the API: it stands above the queue.
    Rule(
        ("workers", "routes", "api"),
        barred=("photo_service/",),
        spared=("photo_service/cli.py", "photo_service/commands/"),
    ),
    Rule(("routes", "api"), barred=("workers/",)),
    Rule(("api",), barred=("routes/",)),
    Rule(("benchmarks", "samples", "tests", "training", "skimage"), homes=()),
    Rule(
        PIXELS,
        barred=tuple(
            f"photo_service/{name}.py" for name in ("check", "engine", "profile", "report")
        ),
    ),
    Rule(("mediapipe", "rapidocr", "onnxruntime"), homes=("models/",)),
    Rule(
        ("PIL",),
        homes=("photo_service/image.py", "photo_service/metadata.py", "photo_service/render/"),
    ),
    Rule(("fastapi", "starlette", "uvicorn"), homes=("api.py", "routes/")),
    Rule(("rq", "redis"), homes=("workers/",)),
)

# The second starts pip, the third sets what MediaPipe reads; neither takes a setting from there.
ENVIRONMENT = ("photo_service/settings.py", "models/store.py", "models/_mediapipe.py")


def _below(file: str, places: tuple[str, ...]) -> bool:
    return any(file == p or (p.endswith("/") and file.startswith(p)) for p in places)


def sources() -> dict[str, str]:
    """Every file of the product by its path in the repository."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    files += [file for file in (ROOT / "api.py",) if file.exists()]
    return {file.relative_to(ROOT).as_posix(): file.read_text("utf-8") for file in files}


def imports(file: str, source: str) -> Iterator[str]:
    """Dotted names that a file imports anywhere in it, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(Path(file).parts[: -node.level]) if node.level else ""
            base = f"{package}.{node.module or ''}".strip(".")
            yield from (f"{base}.{alias.name}".strip(".") for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("import_module")
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def violations(files: dict[str, str]) -> list[str]:
    """One line for each import that a rule forbids."""
    found = []
    for file, source in files.items():
        tops = {name.partition(".")[0] for name in imports(file, source)}
        for rule in RULES:
            bad = tops & set(rule.names)
            if bad and not rule.allows(file):
                found += [f"{file} imports {name}" for name in sorted(bad)]
    return found


def readers_of_the_environment(files: dict[str, str]) -> set[str]:
    names = ("environ", "getenv", "putenv")
    found = set()
    for file, source in files.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute):
                read = ast.unparse(node) in {f"os.{name}" for name in names}
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                read = any(alias.name in names for alias in node.names)
            else:
                read = False
            if read:
                found.add(file)
    return found


def test_there_is_something_to_read() -> None:
    files = sources()
    assert {"photo_service/engine.py", "models/face.py", "workers/__init__.py"} <= set(files)
    assert "cv2" in set(imports("photo_service/features.py", files["photo_service/features.py"]))


def test_imports_point_one_way() -> None:
    assert violations(sources()) == []


def test_only_settings_reads_the_environment() -> None:
    assert readers_of_the_environment(sources()) <= set(ENVIRONMENT)


@pytest.mark.parametrize(
    ("file", "source", "name"),
    [
        ("models/new.py", "from photo_service.errors import X", "photo_service"),
        ("photo_service/new.py", "import workers.jobs", "workers"),
        ("photo_service/sub/new.py", "from ... import api", "api"),
        ("photo_service/render/new.py", "from workers.desk import Desk", "workers"),
        ("workers/new.py", "def f():\n    from api import app", "api"),
        ("photo_service/engine.py", "import numpy as np", "numpy"),
        ("photo_service/checks/new.py", "from PIL import Image", "PIL"),
        ("photo_service/new.py", "if 1:\n import mediapipe.tasks", "mediapipe"),
        ("photo_service/cli.py", "from fastapi import FastAPI", "fastapi"),
        ("workers/new.py", "from routes import guard", "routes"),
        ("routes/new.py", "import api", "api"),
        ("routes/new.py", "import redis", "redis"),
        ("api.py", "import rq", "rq"),
        ("photo_service/new.py", "from benchmarks import x", "benchmarks"),
        ("photo_service/new.py", "import_module('onnxruntime.capi')", "onnxruntime"),
    ],
)
def test_walker_finds_a_violation(file: str, source: str, name: str) -> None:
    assert violations({file: source}) == [f"{file} imports {name}"]


def test_walker_allows_what_is_allowed() -> None:
    allowed = {
        "models/face.py": "import mediapipe, numpy, cv2\nfrom . import _mediapipe",
        "photo_service/render/new.py": "from PIL import Image\nfrom ..check import Range",
        "photo_service/service.py": "from models.runtime import Models",
        "workers/jobs.py": "import rq, redis\nfrom photo_service.service import verify",
        "api.py": "import fastapi\nfrom workers import jobs\nfrom photo_service import verify",
    }
    assert violations(allowed) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['X']",
        "import os\nos.getenv('X')",
        "from os import environ",
        "from os import getenv as g",
    ],
)
def test_walker_finds_a_reader_of_the_environment(source: str) -> None:
    assert readers_of_the_environment({"photo_service/cli.py": source}) == {"photo_service/cli.py"}
    assert readers_of_the_environment({"a.py": "import os\nos.path.join('environ')"}) == set()
