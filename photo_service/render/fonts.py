"""Finding letters for Chinese and Latin on this machine, and writing with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

from photo_service.errors import UsageError

# File and index of the face in it (Noto's collections hold the simplified Chinese one third).
_CHINESE = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/System/Library/Fonts/STHeiti Light.ttc", 0),
)
# Droid's Chinese letters have no Latin ones beside them.
_LATIN = (
    ("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0),
    ("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf", 0),
)
# What stands in for a character that no font has; Pillow's own has little beyond ASCII.
_PLAIN = {
    "–": "-", "—": "-", "…": "...", "×": "x", "≤": "<=", "≥": ">=", "→": "->", "Δ": "d",
    "“": '"', "”": '"', "‘": "'", "’": "'", "·": "-", "°": " deg", "±": "+/-", "《": "", "》": "",
}  # fmt: skip
_NO_CHARACTER = "\U0010fffe"
_A_CHINESE_CHARACTER = "照"

Point = tuple[float, float]


class Face:
    """One font file in any size; ``None`` is the font inside Pillow."""

    def __init__(self, path: str | None, index: int = 0) -> None:
        self.path = path
        self._index = index

    def __str__(self) -> str:
        return self.path or "Pillow"

    @cache  # noqa: B019 - the few faces of a typeface live as long as the process
    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The face in ``size`` pixels.

        Raises:
            OSError: the file is missing or no font.
        """
        if self.path is None:
            font = ImageFont.load_default(size)
            assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built with FreeType"
            return font
        return ImageFont.truetype(self.path, size, index=self._index)

    @cache  # noqa: B019 - likewise
    def has(self, character: str) -> bool:
        """Whether the face has a glyph of its own for a character."""
        return self._shape(character) != self._nothing

    @cached_property
    def _nothing(self) -> tuple[tuple[int, int], bytes]:
        return self._shape(_NO_CHARACTER)

    def _shape(self, character: str) -> tuple[tuple[int, int], bytes]:
        mask = self.at(24).getmask(character)
        return mask.size, bytes(mask)


class Typeface:
    """Several faces that complete one another, the first with a glyph wins."""

    def __init__(self, faces: tuple[Face, ...]) -> None:
        self.faces = faces

    @property
    def chinese(self) -> Face | None:
        """The face that Chinese is written with, if any."""
        return next((face for face in self.faces if face.has(_A_CHINESE_CHARACTER)), None)

    def length(self, text: str, size: int) -> float:
        """Width of a line in pixels."""
        return sum(face.at(size).getlength(run) for face, run in self._runs(text))

    def write(
        self,
        draw: ImageDraw.ImageDraw,
        at: Point,
        text: str,
        size: int,
        fill: str,
        *,
        bold: bool = False,
    ) -> None:
        """Write one line whose baseline begins at ``at``."""
        x, y = at
        for face, run in self._runs(text):
            font = face.at(size)
            weight = size / 45 if bold else 0
            draw.text((x, y), run, fill, font, anchor="ls", stroke_width=weight)
            x += font.getlength(run)

    def _runs(self, text: str) -> Iterator[tuple[Face, str]]:
        known = "".join(c if self._face(c) else _PLAIN.get(c, "?") for c in text)
        last = self.faces[-1]
        for face, run in groupby(known, lambda c: self._face(c) or last):
            yield face, "".join(run)

    def _face(self, character: str) -> Face | None:
        return next((face for face in self.faces if face.has(character)), None)


@cache
def typeface(setting: Path | None = None) -> Typeface:
    """The operator's font if one is set, completed by fonts that are usually there.

    Raises:
        UsageError: the font that was set cannot be read.
    """
    faces: list[Face] = []
    if setting is not None:
        faces.append(Face(str(setting)))
        try:
            faces[0].at(24)
        except OSError as error:
            raise UsageError("font-unreadable", file=setting) from error
    for usual in (_CHINESE, _LATIN):
        faces += [Face(path, index) for path, index in usual if Path(path).is_file()][:1]
    return Typeface((*faces, Face(None)))
