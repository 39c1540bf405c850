"""How the command line tells what went wrong: errors with their remedy, our own faults in a log."""

from __future__ import annotations

import logging
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from photo_service.errors import PhotoServiceError
from photo_service.messages import Messages
from photo_service.render.wrapping import printable
from photo_service.settings import Settings

_LOG_BYTES = 1_000_000

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def trace_without_message(info: ExcInfo) -> str:
    """Where an exception came from, not its text, which may quote a file or a person."""
    kind, _, trace = info
    name = "" if kind is None else kind.__qualname__
    return "".join(traceback.format_tb(trace)) + name


class _WithoutMessages(logging.Formatter):
    """Formats exceptions with `trace_without_message`."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        return trace_without_message(ei)


class _LogFile(RotatingFileHandler):
    """Makes its folder with the first record; a log that cannot be written is no second fault."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Stay silent."""


def keep_log(settings: Settings) -> None:
    """Send warnings and errors to the log file, or to the terminal for debugging."""
    handler: logging.Handler
    if settings.debug or settings.log_file is None:
        handler = logging.StreamHandler()
    else:
        handler = _LogFile(
            settings.log_file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True
        )
        handler.setFormatter(_WithoutMessages("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def tell_error(error: PhotoServiceError, text: Messages) -> None:
    """Message and remedy of an error, to stderr."""
    message, advice = text.error(error)
    _tell(message, advice)


def tell_fault(settings: Settings, text: Messages, *, file: str = "") -> None:
    """That something unexpected happened, to stderr; the details are in the log."""
    about = f"{file}: " if file else ""
    _tell(
        about + text.get("error", "fault", "message"),
        text.get("error", "fault", "advice", log=settings.log_file),
    )


def _tell(message: str, advice: str) -> None:
    lines = [f"photo-service: {message}", *(f"  {line}" for line in advice.split("\n") if line)]
    sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
