"""`verify`: the one corridor behind every door. Bytes → Photo → Features → checks → Report."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from models.runtime import Models
from models.store import ModelStore, ModelStoreError
from photo_service import engine
from photo_service.card.compare import masked_field
from photo_service.check import Status
from photo_service.context import Context, Fields
from photo_service.errors import InputError, ModelError
from photo_service.features import Features
from photo_service.image import WORKING_SIDE, Photo, open_photo, sniff
from photo_service.profile import Profile, resolve
from photo_service.report import Effect, FieldRead, Finding, ImageFacts, Report
from photo_service.settings import Settings
from photo_service.version import __version__

READABLE = "encoding/readable"
ANSWERED = "service/answered"
SWITCH_INTERVAL_S = 0.0005
HANDHELD = "handheld_id"
CARD_KINDS = ("id_card", HANDHELD)
# Pixels that a reduced picture's long side keeps: fine print needs more than a portrait, and a card
# held in the hand is a fifth of the picture's width.
WORKING_SIDES = {"id_card": 2048, HANDHELD: 3600}


@dataclass(frozen=True, slots=True)
class Examination:
    """A report together with the facts it rests on; ``features`` is ``None`` for a refused file.

    Keep it no longer than it takes to draw the overlay: it holds the picture.
    """

    report: Report
    features: Features | None


def verify(
    data: bytes,
    kind: str = "graduation",
    *,
    profile: str | Profile | None = None,
    name: str = "",
    context: Context | None = None,
    settings: Settings | None = None,
) -> Report:
    """Judge one picture.

    The first call opens the models and shortens the interpreter's thread switch interval.

    Args:
        data: the file's bytes.
        kind: document kind; see `photo_service.profile.kinds`.
        profile: a shipped profile's name, a path to a TOML file, or a loaded profile; the kind's
            own by default.
        name: what the report calls the picture.
        context: what the caller knows besides the picture; nothing by default.
        settings: limits and folders; from the environment by default.

    Returns:
        The report. Bytes that are no whole png or jpeg picture give a rejected report, not an
        error.

    Raises:
        UsageError: no such kind.
        ProfileError: the profile does not exist or is wrong.
        ModelError: a learned model is missing or altered.
    """
    return examine(
        data, kind, profile=profile, name=name, context=context, settings=settings
    ).report


def examine(
    data: bytes,
    kind: str = "graduation",
    *,
    profile: str | Profile | None = None,
    name: str = "",
    context: Context | None = None,
    settings: Settings | None = None,
) -> Examination:
    """Like `verify`, and keeps the facts for drawing."""
    started = time.perf_counter()
    settings = settings or Settings.from_env()
    rules = (
        profile if isinstance(profile, Profile) else resolve(kind, profile, settings.profiles_dir)
    )
    shell = Report(
        kind=rules.kind,
        profile_name=rules.name,
        profile_sha256=rules.sha256,
        service_version=__version__,
        models={},
        image=ImageFacts(name, "", len(data), "", 0, 0),
        findings=(),
    )
    try:
        photo = open_photo(
            data,
            max_file_bytes=settings.max_file_bytes,
            max_pixels=settings.max_pixels,
            working_side=WORKING_SIDES.get(rules.kind, WORKING_SIDE),
        )
    except InputError as error:
        return Examination(_refused(shell, data, error, started), None)
    decoded = time.perf_counter()
    with _warm.use(settings) as models:
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
    return Report(
        kind=rules.kind,
        profile_name=rules.name,
        profile_sha256=rules.sha256,
        service_version=__version__,
        models={},
        image=ImageFacts(name, digest, len(data or b""), sniff(data or b""), 0, 0),
        findings=(finding,),
    )


def _image_facts(name: str, photo: Photo) -> ImageFacts:
    return ImageFacts(name, photo.sha256, photo.byte_size, photo.format, photo.width, photo.height)


def _refused(shell: Report, data: bytes, error: InputError, started: float) -> Report:
    finding = Finding(
        check=READABLE,
        status=Status.FAIL,
        code=error.code,
        effect=Effect.REJECT,
        clause="seed-format",
        allowed=("png", "jpeg"),
        facts={k: v for k, v in error.facts.items() if isinstance(v, str | int | float)},
    )
    return replace(
        shell,
        image=replace(shell.image, sha256=hashlib.sha256(data).hexdigest(), format=sniff(data)),
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
    def use(self, settings: Settings) -> Iterator[Models]:
        """The warm models, for this thread alone; opened anew when the folders have changed."""
        folders = settings.models_dir, settings.models_source
        with self._lock:
            if self._models is None or self._folders != folders:
                if self._models is not None:
                    self._models.close()
                    self._models = None
                self._models, self._folders = open_models(settings), folders
                # Models answer on a helper thread; at Python's usual 5 ms between thread
                # switches their answers wait longer than the models take.
                sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_S))
            yield self._models

    def side_by_side(self, wanted: bool) -> None:
        """See `Models.side_by_side`."""
        with self._lock:
            if self._models is not None:
                self._models.side_by_side(wanted)


_warm = _Warm()


def warm_up(settings: Settings | None = None) -> None:
    """Open the models now rather than at the first picture.

    Raises:
        ModelError: a learned model is missing or altered.
    """
    with _warm.use(settings or Settings.from_env()):
        pass


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
    try:
        return Models.open(ModelStore(settings.models_dir, settings.models_source))
    except ModelStoreError as error:
        raise ModelError(error.code, **error.facts) from error
