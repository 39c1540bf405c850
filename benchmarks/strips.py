"""Where verdicts turn: one row of pictures a made defect, from none to extreme, framed by verdict.

    python -m benchmarks.strips [--out docs/pictures/turning-points.jpg]

Made from the project's own sample, so that the sheet may be shown anywhere: look at the first
amber or red frame of each row and ask whether a person would turn there.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.accuracy import DEFECTS, Judge
from benchmarks.labelled import Rgb, encoded, read
from photo_service.profile import load
from photo_service.report import Decision
from photo_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, GAP, LABEL = 78, 104, 4, 190
FRAME = {
    Decision.ACCEPTED: (40, 140, 60),
    Decision.REVIEW: (220, 150, 30),
    Decision.REJECTED: (190, 30, 35),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, default=ROOT / "samples" / "accepted-blue.jpg")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/pictures/turning-points.jpg")
    options = parser.parse_args()
    judge = Judge(load("graduation"), Settings.from_env())
    rgb = read(options.picture)
    subject = None if rgb is None else judge.subject(rgb)
    if subject is None:
        raise SystemExit(f"no face in {options.picture}")
    columns = max(len(defect.strengths) for defect in DEFECTS)
    size = (LABEL + columns * (WIDTH + GAP), len(DEFECTS) * (HEIGHT + GAP + 14))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for row, defect in enumerate(DEFECTS):
        y = row * (HEIGHT + GAP + 14)
        for number, word in enumerate(_lines(defect.name)):
            draw.text((4, y + 8 + 14 * number), word, fill="black", font=font)
        for column, strength in enumerate(defect.strengths):
            made = np.ascontiguousarray(defect.make(subject, strength))
            quality = int(strength) if defect.quality is None else defect.quality
            data = encoded(made, quality)
            decision = judge.report(data).decision
            x = LABEL + column * (WIDTH + GAP)
            draw.rectangle((x, y, x + WIDTH, y + HEIGHT), fill=FRAME[decision])
            shown = made if defect.quality is not None else _decoded(data)
            thumbnail = Image.fromarray(shown).resize((WIDTH - 7, HEIGHT - 7))
            sheet.paste(thumbnail, (x + 4, y + 4))
            draw.text((x + 4, y + HEIGHT + 1), f"{strength:g}", fill="black", font=font)
    judge.models.close()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.out, quality=80)
    print(options.out)


def _lines(text: str) -> list[str]:
    head, _, tail = text.partition(", ")
    return [head, tail]


def _decoded(data: bytes) -> Rgb:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    main()
