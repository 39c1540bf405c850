"""Photo verification for a self-study-exam portal: accepted, rejected or for review, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from photo_service.version import __version__

if TYPE_CHECKING:
    from photo_service.report import Decision, Finding, Report
    from photo_service.service import verify, verify_set

__all__ = ["Decision", "Finding", "Report", "__version__", "verify", "verify_set"]

_HOMES = {
    "Decision": "photo_service.report",
    "Finding": "photo_service.report",
    "Report": "photo_service.report",
    "verify": "photo_service.service",
    "verify_set": "photo_service.service",
}


def __getattr__(name: str) -> Any:
    # Public names are looked up on first use: importing the package must stay cheap.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
