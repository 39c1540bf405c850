"""How right the verdicts are, on labelled pictures and on made defects of growing strength.

    python benchmarks/accuracy.py --data DIR [--split check] [--profile NAME] [--out out/accuracy]

Prints Markdown tables:

1. verdicts by label: accepted, review, rejected, and how often a finding of the right topic was
   named (a named topic counts only when the finding stops the picture, or when it warns);
2. made defects: the same by strength, made from accepted compliant pictures;
3. each measured quantity: rates at the limit and the equal error rate between compliant pictures
   and the defect where it is plain to see, with n;
4. false stops by group.

With ``--out`` the response curves are drawn, and strips of the pictures where verdicts turn.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks import degradations as made
from benchmarks.labelled import Item, Rgb, as_portrait, encoded, items, read
from photo_service.check import Status
from photo_service.profile import Profile, load
from photo_service.report import Decision, Effect, Report
from photo_service.service import examine, open_models
from photo_service.settings import Settings

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Subject:
    """A compliant picture with what the made defects need of it."""

    rgb: Rgb
    person: made.Mask
    eyes: tuple[float, float]
    face_width: float
    eye_distance: float


@dataclass(frozen=True, slots=True)
class Defect:
    """A family of made defects.

    Attributes:
        name: what it is.
        topic: of which a finding must be named.
        check: whose value is drawn.
        strengths: from none to extreme.
        plain: strengths at which everyone would see the defect.
        make: applies one strength.
        quality: JPEG quality the result is saved at; ``None``: the strength is the quality.
    """

    name: str
    topic: str
    check: str
    strengths: tuple[float, ...]
    plain: tuple[float, ...]
    make: Callable[[Subject, float], Rgb]
    quality: int | None = 92


def _scaled(subject: Subject) -> float:
    return subject.eye_distance / 96


def _before(subject: Subject, backdrop: Rgb) -> Rgb:
    return made.on_background(subject.rgb, subject.person, backdrop)


def _shadowed(subject: Subject, depth: float) -> Rgb:
    plain = made.plain_backdrop(subject.rgb.shape, (225, 228, 232))
    return _before(subject, made.cast_shadow(plain, subject.person, depth))


def _gradient(subject: Subject, fall: float) -> Rgb:
    return _before(subject, made.gradient_backdrop(subject.rgb.shape, (235, 238, 240), fall))


def _pattern(subject: Subject, depth: float) -> Rgb:
    return _before(subject, made.patterned_backdrop(subject.rgb.shape, (215, 218, 222), depth))


def _hot(subject: Subject, size: float) -> Rgb:
    x, y = subject.eyes
    centre = (x, y - 0.35 * subject.face_width)
    return made.hot_spot(subject.rgb, centre, size * subject.face_width)


def _object(subject: Subject, size: float) -> Rgb:
    return made.with_object(subject.rgb, subject.person, size, (110, 70, 40))


def _second(subject: Subject, width: float) -> Rgb:
    return made.second_face(subject.rgb, subject.rgb, width, (0.02, 0.05))


DEFECTS = (
    Defect("blur, px at 96 px between the eyes", "sharpness", "sharpness/focus",
           (0, 0.5, 0.8, 1.2, 1.6, 2, 3), (2, 3),
           lambda s, v: made.blur(s.rgb, v * _scaled(s))),
    Defect("motion, px at 96 px between the eyes", "sharpness", "sharpness/no_motion",
           (0, 3, 5, 8, 12), (8, 12), lambda s, v: made.motion_blur(s.rgb, v * _scaled(s))),
    Defect("noise, grey levels", "sharpness", "sharpness/low_noise",
           (0, 3, 6, 10, 15, 20), (15, 20), lambda s, v: made.noise(s.rgb, v)),
    Defect("JPEG quality", "sharpness", "sharpness/no_blocking",
           (90, 60, 40, 30, 20, 15, 10, 5), (10, 5), lambda s, v: s.rgb, None),
    Defect("enlarged, times", "encoding", "encoding/true_resolution",
           (1, 1.3, 1.6, 2, 2.5, 3, 4), (3, 4), lambda s, v: made.upscaled(s.rgb, v)),
    Defect("widened, times", "encoding", "encoding/proportions",
           (1, 1.07, 1.15, 1.25, 1.4), (1.25, 1.4), lambda s, v: made.stretched(s.rgb, v)),
    Defect("narrowed, times", "encoding", "encoding/proportions",
           (1, 0.93, 0.87, 0.8, 0.7), (0.8, 0.7), lambda s, v: made.stretched(s.rgb, v)),
    Defect("darker, stops", "lighting", "lighting/picture_not_dark",
           (0, -0.5, -1, -1.5, -2, -3), (-2, -3), lambda s, v: made.exposure(s.rgb, v)),
    Defect("brighter, stops", "lighting", "lighting/face_not_bright",
           (0, 0.5, 1, 1.5, 2), (2,), lambda s, v: made.exposure(s.rgb, v)),
    Defect("contrast left", "lighting", "lighting/tonal_range",
           (1, 0.8, 0.6, 0.5, 0.4, 0.3), (0.4, 0.3), lambda s, v: made.contrast(s.rgb, v)),
    Defect("glare, face widths", "lighting", "lighting/no_hot_spot",
           (0, 0.1, 0.2, 0.3, 0.4), (0.4,), _hot),
    Defect("warm cast, gain", "lighting", "lighting/neutral",
           (1, 1.1, 1.2, 1.3, 1.5), (1.3, 1.5), lambda s, v: made.cast(s.rgb, v, 1 / v)),
    Defect("blue cast, gain", "lighting", "lighting/skin_hue",
           (1, 1.1, 1.2, 1.3, 1.5), (1.3, 1.5), lambda s, v: made.cast(s.rgb, 1 / v, v)),
    Defect("green cast, gain", "lighting", "lighting/skin_hue",
           (1, 1.1, 1.2, 1.3, 1.5), (1.3, 1.5), lambda s, v: made.cast(s.rgb, 1 / v, 1 / v)),
    Defect("greyscale", "lighting", "lighting/in_colour",
           (0, 1), (1,), lambda s, v: made.greyscale(s.rgb) if v else s.rgb),
    Defect("sepia", "lighting", "lighting/full_colour",
           (0, 1), (1,), lambda s, v: made.sepia(s.rgb) if v else s.rgb),
    Defect("rotated, degrees", "face", "face/upright",
           (0, 4, 6, 8, 10, 12, 15, 20), (15, 20), lambda s, v: made.rotated(s.rgb, v)),
    Defect("second face, share of the width", "face", "face/one_face",
           (0, 0.15, 0.2, 0.3, 0.4), (0.3, 0.4),
           lambda s, v: _second(s, v) if v else s.rgb),
    Defect("zoomed out, times", "framing", "framing/face_width",
           (1, 0.8, 0.6, 0.5, 0.4), (0.5, 0.4), lambda s, v: made.reframed(s.rgb, v)),
    Defect("zoomed in, times", "framing", "framing/face_width",
           (1, 1.3, 1.6, 2), (1.6, 2), lambda s, v: made.reframed(s.rgb, v)),
    Defect("shifted, share of the width", "framing", "framing/centred",
           (0, 0.05, 0.1, 0.2, 0.3), (0.2, 0.3), lambda s, v: made.reframed(s.rgb, 1, v, 0)),
    Defect("lowered, share of the height", "framing", "framing/eyes_to_top",
           (0, 0.05, 0.1, 0.2, 0.3), (0.2, 0.3), lambda s, v: made.reframed(s.rgb, 1, 0, v)),
    Defect("raised, share of the height", "framing", "framing/head_whole",
           (0, -0.05, -0.1, -0.2, -0.3), (-0.2, -0.3),
           lambda s, v: made.reframed(s.rgb, 1, 0, v)),
    Defect("background gradient, grey levels", "background", "background/even",
           (0, 20, 40, 60, 90, 120, 150), (120, 150), _gradient),
    Defect("background pattern, grey levels", "background", "background/smooth",
           (0, 5, 10, 15, 25, 40), (25, 40), _pattern),
    Defect("background object, share of the width", "background", "background/no_objects",
           (0.02, 0.05, 0.1, 0.15, 0.25), (0.15, 0.25), _object),
    Defect("border, share of the width", "frame_content", "frame_content/no_border",
           (0, 0.01, 0.02, 0.04, 0.08), (0.02, 0.04, 0.08),
           lambda s, v: made.framed(s.rgb, v, (24, 60, 140)) if v else s.rgb),
    Defect("shadow, grey levels", "background", "background/no_shadow",
           (0, 10, 20, 30, 45, 60), (45, 60), _shadowed),
)  # fmt: skip

# Quantities that are wrong on both sides of their middle.
TWO_SIDED = {
    "face/upright",
    "framing/centred",
    "framing/eyes_to_top",
    "framing/face_width",
    "encoding/proportions",
    "lighting/skin_hue",
}

BACKDROPS = {
    "white": (255, 255, 255), "light grey": (240, 240, 240), "national blue": (100, 197, 255),
    "studio blue 438EDB": (0x43, 0x8E, 0xDB), "studio blue 628BCE": (0x62, 0x8B, 0xCE),
    "red": (200, 20, 30), "dark blue": (20, 40, 110), "green": (60, 160, 80),
    "yellow": (240, 220, 80), "brown": (120, 80, 50), "black": (15, 15, 15),
    "mid grey": (120, 120, 120), "dark grey": (80, 80, 80), "pink": (250, 190, 200),
    "beige": (230, 215, 190), "cyan": (60, 200, 200),
}  # fmt: skip
ALLOWED_BACKDROPS = tuple(BACKDROPS)[:5]


class Judge:
    """Verdicts under one profile, with warm models."""

    def __init__(self, profile: Profile, settings: Settings) -> None:
        self.profile = profile
        self.settings = settings
        self.models = open_models(settings)

    def report(self, data: bytes) -> Report:
        return examine(data, self.profile.kind, profile=self.profile, settings=self.settings).report

    def subject(self, rgb: Rgb) -> Subject | None:
        faces = self.models.landmarks(rgb)
        if not faces:
            return None
        points = faces[0].points
        left = points[[33, 133], :2].mean(axis=0)
        right = points[[362, 263], :2].mean(axis=0)
        mask = self.models.submit_mask(rgb).result()
        person = cv2.resize(mask, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
        middle = (left + right) / 2
        return Subject(
            rgb=rgb,
            person=np.asarray(person, np.float32),
            eyes=(float(middle[0]), float(middle[1])),
            face_width=float(points[454, 0] - points[234, 0]),
            eye_distance=float(np.hypot(*(right - left))),
        )


def stopping_topics(report: Report) -> set[str]:
    return {f.check.split("/")[0] for f in report.findings if f.effect is not Effect.NONE}


def named_topics(report: Report) -> set[str]:
    warned = {f.check.split("/")[0] for f in report.findings if f.status is Status.WARN}
    return stopping_topics(report) | warned


def value_of(report: Report, check: str) -> float | None:
    for finding in report.findings:
        if finding.check == check and isinstance(finding.value, int | float):
            return float(finding.value)
    return None


@dataclass(slots=True)
class Tally:
    """Verdicts of one row."""

    n: int = 0
    verdicts: Counter[Decision] | None = None
    right: int = 0
    codes: Counter[str] | None = None

    def add(self, report: Report, right: bool) -> None:
        self.verdicts = self.verdicts or Counter()
        self.codes = self.codes or Counter()
        self.n += 1
        self.verdicts[report.decision] += 1
        self.right += right
        self.codes.update({f.code for f in report.findings if f.effect is not Effect.NONE})

    def row(self, name: str) -> str:
        verdicts, codes = self.verdicts or Counter(), self.codes or Counter()
        shares = [
            f"{verdicts[d] / self.n:.2f}"
            for d in (Decision.ACCEPTED, Decision.REVIEW, Decision.REJECTED)
        ]
        common = ", ".join(f"{code} {count}" for code, count in codes.most_common(4))
        return (
            f"| {name} | {self.n} | {' | '.join(shares)} | {self.right / self.n:.2f} | {common} |"
        )


HEAD = (
    "| {} | n | accepted | review | rejected | right topic | what stopped it |\n"
    "|---|---|---|---|---|---|---|"
)


def by_label(
    judge: Judge, chosen: list[Item], topics: dict[str, list[str]]
) -> tuple[list[Subject], list[Report]]:
    tallies: dict[str, Tally] = defaultdict(Tally)
    groups: dict[str, Tally] = defaultdict(Tally)
    subjects, compliant = [], []
    for number, item in enumerate(chosen):
        rgb = read(item.file)
        if rgb is None or item.label not in topics:
            continue
        rgb = as_portrait(rgb, judge.models, number)
        report = judge.report(encoded(rgb))
        wanted = topics[item.label]
        right = bool(named_topics(report) & set(wanted)) if wanted else False
        if not wanted:
            right = report.decision is Decision.ACCEPTED
            compliant.append(report)
            if right and (subject := judge.subject(rgb)):
                subjects.append(subject)
            for group in item.groups:
                groups[group].add(report, right)
        tallies[item.label].add(report, right)
    print("\n## Verdicts by label\n")
    print(HEAD.format("label"))
    for label, tally in tallies.items():
        print(tally.row(label))
    if groups:
        print("\n## Compliant portraits by group\n")
        print(HEAD.format("group"))
        for group, tally in sorted(groups.items()):
            print(tally.row(group))
    return subjects, compliant


def eer(good: list[float], bad: list[float]) -> float:
    """Equal error rate of a threshold between two sets, whichever side the bad ones are on."""
    a, b = np.array(good), np.array(bad)
    if np.median(b) < np.median(a):
        a, b = -a, -b
    cuts = np.unique(np.concatenate([a, b]))
    return float(min(max((a >= cut).mean(), (b < cut).mean()) for cut in cuts))


def centred_on(values: list[float], middle: float) -> list[float]:
    return [abs(value - middle) for value in values]


def of_defects(
    judge: Judge, subjects: list[Subject], compliant: list[Report], out: Path | None
) -> None:
    print("\n## Made defects\n")
    print(HEAD.format("defect and strength"))
    curves: dict[Defect, dict[float, list[float]]] = {}
    rates: list[str] = []
    for defect in DEFECTS:
        values: dict[float, list[float]] = defaultdict(list)
        plain = Tally()
        for strength in defect.strengths:
            tally = Tally()
            for subject in subjects:
                rgb = np.ascontiguousarray(defect.make(subject, strength))
                quality = int(strength) if defect.quality is None else defect.quality
                report = judge.report(encoded(rgb, quality))
                right = defect.topic in stopping_topics(report)
                tally.add(report, right)
                if strength in defect.plain:
                    plain.add(report, right)
                value = value_of(report, defect.check)
                if value is not None:
                    values[strength].append(value)
            print(tally.row(f"{defect.name}: {strength:g}"))
        curves[defect] = values
        rates.append(_rate_row(defect, values, compliant, plain))
    print("\n## Equal error rates of the measured quantities\n")
    print("| defect | quantity | n good | n plain | EER | plain ones not accepted | right topic |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rates))
    if out:
        from benchmarks.curves import draw

        draw({d.name: (d.check, curves[d]) for d in DEFECTS}, out)


def _rate_row(
    defect: Defect, values: dict[float, list[float]], compliant: list[Report], plain: Tally
) -> str:
    good = [v for r in compliant if (v := value_of(r, defect.check)) is not None]
    bad = [v for strength in defect.plain for v in values[strength]]
    if defect.check in TWO_SIDED:
        middle = float(np.median(good))
        good, bad = centred_on(good, middle), centred_on(bad, middle)
    rate = f"{eer(good, bad):.3f}" if good and bad else "–"
    accepted = (plain.verdicts or Counter())[Decision.ACCEPTED]
    return (
        f"| {defect.name} | {defect.check} | {len(good)} | {len(bad)} | {rate} "
        f"| {1 - accepted / max(plain.n, 1):.2f} | {plain.right / max(plain.n, 1):.2f} |"
    )


def of_backdrops(judge: Judge, subjects: list[Subject]) -> None:
    print("\n## Backgrounds put behind compliant people\n")
    print(HEAD.format("background"))
    for name, colour in BACKDROPS.items():
        tally = Tally()
        for subject in subjects:
            rgb = _before(subject, made.plain_backdrop(subject.rgb.shape, colour))
            report = judge.report(encoded(rgb))
            allowed = name in ALLOWED_BACKDROPS
            right = ("background" in stopping_topics(report)) is not allowed
            tally.add(report, right)
        print(tally.row(name))


def thinned(subjects: list[Subject], most: int) -> Iterator[Subject]:
    step = max(1, len(subjects) // most)
    return iter(subjects[::step][:most])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=("tune", "check", "all"), default="check")
    parser.add_argument("--profile", default="graduation")
    parser.add_argument("--subjects", type=int, default=24, help="people for the made defects")
    parser.add_argument("--no-defects", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    judge = Judge(load(options.profile), Settings.from_env())
    topics = tomllib.loads((HERE / "labels.toml").read_text("utf-8"))
    chosen = [i for i in items(options.data) if options.split in ("all", i.split)]
    print(f"# Accuracy of profile {options.profile}, split {options.split}")
    subjects, compliant = by_label(judge, chosen, topics)
    if not options.no_defects:
        few = list(thinned(subjects, options.subjects))
        of_backdrops(judge, few)
        of_defects(judge, few, compliant, options.out)
    judge.models.close()


if __name__ == "__main__":
    main()
