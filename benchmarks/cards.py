"""How right the verdicts are on drawn ID cards and on people who hold them.

    python benchmarks/cards.py --data DIR [--split check] [--kind id_card|handheld_id] [--n 20]
        [--seed 0] [--only CONDITION …] [--save out/cards] [--speed]

Every picture is drawn (`samples/cards*.py`) with faces from DIR; the two splits share no face,
font, table or ink. Prints Markdown tables:

1. for pictures that are as they should be: found number and name exactly right, accepted, and what
   stopped the others;
2. for each fault: not accepted, named rightly, and what was named;
3. calls of a mirrored picture: right ones and false ones;
4. with ``--speed``: a verdict against detection and recognition of the text alone, on the card laid
   flat, measured in turn.

With ``--save`` every picture that went wrong is kept.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.cards_supplies import supplies
from benchmarks.labelled import Rgb
from models.text import TextReader
from photo_service.context import Context, Fields
from photo_service.report import Decision, Effect, Report
from photo_service.service import open_models, verify
from photo_service.settings import Settings

from cards_camera import Drawn  # isort: skip
import cards_holder  # isort: skip - samples/ is on the path from here on
import cards_scenes  # isort: skip

Draw = Callable[[str, int, cards_scenes.Supplies], Drawn]
DRAW: Mapping[str, Draw] = {"id_card": cards_scenes.draw, "handheld_id": cards_holder.draw}

# Conditions that the rules allow; all others are faults.
GOOD = {
    "id_card": ("clean", "moderate", "flat scan", "turned 90", "turned 180", "turned 270"),
    "handheld_id": ("clean", "moderate"),
}

# Condition → codes that name the fault; any of them counts.
NAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "id_card": {
        "mirrored": ("card-mirrored",),
        "wrong check digit": ("number-invalid",),
        "other birth": ("birth-differs",),
        "other sex": ("sex-differs",),
        "emblem side": ("card-back",),
        "temporary": ("card-temporary",),
        "copy in grey": ("card-grey", "card-copied"),
        "copy in colour": ("card-copied",),
        "picture in grey": ("card-grey",),
        "recapture": ("card-on-screen",),
        "screenshot": ("card-screenshot", "card-on-screen"),
        "glare": ("card-glare",),
        "shadow": ("card-shadow",),
        "outside": ("card-cut-off",),
        "corner cut": ("corner-missing",),
        "finger": ("card-covered",),
        "too small": ("print-small", "card-far"),
        "blurred": ("card-blurred",),
        "low light": ("card-dark", "picture-dark"),
        "noisy": ("card-noisy", "noise-strong", "card-blurred"),
        "two cards": ("card-several",),
        "no card": ("card-none",),
    },
    "handheld_id": {
        "mirrored": ("card-mirrored",),
        "wrong check digit": ("number-invalid",),
        "other birth": ("birth-differs",),
        "emblem side": ("card-back",),
        "sunglasses": ("holder-eyes-covered",),
        "mask": ("holder-mouth-covered",),
        "no card": ("card-none",),
        "no holder": ("holder-none",),
        "two holders": ("holder-several",),
        "card too small": ("print-small", "card-far"),
        "card blurred": ("card-blurred",),
        "all blurred": ("card-blurred", "holder-blurred"),
        "face covered": ("holder-face-hidden", "holder-eyes-covered", "holder-mouth-covered"),
        "finger": ("card-covered",),
    },
}
MIRRORED = ("card-mirrored",)


@dataclass(slots=True)
class Tally:
    """What became of the pictures of one condition."""

    n: int = 0
    number: int = 0
    name: int = 0
    named: int = 0
    called_mirrored: int = 0
    verdicts: Counter[Decision] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> str:
        """What stopped them, the commonest first."""
        return ", ".join(f"{code} {count}" for code, count in self.codes.most_common(5))


def judged(report: Report, drawn: Drawn, tally: Tally, named: tuple[str, ...]) -> bool:
    """Count one verdict; whether all was as it should be."""
    codes = {f.code for f in report.findings if f.effect is not Effect.NONE}
    read = fields_of(report)
    truth = drawn.fields
    number = truth is not None and read.get("number") == truth.number
    name = truth is not None and read.get("name") == truth.name
    tally.n += 1
    tally.number += number
    tally.name += name
    tally.named += bool(codes & set(named))
    tally.called_mirrored += bool(codes & set(MIRRORED))
    tally.verdicts[report.decision] += 1
    tally.codes.update(codes)
    if named:
        return report.decision is not Decision.ACCEPTED and bool(codes & set(named))
    return report.decision is Decision.ACCEPTED and number and name


def fields_of(report: Report) -> dict[str, str]:
    """Field → what was read."""
    table = json.loads(report.to_json()).get("fields") or {}
    return {key: str(entry["value"]) for key, entry in table.items()}


def as_good(name: str, tally: Tally) -> str:
    """A table's row for pictures that are as they should be."""
    verdicts = (tally.verdicts[Decision.ACCEPTED], tally.verdicts[Decision.REVIEW])
    told = shares(tally, tally.number, tally.name, *verdicts)
    return f"| {name} | {tally.n} | {told} | {tally.most} |"


def as_fault(name: str, tally: Tally) -> str:
    """A table's row for a fault."""
    stopped = tally.n - tally.verdicts[Decision.ACCEPTED]
    told = shares(tally, stopped, tally.named, tally.verdicts[Decision.REJECTED])
    return f"| {name} | {tally.n} | {told} | {tally.most} |"


def shares(tally: Tally, *counts: int) -> str:
    """Counts as shares of the condition's pictures."""
    return " | ".join(f"{count / max(tally.n, 1):.2f}" for count in counts)


class Bench:
    """Draws, judges and counts."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.settings = Settings.from_env()
        with open_models(self.settings) as models:
            self.supplies = supplies(options.data, options.split, models, options.faces)

    def pictures(self, kind: str, condition: str) -> Iterator[tuple[int, Drawn]]:
        first = self.options.seed + (0 if self.options.split == "tune" else 1_000_000)
        for seed in range(first, first + self.options.n):
            yield seed, DRAW[kind](condition, seed, self.supplies)

    def conditions(self, kind: str) -> list[str]:
        known = cards_scenes.CARDS if kind == "id_card" else cards_holder.HANDHELD
        return [name for name in known if not self.options.only or name in self.options.only]

    def verdict(self, data: bytes, kind: str) -> Report:
        context = Context(fields=Fields.FULL)
        return verify(data, kind, context=context, settings=self.settings)

    def run(self, kind: str) -> None:
        wanted = self.conditions(kind)
        good = [name for name in wanted if name in GOOD[kind]]
        faults = [name for name in wanted if name not in good]
        false = straight = 0
        print(f"\n## {kind}, {self.options.split}")
        if good:
            print("\n| as it should be | n | number exact | name exact | accepted | review | by |")
            print("|---|---|---|---|---|---|---|")
        for name in good:
            tally = self.condition(kind, name)
            print(as_good(name, tally), flush=True)
            false, straight = false + tally.called_mirrored, straight + tally.n
        if faults:
            print("\n| fault | n | not accepted | named | rejected | named most |")
            print("|---|---|---|---|---|---|")
        for name in faults:
            tally = self.condition(kind, name)
            print(as_fault(name, tally), flush=True)
            if name != "mirrored":
                false, straight = false + tally.called_mirrored, straight + tally.n
        print(f"\nCalled mirrored though it is not: {false} of {straight}.")

    def condition(self, kind: str, condition: str) -> Tally:
        tally = Tally()
        named = NAMED[kind].get(condition, ())
        for seed, drawn in self.pictures(kind, condition):
            data = drawn.encoded()
            report = self.verdict(data, kind)
            if not judged(report, drawn, tally, named) and self.options.save:
                self.keep(kind, condition, seed, data, report)
        return tally

    def keep(self, kind: str, condition: str, seed: int, data: bytes, report: Report) -> None:
        folder = self.options.save / kind
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{condition.replace(' ', '-')}-{seed}"
        (folder / f"{name}.jpg").write_bytes(data)
        codes = sorted(f.code for f in report.findings if f.effect is not Effect.NONE)
        (folder / f"{name}.txt").write_text(f"{report.decision} {' '.join(codes)}\n", "utf-8")

    def speed(self, kind: str) -> None:
        """A verdict against the text models alone, in turn on the same pictures."""
        reader = TextReader()
        ratios, bare_ms, verdict_ms = [], [], []
        for _, drawn in self.pictures(kind, "clean"):
            data = drawn.encoded()
            flat = laid_flat(drawn)
            self.verdict(data, kind)
            bare = min(timed(partial(read_alone, reader, flat)) for _ in range(3))
            ours = min(timed(partial(self.verdict, data, kind)) for _ in range(3))
            ratios.append(ours / bare)
            bare_ms.append(bare)
            verdict_ms.append(ours)
        reader.close()
        print(
            f"\n{kind}: verdict {statistics.median(verdict_ms):.0f} ms, "
            f"text alone on the flat card {statistics.median(bare_ms):.0f} ms, "
            f"ratio {statistics.median(ratios):.2f} (n={len(ratios)})"
        )


def laid_flat(drawn: Drawn) -> Rgb:
    """The card as it truly lies, 1012 × 638."""
    target = np.array([[0, 0], [1012, 0], [1012, 638], [0, 638]], np.float32)
    move = cv2.getPerspectiveTransform(drawn.quad, target)
    return np.asarray(cv2.warpPerspective(drawn.rgb, move, (1012, 638)), np.uint8)


def read_alone(reader: TextReader, flat: Rgb) -> None:
    """Detection at the size the models' authors use, recognition of every line."""
    reader.lines(flat, 1012, 100)


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("tune", "check"), default="check")
    parser.add_argument("--kind", choices=tuple(DRAW), nargs="*", default=tuple(DRAW))
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faces", type=int, default=24)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--save", type=Path)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    bench = Bench(options)
    for kind in options.kind:
        if options.speed:
            bench.speed(kind)
        else:
            bench.run(kind)


if __name__ == "__main__":
    main()
