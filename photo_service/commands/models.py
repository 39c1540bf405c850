"""``models``: bring the learned models, look whether they are right, list them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from models.store import Asset, ModelStore, ModelStoreError, PullProgress
from photo_service.commands.faults import tell_error
from photo_service.errors import ModelError
from photo_service.messages import Messages
from photo_service.render.text import PlainConsole
from photo_service.render.values import file_size
from photo_service.settings import Settings


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Pull, verify or list the models."""
    with as_model_error():
        store = ModelStore(settings.models_dir, settings.models_source)
    action = {"pull": _pull, "verify": _verify, "list": _list}[arguments.action]
    return action(store, PlainConsole(), text)


@contextmanager
def as_model_error() -> Iterator[None]:
    """The store knows nothing of us: give its errors their exit code.

    Raises:
        ModelError: for any `ModelStoreError` raised inside.
    """
    try:
        yield
    except ModelStoreError as error:
        raise ModelError(error.code, **error.facts) from error


def _pull(store: ModelStore, console: PlainConsole, text: Messages) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    errors = PlainConsole(stderr=True)
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:

        def report(progress: PullProgress) -> None:
            if progress.source not in tasks:
                tasks[progress.source] = bar.add_task(progress.source)
            task = tasks[progress.source]
            bar.update(task, completed=progress.done, total=progress.total or None)

        with as_model_error():
            brought = store.pull(report)
    for asset in brought:
        console.print(text.ui("models_brought", file=asset.file, size=file_size(asset.size, text)))
    console.print(text.ui("models_ready", directory=store.directory), soft_wrap=True)
    return 0


def _verify(store: ModelStore, console: PlainConsole, text: Messages) -> int:
    code = 0
    for asset in store.assets:
        error = fault_of(store, asset)
        if error is None:
            console.print(Text(f"✔ {asset.file}  sha256 {asset.sha256[:12]}…", style="green"))
        else:
            tell_error(error, text)
            code = ModelError.exit_code
    return code


def _list(store: ModelStore, console: PlainConsole, text: Messages) -> int:
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(overflow="fold")
    for asset in store.assets:
        here = fault_of(store, asset) is None
        table.add_row(
            Text("✔" if here else "✘", style="green" if here else "red"),
            asset.file,
            file_size(asset.size, text),
            f"{asset.official}, {asset.licence}",
        )
    console.print(table)
    console.print(text.ui("models_directory", directory=store.directory), soft_wrap=True)
    return 0


def fault_of(store: ModelStore, asset: Asset) -> ModelError | None:
    """What is wrong with a model's file, after hashing it; ``None`` if nothing."""
    try:
        with as_model_error():
            store.verify(asset.name)
    except ModelError as error:
        return error
    return None
