"""Lists of pictures as staff hand them in: CSV, JSON, or the name of a folder."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from photo_service.errors import UsageError

COLUMNS = ("path", "kind", "profile", "reference", "name", "number", "type", "id")

_ITEMS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["items"],
    "properties": {
        "items": {
            "type": "array",
            "minItems": 1,
            "items": {
                "oneOf": [
                    {"type": "string", "minLength": 1},
                    {
                        "type": "object",
                        "required": ["path"],
                        "properties": {name: {"type": "string"} for name in COLUMNS},
                        "additionalProperties": False,
                    },
                ]
            },
        }
    },
    "additionalProperties": False,
}
_FOLDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["folder"],
    "properties": {
        "root": {"type": "integer", "minimum": 0, "default": 0},
        "folder": {"type": "string"},
    },
    "additionalProperties": False,
}
# How OpenAPI describes what `read_json` and `read_table` take.
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_ITEMS_SCHEMA, _FOLDER_SCHEMA]},
                "example": {"items": ["2026/0001.jpg", {"path": "2026/0002.jpg", "id": "0002"}]},
            },
            "text/csv": {
                "schema": {"type": "string"},
                "example": "path,kind,reference,name,number\n2026/0001.jpg,graduation,,,\n",
            },
        },
    }
}


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a batch: where it is and what is known of it.

    Attributes:
        path: below one of the roots, or a URL that begins with one.
        kind, profile: the batch's own when empty.
        reference: where a photo of the same person already on file is.
        name, number, type: what the candidate entered.
        id: the caller's own mark, returned with the result.
    """

    path: str
    kind: str = ""
    profile: str = ""
    reference: str = ""
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    type: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """All pictures below a folder; ``root`` is the number of the root it lies below."""

    root: int
    folder: str


def read_json(body: bytes) -> list[Item] | Folder:
    """A list, ``{"items": [path or object, …]}``, or ``{"root": 0, "folder": "…"}``.

    Raises:
        UsageError: it is neither.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError("json-bad") from error
    if not isinstance(given, dict):
        raise UsageError("batch-items")
    root, folder = given.get("root", 0), given.get("folder")
    if given.keys() <= {"root", "folder"} and type(root) is int and isinstance(folder, str):
        return Folder(root, folder)
    if set(given) != {"items"} or not isinstance(given["items"], list):
        raise UsageError("batch-items")
    items = []
    for number, item in enumerate(given["items"], 1):
        if not isinstance(item, str | dict):
            raise UsageError("batch-items")
        items.append(item_of({"path": item} if isinstance(item, str) else item, number))
    return items


def read_table(body: bytes) -> list[Item]:
    """A CSV manifest in UTF-8; see `read_manifest`.

    Raises:
        UsageError: ``manifest-encoding``, or it is no manifest.
    """
    try:
        return read_manifest(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError("manifest-encoding") from error


def read_manifest(text: str) -> list[Item]:
    """A CSV manifest with a heading; ``path`` must be there, the other columns of `Item` may.

    Raises:
        UsageError: a column is unknown or ``path`` is missing; names the row.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline=None)
    rows = csv.DictReader(lines, skipinitialspace=True)
    try:
        return _read_rows(rows)
    except csv.Error as error:
        raise UsageError("manifest-row", row=rows.line_num + 1) from error


def _read_rows(rows: csv.DictReader[str]) -> list[Item]:
    columns = [str(name).strip().lower() for name in rows.fieldnames or ()]
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown or "path" not in columns:
        raise UsageError(
            "manifest-columns", columns=", ".join(unknown) or "–", known=", ".join(COLUMNS)
        )
    rows.fieldnames = columns
    items = []
    for row in rows:
        if None in row:
            raise UsageError("manifest-row", row=rows.line_num)
        values = {name: (value or "").strip() for name, value in row.items()}
        if any(values.values()):
            items.append(item_of(values, rows.line_num))
    return items


def item_of(values: dict[str, Any], row: int) -> Item:
    """One item from a table row or a JSON object.

    Raises:
        UsageError: ``path`` is empty, or a value is no text.
    """
    odd = [n for n, value in values.items() if n not in COLUMNS or not isinstance(value, str)]
    if odd:
        raise UsageError(
            "manifest-columns", columns=", ".join(sorted(odd)), known=", ".join(COLUMNS)
        )
    if not values.get("path"):
        raise UsageError("manifest-row", row=row)
    return Item(**values)
