"""``keys``: make, list and withdraw API keys."""

from __future__ import annotations

import argparse

from rich.table import Table

from photo_service.errors import UsageError
from photo_service.messages import Messages
from photo_service.render.text import PlainConsole
from photo_service.settings import Settings
from workers.access import KeyRing, Role


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Add, list or remove."""
    if settings.keys_file is None:
        raise UsageError("keys-unset")
    ring, console = KeyRing(settings.keys_file), PlainConsole()
    if arguments.action == "list":
        _list(ring, console, text)
        return 0
    if not arguments.name:
        raise UsageError("arguments-missing", prog="photo-service keys", names="NAME")
    if arguments.action == "remove":
        ring.remove(arguments.name)
        console.print(text.ui("key_removed", name=arguments.name))
        return 0
    secret = ring.add(arguments.name, Role(arguments.role))
    console.print(text.ui("key_added", name=arguments.name, role=arguments.role))
    console.print(secret, soft_wrap=True)
    return 0


def _list(ring: KeyRing, console: PlainConsole, text: Messages) -> None:
    keys = ring.keys()
    if not keys:
        console.print(text.ui("keys_none"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_row(text.ui("column_name"), text.ui("column_role"))
    for key in keys:
        table.add_row(key.name, str(key.role))
    console.print(table)
