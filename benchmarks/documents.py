"""How right the verdicts are on drawn scans and photos of certificates, and on real documents.

    python -m benchmarks.documents [--split check] [--kind certificate] [--n 20] [--seed 0]
        [--only CONDITION …] [--save DIR] [--speed] [--real ../shared/data]

Every picture is drawn (`samples/scans*.py`); the splits tune and check share no font, table or
name. Prints Markdown tables:

1. for scans that are as they should be: accepted, upright, of the right kind, and what stopped the
   others;
2. for each fault: not accepted, named rightly, orientation and kind, and what was named;
3. each miss on a line of its own, with its codes;
4. with ``--speed`` alone: a verdict on a page of A4 at 150 dpi against detection of its text and
   recognition of the lines it read, measured in turn on one thread;
5. with ``--kind course-cards`` the same of course cards, one in each archive;
6. with ``--real`` alone: the codes of each real document and of portraits, as they are and enlarged
   to what the portal asks for.

With ``--save`` every picture that went wrong is kept.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.labelled import Rgb, encoded, read
from models.text import TextBox, TextReader
from photo_service.context import Context
from photo_service.document.page import LOOK_SIDE
from photo_service.report import Decision, Effect, Report
from photo_service.service import examine, verify
from photo_service.settings import Settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "samples"))

import scans  # isort: skip
from scans import Scan  # isort: skip

CERTIFICATE, CARDS = "certificate", "course-cards"
TURNED = "page-turned"
UPRIGHT, TYPE = "document/upright", "document/type"
# Nothing that course cards are asked for.
ABOUT_TYPE = ("higher level", "small text", "other paper", "wrong type")
# Pages whose way round nothing on them tells.
WITHOUT_WAY = ("blank", "nearly blank", "no page", "mirrored")


@dataclass(slots=True)
class Tally:
    """What became of the pictures of one condition."""

    n: int = 0
    named: int = 0
    way: int = 0
    told: int = 0
    type: int = 0
    verdicts: Counter[Decision] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def most(self) -> str:
        """What stopped them, the commonest first."""
        return ", ".join(f"{code} {count}" for code, count in self.codes.most_common(6))


def codes_of(report: Report) -> list[str]:
    """Codes that stop the picture."""
    return sorted({f.code for f in report.findings if f.effect is not Effect.NONE})


def type_of(report: Report) -> str:
    """The kind as told; empty when it was not."""
    finding = next((f for f in report.findings if f.check == TYPE), None)
    return "" if finding is None or finding.value is None else str(finding.value)


def turn_of(report: Report) -> int | None:
    """Degrees clockwise to turn by as told; None when it was not."""
    finding = next((f for f in report.findings if f.check == UPRIGHT), None)
    if finding is None or finding.value is None:
        return None
    return round(float(str(finding.value)))


def judged(report: Report, scan: Scan, tally: Tally) -> bool:
    """Count one verdict; whether all was as it should be."""
    codes, turn, seen = codes_of(report), turn_of(report), type_of(report)
    named = bool(set(codes) & set(scan.codes))
    way, right = turn in (None, scan.turn), seen == ("" if scan.type == "other" else scan.type)
    tally.n += 1
    tally.named += named
    tally.told += turn is not None
    tally.way += way
    tally.type += right
    tally.verdicts[report.decision] += 1
    tally.codes.update(codes)
    if not way and scan.condition not in WITHOUT_WAY:
        return False
    if scan.codes:
        return named and report.decision is not Decision.ACCEPTED
    return report.decision is Decision.ACCEPTED and right


class Bench:
    """Draws, judges and counts."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.settings = Settings.from_env()
        self.misses: list[str] = []

    def verdict(self, scan: Scan, data: bytes) -> Report:
        context = Context(
            expect_type=scan.expect.get("expect_type", ""),
            expect_name=scan.expect.get("expect_name", ""),
        )
        if not self.of_cards:
            return verify(data, CERTIFICATE, context=context, settings=self.settings)
        report = verify(zipped(data), CARDS, context=context, settings=self.settings)
        return report.members[0] if report.members else report

    @property
    def of_cards(self) -> bool:
        return bool(self.options.kind == CARDS)

    def pictures(self, condition: str) -> Iterator[tuple[int, Scan]]:
        for seed in range(self.options.seed, self.options.seed + self.options.n):
            page = "course-card" if self.of_cards else ""
            yield seed, scans.draw(condition, seed, self.options.split, type=page)

    def run(self) -> None:
        wanted = [
            name
            for name in scans.CONDITIONS
            if (not self.options.only or name in self.options.only)
            and not (self.of_cards and name in ABOUT_TYPE)
        ]
        good = [name for name in wanted if name in scans.GOOD]
        faults = [name for name in wanted if name not in scans.GOOD]
        whole = Tally()
        if good:
            print("\n| as it should be | n | accepted | review | turn right | type right | by |")
            print("|---|---|---|---|---|---|---|")
        for name in good:
            tally = self.condition(name)
            self.add(whole, tally)
            print(row(name, tally, self.kept(tally), tally.verdicts[Decision.REVIEW]), flush=True)
        if good:
            print(row("all", whole, self.kept(whole), whole.verdicts[Decision.REVIEW]))
        if faults:
            print("\n| fault | n | not accepted | named | turn right | type right | named most |")
            print("|---|---|---|---|---|---|---|")
        for name in faults:
            tally = self.condition(name)
            print(row(name, tally, tally.n - self.kept(tally), tally.named), flush=True)
        print("\n".join(["", *self.misses]))

    def kept(self, tally: Tally) -> int:
        return tally.verdicts[Decision.ACCEPTED]

    def add(self, whole: Tally, part: Tally) -> None:
        whole.n += part.n
        whole.way += part.way
        whole.type += part.type
        whole.verdicts.update(part.verdicts)
        whole.codes.update(part.codes)

    def condition(self, condition: str) -> Tally:
        tally = Tally()
        for seed, scan in self.pictures(condition):
            data = scan.encoded()
            report = self.verdict(scan, data)
            if not judged(report, scan, tally):
                self.miss(condition, seed, scan, data, report)
        return tally

    def miss(self, condition: str, seed: int, scan: Scan, data: bytes, report: Report) -> None:
        height, width = scan.rgb.shape[:2]
        self.misses.append(
            f"{condition} {seed}: {report.decision} {' '.join(codes_of(report))} "
            f"({scan.type}, told {type_of(report) or '-'}, turn {scan.turn} told "
            f"{turn_of(report)}, letters {scan.letters:.0f} px, {width}×{height}, "
            f"{' '.join(scan.expect)})"
        )
        if self.options.save:
            self.options.save.mkdir(parents=True, exist_ok=True)
            name = f"{condition.replace(' ', '-')}-{self.options.split}-{seed}"
            suffix = "jpg" if data[:2] == b"\xff\xd8" else "png"
            (self.options.save / f"{name}.{suffix}").write_bytes(data)

    def speed(self) -> None:
        """Verdicts on pages of A4 at 150 dpi, in turn with the text models alone."""
        reader = TextReader()
        ratios, bare_ms, verdict_ms = [], [], []
        for seed in range(self.options.seed, self.options.seed + self.options.n):
            scan = scans.draw("clean scan", seed, self.options.split, size=(1754, 1240))
            data = scan.encoded()
            bare_once = partial(bare_text, reader, *self.seen(data))
            ours, bare = (
                min(timed(call) for _ in range(3)) for call in (partial(self.once, data), bare_once)
            )
            ratios.append(ours / bare)
            bare_ms.append(bare)
            verdict_ms.append(ours)
        reader.close()
        print(
            f"verdict {statistics.median(verdict_ms):.0f} ms (most {max(verdict_ms):.0f}), text "
            f"alone {statistics.median(bare_ms):.0f} ms, ratio {statistics.median(ratios):.2f} "
            f"(n={len(ratios)})"
        )

    def once(self, data: bytes) -> Report:
        return verify(data, CERTIFICATE, settings=self.settings)

    def seen(self, data: bytes) -> tuple[Rgb, list[TextBox]]:
        """The picture as the service decodes it, and the parts of lines that it reads."""
        features = examine(data, CERTIFICATE, settings=self.settings).features
        assert features is not None
        read = features.document.reading.read
        return features.photo.pixels, [each.spelling.box for each in read]

    def real(self, data: Path) -> None:
        """Codes of real pictures, as they are and enlarged where 600 pixels wide or more."""
        folders = ("documents", "idcards", "negatives/portrait_plain_bg", "lisa")
        for folder in folders:
            files = sorted(p for p in (data / folder).iterdir() if p.suffix != ".csv")
            for file in files[: 30 if "negatives" in folder else None]:
                rgb = read(file)
                if rgb is not None:
                    self.told(f"{folder}/{file.name}", rgb)

    def told(self, name: str, rgb: Rgb) -> None:
        height, width = rgb.shape[:2]
        grow = max(860 / max(width, height), 640 / min(width, height), 1.0)
        for factor in (1.0, grow) if grow > 1 and width >= 600 else (1.0,):
            size = (round(width * factor), round(height * factor))
            shown = cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC)
            report = self.once(encoded(np.asarray(shown, np.uint8)))
            print(
                f"{name} {size[0]}×{size[1]}: {report.decision}, turn {turn_of(report)}, type "
                f"{type_of(report) or '-'}: {' '.join(codes_of(report))}", flush=True,
            )  # fmt: skip


def zipped(data: bytes) -> bytes:
    """An archive of one scan."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("1.jpg" if data[:2] == b"\xff\xd8" else "1.png", data)
    return file.getvalue()


def bare_text(reader: TextReader, rgb: Rgb, boxes: Sequence[TextBox]) -> None:
    """Detection at the service's scale and recognition of the lines it read."""
    reader.boxes(rgb, LOOK_SIDE)
    for box in boxes:
        reader.read(rgb, box)


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - start)


def row(name: str, tally: Tally, *counts: int) -> str:
    """A line of a table: two counts, turn and type as shares."""
    shares = [f"{count / max(tally.n, 1):.2f}" for count in (*counts, tally.way, tally.type)]
    return f"| {name} | {tally.n} | {' | '.join(shares)} | {tally.most} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("tune", "check"), default="check")
    parser.add_argument("--kind", choices=(CERTIFICATE, CARDS), default=CERTIFICATE)
    parser.add_argument("--n", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--save", type=Path)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--real", type=Path)
    options = parser.parse_args()
    bench = Bench(options)
    if options.real:
        bench.real(options.real)
    elif options.speed:
        bench.speed()
    else:
        bench.run()


if __name__ == "__main__":
    main()
