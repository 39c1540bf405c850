"""The sentences that the console shows; its pages lie in ``photo_service/console``."""

from __future__ import annotations

from functools import cache
from typing import Any

from photo_service.messages import messages

# Labels that reports and the overlay use too.
_LABELS = ("decision_", "status_", "topic_", "framing_", "column_", "list_separator")


@cache
def texts(language: str) -> dict[str, Any]:
    """All that the console says, with placeholders open.

    Args:
        language: ``zh`` or ``en``.

    Returns:
        ``console`` and ``staff`` (their own sentences), ``ui`` (labels of verdicts and topics) and
        ``word`` (words that fill placeholders), each a table of strings.
    """
    text = messages(language)
    labels = text.section("ui").items()
    return {
        "console": dict(text.section("console")),
        "staff": dict(text.section("staff")),
        "ui": {key: label for key, label in labels if key.startswith(_LABELS)},
        "word": dict(text.section("word")),
    }
