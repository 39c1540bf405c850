"""The way in to MediaPipe: quiet, and with clear errors.

MediaPipe is imported inside functions only: reading a type from `models.face` costs nothing.
Its C++ libraries (absl, TensorFlow Lite, LiteRT) log to file descriptor 2 while a model is created,
runs for the first time and is closed. No environment variable stops them (tried: GLOG_minloglevel,
TF_CPP_MIN_LOG_LEVEL, ABSL_MIN_LOG_LEVEL), so for those moments the descriptor leads through
``grep``: a process of its own, so that the last words of a native crash still come out.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.store import ModelStoreError

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision.core.image import Image

_STDERR = 2
_NOISE = (
    r"^[IW][0-9]{4} [0-9.:]+ +[0-9]+ [^ ]+\.cc:[0-9]+\]"
    r"|^(INFO|WARNING): \[[^ ]+\.cc:[0-9]+\]"
    r"|^INFO: Created TensorFlow Lite "
    r"|^WARNING: (Logging before InitGoogle|All log messages before absl)"
)
_FILTER = ("grep", "--text", "--line-buffered", "--invert-match", "--extended-regexp", _NOISE)
_FILTER_SECONDS = 2.0
_MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libGL.so.1": "libgl1",
}
_descriptor_lock = threading.Lock()
_quiet_here = threading.local()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the C++ info and warning lines written meanwhile off the terminal.

    Everything else that any thread writes to stderr meanwhile comes out at once. Without a usable
    stderr or ``grep`` nothing is kept off.
    """
    # Started with stderr closed, descriptor 2 may by now be anybody's file.
    if sys.stderr is None or getattr(_quiet_here, "already", False):
        yield
        return
    with _descriptor_lock:
        _quiet_here.already = True
        try:
            with _filtered_stderr():
                yield
        finally:
            _quiet_here.already = False


@contextmanager
def _filtered_stderr() -> Iterator[None]:
    try:
        original = os.dup(_STDERR)
    except OSError:  # closed since
        yield
        return
    try:
        noise_filter = subprocess.Popen(  # noqa: S603 - fixed arguments
            _FILTER,
            stdin=subprocess.PIPE,
            stdout=original,
            env={"LC_ALL": "C", "PATH": os.defpath},
            start_new_session=True,  # Ctrl-C is for us, not for it
        )
    except OSError:
        os.close(original)
        yield
        return
    assert noise_filter.stdin is not None
    sys.stderr.flush()
    os.dup2(noise_filter.stdin.fileno(), _STDERR)
    noise_filter.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(original, _STDERR)
        os.close(original)
        # It ends with the last holder of the pipe: a child process started meanwhile may be one.
        with suppress(subprocess.TimeoutExpired):
            noise_filter.wait(_FILTER_SECONDS)


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Import MediaPipe and create a task from a model file inside this.

    Raises:
        ModelStoreError: ``system-library-missing`` (facts: ``library`` and, if known, the Debian
            ``package`` that brings it) or ``model-unusable`` (MediaPipe refuses the file).
    """
    # The font cache and a read-only home are matplotlib's worry, which we never draw with.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with quiet():
        try:
            yield
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if missing := _MISSING_LIBRARY.search(str(error)):
                library = missing[1]
                raise ModelStoreError(
                    "system-library-missing",
                    library=library,
                    package=_DEBIAN_PACKAGES.get(library, ""),
                ) from error
            if isinstance(error, ImportError):
                raise  # a broken installation of Python packages; its own text says it best
            raise ModelStoreError("model-unusable", file=path, reason=error) from error


def base_options(path: Path) -> Any:
    """MediaPipe's options common to all tasks: this model file, on the CPU."""
    from mediapipe.tasks.python.core.base_options import BaseOptions

    return BaseOptions(model_asset_path=str(path), delegate=BaseOptions.Delegate.CPU)


def image(rgb: NDArray[np.uint8]) -> Image:
    """Wrap a picture for MediaPipe, which copies it.

    Args:
        rgb: (height, width, 3) uint8.

    Raises:
        ValueError: another shape or type, which the C++ side would read as garbage.
    """
    from mediapipe.tasks.python.vision.core.image import Image, ImageFormat

    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"an RGB picture of bytes is wanted, not {rgb.shape} {rgb.dtype}")
    return Image(ImageFormat.SRGB, np.ascontiguousarray(rgb))


def blank(side: int = 64) -> NDArray[np.uint8]:
    """A picture of nothing: the first run of a model, with its log lines, is made on this."""
    return np.zeros((side, side, 3), np.uint8)
