"""All checks, one topic a file. Importing this package fills the registry."""

from photo_service.checks import (
    attire,
    background,
    card,
    editing,
    encoding,
    face,
    frame_content,
    framing,
    handheld,
    lighting,
    mirroring,
    provenance,
    sharpness,
)

__all__ = [
    "attire",
    "background",
    "card",
    "editing",
    "encoding",
    "face",
    "frame_content",
    "framing",
    "handheld",
    "lighting",
    "mirroring",
    "provenance",
    "sharpness",
]
