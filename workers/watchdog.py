"""The timer that ends a process when a picture takes too long.

A timer in C: it works while native code holds the interpreter. A process has one; several pictures
judged together start it again before each, so that it measures pictures and not their number.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What `again` starts anew: seconds, and where the last words go.
_running: tuple[float, Any] | None = None


def start(limit_s: float, file: Any = None) -> None:
    """End this process after ``limit_s`` seconds unless `stop` or `again` comes first.

    Args:
        limit_s: from now.
        file: takes what every thread was doing then, names of functions only; the standard error
            by default.
    """
    global _running  # noqa: PLW0603 - as the timer itself, one for the process
    _running = limit_s, file or sys.__stderr__ or 2
    again()


def again() -> None:
    """Start the timer anew; does nothing when none runs."""
    if _running is not None:
        limit_s, file = _running
        faulthandler.dump_traceback_later(limit_s, exit=True, file=file)


def stop() -> None:
    """Stop the timer."""
    global _running  # noqa: PLW0603
    _running = None
    faulthandler.cancel_dump_traceback_later()


@contextmanager
def silent(limit_s: float) -> Iterator[None]:
    """Run the timer meanwhile; nothing is written when it ends the process."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, not a path
        start(limit_s, nowhere)
        try:
            yield
        finally:
            stop()
