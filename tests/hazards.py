"""Jobs that go wrong, for tests of the workers; RQ calls them by name."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path


def hang_in_native_code(seconds: int) -> None:
    """Sleep in C without giving the interpreter back: no Python code can end this."""
    ctypes.PyDLL(None).sleep(seconds)


def grow(mebibytes: int) -> None:
    """Keep memory for ever."""
    _kept.append(b"x" * (mebibytes << 20))


def die(marks: str) -> None:
    """Note the try, then end like a crash in native code."""
    with Path(marks).open("a") as stream:
        stream.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def note(marks: str) -> None:
    """Note the process that did it."""
    with Path(marks).open("a") as stream:
        stream.write(f"{os.getpid()}\n")


_kept: list[bytes] = []
