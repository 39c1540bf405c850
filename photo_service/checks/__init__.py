"""All checks, one topic a file. Importing this package fills the registry."""

from photo_service.checks import (
    attire,
    background,
    encoding,
    face,
    frame_content,
    framing,
    lighting,
    sharpness,
)

__all__ = [
    "attire",
    "background",
    "encoding",
    "face",
    "frame_content",
    "framing",
    "lighting",
    "sharpness",
]
