"""All checks, one topic a file. Importing this package fills the registry."""

from photo_service.checks import (
    archive,
    attire,
    background,
    card,
    document,
    editing,
    encoding,
    face,
    frame_content,
    framing,
    handheld,
    lighting,
    mirroring,
    provenance,
    sets,
    sharpness,
)

__all__ = [
    "archive",
    "attire",
    "background",
    "card",
    "document",
    "editing",
    "encoding",
    "face",
    "frame_content",
    "framing",
    "handheld",
    "lighting",
    "mirroring",
    "provenance",
    "sets",
    "sharpness",
]
