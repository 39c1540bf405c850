"""Numbers, units and ranges as a person reads them."""

from __future__ import annotations

import math

from photo_service.check import Allowed, Range
from photo_service.messages import Messages
from photo_service.report import Finding

KIBIBYTE = 1024
_MOST_DECIMALS = 6
# Units written against the number.
_TIGHT = {"deg": "°", "x": "×"}
# Units of which a hundredth says nothing.
_COARSE = ("%", "deg", "px")


def measured(finding: Finding, text: Messages) -> tuple[str, str]:
    """The measured value and what is allowed, each ``""`` where there is none.

    Numbers are shortened, but never so far that a value outside the range seems to lie inside it
    or the other way round.
    """
    value, allowed, unit = finding.value, finding.allowed, finding.unit
    if not isinstance(value, int | float) or not isinstance(allowed, Range):
        return quantity(value, unit, text), permitted(allowed, unit, text)
    unit, scale = _shown_unit(unit, value)
    if unit != _shown_unit(finding.unit, _largest(allowed))[0]:
        # In different units nothing can be mistaken for its neighbour.
        return quantity(value, finding.unit, text), permitted(allowed, finding.unit, text)
    inside = value in allowed
    for extra in range(_MOST_DECIMALS):
        shown = Range(
            *(
                None if end is None else float(_number(end / scale, unit, extra))
                for end in (allowed.min, allowed.max)
            )
        )
        if (float(_number(value / scale, unit, extra)) in shown) == inside:
            break
    return (
        _with_unit(_number(value / scale, unit, extra), unit, text),
        _with_unit(_interval(allowed, unit, scale, extra), unit, text),
    )


def quantity(value: str | float | None, unit: str, text: Messages) -> str:
    """One value with its unit; a word in the language of ``text``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return text.word(value)
    unit, scale = _shown_unit(unit, value)
    return _with_unit(_number(value / scale, unit), unit, text)


def permitted(allowed: Allowed, unit: str, text: Messages) -> str:
    """A range with its unit, or the words that are allowed."""
    if allowed is None:
        return ""
    if isinstance(allowed, Range):
        unit, scale = _shown_unit(unit, _largest(allowed))
        return _with_unit(_interval(allowed, unit, scale), unit, text)
    words = dict.fromkeys(text.word(word) for word in allowed)
    return text.ui("list_separator").join(words)


def file_size(size: int, text: Messages) -> str:
    """Bytes as KB or MB (of 1024)."""
    return quantity(size, "bytes", text)


def _largest(allowed: Range) -> float:
    return max((abs(end) for end in (allowed.min, allowed.max) if end is not None), default=0.0)


def _interval(allowed: Range, unit: str, scale: float, extra: int = 0) -> str:
    low, high = (
        "" if end is None else _number(end / scale, unit, extra)
        for end in (allowed.min, allowed.max)
    )
    if not low:
        return f"≤ {high}" if high else ""
    if not high:
        return f"≥ {low}"
    if low == high:
        return low
    if low == f"-{high}":
        return f"±{high}"
    # A dash before a minus sign cannot be read.
    return f"{low} … {high}" if "-" in low + high else f"{low}–{high}"


def _shown_unit(unit: str, value: float) -> tuple[str, float]:
    if unit != "bytes":
        return unit, 1.0
    if abs(value) >= KIBIBYTE**2:
        return "MB", KIBIBYTE**2
    return ("KB", KIBIBYTE) if abs(value) >= KIBIBYTE else ("bytes", 1.0)


def _with_unit(number: str, unit: str, text: Messages) -> str:
    if not number or not unit:
        return number
    return number + _TIGHT[unit] if unit in _TIGHT else f"{number} {text.word(unit)}"


def _number(value: float, unit: str, extra: int = 0) -> str:
    """Two digits that count, one decimal at least below 100; ``extra`` decimals more."""
    decimals = 0
    if value and math.isfinite(value):
        decimals = max(0 if abs(value) >= 100 else 1, 1 - math.floor(math.log10(abs(value))))
    if unit in _COARSE:
        decimals = min(decimals, 1)
    shown = f"{value:.{min(decimals + extra, _MOST_DECIMALS)}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown == "-0" else shown
