"""Every sentence a person reads, from ``zh*.toml`` and ``en*.toml``.

A language may spread over several files (``zh.toml``, ``zh.ui.toml``); no key is given twice.
Layout of a message file::

    [check."topic/name"]            title, wanted, pass: about the check
    [code.some-defect]              message, advice: about one defect
    [reason.some-reason]            message: why a check was skipped
    [error.some-error]              message, advice: why we could not look
    [clause.some-clause]            cite, text
    [evidence.some-defect]          weight, means: what a sign of editing is worth
    [word]                          single words that fill placeholders
    [ui]                            labels of tables, pictures and pages
    [console], [staff]              what the console says to candidates and clerks, and to staff
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Formatter
from types import MappingProxyType
from typing import Any

from photo_service.errors import PhotoServiceError, UsageError

LANGUAGES = ("zh", "en")


class Messages:
    """The sentences of one language."""

    def __init__(self, language: str, table: Mapping[str, Any]) -> None:
        self.language = language
        self._table = table

    def has(self, section: str, key: str, field: str | None = None) -> bool:
        """Whether a sentence exists."""
        entry = self._table.get(section, {}).get(key)
        return entry is not None and (field is None or field in entry)

    def keys(self, section: str) -> frozenset[str]:
        """All keys of a section."""
        return frozenset(self._table.get(section, {}))

    def section(self, name: str) -> Mapping[str, Any]:
        """A section as written, its placeholders open; empty when there is none."""
        return MappingProxyType(self._table.get(name, {}))

    def ui(self, key: str, /, **facts: object) -> str:
        """A label."""
        return self._fill(self._table["ui"][key], facts)

    def word(self, key: str) -> str:
        """A word that fills a placeholder; an unknown one stands for itself.

        Several words are joined with ``+`` and become a list.
        """
        words, parts = self._table["word"], key.split("+")
        if len(parts) > 1 and all(part in words for part in parts):
            return self.ui("list_separator").join(words[part] for part in parts)
        return str(words.get(key, key))

    def get(self, section: str, key: str, field: str, /, **facts: object) -> str:
        """A sentence with its placeholders filled; ``""`` when that field is left out."""
        return self._fill(self._table[section][key].get(field, ""), facts)

    def outline(self, section: str, key: str, field: str) -> str:
        """A sentence with ``…`` for each placeholder: what it says of any picture."""
        template = self._table[section][key].get(field, "")
        return "".join(
            literal + ("…" if name is not None else "")
            for literal, name, _, _ in Formatter().parse(template)
        )

    def error(self, error: PhotoServiceError) -> tuple[str, str]:
        """Message and advice of an error."""
        return (
            self.get("error", error.code, "message", **error.facts),
            self.get("error", error.code, "advice", **error.facts),
        )

    def _fill(self, template: str, facts: Mapping[str, object]) -> str:
        if "{" not in template:
            return template
        words = {k: self.word(v) if isinstance(v, str) else v for k, v in facts.items()}
        return template.format(**words)


@cache
def messages(language: str) -> Messages:
    """The sentences of ``zh`` or ``en``.

    Raises:
        UsageError: another language was asked for.
    """
    if language not in LANGUAGES:
        raise UsageError("language-unknown", language=language, known=", ".join(LANGUAGES))
    table: dict[str, dict[str, Any]] = {}
    folder = resources.files("photo_service.messages")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.startswith(f"{language}.") and file.name.endswith(".toml"):
            for section, entries in tomllib.loads(file.read_text("utf-8")).items():
                known = table.setdefault(section, {})
                if twice := known.keys() & entries.keys():
                    raise ValueError(f"{file.name}: [{section}] {min(twice)} is given twice")
                known.update(entries)
    return Messages(language, table)
