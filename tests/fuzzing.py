"""What must hold for any bytes whatever; used by the fuzz tests and by `benchmarks/fuzz.py`."""

from __future__ import annotations

import io
import json
import time
import warnings

from PIL import Image

from photo_service.check import Status
from photo_service.messages import LANGUAGES
from photo_service.report import Decision, Report
from photo_service.service import verify


def problem(data: bytes, slowest_s: float) -> str | None:
    """What is wrong with the service's answer to these bytes; nothing is the good answer."""
    started = time.perf_counter()
    report = verify(data)
    seconds = time.perf_counter() - started
    if seconds > slowest_s:
        return f"took {seconds:.1f} s"
    broken = [f.check for f in report.findings if f.status is Status.ERROR]
    if broken:
        return f"check failed: {', '.join(broken)}"
    if report.decision is Decision.ACCEPTED and not whole_picture(data, report):
        return "accepted what is no whole readable image"
    if report.decision is Decision.REJECTED and (lacking := without_remedy(report)):
        return f"no remedy: {lacking}"
    return None


def whole_picture(data: bytes, report: Report) -> bool:
    """Whether another decoder opens every row of the picture, at the size reported."""
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as picture:
            warnings.simplefilter("ignore")
            picture.load()
            size = picture.size
    except (OSError, SyntaxError, ValueError):
        return False
    return sorted(size) == sorted((report.image.width, report.image.height))


def without_remedy(report: Report) -> str:
    """The first rejection that does not say in both languages what is wrong and what to do."""
    for language in LANGUAGES:
        written = json.loads(report.to_json(language))
        for finding in written["findings"]:
            if finding["effect"] == "reject" and not (finding["message"] and finding["advice"]):
                return f"{finding['code']} ({language})"
    return ""
