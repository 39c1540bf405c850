"""The results of a batch on disk: ``results.jsonl`` as it grows, the rest when it is done.

A row: ``path``, ``file``, ``kind``, ``id``, and ``report`` or ``error``; see `photo_service.rows`.
Names and numbers to compare with are not kept.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from photo_service.changes import Change
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.messages import Messages
from photo_service.profile import resolve
from photo_service.render.overlay import EXTENSION, draw_overlay
from photo_service.render.summary import MOST_ROWS, Shown, Totals, summary_page, worst_first
from photo_service.rows import BYTE_ORDER_MARK, COLUMNS, OVERRULE, cells_of, decision_of
from photo_service.service import examine
from photo_service.settings import Settings

RESULTS, TABLE, SUMMARY = "results.jsonl", "results.csv", "summary.html"
_OVERLAYS = "overlays"
# Overlays take a tenth of a second each to draw; a person looks at the first few.
MOST_OVERLAYS = 24


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """All rows of a results file; a last line that was cut off is left out.

    Raises:
        UsageError: a line is no result; names it.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(
            "batch-out-unwritable", path=file, why=error.strerror or str(error)
        ) from error
    whole, _, _ = data.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n") if whole else (), 1):
        try:
            row = json.loads(line)
            if not isinstance(row["path"], str) or not ("report" in row or "error" in row):
                raise ValueError
            decision_of(row)
            if "overrule" in row and not all(isinstance(row["overrule"][n], str) for n in OVERRULE):
                raise ValueError
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError("reverify-source", file=file, line=number) from error
        yield row


class Results:
    """The folder of one batch.

    Args:
        folder: made if it is not there.
        resume: go on with results that are there.

    Raises:
        UsageError: ``batch-out-taken``, ``batch-out-unwritable``, or the results are damaged.
    """

    def __init__(self, folder: Path, *, resume: bool) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = []
        file = folder / RESULTS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if file.exists() and not resume:
                raise UsageError("batch-out-taken", folder=folder)
            if file.exists():
                self.rows = list(read_rows(file))
                self._cut_torn_line(file)
            self._stream: IO[bytes] = file.open("ab")
        except OSError as error:
            raise unwritable(file, error) from error

    def add(self, row: dict[str, Any]) -> None:
        """Keep one more row; it is in the system's hands when this returns.

        Raises:
            UsageError: it cannot be written.
        """
        try:
            self._stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            self._stream.flush()
        except OSError as error:
            raise unwritable(self.folder / RESULTS, error) from error
        self.rows.append(row)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def write_table(self) -> None:
        """``results.csv``, one line a picture.

        Raises:
            UsageError: it cannot be written.
        """
        path = self.folder / TABLE
        try:
            with path.open("w", encoding="utf-8", newline="") as stream:
                stream.write(BYTE_ORDER_MARK)
                table = csv.writer(stream)
                table.writerow(COLUMNS)
                table.writerows(map(cells_of, sorted(self.rows, key=lambda r: str(r["path"]))))
        except OSError as error:
            raise unwritable(path, error) from error

    def _cut_torn_line(self, file: Path) -> None:
        data = file.read_bytes()
        end = data.rfind(b"\n") + 1
        if end < len(data):
            with file.open("r+b") as stream:
                stream.truncate(end)


def write_summary(
    folder: Path,
    rows: Sequence[dict[str, Any]],
    settings: Settings,
    text: Messages,
    change: Change | None = None,
) -> None:
    """Write ``summary.html`` and the annotated pictures of the worst beside it.

    Args:
        folder: of the batch.
        rows: its results.
        settings: for drawing.
        text: the language.
        change: how verdicts moved, for a second run over the same pictures.
    """
    worst = worst_first(rows)
    overlays = _draw(folder, worst, settings, text)
    shown = [Shown(row, overlays.get(id(row), "")) for row in worst[:MOST_ROWS]]
    page = summary_page(shown, Totals.of(rows), text, change)
    (folder / SUMMARY).write_text(page, encoding="utf-8")


def _draw(
    folder: Path, worst: Sequence[dict[str, Any]], settings: Settings, text: Messages
) -> dict[int, str]:
    """Overlays of the worst pictures that are still there, as paths relative to the page."""
    drawn: dict[int, str] = {}
    wanted = [r for r in worst if "report" in r and r["report"]["decision"] != "accepted"]
    for row in wanted[:MOST_OVERLAYS]:
        name = f"{_OVERLAYS}/{len(drawn) + 1:03}.{EXTENSION}"
        try:
            data = Path(row.get("file") or row["path"]).read_bytes()
            about = row["report"]["profile"]
            rules = resolve(row["report"]["kind"], None, settings.profiles_dir)
            if rules.sha256 != about["sha256"]:
                rules = resolve(row["report"]["kind"], about["name"], settings.profiles_dir)
            examination = examine(data, rules.kind, profile=rules, settings=settings)
            picture = draw_overlay(examination, text.language, font=settings.font)
            (folder / _OVERLAYS).mkdir(exist_ok=True)
            (folder / name).write_bytes(picture)
        except (OSError, PhotoServiceError):
            # Moved since, or judged by a rule file that is not at hand: the reasons still stand.
            continue
        drawn[id(row)] = name
    return drawn


def unwritable(path: Path, error: OSError) -> UsageError:
    """What to tell when a result cannot be kept."""
    return UsageError("batch-out-unwritable", path=path, why=error.strerror or str(error))
