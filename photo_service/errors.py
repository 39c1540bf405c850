"""Everything that can stop us from looking at a picture.

An exception here means *we could not look*; a picture we looked at and found wanting is a
normal `Report`. Each error carries a code (the key of its sentence in ``messages/``), the exit
code of the command line and the HTTP status of the service. Facts are numbers and format names
only: never a file's content, a person's name or an ID number.
"""

from __future__ import annotations

from typing import ClassVar


class PhotoServiceError(Exception):
    """Base of all errors with a remedy; ``facts`` fill the placeholders of its message."""

    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        details = ", ".join(f"{key}={value}" for key, value in facts.items())
        super().__init__(f"{code} ({details})" if details else code)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (worker pools); keyword facts need telling to pickle.
        return (_rebuild, (type(self), self.code, self.facts))


def _rebuild(kind: type[PhotoServiceError], code: str, facts: dict[str, object]) -> object:
    return kind(code, **facts)


class InputError(PhotoServiceError):
    """The bytes are not a picture we may open; becomes a rejected report with this code."""

    exit_code = 10
    http_status = 200


class FileUnreadableError(PhotoServiceError):
    """A path could not be read at all (missing, no permission, a directory)."""

    exit_code = 3
    http_status = 404


class UsageError(PhotoServiceError):
    """The caller asked for something that does not exist (kind, check, language)."""

    exit_code = 2
    http_status = 422


class ProfileError(PhotoServiceError):
    """A profile file is wrong; facts name the file and the key. The operator's to mend."""

    exit_code = 2
    http_status = 503


class ModelError(PhotoServiceError):
    """A learned model is missing, altered or cannot be loaded."""

    exit_code = 6
    http_status = 503


class CannotAssess(Exception):  # noqa: N818 - not an error: the answer of a fact that cannot be had
    """Raised by a fact that does not exist for this picture; the engine turns it into SKIP."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
