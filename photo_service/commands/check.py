"""``check``: judge files, one report each."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from photo_service.commands.faults import tell_error, tell_fault
from photo_service.context import MOST_CHARACTERS, Context, Fields
from photo_service.errors import FileUnreadableError, PhotoServiceError, UsageError
from photo_service.messages import Messages
from photo_service.profile import Profile, resolve
from photo_service.render.text import PlainConsole, print_report, print_summary
from photo_service.report import Decision
from photo_service.service import Examination, examine, examine_set, warm_up
from photo_service.settings import Settings

if TYPE_CHECKING:
    from photo_service.render.printed import Sheet

STDIN = "-"
# Nothing that is a photo; reading on would only fill the memory.
MOST_BYTES = 1 << 30
# More files than this get a progress bar.
_FEW = 10
_EXIT_CODES = {Decision.ACCEPTED: 0, Decision.REJECTED: 10, Decision.REVIEW: 11}
# Of a batch's codes the last one here that occurred is the command's.
_GRAVITY = (0, 11, 10, FileUnreadableError.exit_code, PhotoServiceError.exit_code)

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Judge the files in their order; returns the gravest exit code."""
    files: list[str] = arguments.files
    if files.count(STDIN) > 1:
        raise UsageError("stdin-twice")
    rules = resolve(arguments.kind, arguments.profile)
    overlays = None if arguments.overlay is None else Overlays(arguments.overlay, settings, text)
    context = _context(arguments)
    sheets = None if arguments.report is None else Sheets(arguments.report, context, settings, text)
    # Models missing: better said before the first report than between two.
    warm_up(settings, rules.kind)
    batch = _Batch(rules, settings, text, overlays, context, together=arguments.together)
    with _progress(len(files), text, as_json=arguments.json) as (console, advance):
        units = [files] if arguments.together else [[file] for file in files]
        show = _printer(arguments, console, text, alone=len(units) == 1)
        for unit in units:
            batch.add(unit, show if sheets is None else sheets.after(show))
            advance()
        if len(batch.decisions) > 1 and not arguments.json:
            print_summary(console, batch.decisions, text)
    if sheets is not None:
        sheets.write()
    return max(batch.codes, key=_GRAVITY.index)


def _context(arguments: argparse.Namespace) -> Context:
    """What the caller knows besides the pictures; the same for all of them."""
    for option in (arguments.expect_name, arguments.expect_number, arguments.expect_type):
        if len(option) > MOST_CHARACTERS:
            raise UsageError("expectation-long", limit=MOST_CHARACTERS)
    reference = arguments.reference
    return Context(
        expect_name=arguments.expect_name,
        expect_number=arguments.expect_number,
        expect_type=arguments.expect_type,
        reference=None if reference is None else read_bytes(reference),
        fields=Fields(arguments.fields),
    )


class Overlays:
    """The folder that overlay pictures go to; each picture gets a name of its own.

    Raises:
        UsageError: the folder cannot be made.
    """

    def __init__(self, folder: str, settings: Settings, text: Messages) -> None:
        self._folder = Path(folder)
        self._settings = settings
        self._text = text
        self._taken: set[str] = set()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error

    def write(self, file: str, examination: Examination) -> Path:
        """Draw and save one overlay, and the evidence beside it; returns where the overlay is.

        Raises:
            UsageError: it cannot be saved.
        """
        from photo_service.render.evidence import draw_evidence
        from photo_service.render.overlay import EXTENSION, draw_overlay

        drawn = draw_overlay(examination, self._text.language, font=self._settings.font)
        evidence = draw_evidence(examination, self._text.language, font=self._settings.font)
        stem = self._free_stem(Path(file).stem)
        path = self._folder / f"{stem}.overlay.{EXTENSION}"
        try:
            path.write_bytes(drawn)
            if evidence is not None:
                (self._folder / f"{stem}.evidence.{EXTENSION}").write_bytes(evidence)
        except OSError as error:
            raise _unwritable(path, error) from error
        return path

    def _free_stem(self, stem: str) -> str:
        free, number = stem, 1
        while free.casefold() in self._taken:
            number += 1
            free = f"{stem}-{number}"
        self._taken.add(free.casefold())
        return free


class Sheets:
    """The report to print, of all pictures; one file.

    Raises:
        UsageError: it cannot be written.
    """

    def __init__(self, file: str, context: Context, settings: Settings, text: Messages) -> None:
        self._path = Path(file)
        self._context = context
        self._settings = settings
        self._text = text
        self._sheets: list[Sheet] = []
        # Better said before the first picture is judged than after the last.
        self._put("")

    def after(self, show: Callable[[Examination], None]) -> Callable[[Examination], None]:
        """Keep what is printed of a picture once it was shown."""
        from photo_service.render.drawings import drawings_of
        from photo_service.render.printed import Sheet

        language = self._text.language

        def keep(examination: Examination) -> None:
            show(examination)
            drawings = drawings_of(examination, language, font=self._settings.font)
            report = examination.report.to_dict(language)
            self._sheets.append(Sheet(report, drawings, self._context))

        return keep

    def write(self) -> None:
        """Write the file.

        Raises:
            UsageError: it cannot be written.
        """
        from photo_service.render.printed import printed_sheets

        self._put(printed_sheets(self._sheets, self._text.language))

    def _put(self, page: str) -> None:
        try:
            self._path.write_text(page, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                "report-unwritable", path=self._path, why=error.strerror or error
            ) from error


class _Batch:
    """The files of one call and what became of them."""

    def __init__(
        self,
        rules: Profile,
        settings: Settings,
        text: Messages,
        overlays: Overlays | None,
        context: Context,
        *,
        together: bool,
    ) -> None:
        self._rules = rules
        self._together = together
        self._context = context
        self._settings = settings
        self._text = text
        self._overlays = overlays
        self.codes: list[int] = []
        self.decisions: list[Decision] = []

    def add(self, files: Sequence[str], show: Callable[[Examination], None]) -> None:
        """Judge, show and draw one file, or several together.

        Their failure is told and noted, and stops no other.
        """
        try:
            self.codes.append(self._judge(files, show))
        except FileUnreadableError as error:
            tell_error(error, self._text)
            self.codes.append(error.exit_code)
        except (PhotoServiceError, BrokenPipeError):
            raise
        except Exception:
            log.exception("a file could not be judged")
            tell_fault(self._settings, self._text, file=", ".join(map(_name, files)))
            self.codes.append(PhotoServiceError.exit_code)

    def _judge(self, files: Sequence[str], show: Callable[[Examination], None]) -> int:
        named = [(_name(file), read_bytes(file)) for file in files]
        name, data = named[0]
        options: dict[str, Any] = {
            "profile": self._rules,
            "context": self._context,
            "settings": self._settings,
        }
        if self._together:
            examination = examine_set(named, self._rules.kind, **options)
        else:
            examination = examine(data, name=name, **options)
        decision = examination.report.decision
        show(examination)
        self.decisions.append(decision)
        if self._overlays is not None:
            self._overlays.write(name, examination)
        return _EXIT_CODES[decision]


def read_bytes(file: str) -> bytes:
    """A file's bytes; those of the standard input for ``-``.

    Raises:
        FileUnreadableError: they cannot be had.
    """
    name = _name(file)
    try:
        if file == STDIN:
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise FileUnreadableError("path-missing", file=Path(name)) from error
    except IsADirectoryError as error:
        raise FileUnreadableError("path-directory", file=Path(name)) from error
    except PermissionError as error:
        raise FileUnreadableError("path-forbidden", file=Path(name)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FileUnreadableError(
            "path-unreadable", file=Path(name), why=getattr(error, "strerror", None) or error
        ) from error
    if len(data) > MOST_BYTES:
        raise FileUnreadableError("path-huge", file=Path(name), limit=MOST_BYTES >> 20)
    return data


def _name(file: str) -> str:
    """What reports call a file; bytes that are no text become question marks."""
    return "stdin" if file == STDIN else file.encode("utf-8", "replace").decode("utf-8")


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError("overlay-unwritable", path=path, why=error.strerror or error)


def _printer(
    arguments: argparse.Namespace, console: PlainConsole, text: Messages, *, alone: bool
) -> Callable[[Examination], None]:
    def as_json(examination: Examination) -> None:
        sys.stdout.write(examination.report.to_json(text.language) + "\n")
        sys.stdout.flush()

    def as_text(examination: Examination) -> None:
        print_report(console, examination.report, text, every=alone or arguments.details)

    return as_json if arguments.json else as_text


@contextmanager
def _progress(
    count: int, text: Messages, *, as_json: bool
) -> Iterator[tuple[PlainConsole, Callable[[], None]]]:
    """Where reports are printed, and a function to call after each file."""
    console, errors = PlainConsole(), PlainConsole(stderr=True)
    both = console.is_terminal and errors.is_terminal
    if count <= _FEW or not errors.is_terminal or (both and as_json):
        yield console, lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(text.ui("progress_check"), total=count)
        # On one terminal the reports must pass through the bar's console to scroll above it.
        yield (errors if both else console), lambda: bar.advance(task)
