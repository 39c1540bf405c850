"""``batch`` and ``reverify``: judge many files, keep the results, compare with earlier ones."""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from photo_service.changes import Change, changes, verdict_of
from photo_service.commands.outcomes import Results, read_rows, write_summary
from photo_service.commands.runners import Runner, Task, local, queued
from photo_service.errors import FileUnreadableError, UsageError
from photo_service.messages import Messages
from photo_service.profile import Profile, resolve
from photo_service.render.text import PlainConsole
from photo_service.rows import UNREADABLE, codes_of, decision_of
from photo_service.settings import Settings
from workers.lists import Item, read_manifest

DECISIONS = ("accepted", "rejected", "review", UNREADABLE)
_EXIT_CODES = {"accepted": 0, "review": 11, "rejected": 10}
_GRAVITY = (0, 11, 10, FileUnreadableError.exit_code)
_QUIET_S = 10.0


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Judge a folder or a list; returns the gravest exit code."""
    rules = _Rules(arguments.kind, arguments.profile, settings)
    out = Path(arguments.out)
    tasks = list(_tasks(arguments.sources, rules, out))
    if not tasks:
        raise UsageError("batch-source", source=", ".join(arguments.sources))
    return _judge(tasks, arguments, settings, text, before=None)


def run_again(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Judge the pictures of earlier results again and tell what changed."""
    old = Path(arguments.old)
    before = list(read_rows(old))
    if not before:
        raise UsageError("reverify-source", file=old, line=1)
    folder = settings.profiles_dir
    rules = {kind: resolve(kind, arguments.profile, folder) for kind in set(map(_kind, before))}
    tasks = [
        _task(row["path"], Path(row.get("file") or row["path"]), rules[_kind(row)], row)
        for row in before
    ]
    return _judge(tasks, arguments, settings, text, before=before)


def _judge(
    tasks: Sequence[Task],
    arguments: argparse.Namespace,
    settings: Settings,
    text: Messages,
    *,
    before: Sequence[dict[str, Any]] | None,
) -> int:
    runner: Runner
    if arguments.queue:
        runner = queued(settings, text.language)
    else:
        runner = local(settings, text.language, max(arguments.jobs or os.cpu_count() or 1, 1))
    results = Results(Path(arguments.out), resume=arguments.resume)
    try:
        wanted = {task.key: task for task in tasks}
        _refuse_other_rules(results, wanted)
        done = {_key(row) for row in results.rows}
        left = [task for key, task in wanted.items() if key not in done]
        # What a person decided outlasts a change of rules.
        words = {
            (str(row["path"]), _kind(row), str(row.get("id", ""))): {"overrule": row["overrule"]}
            for row in before or ()
            if "overrule" in row
        }
        with _progress(len(wanted), len(wanted) - len(left), text) as advance:
            for task, answer in runner(left):
                results.add({**task.row(answer), **words.get(task.key, {})})
                advance(decision_of(results.rows[-1]))
    finally:
        results.close()
    results.write_table()
    change = None
    if before is not None:
        change = changes(map(verdict_of, before), map(verdict_of, results.rows))
    write_summary(results.folder, results.rows, settings, text, change)
    _tell(results, text, change)
    codes = {_EXIT_CODES.get(decision_of(row), 3) for row in results.rows}
    return max(codes, key=_GRAVITY.index)


# --- what to judge -------------------------------------------------------------------------------


class _Rules:
    """The rules of each kind, read once."""

    def __init__(self, kind: str, profile: str | None, settings: Settings) -> None:
        self._folder = settings.profiles_dir
        self._default = resolve(kind, profile, self._folder)

    def of(self, kind: str, profile: str) -> Profile:
        """The rules of a row, the batch's own if it names none."""
        if (not kind or kind == self._default.kind) and not profile:
            return self._default
        return resolve(kind or self._default.kind, profile or None, self._folder)


def _tasks(sources: Iterable[str], rules: _Rules, out: Path) -> Iterator[Task]:
    for source in sources:
        path = Path(source)
        if path.is_dir():
            for file in _pictures(path, out):
                yield _task(str(file.relative_to(path)), file, rules.of("", ""), {})
        elif path.suffix.lower() == ".csv":
            yield from _listed(path, rules)
        elif path.exists():
            yield _task(source, path, rules.of("", ""), {})
        else:
            raise FileUnreadableError("path-missing", file=path)


def _pictures(folder: Path, out: Path) -> Iterator[Path]:
    """Every file below a folder, in order; hidden ones and our own results are left out."""
    ours = out.resolve()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and (Path(place) / f).resolve() != ours
        )
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(place) / name


def _listed(manifest: Path, rules: _Rules) -> Iterator[Task]:
    try:
        items: list[Item] = read_manifest(manifest.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError("manifest-encoding") from error
    except OSError as error:
        raise FileUnreadableError(
            "path-unreadable", file=manifest, why=error.strerror or str(error)
        ) from error
    folder = manifest.parent
    for item in items:
        profile = rules.of(item.kind, item.profile)
        yield Task(
            path=item.path,
            file=folder / item.path,
            rules=profile.source.encode(),
            rules_name=profile.name,
            id=item.id,
            reference=folder / item.reference if item.reference else None,
            name=item.name,
            number=item.number,
            type=item.type,
        )


def _task(path: str, file: Path, profile: Profile, row: dict[str, Any]) -> Task:
    return Task(
        # Bytes that are no text become question marks in what people read.
        path=path.encode("utf-8", "replace").decode(),
        file=file,
        rules=profile.source.encode(),
        rules_name=profile.name,
        id=str(row.get("id", "")),
    )


def _kind(row: dict[str, Any]) -> str:
    return str(row.get("kind") or row["report"]["kind"])


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return str(row["path"]), str(row.get("kind", "")), str(row.get("id", ""))


def _refuse_other_rules(results: Results, wanted: dict[tuple[str, str, str], Task]) -> None:
    for row in results.rows:
        task = wanted.get(_key(row))
        if task is None or "report" not in row:
            continue
        if row["report"]["profile"]["sha256"] != task.profile.sha256:
            raise UsageError("batch-other-rules", folder=results.folder)


# --- what the terminal shows -------------------------------------------------------------------


@contextmanager
def _progress(total: int, done: int, text: Messages) -> Iterator[Any]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Task as Bar,
    )

    class Rate(ProgressColumn):
        def render(self, task: Bar) -> Text:
            return Text(text.ui("rate", rate=f"{task.speed or 0:.1f}"))

    console = PlainConsole(stderr=True)
    counts: Counter[str] = Counter()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        name = text.ui("progress_check")
        task = bar.add_task(name, total=total, completed=done, counts="")
        last = time.monotonic()

        def advance(decision: str) -> None:
            nonlocal last
            counts[decision] += 1
            shown = "  ".join(f"{_word(d, text)} {counts[d]}" for d in DECISIONS if counts[d])
            bar.update(task, advance=1, counts=shown)
            if not console.is_terminal and time.monotonic() - last >= _QUIET_S:
                last = time.monotonic()
                console.print(f"{done + counts.total()}/{total}")

        yield advance


@cache
def _word(decision: str, text: Messages) -> str:
    return text.ui(f"decision_{decision}")


def _tell(results: Results, text: Messages, change: Change | None) -> None:
    console = PlainConsole()
    counts = Counter(decision_of(row) for row in results.rows)
    parts = [f"{_word(d, text)} {counts[d]}" for d in DECISIONS if counts[d]]
    console.print(Text(text.ui("list_separator").join(parts), style="bold"))
    reasons = Counter(code for row in results.rows for code in codes_of(row))
    for code, count in reasons.most_common(10):
        console.print(f"{count:>7}  {code}")
    if change is not None:
        _tell_change(console, change, text)
    console.print(text.ui("batch_written", folder=results.folder), soft_wrap=True)


def _tell_change(console: PlainConsole, change: Change, text: Messages) -> None:
    shown = [d for d in DECISIONS if any(d in step for step in change.matrix)]
    table = Table(title=text.ui("change_title"), title_justify="left")
    table.add_column(text.ui("change_corner"))
    for new in shown:
        table.add_column(_word(new, text), justify="right")
    for old in shown:
        cells = [str(change.matrix[old, new] or "·") for new in shown]
        table.add_row(_word(old, text), *cells)
    console.print(table)
    if not change.decided:
        console.print(text.ui("change_none"))
    for code in sorted(change.gained | change.lost):
        console.print(f"  {code}  +{change.gained[code]} −{change.lost[code]}")
