"""The command line: arguments, languages, and the one place where errors become exit codes.

0 accepted · 10 rejected · 11 for review · 2 usage · 3 a file could not be opened · 4 the queue is
away · 6 models missing · 70 our own fault · 1 ``doctor`` found something · 130 interrupted. Of
several files' codes the gravest counts: 70, then 3, 10, 11, 0.

Only the standard library is imported here, so that ``--help`` answers at once; the commands import
what they need when they run.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from photo_service.commands.faults import keep_log, tell_error, tell_fault
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.messages import LANGUAGES, Messages, messages
from photo_service.render.wrapping import wrap
from photo_service.settings import Settings
from photo_service.version import __version__

INTERRUPTED = 130
BROKEN_PIPE = 141
_HELP_WIDTH = 96

log = logging.getLogger(__name__)

# What argparse says, by our code for it; its own text is English.
_COMPLAINTS = (
    (re.compile(r"the following arguments are required: (?P<names>.+)"), "arguments-missing"),
    (re.compile(r"unrecognized arguments: (?P<names>.+)"), "arguments-unknown"),
    (
        re.compile(
            r"argument (?P<name>.+?): invalid choice: (?P<value>.+?) \(choose from (?P<known>.+)\)"
        ),
        "argument-choice",
    ),
    (re.compile(r"argument (?P<name>.+?): expected .+ arguments?"), "argument-value-missing"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _tame_streams()
    language = _language_asked(arguments)
    try:
        settings = Settings.from_env()
    except UsageError as error:
        tell_error(error, messages(language or LANGUAGES[0]))
        return error.exit_code
    text = messages(language or settings.language)
    keep_log(settings)
    try:
        parsed = _parser(text).parse_args(arguments)
        code: int = parsed.run(parsed, settings, text)
        sys.stdout.flush()
    except PhotoServiceError as error:
        tell_error(error, text)
        return error.exit_code
    except ImportError as error:
        log.exception("a library is missing")
        tell_error(PhotoServiceError("library-unusable", why=str(error)), text)
        return PhotoServiceError.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough; the interpreter must not stumble over it while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception:
        log.exception("command failed")
        tell_fault(settings, text)
        return PhotoServiceError.exit_code
    return code


def _tame_streams() -> None:
    # JSON is UTF-8 wherever it goes; on a terminal that lacks a sign a question mark will do.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="replace")


def _language_asked(arguments: Sequence[str]) -> str | None:
    """The value of ``--lang``, looked for before the parser, whose help is in that language."""
    known = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for i, argument in enumerate(known):
        name, _, value = argument.partition("=")
        if name == "--lang":
            value = value or (known[i + 1] if i + 1 < len(known) else "")
            return value if value in LANGUAGES else None
    return None


# --- the parser ------------------------------------------------------------------------------


class _Formatter(argparse.HelpFormatter):
    """Help in the language of ``text``, broken where Chinese may be broken."""

    def __init__(self, prog: str, text: Messages) -> None:
        super().__init__(prog, max_help_position=28, width=_HELP_WIDTH)
        self._text = text

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        prefix = self._text.ui("help_usage") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in wrap(text, width - len(indent)))


class _Parser(argparse.ArgumentParser):
    """A parser that speaks the language of ``text`` and raises `UsageError`."""

    def __init__(self, text: Messages, **options: Any) -> None:
        super().__init__(
            **options,
            add_help=False,
            allow_abbrev=False,
            formatter_class=lambda prog: _Formatter(prog, text),
        )
        self._text = text
        self.arguments = self.add_argument_group(text.ui("help_arguments"))
        self.options = self.add_argument_group(text.ui("help_options"))

    def add_common(self) -> None:
        """The options that come last everywhere."""
        # Read by _language_asked; declared for the help and to refuse other values.
        self.options.add_argument("--lang", choices=LANGUAGES, help=self._text.ui("help_lang"))
        self.options.add_argument("-h", "--help", action="help", help=self._text.ui("help_help"))

    def error(self, message: str) -> NoReturn:
        for pattern, code in _COMPLAINTS:
            if found := pattern.fullmatch(message):
                raise UsageError(code, prog=self.prog, **found.groupdict())
        raise UsageError("arguments-bad", prog=self.prog, why=message)


def _parser(text: Messages) -> _Parser:
    parser = _Parser(
        text, prog="photo-service", description=text.ui("help_about"), epilog=text.ui("help_codes")
    )
    parser.options.add_argument(
        "--version",
        action="version",
        version=f"photo-service {__version__}",
        help=text.ui("help_version"),
    )
    parser.add_common()
    commands = parser.add_subparsers(
        title=text.ui("help_commands"), metavar="COMMAND", required=True, parser_class=_Parser
    )

    def command(name: str, run: Callable[..., int]) -> _Parser:
        added: _Parser = commands.add_parser(
            name,
            text=text,
            help=text.ui(f"help_{name}"),
            description=text.ui(f"help_{name}_about"),
        )
        added.set_defaults(run=run)
        return added

    check = command("check", _later("check"))
    check.arguments.add_argument("files", nargs="+", metavar="FILE", help=text.ui("help_files"))
    add = check.options.add_argument
    add("--as", dest="kind", metavar="KIND", required=True, help=text.ui("help_as"))
    add("--profile", metavar="NAME|FILE", help=text.ui("help_profile"))
    add("--json", action="store_true", help=text.ui("help_json"))
    add("--details", action="store_true", help=text.ui("help_details"))
    add("--together", action="store_true", help=text.ui("help_together"))
    add("--overlay", metavar="DIR", help=text.ui("help_overlay"))
    add("--report", metavar="OUT.html", help=text.ui("help_report"))
    add("--expect-name", metavar="NAME", default="", help=text.ui("help_expect_name"))
    add("--expect-number", metavar="NUMBER", default="", help=text.ui("help_expect_number"))
    add("--expect-type", metavar="TYPE", default="", help=text.ui("help_expect_type"))
    add("--reference", metavar="FILE", help=text.ui("help_reference"))
    add(
        "--fields",
        nargs="?",
        const="masked",
        default="none",
        choices=("masked", "full"),
        help=text.ui("help_fields"),
    )
    check.add_common()
    explain = command("explain", _later("explain"))
    explain.arguments.add_argument("check", metavar="CHECK", help=text.ui("help_check_id"))
    explain.add_common()
    command("list", _later("explain", "run_list")).add_common()
    command("doctor", _later("doctor")).add_common()
    models = command("models", _later("models"))
    models.arguments.add_argument(
        "action",
        choices=("pull", "verify", "list"),
        metavar="pull|verify|list",
        help=text.ui("help_models_action"),
    )
    models.add_common()
    _add_service(command, text)
    return parser


def _add_service(command: Callable[[str, Callable[..., int]], _Parser], text: Messages) -> None:
    """The commands that start, use or administer the service."""
    batch = command("batch", _later("batch"))
    batch.arguments.add_argument(
        "sources", nargs="+", metavar="SOURCE", help=text.ui("help_batch_source")
    )
    add = batch.options.add_argument
    add("--as", dest="kind", metavar="KIND", required=True, help=text.ui("help_batch_kind"))
    add("--out", metavar="DIR", required=True, help=text.ui("help_batch_out"))
    reverify = command("reverify", _later("batch", "run_again"))
    reverify.arguments.add_argument("old", metavar="OLD.jsonl", help=text.ui("help_reverify_old"))
    reverify.options.add_argument(
        "--out", metavar="DIR", required=True, help=text.ui("help_batch_out")
    )
    for each in (batch, reverify):
        add = each.options.add_argument
        add("--profile", metavar="NAME|FILE", help=text.ui("help_profile"))
        add("--queue", action="store_true", help=text.ui("help_batch_queue"))
        add("--resume", action="store_true", help=text.ui("help_batch_resume"))
        add("--jobs", type=int, metavar="N", help=text.ui("help_batch_jobs"))
        each.add_common()
    up, serve, worker = (
        command("up", _later("serve", "run_up")),
        command("serve", _later("serve", "run_serve")),
        command("worker", _later("serve", "run_worker")),
    )
    for each in (up, serve):
        each.options.add_argument("--host", metavar="ADDRESS", help=text.ui("help_host"))
        each.options.add_argument("--port", type=int, metavar="N", help=text.ui("help_port"))
    for each in (up, worker):
        each.options.add_argument("--workers", type=int, metavar="N", help=text.ui("help_workers"))
    for each in (up, serve, worker):
        each.add_common()
    keys = command("keys", _later("keys"))
    keys.arguments.add_argument(
        "action",
        choices=("add", "list", "remove"),
        metavar="add|list|remove",
        help=text.ui("help_keys_action"),
    )
    keys.arguments.add_argument("name", nargs="?", metavar="NAME", help=text.ui("help_keys_name"))
    keys.options.add_argument(
        "--role",
        choices=("portal", "staff", "metrics"),
        default="portal",
        help=text.ui("help_keys_role"),
    )
    keys.add_common()


def _later(module: str, function: str = "run") -> Callable[..., int]:
    """A command that is imported when it runs, so that the others need not wait for it."""

    def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
        command = import_module(f"photo_service.commands.{module}")
        code: int = getattr(command, function)(arguments, settings, text)
        return code

    return run


if __name__ == "__main__":
    sys.exit(main())
