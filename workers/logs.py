"""Structured logs: one JSON object a line on the standard error, with the request's id.

What is logged are codes, counts, ids and times: never a file's name, its bytes, a person's name
or a number.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from photo_service.commands.faults import ExcInfo, trace_without_message

request_id: ContextVar[str] = ContextVar("request_id", default="")

_QUIET = ("uvicorn", "fsspec", "redis")


class _Formatter(JsonFormatter):
    """Formats exceptions without their text."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        return trace_without_message(ei)


class _WithRequest(logging.Filter):
    """Adds the request's id to each record that has one."""

    def filter(self, record: logging.LogRecord) -> bool:
        if (current := request_id.get()) and not hasattr(record, "request"):
            record.request = current
        return True


def start(process: str) -> None:
    """Send this process's logs to the standard error as JSON.

    Args:
        process: ``api``, ``pool`` or ``worker``.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_WithRequest())
    handler.setFormatter(
        _Formatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            static_fields={"process": process},
            json_ensure_ascii=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It quotes exceptions, which may quote a file's name; `workers.jobs` tells of them without.
    logging.getLogger("rq").setLevel(logging.CRITICAL)
