"""`Context`: what the caller knows besides the picture's bytes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256

# The longest text a caller may ask to be compared.
MOST_CHARACTERS = 200


class Fields(StrEnum):
    """Whether what was read on a document goes into the report."""

    NONE = "none"
    MASKED = "masked"
    FULL = "full"


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Context:
    """What the caller knows besides the picture. Holds personal data: never logged.

    Attributes:
        expect_name: the name the candidate entered; ``""`` when not given.
        expect_number: the ID number the candidate entered; ``""`` when not given.
        expect_type: the certificate's kind the candidate chose; ``""`` when not given.
        reference: bytes of a photo of the same person already on file.
        fields: whether the fields read on a document go into the report.
        drawings: whether pictures for people go with the report; see
            `photo_service.render.drawings`.
        today: the day of the application, for rules that speak of age.
    """

    expect_name: str = ""
    expect_number: str = ""
    expect_type: str = ""
    reference: bytes | None = field(default=None, repr=False)
    fields: Fields = Fields.NONE
    drawings: bool = False
    today: date = field(default_factory=_today)

    @property
    def digest(self) -> str:
        """sha256 over everything here; equal contexts have equal digests."""
        digest = sha256()
        for each in fields(self):
            value = getattr(self, each.name)
            # What was typed in may hold characters that no encoding has.
            text = str(value).encode("utf-8", "surrogatepass")
            part = value if isinstance(value, bytes) else text
            digest.update(len(part).to_bytes(8) + part)
        return digest.hexdigest()
