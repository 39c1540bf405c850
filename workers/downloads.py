"""A batch's results as files to download, made piece by piece."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import chain, islice

from photo_service.messages import Messages
from photo_service.render.summary import DECISIONS, MOST_ROWS, Shown, Totals, summary_page
from photo_service.rows import BYTE_ORDER_MARK, COLUMNS, cells_of
from workers.batches import Batches

# Rows in one piece.
PIECE = 100


def table(batches: Batches, batch_id: str) -> Iterator[bytes]:
    """``results.csv``: one line a picture, in the order of the list."""
    yield (BYTE_ORDER_MARK + _lines([list(COLUMNS)])).encode()
    rows = batches.results.rows(batch_id)
    while piece := list(islice(rows, PIECE)):
        yield _lines([cells_of(row) for row in piece]).encode()


def lines(batches: Batches, batch_id: str) -> Iterator[bytes]:
    """``results.jsonl``: one row a line, in the order of the list, as `reverify` reads it."""
    rows = batches.results.rows(batch_id)
    while piece := list(islice(rows, PIECE)):
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in piece).encode()


def summary(batches: Batches, batch_id: str, text: Messages) -> str:
    """``summary.html``: the worst pictures, without their annotated pictures."""
    results = batches.results
    marks = results.marks(batch_id)
    numbers = chain.from_iterable(results.numbers(batch_id, [f"decision/{d}"]) for d in DECISIONS)
    shown = [Shown(row) for row in results.rows(batch_id, list(islice(numbers, MOST_ROWS)))]
    totals = Totals(
        counts={d: marks.get(f"decision/{d}", 0) for d in DECISIONS},
        codes={m.removeprefix("code/"): n for m, n in marks.items() if m.startswith("code/")},
        overruled=marks.get("overruled", 0),
    )
    return summary_page(shown, totals, text)


def _lines(table: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue()
