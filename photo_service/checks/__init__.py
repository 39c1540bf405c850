"""All checks, one topic a file. Importing this package fills the registry."""

from photo_service.checks import (
    attire,
    background,
    encoding,
    face,
    framing,
    lighting,
    sharpness,
)

__all__ = ["attire", "background", "encoding", "face", "framing", "lighting", "sharpness"]
