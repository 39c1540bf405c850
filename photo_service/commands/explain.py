"""``explain`` and ``list``: what is checked, why, and by which limits."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from rich.table import Table
from rich.text import Text

from photo_service import profile as profiles
from photo_service.check import TOPICS, Band, Check, Range, registry
from photo_service.errors import UsageError
from photo_service.messages import Messages
from photo_service.profile import Line, Profile
from photo_service.render.text import PlainConsole
from photo_service.render.values import permitted
from photo_service.render.wrapping import wrap
from photo_service.settings import Settings

_WIDEST = 100


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Explain one check, asked for by its id or by the code of a defect."""
    rules = [profiles.load(name) for name in profiles.shipped()]
    check = _find(arguments.check)
    console = PlainConsole()
    for line in _explain(check, rules, text):
        indent = len(line.plain) - len(line.plain.lstrip())
        width = min(console.width, _WIDEST) - indent
        for part in wrap(line.plain[indent:], width):
            console.print(Text(" " * indent + part, style=line.style), soft_wrap=True)
    return 0


def run_list(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Print all checks by topic, with the profiles that use them."""
    rules = [profiles.load(name) for name in profiles.shipped()]
    console = PlainConsole()
    for topic in TOPICS:
        checks = [check for check in registry().values() if check.topic == topic]
        if not checks:
            continue
        table = Table.grid(padding=(0, 2))
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(style="dim", overflow="fold")
        for check in checks:
            used = [rule.name for rule in rules if _line(rule, check)]
            table.add_row(
                f"  {check.id}", text.get("check", check.id, "title"), ", ".join(used) or "–"
            )
        console.print(Text(text.ui(f"topic_{topic}"), style="bold"))
        console.print(table)
        console.print()
    return 0


def _find(wanted: str) -> Check:
    for check in registry().values():
        if wanted == check.id or wanted in check.codes:
            return check
    known = [*registry(), *(code for check in registry().values() for code in check.codes)]
    close = get_close_matches(wanted, known, n=3) or [name for name in known if wanted in name][:3]
    raise UsageError("check-unknown", check=repr(wanted), close=", ".join(close) or "–")


def _line(rules: Profile, check: Check) -> Line | None:
    return next((line for line in rules.lines if line.check is check), None)


def _explain(check: Check, rules: list[Profile], text: Messages) -> Iterator[Text]:
    yield Text(f"{check.id}  {text.get('check', check.id, 'title')}", style="bold")
    yield Text(text.outline("check", check.id, "wanted"))
    yield Text()
    if check.codes:
        yield Text(text.ui("explain_codes"), style="bold")
    for code in check.codes:
        yield Text(f"  {code}", style="cyan")
        yield Text("    " + text.outline("code", code, "message"))
        if advice := text.outline("code", code, "advice"):
            yield Text("    " + text.ui("fix", advice=advice))
    clauses: dict[str, None] = {}
    for rule in rules:
        line = _line(rule, check)
        if line is not None:
            clauses[line.clause] = None
            yield Text()
            yield Text(f"{text.ui('profile')} {rule.name}", style="bold")
            effects = text.ui(f"on_fail_{line.on_fail}"), text.ui(f"on_skip_{line.on_skip}")
            yield Text("  " + text.ui("list_separator_wide").join(effects))
            for name, limit in line.limits.items():
                yield from _limit(f"  {name}", limit, text)
    if not clauses:
        yield Text()
        yield Text(text.ui("explain_unused"))
    for clause in clauses:
        yield Text()
        yield Text(text.get("clause", clause, "cite"), style="bold")
        yield Text("  " + text.get("clause", clause, "text"))
    yield Text()
    yield Text(text.ui("explain_doc"), style="bold")
    for row in check.doc.splitlines():
        yield Text(f"  {row}".rstrip())


def _limit(name: str, limit: Any, text: Messages) -> Iterator[Text]:
    if isinstance(limit, Band):
        parts = [text.ui("limit_accept", range=permitted(limit.accept, "", text))]
        if limit.warn != limit.accept:
            parts.append(text.ui("limit_warn", range=permitted(limit.warn, "", text)))
        if limit.review != limit.warn:
            parts.append(text.ui("limit_review", range=permitted(limit.review, "", text)))
        yield Text(f"{name}: " + text.ui("list_separator_wide").join(parts))
    elif isinstance(limit, Range | tuple):
        yield Text(f"{name}: {permitted(limit, '', text)}")
    elif isinstance(limit, Mapping):
        yield Text(f"{name}:")
        for key, value in limit.items():
            yield from _limit(f"    {key}", value, text)
    else:
        yield Text(f"{name}: {limit:g}")
