"""What the file says of its own making: AI labels, beauty programs, editors, age, screenshots."""

from __future__ import annotations

from datetime import timedelta

from photo_service.check import Band, Outcome, Status, check, graded
from photo_service.errors import CannotAssess
from photo_service.features import Features
from photo_service.provenance import BEAUTY, EDITOR, Program

# C2PA actions that leave the picture as it was; "created" is what a camera writes.
_HARMLESS = frozenset(
    f"c2pa.{name}"
    for name in ("created", "opened", "published", "converted", "repackaged", "transcoded")
)
_MOST_SHOWN = 6
_JOIN = "+"


@check(
    "provenance/no_ai_label",
    codes=("ai-label-generated", "ai-label-possible", "ai-generator-named"),
)
def no_ai_label(features: Features) -> Outcome:
    """No label that says the picture was made by AI.

    Wants: neither China's AI label, nor the IPTC source type, nor a generator's traces.
    Why: 图像应真实表达毕业考生本人相貌; a generated face is nobody's.
    Measured: GB 45438-2025 label in XMP (TC260:AIGC), EXIF, PNG text, IPTC, comments or behind the
        picture's end, escaped or not: 1 generated (certain), 2 possibly, 3 suspected; IPTC digital
        source type in XMP or in a C2PA manifest; the names and parameters of image generators.
        The tests write it in two dozen ways; all are found.
    Blind spots: a label is gone after a screenshot, a chat program or one click; its absence
        says nothing. Watermarks hidden in the pixels are not read.
    Source: GB 45438-2025 appendix E; IPTC NewsCodes digital source type.
    """
    found = features.provenance
    if found.ai is not None:
        stated = found.ai.label == 1
        return Outcome(
            Status.FAIL,
            "ai-label-generated" if stated else "ai-label-possible",
            value=found.ai.label,
            certain=stated,
            facts={"scheme": found.ai.scheme, "carrier": found.ai.carrier},
        )
    if found.generator:
        return Outcome(
            Status.FAIL,
            "ai-generator-named",
            value=found.generator,
            certain=False,
            facts={"programs": found.generator},
        )
    return Outcome(Status.PASS)


@check(
    "provenance/no_beauty_app",
    codes=("beauty-settings-on", "beauty-app-named", "beauty-settings-off"),
)
def no_beauty_app(features: Features) -> Outcome:
    """Not made with a beauty program.

    Wants: no sign of a program whose purpose is to change faces, and none of its settings on.
    Why: 不得对人像特征（如伤疤、痣、发型等）进行技术处理.
    Measured: names known to `photo_service.provenance` in the places where programs sign, and
        Meitu's settings (BeautyInfo, FaceliftInfo, MakeupInfo, FilterInfo, ARInfo) one by one. All
        written off is a warning only: the program took the picture and says it changed nothing.
    Blind spots: metadata are easily stripped; a beauty filter in a phone's own camera signs as the
        phone. A name does not say what was done.
    Source: graduation procedure, item 4, note 2 (2).
    """
    found = features.provenance
    programs = _listed(found.of_kind(BEAUTY))
    if found.beauty:
        shown = found.beauty[:_MOST_SHOWN]
        return Outcome(
            Status.FAIL,
            "beauty-settings-on",
            value=len(found.beauty),
            certain=False,
            facts={"programs": programs, "settings": _JOIN.join(shown)},
        )
    if not programs:
        return Outcome(Status.PASS)
    off = found.beauty is not None
    return Outcome(
        Status.WARN if off else Status.FAIL,
        "beauty-settings-off" if off else "beauty-app-named",
        value=programs,
        certain=False,
        facts={"programs": programs},
    )


@check("provenance/no_editor", codes=("editor-named",))
def no_editor(features: Features) -> Outcome:
    """No picture editor named in the file.

    Wants: a file as it came from the camera or scanner.
    Why: 禁止对图像整体或局部进行…变换操作; an editor makes such changes possible.
    Measured: names of editors in EXIF (Software, ProcessingSoftware, HostComputer, Artist,
        descriptions), XMP (CreatorTool, history), Photoshop's segments and PNG texts; the number of
        steps in the XMP history. Of 284 camera files in public collections 54 name an editor:
        studios crop and resize with the same programs, so a name alone is no fault.
    Blind spots: anybody can strip or write a name; it does not say what was done.
    Source: graduation procedure, item 4, note 2 (2).
    """
    found = features.provenance
    programs = found.of_kind(EDITOR)
    if not programs:
        return Outcome(Status.PASS)
    facts: dict[str, str | int | float] = {"programs": _listed(programs), "steps": found.steps}
    return Outcome(Status.FAIL, "editor-named", value=_listed(programs), certain=False, facts=facts)


def _listed(programs: tuple[Program, ...]) -> str:
    return ", ".join(program.shown for program in programs[:_MOST_SHOWN])


@check("provenance/origin_stated", codes=())
def origin_stated(features: Features) -> Outcome:
    """The camera and the day, where the file names them.

    Wants: a file that says which camera took it, and when.
    Why: it helps the person who reviews; most honest files that were sent or resized say nothing.
    Measured: EXIF Make, Model and DateTimeOriginal. This check can only pass or say that the file
        is silent.
    Blind spots: all of it can be written by anybody.
    Source: CIPA DC-008.
    """
    found = features.provenance
    if not found.camera:
        raise CannotAssess("origin-unstated")
    date = "undated" if found.taken is None else found.taken.date().isoformat()
    facts = {"camera": found.camera, "date": date}
    return Outcome(Status.PASS, value=found.camera, facts=facts)


@check("provenance/credentials_clean", codes=("credentials-edits",))
def credentials_clean(features: Features) -> Outcome:
    """Content credentials that tell of no edit.

    Wants: no C2PA manifest, or one whose actions leave the picture as it was taken.
    Why: 禁止对图像整体或局部进行镜像、旋转等变换操作.
    Measured: the actions in the C2PA manifest of a JPEG or PNG, other than created, opened,
        converted, repackaged, transcoded, published. The signature is not verified, so this is a
        claim like any other.
    Blind spots: manifests in the cloud; manifests stripped on the way; a manifest whose actions
        stand compressed or encrypted.
    Source: C2PA technical specification 2.x, actions assertion; ISO 19566-5.
    """
    found = features.provenance
    if not found.credentials:
        return Outcome(Status.PASS)
    if not found.actions:
        raise CannotAssess("credentials-unreadable")
    edits = [action.removeprefix("c2pa.") for action in found.actions if action not in _HARMLESS]
    if not edits:
        return Outcome(Status.PASS)
    return Outcome(
        Status.FAIL,
        "credentials-edits",
        value=len(edits),
        certain=False,
        facts={"actions": ", ".join(edits[:_MOST_SHOWN])},
    )


@check("provenance/recent", codes=("taken-long-ago",))
def recent(features: Features, *, age: Band) -> Outcome:
    """Taken within the last year.

    Wants: a picture taken no more than one year before the application.
    Why: 本人近期（一般为毕业前一年以内）: the photo shall look like the candidate today.
    Measured: `age`, days from EXIF's DateTimeOriginal to the day of the application. A file without
        a date, with one in the future or with a clock that was never set (1 January, midnight) is
        not judged.
    Blind spots: the camera's clock may be wrong, a scan bears the day of scanning, and saving
        through most programs drops or renews the date.
    Source: graduation procedure, item 4, note 2 (1); CIPA DC-008.
    """
    taken = features.provenance.taken
    if taken is None or (taken.month == taken.day == 1 and taken.hour == 0):
        raise CannotAssess("date-unstated")
    today = features.context.today
    # A day's grace for time zones.
    if taken.date() > today + timedelta(days=1):
        raise CannotAssess("date-in-future")
    days = max((today - taken.date()).days, 0)
    facts = {"date": taken.date().isoformat()}
    return graded(days, age, unit="days", high="taken-long-ago", facts=facts)


@check("provenance/not_screenshot", codes=("screenshot-stated", "screenshot-sized"))
def not_screenshot(features: Features, *, screens: tuple[str, ...]) -> Outcome:
    """The photo's own file, not a screenshot of it.

    Wants: the file that the camera or studio made.
    Why: 图像应…层次清晰、色彩真实: a screenshot has lost detail, and all that tells its origin.
    Measured: whether a text in the file calls it a screenshot; whether it has exactly the size of a
        phone's or tablet's `screens` (either way up), without a camera's name and date.
    Blind spots: cropped screenshots; screens not in the list.
    Source: graduation procedure, item 4, note 2 (3); makers' published screen sizes.
    """
    found, photo = features.provenance, features.photo
    if found.screenshot:
        return Outcome(Status.FAIL, "screenshot-stated", certain=False)
    size = f"{min(photo.width, photo.height)}x{max(photo.width, photo.height)}"
    if size in screens and not found.camera and found.taken is None:
        return Outcome(
            Status.FAIL,
            "screenshot-sized",
            value=size,
            certain=False,
            facts={"width": photo.width, "height": photo.height},
        )
    return Outcome(Status.PASS)
