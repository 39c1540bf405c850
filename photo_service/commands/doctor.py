"""``doctor``: look whether everything this machine must have is there, and say how to get it."""

from __future__ import annotations

import argparse
import ctypes
import logging
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources

from rich.text import Text

from models.store import ModelStore
from photo_service.check import Status
from photo_service.commands.models import as_model_error, fault_of
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.messages import Messages
from photo_service.render.text import PlainConsole
from photo_service.report import Decision
from photo_service.settings import Settings

UNWELL = 1

_LIBRARIES = (
    "numpy",
    "opencv-python-headless",
    "pillow",
    "simplejpeg",
    "mediapipe",
    "onnxruntime",
    "rapidocr",
    "defusedxml",
    "rich",
)
# What MediaPipe's library is linked against, and the Debian package that brings it.
_SYSTEM_LIBRARIES = {"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
# A portrait of an astronaut before a flag and a shuttle (see samples/MANIFEST.md): no model that
# works takes that for a plain background, nor misses the face.
_SAMPLE = "astronaut.jpg"
_SAMPLE_PASSES = "face/one_face"
_SAMPLE_DECISION = Decision.REJECTED

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing looked at; with a remedy if and only if it is not well."""

    label: str
    detail: str
    remedy: str = ""


def run(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Print what was found; `UNWELL` if anything needs a remedy."""
    console = PlainConsole()
    unwell = 0
    for item in _look(settings, text):
        mark, style = ("✘", "bold red") if item.remedy else ("✔", "green")
        line = Text.assemble((f"{mark} {item.label}", style), f"  {item.detail}")
        console.print(line, soft_wrap=True)
        for row in item.remedy.splitlines():
            console.print(Text(f"    {row}", style="bold"), soft_wrap=True)
        unwell += bool(item.remedy)
    console.print()
    if unwell:
        console.print(Text(text.ui("doctor_unwell", count=unwell), style="bold red"))
        return UNWELL
    console.print(Text(text.ui("doctor_well"), style="bold green"))
    return 0


def _look(settings: Settings, text: Messages) -> Iterator[_Item]:
    yield _Item("Python", f"{platform.python_version()}  {sys.executable}")
    well = True
    for part in (_libraries(text), _system_libraries(text), _models(settings, text)):
        for item in part:
            well = well and not item.remedy
            yield item
    yield _font(settings, text)
    if well:
        yield _sample(settings, text)
    else:
        remedy = text.ui("doctor_sample_first")
        yield _Item(text.ui("doctor_sample"), text.ui("doctor_not_tried"), remedy)


def _libraries(text: Messages) -> Iterator[_Item]:
    for name in _LIBRARIES:
        try:
            yield _Item(name, metadata.version(name))
        except metadata.PackageNotFoundError:
            remedy = f"{sys.executable} -m pip install {name}"
            yield _Item(name, text.ui("doctor_missing"), remedy)


def _system_libraries(text: Messages) -> Iterator[_Item]:
    if sys.platform != "linux":
        return
    for library, package in _SYSTEM_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            remedy = f"apt-get install {package}"
            yield _Item(library, text.ui("doctor_missing"), remedy)
        else:
            yield _Item(library, text.ui("doctor_present"))


def _models(settings: Settings, text: Messages) -> Iterator[_Item]:
    with as_model_error():
        store = ModelStore(settings.models_dir, settings.models_source)
    for asset in store.assets:
        error = fault_of(store, asset)
        if error is None:
            yield _Item(asset.file, f"sha256 {asset.sha256[:12]}…")
        else:
            yield _Item(asset.file, *text.error(error))


def _font(settings: Settings, text: Messages) -> _Item:
    label = text.ui("doctor_font")
    try:
        from photo_service.render.fonts import typeface

        chinese = typeface(settings.font).chinese
    except UsageError as error:
        return _Item(label, *text.error(error))
    except ImportError:  # Pillow; said above
        return _Item(label, text.ui("doctor_not_tried"), text.ui("doctor_sample_first"))
    if chinese is None:
        return _Item(label, text.ui("doctor_missing"), text.ui("doctor_font_remedy"))
    return _Item(label, str(chinese))


def _sample(settings: Settings, text: Messages) -> _Item:
    """One picture through everything."""
    label = text.ui("doctor_sample")
    data = (resources.files("photo_service.commands") / _SAMPLE).read_bytes()
    try:
        from photo_service.service import examine

        report = examine(data, settings=settings).report
    except PhotoServiceError as error:
        return _Item(label, *text.error(error))
    except Exception as error:
        log.exception("the sample could not be judged")
        remedy = text.get("error", "fault", "advice", log=settings.log_file)
        return _Item(label, type(error).__name__, remedy)
    found = text.ui(f"decision_{report.decision}")
    passed = {f.check for f in report.findings if f.status is Status.PASS}
    faults = [f.check for f in report.findings if f.status is Status.ERROR]
    if faults or report.decision is not _SAMPLE_DECISION or _SAMPLE_PASSES not in passed:
        remedy = text.ui(
            "doctor_sample_remedy",
            wanted=text.ui(f"decision_{_SAMPLE_DECISION}"),
            checks=", ".join(faults) or _SAMPLE_PASSES,
        )
        return _Item(label, found, remedy)
    return _Item(label, text.ui("doctor_sample_well", found=found, ms=report.timings_ms["total"]))
