"""What several tests need: the models of this process, the samples and their verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from photo_service.context import Context
from photo_service.errors import ModelError
from photo_service.messages import messages
from photo_service.report import Report
from photo_service.service import use_one_core, verify, warm_up
from photo_service.settings import Settings

# Its fixtures are shared by several files; imported into each they would be several.
pytest_plugins = ("tests.service", "tests.browser")

SAMPLES = Path(__file__).parent.parent / "samples"
# One byte more than the portal takes; what follows a JPEG's end is no part of the picture.
TOO_LARGE = "codes/file-over-limit.jpg"

# Fixtures that take many seconds and serve many tests, and the group of these.
COSTLY = {"by_command": "doors", "judge": "samples", "reports": "samples"}


@dataclass(frozen=True, slots=True)
class Expected:
    """A sample and what it must give; see ``samples/expected.json``."""

    file: str
    kind: str
    profile: str
    decision: str
    codes: tuple[str, ...]
    expect: tuple[tuple[str, str], ...] = ()

    @property
    def context(self) -> Context:
        """What the applicant entered."""
        entered = dict(self.expect)
        return Context(
            expect_name=entered.get("expect_name", ""),
            expect_number=entered.get("expect_number", ""),
            expect_type=entered.get("expect_type", ""),
        )

    def read(self) -> bytes:
        if self.file == TOO_LARGE:
            return (SAMPLES / "accepted-blue.jpg").read_bytes().ljust(2 * 1024 * 1024, b"\0")
        return (SAMPLES / self.file).read_bytes()


def expected_samples() -> tuple[Expected, ...]:
    """Every sample, and the one too large to ship."""
    table = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
    shipped = (
        Expected(
            file,
            entry["kind"],
            entry["profile"],
            entry["decision"],
            tuple(entry["codes"]),
            tuple(entry.get("expect", {}).items()),
        )
        for file, entry in table.items()
    )
    large = Expected(TOO_LARGE, "graduation", "graduation", "rejected", ("file-over-limit",))
    return (*shipped, large)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their argument: some hold the time, and a test needs one name."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something costly run in one process, so that it is made once."""
    for item in items:
        used = COSTLY.keys() & set(getattr(item, "fixturenames", ()))
        if used:
            item.add_marker(pytest.mark.xdist_group(COSTLY[min(used)]))


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of this machine, with the models already open."""
    found = Settings.from_env()
    remedy = None
    try:
        warm_up(found)
        # The tests themselves take every core.
        use_one_core("PYTEST_XDIST_WORKER" in os.environ)
    except ModelError as error:
        remedy = "\n".join(messages("en").error(error))
    if remedy is not None:
        pytest.fail(remedy, pytrace=False)
    return found


Judge = Callable[[Expected], Report]


@pytest.fixture(scope="session")
def judge(settings: Settings) -> Judge:
    """Verify a sample, once in this process."""

    @cache
    def judged(sample: Expected) -> Report:
        return verify(
            sample.read(),
            sample.kind,
            profile=sample.profile,
            name=sample.file,
            context=sample.context,
            settings=settings,
        )

    return judged


@pytest.fixture(scope="session")
def reports(judge: Judge) -> Mapping[Expected, Report]:
    """Every sample's report."""
    return {sample: judge(sample) for sample in expected_samples()}
