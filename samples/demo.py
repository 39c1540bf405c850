"""Verify the pictures that come with the project and draw what was found into out/demo/."""

import sys
from pathlib import Path

from photo_service.cli import main
from photo_service.messages import messages
from photo_service.settings import Settings

SAMPLES = Path(__file__).parent
OVERLAYS = SAMPLES.parent / "out" / "demo"
# The verdicts of a demonstration are no failures of it: accepted, rejected, for review.
VERDICTS = (0, 10, 11)


def demo() -> int:
    text = messages(Settings.from_env().language)
    pictures = sorted(
        str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
        for file in SAMPLES.glob("*")
        if file.suffix in (".jpg", ".jpeg", ".png")
    )
    if not pictures:
        print(text.ui("demo_empty", folder=SAMPLES))
        return 1
    code = main(["check", "--as", "graduation", "--overlay", str(OVERLAYS), "--", *pictures])
    if code not in VERDICTS:
        return code
    print(text.ui("demo_done", folder=OVERLAYS))
    return 0


if __name__ == "__main__":
    sys.exit(demo())
