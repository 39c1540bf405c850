"""Samples of certificates: one drawn picture for each code of the kind certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import scans

MOST_BYTES = 60_000
_SIZE = (1000, 720)


@dataclass(frozen=True, slots=True)
class ScanSample:
    """One picture to make; see `make.Sample`.

    Attributes:
        file: path below samples/.
        decision: the verdict expected.
        codes: codes that must be among the findings.
        shows: what a newcomer sees.
        condition: how it is drawn, see `scans.CONDITIONS`.
        type: key of the certificate's type; ``""`` by chance.
        seed: of everything left to chance.
        size: longer and shorter side, pixels; None as the condition has it.
        expect: what the candidate entered, by the names of `photo_service.context.Context`.
    """

    file: str
    decision: str
    codes: tuple[str, ...]
    shows: str
    condition: str
    type: str = ""
    seed: int = 1
    size: tuple[int, int] | None = _SIZE
    expect: Mapping[str, str] = field(default_factory=dict)

    def make(self) -> bytes:
        """A JPEG of at most 60 kB."""
        scan = scans.draw(self.condition, self.seed, "shipped", type=self.type, size=self.size)
        return scan.encoded(MOST_BYTES)


def bad(
    code: str,
    decision: str,
    shows: str,
    condition: str,
    *,
    type: str = "",  # noqa: A002 - the name it has in `scans.draw`
    seed: int = 1,
    size: tuple[int, int] | None = _SIZE,
    expect: Mapping[str, str] | None = None,
) -> ScanSample:
    """One for a code."""
    return ScanSample(
        f"codes/{code}.jpg", decision, (code,), shows, condition, type, seed, size, expect or {}
    )


SCANS = (
    ScanSample(
        "documents/diploma.jpg", "accepted", (), "a diploma, scanned", "clean scan", "diploma"
    ),
    ScanSample(
        "documents/ncre.jpg", "accepted", (), "photographed on a table", "phone photo", "ncre2",
        size=(1400, 1000),
    ),
    bad("resolution-low", "rejected", "exactly 800 × 600", "exactly 800x600", size=None),
    bad("detail-upscaled", "review", "blown up from a small picture", "upscaled"),
    bad("page-none", "rejected", "no page at all", "no page", seed=2),
    bad("page-blank", "rejected", "an empty sheet", "blank"),
    bad("page-sparse", "review", "hardly anything on it", "nearly blank"),
    bad("page-far", "rejected", "small on the table", "far"),
    bad("page-cut-off", "rejected", "a side outside the picture", "cut off"),
    bad("page-turned", "rejected", "lies on its side", "turned 90"),
    bad("page-skewed", "rejected", "laid askew", "skewed"),
    bad("page-mirrored", "rejected", "taken with a front camera", "mirrored"),
    bad("text-small", "rejected", "print of five pixels", "small text"),
    bad("text-blurred", "rejected", "out of focus", "out of focus"),
    bad("text-faint", "rejected", "pale print", "faint"),
    bad("page-dark", "rejected", "taken in the dark", "dark"),
    bad("page-overexposed", "rejected", "washed out", "overexposed"),
    bad("text-shadow", "rejected", "half of it in shadow", "shadow"),
    bad("text-glare", "review", "a lamp shines on it", "glare"),
    bad("text-illegible", "review", "compressed to pieces", "compressed", seed=2),
    bad(
        "page-on-screen", "review", "a photo of a screen", "on screen", type="cet", seed=3,
        size=(820, 610),
    ),
    bad("type-unknown", "review", "some other paper", "other paper"),
    bad(
        "type-mismatch", "review", "not the certificate chosen", "clean scan", type="ncre2",
        expect={"expect_type": "cet"},
    ),
    bad(
        "page-name-mismatch", "review", "not the name entered", "clean scan", type="pets3",
        expect={"expect_name": "欧阳建国"},
    ),
)  # fmt: skip
