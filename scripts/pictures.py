"""Make the README's pictures again: annotated samples, and a report as a terminal shows it.

python scripts/pictures.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from photo_service.messages import messages
from photo_service.render.overlay import draw_overlay
from photo_service.render.text import print_report
from photo_service.service import examine
from photo_service.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SAMPLE = ROOT / "samples" / "companion.jpg"


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    settings = Settings.from_env()
    examination = examine(SAMPLE.read_bytes(), name=f"samples/{SAMPLE.name}", settings=settings)
    for language in ("zh", "en"):
        overlay = draw_overlay(examination, language, font=settings.font)
        (PICTURES / f"rejected.{language}.jpg").write_bytes(overlay)
        console = Console(
            record=True, width=84, file=io.StringIO(), force_terminal=True, highlight=False
        )
        print_report(console, examination.report, messages(language), every=False)
        svg = console.export_svg(title=f"photo-service check --as graduation {SAMPLE.name}")
        # Rich points to web fonts; the pictures must work without a network.
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
        svg = svg.replace("Fira Code", "DejaVu Sans Mono")
        (PICTURES / f"report.{language}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
