"""Write docs/codes.md: every code that a portal can meet, with both languages' sentences.

python scripts/codes.py

Codes of findings come from the registry, those of errors from the sources that raise them.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import photo_service.checks  # noqa: F401 - fills the registry
from photo_service import archive, profile
from photo_service.check import TOPICS, Check, registry
from photo_service.errors import PhotoServiceError, ProfileError
from photo_service.image import INPUT_CODES
from photo_service.messages import LANGUAGES, messages

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "codes.md"
# What HTTP can answer with is raised here; `profile` speaks of the operator's rule files.
DOORS = (
    "photo_service.profile",
    "routes.answers",
    "routes.batches",
    "routes.guard",
    "routes.operation",
    "routes.uploads",
    "workers.access",
    "workers.batches",
    "workers.broker",
    "workers.compare",
    "workers.counter",
    "workers.desk",
    "workers.downloads",
    "workers.lists",
    "workers.places",
    "workers.results",
)
# Raised there too, but only for the command line.
COMMANDS_ONLY = {
    ("UsageError", "key-name-taken"),
    ("UsageError", "key-unknown"),
    ("ProfileError", "profile-unknown"),
    ("ProfileError", "profile-unreadable"),
    ("QueueAwayError", "queue-address"),
}
ROW_ERROR = "FileUnreadableError"
SERVICE_REASONS = ("service-crashed", "service-error")
HEADS = "| code | 中文 | English |\n|---|---|---|"

TOP = """# Every code

Made by `python scripts/codes.py`; a test fails when this page is out of date. Do not edit it.

Act on codes, show sentences. A code keeps its meaning for ever; sentences may be reworded. `…`
stands for a number or a word that the report fills in. An arrow begins the advice. How to call the
service: [integrating.md](integrating.md).

1. [Findings on a picture](#1-findings-on-a-picture): `findings[].code` with status `fail` or `warn`
2. [Files that cannot be opened](#2-files-that-cannot-be-opened): the same, of check
   `encoding/readable` or `archive/readable`
3. [Not assessed](#3-not-assessed): `findings[].code` with status `skip` or `error`
4. [Errors of the service](#4-errors-of-the-service): `code` of `application/problem+json`
5. [Rows of a batch without a report](#5-rows-of-a-batch-without-a-report): `error.code`

A finding that passed has the code `ok`.
"""

FINDINGS = """
## 1. Findings on a picture

The verdict follows from `effect`, not from `status`: `reject`, `review` or `none`. Under each check
stands what each profile makes of a *certain* failure. A failure in doubt never does more than
`review`; a warning does nothing.
"""

FILES = """
## 2. Files that cannot be opened

The decision is `rejected`: the bytes cannot be opened as one whole png or jpeg picture, or, for
kinds of archives, as a zip archive. The last two are of members of an archive.

"""

REASONS = """
## 3. Not assessed

Whether this asks for a person is said by `effect`. `service-crashed` and `service-error` are the
service's own fault: the decision is `review`, and the candidate need not do anything.

"""

ERRORS = """
## 4. Errors of the service

No verdict was made. Which of them to try again:
[integrating.md](integrating.md#errors-and-retries).
"""

ROWS = """
## 5. Rows of a batch without a report

The batch goes on; the row is counted as `unreadable`.

"""


def page() -> str:
    """The text of docs/codes.md."""
    parts = [TOP, FINDINGS]
    topic = ""
    for entry in _checks_in_order():
        if entry.topic != topic:
            topic = entry.topic
            parts.append(f"\n### {topic}\n")
        parts.append(_check(entry))
    parts += [FILES, _table("error", (*INPUT_CODES, *archive.INTAKE_CODES, *archive.MEMBER_CODES))]
    reasons = messages(LANGUAGES[0]).keys("reason")
    parts += [REASONS, _table("reason", [*SERVICE_REASONS, *sorted(reasons - {*SERVICE_REASONS})])]
    errors = set(_raised())
    rows = sorted(code for _, code, kind in errors if kind == ROW_ERROR)
    parts.append(ERRORS)
    for status in sorted({status for status, _, kind in errors if kind != ROW_ERROR}):
        codes = sorted({c for s, c, kind in errors if s == status and kind != ROW_ERROR})
        parts.append(f"\n### {status}\n\n{_table('error', codes)}")
    parts += [ROWS, _table("error", [*rows, "path-outside"])]
    return "".join(parts)


def _checks_in_order() -> list[Check]:
    return sorted(registry().values(), key=lambda entry: TOPICS.index(entry.topic))


def _check(entry: Check) -> str:
    titles = " · ".join(messages(lang).get("check", entry.id, "title") for lang in LANGUAGES)
    effects = [
        f"{rules.name}: {line.on_fail}"
        for rules in map(profile.load, profile.shipped())
        for line in rules.lines
        if line.check.id == entry.id
    ]
    head = f"\n**`{entry.id}`** {titles} — {', '.join(effects) or 'in no shipped profile'}\n"
    return f"{head}\n{_table('code', entry.codes)}" if entry.codes else head


def _table(section: str, codes: Iterable[str]) -> str:
    rows = (
        f"| `{code}` | " + " | ".join(_sentence(lang, section, code) for lang in LANGUAGES) + " |"
        for code in codes
    )
    return "\n".join([HEADS, *rows]) + "\n"


def _sentence(language: str, section: str, code: str) -> str:
    text = messages(language)
    message, advice = (text.outline(section, code, field) for field in ("message", "advice"))
    whole = f"{message}<br>→ {advice.strip()}" if advice else message
    return whole.replace("|", "\\|").replace("\n", " ")


def _raised() -> Iterator[tuple[int, str, str]]:
    """HTTP status, code and exception of each error that a door can answer with."""
    for name in DOORS:
        module = importlib.import_module(name)
        tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for status, code, kind in _answers(node, vars(module)):
                    if (kind, code) not in COMMANDS_ONLY:
                        yield status, code, kind
    plain: dict[int, str] = vars(importlib.import_module("routes.answers"))["_PLAIN_CODES"]
    yield from ((status, code, "HTTPException") for status, code in plain.items())


def _answers(call: ast.Call, names: dict[str, object]) -> Iterator[tuple[int, str, str]]:
    called = ast.unparse(call.func)
    if called == "problem":
        status, code = (ast.unparse(node) for node in call.args[1:3])
        if status.isdigit():
            yield int(status), ast.literal_eval(code), called
        return
    if called in {"read.error", "self.error"}:
        called = "ProfileError"
    kind: object = names
    for part in called.split("."):
        kind = kind.get(part) if isinstance(kind, dict) else getattr(kind, part, None)
    if isinstance(kind, type) and issubclass(kind, PhotoServiceError) and call.args:
        # A rule file is the operator's to mend: the API says so with 503.
        status = 503 if issubclass(kind, ProfileError) else kind.http_status
        for code in _texts(call.args[0]):
            yield status, code, kind.__name__


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
