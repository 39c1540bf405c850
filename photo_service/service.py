"""`verify`: the one corridor behind every door. Bytes → Photo → Features → checks → Report.

`verify_set` judges several files of one application together, and `verify` an archive of them:
each member goes through the same corridor, then the checks of the whole look at all reports.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from models.runtime import Models
from models.store import ModelStore, ModelStoreError
from photo_service import engine
from photo_service.archive import ZIP, open_archive
from photo_service.card.compare import masked_field
from photo_service.check import Status
from photo_service.collection import Collection, Member, look_of
from photo_service.context import Context, Fields
from photo_service.errors import InputError, ModelError, UsageError
from photo_service.features import Features
from photo_service.image import WORKING_SIDE, Photo, open_photo, sniff
from photo_service.profile import Profile, refuse_unmeetable, resolve
from photo_service.report import Effect, FieldRead, Finding, ImageFacts, Report
from photo_service.settings import Settings
from photo_service.version import __version__

READABLE = "encoding/readable"
ARCHIVE_READABLE = "archive/readable"
_READABLE = {READABLE: ("png", "jpeg"), ARCHIVE_READABLE: (ZIP,)}
ANSWERED = "service/answered"
SWITCH_INTERVAL_S = 0.0005
HANDHELD = "handheld_id"
CARD_KINDS = ("id_card", HANDHELD)
# Judged by what is written on them; nobody's face is looked for.
PAGE_KINDS = ("certificate", "course-cards")
# Pixels that a reduced picture's long side keeps: fine print needs more than a portrait, and a card
# held in the hand is a fifth of the picture's width.
WORKING_SIDES = {"id_card": 2048, HANDHELD: 3600, "certificate": 1600, "course-cards": 1600}

# Told before each member, so that a watchdog can measure members rather than their number.
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Examination:
    """A report together with the facts it rests on.

    ``features`` is ``None`` for a refused file and for several files together; then ``members``
    holds what is kept of each. Keep it no longer than it takes to draw the overlay: it holds the
    picture.
    """

    report: Report
    features: Features | None
    members: tuple[Member, ...] = ()


def verify(
    data: bytes,
    kind: str = "graduation",
    *,
    profile: str | Profile | None = None,
    name: str = "",
    context: Context | None = None,
    settings: Settings | None = None,
    tick: Tick | None = None,
) -> Report:
    """Judge one picture, or one archive of pictures where the kind asks for that.

    The first call opens the models and shortens the interpreter's thread switch interval.

    Args:
        data: the file's bytes.
        kind: document kind; see `photo_service.profile.kinds`.
        profile: a shipped profile's name, a path to a TOML file, or a loaded profile; the kind's
            own by default.
        name: what the report calls the picture.
        context: what the caller knows besides the picture; nothing by default.
        settings: limits and folders; from the environment by default.
        tick: called before each member of an archive is judged.

    Returns:
        The report; that of an archive has ``members``. Bytes that cannot be opened as what the
        kind takes give a rejected report, not an error.

    Raises:
        UsageError: no such kind; ``type-not-known``.
        ProfileError: the profile does not exist or is wrong.
        ModelError: a learned model is missing or altered.
    """
    return examine(
        data, kind, profile=profile, name=name, context=context, settings=settings, tick=tick
    ).report


def verify_set(
    files: Sequence[tuple[str, bytes]],
    kind: str,
    *,
    profile: str | Profile | None = None,
    context: Context | None = None,
    settings: Settings | None = None,
    tick: Tick | None = None,
) -> Report:
    """Judge several files of one application, each by itself and all together.

    Args:
        files: name and bytes of each, in the caller's order.
        kind: of each file; one whose rules ask something of several together.
        profile: as for `verify`.
        context: as for `verify`; the same for all files.
        settings: as for `verify`.
        tick: called before each file is judged.

    Returns:
        A report on the whole. Its ``members`` are the reports of the files in their order, none
        when the whole is refused before a file is opened. ``image.sha256`` is that of the files'
        own digests, one after the other.

    Raises:
        UsageError: no such kind, a kind of single pictures (``kind-single``), or no file.
        ProfileError: as `verify`.
        ModelError: as `verify`.
    """
    return examine_set(
        files, kind, profile=profile, context=context, settings=settings, tick=tick
    ).report


def examine(
    data: bytes,
    kind: str = "graduation",
    *,
    profile: str | Profile | None = None,
    name: str = "",
    context: Context | None = None,
    settings: Settings | None = None,
    tick: Tick | None = None,
) -> Examination:
    """Like `verify`, and keeps the facts for drawing."""
    settings = settings or Settings.from_env()
    rules = _rules(kind, profile, settings)
    if rules.is_archive:
        return _examine_archive(data, rules, name, context, settings, tick)
    return _examine_picture(data, rules, name, context, settings)


def examine_set(
    files: Sequence[tuple[str, bytes]],
    kind: str,
    *,
    profile: str | Profile | None = None,
    context: Context | None = None,
    settings: Settings | None = None,
    tick: Tick | None = None,
) -> Examination:
    """Like `verify_set`, and keeps what is needed for drawing."""
    started = time.perf_counter()
    settings = settings or Settings.from_env()
    rules = _rules(kind, profile, settings)
    if not rules.takes_sets:
        raise UsageError("kind-single", kind=rules.kind)
    if not files:
        raise UsageError("set-empty")
    digests = b"".join(hashlib.sha256(data).digest() for _, data in files)
    size = sum(len(data) for _, data in files)
    shell = _shell(rules, ImageFacts("", hashlib.sha256(digests).hexdigest(), size, "", 0, 0))

    def judge() -> Iterator[Member]:
        for position, (name, data) in enumerate(files, 1):
            _tell(tick)
            yield _member(position, _examine_picture(data, rules, name, context, settings))

    return _examine_together(rules, shell, Collection(len(files), judge), settings, started)


def _rules(kind: str, profile: str | Profile | None, settings: Settings) -> Profile:
    if isinstance(profile, Profile):
        return profile
    return resolve(kind, profile, settings.profiles_dir)


def _shell(rules: Profile, image: ImageFacts) -> Report:
    """A report without findings."""
    return Report(
        kind=rules.kind,
        profile_name=rules.name,
        profile_sha256=rules.sha256,
        profile_version=rules.version,
        profile_title=rules.title,
        service_version=__version__,
        models={},
        image=image,
        findings=(),
    )


def _examine_picture(
    data: bytes, rules: Profile, name: str, context: Context | None, settings: Settings
) -> Examination:
    started = time.perf_counter()
    refuse_unmeetable(rules, context or Context())
    shell = _shell(rules, ImageFacts(name, "", len(data), "", 0, 0))
    try:
        photo = open_photo(
            data,
            max_file_bytes=settings.max_file_bytes,
            max_pixels=settings.max_pixels,
            working_side=WORKING_SIDES.get(rules.kind, WORKING_SIDE),
        )
    except InputError as error:
        return Examination(_refused(shell, rules, READABLE, data, error, started), None)
    decoded = time.perf_counter()
    with _warm.use(settings, **_models_of(rules.kind)) as models:
        features = Features(photo, models, context, is_held=rules.kind == HANDHELD)
        findings = engine.run(rules, features)
        fields = _fields_asked(rules.kind, features)
        digests = models.digests
    finished = time.perf_counter()
    report = replace(
        shell,
        models=digests,
        image=_image_facts(name, photo),
        findings=findings,
        fields=fields,
        timings_ms={
            "total": 1e3 * (finished - started),
            "decode": 1e3 * (decoded - started),
            "checks": 1e3 * (finished - decoded),
        },
    )
    return Examination(report, features)


def _examine_archive(
    data: bytes,
    rules: Profile,
    name: str,
    context: Context | None,
    settings: Settings,
    tick: Tick | None,
) -> Examination:
    started = time.perf_counter()
    shell = _shell(rules, ImageFacts(name, "", len(data), "", 0, 0))
    try:
        archive = open_archive(data, max_file_bytes=settings.max_file_bytes)
    except InputError as error:
        refused = _refused(shell, rules, ARCHIVE_READABLE, data, error, started)
        return Examination(replace(refused, members=()), None)
    digest = hashlib.sha256(data).hexdigest()
    shell = replace(shell, image=replace(shell.image, sha256=digest, format=ZIP))

    def judge() -> Iterator[Member]:
        for entry in archive.files:
            _tell(tick)
            try:
                inside = archive.read(entry)
            except InputError as error:
                lost = _shell(rules, ImageFacts(entry.name, "", entry.size, "", 0, 0))
                refused = _refused(lost, rules, READABLE, None, error, time.perf_counter())
                yield Member(entry.position, refused, None)
            else:
                yield _member(
                    entry.position, _examine_picture(inside, rules, entry.name, context, settings)
                )

    collection = Collection(archive.claims.records, judge, archive)
    return _examine_together(rules, shell, collection, settings, started)


def _member(position: int, examination: Examination) -> Member:
    """What is kept of a member; its picture is let go. Models are named once, for the whole."""
    features = examination.features
    look = None if features is None else look_of(features)
    return Member(position, replace(examination.report, models={}), look)


def _examine_together(
    rules: Profile, shell: Report, collection: Collection, settings: Settings, started: float
) -> Examination:
    findings = engine.run_together(rules, collection)
    members = collection.members
    digests: Mapping[str, str] = {}
    if any(member.look is not None for member in members):
        with _warm.use(settings, **_models_of(rules.kind)) as models:
            digests = models.digests
    report = replace(
        shell,
        models=digests,
        findings=findings,
        members=tuple(member.report for member in members),
        timings_ms={"total": 1e3 * (time.perf_counter() - started)},
    )
    return Examination(report, None, members)


def _tell(tick: Tick | None) -> None:
    if tick is not None:
        tick()


def _fields_asked(kind: str, features: Features) -> Mapping[str, FieldRead] | None:
    """What was read on the card; None when the caller did not ask or the kind has no card."""
    asked = features.context.fields
    if asked is Fields.NONE or kind not in CARD_KINDS:
        return None
    card = features.card_or_none
    read = {} if card is None else card.reading.fields
    return {
        name: FieldRead(
            field.value if asked is Fields.FULL else masked_field(name, field.value),
            field.confidence,
        )
        for name, field in read.items()
    }


def set_aside(data: bytes | None, rules: Profile, code: str, *, name: str = "") -> Report:
    """The report on a picture that we could not judge through our own fault: for review.

    Args:
        data: its bytes, which are not opened; ``None`` when they are not at hand.
        rules: the profile it was to be judged by.
        code: ``service-crashed`` or ``service-error``.
        name: what the report calls the picture.
    """
    digest = "" if data is None else hashlib.sha256(data).hexdigest()
    finding = Finding(
        check=ANSWERED, status=Status.ERROR, code=code, effect=Effect.REVIEW, clause="service"
    )
    image = ImageFacts(name, digest, len(data or b""), sniff(data or b""), 0, 0)
    return replace(_shell(rules, image), findings=(finding,))


def _image_facts(name: str, photo: Photo) -> ImageFacts:
    return ImageFacts(name, photo.sha256, photo.byte_size, photo.format, photo.width, photo.height)


def _refused(
    shell: Report,
    rules: Profile,
    check: str,
    data: bytes | None,
    error: InputError,
    started: float,
) -> Report:
    """The report on bytes that ``check`` could not open; ``None`` when they could not be had."""
    clauses = {line.check.id: line.clause for line in rules.lines}
    finding = Finding(
        check=check,
        status=Status.FAIL,
        code=error.code,
        effect=Effect.REJECT,
        clause=clauses.get(check, "seed-format"),
        allowed=_READABLE[check],
        facts={k: v for k, v in error.facts.items() if isinstance(v, str | int | float)},
    )
    image = shell.image
    if data is not None:
        image = replace(image, sha256=hashlib.sha256(data).hexdigest(), format=sniff(data))
    return replace(
        shell,
        image=image,
        findings=(finding,),
        timings_ms={"total": 1e3 * (time.perf_counter() - started)},
    )


class _Warm:
    """The models of this process, opened once; the lock is held while they are in use.

    Their native objects must not be used by two threads at once. For parallel work use processes.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._models: Models | None = None
        self._folders: tuple[Path, Path | None] | None = None

    @contextmanager
    def use(self, settings: Settings, *, faces: bool, text: bool) -> Iterator[Models]:
        """The warm models, for this thread alone; opened anew when the folders have changed.

        Args:
            settings: where the models are.
            faces: see `Models.prepare`.
            text: likewise.
        """
        folders = settings.models_dir, settings.models_source
        with self._lock:
            if self._models is None or self._folders != folders:
                if self._models is not None:
                    self._models.close()
                    self._models = None
                store = ModelStore(settings.models_dir, settings.models_source)
                self._models, self._folders = Models(store), folders
                # Models answer on a helper thread; at Python's usual 5 ms between thread
                # switches their answers wait longer than the models take.
                sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_S))
            with _as_model_error():
                self._models.prepare(faces=faces, text=text)
            yield self._models

    def side_by_side(self, wanted: bool) -> None:
        """See `Models.side_by_side`."""
        with self._lock:
            if self._models is not None:
                self._models.side_by_side(wanted)


_warm = _Warm()


def warm_up(settings: Settings | None = None, kind: str | None = None) -> None:
    """Open the models now rather than at the first picture.

    Args:
        settings: where they are; from the environment by default.
        kind: only those that this kind always needs; all by default.

    Raises:
        ModelError: a learned model is missing or altered.
    """
    wanted = {"faces": True, "text": True} if kind is None else _models_of(kind)
    with _warm.use(settings or Settings.from_env(), **wanted):
        pass


def _models_of(kind: str) -> dict[str, bool]:
    """What every picture of a kind needs; the others are opened by the first that asks."""
    return {"faces": kind not in PAGE_KINDS, "text": kind in PAGE_KINDS}


def use_one_core(one: bool) -> None:
    """Judge on one core from now on, or on two; for processes that share a busy machine.

    Does nothing before the models are open.
    """
    _warm.side_by_side(not one)


def open_models(settings: Settings) -> Models:
    """Open all learned models.

    Raises:
        ModelError: a learned model or a system library it needs is missing or altered.
    """
    with _as_model_error():
        return Models.open(ModelStore(settings.models_dir, settings.models_source))


@contextmanager
def _as_model_error() -> Iterator[None]:
    try:
        yield
    except ModelStoreError as error:
        raise ModelError(error.code, **error.facts) from error
