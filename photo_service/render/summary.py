"""``summary.html``: a batch on one page, without a network or scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from photo_service.errors import PhotoServiceError
from photo_service.messages import Messages
from photo_service.profile import resolve
from photo_service.render.overlay import EXTENSION, draw_overlay
from photo_service.rows import UNREADABLE, codes_of, decision_of, stops_of
from photo_service.service import examine
from photo_service.settings import Settings
from photo_service.version import __version__

# Overlays take a tenth of a second each to draw; a person looks at the first few.
MOST_OVERLAYS = 24
MOST_ROWS = 2000
MOST_REASONS = 20
_DECISIONS = ("rejected", "review", UNREADABLE, "accepted")
_FOLDER = "overlays"


@dataclass(frozen=True, slots=True)
class Change:
    """How verdicts moved between two runs.

    Attributes:
        matrix: (old verdict, new verdict) → pictures.
        gained, lost: code → pictures that have it now and had it not, and the reverse.
        moved: path, old and new verdict of each picture whose verdict changed.
    """

    matrix: Counter[tuple[str, str]]
    gained: Counter[str]
    lost: Counter[str]
    moved: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    path: str
    decision: str
    reasons: list[Mapping[str, Any]]
    overlay: str


def write_summary(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    settings: Settings,
    text: Messages,
    change: Change | None = None,
) -> Path:
    """Write the page and the overlays of the worst pictures beside it.

    Args:
        folder: of the batch.
        rows: its results.
        settings: for drawing.
        text: the language.
        change: how verdicts moved, for a second run over the same pictures.

    Returns:
        The page.
    """
    order = {decision: n for n, decision in enumerate(_DECISIONS)}
    worst = sorted(rows, key=lambda row: (order[decision_of(row)], str(row["path"])))
    overlays = _draw(folder, worst, settings, text)
    shown = [
        _Shown(str(row["path"]), decision_of(row), stops_of(row), overlays.get(id(row), ""))
        for row in worst[:MOST_ROWS]
    ]
    counts = Counter(decision_of(row) for row in rows)
    codes = Counter(code for row in rows for code in codes_of(row))
    environment = Environment(
        loader=PackageLoader("photo_service.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("summary.html").render(
        ui=text.ui,
        language=text.language,
        total=len(rows),
        counts=[(decision, counts[decision]) for decision in _DECISIONS if counts[decision]],
        codes=[(code, _title(code, text), n) for code, n in codes.most_common(MOST_REASONS)],
        most=max(codes.values(), default=1),
        shown=shown,
        left_out=len(rows) - len(shown),
        change=change,
        decisions=_DECISIONS,
        version=__version__,
        profiles=sorted(
            {(r["report"]["profile"]["name"], r["report"]["profile"]["sha256"][:12])
             for r in rows if "report" in r}
        ),
    )  # fmt: skip
    path = folder / "summary.html"
    path.write_text(page, encoding="utf-8")
    return path


def _title(code: str, text: Messages) -> str:
    for section in ("code", "error", "reason"):
        if text.has(section, code):
            return text.outline(section, code, "message")
    return code


def _draw(
    folder: Path, worst: Sequence[dict[str, Any]], settings: Settings, text: Messages
) -> dict[int, str]:
    """Overlays of the worst pictures that are still there, as paths relative to the page."""
    drawn: dict[int, str] = {}
    wanted = [r for r in worst if "report" in r and r["report"]["decision"] != "accepted"]
    for row in wanted[:MOST_OVERLAYS]:
        name = f"{_FOLDER}/{len(drawn) + 1:03}.{EXTENSION}"
        try:
            data = Path(row.get("file") or row["path"]).read_bytes()
            about = row["report"]["profile"]
            rules = resolve(row["report"]["kind"], None, settings.profiles_dir)
            if rules.sha256 != about["sha256"]:
                rules = resolve(row["report"]["kind"], about["name"], settings.profiles_dir)
            examination = examine(data, rules.kind, profile=rules, settings=settings)
            picture = draw_overlay(examination, text.language, font=settings.font)
            (folder / _FOLDER).mkdir(exist_ok=True)
            (folder / name).write_bytes(picture)
        except (OSError, PhotoServiceError):
            # Moved since, or judged by a rule file that is not at hand: the reasons still stand.
            continue
        drawn[id(row)] = name
    return drawn
