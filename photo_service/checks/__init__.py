"""All checks, one topic a file. Importing this package fills the registry."""

from photo_service.checks import (
    background,
    encoding,
    face,
    framing,
    lighting,
    sharpness,
)

__all__ = ["background", "encoding", "face", "framing", "lighting", "sharpness"]
