"""The results of a batch on disk: ``results.jsonl`` as it grows, ``results.csv`` when it is done.

A row: ``path``, ``kind``, ``sha256`` of the rules it was judged by, ``id``, and ``report`` or
``error``. Names and numbers to compare with are not kept.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from photo_service.errors import UsageError
from photo_service.rows import codes_of, decision_of

RESULTS, TABLE, SUMMARY = "results.jsonl", "results.csv", "summary.html"


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
        """``results.csv``, one line a picture, with a mark that tells spreadsheets it is UTF-8.

        Raises:
            UsageError: it cannot be written.
        """
        path = self.folder / TABLE
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as stream:
                table = csv.writer(stream)
                table.writerow(["path", "id", "kind", "decision", "codes", "reasons"])
                for row in sorted(self.rows, key=lambda row: str(row["path"])):
                    values = (
                        row["path"], row.get("id", ""), row.get("kind", ""), decision_of(row),
                        " ".join(codes_of(row)), " ".join(_reasons(row)),
                    )  # fmt: skip
                    table.writerow([_cell(value) for value in values])
        except OSError as error:
            raise unwritable(path, error) from error

    def _cut_torn_line(self, file: Path) -> None:
        data = file.read_bytes()
        end = data.rfind(b"\n") + 1
        if end < len(data):
            with file.open("r+b") as stream:
                stream.truncate(end)


def _reasons(row: dict[str, Any]) -> list[str]:
    if "error" in row:
        return [str(row["error"]["message"])]
    return [f["message"] for f in row["report"]["findings"] if f["effect"] != "none"]


def _cell(value: str) -> str:
    # A spreadsheet takes these for the start of a formula.
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def unwritable(path: Path, error: OSError) -> UsageError:
    """What to tell when a result cannot be kept."""
    return UsageError("batch-out-unwritable", path=path, why=error.strerror or str(error))
